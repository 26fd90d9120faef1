"""What a reader of an export must know of the archive behind it: what was asked of the site, when, and how completely."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from .selection import newest_visit


@dataclass(frozen=True, slots=True)
class Asked:
    """Runs of one sort that asked the site. Times are UTC."""

    job: str
    runs: int
    first_at: str
    last_at: str
    http_requests: int
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Facts:
    site: str
    asked: tuple[Asked, ...]
    first_at: str | None
    """When the site was first asked (UTC), and when last. None for an archive that never asked one."""
    last_at: str | None
    stated: tuple[tuple[str, int, int, str], ...]
    """What, how many the archive holds, how many the site counted, and when it did (UTC)."""
    seen: tuple[str | None, str | None]
    """Between which moments (UTC) the requests were last read."""
    captures: dict[str, int]
    """Fetches of all runs, by their outcome."""
    unfinished: dict[str, int]
    """Attachments whose bytes are not held, though the site withholds none of them, by their status."""
    ceiling_hits: tuple[str, ...]
    withheld: int
    withdrawn: int
    forgotten: int
    text_status: dict[str, int]
    alarms: int
    software: tuple[str, ...]


_SHOWN = "r.prominence = 'normal' and r.withheld_at is null"
_STATED = {
    "visible_request_count": ("requests", f"select count(*) from main.requests r where {_SHOWN}"),
    "visible_comment_count": (
        "annotations",
        (
            "select count(*) from main.messages m join main.requests r on r.id = m.request_id "
            f"where m.kind = 'annotation' and m.gone_at is null and m.withheld is null and {_SHOWN}"
        ),
    ),
    "visible_public_body_count": ("authorities", "select count(*) from main.authorities"),
}
"""What /version.json counts (site-contract.md section 2.9), and how the archive counts the same."""


def gather(db: sqlite3.Connection) -> Facts:
    """The facts of a whole archive, whatever an export holds of it."""
    first = db.execute("select min(started_at) from main.runs where http_requests > 0").fetchone()[0]
    return Facts(
        site=db.execute("select value from main.archive_info where key = 'site'").fetchone()[0],
        asked=_asked(db),
        first_at=first,
        last_at=newest_visit(db),
        stated=_stated(db),
        seen=db.execute("select min(last_seen_at), max(last_seen_at) from main.requests where withheld_at is null").fetchone(),
        captures=_counts(db, "select outcome, count(*) from main.captures group by 1"),
        unfinished=_counts(
            db,
            "select status, count(*) from main.attachments "
            "where status in ('due', 'unavailable', 'too_large', 'skipped') and gone_at is null group by 1",
        ),
        ceiling_hits=tuple(
            row[0]
            for row in db.execute(
                "select page_key from main.ceiling_hits where run_id = (select max(run_id) from main.ceiling_hits) order by 1"
            )
        ),
        withheld=_one(db, "select count(*) from main.requests where withheld_at is not null"),
        withdrawn=_one(db, "select count(*) from main.withdrawals where withdrawn_at is not null"),
        forgotten=_one(db, "select count(*) from main.forgotten"),
        text_status=_counts(db, "select text_status, count(*) from main.files group by 1"),
        alarms=_one(db, "select coalesce(sum(json_extract(settings, '$.alarms')), 0) from main.runs"),
        software=tuple(row[0] for row in db.execute("select software from main.runs group by software order by min(id)")),
    )


def said(facts: Facts, words: Callable[[str], str]) -> Facts:
    """The same in an edition's words: targets and searches may name people."""
    asked = tuple(replace(each, job=words(each.job)) for each in facts.asked)
    return replace(facts, asked=asked, ceiling_hits=tuple(map(words, facts.ceiling_hits)))


def _asked(db: sqlite3.Connection) -> tuple[Asked, ...]:
    jobs: dict[str, list[tuple[str, str, str, int]]] = {}
    for job, started, finished, outcome, requests in db.execute(
        "select coalesce(json_extract(settings, '$.job'), command), started_at, coalesce(finished_at, started_at), "
        "coalesce(outcome, 'not finished'), http_requests from main.runs where http_requests > 0 order by id"
    ):
        jobs.setdefault(job, []).append((started, finished, outcome, requests))
    told = []
    for job, runs in jobs.items():
        outcomes: dict[str, int] = {}
        for _, _, outcome, _ in runs:
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        told.append(Asked(job, len(runs), runs[0][0], runs[-1][1], sum(run[3] for run in runs), outcomes))
    return tuple(told)


def _stated(db: sqlite3.Connection) -> tuple[tuple[str, int, int, str], ...]:
    newest = "select name, value, observed_at from main.site_totals where run_id = (select max(run_id) from main.site_totals)"
    stated = {name: (value, at) for name, value, at in db.execute(newest)}
    return tuple((what, _one(db, query), *stated[name]) for name, (what, query) in _STATED.items() if name in stated)


def _one(db: sqlite3.Connection, query: str) -> int:
    found: int = db.execute(query).fetchone()[0]
    return found


def _counts(db: sqlite3.Connection, query: str) -> dict[str, int]:
    """Name -> how many, the most first."""
    return dict(sorted(db.execute(query).fetchall(), key=lambda row: (-row[1], row[0])))
