"""A person who asks: their requests, batches and annotations, as the site shows them."""

from __future__ import annotations

from typing import Any

from datasette.utils.asgi import Response

from . import outcomes
from .visit import NotShown, Query, Reader, Visit

PAGE = 25

HEAD = Query("The account", "select * from users where id = :id")
STATES = outcomes.outcomes("user_id")
REQUESTS = Query(
    "Their requests, newest first",
    """select r.id, r.title, r.display_state, r.described_state, r.created_at, a.name as authority
from requests r
left join authorities a on a.id = r.authority_id
where r.user_id = :id and +r.withheld_at is null
order by r.created_at desc, r.id desc
limit :limit offset :offset""",
)
BATCHES = Query("Their batches", "select id, title, authority_count from batches where user_id = :id order by id desc limit 50")
ANNOTATIONS = Query(
    "Their annotations",
    """select m.anchor, m.sent_at, substr(m.text, 1, 300) as text, r.id, r.title
from messages m
join requests r on r.id = m.request_id
where m.user_id = :id and +m.kind = 'annotation' and m.gone_at is null and m.withheld is null and +r.withheld_at is null
order by m.sent_at desc
limit 25""",
)


async def show(visit: Visit) -> Response:
    """Raises NotShown (404) where there is no such account."""
    number, page = int(visit.path["id"]), visit.page_number()

    def work(reader: Reader) -> dict[str, Any] | None:
        head = reader.one(HEAD, id=number)
        if head is None:
            return None
        return {
            "head": head,
            "states": reader.rows(STATES, id=number),
            "requests": reader.rows(REQUESTS, id=number, limit=PAGE + 1, offset=(page - 1) * PAGE),
            "batches": reader.rows(BATCHES, id=number),
            "annotations": reader.rows(ANNOTATIONS, id=number),
        }

    found, asked = await visit.read(work)
    if found is None:
        raise NotShown("This account is not in the archive", "Nobody is kept whose last request or annotation was withdrawn.")
    states, requests = found.pop("states"), found.pop("requests")
    return visit.render(
        "archive_user.html",
        asked,
        total=sum(row["requests"] for row in states),
        states=outcomes.drawn(states),
        requests=requests[:PAGE],
        more=len(requests) > PAGE,
        page=page,
        **found,
    )
