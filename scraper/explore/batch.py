"""A batch: one question to many authorities, and what each made of it."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from . import outcomes, prose, quotes
from .visit import NotShown, Query, Reader, Visit

ROWS = 500
"""Lines of the table on one page; the SQL behind it has all."""

ANSWERS = 12
FILES = 100
EXCERPT = 700
"""Characters of a first answer that are shown beside the others."""

HEAD = Query(
    "The batch",
    """select b.*, u.name as user_name,
  (select count(*) from requests r where r.batch_id = b.id and +r.withheld_at is null) as requests
from batches b
left join users u on u.id = b.user_id
where b.id = :id""",
)
TABLE = Query(
    "Authority, outcome and days",
    """with answered as (
  select r.id, min(e.created_at) as first_response_at
  from requests r
  left join events e on e.request_id = r.id and +e.event_type = 'response'
  where r.batch_id = :id and +r.withheld_at is null
  group by r.id
)
select r.id, r.title, r.authority_id, a.name as authority, r.described_state, r.display_state, r.created_at,
  answered.first_response_at,
  cast(julianday(date(answered.first_response_at)) - julianday(date(r.created_at)) as integer) as days,
  (select count(*) from messages m join attachments t on t.message_id = m.id
    where m.request_id = r.id and t.gone_at is null and +t.status = 'stored') as files
from answered
join requests r on r.id = answered.id
left join authorities a on a.id = r.authority_id
order by a.name, r.id
limit :limit""",
)
OUTCOMES = outcomes.outcomes("batch_id")
FIRST = Query(
    "First answers",
    """select r.id, a.name as authority, r.described_state, r.display_state, m.anchor, m.text, m.new_text, m.withheld, m.sent_at
from requests r
left join authorities a on a.id = r.authority_id
join messages m on m.id = (
  select x.id from messages x
  where x.request_id = r.id and +x.kind = 'response' and x.gone_at is null
  order by x.position limit 1)
where r.batch_id = :id and +r.withheld_at is null
order by a.name, r.id
limit :limit offset :offset""",
)
SENT = Query(
    "Files that came",
    """select r.id, a.name as authority, m.anchor, t.filename, f.sha256, f.size, f.media_type
from requests r
left join authorities a on a.id = r.authority_id
join messages m on m.request_id = r.id
join attachments t on t.message_id = m.id
join files f on f.id = t.file_id
where r.batch_id = :id and +r.withheld_at is null and m.gone_at is null and t.gone_at is null and +t.status = 'stored'
order by a.name, r.id, m.position, t.part
limit :limit""",
)


class Answer(NamedTuple):
    row: sqlite3.Row
    excerpt: Any


async def show(visit: Visit) -> Response:
    """Raises NotShown (404) where there is no such batch."""
    number, page = int(visit.path["id"]), visit.page_number()

    def work(reader: Reader) -> dict[str, Any] | None:
        head = reader.one(HEAD, id=number)
        if head is None:
            return None
        return {
            "head": head,
            "table": reader.rows(TABLE, id=number, limit=ROWS),
            "outcomes": reader.rows(OUTCOMES, id=number),
            "answers": reader.rows(FIRST, id=number, limit=ANSWERS + 1, offset=(page - 1) * ANSWERS),
            "files": reader.rows(SENT, id=number, limit=FILES),
        }

    found, asked = await visit.read(work)
    if found is None:
        raise NotShown("This batch is not in the archive")
    states, answers = found.pop("outcomes"), found.pop("answers")
    return visit.render(
        "archive_batch.html",
        asked,
        outcomes=outcomes.drawn(states),
        silent=[row for row in found["table"] if row["first_response_at"] is None],
        answers=[Answer(row, excerpt(row["text"], row["new_text"])) for row in answers[:ANSWERS]],
        more=len(answers) > ANSWERS,
        page=page,
        **found,
    )


def excerpt(text: str | None, new_text: str | None, length: int = EXCERPT) -> Any:
    """The beginning of what a message adds, as HTML; empty where it has no text."""
    if not text or new_text is None:
        return ""
    part = next((part for part in quotes.parts(text, new_text) if not part.quoted), None)
    start, end = quotes.trimmed(text, part) if part else (0, len(text))
    cut = min(end, start + length)
    return prose.marked(prose.reflowed(text), start, cut) + (" …" if cut < end else "")
