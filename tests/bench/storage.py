"""What an archive takes on disk, beside WARC 1.1 with per-record gzip, request and response of each answer.

Attachments' bodies lie beside the archive in files of their own: they count on neither side, their headers on both.
"""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from scraper.config import PRODUCT
from scraper.records import PageKind

from .bench import Bench
from .figure import Figure
from .site import Answer

PAGES_GOAL, WHOLE_GOAL = 0.5, 1.0
TABLES = 12
"""How many of the largest tables and indexes are told apart."""


def measure(bench: Bench) -> list[Figure]:
    archive = bench.whole_archive()
    kept, whole = _warc_bytes(bench, archive)
    with closing(sqlite3.connect(archive)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
        bodies, dictionaries, raw_pages = db.execute(
            "select (select sum(length(body)) from captures), (select coalesce(sum(length(data)), 0) from dictionaries), "
            "(select count(*) from captures where body is not null)"
        ).fetchone()
        tables = db.execute("select name, sum(pgsize) from dbstat group by name order by 2 desc limit ?", (TABLES,)).fetchall()
    size = archive.stat().st_size
    pages_ratio, whole_ratio = (bodies + dictionaries) / kept, size / whole
    return [
        Figure(
            f"storage: {raw_pages:,} raw pages with {dictionaries / 1024:.0f} KB of dictionaries",
            _megabytes(bodies + dictionaries),
            f"{_megabytes(kept)} as WARC.gz",
            pages_ratio,
            *_goal(bench, pages_ratio, PAGES_GOAL),
        ),
        Figure(
            "storage: archive.db, tables and search included",
            _megabytes(size),
            f"{_megabytes(whole)} as WARC.gz",
            whole_ratio,
            *_goal(bench, whole_ratio, WHOLE_GOAL),
        ),
        *(Figure(f"  {name}", _megabytes(taken), f"{100 * taken / size:.1f} % of archive.db") for name, taken in tables),
    ]


def _goal(bench: Bench, ratio: float, goal: float) -> tuple[str, bool | None]:
    """The goal and whether it is met: tables and indexes weigh more beside the replica's short pages."""
    return (f"<= {goal}", ratio <= goal) if bench.ground.genuine else ("", None)


def _warc_bytes(bench: Bench, archive: Path) -> tuple[int, int]:
    """Bytes of the kept pages' records, and of all answers' records."""
    with closing(sqlite3.connect(archive)) as db:
        raw = {url for (url,) in db.execute("select url from captures where body is not null")}
        base = db.execute("select value from archive_info where key = 'site'").fetchone()[0]
    answers, rows = bench.answers()
    kept = whole = 0
    for kind, _, path in rows:
        answer = answers(path)
        if kind == PageKind.ATTACHMENT:
            answer = answer._replace(body=b"")
        size = _record_bytes(base + path, answer)
        whole += size
        kept += size if base + path in raw else 0
    return kept, whole


def _record_bytes(url: str, answer: Answer) -> int:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    path = "/" + url.split("/", 3)[3]
    asked = [("Host", url.split("/")[2]), ("User-Agent", PRODUCT), ("Accept", "*/*"), ("Accept-Language", "en")]
    request = StatusAndHeaders(f"GET {path} HTTP/1.1", asked, is_http_request=True)
    status = StatusAndHeaders(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers), protocol="HTTP/1.1")
    response = writer.create_warc_record(
        url, "response", payload=io.BytesIO(answer.body), length=len(answer.body), http_headers=status
    )
    writer.write_request_response_pair(writer.create_warc_record(url, "request", http_headers=request), response)
    return out.tell()


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.2f} MB"
