"""An authority: how its requests ended, how long it took, and what is still open."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from . import charts, outcomes
from .visit import NotShown, Query, Reader, Visit

PAGE = 25

HEAD = Query("The authority", "select * from authorities where id = :id")
TAGS = Query("Its tags", "select name, value from authority_tags where authority_id = :id order by name, value")
OUTCOMES = outcomes.outcomes("authority_id")
TIMES = Query(
    "Days to the first response",
    # The plus keeps SQLite to the index by request: half of all events are responses.
    """with answered as (
  select r.id, cast(julianday(date(min(e.created_at))) - julianday(date(r.created_at)) as integer) as days
  from requests r
  left join events e on e.request_id = r.id and +e.event_type = 'response'
  where r.authority_id = :id and +r.withheld_at is null
  group by r.id
), ranked as (
  select days, row_number() over (order by days) as place, count(*) over () as answers from answered where days is not null
)
select case when days is null then 'no response yet' when days <= 7 then 'up to 7 days' when days <= 14 then '8 to 14 days'
    when days <= 28 then '15 to 28 days' when days <= 56 then '29 to 56 days' when days <= 112 then '57 to 112 days'
    else 'more than 112 days' end as took,
  count(*) as requests, (select days from ranked where place = (answers + 1) / 2) as median
from answered
group by 1
order by min(coalesce(days, 999999))""",
)
MONTHS = Query(
    "Requests by month",
    """select substr(created_at, 1, 7) as month, count(*) as requests
from requests
where authority_id = :id and +withheld_at is null and created_at is not null
group by 1
order by 1""",
)
BATCHES = Query(
    "Its batches",
    """select b.id, b.title, b.authority_count
from requests r
join batches b on b.id = r.batch_id
where r.authority_id = :id and +r.withheld_at is null
group by b.id
order by b.id desc
limit 50""",
)
OPEN = Query(
    "Longest open",
    """select id, title, display_state, described_state, created_at
from requests
where authority_id = :id and +withheld_at is null and awaiting_description = 0
  and described_state in ('waiting_response', 'waiting_clarification', 'internal_review')
order by created_at
limit 10""",
)
RECENT = Query(
    "Its requests, newest first",
    """select id, title, display_state, described_state, created_at
from requests
where authority_id = :id and +withheld_at is null
order by created_at desc, id desc
limit :limit offset :offset""",
)


class Found(NamedTuple):
    head: sqlite3.Row
    rest: dict[str, Any]


async def show(visit: Visit) -> Response:
    """Raises NotShown (404) where there is no such authority."""
    number, page = int(visit.path["id"]), visit.page_number()

    def work(reader: Reader) -> Found | None:
        head = reader.one(HEAD, id=number)
        if head is None:
            return None
        names = {"tags": TAGS, "outcomes": OUTCOMES, "times": TIMES, "months": MONTHS, "batches": BATCHES, "open_longest": OPEN}
        rest: dict[str, Any] = {name: reader.rows(query, id=number) for name, query in names.items()}
        rest["recent"] = reader.rows(RECENT, id=number, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return Found(head, rest)

    found, asked = await visit.read(work)
    if found is None:
        raise NotShown("This authority is not in the archive")
    rest = found.rest
    states, times = rest.pop("outcomes"), rest.pop("times")
    recent = rest.pop("recent")
    return visit.render(
        "archive_authority.html",
        asked,
        head=found.head,
        total=sum(row["requests"] for row in states),
        median=times[0]["median"] if times else None,
        outcomes=outcomes.drawn(states),
        times=charts.bars((row["took"], row["requests"], None) for row in times),
        by_month=charts.months([tuple(row) for row in rest.pop("months")], "Requests by month"),
        recent=recent[:PAGE],
        more=len(recent) > PAGE,
        page=page,
        **rest,
    )
