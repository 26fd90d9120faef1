"""One page, one transaction: capture, records, changes and agenda commit together or not at all."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..records import (
    Authority,
    AuthorityRegister,
    Batch,
    Capture,
    Moved,
    PageKind,
    PageRef,
    Reading,
    Request,
    SiteTotals,
    StoredFile,
    Thread,
    User,
    Withheld,
)
from ..urls import AttachmentKey, request_url
from . import attachments, threads, withdraw
from .agenda import Agenda, Job, Want
from .captures import Captures
from .rows import REMOVED, Forgotten, Found, Value, Writer
from .store import Archive


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping a page did. `outcome` is the capture's; `wants` are pages that the archive itself found due."""

    outcome: str
    capture_id: int
    new_request: bool = False
    changed_request: bool = False


class Keeper:
    """Keeps pages in an archive for one run."""

    def __init__(self, archive: Archive, run_id: int | None, rule: withdraw.Rule = withdraw.TWO_NIGHTS) -> None:
        self.archive, self.run_id, self.rule = archive, run_id, rule
        self.captures = Captures(archive.db)
        self.forgotten = Forgotten.of(archive.db)
        self.agenda = Agenda(archive.db)
        self._changed = set[int]()
        """The requests that this run found changed, however many of their pages say so."""

    def keep(
        self,
        capture: Capture,
        reading: Reading,
        job: Job,
        wants: Iterable[Want] = (),
        now: str | None = None,
        retry_at: str | None = None,
        next_visit: str | None = None,
        ceiling: bool = False,
        skip_files: bool = False,
        refused: attachments.Refusal | None = None,
    ) -> Kept:
        """Keeps one answer of the site.

        `wants` are put on the agenda at `now` (UTC text, default the capture's time). `retry_at` leaves the page
        itself on the agenda until then, counted as an attempt; otherwise it is done with, until `next_visit`.
        `ceiling` reports rows that no search could show; `skip_files` leaves this page's attachments out;
        `refused` says why this file was not fetched.
        """
        now = now or capture.requested_at
        if isinstance(reading.record, Request) and self.forgotten.has("request", reading.record.id):
            reading = Reading("withheld", reason=REMOVED)
        with self.archive.transaction() as db:
            before = self.agenda.get(capture.ref)
            known = before is not None and before.last_capture_id is not None
            writer = Writer(db, self.run_id, capture.requested_at, known, forgotten=self.forgotten)
            result = Found()
            self._said(writer, capture, reading, result)
            if refused is not None and capture.ref.kind is PageKind.ATTACHMENT:
                attachments.refuse_file(writer, AttachmentKey.of(capture.ref.key), refused)
            outcome = reading.outcome if reading.outcome != "content" else "changed" if writer.written else "unchanged"
            new = writer.written > 0 or self.captures.lacks_body(capture.ref)
            keep_body = reading.outcome == "content" and new and not result.forgotten
            capture_id = self.captures.add(capture, outcome, reading.reason, self.run_id, keep_body)
            left_out = PageKind.ATTACHMENT if skip_files else None
            wanted = [want for want in (*wants, *result.wants) if want.ref.kind is not left_out and not self._removed(want.ref)]
            self.agenda.want(wanted, job, now)
            if ceiling:
                self._ceiling(db, capture)
            if skip_files and isinstance(reading.record, Thread):
                attachments.skip_files(db, reading.record)
            if result.withdrawn is not None and capture.ref.kind is not PageKind.REQUEST_ID:
                self.agenda.drop(capture.ref)
                self.agenda.plan(PageRef(PageKind.REQUEST_ID, str(result.withdrawn)), now)
            elif retry_at is not None:
                self.agenda.again(capture.ref, retry_at)
            else:
                self.agenda.visited(capture.ref, capture_id, _etag(capture, reading, before.etag if before else None), next_visit)
            found_changed = set() if result.new_request else writer.changed_requests - self._changed
            self._count(db, reading, result.new_request, len(found_changed))
            self._changed |= found_changed
            if writer.erased:
                db.execute("insert or ignore into archive_info (key, value) values ('wipe_due', '1')")
        return Kept(outcome, capture_id, result.new_request, bool(writer.changed_requests))

    def _said(self, writer: Writer, capture: Capture, reading: Reading, result: Found) -> None:
        """Writes down what a page says."""
        if reading.outcome == "content":
            self._content(writer, capture, reading, result)
        elif reading.outcome == "not_modified":
            self._seen_again(writer, capture.ref)
        elif isinstance(reading.record, Withheld):
            self._withheld(writer, capture, reading.record, result)
        elif isinstance(reading.record, Moved):
            self._moved(writer, capture, reading.record, result)

    def reread(self, capture: Capture, reading: Reading, observed_at: str, told: set[tuple[str, int]]) -> bool:
        """Keeps what today's parsers read in a page that was kept before; True where that differs.

        No visit, so no capture and no agenda, and a request that was refused since stays so. `told` carries the
        authorities and users told of from page to page: newest page first.
        """
        with self.archive.transaction() as db:
            writer = Writer(db, self.run_id, observed_at, known=True, told=told)
            self._content(writer, capture, reading, Found())
            db.execute("update runs set pages_read = pages_read + 1 where id = ?", (self.run_id,))
            return writer.written > 0

    def keep_robots(self, capture: Capture) -> None:
        """Keeps the robots.txt that a run obeys; its body where it is not the one kept before."""
        with self.archive.transaction() as db:
            row = db.execute(
                "select body_sha256 from captures where page_kind = ? and body is not null order by id desc limit 1",
                (PageKind.ROBOTS,),
            ).fetchone()
            digest = hashlib.sha256(capture.body).hexdigest()
            new = row is None or row["body_sha256"] != digest
            self.captures.add(capture, "changed" if new else "unchanged", None, self.run_id, keep_body=new)
            db.execute("update runs set robots_sha256 = ? where id = ?", (digest, self.run_id))

    def _removed(self, ref: PageRef) -> bool:
        """Whether the operator had removed what this page tells of."""
        kind = {PageKind.REQUEST_JSON: "slug", PageKind.REQUEST_ID: "request", PageKind.USER_JSON: "user_name"}.get(ref.kind)
        return kind is not None and self.forgotten.has(kind, ref.key)

    def _ceiling(self, db: sqlite3.Connection, capture: Capture) -> None:
        db.execute("update runs set ceiling_hits = ceiling_hits + 1 where id = ?", (self.run_id,))
        db.execute(
            "insert or ignore into ceiling_hits (run_id, page_key, observed_at) values (?, ?, ?)",
            (self.run_id, capture.ref.key, capture.requested_at),
        )

    def _count(self, db: sqlite3.Connection, reading: Reading, new: bool, changed: int) -> None:
        read = reading.outcome in ("content", "withheld", "missing", "not_modified")
        failed = reading.outcome in ("failed", "unreadable", "challenge")
        db.execute(
            "update runs set pages_read = pages_read + ?, requests_new = requests_new + ?, "
            "requests_changed = requests_changed + ?, withheld = withheld + ?, failures = failures + ? where id = ?",
            (read, new, changed, reading.outcome == "withheld", failed, self.run_id),
        )

    # ---- what a page says -----------------------------------------------------------------------------------

    def _content(self, writer: Writer, capture: Capture, reading: Reading, result: Found) -> None:
        match reading.record:
            case Request() as record:
                self._request(writer, record, result)
            case Thread() as record:
                threads.keep_thread(writer, record, result)
            case StoredFile() as record:
                self._file(writer, capture, record)
            case User() as record:
                self._user(writer, record)
            case Authority() as record:
                self._authority(writer, record)
            case AuthorityRegister() as record:
                for authority in record.authorities:
                    self._authority(writer, authority)
            case Batch() as record:
                self._batch(writer, record)
            case SiteTotals() as record:
                self._totals(writer, record)
            case _:
                pass  # lists say nothing of their own: they make pages due

    def _request(self, writer: Writer, record: Request, result: Found) -> None:
        db = writer.db
        self._authority(writer, record.authority)
        if record.user is not None:
            self._user(writer, record.user)
        if writer.told is None:
            withdraw.shown_again(writer, self.archive.files, record.id)
        old = db.execute("select url_title from requests where id = ?", (record.id,)).fetchone()
        result.new_request = old is None
        values: dict[str, Value] = {
            "url_title": record.url_title,
            "title": record.title,
            "authority_id": record.authority.id,
            "user_id": record.user.id if record.user and not writer.forgotten.has("user", record.user.id) else None,
            "law_used": record.law_used,
            "described_state": record.described_state,
            "awaiting_description": int(record.awaiting_description),
            "prominence": record.prominence,
            "display_status": record.display_status,
            "created_at": record.created_at,
            "updated_at": record.updated_at,
            "url": request_url(self.archive.site, record.url_title),
        }
        if writer.told is None:
            values |= {"withheld_at": None, "withheld_kind": None, "withheld_reason": None}
        known, writer.known = writer.known, old is not None
        changed = writer.put("requests", {"id": record.id}, values, record.id)
        changed |= writer.replace_set("request_tags", "request_id", record.id, set(record.tags), record.id)
        changed |= threads.keep_events(writer, record, result)
        threads.tell_kinds(writer, record.id)
        writer.known = known
        if changed:
            result.wants.append(Want(PageRef(PageKind.REQUEST_HTML, record.url_title)))
        if old is not None and old["url_title"] not in ("", record.url_title):
            self._renamed(old["url_title"], record.url_title)

    def _renamed(self, old_slug: str, slug: str) -> None:
        """A request has a new slug: its old pages are no longer its own, nor do their bodies stay."""
        for kind in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
            ref = PageRef(kind, old_slug)
            self.agenda.drop(ref)
            self.captures.drop_bodies(ref)
        self.agenda.move_files(old_slug, slug)

    def _authority(self, writer: Writer, record: Authority) -> None:
        """JSON beats the nightly CSV unless the CSV is of a later edit (site-contract.md section 2.6)."""
        if writer.told_already("authorities", record.id):
            return
        row = writer.db.execute("select updated_at, requests_count from authorities where id = ?", (record.id,)).fetchone()
        from_json_before = row is not None and row["requests_count"] is not None
        if record.counts is None and from_json_before and (record.updated_at or "") <= (row["updated_at"] or ""):
            if writer.told is None:
                writer.db.execute("update authorities set last_seen_at = ? where id = ?", (writer.observed_at, record.id))
            return
        values: dict[str, Value] = {
            "url_name": record.url_name,
            "name": record.name,
            "short_name": record.short_name,
            "home_page": record.home_page,
            "notes": record.notes,
            "publication_scheme": record.publication_scheme,
            "disclosure_log": record.disclosure_log,
            "created_at": record.created_at,
            "updated_at": record.updated_at,
        }
        known, writer.known = writer.known, row is not None
        writer.put("authorities", {"id": record.id}, values)
        writer.replace_set("authority_tags", "authority_id", record.id, set(record.tags), None)
        if record.counts is not None:
            writer.known = from_json_before
            counts: dict[str, Value] = {
                "requests_count": record.counts.requests,
                "requests_successful_count": record.counts.successful,
                "requests_not_held_count": record.counts.not_held,
                "requests_overdue_count": record.counts.overdue,
            }
            writer.put("authorities", {"id": record.id}, counts)
        writer.known = known

    def _user(self, writer: Writer, record: User) -> None:
        if writer.told_already("users", record.id) or writer.forgotten.has("user", record.id):
            return
        known, writer.known = writer.known, True
        writer.put("users", {"id": record.id}, {"url_name": record.url_name, "name": record.name, "about_me": record.about_me})
        writer.known = known
        found = writer.db.execute(
            "update messages set user_id = ? where user_url_name = ? and user_id is not ?",
            (record.id, record.url_name, record.id),
        )
        writer.written += found.rowcount

    def _batch(self, writer: Writer, record: Batch) -> None:
        user = None
        if record.user_url_name is not None:
            user = writer.db.execute(
                "select id from users where url_name = ? order by last_seen_at desc", (record.user_url_name,)
            ).fetchone()
        values: dict[str, Value] = {"title": record.title, "authority_count": record.authority_count}
        if user is not None or record.user_url_name is None:
            values["user_id"] = user["id"] if user else None
        writer.put("batches", {"id": record.id}, values)

    def _totals(self, writer: Writer, record: SiteTotals) -> None:
        if self.run_id is None:
            return
        for name, value in record.counts.items():
            writer.db.execute(
                "insert into site_totals (run_id, observed_at, name, value) values (?, ?, ?, ?) "
                "on conflict (run_id, name) do update set value = excluded.value, observed_at = excluded.observed_at",
                (self.run_id, writer.observed_at, name, value),
            )

    def _file(self, writer: Writer, capture: Capture, record: StoredFile) -> None:
        """The bytes go to their place before the row that names them commits."""
        if writer.forgotten.has("file", record.file.sha256):
            Path(record.file.path).unlink(missing_ok=True)
            attachments.refuse_file(writer, AttachmentKey.of(capture.ref.key), attachments.Refusal("withheld", REMOVED))
            return
        self.archive.files.put(record.file)
        row = writer.db.execute("select id from files where sha256 = ?", (record.file.sha256,)).fetchone()
        if row is None:
            values: dict[str, Value] = {"sha256": record.file.sha256, "size": record.file.size, "media_type": record.media_type}
            file_id = writer.insert("files", values)
        else:
            file_id = row["id"]
        attachments.store_file(writer, capture, record, file_id)

    def _seen_again(self, writer: Writer, ref: PageRef) -> None:
        """A request whose JSON is as it was: it, its authority and its user are as they were."""
        request = threads.find_request(writer.db, ref.key) if ref.kind is PageKind.REQUEST_JSON else None
        if request is None:
            return
        for table, number in (
            ("requests", request["id"]),
            ("authorities", request["authority_id"]),
            ("users", request["user_id"]),
        ):
            writer.db.execute(f"update {table} set last_seen_at = ? where id = ?", (writer.observed_at, number))

    # ---- what a page does not say ---------------------------------------------------------------------------

    def _withheld(self, writer: Writer, capture: Capture, record: Withheld, result: Found) -> None:
        kind, key = capture.ref
        if kind is PageKind.ATTACHMENT:
            status = "withheld" if record.kind == "hidden" else "unavailable"
            attachments.refuse_file(writer, AttachmentKey.of(key), attachments.Refusal(status, record.reason))
            return
        if kind is PageKind.REQUEST_ID:
            self._mark(writer, int(key), record, result)
            return
        if kind not in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
            return
        row = threads.find_request(writer.db, key)
        if row is None:
            return
        if record.kind == "missing":
            # Renamed, or gone: the number knows (site-contract.md section 9).
            result.wants.append(Want(PageRef(PageKind.REQUEST_ID, str(row["id"]))))
        elif kind is PageKind.REQUEST_JSON:
            # Its HTML says the same, and why.
            result.wants.append(Want(PageRef(PageKind.REQUEST_HTML, key)))
        else:
            self._mark(writer, row["id"], record, result)

    def _mark(self, writer: Writer, request_id: int, record: Withheld, result: Found) -> None:
        """The site refuses a whole request: marked, and shown nowhere, but set aside until it is confirmed."""
        row = writer.db.execute(
            "select withheld_at, withheld_kind, withheld_reason from requests where id = ?", (request_id,)
        ).fetchone()
        if row is None:
            return
        values: dict[str, Value] = {
            "withheld_at": row["withheld_at"] or writer.observed_at,
            "withheld_kind": row["withheld_kind"] or record.kind,
            "withheld_reason": record.reason or row["withheld_reason"],
        }
        known, writer.known = writer.known, True
        writer.put("requests", {"id": request_id}, values, request_id)
        writer.known = known
        result.withdrawn = request_id
        withdraw.refused(writer, self.agenda, self.captures, self.archive.site, request_id, self.rule)

    def _moved(self, writer: Writer, capture: Capture, record: Moved, result: Found) -> None:
        """A number leads to its slug, an old name to its new one: the goal is due where it is not fresh."""
        target = record.target
        if target is None:
            return
        number = capture.ref.kind in (PageKind.REQUEST_ID, PageKind.REQUEST_EVENT)
        if number and target.kind is PageKind.REQUEST_HTML:
            target = PageRef(PageKind.REQUEST_JSON, target.key)
        if target.kind is capture.ref.kind or number:
            result.wants.append(Want(target))


def _etag(capture: Capture, reading: Reading, before: str | None) -> str | None:
    """What to ask with next time; only where a body that the archive has read stands behind it."""
    if reading.outcome == "not_modified":
        return capture.header("etag") or before
    return capture.header("etag") if reading.outcome == "content" else None
