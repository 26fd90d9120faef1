"""Threads: events, messages, links and attachments of one request, as its two pages tell them.

The JSON knows what kind each message is and when it was recorded, the HTML knows what it says; they are joined by
message id after either page is kept, so that the order in which they come makes no difference.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from ..pages.new_text import new_text
from ..records import Link, Message, Request, Thread
from .agenda import Want
from .attachments import attachment_gone, files_of, keep_attachments
from .rows import REMOVED, Found, Value, Writer


class NoSuchRequest(Exception):
    """A thread's HTML came before the JSON that gives the request its id."""


def find_request(db: sqlite3.Connection, slug: str) -> sqlite3.Row | None:
    """The request that has this slug now: the one seen last, since a slug can be used again after a rename."""
    row: sqlite3.Row | None = db.execute(
        "select * from requests where url_title = ? order by last_seen_at desc, id desc limit 1", (slug,)
    ).fetchone()
    return row


# ---- the JSON's side ------------------------------------------------------------------------------------------------


FILE_EVENTS = frozenset({"edit_attachment", "edit_incoming", "erase_attachment"})
"""Events after which a file may be another one under the same name."""


def keep_events(writer: Writer, record: Request, found: Found) -> bool:
    """Makes the request's events what its JSON lists; True where any differed.

    An event that vanished is deleted, and said to be.
    """
    before = writer.written
    have = {row["id"]: row for row in writer.db.execute("select * from events where request_id = ?", (record.id,))}
    for event in record.events:
        values: dict[str, Value] = {
            "request_id": record.id,
            "event_type": event.event_type,
            "created_at": event.created_at,
            "described_state": event.described_state,
            "calculated_state": event.calculated_state,
            "last_described_at": event.last_described_at,
            "incoming_message_id": event.incoming_message_id,
            "outgoing_message_id": event.outgoing_message_id,
            "comment_id": event.comment_id,
        }
        old = have.pop(event.id, None)
        if old is None and not writer.db.execute("select 1 from events where id = ?", (event.id,)).fetchone():
            writer.insert("events", {"id": event.id, **values})
            writer.added(record.id)
            if event.event_type in FILE_EVENTS and writer.known:
                found.wants += [Want(ref) for ref in files_of(writer.db, record.id)]
        elif old is None or any(old[column] != value for column, value in values.items()):
            writer.put("events", {"id": event.id}, values, record.id)
    for gone, row in have.items():
        writer.delete("events", {"id": gone}, str(gone), "event_type", row["event_type"], record.id)
    return writer.written > before


def tell_kinds(writer: Writer, request_id: int) -> None:
    """Gives each message its kind and the time it was recorded, from the events (recordings/README.md, "kind")."""
    messages = writer.db.execute(
        "select id, anchor, kind, recorded_at from messages where request_id = ?", (request_id,)
    ).fetchall()
    if not messages:
        return
    told = _kinds(writer.db, request_id)
    for row in messages:
        kind, recorded_at = told.get(row["anchor"], (None, None))
        if kind is None or (kind, recorded_at) == (row["kind"], row["recorded_at"]):
            continue  # an event that is gone says nothing new about a message that is too
        values: dict[str, Value] = {"kind": kind, "recorded_at": recorded_at}
        known, writer.known = writer.known, False
        writer.put("messages", {"id": row["id"]}, values, request_id)
        writer.known = known


_SENT = {"sent": "request", "send_error": "request", "followup_sent": "followup"}


def _kinds(db: sqlite3.Connection, request_id: int) -> dict[str, tuple[str, str]]:
    told: dict[str, tuple[str, str]] = {}
    for event in db.execute("select * from events where request_id = ? order by created_at desc, id desc", (request_id,)):
        kind = _SENT.get(event["event_type"])
        if kind == "followup" and "internal_review" in (event["described_state"], event["calculated_state"]):
            kind = "internal_review"
        if kind is not None and event["outgoing_message_id"] is not None:
            anchor = f"outgoing-{event['outgoing_message_id']}"
            # A message that was sent and then failed has both events: what was sent says what it is.
            if anchor not in told or event["event_type"] != "send_error":
                told[anchor] = (kind, event["created_at"])
        elif event["event_type"] == "response" and event["incoming_message_id"] is not None:
            told[f"incoming-{event['incoming_message_id']}"] = ("response", event["created_at"])
        elif event["event_type"] == "comment" and event["comment_id"] is not None:
            told[f"comment-{event['comment_id']}"] = ("annotation", event["created_at"])
    return told


# ---- the HTML's side ------------------------------------------------------------------------------------------------


def keep_thread(writer: Writer, record: Thread, found: Found) -> None:
    """Makes the request's messages, links and attachments what its page shows.

    Raises NoSuchRequest where no JSON has told the request's id yet.
    """
    db = writer.db
    request = find_request(db, record.url_title)
    if request is None:
        raise NoSuchRequest(record.url_title)
    request_id: int = request["id"]
    if record.batch_id is not None and not db.execute("select 1 from batches where id = ?", (record.batch_id,)).fetchone():
        writer.insert("batches", {"id": record.batch_id})
    writer.known = request["display_state"] is not None
    values: dict[str, Value] = {
        "user_name": record.user_name,
        "display_state": record.display_state,
        "due_on": record.due_on,
        "correspondence_closed": record.correspondence_closed,
        "batch_id": record.batch_id,
    }
    writer.put("requests", {"id": request_id}, values, request_id)
    have = {row["anchor"]: row for row in db.execute("select * from messages where request_id = ?", (request_id,))}
    for message in record.messages:
        if writer.forgotten.has("message", message.anchor):
            message, found.forgotten = _emptied(message), True
        old = (
            have.pop(message.anchor, None) or db.execute("select * from messages where anchor = ?", (message.anchor,)).fetchone()
        )
        _keep_message(writer, request, message, old, found)
    for row in have.values():
        if row["gone_at"] is None:
            _message_gone(writer, row)
    tell_kinds(writer, request_id)


def _keep_message(writer: Writer, request: sqlite3.Row, message: Message, old: sqlite3.Row | None, found: Found) -> None:
    request_id: int = request["id"]
    values: dict[str, Value] = {
        "request_id": request_id,
        "position": message.position,
        "author": message.author,
        "user_url_name": message.user_url_name,
        "sent_at": message.sent_at,
        "text": message.text,
        **_own_text(message.text),
        "html": message.html,
        "delivery_status": message.delivery_status,
        "withheld": message.withheld,
        "withheld_reason": message.withheld_reason,
        "gone_at": None,
    }
    if message.anchor.startswith("outgoing-"):
        values["user_id"] = request["user_id"]
    elif message.user_url_name is not None:
        user = writer.db.execute(
            "select id from users where url_name = ? order by last_seen_at desc", (message.user_url_name,)
        ).fetchone()
        if user is not None:  # otherwise not known yet: the user's own page will tell
            values["user_id"] = user["id"]
    if old is None:
        message_id = writer.insert("messages", {"anchor": message.anchor, **values})
        writer.added(request_id)
    else:
        message_id = old["id"]
        known, writer.known = writer.known, True
        writer.put("messages", {"id": message_id}, values, request_id)
        writer.known = known
    _keep_links(writer, message_id, message.links)
    keep_attachments(writer, request, message_id, message.attachments, found)


def _keep_links(writer: Writer, message_id: int, links: tuple[Link, ...]) -> None:
    have = [
        tuple(row)
        for row in writer.db.execute("select url, shown_text from links where message_id = ? order by position", (message_id,))
    ]
    want = [(link.url, link.shown_text) for link in links]
    if have == want:
        return
    writer.db.execute("delete from links where message_id = ?", (message_id,))
    for position, (url, shown_text) in enumerate(want, 1):
        writer.insert("links", {"message_id": message_id, "position": position, "url": url, "shown_text": shown_text})
    writer.written += 1


def _own_text(text: str | None) -> dict[str, Value]:
    """What a message adds, where that is less than all of its text: `messages.new_text` is worked out from it.

    Mostly the quote comes last: then the length of what stands before it says it all.
    """
    new = None if text is None else new_text(text)
    if text is None or new is None or new == text:
        return {"own_length": None, "own_text": None}
    return {"own_length": len(new), "own_text": None} if text.startswith(new) else {"own_length": None, "own_text": new}


def _emptied(message: Message) -> Message:
    return replace(
        message,
        author=None,
        user_url_name=None,
        text=None,
        html=None,
        withheld="hidden",
        withheld_reason=REMOVED,
        attachments=(),
        links=(),
    )


# ---- what is gone ---------------------------------------------------------------------------------------------------


def forget_message(writer: Writer, row: sqlite3.Row) -> None:
    """Empties a message on the operator's word."""
    values: dict[str, Value] = dict.fromkeys(("author", "user_id", "user_url_name", "text", "own_length", "own_text", "html"))
    writer.put("messages", {"id": row["id"]}, {**values, "withheld": "hidden", "withheld_reason": REMOVED}, row["request_id"])
    writer.db.execute("delete from links where message_id = ?", (row["id"],))


def _message_gone(writer: Writer, row: sqlite3.Row) -> None:
    """A message that the page no longer shows: its content goes, a tombstone stays."""
    values: dict[str, Value] = {
        "gone_at": writer.observed_at,
        "author": None,
        "text": None,
        "own_length": None,
        "own_text": None,
        "html": None,
        "user_url_name": None,
        "user_id": None,
    }
    writer.put("messages", {"id": row["id"]}, values, row["request_id"])
    writer.db.execute("delete from links where message_id = ?", (row["id"],))
    for attachment in writer.db.execute(
        "select * from attachments where message_id = ? and gone_at is null", (row["id"],)
    ).fetchall():
        attachment_gone(writer, attachment, row["request_id"])
