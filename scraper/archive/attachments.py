"""Attachments and their bytes: which row is which file, what is due, what is gone."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from ..records import Attachment, Capture, PageKind, PageRef, StoredFile, Thread
from ..urls import AttachmentKey, segment
from .agenda import Want
from .derived import drop_derived_from_file
from .members import is_owned
from .rows import Found, Value, Writer


class Refusal(NamedTuple):
    """Why there is no file: a status of `attachments`, and the reason in words."""

    status: str
    reason: str | None


def files_of(db: sqlite3.Connection, request_id: int) -> list[PageRef]:
    """The addresses of a request's files."""
    rows = db.execute(
        "select a.url from attachments a join messages m on m.id = a.message_id "
        "where m.request_id = ? and a.url is not null and a.gone_at is null",
        (request_id,),
    )
    return [_file_ref(row["url"]) for row in rows]


def _file_ref(url: str) -> PageRef:
    return PageRef(PageKind.ATTACHMENT, url.partition("/request/")[2])


def keep_attachments(writer: Writer, request: sqlite3.Row, message_id: int, shown: tuple[Attachment, ...], found: Found) -> None:
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
            writer.added(request["id"])
            if attachment.status == "due" and attachment.url is not None:
                found.wants.append(Want(_file_ref(attachment.url)))
            continue
        if attachment.status == "withheld":
            values |= {"status": "withheld", "status_reason": attachment.status_reason, "file_id": None, "content_type": None}
        elif row["status"] == "withheld" and row["url"] is None:
            values |= {"status": "due", "status_reason": None}
            if attachment.url is not None:
                found.wants.append(Want(_file_ref(attachment.url)))
        if attachment.url is not None and (row["status"] == "due" or row["size_shown"] != attachment.size_shown):
            found.wants.append(Want(_file_ref(attachment.url)))
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
        attachment_gone(writer, row, request["id"])


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


def attachment_gone(writer: Writer, row: sqlite3.Row, request_id: int) -> None:
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


def release_file(writer: Writer, file_id: int, aside: bool = False) -> None:
    """Deletes a file that no attachment has any more: its row and text now, its bytes after the commit.

    Files that were in it go with it, unless an attachment has them, itself or within another file. `aside` keeps the
    bytes where nothing serves them.
    """
    row = writer.db.execute("select sha256 from files where id = ?", (file_id,)).fetchone()
    if row is None or is_owned(writer.db, file_id):
        return
    within = writer.db.execute(
        "select distinct file_id from file_members where parent_id = ? and file_id is not null and file_id <> parent_id",
        (file_id,),
    ).fetchall()
    writer.db.execute("delete from file_members where parent_id = ? or file_id = ?", (file_id, file_id))
    drop_derived_from_file(writer.db, file_id)
    writer.db.execute("delete from file_texts where file_id = ?", (file_id,))
    writer.db.execute("delete from files where id = ?", (file_id,))
    writer.erased = True
    writer.db.execute("insert or replace into files_to_delete (sha256, aside) values (?, ?)", (row["sha256"], int(aside)))
    for member in within:
        release_file(writer, member["file_id"], aside)


def _rows(writer: Writer, key: AttachmentKey) -> list[sqlite3.Row]:
    """The attachments that an address leads to, by message, part and name. A page may list one file twice."""
    rows = writer.db.execute(
        "select a.*, m.request_id from attachments a join messages m on m.id = a.message_id "
        "where m.anchor = ? and a.part = ? and a.gone_at is null order by a.id",
        (f"incoming-{key.incoming_id}", key.part),
    ).fetchall()
    named = [row for row in rows if segment((row["url"] or "").rsplit("/", 1)[-1]) == key.filename]
    return named or rows[:1]


def holds_file(db: sqlite3.Connection, key: AttachmentKey) -> bool:
    """Whether the archive holds the bytes that an address leads to."""
    found = db.execute(
        "select 1 from attachments a join messages m on m.id = a.message_id "
        "where m.anchor = ? and a.part = ? and a.gone_at is null and a.file_id is not null",
        (f"incoming-{key.incoming_id}", key.part),
    )
    return found.fetchone() is not None


def store_file(writer: Writer, capture: Capture, record: StoredFile, file_id: int) -> None:
    """Ties the bytes to their attachment; bytes that no other attachment shares are released."""
    rows = _rows(writer, AttachmentKey.of(capture.ref.key))
    for row in rows:
        values: dict[str, Value] = {
            "status": "stored",
            "status_reason": None,
            "file_id": file_id,
            "content_type": record.content_type,
        }
        if all(row[column] == value for column, value in values.items()):
            writer.db.execute("update attachments set fetched_at = ? where id = ?", (writer.observed_at, row["id"]))
            continue
        if row["file_id"] not in (None, file_id):
            old = writer.db.execute("select sha256 from files where id = ?", (row["file_id"],)).fetchone()
            writer.log("attachments", str(row["id"]), "sha256", old["sha256"], record.file.sha256, row["request_id"])
        writer.refresh("attachments", row, {**values, "fetched_at": writer.observed_at, "last_changed_at": writer.observed_at})
    for released in {row["file_id"] for row in rows} - {None, file_id}:
        release_file(writer, released)
    if not rows:
        # The message was withdrawn while its file was on the way: nothing to tie it to.
        release_file(writer, file_id)


def refuse_file(writer: Writer, key: AttachmentKey, refusal: Refusal) -> None:
    """The site does not hand an attachment out: withheld, unavailable or too large. What is withheld goes here too."""
    for row in _rows(writer, key):
        drop = refusal.status == "withheld" and row["file_id"] is not None
        if row["status"] == "stored" and not drop:
            continue  # bytes that we hold are not undone by one failed visit
        values: dict[str, Value] = {"status": refusal.status, "status_reason": refusal.reason}
        if drop:
            values |= {"file_id": None, "content_type": None}
        if row["status"] == "due":  # what came of the first try is no change of the site's
            writer.refresh("attachments", row, {**values, "last_changed_at": writer.observed_at})
        else:
            known, writer.known = writer.known, True
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
