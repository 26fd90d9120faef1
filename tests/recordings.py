"""The recorded genuine site, where it lies beside the checkout; tests that need it skip where it does not."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scraper.records import Capture, FileOnDisk, PageKind, PageRef
from scraper.urls import Site, recognise

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "recordings"
needs_recordings = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recorded site is not at {FOLDER}")


class Recorded(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Recording:
    """One day of the recorded site. Days 2 and 3 hold only what differs from the day before them."""

    def __init__(self, day: int = 1, path: Path | None = None) -> None:
        path = path or FOLDER / f"day{day}.sqlite"
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        meta = dict(self._db.execute("select key, value from meta"))
        zdict = meta["zdict"]
        self._zdict: bytes = zdict if isinstance(zdict, bytes) else zdict.encode()
        self.site = Site(meta["origin"])
        self.base = Recording(path=path.parent / meta["base"]) if "base" in meta else None

    def get(self, path: str) -> Recorded | None:
        row = self._db.execute(
            "select status, headers, body from responses where method = 'GET' and path = ?", (path,)
        ).fetchone()
        if row is None:
            gone = self.base and self._db.execute("select 1 from gone where method = 'GET' and path = ?", (path,)).fetchone()
            return None if self.base is None or gone else self.base.get(path)
        inflate = zlib.decompressobj(zdict=self._zdict)
        headers = tuple((key.lower(), value) for key, value in json.loads(row[1]))
        return Recorded(row[0], headers, inflate.decompress(row[2]) + inflate.flush())

    def paths(self, like: str = "%") -> Iterator[str]:
        """Paths recorded on this very day (not on the days before), in order."""
        for (path,) in self._db.execute("select path from responses where method = 'GET' and path like ? order by path", (like,)):
            yield path

    def capture(self, path: str, ref: PageRef | None = None) -> Capture:
        """The recorded answer as a crawl would have taken it."""
        recorded = self.get(path)
        assert recorded is not None, f"the recording lacks {path}"
        ref = ref or self.ref(path)
        body, file = recorded.body, None
        if ref.kind is PageKind.ATTACHMENT and recorded.status == 200:
            digest = hashlib.sha256(body).hexdigest()
            body, file = b"", FileOnDisk(f"/nowhere/{digest}", digest, len(body), body[:4096])
        return Capture(ref, self.site.base + path, recorded.status, recorded.headers, body, "2026-11-22T20:00:00Z", 12, file)

    def ref(self, path: str) -> PageRef:
        name, _, query = path.partition("?")
        if name == "/list" or name.startswith("/list/"):
            return PageRef(PageKind.LIST, query)
        found = recognise(self.site, path)
        assert found is not None, f"no page kind for {path}"
        return found


@cache
def truth(day: int = 1) -> dict[str, Any]:
    """What the recorded site's own database says of everything public on a day."""
    loaded: dict[str, Any] = json.loads(gzip.decompress((FOLDER / f"day{day}.truth.json.gz").read_bytes()))
    return loaded
