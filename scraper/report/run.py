"""The facts of one run: what was asked, found, changed and withdrawn, what failed and why, and what it cost."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..archive.store import ArchiveError
from ..config import utc_text
from .alarms import Alarm, alarms
from .archive import Complete, Due, Fresh, completeness, freshness, to_come
from .failures import Failure, failures

THREAD_COST = 2.04
"""The fewest requests that bring home a changed thread: its JSON, its HTML, and its row, one of 25 on a page of a list
(site-contract.md section 2.2). New files come on top."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What became different in requests known before the run's job began; each number counts requests or parts once."""

    requests: int
    answered: int
    state_changed: int
    states: list[tuple[str | None, str | None, int]]
    """Shown state before and after, and of how many requests."""
    messages: dict[str, int]
    """New messages by kind; ``not told`` where the JSON has not said yet."""
    edited: int
    """Messages whose text differs: edited, or redacted."""
    renamed: int
    files_replaced: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What the site took back in the run. `refused` requests are waiting for a second night, `confirmed` ones are gone."""

    refused: list[int]
    confirmed: list[int]
    back: list[int]
    messages_gone: int
    messages_withheld: int
    files_gone: int
    files_withheld: int


@dataclass(frozen=True, slots=True)
class Files:
    """Attachments that were asked for: fetched (and their bytes), as before, or not to be had for one reason or other."""

    fetched: int
    fetched_bytes: int
    unchanged: int
    not_had: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests for each changed or new thread, and the fewest that it could have been; None where none changed."""

    threads: int
    per_thread: float | None
    least: float | None


@dataclass(frozen=True, slots=True)
class Now:
    """The archive as it is now. Only told with the newest run."""

    at: str
    complete: list[Complete]
    fresh: Fresh
    due: Due


@dataclass(frozen=True, slots=True)
class RunFacts:
    """`ended` says what ended the run early. `http_requests` of a run that has no end yet are those that were answered."""

    id: int
    command: str
    job: str
    job_started_at: str
    resumed: bool
    """Whether an earlier run began the job."""
    started_at: str
    finished_at: str | None
    outcome: str | None
    ended: str | None
    accepted_at: str | None
    http_requests: int
    budget: int | None
    pages_read: int
    pages_left: int
    requests_seen: int
    """Threads whose JSON was asked for and answered."""
    requests_new: int
    changed: Changed
    taken: Taken
    files: Files
    not_there: int
    """Addresses that led nowhere (404): numbers of no request, most of them."""
    failures: list[Failure]
    alarms: list[Alarm]
    ceiling_hits: list[str]
    cost: Cost
    now: Now | None


def newest_run(db: sqlite3.Connection) -> int:
    """Raises ArchiveError where there was none."""
    row = db.execute("select max(id) from runs").fetchone()
    if row[0] is None:
        raise ArchiveError("nothing was ever run on this archive")
    return int(row[0])


def run_facts(db: sqlite3.Connection, run_id: int, now: datetime) -> RunFacts:
    """The facts of a run. `db` is `source.prepared`, `now` (aware) is the moment by which things are due or fresh.

    Raises ArchiveError where there is no such run.
    """
    run = db.execute("select * from runs where id = ?", (run_id,)).fetchone()
    newest = newest_run(db)
    if run is None:
        raise ArchiveError(f"there is no run {run_id}; the newest is {newest}")
    settings: dict[str, Any] = json.loads(run["settings"])
    job, began = settings.get("job", run["command"]), settings.get("job_started_at", run["started_at"])
    http_requests = run["http_requests"] if run["finished_at"] else _captures(db, run_id)
    files, changed, taken = _files(db, run_id), _changed(db, run_id, began), _taken(db, run)
    threads = run["requests_new"] + changed.requests + len(taken.refused) + len(taken.back)
    return RunFacts(
        id=run_id,
        command=run["command"],
        job=job,
        job_started_at=began,
        resumed=_one(db, _EARLIER, run_id, job, began) > 0,
        started_at=run["started_at"],
        finished_at=run["finished_at"],
        outcome=run["outcome"],
        ended=settings.get("ended"),
        accepted_at=settings.get("accepted"),
        http_requests=http_requests,
        budget=settings.get("budget"),
        pages_read=run["pages_read"],
        pages_left=_one(db, "select count(*) from agenda where reason = ? and due_at is not null", job),
        requests_seen=_one(db, _SEEN, run_id),
        requests_new=run["requests_new"],
        changed=changed,
        taken=taken,
        files=files,
        not_there=_one(db, "select count(*) from captures where run_id = ? and outcome = 'missing'", run_id),
        failures=failures(db, run_id),
        alarms=alarms(db, run_id),
        ceiling_hits=[row[0] for row in db.execute("select page_key from ceiling_hits where run_id = ? order by 1", (run_id,))],
        cost=Cost(
            threads,
            http_requests / threads if threads else None,
            THREAD_COST + files.fetched / threads if threads else None,
        ),
        now=Now(utc_text(now), completeness(db), freshness(db, now), to_come(db, now)) if run_id == newest else None,
    )


_EARLIER = (
    "select count(*) from runs where id < ? and json_extract(settings, '$.job') = ? "
    "and json_extract(settings, '$.job_started_at') = ?"
)
_SEEN = (
    "select count(distinct page_key) from captures where run_id = ? and page_kind = 'request_json' "
    "and outcome in ('changed', 'unchanged', 'not_modified')"
)
_NEW_PARTS = """
    with page as materialized (
      select r.id, c.requested_at from captures c cross join requests r on r.url_title = slug(c.page_key)
      where c.run_id = :run and c.page_kind = 'request_html' and c.outcome = 'changed' and r.first_seen_at < :began
    ), message as (
      select m.id, m.request_id, m.kind from page join messages m on m.request_id = page.id
      where m.first_seen_at = page.requested_at and m.gone_at is null
    )
"""


def _changed(db: sqlite3.Connection, run_id: int, began: str) -> Changed:
    """`began` (UTC text) is when the job began: what it found itself is new, not changed."""
    bound = {"run": run_id, "began": began}
    messages = db.execute(f"{_NEW_PARTS} select coalesce(kind, 'not told'), count(*) from message group by 1", bound)
    answered = db.execute(f"{_NEW_PARTS} select count(distinct request_id) from message where kind = 'response'", bound)
    different = db.execute(
        f"{_NEW_PARTS} select count(*) from (select request_id from message union "
        "select m.request_id from page join messages m on m.request_id = page.id join attachments a on a.message_id = m.id "
        "where a.first_seen_at = page.requested_at union select h.request_id from changes h "
        "join requests r on r.id = h.request_id where h.run_id = :run and r.first_seen_at < :began "
        "and not (h.table_name = 'requests' and h.column_name like 'withheld%'))",
        bound,
    )
    states = db.execute(
        "select old_value, new_value, count(distinct request_id) as requests from changes where run_id = ? and "
        "table_name = 'requests' and column_name = 'display_state' group by 1, 2 order by 3 desc, 1, 2",
        (run_id,),
    )
    return Changed(
        requests=different.fetchone()[0],
        answered=answered.fetchone()[0],
        state_changed=_changes(db, run_id, "requests", "display_state", "described_state", what="request_id"),
        states=[tuple(row) for row in states],
        messages=dict(sorted((str(kind), int(number)) for kind, number in messages)),
        edited=_changes(db, run_id, "messages", "text", where="old_value is not null and new_value is not null"),
        renamed=_changes(db, run_id, "requests", "url_title"),
        files_replaced=_changes(db, run_id, "attachments", "sha256"),
    )


def _taken(db: sqlite3.Connection, run: sqlite3.Row) -> Taken:
    run_id: int = run["id"]
    marked = (
        "select distinct request_id from changes where run_id = ? and table_name = 'requests' and column_name = 'withheld_at'"
    )
    end = run["finished_at"] or "9999"
    confirmed = db.execute(
        "select request_id from withdrawals where withdrawn_at between ? and ? order by 1", (run["started_at"], end)
    )
    return Taken(
        refused=_numbers(db, f"{marked} and old_value is null order by 1", run_id),
        confirmed=[row[0] for row in confirmed],
        back=_numbers(db, f"{marked} and new_value is null order by 1", run_id),
        messages_gone=_changes(db, run_id, "messages", "gone_at", where="new_value is not null"),
        messages_withheld=_changes(db, run_id, "messages", "withheld", where="old_value is null"),
        files_gone=_changes(db, run_id, "attachments", "gone_at", where="new_value is not null"),
        files_withheld=_changes(
            db,
            run_id,
            "attachments",
            "status",
            where="new_value = 'withheld' and row_key not in (select g.row_key "
            "from changes g where g.run_id = changes.run_id and g.table_name = 'attachments' and g.column_name = 'gone_at')",
        ),
    )


def _files(db: sqlite3.Connection, run_id: int) -> Files:
    row = db.execute(
        "select total(outcome = 'changed' and reason is null), "
        "total(case when outcome = 'changed' and reason is null then size end), "
        "total((outcome = 'unchanged' and reason is null) or outcome = 'not_modified'), count(*) from "
        "(select c.outcome, c.reason, f.size, max(c.id) from captures c left join files f on f.sha256 = c.body_sha256 "
        "where c.run_id = ? and c.page_kind = 'attachment' group by c.page_key)",
        (run_id,),
    ).fetchone()
    fetched, amount, unchanged, asked = (int(number) for number in row)
    return Files(fetched, amount, unchanged, asked - fetched - unchanged)


def _captures(db: sqlite3.Connection, run_id: int) -> int:
    return _one(db, "select count(*) from captures where run_id = ?", run_id)


def _changes(db: sqlite3.Connection, run_id: int, table: str, *columns: str, what: str = "row_key", where: str = "true") -> int:
    """How many rows (or whatever `what` is) of a table differ in one of the columns."""
    return _one(
        db,
        f"select count(distinct {what}) from changes where run_id = ? and table_name = ? "
        f"and column_name in ({', '.join('?' * len(columns))}) and {where}",
        run_id,
        table,
        *columns,
    )


def _numbers(db: sqlite3.Connection, query: str, *values: object) -> list[int]:
    return [row[0] for row in db.execute(query, values)]


def _one(db: sqlite3.Connection, query: str, *values: object) -> int:
    found: int = db.execute(query, values).fetchone()[0]
    return found
