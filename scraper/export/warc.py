"""What an archive still has of the site's own answers, as WARC 1.1 (ISO 28500:2017): the form that libraries keep.

Nothing is made up: a capture whose bytes are not here is counted and left out, and so are the requests of HTTP, which
the archive does not keep. The same archive gives the same bytes.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO

from warcio.recordbuilder import RecordBuilder

from .. import __version__
from ..archive.files import FileStore
from .selection import CannotExport
from .warc_plan import Mentions, drop_plan, left_out, make_plan
from .warc_record import STANDARD, Part, Visit, response, revisit, uri, warcinfo

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PART_BYTES = 1_000_000_000
"""A file is closed once it is this long, as is usual for WARC."""
Progress = Callable[[int, int], None]
OpenPart = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens a file of that name for writing."""


@dataclass(slots=True)
class Written:
    """What an export came to.

    `left_out` counts captures that have no record, by why:

    ==================  ==========================================================================================
    never_kept          lists, batches: the archive does not keep their bytes
    no_longer_kept      a newer capture took their place, or they were withdrawn since
    mentions_withheld   the page links to a request that the site refuses at present
    damaged             the bytes are missing or not what they were; see `wdtk check`
    any other           the capture's outcome (captures.outcome): missing, redirected, failed ...; it had no content
    ==================  ==========================================================================================
    """

    site: str
    newest: str
    """When the newest capture that has a record was made (UTC)."""
    paths: list[Path] = field(default_factory=list)
    responses: int = 0
    revisits: int = 0
    payload_bytes: int = 0
    """Of the responses, before compression."""
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a record lies: for an index."""

    visit: Visit
    record_type: str
    url: str
    part: str
    offset: int
    length: int


def write_warc(db: sqlite3.Connection, files: FileStore, folder: Path, narrowed: bool, progress: Progress | None) -> Written:
    """Writes `wdtk-00000.warc.gz` and so on into `folder`.

    `db` reads one moment of the archive and may make temporary tables. `narrowed`: only what belongs to the requests in
    `temp.chosen`; see `warc_plan.make_plan`. `progress` is told captures done and in all. Raises CannotExport where no
    capture has bytes, OSError and sqlite3.Error where the machine fails.
    """
    paths: list[Path] = []

    @contextmanager
    def open_part(name: str) -> Iterator[IO[bytes]]:
        paths.append(folder / name)
        with paths[-1].open("wb") as part:
            yield part

    written = write_parts(db, files, narrowed, open_part, lambda entry: None, progress)
    written.paths = paths
    return written


def write_parts(
    db: sqlite3.Connection,
    files: FileStore,
    narrowed: bool,
    open_part: OpenPart,
    note: Callable[[Entry], None],
    progress: Progress | None,
) -> Written:
    """Writes all records, a file after the other; `note` is told of each."""
    make_plan(db, narrowed)
    try:
        return _Writing(db, files, open_part, note, progress).run()
    finally:
        drop_plan(db)


class _Writing:
    def __init__(
        self,
        db: sqlite3.Connection,
        files: FileStore,
        open_part: OpenPart,
        note: Callable[[Entry], None],
        progress: Progress | None,
    ) -> None:
        self.db, self.files, self.open_part, self.note, self.progress = db, files, open_part, note, progress
        self.site: str = db.execute("select value from main.archive_info where key = 'site'").fetchone()[0]
        self.dictionaries = {number: zstd.ZstdDict(data) for number, data in db.execute("select id, data from main.dictionaries")}
        self.withheld = Mentions.of_withheld(db)
        self.builder = RecordBuilder(warc_version="1.1")
        self.missing = dict[int, str]()
        """Captures that are left out although the plan has them, and why: what refers to them is left out too."""

    def run(self) -> Written:
        total, first, last = self.db.execute(
            "select count(*), min(c.requested_at), max(c.requested_at) from warc_plan p join main.captures c on c.id = p.id"
        ).fetchone()
        if not total:
            raise CannotExport("the archive has the bytes of no page that was asked for; nothing was written")
        self.written = Written(self.site, last, left_out=Counter(left_out(self.db)))
        about = {
            "software": f"wdtk-archive {__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": STANDARD,
            "isPartOf": self.site,
            "description": f"What an archive of {self.site} keeps of its answers from {first} to {last}. Bodies are as decoded; "
            "of the headers those that the archive keeps, with the length of what is here; status lines are made of the code. "
            "Older bodies and what the site withdrew are not kept, nor are the requests sent.",
        }
        query = """
            select p.id, p.source, p.original, p.unmodified, c.page_kind, c.page_key, c.url, c.requested_at, c.status,
                   c.content_type, c.etag, c.headers, s.sha256, o.url, o.requested_at
            from warc_plan p join main.captures c on c.id = p.id join main.captures o on o.id = p.original
            join warc_visits s on s.id = p.original order by p.id
        """
        with closing(self.db.execute(query)) as rows:
            self._write_parts((Visit(*row) for row in rows), total, last, about)
        return self.written

    def _write_parts(self, visits: Iterator[Visit], total: int, date: str, about: dict[str, str]) -> None:
        done, visit = 0, next(visits, None)
        for number in count():
            name = f"wdtk-{number:05}.warc.gz"
            with self.open_part(name) as raw:
                part = Part(raw)
                part.write(warcinfo(self.builder, name, date, about))
                while visit is not None and part.size < PART_BYTES:
                    self._write(part, name, visit)
                    done, visit = done + 1, next(visits, None)
                    if self.progress is not None:
                        self.progress(done, total)
            if visit is None:
                return

    def _write(self, part: Part, name: str, visit: Visit) -> None:
        offset = part.size
        if visit.is_revisit:
            why = self.missing.get(visit.original)
            if why is None:
                part.write(revisit(self.builder, visit, self.site))
        else:
            why = self._write_response(part, visit)
        if why is not None:
            self.missing[visit.id] = why
            self.written.left_out[why] += 1
            return
        kind = "revisit" if visit.is_revisit else "response"
        self.written.revisits += visit.is_revisit
        self.written.responses += not visit.is_revisit
        self.note(Entry(visit, kind, uri(visit.url), name, offset, part.size - offset))

    def _write_response(self, part: Part, visit: Visit) -> str | None:
        """Writes a response; otherwise says why not."""
        try:
            payload = self._payload(visit)
        except (FileNotFoundError, KeyError, zstd.ZstdError):
            return "damaged"
        with payload:
            if isinstance(payload, BytesIO) and self.withheld.are_in(payload.getvalue()):
                return "mentions_withheld"
            length = payload.seek(0, 2)
            payload.seek(0)
            record = response(self.builder, visit, self.site, payload, length)
            if record is None:
                return "damaged"
            part.write(record)
        self.written.payload_bytes += length
        return None

    def _payload(self, visit: Visit) -> IO[bytes]:
        """The bytes of a capture: those of a file are read from the disk as they are needed."""
        if visit.page_kind == "attachment":
            return self.files.path(visit.sha256).open("rb")
        body, dictionary = self.db.execute(
            "select body, dictionary_id from main.captures where id = ?", (visit.source,)
        ).fetchone()
        return BytesIO(zstd.decompress(body, zstd_dict=self.dictionaries[dictionary] if dictionary is not None else None))
