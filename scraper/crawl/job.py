"""What a crawl does with each page: which comes next, what a page makes due, when to try again, when to stop.

Knows the archive and the pages, not Scrapy: the spider asks `next` what to fetch and hands `done` what came.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..archive.agenda import Due, Want
from ..archive.keep import Keeper
from ..archive.runs import Run, RunOutcome, begin, finish
from ..archive.store import Archive
from ..archive.threads import Refusal
from ..config import Clock, Config, utc_text
from ..records import Batch, Capture, ListPage, Moved, PageKind, PageRef, Reading, Withheld
from ..urls import ListQuery, build
from .windows import further

TRIES = 3
"""How often a page that fails is asked for in one run."""
WAITS = 6
"""How often a file that the site is still preparing is asked for: some never finish (site-contract.md section 7)."""
RETRY_PACES, WAIT_PACES = 12, 12
"""The first pause before a page is asked for again, in times the pace (60 s at 5 s a request); it doubles."""
FAILURES_IN_A_ROW = 3
"""Different pages that fail one after another: the site has a bad day, and we go home (design.md section 5)."""
UNREADABLE_IN_A_ROW = 10
"""Pages that came but could not be read: the markup changed, and more of the same helps nobody."""
LATER = timedelta(days=1)
"""When a page that was given up is worth another try."""

ENDINGS: dict[str, tuple[RunOutcome, str]] = {
    "budget": ("budget", "the budget of requests is used up"),
    "robots": ("blocked", "robots.txt could not be had, so everything counts as forbidden"),
    "asked_to_wait": ("blocked", "the site asked for a longer wait than a run should sit out"),
    "shutdown": ("interrupted", "interrupted"),
    "cancelled": ("interrupted", "interrupted"),
    "stopping": ("interrupted", "interrupted"),
}
"""The spider's closing reasons that are not the end of the job."""

ASK_AGAIN = frozenset({PageKind.REQUEST_JSON, PageKind.ATTACHMENT, PageKind.USER_JSON, PageKind.AUTHORITY_JSON})
"""Kinds whose ETag holds from night to night (site-contract.md section 10)."""


@dataclass(slots=True)
class Options:
    """What a crawl leaves out."""

    attachments: bool = True
    everything: bool = False
    """Also the numbers that no list showed."""
    seed_keys: frozenset[str] = frozenset()
    """Lists that should show something."""


@dataclass(slots=True)
class CrawlJob:
    archive: Archive
    config: Config
    run: Run
    options: Options
    keeper: Keeper = field(init=False)
    stopped: str | None = None
    """Why the run ended early, None while it need not."""
    stopped_as: RunOutcome | None = None
    crash: Exception | None = None
    ended_as: RunOutcome | None = None
    """How the run ended, None while it goes on."""
    problems: list[str] = field(default_factory=list)
    """What failed for good, a line each."""
    pages: int = 0
    _failing: list[PageRef] = field(default_factory=list)
    _unreadable: int = 0
    _authorities: list[str] | None = None

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.archive, self.run.id)
        self.archive.files.sweep_temporary()

    @property
    def clock(self) -> Clock:
        return self.config.clock

    # ---- what comes next --------------------------------------------------------------------------------------

    def next(self) -> Due | float | None:
        """The next page to fetch, or the seconds until one comes due, or None where the job is done."""
        agenda, job = self.keeper.agenda, self.run.job
        while self.stopped is None:
            due = agenda.next(job, self.clock.now_text())
            if due is None:
                at = agenda.next_due_at(job)
                if at is None and self.options.everything and self._ask_for_gaps():
                    continue
                return None if at is None else self._seconds_until(at)
            if due.ref.kind is PageKind.USER_JSON and self._user_seen(due.ref.key):
                with self.archive.transaction():
                    agenda.drop(due.ref)
                continue
            return due if due.ref.kind in ASK_AGAIN else replace(due, etag=None)
        return None

    def _seconds_until(self, at: str) -> float | None:
        """How long to wait for what comes due; None where that is for another run."""
        now = self.clock.now()
        if at > utc_text(now + LATER / 2):
            return None
        ahead = (datetime.fromisoformat(at) - now).total_seconds()
        return max(ahead, 0.0)

    def _user_seen(self, url_name: str) -> bool:
        """Whether a request of this job has told of the user already."""
        return bool(
            self.archive.db.execute(
                "select 1 from users where url_name = ? and last_seen_at >= ?", (url_name, self.run.job.started_at)
            ).fetchone()
        )

    def _ask_for_gaps(self) -> bool:
        """Numbers below the highest that belong to no request we know: some are public and in no list."""
        with self.archive.transaction() as db:
            missing = db.execute(
                "with recursive n(id) as (select 1 union all select id + 1 from n where id < (select max(id) from requests)) "
                "select id from n where id not in (select id from requests)"
            )
            wants = [Want(PageRef(PageKind.REQUEST_ID, str(row[0]))) for row in missing]
            return self.keeper.agenda.want(wants, self.run.job, self.clock.now_text()) > 0

    # ---- what came --------------------------------------------------------------------------------------------

    def done(self, due: Due, capture: Capture, reading: Reading, refused: Refusal | None = None) -> None:
        """Keeps a page and decides what follows from it. Raises what the archive or the disk raises."""
        self.pages += 1
        reading = _odd_redirects_fail(due.ref, reading)
        if due.ref.kind is PageKind.ATTACHMENT and reading.outcome == "redirected":
            self._file_redirected(due, capture, reading)
            return
        if reading.outcome in ("failed", "unreadable", "challenge"):
            self._failed(due, capture, reading)
            return
        self._failing.clear()
        self._unreadable = 0
        wants, ceiling = self._wants(due, reading)
        self.keeper.keep(
            capture,
            reading,
            self.run.job,
            wants,
            now=self.clock.now_text(),
            ceiling=ceiling,
            skip_files=not self.options.attachments,
            refused=refused,
        )
        if reading.outcome == "missing" and due.ref.kind in (PageKind.BATCH, PageKind.LIST, PageKind.AUTHORITIES_CSV):
            self.problems.append(f"{capture.url}: there is no such page")
        if isinstance(reading.record, ListPage) and not reading.record.rows and due.ref.key in self.options.seed_keys:
            self.problems.append(f"{capture.url}: the site lists nothing here; check the spelling, and the dates")

    def _wants(self, due: Due, reading: Reading) -> tuple[list[Want], bool]:
        wants = [Want(ref) for ref in reading.needs if self.options.attachments or ref.kind is not PageKind.ATTACHMENT]
        ceiling = False
        if due.ref.kind is PageKind.REQUEST_JSON and reading.outcome == "not_modified":
            # A redaction leaves no trace in the JSON (site-contract.md section 2.10).
            wants.append(Want(PageRef(PageKind.REQUEST_HTML, due.ref.key)))
        if isinstance(reading.record, ListPage) and due.expand:
            more = further(ListQuery.of_key(due.ref.key), reading.record, self._register())
            wants += [Want(query.ref, expand=True) for query in more.queries]
            wants += _requests(reading.record)
            ceiling = more.ceiling
            if ceiling:
                self.problems.append(f"{build(self.archive.site, due.ref)}: more than 500 rows, and no way to split them further")
        if isinstance(reading.record, Batch) and due.expand:
            wants += _requests(reading.record.members)
            if reading.record.members.rows and reading.record.members.has_next:
                number, _, page = due.ref.key.partition("?page=")
                wants.append(Want(PageRef(PageKind.BATCH, f"{number}?page={int(page or 1) + 1}"), expand=True))
        return wants, ceiling

    def _register(self) -> Sequence[str]:
        """Every authority's url_name, read once: the last resort of splitting."""
        if self._authorities is None:
            self._authorities = [row[0] for row in self.archive.db.execute("select url_name from authorities order by url_name")]
        return self._authorities

    def _file_redirected(self, due: Due, capture: Capture, reading: Reading) -> None:
        """A file that the site is still preparing is asked for again, later; one that it does not find is unavailable."""
        moved = reading.record
        target = moved.target if isinstance(moved, Moved) else None
        waiting = target is None or target == due.ref
        if waiting and due.attempts < WAITS:
            # To itself: prepared while we waited. To the wait page: not yet.
            pause = 0.0 if target == due.ref and due.attempts == 0 else self._pause(WAIT_PACES, due.attempts)
            self.keeper.keep(capture, reading, self.run.job, retry_at=self._after(pause))
            return
        reason = reading.reason or ("the site was still preparing it" if waiting else "the site leads back to the request")
        refused = replace(reading, record=Withheld("missing", reason), reason=reason)
        self.keeper.keep(capture, refused, self.run.job, now=self.clock.now_text())

    def _failed(self, due: Due, capture: Capture, reading: Reading) -> None:
        tries = TRIES if reading.outcome == "failed" else 2
        again = due.attempts + 1 < tries
        retry_at = self._after(self._pause(RETRY_PACES, due.attempts)) if again else utc_text(self.clock.now() + LATER)
        self.keeper.keep(capture, reading, self.run.job, retry_at=retry_at)
        where = f"{capture.url}: {reading.reason}"
        if not again:
            self.problems.append(where)
        if reading.outcome == "challenge":
            self.stop("blocked", f"{where}. The site wants to see a person; ask its people for leave, do not try again at once")
        elif reading.outcome == "unreadable":
            self._unreadable += 1
            if self._unreadable >= UNREADABLE_IN_A_ROW:
                self.problems.append(where)
                self.stop("failures", f"{UNREADABLE_IN_A_ROW} pages in a row could not be read, the last {where}")
        else:
            if due.ref not in self._failing:
                self._failing.append(due.ref)
            if len(self._failing) >= FAILURES_IN_A_ROW:
                self.stop("blocked", f"{FAILURES_IN_A_ROW} pages in a row failed, the last {where}")

    def _pause(self, paces: int, attempts: int) -> float:
        """Seconds before another try; none on loopback, where the pace is none."""
        return self.config.floor_s * paces * 2.0**attempts

    def _after(self, seconds: float) -> str:
        return utc_text(self.clock.now() + timedelta(seconds=seconds))

    def stop(self, outcome: RunOutcome, why: str) -> None:
        """No more pages in this run."""
        if self.stopped is None:
            self.stopped, self.stopped_as = why, outcome

    def crashed(self, error: Exception) -> None:
        """The archive or the disk refused, or we have a bug: the run ends, and the caller of the crawl raises it."""
        if self.crash is None:
            self.crash = error
        self.stop("interrupted", f"{type(error).__name__}: {error}")

    # ---- the end ----------------------------------------------------------------------------------------------

    def close(self, reason: str, http_requests: int) -> None:
        """Ends the run. `reason` is the spider's closing reason."""
        if reason in ENDINGS and self.stopped is None:
            self.stop(*ENDINGS[reason])
        if self.stopped is None and self._empty():
            self.problems.append("nothing was found: no request was read")
        self.ended_as = self.stopped_as or ("failures" if self.problems else "ok")
        finish(self.archive, self.run, self.ended_as, self.clock.now_text(), http_requests)

    def _empty(self) -> bool:
        """Whether a job that should find requests found none."""
        if self.run.job.reason == "crawl authorities":
            return False
        return not self.archive.db.execute(
            "select 1 from captures where id > ? and page_kind in ('request_json', 'request_html') "
            "and outcome in ('changed', 'unchanged', 'not_modified', 'withheld') limit 1",
            (self.run.job.after_capture,),
        ).fetchone()


def start(archive: Archive, config: Config, command: str, reason: str, wants: Sequence[Want], options: Options) -> CrawlJob:
    """Begins a run of a job, or goes on with the job where an earlier run left it."""
    settings = {
        "delay_s": config.floor_s,
        "budget": config.budget,
        "max_file_size": config.max_file_size,
        "attachments": options.attachments,
        "user_agent": config.user_agent,
    }
    run = begin(archive, command, reason, wants, config.clock.now_text(), settings, config.contact, config.permission)
    return CrawlJob(archive, config, run, options)


def _requests(page: ListPage) -> list[Want]:
    return [Want(PageRef(PageKind.REQUEST_JSON, row.url_title)) for row in page.rows]


def _odd_redirects_fail(ref: PageRef, reading: Reading) -> Reading:
    """Redirects that lead somewhere we know are pages of their own; any other is a page that was not had."""
    if reading.outcome != "redirected" or ref.kind is PageKind.ATTACHMENT or not isinstance(reading.record, Moved):
        return reading
    target = reading.record.target
    if ref.kind is PageKind.REQUEST_ID and target is not None and target.kind is PageKind.REQUEST_HTML:
        return reading
    if ref.kind in (PageKind.AUTHORITY_JSON, PageKind.AUTHORITY_HTML) and target is not None and target != ref:
        return reading
    return replace(reading, outcome="failed", record=None, reason=reading.reason or f"redirected to {reading.record.location}")


def describe(job: CrawlJob) -> dict[str, object]:
    """What a run did, for its last lines and for machines."""
    row = job.archive.db.execute("select * from runs where id = ?", (job.run.id,)).fetchone()
    left = job.keeper.agenda.open_pages(job.run.job)
    settings = json.loads(row["settings"])
    facts = {key: value for key, value in dict(row).items() if key != "settings"}
    return {**facts, "job": settings["job"], "pages_left": left, "problems": job.problems}
