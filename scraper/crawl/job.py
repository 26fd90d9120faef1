"""What a crawl does with each page: which comes next, what a page makes due, when to try again, when to stop.

Knows the archive and the pages, not Scrapy: the spider asks `next` what to fetch and hands `done` what came.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from ..archive import withdraw
from ..archive.agenda import Due, Want
from ..archive.attachments import Refusal, holds_file
from ..archive.keep import Keeper
from ..archive.runs import Run, RunOutcome, begin, finish
from ..archive.store import Archive
from ..archive.threads import find_request
from ..config import Clock, Config, utc_text
from ..records import Batch, Capture, ListPage, Moved, PageKind, PageRef, Reading, Withheld
from ..report.alarms import Alarm, look_back
from ..urls import AttachmentKey, ListQuery, build
from .patience import WAITS, Patience
from .verdict import leads_nowhere, verdict
from .windows import further

LATER = timedelta(days=1)
"""When a page that was given up is worth another try."""

ENDINGS: dict[str, tuple[RunOutcome, str]] = {
    "budget": ("budget", "the budget of requests is used up"),
    "robots": ("blocked", "robots.txt could not be had, so nothing may be asked for"),
    "asked_to_wait": ("blocked", "the site asked for a longer wait than a run should sit out"),
    "shutdown": ("interrupted", "it was told to stop"),
}
"""The spider's closing reasons that are not the end of the job; any other but `FINISHED` is an interruption too."""
FINISHED = "finished"

ASK_AGAIN = frozenset({PageKind.REQUEST_JSON, PageKind.ATTACHMENT, PageKind.USER_JSON, PageKind.AUTHORITY_JSON})
"""Kinds whose ETag holds from night to night (site-contract.md section 10)."""


@dataclass(slots=True)
class Options:
    """What a crawl leaves out."""

    attachments: bool = True
    everything: bool = False
    """Also the numbers that no list showed."""
    seeds: frozenset[PageRef] = frozenset()
    """Pages that a person named: one that leads nowhere may be misspelt."""


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
    alarms: list[Alarm] = field(default_factory=list)
    """What should have been there and was not, told at the end."""
    spent: Callable[[], int] = lambda: 0
    """HTTP requests made so far; the spider knows."""
    pages: int = 0
    withdrawn: int = 0
    """Requests whose withdrawal this run confirmed."""
    nowhere: list[str] = field(default_factory=list)
    """Those of the problems that a person can mend: what was asked for leads nowhere."""
    files_not_had: Counter[str] = field(default_factory=Counter)
    """Attachments that this run could not get or left out, by status."""
    patience: Patience = field(init=False)
    _authorities: list[str] | None = None
    _members: dict[str, list[str]] = field(default_factory=dict)
    """The requests that each batch's pages listed in this run."""

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.archive, self.run.id)
        self.patience = Patience(self.config.floor_s)
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
                if self.refill():
                    continue
                at = agenda.next_due_at(job)
                return None if at is None else self._seconds_until(at)
            if due.ref.kind is PageKind.USER_JSON and self._user_seen(due.ref.key):
                with self.archive.transaction():
                    agenda.drop(due.ref)
                continue
            return due if due.ref.kind in ASK_AGAIN and self._holds(due.ref) else replace(due, etag=None)
        return None

    def refill(self) -> bool:
        """Asked where nothing is due: puts more on the agenda, and says whether it did."""
        return self.options.everything and not self._lists_open() and self._ask_for_gaps()

    def _lists_open(self) -> bool:
        """Whether lists are still to be read: only what is in none of them is asked for by its number."""
        query = "select 1 from agenda where reason = ? and page_kind = ? and due_at is not null"
        return bool(self.archive.db.execute(query, (self.run.job.reason, PageKind.LIST)).fetchone())

    def _seconds_until(self, at: str) -> float | None:
        """How long to wait for what comes due; None where that is for another run."""
        now = self.clock.now()
        if at > utc_text(now + LATER / 2):
            return None
        ahead = (datetime.fromisoformat(at) - now).total_seconds()
        return max(ahead, 0.0)

    def _holds(self, ref: PageRef) -> bool:
        """Whether the archive has what the page's ETag stands for: "not modified" would bring nothing otherwise."""
        if ref.kind is PageKind.ATTACHMENT:
            return holds_file(self.archive.db, AttachmentKey.of(ref.key))
        return ref.kind is not PageKind.REQUEST_JSON or find_request(self.archive.db, ref.key) is not None

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
                "with recursive n(id) as (select min(1, (select max(id) from requests)) "
                "union all select id + 1 from n where id < (select max(id) from requests)) "
                "select id from n where id > 0 and id not in (select id from requests)"
            )
            wants = [Want(PageRef(PageKind.REQUEST_ID, str(row[0]))) for row in missing]
            return self.keeper.agenda.want(wants, self.run.job, self.clock.now_text()) > 0

    # ---- what came --------------------------------------------------------------------------------------------

    def done(self, due: Due, capture: Capture, reading: Reading, refused: Refusal | None = None) -> None:
        """Keeps a page and decides what follows from it. Raises what the archive or the disk raises."""
        try:
            self._done(due, capture, verdict(due.ref, capture.status, reading), refused)
        finally:
            if capture.file is not None:  # a page in a file's place: nobody moved it to where files are kept
                Path(capture.file.path).unlink(missing_ok=True)

    def _done(self, due: Due, capture: Capture, reading: Reading, refused: Refusal | None) -> None:
        self.pages += 1
        if due.ref.kind is PageKind.ATTACHMENT and reading.outcome == "redirected":
            self._file_redirected(due, capture, reading)
            return
        if reading.outcome in ("failed", "unreadable", "challenge"):
            self._failed(due, capture, reading)
            return
        self.patience.had()
        wants, ceiling = self.wants(due, reading)
        kept = self.keeper.keep(
            capture,
            reading,
            self.run.job,
            wants,
            now=self.clock.now_text(),
            ceiling=ceiling,
            skip_files=not self.options.attachments,
            refused=refused,
        )
        self.kept(due, reading, kept.changed_request)
        if due.ref.kind is PageKind.ATTACHMENT and (refused or isinstance(reading.record, Withheld)):
            status = refused.status if refused else "withheld" if reading.outcome == "withheld" else "unavailable"
            self.files_not_had[status] += 1
        named = due.ref in self.options.seeds
        if named or due.expand or due.ref.kind is PageKind.AUTHORITIES_CSV:
            said = leads_nowhere(reading, named)
            if said is not None:
                self.nowhere.append(f"{capture.url}: {said}")
                self.problems.append(self.nowhere[-1])

    def kept(self, due: Due, reading: Reading, changed: bool) -> None:
        """Told of each page that was kept, and whether it changed what the archive says of a request."""

    def finished(self) -> None:
        """Told that a run ended without being blocked or interrupted."""

    def wants(self, due: Due, reading: Reading) -> tuple[list[Want], bool]:
        wants = [Want(ref) for ref in reading.needs if self.options.attachments or ref.kind is not PageKind.ATTACHMENT]
        ceiling = False
        if due.ref.kind is PageKind.REQUEST_JSON and reading.outcome == "not_modified":
            # A redaction leaves no trace in the JSON (site-contract.md section 2.10).
            wants.append(Want(PageRef(PageKind.REQUEST_HTML, due.ref.key)))
        if isinstance(reading.record, ListPage) and due.expand:
            query = ListQuery.of_key(due.ref.key)
            more = further(query, reading.record, self._register())
            wants += [Want(part.ref, expand=True) for part in more.queries]
            if query.after == query.before and len(more.queries) > 1 and not self._register():
                # A day that has to be split may have to be split by authority: then all of them have to be known.
                wants.append(Want(PageRef(PageKind.AUTHORITIES_CSV, "")))
            wants += self.requests(reading.record)
            ceiling = more.ceiling
            if ceiling:
                self.problems.append(self._cut(due.ref))
        if isinstance(reading.record, Batch) and due.expand:
            wants += self.requests(reading.record.members)
            number, _, page = due.ref.key.partition("?page=")
            self._members.setdefault(number, []).extend(row.url_title for row in reading.record.members.rows)
            if reading.record.members.rows and reading.record.members.has_next:
                wants.append(Want(PageRef(PageKind.BATCH, f"{number}?page={int(page or 1) + 1}"), expand=True))
        return wants, ceiling

    def requests(self, page: ListPage) -> list[Want]:
        """The requests that a list shows and that are wanted."""
        return [Want(PageRef(PageKind.REQUEST_JSON, row.url_title)) for row in page.rows]

    def _register(self) -> Sequence[str]:
        """Every authority's url_name, the last resort of splitting; none before the site's register has been read."""
        if self._authorities is None:
            db = self.archive.db
            if not db.execute(
                "select 1 from agenda a join captures c on c.id = a.last_capture_id where a.page_kind = ? and c.status = 200",
                (PageKind.AUTHORITIES_CSV,),
            ).fetchone():
                return ()
            self._authorities = [row[0] for row in db.execute("select url_name from authorities order by url_name")]
        return self._authorities

    def _file_redirected(self, due: Due, capture: Capture, reading: Reading) -> None:
        """A file that the site is still preparing is asked for again, later; one that it does not find is unavailable."""
        moved = reading.record
        target = moved.target if isinstance(moved, Moved) else None
        waiting = target is None or target == due.ref
        if waiting and due.attempts < WAITS:
            # To itself: prepared while we waited. To the wait page: not yet.
            pause = 0.0 if target == due.ref and due.attempts == 0 else self.patience.pause(due.attempts)
            self.keeper.keep(capture, reading, self.run.job, retry_at=self._after(pause))
            return
        reason = f"asked for {due.attempts + 1} times, and each time: {reading.reason}" if waiting else reading.reason
        refused = replace(reading, record=Withheld("missing", reason))
        self.keeper.keep(capture, refused, self.run.job, now=self.clock.now_text())
        self.files_not_had["unavailable"] += 1

    def _failed(self, due: Due, capture: Capture, reading: Reading) -> None:
        pause = self.patience.retry(due, reading.outcome)
        self.keeper.keep(capture, reading, self.run.job, retry_at=self._after(LATER.total_seconds() if pause is None else pause))
        where = f"{capture.url}: {reading.reason}"
        if pause is None:
            self.problems.append(where)
        enough = self.patience.not_had(due, reading.outcome, where)
        if enough is not None:
            self.stop(*enough)

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

    def close(self, reason: str, http_requests: int, why: str | None = None) -> None:
        """Ends the run. `reason` is the spider's closing reason, `why` says more of it to whoever waits for it."""
        by_page = self.stopped is not None and self.stopped_as != "budget"
        if reason != FINISHED and self.stopped is None:
            outcome, text = ENDINGS.get(reason, ("interrupted", f"it ended early ({reason})"))
            self.stop(outcome, f"{text}: {why}" if why and reason == "robots" else why or text)
        if self.stopped is None:
            self.problems += [*self._cut_before(), *self._reordered()]
        outcome = self.stopped_as or ("failures" if self.problems else "ok")
        self.alarms = look_back(self.archive, self.run.id, outcome)
        self.ended_as = "failures" if outcome == "ok" and self.alarms else outcome
        self._settle(self.ended_as)
        # What a page did is told by its capture: its address, made of a request's title, does not belong here.
        told = type(self.crash).__name__ if self.crash else None if by_page else self.stopped
        finish(self.archive, self.run, self.ended_as, self.clock.now_text(), http_requests, told)
        self.archive.wipe()

    def _cut_before(self) -> list[str]:
        """Lists that earlier runs of this job saw cut: that its last run met no ceiling does not make it complete."""
        rows = self.archive.db.execute(
            "select distinct h.page_key from ceiling_hits h join runs r on r.id = h.run_id where r.id < ? "
            "and json_extract(r.settings, '$.job') = ? and json_extract(r.settings, '$.job_started_at') = ?",
            (self.run.id, self.run.job.reason, self.run.job.started_at),
        )
        return [self._cut(PageRef(PageKind.LIST, row[0])) for row in rows]

    def _reordered(self) -> list[str]:
        """Batches whose pages overlapped: the site sorts them by nothing (site-contract.md section 2.7)."""
        told = []
        for number, slugs in self._members.items():
            twice = len(slugs) - len(set(slugs))
            if twice:
                url = build(self.archive.site, PageRef(PageKind.BATCH, number))
                told.append(f"{url}: its order changed while it was read. Rows that came twice: {twice}; as many may be missing")
        return told

    def _cut(self, ref: PageRef) -> str:
        return f"{build(self.archive.site, ref)}: more than 500 rows, and no way to split them further"

    def _settle(self, outcome: RunOutcome) -> None:
        """What this run says of withdrawals: confirmed, or, where the site blocked it, nothing at all."""
        if outcome == "interrupted":
            return
        keeper = self.keeper
        with self.archive.transaction() as db:
            gone = withdraw.settle(
                db,
                keeper.captures,
                self.archive.site,
                self.run.job,
                self.run.id,
                outcome != "blocked" and not self.alarms,
                keeper.rule,
                self.clock.now_text(),
            )
            if outcome != "blocked":
                withdraw.drop_unnamed_users(db, keeper.captures, keeper.agenda)
        self.withdrawn = len(gone)
        if outcome != "blocked":
            self.finished()


def start(archive: Archive, config: Config, command: str, reason: str, wants: Sequence[Want], options: Options) -> CrawlJob:
    """Begins a run of a job, or goes on with the job where an earlier run left it."""
    settings = {**behaviour(config), "attachments": options.attachments}
    run = begin(archive, command, reason, wants, config.clock.now_text(), settings, config.contact, config.permission)
    return CrawlJob(archive, config, run, options)


def behaviour(config: Config) -> dict[str, object]:
    """How a run behaves, for the record."""
    return {
        "delay_s": config.floor_s,
        "budget": config.budget,
        "max_file_size": config.max_file_size,
        "user_agent": config.user_agent,
    }


def describe(job: CrawlJob) -> dict[str, object]:
    """What a run did, for its last lines and for machines."""
    row = job.archive.db.execute("select * from runs where id = ?", (job.run.id,)).fetchone()
    left = job.keeper.agenda.open_pages(job.run.job)
    settings = json.loads(row["settings"])
    facts = {key: value for key, value in dict(row).items() if key != "settings"}
    said = {"stopped": job.stopped, "problems": job.problems, "files_not_had": dict(job.files_not_had)}
    return {**facts, "job": settings["job"], "pages_left": left, **said}
