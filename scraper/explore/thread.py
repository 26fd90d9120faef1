"""A request's thread: what was written, in its order, and what is known of it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import NamedTuple

from datasette.utils.asgi import Response
from markupsafe import Markup

from . import changed, cite, prose, quotes
from .visit import NotShown, Query, Reader, Visit

HEAD = Query(
    "The request",
    """select r.*, a.name as authority, u.name as account_name, b.title as batch_title
from requests r
left join authorities a on a.id = r.authority_id
left join users u on u.id = r.user_id
left join batches b on b.id = r.batch_id
where r.id = :id""",
)
MESSAGES = Query(
    "Its messages",
    """select id, anchor, kind, position, author, user_id, sent_at, recorded_at, text, new_text, delivery_status,
  withheld, withheld_reason, last_changed_at, gone_at
from messages
where request_id = :id
order by position is null, position, coalesce(recorded_at, sent_at), id""",
)
FILES = Query(
    "Their attachments",
    """select t.id, t.message_id, t.filename, t.size_shown, t.note, t.status, t.status_reason, t.gone_at, t.fetched_at,
  f.sha256, f.size, f.media_type, f.text_status, f.page_count, substr(x.text, 1, 400) as excerpt
from messages m
join attachments t on t.message_id = m.id
left join files f on f.id = t.file_id
left join file_texts x on x.file_id = t.file_id
where m.request_id = :id
order by t.message_id, t.part is null, t.part, t.id""",
)
LINKS = Query(
    "The links in them",
    """select l.message_id, l.url, l.shown_text
from messages m
join links l on l.message_id = m.id
where m.request_id = :id
order by l.message_id, l.position""",
)
HISTORY = Query(
    "Its history as the site tells it",
    "select event_type, created_at, described_state, calculated_state from events where request_id = :id order by created_at, id",
)
CHANGES = Query(
    "Changes that this archive saw",
    """select c.observed_at, c.table_name, c.row_key, c.column_name, c.old_value, c.new_value, m.anchor
from changes c
left join messages m on c.table_name = 'messages' and m.id = cast(c.row_key as integer)
where c.request_id = :id
order by c.id
limit 500""",
)


EVENTS: dict[str, str] = {
    "sent": "Request sent",
    "resent": "Request sent again",
    "followup_sent": "Follow-up sent",
    "followup_resent": "Follow-up sent again",
    "response": "Response received",
    "comment": "Annotation made",
    "send_error": "Sending failed",
    "status_update": "Classified",
    "overdue": "Became overdue",
    "very_overdue": "Became long overdue",
    "edit": "Edited by staff",
    "edit_outgoing": "Requester's message edited by staff",
    "edit_incoming": "Response edited by staff",
    "edit_attachment": "Attachment edited by staff",
    "edit_comment": "Annotation edited by staff",
    "hide": "Hidden by staff",
    "hide_comment": "Annotation hidden by staff",
    "move_request": "Moved to another authority",
    "redeliver_incoming": "Response delivered to another request",
    "report_request": "Reported for attention",
    "report_comment": "Annotation reported",
    "set_embargo": "Embargo set",
    "expire_embargo": "Embargo ended",
}
"""Events of a request's history in words; others are shown by their code."""


class Passage(NamedTuple):
    """A part of a message as HTML; `lines` counts what a fold would hide."""

    html: Markup
    quoted: bool
    lines: int


class Shown(NamedTuple):
    """A message with what belongs to it; `other_links` are those that are not in its text."""

    row: sqlite3.Row
    passages: list[Passage]
    files: list[sqlite3.Row]
    other_links: list[sqlite3.Row]


class Thread(NamedTuple):
    head: sqlite3.Row
    messages: list[sqlite3.Row]
    files: list[sqlite3.Row]
    links: list[sqlite3.Row]
    history: list[sqlite3.Row]
    changes: list[sqlite3.Row]


async def show(visit: Visit) -> Response:
    """Raises NotShown where the request is not here (404) or was withdrawn (410)."""
    request_id = int(visit.path["id"])
    found, asked = await visit.read(lambda reader: _read(reader, request_id))
    if found is None:
        raise NotShown("This request is not in the archive", "The site may have it, and the archive may not have come to it yet.")
    head = found.head
    if head["withheld_at"]:
        return visit.render("archive_tombstone.html", asked[:1], status=410, head=head)
    return visit.render(
        "archive_thread.html",
        asked,
        head=head,
        messages=messages(found),
        history=found.history,
        event_words=EVENTS,
        changes=[changed.told(row) for row in found.changes],
        cited=cite.request(head, visit.base() + visit.links.request(request_id)),
    )


def _read(reader: Reader, request_id: int) -> Thread | None:
    head = reader.one(HEAD, id=request_id)
    if head is None:
        return None
    if head["withheld_at"]:
        return Thread(head, [], [], [], [], [])
    return Thread(head, *(reader.rows(query, id=request_id) for query in (MESSAGES, FILES, LINKS, HISTORY, CHANGES)))


def messages(thread: Thread) -> list[Shown]:
    """Every message with its files and links, in the order of the page."""
    files: dict[int, list[sqlite3.Row]] = defaultdict(list)
    links: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for file in thread.files:
        files[file["message_id"]].append(file)
    for link in thread.links:
        links[link["message_id"]].append(link)
    return [_shown(row, files[row["id"]], links[row["id"]]) for row in thread.messages]


def _shown(row: sqlite3.Row, files: list[sqlite3.Row], links: list[sqlite3.Row]) -> Shown:
    text: str | None = row["text"]
    if not text:
        return Shown(row, [], files, links)
    spans = prose.spans(text, [link["url"] for link in links])
    standing = {url for _, _, url in spans}
    flowing = prose.reflowed(text)
    passages = []
    for part in quotes.parts(text, row["new_text"]):
        start, end = quotes.trimmed(text, part)
        if start < end:
            passages.append(Passage(prose.marked(flowing, start, end, spans), part.quoted, text.count("\n", start, end) + 1))
    return Shown(row, passages, files, [link for link in links if link["url"] not in standing])
