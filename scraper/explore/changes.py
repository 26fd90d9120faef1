"""What changed, night by night, and one night in full."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from . import changed
from .visit import NotShown, Query, Reader, Visit

NIGHTS = 14
PAGE = 100
NEW = 100
"""New requests, and new messages, that the page of one night shows."""

PAGES_SOUGHT = 3_000
"""Pages that differed, the first of a run, among which new requests and messages are sought. A night has fewer; the first
crawl of a whole site has a million, which would take too long."""

RUNS = Query(
    "Runs that found a change",
    """select id, command, started_at, finished_at, outcome, requests_new, requests_changed, withheld
from runs
where requests_new > 0 or requests_changed > 0 or exists (select 1 from changes c where c.run_id = runs.id)
order by id desc
limit :limit offset :offset""",
)
SUMS = Query(
    "What they found, by column",
    """select c.run_id, c.table_name, c.column_name, count(*) as changes, count(distinct c.request_id) as requests
from changes c
where c.run_id between :first and :last
group by 1, 2, 3
order by 1 desc, 4 desc""",
)
RUN = Query("The run", "select * from runs where id = :run")
OF_RUN = Query(
    "Changes of the run",
    """select c.id, c.observed_at, c.request_id, c.table_name, c.row_key, c.column_name, c.old_value, c.new_value,
  m.anchor, coalesce(r.title, a.name, u.name) as title, a.id as authority_id, u.id as user_id
from changes c
left join requests r on r.id = c.request_id
left join messages m on c.table_name = 'messages' and m.id = cast(c.row_key as integer)
left join authorities a on c.request_id is null and c.table_name in ('authorities', 'authority_tags')
  and a.id = cast(c.row_key as integer)
left join users u on c.request_id is null and c.table_name = 'users' and u.id = cast(c.row_key as integer)
where c.run_id = :run
order by c.request_id is null, c.id
limit :limit offset :offset""",
)

_READ = f"""(
  select id, page_key from captures
  where run_id = :run and +page_kind = 'request_html' and +outcome = 'changed'
  order by id limit {PAGES_SOUGHT}) c
cross join requests r on r.url_title = c.page_key"""
NEW_REQUESTS = Query(
    "New requests of the run",
    f"""select r.id, r.title, r.display_state, r.described_state, r.created_at, a.name as authority
from {_READ}
left join authorities a on a.id = r.authority_id
where r.first_seen_at between :started and coalesce(:finished, '9') and +r.withheld_at is null
order by c.id
limit {NEW + 1}""",
)
NEW_MESSAGES = Query(
    "New messages in requests known before",
    f"""select r.id, r.title, m.anchor, m.kind, m.author, m.sent_at, m.recorded_at
from {_READ}
cross join messages m on m.request_id = r.id
where r.first_seen_at < :started and +r.withheld_at is null
  and m.first_seen_at between :started and coalesce(:finished, '9') and m.withheld is null and m.gone_at is null
order by c.id, m.position
limit {NEW + 1}""",
)


class Night(NamedTuple):
    """A run and what it found: (thing, what of it, changes, requests)."""

    run: sqlite3.Row
    sums: list[tuple[str, str, int, int]]


class Group(NamedTuple):
    """Changes of one request, authority or user that stand next to one another; `row` is the first of them."""

    row: sqlite3.Row
    changes: list[changed.Change]


async def show(visit: Visit) -> Response:
    """All nights; with ``?run=`` one of them. Raises NotShown (404) where there is no such run."""
    page = visit.page_number()
    run = visit.args.get("run")
    if run is None:
        return await _nights(visit, page)
    if not (run.isascii() and run.isdigit() and len(run) < 10):
        raise NotShown("There is no such run")
    return await _night(visit, int(run), page)


async def _nights(visit: Visit, page: int) -> Response:
    def work(reader: Reader) -> tuple[list[sqlite3.Row], list[sqlite3.Row]]:
        _need_changes(reader)
        runs = reader.rows(RUNS, limit=NIGHTS + 1, offset=(page - 1) * NIGHTS)
        shown = runs[:NIGHTS]
        return runs, reader.rows(SUMS, first=shown[-1]["id"], last=shown[0]["id"]) if shown else []

    (runs, sums), asked = await visit.read(work)
    by_run: dict[int, list[tuple[str, str, int, int]]] = defaultdict(list)
    for row in sums:
        thing, what = changed.named(row["table_name"], row["column_name"])
        by_run[row["run_id"]].append((thing, what, row["changes"], row["requests"]))
    nights = [Night(run, by_run[run["id"]]) for run in runs[:NIGHTS]]
    return visit.render("archive_changes.html", asked, nights=nights, page=page, more=len(runs) > NIGHTS)


async def _night(visit: Visit, number: int, page: int) -> Response:
    def work(reader: Reader) -> dict[str, Any] | None:
        _need_changes(reader)
        run = reader.one(RUN, run=number)
        if run is None:
            return None
        found = {"run": run, "rows": reader.rows(OF_RUN, run=number, limit=PAGE + 1, offset=(page - 1) * PAGE)}
        # An edition for others keeps the visits back; further pages are of changed values alone.
        if page == 1 and reader.has("captures"):
            window = {"run": number, "started": run["started_at"], "finished": run["finished_at"]}
            found |= {"requests": reader.rows(NEW_REQUESTS, **window), "messages": reader.rows(NEW_MESSAGES, **window)}
        return found

    found, asked = await visit.read(work)
    if found is None:
        raise NotShown("There is no such run")
    groups: list[Group] = []
    for row in found["rows"][:PAGE]:
        if not groups or _about(groups[-1].row) != _about(row):
            groups.append(Group(row, []))
        groups[-1].changes.append(changed.told(row))
    return visit.render(
        "archive_night.html",
        asked,
        run=found["run"],
        requests=found.get("requests", [])[:NEW],
        messages=found.get("messages", [])[:NEW],
        more_requests=len(found.get("requests", [])) > NEW,
        more_messages=len(found.get("messages", [])) > NEW,
        groups=groups,
        page=page,
        more=len(found["rows"]) > PAGE,
    )


def _need_changes(reader: Reader) -> None:
    """An edition that keeps them back has a view without rows in their place: it must not look as if nothing changed."""
    if not reader.has("changes"):
        raise NotShown("Changes are not in this edition", "It keeps back what was changed or taken out on the site.")


def _about(row: sqlite3.Row) -> tuple[int | None, ...]:
    return row["request_id"], row["authority_id"], row["user_id"]
