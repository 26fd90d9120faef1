"""How far the archive can be trusted: its runs, how complete and fresh it is, and what failed."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from ..config import Clock
from ..report.archive import TOTALS
from . import charts
from .visit import Query, Reader, Visit

RUNS = Query(
    "Its runs",
    """select id, command, started_at, finished_at, outcome, http_requests, pages_read, requests_new, requests_changed,
  withheld, failures, ceiling_hits
from runs
order by id desc
limit 30""",
)
STATED = Query(
    "What the site counted when it was last asked",
    "select name, value, observed_at from site_totals where run_id = (select max(run_id) from site_totals) order by name",
)
HELD = {name: Query(f"{what.capitalize()} held", f"{sql.strip()}") for name, (what, sql) in TOTALS.items()}
FRESH = Query(
    "Requests by days since they were last read",
    """select case when age <= 1 then 'within a day' when age <= 7 then 'within 7 days' when age <= 30 then 'within 30 days'
    when age <= 180 then 'within 180 days' else 'longer ago' end as read_last, count(*) as requests
from (select julianday(:now) - julianday(last_seen_at) as age from requests where +withheld_at is null)
group by 1
order by min(age)""",
)
FILES = Query("Attachments by status", "select status, count(*) as attachments from attachments group by 1 order by 2 desc")
TEXTS = Query("Files by how their text stands", "select text_status, count(*) as files from files group by 1 order by 2 desc")
FAILED = Query(
    "Pages that failed in the last run",
    """select url, page_kind, requested_at, status, outcome, reason
from captures
where run_id = (select max(id) from runs) and outcome in ('failed', 'unreadable', 'challenge')
order by id desc
limit 50""",
)
CUT = Query("Lists that were cut", "select run_id, page_key, observed_at from ceiling_hits order by run_id desc limit 20")
WITHDRAWN = Query(
    "Requests that the site took back",
    """select sum(withdrawn_at is null) as waiting, sum(withdrawn_at is not null) as gone from withdrawals""",
)

TEXT_STATUS = {
    "due": "Not read yet",
    "extracted": "Text read",
    "no_text_layer": "Scans without text",
    "ocr": "Recognised from images",
    "empty": "Empty",
    "unsupported": "No reader for the kind",
    "encrypted": "Encrypted",
    "failed": "Could not be read",
}
FILE_STATUS = {
    "stored": "Kept",
    "due": "Still to fetch",
    "withheld": "Withheld by the site",
    "unavailable": "Not given by the site",
    "too_large": "Too large",
    "skipped": "Left out",
}


class Complete(NamedTuple):
    """What the archive holds of what the site counts."""

    what: str
    held: int
    stated: int
    stated_at: str

    @property
    def percent(self) -> str:
        return f"{100 * self.held / self.stated:.1f} %" if self.stated else ""


async def show(visit: Visit) -> Response:
    now = Clock.from_environment().now_text()

    def work(reader: Reader) -> dict[str, Any]:
        stated = {row["name"]: row for row in reader.rows(STATED)}
        return {
            "complete": _complete(reader, stated),
            "runs": reader.rows(RUNS),
            "fresh": reader.rows(FRESH, now=now),
            "files": reader.rows(FILES),
            "texts": reader.rows(TEXTS),
            "failed": reader.rows(FAILED),
            "cut": reader.rows(CUT),
            "withdrawn": reader.one(WITHDRAWN),
            # Editions for others keep tables back, and have views without rows in their place.
            "kept_back": [table for table in ("captures", "ceiling_hits", "withdrawals") if not reader.has(table)],
        }

    found, asked = await visit.read(work)
    for name, labels in (("fresh", {}), ("files", FILE_STATUS), ("texts", TEXT_STATUS)):
        found[name] = charts.bars((labels.get(row[0], row[0]), row[1], row[0]) for row in found[name])
    return visit.render("archive_health.html", asked, **found)


def _complete(reader: Reader, stated: dict[str, sqlite3.Row]) -> list[Complete]:
    made = []
    for name, (what, _) in TOTALS.items():
        if row := stated.get(name):
            held = reader.one(HELD[name])
            made.append(Complete(what.capitalize(), held[0] if held else 0, row["value"], row["observed_at"]))
    return made
