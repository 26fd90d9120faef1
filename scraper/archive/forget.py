"""Removing something on the operator's word, at once and for good.

The same erasure that a confirmed withdrawal ends in. What is remembered is a hash of the thing's name, so that it is
not fetched again and the memory does not tell what was removed.
"""

from __future__ import annotations

import re
import sqlite3

from ..records import PageKind, PageRef
from ..urls import recognise
from . import withdraw
from .agenda import Agenda
from .attachments import attachment_gone, release_file
from .captures import Captures
from .derived import drop_derived_from_file
from .members import containers
from .rows import REMOVED, Writer, key_hash
from .store import Archive
from .threads import forget_message


class Forgetter:
    """Forgets things in one transaction each. `now` is UTC text."""

    def __init__(self, archive: Archive, now: str, note: str | None) -> None:
        self.archive, self.now, self.note = archive, now, note
        self.agenda, self.captures = Agenda(archive.db), Captures(archive.db)

    def request(self, request_id: int) -> None:
        """A request with all that belongs to it. Nothing where the archive has none of that number."""
        with self.archive.transaction() as db:
            self._request(db, request_id)

    def message(self, anchor: str) -> bool:
        """A message or an annotation with its files; False where the archive has none of that anchor."""
        with self.archive.transaction() as db:
            return self._message(db, anchor)

    def file(self, sha256: str) -> bool:
        """A file, wherever it is attached, and every file that it is in; False where the archive has no such bytes."""
        with self.archive.transaction() as db:
            row = db.execute("select id from files where sha256 = ?", (sha256,)).fetchone()
            self._remember(db, "file", sha256)
            if row is None:
                return False
            # The bytes of what it is in hold it too.
            for number in (row["id"], *containers(db, row["id"])):
                self._file(db, number)
            self._wipe_later(db)
            return True

    def _file(self, db: sqlite3.Connection, file_id: int) -> None:
        row = db.execute("select sha256 from files where id = ?", (file_id,)).fetchone()
        if row is None:
            return
        self._remember(db, "file", row["sha256"])
        drop_derived_from_file(db, file_id)
        db.execute(
            "update attachments set status = 'withheld', status_reason = ?, file_id = null, content_type = null, "
            "last_changed_at = ? where file_id = ?",
            (REMOVED, self.now, file_id),
        )
        db.execute("update file_members set file_id = null, path = null, reason = ? where file_id = ?", (REMOVED, file_id))
        release_file(self._writer(db), file_id)

    def user(self, user_id: int) -> None:
        """A person: name and profile, their requests, and their annotations on others'."""
        with self.archive.transaction() as db:
            for row in db.execute("select id from requests where user_id = ?", (user_id,)).fetchall():
                self._request(db, row["id"])
            for row in db.execute("select anchor from messages where user_id = ? and gone_at is null", (user_id,)).fetchall():
                self._message(db, row["anchor"])
            row = db.execute("select url_name from users where id = ?", (user_id,)).fetchone()
            if row is not None:
                ref = PageRef(PageKind.USER_JSON, row["url_name"])
                self.captures.drop_bodies(ref)
                self.agenda.drop(ref)
                db.execute(
                    "update captures set url = '', page_key = '' where page_kind = ? and page_key = ?", (ref.kind, ref.key)
                )
                self._remember(db, "user_name", row["url_name"])
            self._remember(db, "user", user_id)
            db.execute(
                "update users set url_name = '', name = null, about_me = null, last_changed_at = ? where id = ?",
                (self.now, user_id),
            )
            db.execute(
                "update changes set old_value = null, new_value = null where table_name = 'users' and row_key = ?",
                (str(user_id),),
            )
            self._wipe_later(db)

    def _request(self, db: sqlite3.Connection, request_id: int) -> None:
        row = db.execute("select url_title, withheld_at from requests where id = ?", (request_id,)).fetchone()
        self._remember(db, "request", request_id)
        if row is None:
            return
        if row["url_title"]:
            self._remember(db, "slug", row["url_title"])
        writer = self._writer(db)
        withdraw.refused(writer, self.agenda, self.captures, self.archive.site, request_id, withdraw.TWO_NIGHTS)
        withdraw.erase(db, self.captures, self.archive.site, [request_id], self.now)
        self.agenda.drop(PageRef(PageKind.REQUEST_ID, str(request_id)))
        db.execute(
            "update requests set withheld_at = coalesce(withheld_at, ?), withheld_kind = 'forgotten', "
            "withheld_reason = ? where id = ?",
            (self.now, REMOVED, request_id),
        )
        self._wipe_later(db)

    def _message(self, db: sqlite3.Connection, anchor: str) -> bool:
        row = db.execute(
            "select m.*, r.url_title from messages m join requests r on r.id = m.request_id where anchor = ?", (anchor,)
        ).fetchone()
        self._remember(db, "message", anchor)
        if row is None:
            return False
        writer = self._writer(db)
        forget_message(writer, row)
        for attachment in db.execute(
            "select * from attachments where message_id = ? and gone_at is null", (row["id"],)
        ).fetchall():
            attachment_gone(writer, attachment, row["request_id"])
        # The page shows it still: no raw page of this thread is kept from now on.
        self.captures.drop_bodies(PageRef(PageKind.REQUEST_HTML, row["url_title"]))
        self._wipe_later(db)
        return True

    def _writer(self, db: sqlite3.Connection) -> Writer:
        return Writer(db, None, self.now, known=True)

    def _remember(self, db: sqlite3.Connection, kind: str, key: object) -> None:
        db.execute(
            "insert or ignore into forgotten (kind, key_sha256, forgotten_at, note) values (?, ?, ?, ?)",
            (kind, key_hash(key), self.now, self.note),
        )

    def _wipe_later(self, db: sqlite3.Connection) -> None:
        db.execute("insert or ignore into archive_info (key, value) values ('wipe_due', '1')")


class NothingToForget(ValueError):
    """Nothing in the archive goes by that name. The message says how things are named."""


def forget(archive: Archive, text: str, now: str, note: str | None) -> str:
    """Forgets what a target names; returns what that was, in words. `now` is UTC text.

    A target is request:SLUG_OR_ID, message:ANCHOR (incoming-12), file:SHA256, user:NAME, or an address of the site:
    of a request, of a message in it (#incoming-12), of a file, of a user. Raises NothingToForget.
    """
    kind, name = _named(archive, text.strip())
    forgetter = Forgetter(archive, now, note)
    if kind == "message" and forgetter.message(name):
        return f"message {name}"
    if kind == "file" and forgetter.file(name):
        return f"file {name}"
    if kind == "request":
        row = archive.db.execute("select id from requests where url_title = ? or cast(id as text) = ?", (name, name)).fetchone()
        if row is not None:
            forgetter.request(row["id"])
            return f"request {row['id']}"
    if kind == "user":
        row = archive.db.execute("select id from users where url_name = ?", (name,)).fetchone()
        if row is not None:
            forgetter.user(row["id"])
            return f"user {row['id']}, with their requests and annotations"
    forms = "request:SLUG_OR_ID, message:incoming-12, file:SHA256, user:NAME, or an address of the site"
    raise NothingToForget(f"the archive holds nothing that {text!r} names; a target is {forms}")


def _named(archive: Archive, text: str) -> tuple[str, str]:
    if "://" not in text:
        kind, _, name = text.partition(":")
        return kind, name
    anchor = re.search(r"#((?:incoming|outgoing|comment)-\d+)$", text)
    ref = recognise(archive.site, text)
    if anchor and ref is not None:
        return "message", anchor[1]
    if ref is not None and ref.kind is PageKind.ATTACHMENT:
        row = archive.db.execute(
            "select f.sha256 from files f join attachments a on a.file_id = f.id where a.url = ?",
            (f"{archive.site.base}/request/{ref.key}",),
        ).fetchone()
        return "file", row["sha256"] if row is not None else ""
    if ref is not None and ref.kind is PageKind.USER_JSON:
        return "user", ref.key
    if ref is not None and ref.kind in (PageKind.REQUEST_HTML, PageKind.REQUEST_JSON, PageKind.REQUEST_ID):
        return "request", ref.key
    return "", ""
