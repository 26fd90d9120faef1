"""The nightly job: what changed in everything followed, what the site withdrew, and a look at what no list shows.

A night goes through stages. First the lists, which name most of what changed, and the threads they name; then the
requests that the site refused before, and new numbers; each of these as far as the budget lasts. What is left is shared
out: threads whose turn it is, all of them where the night has room, else the likeliest to have changed
(`scraper.archive.visits`); pages and files of which only their bytes tell a redaction; old days, where an embargo may
have ended. A stage puts no more on the agenda than it has room for: what a night leaves undone comes first in the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..archive import visits, withdraw
from ..archive.agenda import VISIT, Due, Want
from ..archive.follows import Follow, follows, listed, swept
from ..archive.runs import begin
from ..archive.store import Archive
from ..archive.threads import find_request
from ..config import Config, utc_text
from ..records import AuthorityPage, ListPage, ListRow, Moved, PageKind, PageRef, Reading
from ..urls import segment
from .job import CrawlJob, Options, behaviour
from .news import drop_unread, searches, seeds
from .old_days import old_days

SAME_NIGHT = timedelta(hours=12)
"""A night that was interrupted is gone on with for so long."""
NEW_NUMBERS = 5
"""Numbers asked for beyond the highest known one: a request that no list shows may be the newest."""
FETCHED_ANEW = (
    PageKind.REQUEST_JSON,
    PageKind.REQUEST_HTML,
    PageKind.ATTACHMENT,
    PageKind.AUTHORITY_JSON,
    PageKind.AUTHORITIES_CSV,
    PageKind.USER_JSON,
)
"""Kinds that may stand on the agenda for a visit that no job asked for."""
EVENTS_AT_ONCE = 25
AT_ONCE = 50
"""Pages put on the agenda together."""


class NothingFollowed(ValueError):
    """A night without anything to keep fresh."""


@dataclass(slots=True)
class NightlyJob(CrawlJob):
    followed: list[Follow] = field(default_factory=list)
    until: datetime | None = None
    """When the night is over (aware, UTC), None where only the budget ends it."""
    probe_events: bool = False
    """Ask for event numbers one by one: the whole feed of changes, but it looks like scanning, so only with leave."""
    recheck: bool = False
    """Visit every thread, its page and its files, due or not."""
    _planned: dict[str, visits.Visit] = field(default_factory=dict)
    _stage: int = 0
    _ends_at: int | None = None
    """How many requests will have been made when the present stage's share is used up."""
    _ranked: list[visits.Visit] | None = None
    """What the present stage has still to visit, the likeliest last."""
    _lists_read: bool = False
    _swept: bool = False
    _probed: int | None = None
    """The highest event number asked for in this run."""

    # ---- what comes next --------------------------------------------------------------------------------------

    def next(self) -> Due | float | None:
        if self.until is not None and self.clock.now() >= self.until:
            self.stop("budget", "the night is over")
        return CrawlJob.next(self)

    def refill(self) -> bool:
        """The next stage that has something to ask for. Before the first, the lists have been read."""
        self._note_lists()
        stages: tuple[tuple[Callable[[], list[Want]], float], ...] = (
            (self._events, 1.0),
            (self._refused, 1.0),
            (self._planned_pages, 0.5),
            (self._numbers, 1.0),
            (self._threads, 0.8),
            (self._pages, 0.5),
            (self._files, 0.4),
            (self._old_days, 0.7),
            (self._old_numbers, 0.7),
            # What the others had no use for.
            (self._pages, 1.0),
            (self._files, 1.0),
            (self._old_numbers, 1.0),
        )
        while self._stage < len(stages):
            stage, share = stages[self._stage]
            left = self._left()
            if left is not None and self._ends_at is None:
                self._ends_at = self.spent() + math.ceil(left * (1.0 if self.recheck else share))
            if self._want(stage()):
                return True
            self._stage, self._ends_at, self._ranked = self._stage + 1, None, None
        return False

    def _want(self, wants: list[Want]) -> bool:
        wants = wants[: self._room()]
        if not wants:
            return False
        with self.archive.transaction():
            return self.keeper.agenda.want(wants, self.run.job, self.clock.now_text()) > 0

    def _left(self) -> int | None:
        """Requests that the budget still holds."""
        return None if self.config.budget is None else max(0, self.config.budget - self.spent())

    def _room(self) -> int | None:
        """Requests that the present stage may still make: its share of what was left when it began."""
        left = self._left()
        return None if left is None or self._ends_at is None else max(0, min(left, self._ends_at - self.spent()))

    def _at_once(self) -> int:
        """How many visits to plan together: half of what there is room for, since each may bring another page along."""
        room = self._room()
        return AT_ONCE if room is None else min(AT_ONCE, math.ceil(room / 2))

    @property
    def _everything(self) -> Follow | None:
        return next((follow for follow in self.followed if follow.target == "everything"), None)

    # ---- the stages -------------------------------------------------------------------------------------------

    def _events(self) -> list[Want]:
        """Numbers of events beyond the highest known, as long as some lead anywhere (site-contract.md section 2.7)."""
        if not self.probe_events:
            return []
        db, seen = self.archive.db, self._probed
        row = db.execute(
            "select max(cast(page_key as integer)) from captures "
            "where id > ? and page_kind = 'request_event' and outcome = 'redirected'",
            (self.run.job.after_capture,),
        ).fetchone()
        if seen is not None and (row[0] or 0) <= seen - EVENTS_AT_ONCE:
            return []
        first = (db.execute("select coalesce(max(id), 0) from events").fetchone()[0] if seen is None else seen) + 1
        self._probed = first + EVENTS_AT_ONCE - 1
        return [Want(PageRef(PageKind.REQUEST_EVENT, str(number))) for number in range(first, first + EVENTS_AT_ONCE)]

    def _refused(self) -> list[Want]:
        """Requests that the site refused: a second night confirms it, and what comes back is fetched anew."""
        month_ago = utc_text(self.clock.now() - timedelta(days=30))
        rows = self.archive.db.execute(
            "select w.request_id from withdrawals w left join agenda g on g.page_kind = 'request_id' "
            "and g.page_key = cast(w.request_id as text) left join captures c on c.id = g.last_capture_id "
            "where w.withdrawn_at is null or c.requested_at is null or c.requested_at < ? or ? is null",
            (month_ago, self.config.budget),
        )
        return [Want(PageRef(PageKind.REQUEST_ID, str(row[0]))) for row in rows]

    def _planned_pages(self) -> list[Want]:
        """Pages that are to be fetched anew by now: a repair dropped what was damaged, a withdrawal what mentioned it."""
        rows = self.archive.db.execute(
            "select page_kind, page_key from agenda where reason = ? and due_at <= ? and page_kind in (?, ?, ?, ?, ?, ?) limit ?",
            (VISIT, self.clock.now_text(), *FETCHED_ANEW, AT_ONCE),
        )
        return [Want(PageRef(PageKind(row["page_kind"]), row["page_key"])) for row in rows]

    def _numbers(self) -> list[Want]:
        """Numbers between what was known before tonight and a little beyond the highest: new requests in no list."""
        if self._everything is None:
            return []
        row = self.archive.db.execute(
            "select max(id), max(case when first_seen_at < ? then id end) from requests", (self.run.job.started_at,)
        )
        top, before = row.fetchone()
        if top is None:
            return []
        numbers = range((before or 0) + 1, top + NEW_NUMBERS + 1)
        return [want for number in numbers if (want := self._number(number)) is not None]

    def _number(self, number: int) -> Want | None:
        known = self.archive.db.execute("select 1 from requests where id = ?", (number,)).fetchone()
        return None if known else Want(PageRef(PageKind.REQUEST_ID, str(number)))

    def _threads(self) -> list[Want]:
        """Threads by their chance of having changed; all of them where the night has room."""
        left, begins = self._left(), self._ranked is None
        if left is not None and begins and visits.count(self.archive.db, self.run.job.after_capture) <= left:
            self._ends_at = self.spent() + left
        some = self._likeliest(PageKind.REQUEST_JSON)
        self._planned = {segment(visit.slug): visit for visit in some}
        return [Want(PageRef(PageKind.REQUEST_JSON, slug)) for slug in self._planned]

    def _pages(self) -> list[Want]:
        """Threads' pages, by the same chances: a redaction leaves no trace in the JSON."""
        return [Want(PageRef(PageKind.REQUEST_HTML, segment(visit.slug))) for visit in self._likeliest(PageKind.REQUEST_HTML)]

    def _likeliest(self, kind: PageKind) -> list[visits.Visit]:
        if self._ranked is None:
            self._ranked = visits.rank(self.archive.db, self.clock.now(), self.run.job.after_capture, self._room(), kind)[::-1]
        return [self._ranked.pop() for _ in range(min(self._at_once(), len(self._ranked)))]

    def _files(self) -> list[Want]:
        """Files, by their ETag, seen longest ago first: masked anew, they keep their name and size."""
        keys = visits.stale(self.archive.db, PageKind.ATTACHMENT, self.run.job.after_capture, self._at_once())
        return [Want(PageRef(PageKind.ATTACHMENT, key)) for key in keys]

    def _old_days(self) -> list[Want]:
        """Old days over again: requests whose embargo ended appear under the day they were made."""
        follow = self._everything
        if follow is None or self._swept:
            return []
        self._swept = True
        queries, swept_until = old_days(self.archive.db, follow, self.clock.now().date(), self._room())
        with self.archive.transaction() as db:
            swept(db, follow.target, swept_until.isoformat())
        return [Want(query.ref, expand=True) for query in queries]

    def _old_numbers(self) -> list[Want]:
        """Numbers that led nowhere, asked for longest ago first: hidden requests come back, embargoes end."""
        if self._everything is None:
            return []
        rows = self.archive.db.execute(
            "select g.page_key from agenda g where g.page_kind = 'request_id' and g.reason = 'visit' and g.last_capture_id <= ? "
            "and cast(g.page_key as integer) not in (select id from requests) order by g.last_capture_id limit ?",
            (self.run.job.after_capture, self._at_once()),
        )
        return [Want(PageRef(PageKind.REQUEST_ID, row[0])) for row in rows]

    # ---- what came --------------------------------------------------------------------------------------------

    def wants(self, due: Due, reading: Reading) -> tuple[list[Want], bool]:
        """What a page makes due tonight: the archive adds a changed thread's page and its new files itself."""
        wants, ceiling = CrawlJob.wants(self, due, reading)
        if due.ref.kind in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
            wants = [want for want in wants if want.ref.kind in (PageKind.USER_JSON, PageKind.BATCH) and self._unknown(want.ref)]
            if self.recheck and due.ref.kind is PageKind.REQUEST_JSON and reading.outcome in ("content", "not_modified"):
                wants.append(Want(PageRef(PageKind.REQUEST_HTML, due.ref.key)))
        if due.ref.kind is PageKind.AUTHORITY_HTML and due.expand:
            if isinstance(reading.record, Moved) and reading.record.target is not None:
                wants.append(Want(reading.record.target, expand=True))
            elif reading.outcome == "withheld":
                # robots.txt forbids some authorities' pages, not their requests (site-contract.md section 2.1).
                wants += self._lists_instead(due.ref.key)
        if isinstance(reading.record, AuthorityPage) and due.expand:
            rows = self.requests(reading.record.requests)
            wants += rows
            if rows and reading.record.requests.has_next:
                name, _, page = due.ref.key.partition("?page=")
                wants.append(Want(PageRef(PageKind.AUTHORITY_HTML, f"{name}?page={int(page or 1) + 1}"), expand=True))
        return wants, ceiling

    def _lists_instead(self, name: str) -> list[Want]:
        follow = next((follow for follow in self.followed if follow.target == f"authority:{name}"), None)
        return searches(self.config, follow, f"requested_from:{name}") if follow else []

    def _unknown(self, ref: PageRef) -> bool:
        if ref.kind is PageKind.USER_JSON:
            return not self.archive.db.execute("select 1 from users where url_name = ?", (ref.key,)).fetchone()
        return not self.archive.db.execute("select 1 from batches where id = ? and title is not null", (ref.key,)).fetchone()

    def requests(self, page: ListPage) -> list[Want]:
        """The requests of a list that it shows differently from what the archive holds."""
        found = (self._news(row) for row in page.rows)
        return [want for want in found if want is not None]

    def _news(self, row: ListRow) -> Want | None:
        request = find_request(self.archive.db, row.url_title)
        page = Want(PageRef(PageKind.REQUEST_JSON, segment(row.url_title)))
        if request is None or (row.display_state is not None and row.display_state != request["display_state"]):
            return page
        if row.anchor is None or self.archive.db.execute("select 1 from messages where anchor = ?", (row.anchor,)).fetchone():
            return None
        kind, _, number = row.anchor.partition("-")
        column = {"incoming": "incoming_message_id", "outgoing": "outgoing_message_id", "comment": "comment_id"}.get(kind)
        if (
            column is not None
            and self.archive.db.execute(
                f"select 1 from events where request_id = ? and {column} = ?", (request["id"], number)
            ).fetchone()
        ):
            # The JSON told of it before, the page did not yet show it.
            return Want(PageRef(PageKind.REQUEST_HTML, segment(row.url_title)))
        return page

    def kept(self, due: Due, reading: Reading, changed: bool) -> None:
        """Counts what a planned visit found; the estimate of the next one rests on it."""
        visit = self._planned.pop(due.ref.key, None) if due.ref.kind is PageKind.REQUEST_JSON else None
        if visit is not None and reading.outcome in ("content", "not_modified", "withheld", "missing"):
            with self.archive.transaction() as db:
                visits.note(db, visit, changed or reading.outcome in ("withheld", "missing"))

    def finished(self) -> None:
        self._note_lists()
        # The budget ends most nights, and a job that it ended is never gone on with the next.
        with self.archive.transaction():
            self.keeper.agenda.forget_lists(self.run.job)

    def _note_lists(self) -> None:
        """Where the lists were read to their end, the next night begins where this one began."""
        unread = "reason = ? and due_at is not null and page_kind in ('list', 'authority_html', 'batch')"
        if self._lists_read or self.archive.db.execute(f"select 1 from agenda where {unread}", (self.run.job.reason,)).fetchone():
            return
        self._lists_read = True
        with self.archive.transaction() as db:
            listed(db, [follow.target for follow in self.followed], self.run.job.started_at[:10])


def begin_night(archive: Archive, config: Config, until: datetime | None, recheck: bool, rule: withdraw.Rule) -> NightlyJob:
    """Begins a night, or goes on with one that was interrupted. Raises NothingFollowed."""
    followed = follows(archive.db)
    if not followed:
        raise NothingFollowed("nothing is followed yet; say what shall be kept fresh: wdtk follow TARGET")
    wants = [Want(PageRef(PageKind.VERSION, ""))]
    for follow in followed:
        wants += seeds(follow, config)
    now = config.clock.now()
    settings = {**behaviour(config), "recheck": recheck, "nights": rule.nights, "hours": rule.hours}
    run = begin(
        archive,
        "nightly",
        "nightly",
        wants,
        utc_text(now),
        settings,
        config.contact,
        config.permission,
        resume_from=utc_text(now - SAME_NIGHT),
    )
    if not run.resumed:
        drop_unread(archive, wants)
    job = NightlyJob(archive, config, run, Options(), followed=followed, until=until, recheck=recheck)
    job.keeper.rule = rule
    return job
