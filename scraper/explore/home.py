"""Where reading begins: what the archive holds, what is new in it, and where to look."""

from __future__ import annotations

from typing import Any

from datasette.utils.asgi import Response

from . import charts, words
from .visit import Query, Reader, Visit

COUNTS = Query(
    "Counts",
    """select (select count(*) from requests where withheld_at is null) as requests,
  (select count(*) from messages) as messages,
  (select count(*) from attachments) as attachments,
  (select count(*) from authorities) as authorities,
  (select count(distinct authority_id) from requests) as authorities_asked,
  (select count(*) from batches) as batches,
  (select min(created_at) from requests) as earliest,
  (select max(created_at) from requests) as latest,
  (select value from archive_info where key = 'site') as site""",
)
NEWEST = Query(
    "Newest requests",
    """select r.id, r.title, r.display_state, r.described_state, r.created_at, a.name as authority
from requests r
left join authorities a on a.id = r.authority_id
where +r.withheld_at is null
order by r.created_at desc
limit 12""",
)
ANSWERED = Query(
    "Newest responses",
    """select r.id, r.title, m.anchor, m.author, e.created_at
from events e
join requests r on r.id = e.request_id
join messages m on m.anchor = 'incoming-' || e.incoming_message_id
where +e.event_type = 'response' and m.gone_at is null and m.withheld is null
order by e.created_at desc
limit 12""",
)
STATES = Query(
    "Requests by state",
    """select display_state as state, count(*) as requests
from requests
where display_state is not null
group by 1
order by 2 desc""",
)
MONTHS = Query(
    "Requests by month",
    """select substr(created_at, 1, 7) as month, count(*) as requests
from requests
where created_at is not null
group by 1
order by 1""",
)
BATCHES = Query("Batches", "select id, title, authority_count from batches order by id desc limit 8")
RUN = Query("The last run", "select id, command, started_at, finished_at, outcome from runs order by id desc limit 1")


async def show(visit: Visit) -> Response:
    def work(reader: Reader) -> dict[str, Any]:
        return {
            "counts": reader.one(COUNTS),
            "newest": reader.rows(NEWEST),
            "answered": reader.rows(ANSWERED),
            "states": reader.rows(STATES),
            "months": reader.rows(MONTHS),
            "batches": reader.rows(BATCHES),
            "run": reader.one(RUN),
        }

    found, asked = await visit.read(work)
    questions = await visit.datasette.get_canned_queries(visit.database.name, visit.request.actor)
    by_state = charts.bars((words.state(row["state"]), row["requests"], row["state"]) for row in found.pop("states"))
    by_month = charts.months([tuple(row) for row in found.pop("months")], "Requests by month")
    # The first sentence; how times and empty cells are written is of use where there are some, and stands under About.
    first, stop, _ = (visit.datasette.metadata("description") or "").partition(". ")
    found |= {"description": first + stop.strip(), "questions": questions}
    return visit.render("archive_home.html", asked, by_state=by_state, by_month=by_month, **found)
