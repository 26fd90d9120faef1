"""What is to be fetched, and when. There is no other frontier: a killed crawl goes on from here.

A row stands for a page. `reason` names the job that wants it (`Job.reason`) or says that it is a planned visit;
`due_at` is NULL where nothing is planned. The order in which a job's pages come makes threads whole before new ones
are begun: files, then pages of threads, then lists, and what no list shows last.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..records import PageKind, PageRef

PRIORITY = {
    PageKind.VERSION: 0,
    PageKind.AUTHORITIES_CSV: 0,
    PageKind.ATTACHMENT: 2,
    PageKind.REQUEST_HTML: 3,
    PageKind.REQUEST_JSON: 4,
    PageKind.AUTHORITY_JSON: 5,
    PageKind.BATCH: 6,
    PageKind.AUTHORITY_HTML: 6,
    PageKind.LIST: 6,
    PageKind.USER_JSON: 7,
    PageKind.REQUEST_ID: 8,
    PageKind.REQUEST_EVENT: 8,
}
"""Lower comes first."""
STARTED_LIST = 1
"""A list that was begun is read to its end first: its rows move while other pages are read."""
RETRY_PENALTY = 10
"""A page that failed comes again after everything that has not."""

VISIT = "visit"
"""The reason of a page that no job wants now."""


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl, over as many runs as it takes.

    `started_at` (UTC text) is when its first run began, `after_capture` the newest capture there was then: a page
    whose last capture is newer has been visited by this job. Ids tell it and not times, since a clock may be set.
    """

    reason: str
    started_at: str
    after_capture: int


class Want(NamedTuple):
    """A page that a job needs. `expand` says that the requests it lists are wanted too."""

    ref: PageRef
    expand: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    ref: PageRef
    etag: str | None
    attempts: int
    expand: bool
    last_capture_id: int | None
    put_off: bool = False
    """Whether it was asked for before, in this run or an earlier one, and not had."""


class Agenda:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def want(self, wants: Iterable[Want], job: Job, due_at: str) -> int:
        """Puts pages on the agenda for a job, but for those it has visited already; returns how many are new on it.

        A page that another job wanted too is this job's from now on: the other takes it back when it goes on
        (`begin_again`). `due_at` is UTC text. Inside the caller's transaction.
        """
        added = 0
        for (kind, key), expand in wants:
            cursor = self.db.execute(
                "insert into agenda (page_kind, page_key, due_at, reason, priority, expand) values (?, ?, ?, ?, ?, ?) "
                "on conflict (page_kind, page_key) do update set due_at = excluded.due_at, reason = excluded.reason, "
                "priority = excluded.priority, attempts = 0, "
                "expand = case when agenda.due_at is null then excluded.expand else max(agenda.expand, excluded.expand) end "
                "where ((agenda.reason <> excluded.reason or agenda.due_at is null) "
                "and coalesce(agenda.last_capture_id, -1) <= ?) or agenda.expand < excluded.expand",
                (kind, key, due_at, job.reason, priority(PageRef(kind, key)), int(expand), job.after_capture),
            )
            added += cursor.rowcount or (self._rest_of_thread(key, job) if kind is PageKind.REQUEST_JSON else 0)
        return added

    def _rest_of_thread(self, slug: str, job: Job) -> int:
        """A thread that was begun since this job began, but for another job that did not end it: its other pages."""
        return self.db.execute(
            "update agenda set reason = ? "
            "where ((page_kind = ? and page_key = ?) or (page_kind = ? and page_key >= ? and page_key < ?)) "
            "and due_at is not null and reason not in (?, ?)",
            (job.reason, PageKind.REQUEST_HTML, slug, PageKind.ATTACHMENT, f"{slug}/", f"{slug}0", job.reason, VISIT),
        ).rowcount

    def next(self, job: Job, now: str) -> Due | None:
        """The job's next page that is due, None where none is."""
        row = self.db.execute(
            "select * from agenda where reason = ? and due_at <= ? order by priority, due_at, page_key limit 1", (job.reason, now)
        ).fetchone()
        return None if row is None else _due(row)

    def next_due_at(self, job: Job) -> str | None:
        """When the job's next page comes due (UTC text), None where it wants no more."""
        found: str | None = self.db.execute("select min(due_at) from agenda where reason = ?", (job.reason,)).fetchone()[0]
        return found

    def open_pages(self, job: Job) -> int:
        count: int = self.db.execute(
            "select count(*) from agenda where reason = ? and due_at is not null", (job.reason,)
        ).fetchone()[0]
        return count

    def visited(self, ref: PageRef, capture_id: int, etag: str | None, next_visit: str | None) -> None:
        """A page was read: the job has it, the next visit (UTC text) is planned or not."""
        self.db.execute(
            "insert into agenda (page_kind, page_key, due_at, reason, etag, last_capture_id, priority) "
            "values (?, ?, ?, ?, ?, ?, ?) on conflict (page_kind, page_key) do update set due_at = excluded.due_at, "
            "reason = excluded.reason, attempts = 0, etag = excluded.etag, last_capture_id = excluded.last_capture_id, "
            "priority = excluded.priority",
            (*ref, next_visit, VISIT, etag, capture_id, priority(ref)),
        )

    def plan(self, ref: PageRef, due_at: str) -> None:
        """Plans a visit of a page that no job wants now; a visit planned before stays as it is."""
        self.db.execute(
            "insert into agenda (page_kind, page_key, due_at, reason, priority) values (?, ?, ?, ?, ?) "
            "on conflict (page_kind, page_key) do update set due_at = coalesce(agenda.due_at, excluded.due_at)",
            (*ref, due_at, VISIT, priority(ref)),
        )

    def again(self, ref: PageRef, due_at: str) -> None:
        """A page was not had: it stays on its job's agenda, later, after those that have not failed."""
        self.db.execute(
            "update agenda set due_at = ?, attempts = attempts + 1, priority = ? where page_kind = ? and page_key = ?",
            (due_at, priority(ref) + RETRY_PENALTY, *ref),
        )

    def hurry(self, job: Job, now: str) -> None:
        """A new run tries what an earlier one put off without a pause, but after all that has not failed."""
        self.db.execute(
            "update agenda set due_at = ?, attempts = 0 where reason = ? and (due_at > ? or attempts > 0)",
            (now, job.reason, now),
        )

    def drop(self, ref: PageRef) -> None:
        self.db.execute("delete from agenda where page_kind = ? and page_key = ?", tuple(ref))

    def move_files(self, old_slug: str, slug: str) -> None:
        """The files of a renamed request are where its new address says; what is known of them holds."""
        self.db.execute(
            "update or replace agenda set page_key = ? || substr(page_key, ?) "
            "where page_kind = ? and page_key >= ? and page_key < ?",
            (slug, len(old_slug) + 1, PageKind.ATTACHMENT, f"{old_slug}/", f"{old_slug}0"),
        )

    def get(self, ref: PageRef) -> Due | None:
        row = self.db.execute("select * from agenda where page_kind = ? and page_key = ?", tuple(ref)).fetchone()
        return None if row is None else _due(row)

    def begin_again(self, job: Job) -> None:
        """Another job ran since this one's last run, and may have taken pages from it: its lists are read anew."""
        self.db.execute(
            "delete from agenda where page_kind in (?, ?, ?) and (reason = ? or last_capture_id > ?)",
            (PageKind.LIST, PageKind.AUTHORITY_HTML, PageKind.BATCH, job.reason, job.after_capture),
        )

    def forget_lists(self, job: Job) -> None:
        """At a job's end: the pages of its lists are done with, and will mean other rows next time."""
        self.db.execute(
            "delete from agenda where page_kind in (?, ?, ?) and due_at is null and last_capture_id > ?",
            (PageKind.LIST, PageKind.AUTHORITY_HTML, PageKind.BATCH, job.after_capture),
        )


def priority(ref: PageRef) -> int:
    started = ref.kind in (PageKind.LIST, PageKind.BATCH, PageKind.AUTHORITY_HTML) and "page=" in ref.key
    return STARTED_LIST if started else PRIORITY[ref.kind]


def _due(row: sqlite3.Row) -> Due:
    return Due(
        PageRef(PageKind(row["page_kind"]), row["page_key"]),
        row["etag"],
        row["attempts"],
        bool(row["expand"]),
        row["last_capture_id"],
        row["priority"] >= RETRY_PENALTY,
    )
