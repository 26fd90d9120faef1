"""The facts of an archive: how big, how complete, how fresh, and what is still to do."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ..config import utc_text
from .alarms import HEALTHY, VISITS

FRESH_DAYS = (7, 30, 180)
LAST_RUNS = 5

_SHOWN = "r.prominence = 'normal' and r.withheld_at is null"
TOTALS = {
    "visible_request_count": ("requests", f"select count(*) from requests r where {_SHOWN}"),
    "visible_comment_count": (
        "annotations",
        f"""select count(*) from messages m join requests r on r.id = m.request_id
            where m.kind = 'annotation' and m.gone_at is null and m.withheld is null and {_SHOWN}""",
    ),
    "visible_public_body_count": ("authorities", "select count(*) from authorities"),
}
"""What /version.json counts (site-contract.md section 2.9), what we call it, and how we count ours."""


@dataclass(frozen=True, slots=True)
class Complete:
    """What the archive holds of what the site counted. It may hold more: what was asked later, or is gone since."""

    what: str
    held: int
    stated: int
    stated_at: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """How many of `threads` were verified within the days before a moment; `within` is days -> threads.

    Verified is that the site was asked for the request's JSON and answered. Withheld requests are left out.
    `oldest_at` is the longest ago that one was (UTC), None where none was ever.
    """

    threads: int
    within: dict[int, int]
    oldest_at: str | None


@dataclass(frozen=True, slots=True)
class Due:
    """What is still to be fetched: now (a job's pages and what is late), within a day, within a week, later.

    `files` are attachments that the archive knows of and has not fetched; `unread_files` have no text yet.
    """

    now: int
    within_a_day: int
    within_a_week: int
    later: int
    files: int
    unread_files: int
    jobs: dict[str, int]
    """Pages left by unfinished jobs."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What the site took back. `waiting` requests were refused, and a second healthy night is to confirm it."""

    waiting: int
    requests: int
    messages: int
    files: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run, in short. `command` with its targets; times are UTC text."""

    id: int
    job: str
    started_at: str
    finished_at: str | None
    outcome: str | None
    http_requests: int
    requests_new: int
    healthy: bool


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    site: str
    path: str
    database_bytes: int
    files: int
    files_bytes: int
    requests: int
    authorities: int
    users: int
    batches: int
    messages: dict[str, int]
    attachments: dict[str, int]
    file_texts: dict[str, int]
    states: dict[str, int]
    last_seen_at: str | None
    complete: list[Complete]
    fresh: Fresh
    due: Due
    withdrawn: Withdrawn
    follows: dict[str, str | None]
    """Target -> the day up to which its lists were read, None before its first night."""
    runs: list[RunLine]
    last_healthy: RunLine | None
    """The newest healthy run that asked the site."""


def archive_facts(db: sqlite3.Connection, path: Path, now: datetime) -> ArchiveFacts:
    """The facts of an archive at a moment (aware). `db` is `source.look_into`'s."""
    files, files_bytes = db.execute("select count(*), coalesce(sum(size), 0) from files").fetchone()
    return ArchiveFacts(
        site=db.execute("select value from archive_info where key = 'site'").fetchone()[0],
        path=str(path),
        database_bytes=sum(part.stat().st_size for part in (path, Path(f"{path}-wal")) if part.exists()),
        files=files,
        files_bytes=files_bytes,
        requests=_one(db, "select count(*) from requests where withheld_at is null"),
        authorities=_one(db, "select count(*) from authorities"),
        users=_one(db, "select count(*) from users"),
        batches=_one(db, "select count(*) from batches"),
        messages=_held(db, "messages", "coalesce(kind, 'not told')"),
        attachments=_held(db, "attachments", "status"),
        file_texts=_counts(db, "select text_status, count(*) from files group by 1"),
        states=_counts(
            db, "select coalesce(display_state, 'not read yet'), count(*) from requests where withheld_at is null group by 1"
        ),
        last_seen_at=next((row[0] for row in db.execute("select requested_at from captures order by id desc limit 1")), None),
        complete=completeness(db),
        fresh=freshness(db, now),
        due=to_come(db, now),
        withdrawn=_withdrawn(db),
        follows=dict(db.execute("select target, listed_until from follows order by added_at, target").fetchall()),
        runs=_runs(db, "", LAST_RUNS),
        last_healthy=next(iter(_runs(db, f"where {HEALTHY} and r.command in {VISITS}", 1)), None),
    )


def completeness(db: sqlite3.Connection) -> list[Complete]:
    """What is held of what the site counted last; empty where it was never asked."""
    run = db.execute("select max(run_id) from site_totals").fetchone()[0]
    stated = {
        name: (value, at)
        for name, value, at in db.execute("select name, value, observed_at from site_totals where run_id = ?", (run,))
    }
    return [Complete(what, _one(db, query), *stated[name]) for name, (what, query) in TOTALS.items() if name in stated]


def freshness(db: sqlite3.Connection, now: datetime) -> Fresh:
    """How long ago the threads were verified, at a moment (aware)."""
    edges = [utc_text(now - timedelta(days=days)) for days in FRESH_DAYS]
    sums = ", ".join("total(c.requested_at >= ?)" for _ in edges)
    row = db.execute(
        f"select count(*), min(c.requested_at), {sums} from requests r "
        "left join agenda g on g.page_kind = 'request_json' and g.page_key = segment(r.url_title) "
        "left join captures c on c.id = g.last_capture_id where r.withheld_at is null",
        edges,
    ).fetchone()
    return Fresh(row[0], {days: int(row[2 + number]) for number, days in enumerate(FRESH_DAYS)}, row[1])


def to_come(db: sqlite3.Connection, now: datetime) -> Due:
    """What is due, from a moment (aware) on."""
    edges = [utc_text(now + timedelta(days=days)) for days in (0, 1, 7)]
    row = db.execute(
        "select total(due_at <= ?1), total(due_at > ?1 and due_at <= ?2), total(due_at > ?2 and due_at <= ?3), "
        "total(due_at > ?3) from agenda where due_at is not null",
        edges,
    ).fetchone()
    jobs = "select reason, count(*) from agenda where due_at is not null and reason <> 'visit' group by 1 order by 1"
    late, day, week, later = (int(number) for number in row)
    return Due(
        now=late,
        within_a_day=day,
        within_a_week=week,
        later=later,
        files=_one(db, "select count(*) from attachments where status = 'due' and gone_at is null"),
        unread_files=_one(db, "select count(*) from files where text_status = 'due'"),
        jobs=_counts(db, jobs),
    )


_OUT = {
    "messages": "select id from messages where request_id in (select id from requests where withheld_at is not null)",
    "attachments": "select a.id from attachments a join messages m on m.id = a.message_id "
    "join requests r on r.id = m.request_id where r.withheld_at is not null",
}


def _held(db: sqlite3.Connection, table: str, column: str) -> dict[str, int]:
    """Rows of a table by a column, without tombstones. Those are counted off: the rest is told by an index alone."""
    held = _counts(db, f"select {column}, count(*) from {table} group by 1")
    out = _counts(
        db,
        f"select {column}, count(*) from {table} where id in ({_OUT[table]}) or (gone_at is not null and id in (select "
        f"cast(row_key as integer) from changes where table_name = '{table}' and column_name = 'gone_at')) group by 1",
    )
    return {name: number - out.get(name, 0) for name, number in held.items() if number > out.get(name, 0)}


def _withdrawn(db: sqlite3.Connection) -> Withdrawn:
    """Of requests from their tombstones; of single messages and files from what `changes` saw go."""
    gone = (
        "select count(distinct row_key) from changes where table_name = ? and new_value is not null and column_name = 'gone_at'"
    )
    return Withdrawn(
        waiting=_one(db, "select count(*) from withdrawals where withdrawn_at is null"),
        requests=_one(db, "select count(*) from withdrawals where withdrawn_at is not null"),
        messages=_one(db, gone, "messages"),
        files=_one(db, gone, "attachments"),
        forgotten=_one(db, "select count(*) from forgotten"),
    )


def _runs(db: sqlite3.Connection, where: str, limit: int) -> list[RunLine]:
    rows = db.execute(
        f"select r.id, r.command, json_extract(r.settings, '$.job') as job, r.started_at, r.finished_at, r.outcome, "
        f"r.http_requests, r.requests_new, {HEALTHY} as healthy from runs r {where} order by r.id desc limit ?",
        (limit,),
    )
    return [
        RunLine(
            id=row["id"],
            job=row["job"] or row["command"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            outcome=row["outcome"],
            http_requests=row["http_requests"],
            requests_new=row["requests_new"],
            healthy=bool(row["healthy"]),
        )
        for row in rows
    ]


def _one(db: sqlite3.Connection, query: str, *values: object) -> int:
    found: int = db.execute(query, values).fetchone()[0]
    return found


def _counts(db: sqlite3.Connection, query: str) -> dict[str, int]:
    """Name -> how many, the most first."""
    rows = [(str(name), int(number)) for name, number in db.execute(query)]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))
