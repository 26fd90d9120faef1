"""A web archive in one file that a browser can replay: WACZ 1.1.1, which is a ZIP of WARC, index and list of pages.

It is also a Data Package: each file's hash and size stand in `datapackage.json`. The same archive gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from .. import __version__
from ..archive.files import FileStore
from .cdxj import INDEX, SECOND, Index
from .warc import Entry, Progress, Written, write_parts
from .warc_plan import page_name
from .warc_record import PIECE

NAME = "wdtk.wacz"
VERSION = "1.1.1"
LISTED = ("request_html", "authority_json", "user_json")
"""Pages that a reader may begin at, in this order."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""What a ZIP can say at the earliest: the time of writing is nobody's business."""


def write_wacz(db: sqlite3.Connection, files: FileStore, folder: Path, narrowed: bool, progress: Progress | None) -> Written:
    """Writes `wdtk.wacz` into `folder`. As `warc.write_warc` otherwise, whose records are in it."""
    path = folder / NAME
    with closing(Index()) as index, closing(_Pages(db)) as pages, _Package(path) as package:

        def note(entry: Entry) -> None:
            # Of an answer 304 a reader would show nothing; the page itself stands beside it.
            if not entry.visit.unmodified:
                index.add(entry)
            if entry.visit.page_kind in LISTED:
                pages.add(entry)

        written = write_parts(db, files, narrowed, lambda name: package.file(f"archive/{name}"), note, progress)
        with package.file(f"indexes/{INDEX}") as file:
            second = index.write(file)
        with package.file(f"indexes/{SECOND}") as file:
            file.writelines(f"{line}\n".encode() for line in second)
        with package.file("pages/pages.jsonl") as file:
            file.writelines(f"{line}\n".encode() for line in pages.lines())
        # Not of the writing, but of what is written.
        package.describe(f"Archive of {written.site}", written.newest)
    written.paths = [path]
    return written


class _Pages:
    """The pages that are listed: title, address and time, gathered while they are written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._archive = db
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        # The page is in the archive once; visits that brought it again add no line.
        self._db.execute("create table pages (name text primary key, place integer, url text, ts text, title text)")
        self._db.execute("begin")

    def add(self, entry: Entry) -> None:
        visit = entry.visit
        name = page_name(visit.page_kind, visit.page_key)
        title = self._archive.execute("select title from temp.warc_shown where name = ? and sha256 = ''", (name,)).fetchone()
        self._db.execute(
            "insert into pages values (?, ?, ?, ?, ?) on conflict(name) do nothing",
            (name, LISTED.index(visit.page_kind), entry.url, visit.requested_at, title[0] if title else None),
        )

    def lines(self) -> Iterator[str]:
        yield json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "Pages"})
        rows = self._db.execute("select name, url, ts, title from pages order by place, title, name")
        for name, url, ts, title in rows:
            told = {"id": hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32], "url": url, "ts": ts}
            yield json.dumps(told | {"title": title or url})

    def close(self) -> None:
        self._db.close()


class _Package:
    """A ZIP whose bytes follow from what is in it. WARC and index lie in it as they are, to be read in pieces."""

    def __init__(self, path: Path) -> None:
        self._folder, self._zip = path.parent, zipfile.ZipFile(path, "w")
        self._resources: list[dict[str, str | int]] = []

    def __enter__(self) -> _Package:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()

    @contextmanager
    def file(self, path: str) -> Iterator[IO[bytes]]:
        """A file of the package, open for writing.

        It is written beside the ZIP first: only a file whose size is known gets the right header. ReplayWeb.page 2.5
        reads none whose local header has the field for great sizes without need.
        """
        with tempfile.TemporaryFile(dir=self._folder) as made:
            yield made
            size = made.tell()
            made.seek(0)
            info = zipfile.ZipInfo(path, _LONG_AGO)
            info.create_system = 3  # the same on every machine
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED if path.endswith(".jsonl") else zipfile.ZIP_STORED
            sha256 = hashlib.sha256()
            with self._zip.open(info, "w", force_zip64=size > zipfile.ZIP64_LIMIT) as out:
                while piece := made.read(PIECE):
                    sha256.update(piece)
                    out.write(piece)
        name = path.rpartition("/")[2]
        self._resources.append({"name": name, "path": path, "hash": f"sha256:{sha256.hexdigest()}", "bytes": size})

    def describe(self, title: str, created: str) -> None:
        """The two last files: what is in the package, and the hash of that. `created` is UTC text."""
        told = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "software": f"wdtk-archive {__version__}",
            "created": created,
            "resources": self._resources[:],
        }
        with self.file("datapackage.json") as file:
            file.write(json.dumps(told, indent=2).encode())
        digest = {"path": "datapackage.json", "hash": self._resources[-1]["hash"]}
        with self.file("datapackage-digest.json") as file:
            file.write(json.dumps(digest, indent=2).encode())
