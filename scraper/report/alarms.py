"""What makes a run fail that came to its end: something that should be there is not.

An alarm names the page kind and the field, so that a changed site is told from a bad night.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from ..archive.store import Archive, ArchiveError
from ..records import PageKind
from . import coverage
from .coverage import NO_ROWS, ROWS
from .failures import failures
from .source import prepared

HISTORY = 10
"""Healthy runs that measured a field, the newest, are what is usual."""
FEWEST_PAGES = 20
"""Below that a share says little, in the run or before it."""
DROP = 0.2
"""A fall in share that matters, whatever its chance."""
SIGMAS = 4.0
"""How improbable a fall has to be, in standard errors: 1 in 30,000 by chance, and some 60 fields are asked each night."""
FEWEST_LISTS, MOST_LISTS = 3, 0.9
"""A night without a row in so many lists is strange where that share of them usually has some. Lists are not
independent of each other (nobody asks at Christmas), so this is no test of chance."""

HEALTHY = """(
    (r.outcome in ('ok', 'budget') and coalesce(json_extract(r.settings, '$.alarms'), 0) = 0)
    or json_extract(r.settings, '$.accepted') is not null
)"""
"""Of a row `r` of runs: it came to its end without a failure, or an operator said that it is as it should be."""
_BEFORE = f"""
    r.id < :run and {HEALTHY} and r.id >= coalesce(
      (select max(a.id) from runs a where a.id < :run and json_extract(a.settings, '$.accepted') is not null), 0
    )
"""
"""Of a row `r` of runs: it tells what is usual for the run `:run`. What an operator accepted begins anew."""
VISITS = ("crawl", "nightly")
"""Commands that ask the site."""
COMPLETE = ("ok", "failures")
"""Outcomes of runs that looked everywhere they should."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`text` is one line for people; `field` a column, a selector or ``rows``, None where no one field is at fault."""

    text: str
    page_kind: str
    field: str | None


def look_back(archive: Archive, run_id: int, outcome: str) -> list[Alarm]:
    """At a run's end, before its row says so: writes its coverage, and returns its alarms and notes how many.

    An interrupted run is left as it is: whoever stopped it waits.
    """
    if outcome == "interrupted":
        return []
    db = prepared(archive.db)
    with archive.transaction():
        coverage.record(db, run_id)
        found = alarms(db, run_id, outcome)
        db.execute("update runs set settings = json_set(settings, '$.alarms', ?) where id = ?", (len(found), run_id))
    return found


def alarms(db: sqlite3.Connection, run_id: int, outcome: str | None = None) -> list[Alarm]:
    """The alarms of a run, from what the archive holds of it.

    `outcome` is what the run will have ended as, where its row does not say yet.

    1. Pages that could not be read, by selector.
    2. A field that was filled on far fewer pages than usual. Usual is what the last `HISTORY` healthy runs that
       measured the field found together. It is an alarm where run and history have `FEWEST_PAGES` pages each, the
       share fell by more than `DROP`, and a two-proportion z-test puts the fall at more than `SIGMAS` standard
       errors. A page counts once, however many messages it has: those of one page are not independent. As a page may
       count by a part, the test errs towards silence.
    3. No rows where there should be some, in a run that came to its end: a crawl that read no request; a register
       without an authority; an authority or a batch whose page showed requests in a healthy run before and shows
       none now; a night on which not one of at least `FEWEST_LISTS` lists showed any, where `MOST_LISTS` usually do.
    """
    run = db.execute("select * from runs where id = ?", (run_id,)).fetchone()
    if run is None:
        raise LookupError(f"there is no run {run_id}")
    found = [*_unreadable(db, run_id), *_fallen(db, run_id)]
    if (outcome or run["outcome"]) in COMPLETE and not found:
        found += _no_rows(db, run)
    return found


def accept(archive: Archive, run_id: int, now: str) -> None:
    """Takes what a run found as usual from now on, and nothing before it (`now` is UTC text).

    Raises ArchiveError where there is no such run.
    """
    with archive.transaction() as db:
        done = db.execute("update runs set settings = json_set(settings, '$.accepted', ?) where id = ?", (now, run_id))
        if done.rowcount == 0:
            raise ArchiveError(f"there is no run {run_id} in this archive")


def _unreadable(db: sqlite3.Connection, run_id: int) -> Iterator[Alarm]:
    for one in failures(db, run_id):
        if one.outcome == "unreadable" and one.given_up:
            pages = "1 page" if one.given_up == 1 else f"{one.given_up:,} pages"
            about = f"{one.field}: {one.reason}" if one.field else one.reason
            yield Alarm(
                f"{pages} of kind {one.page_kind} could not be read, such as {one.example}: {about}", one.page_kind, one.field
            )


# ---- a field that fell ----------------------------------------------------------------------------------------------

_USUAL = f"""
    select page_kind, field, sum(pages), total(filled), count(*) from (
      select c.page_kind, c.field, c.pages, c.filled,
        row_number() over (partition by c.page_kind, c.field order by c.run_id desc) as age
      from coverage c join runs r on r.id = c.run_id where {_BEFORE}
    ) where age <= {HISTORY} group by page_kind, field
"""


def _fallen(db: sqlite3.Connection, run_id: int) -> Iterator[Alarm]:
    usual = {(kind, field): (pages, filled, runs) for kind, field, pages, filled, runs in db.execute(_USUAL, {"run": run_id})}
    rows = db.execute("select page_kind, field, pages, filled from coverage where run_id = ? order by 1, 2", (run_id,))
    for kind, field, pages, filled in rows:
        before = usual.get((kind, field))
        if field == ROWS or before is None or not fell(pages, filled, before[0], before[1]):
            continue
        yield Alarm(
            f"{field} of {kind} was filled on {100 * filled / pages:.0f} % of {pages:,} pages; usual is "
            f"{100 * before[1] / before[0]:.0f} % (of {before[0]:,} pages, healthy runs: {before[2]})",
            kind,
            field,
        )


def fell(pages: int, filled: float, pages_before: int, filled_before: float) -> bool:
    """Whether a share is lower than it was by more than chance and by more than matters (see `alarms`)."""
    if min(pages, pages_before) < FEWEST_PAGES:
        return False
    drop = filled_before / pages_before - filled / pages
    pooled = (filled + filled_before) / (pages + pages_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / pages + 1 / pages_before))
    return drop > DROP and drop > SIGMAS * error


# ---- no rows --------------------------------------------------------------------------------------------------------

_EMPTIED = f"""
    with before as (
      select distinct page_kind, page_key from captures where run_id in (
        select r.id from runs r where {_BEFORE} order by r.id desc limit {HISTORY}
      ) and page_kind in ('authority_html', 'batch') and outcome in ('changed', 'unchanged') and reason is null
    )
    select page_kind, url from captures where run_id = :run and reason = :none and page_key not like '%page=%'
    and (page_kind, page_key) in (select page_kind, page_key from before) group by page_kind, page_key order by id
"""


def _no_rows(db: sqlite3.Connection, run: sqlite3.Row) -> Iterator[Alarm]:
    run_id: int = run["id"]
    empty_register = db.execute(
        "select 1 from captures where run_id = ? and page_kind = ? and reason = ?", (run_id, PageKind.AUTHORITIES_CSV, NO_ROWS)
    ).fetchone()
    if empty_register:
        yield Alarm("all-authorities.csv names no authority", PageKind.AUTHORITIES_CSV, ROWS)
    emptied = db.execute(_EMPTIED, {"run": run_id, "none": NO_ROWS}).fetchall()
    for kind, url in emptied:
        yield Alarm(f"{url} shows no request now, and did in a healthy run before", kind, ROWS)
    if _read_nothing(db, run):
        yield Alarm("nothing was found: no request was read", PageKind.REQUEST_JSON, None)
    elif run["command"] == "nightly" and not emptied:
        yield from _all_lists_empty(db, run_id)


def _read_nothing(db: sqlite3.Connection, run: sqlite3.Row) -> bool:
    """Whether a job that should find requests read none, in all of its runs."""
    settings = json.loads(run["settings"])
    if run["command"] not in VISITS or settings["job"] == "crawl authorities":
        return False
    if run["command"] == "nightly" and not db.execute("select 1 from requests where withheld_at is null").fetchone():
        return False
    read = db.execute(
        "select 1 from captures where id > ? and id <= coalesce((select max(id) from captures where run_id = ?), id) "
        "and page_kind in ('request_json', 'request_html') "
        "and outcome in ('changed', 'unchanged', 'not_modified', 'withheld') limit 1",
        (settings["after_capture"], run["id"]),
    )
    return read.fetchone() is None


def _all_lists_empty(db: sqlite3.Connection, run_id: int) -> Iterator[Alarm]:
    tonight = db.execute(
        "select coalesce(sum(pages), 0), total(filled) from coverage where run_id = ? and field = ?", (run_id, ROWS)
    ).fetchone()
    usual = db.execute(
        f"select coalesce(sum(pages), 0), total(filled) from coverage where field = :field and run_id in (select r.id "
        f"from runs r where {_BEFORE} and r.command = 'nightly' order by r.id desc limit {HISTORY})",
        {"run": run_id, "field": ROWS},
    ).fetchone()
    pages, filled = tonight
    if pages >= FEWEST_LISTS and not filled and usual[0] >= FEWEST_PAGES and usual[1] >= MOST_LISTS * usual[0]:
        share = 100 * usual[1] / usual[0]
        yield Alarm(f"not one of {pages:,} lists showed a request; usually {share:.0f} % of them do", PageKind.LIST, ROWS)
