"""Threads: events, messages, links and attachments of one request, as its two pages tell them.

The JSON knows what kind each message is and when it was recorded, the HTML knows what it says; they are joined by
message id after either page is kept, so that the order in which they come makes no difference.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import NamedTuple

from ..records import Attachment, Capture, Link, Message, Request, StoredFile, Thread
from ..urls import AttachmentKey, segment
from .agenda import Want
from .rows import Value, Writer


class NoSuchRequest(Exception):
    """A thread's HTML came before the JSON that gives the request its id."""


@dataclass(slots=True)
class Found:
    """What keeping a page found out beside its rows: pages that are due because of what the archive knows."""

    new_request: bool = False
    changed_request: bool = False
    wants: list[Want] = field(default_factory=list)


class Refusal(NamedTuple):
    """Why there is no file: a status of `attachments`, and the reason in words."""

    status: str
    reason: str | None


def find_request(db: sqlite3.Connection, slug: str) -> sqlite3.Row | None:
    """The request that has this slug now: the one seen last, since a slug can be used again after a rename."""
    row: sqlite3.Row | None = db.execute(
        "select * from requests where url_title = ? order by last_seen_at desc, id desc limit 1", (slug,)
    ).fetchone()
    return row


# ---- the JSON's side ------------------------------------------------------------------------------------------------


def keep_events(writer: Writer, record: Request, found: Found) -> None:
    """Makes the request's events what its JSON lists; an event that vanished is deleted, and said to be."""
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
            found.changed_request |= writer.known
        elif old is None or any(old[column] != value for column, value in values.items()):
            writer.put("events", {"id": event.id}, values, record.id)
    for gone, row in have.items():
        writer.delete("events", {"id": gone}, str(gone), "event_type", row["event_type"], record.id)


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
        found.changed_request |= writer.known
    else:
        message_id = old["id"]
        known, writer.known = writer.known, True
        writer.put("messages", {"id": message_id}, values, request_id)
        writer.known = known
    _keep_links(writer, message_id, message.links)
    _keep_attachments(writer, request, message_id, message.attachments, found)


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


def _keep_attachments(writer: Writer, request: sqlite3.Row, message_id: int, shown: tuple[Attachment, ...], found: Found) -> None:
    db = writer.db
    rows = db.execute("select * from attachments where message_id = ? and gone_at is null order by id", (message_id,)).fetchall()
    pairs, left = _match(shown, rows)
    for attachment, row in pairs:
        values: dict[str, Value] = {
            "site_id": attachment.site_id,
            "part": attachment.part,
            "filename": attachment.filename,
            "url": attachment.url,
            "size_shown": attachment.size_shown,
            "note": attachment.note,
        }
        if row is None:
            values |= {"message_id": message_id, "status": attachment.status, "status_reason": attachment.status_reason}
            writer.insert("attachments", values)
            found.changed_request |= writer.known
            continue
        if attachment.status == "withheld":
            values |= {"status": "withheld", "status_reason": attachment.status_reason, "file_id": None, "content_type": None}
        elif row["status"] == "withheld" and row["url"] is None:
            values |= {"status": "due", "status_reason": None}
        known, writer.known = writer.known, True
        same_file = row["filename"] == attachment.filename and attachment.status == "due" and row["status"] == "stored"
        if same_file:
            # A mail that the site parsed anew has other part numbers and ids for the same file: not a change.
            writer.refresh("attachments", row, {name: values.pop(name) for name in ("site_id", "part", "url")})
        writer.put("attachments", {"id": row["id"]}, values, request["id"])
        writer.known = known
        if row["file_id"] is not None and attachment.status == "withheld":
            release_file(writer, row["file_id"])
    for row in left:
        _attachment_gone(writer, row, request["id"])


def _match(
    shown: tuple[Attachment, ...], rows: list[sqlite3.Row]
) -> tuple[list[tuple[Attachment, sqlite3.Row | None]], list[sqlite3.Row]]:
    """Which attachment shown is which row. Names and parts move: the surest likeness first (site-contract.md section 7)."""
    matches: dict[int, sqlite3.Row] = {}
    left = list(rows)
    likenesses = (
        lambda a, r: a.part is not None and (a.part, a.filename) == (r["part"], r["filename"]),
        lambda a, r: a.site_id is not None and a.site_id == r["site_id"],
        lambda a, r: a.filename is not None and a.filename == r["filename"],
        lambda a, r: a.part is not None and a.part == r["part"],
        lambda a, r: a.part is None and r["part"] is None,
    )
    for alike in likenesses:
        for index, attachment in enumerate(shown):
            row = next((row for row in left if alike(attachment, row)), None) if index not in matches else None
            if row is not None:
                matches[index] = row
                left.remove(row)
    return [(attachment, matches.get(index)) for index, attachment in enumerate(shown)], left


# ---- what is gone ---------------------------------------------------------------------------------------------------


def _message_gone(writer: Writer, row: sqlite3.Row) -> None:
    """A message that the page no longer shows: its content goes, a tombstone stays."""
    values: dict[str, Value] = {
        "gone_at": writer.observed_at,
        "author": None,
        "text": None,
        "new_text": None,
        "html": None,
        "user_url_name": None,
        "user_id": None,
    }
    writer.put("messages", {"id": row["id"]}, values, row["request_id"])
    writer.db.execute("delete from links where message_id = ?", (row["id"],))
    for attachment in writer.db.execute(
        "select * from attachments where message_id = ? and gone_at is null", (row["id"],)
    ).fetchall():
        _attachment_gone(writer, attachment, row["request_id"])


def _attachment_gone(writer: Writer, row: sqlite3.Row, request_id: int) -> None:
    values: dict[str, Value] = {
        "gone_at": writer.observed_at,
        "filename": None,
        "url": None,
        "size_shown": None,
        "note": None,
        "file_id": None,
        "content_type": None,
    }
    writer.put("attachments", {"id": row["id"]}, values, request_id)
    if row["file_id"] is not None:
        release_file(writer, row["file_id"])


def release_file(writer: Writer, file_id: int) -> None:
    """Deletes a file that no attachment has any more: its row and text now, its bytes after the commit."""
    if writer.db.execute("select 1 from attachments where file_id = ?", (file_id,)).fetchone():
        return
    row = writer.db.execute("select sha256 from files where id = ?", (file_id,)).fetchone()
    writer.db.execute("delete from file_texts where file_id = ?", (file_id,))
    writer.db.execute("delete from files where id = ?", (file_id,))
    writer.db.execute("insert or ignore into files_to_delete (sha256) values (?)", (row["sha256"],))


# ---- files ----------------------------------------------------------------------------------------------------------


def _attachment_row(writer: Writer, key: AttachmentKey) -> sqlite3.Row | None:
    """The attachment that an address leads to, by message, part and name."""
    rows = writer.db.execute(
        "select a.*, m.request_id from attachments a join messages m on m.id = a.message_id "
        "where m.anchor = ? and a.part = ? and a.gone_at is null",
        (f"incoming-{key.incoming_id}", key.part),
    ).fetchall()
    return next(
        (row for row in rows if segment((row["url"] or "").rsplit("/", 1)[-1]) == key.filename), rows[0] if rows else None
    )


def store_file(writer: Writer, capture: Capture, record: StoredFile, file_id: int) -> None:
    """Ties the bytes to their attachment; bytes that another attachment's do not share are released."""
    row = _attachment_row(writer, AttachmentKey.of(capture.ref.key))
    if row is None:
        # The message was withdrawn while its file was on the way: nothing to tie it to.
        release_file(writer, file_id)
        return
    values: dict[str, Value] = {
        "status": "stored",
        "status_reason": None,
        "file_id": file_id,
        "content_type": record.content_type,
    }
    if row["file_id"] == file_id and row["status"] == "stored" and row["content_type"] == record.content_type:
        writer.db.execute("update attachments set fetched_at = ? where id = ?", (writer.observed_at, row["id"]))
        return
    values["fetched_at"] = writer.observed_at
    if row["file_id"] is None:
        writer.refresh("attachments", row, {**values, "last_changed_at": writer.observed_at})
        return
    old = writer.db.execute("select sha256 from files where id = ?", (row["file_id"],)).fetchone()
    writer.log("attachments", str(row["id"]), "sha256", old["sha256"], record.file.sha256, row["request_id"])
    writer.refresh("attachments", row, {**values, "last_changed_at": writer.observed_at})
    if row["file_id"] != file_id:
        release_file(writer, row["file_id"])


def refuse_file(writer: Writer, key: AttachmentKey, refusal: Refusal) -> None:
    """The site does not hand an attachment out: withheld, unavailable or too large. What was stored of it goes."""
    row = _attachment_row(writer, key)
    if row is None:
        return
    values: dict[str, Value] = {"status": refusal.status, "status_reason": refusal.reason}
    drop = refusal.status == "withheld" and row["file_id"] is not None
    if drop:
        values |= {"file_id": None, "content_type": None}
    elif row["status"] == "stored":
        return  # bytes that we hold are not undone by one failed visit
    known, writer.known = writer.known, row["status"] != "due"
    writer.put("attachments", {"id": row["id"]}, values, row["request_id"])
    writer.known = known
    if drop:
        release_file(writer, row["file_id"])


def skip_files(db: sqlite3.Connection, record: Thread) -> None:
    """Marks a thread's files as left out by the person who crawls."""
    db.execute(
        "update attachments set status = 'skipped', status_reason = 'left out of this crawl' "
        "where status = 'due' and message_id in "
        "(select m.id from messages m join requests r on r.id = m.request_id where r.url_title = ?)",
        (record.url_title,),
    )
