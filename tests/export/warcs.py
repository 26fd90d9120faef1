"""Web archives written and read back, and small archives to make them of; reading uses nothing of what wrote them."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from warcio.archiveiterator import ArchiveIterator

from scraper.archive.files import FileStore
from scraper.export.warc import Written, write_warc
from scraper.records import PageKind, PageRef, Reading
from tests.archive.making import Making, attachment, event, message, request, thread

Write = Callable[..., Written]


def export(archive: Path, folder: Path, chosen: Iterable[int] | None = None, write: Write = write_warc) -> Written:
    """Exports as the command does: one read transaction, `chosen` requests alone where any are given."""
    folder.mkdir()
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
        db.execute("begin")
        if chosen is not None:
            db.execute("create temp table chosen (id integer primary key)")
            db.executemany("insert into temp.chosen values (?)", [(number,) for number in chosen])
        return write(db, FileStore.beside(archive, None), folder, chosen is not None, None)


class Read(NamedTuple):
    """A record; `sha256` is of the payload that is really there, `digest` what the record says of it."""

    kind: str
    id: str
    url: str
    date: str
    sha256: str
    digest: str | None
    profile: str | None
    refers_to: tuple[str | None, str | None, str | None]
    status: str
    headers: list[tuple[str, str]]


def read(paths: Iterable[Path]) -> list[Read]:
    """Every record of some files, but for each file's warcinfo, which has to come first."""
    found = []
    for path in paths:
        with path.open("rb") as file:
            records = ArchiveIterator(file, check_digests="raise")
            first = next(records)
            assert first.rec_type == "warcinfo"
            assert first.rec_headers.get_header("WARC-Filename") == path.name
            first.content_stream().read()
            found += [_read(record) for record in records]
    return found


def _read(record) -> Read:  # type: ignore[no-untyped-def]
    head = record.rec_headers.get_header
    digest = hashlib.sha256()
    while piece := record.raw_stream.read(1 << 20):
        digest.update(piece)
    return Read(
        record.rec_type,
        head("WARC-Record-ID"),
        head("WARC-Target-URI"),
        head("WARC-Date"),
        digest.hexdigest(),
        head("WARC-Payload-Digest"),
        head("WARC-Profile"),
        (head("WARC-Refers-To"), head("WARC-Refers-To-Target-URI"), head("WARC-Refers-To-Date")),
        record.http_headers.get_statuscode(),
        record.http_headers.headers,
    )


def everything(paths: list[Path]) -> bytes:
    """All that the files say, uncompressed."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in paths)


def page(making: Making, slug: str, body: bytes, outcome: str = "content") -> None:
    """A visit to a thread's page that changed what the archive says, or did not."""
    words = message("outgoing-1", body.decode())
    making.keep(PageRef(PageKind.REQUEST_HTML, slug), Reading(outcome, thread(slug, words)), body)  # type: ignore[arg-type]


def begun(folder: Path, *slugs: str) -> Making:
    making = Making.at(folder / "archive.db")
    for number, slug in enumerate(slugs, 1):
        making.json(request(number, slug, f"Title of {slug}", [event(number, "sent", number)]), f'{{"is": "{slug}"}}'.encode())
    return making


def with_files(folder: Path) -> Making:
    """Two requests, each with a page that has one file; the bytes are the same."""
    making = begun(folder, "drains", "secret-affair")
    for number, slug in enumerate(("drains", "secret-affair"), 1):
        incoming = number + 10
        making.json(request(number, slug, slug, [event(number * 10, "response", incoming)]), f'{{"of": "{slug}"}}'.encode())
        file = attachment(slug, incoming, 2, f"{slug}.txt")
        making.html(thread(slug, message(f"incoming-{incoming}", "See the file.", files=[file])), f"<p>{slug}".encode())
        making.file(slug, incoming, 2, f"{slug}.txt", b"the same bytes")
    return making
