"""When a page is asked for again, when it is given up, and when the run ends: the job without a network, on a public site."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

from scraper.archive.agenda import Due
from scraper.archive.store import ArchiveError
from scraper.config import Clock, Config, utc_text
from scraper.crawl import pipeline
from scraper.crawl.job import CrawlJob
from scraper.crawl.order import Order
from scraper.crawl.patience import Patience, Stop
from scraper.crawl.pipeline import KeepPipeline, Page, answered, ends_the_crawl, why
from scraper.crawl.refusals import TooLarge, UndecodableBody
from scraper.records import Capture, Moved, Outcome, PageKind, PageRef, Reading
from scraper.urls import Site, build

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SITE = Site("https://foi.example.org")
FILE = PageRef(PageKind.ATTACHMENT, "some_slug/response/7/attach/2/a.pdf")


def page(number: int) -> PageRef:
    return PageRef(PageKind.REQUEST_JSON, f"request_{number}")


def due(ref: PageRef, attempts: int = 0, put_off: bool = False) -> Due:
    return Due(ref, None, attempts, expand=False, last_capture_id=None, put_off=put_off)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[CrawlJob]:
    """A job of five requests and a file on a public site, where a request leaves every five seconds."""
    config = Config(SITE, "a@example.org", "asked on 2026-10-01", archive=tmp_path / "archive.db", clock=Clock(NOW))
    order = Order.of([f"request:request_{number}" for number in range(5)], config, None, None, attachments=True)
    with order.open(config) as archive:
        yield order.begin(archive, config)


def came(job: CrawlJob, ref: PageRef, reading: Reading) -> None:
    """Hands a page to the job as the crawl does."""
    known = job.keeper.agenda.get(ref)
    capture = Capture(ref, build(SITE, ref), 500, (), b"", job.clock.now_text())
    job.done(known or due(ref), capture, reading)


def due_in(job: CrawlJob, ref: PageRef) -> float:
    """Seconds until a page is due, to the nearest five: the job's clock runs on."""
    ((at,),) = job.archive.db.execute("select due_at from agenda where page_kind = ? and page_key = ?", tuple(ref))
    seconds = (datetime.fromisoformat(at) - NOW).total_seconds()
    return 5 * round(seconds / 5)


FAILED = Reading("failed", reason="status 500")


def test_a_page_that_fails_is_asked_for_three_times_with_growing_pauses(job: CrawlJob) -> None:
    pauses = []
    for _ in range(3):
        came(job, page(0), FAILED)
        pauses.append(due_in(job, page(0)))
    assert pauses == [60, 120, 24 * 3600]
    assert job.problems == ["https://foi.example.org/request/request_0.json: status 500"]
    assert job.stopped is None


def test_while_a_page_is_put_off_the_others_are_fetched_and_then_it_is_waited_for(job: CrawlJob) -> None:
    came(job, page(0), FAILED)
    others = []
    while isinstance(step := job.next(), Due):
        others.append(step.ref)
        came(job, step.ref, Reading("withheld", reason="403 by the site itself"))
    assert others == [page(number) for number in range(1, 5)]
    assert isinstance(step, float)
    assert 50 < step <= 60


def test_a_page_that_was_given_up_does_not_keep_the_run_waiting(job: CrawlJob) -> None:
    for number in range(5):
        while (known := job.keeper.agenda.get(page(number))) is not None and known.attempts < 3:
            came(job, page(number), FAILED if number == 0 else Reading("unreadable", reason="no such field"))
    assert job.next() is None


def test_a_file_to_itself_is_asked_for_at_once_and_then_with_pauses(job: CrawlJob) -> None:
    with job.archive.transaction() as db:
        db.execute(
            "insert into agenda (page_kind, page_key, due_at, reason, priority) values (?, ?, ?, ?, 2)",
            (*FILE, utc_text(NOW), job.run.job.reason),
        )
    to_itself = Reading("redirected", Moved(build(SITE, FILE), FILE), reason="302 to itself")
    pauses = []
    for _ in range(6):
        came(job, FILE, to_itself)
        pauses.append(due_in(job, FILE))
    assert pauses == [0, 120, 240, 480, 960, 1920]
    came(job, FILE, to_itself)
    assert job.archive.db.execute("select due_at from agenda where page_kind = 'attachment'").fetchone()[0] is None
    assert job.files_not_had == {"unavailable": 1}
    assert job.problems == []


@pytest.mark.parametrize(
    ("outcome", "put_off", "limit", "ends"),
    [("failed", False, 3, "blocked"), ("unreadable", False, 10, "failures"), ("failed", True, 10, "failures")],
)
def test_so_many_pages_in_a_row_end_the_run(outcome: Outcome, put_off: bool, limit: int, ends: str) -> None:
    patience = Patience(5.0)
    for number in range(limit - 1):
        assert patience.not_had(due(page(number), put_off=put_off), outcome, "x") is None
        # The same page again is the same trouble.
        assert patience.not_had(due(page(number), put_off=put_off), outcome, "x") is None
    patience.had()
    for number in range(limit - 1):
        assert patience.not_had(due(page(number), put_off=put_off), outcome, "x") is None
    stop = patience.not_had(due(page(99), put_off=put_off), outcome, "where: why")
    assert stop is not None
    assert stop.outcome == ends
    assert stop.why.startswith(f"{limit} pages in a row")
    assert stop.why.endswith("where: why")


def test_a_challenge_ends_the_run_at_once() -> None:
    stop = Patience(5.0).not_had(due(page(1)), "challenge", "where: 403")
    assert stop == Stop("blocked", "where: 403; write to the site's people before the next try (docs/permission.md)")


def test_the_next_run_tries_at_once_what_was_put_off_but_last(job: CrawlJob) -> None:
    came(job, page(0), FAILED)
    job.close("shutdown", 1)
    order = Order.of([f"request:request_{number}" for number in range(5)], job.config, None, None, attachments=True)
    again = order.begin(job.archive, job.config)
    assert again.run.resumed
    asked = []
    while isinstance(step := again.next(), Due):
        asked.append((step.ref, step.attempts, step.put_off))
        came(again, step.ref, Reading("withheld", reason="403 by the site itself"))
    assert asked == [(page(number), 0, False) for number in range(1, 5)] + [(page(0), 0, True)]


def test_lists_that_an_earlier_run_saw_cut_are_named_at_the_jobs_end(job: CrawlJob) -> None:
    with job.archive.transaction() as db:
        db.execute(
            "insert into ceiling_hits (run_id, page_key, observed_at) values (?, 'query=x', ?)", (job.run.id, utc_text(NOW))
        )
    job.close("budget", 1, "the budget of 1 requests is used up")
    assert (job.stopped, job.problems) == ("the budget of 1 requests is used up", [])
    order = Order.of([f"request:request_{number}" for number in range(5)], job.config, None, None, attachments=True)
    again = order.begin(job.archive, job.config)
    for number in range(5):
        came(again, page(number), Reading("not_modified", reason="304"))
    again.close("finished", 5)
    cut = "https://foi.example.org/list?query=x: more than 500 rows, and no way to split them further"
    assert (again.ended_as, again.problems) == ("failures", [cut])


# ---- what went wrong, in words ------------------------------------------------------------------------------------

URL = "https://foi.example.org/request/a.json"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TooLarge(URL, 2000, 1000, declared=True), "2,000 bytes, and at most 1,000 bytes are kept"),
        (TooLarge(URL, 1234, 1000, declared=False), "more came, and at most 1,000 bytes are kept"),
        (DownloadConnectionRefusedError("errno 111"), "the connection was refused"),
        (CannotResolveHostError("-2"), "there is no host of that name"),
        (DownloadFailedError("TLS\n failed"), "the connection broke off: TLS failed"),
        (DownloadTimeoutError(f"{URL} did not answer within 60 s"), "did not answer within 60 s"),
        (ResponseDataLossError(f"{URL}: the gzip stream ends early"), "the gzip stream ends early"),
        (UndecodableBody(f"{URL}: broken gzip: Error -3"), "broken gzip: Error -3"),
        (DownloadTimeoutError(), "DownloadTimeoutError"),
    ],
)
def test_what_went_wrong_in_one_line(error: Exception, said: str) -> None:
    assert why(error, URL) == said


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (OSError(28, "No space left on device"), True),
        (PermissionError(13, "Permission denied"), True),
        (ArchiveError("gone"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (sqlite3.DatabaseError("database disk image is malformed"), True),
        (MemoryError(), True),
        (ConnectionResetError(104, "reset"), False),
        (TimeoutError(), False),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), False),
        (OverflowError("Python int too large to convert to SQLite INTEGER"), False),
        (KeyError("x"), False),
    ],
)
def test_only_what_our_machine_refuses_ends_the_crawl(error: Exception, ends: bool) -> None:
    assert ends_the_crawl(error) is ends


def test_a_mistake_of_ours_costs_one_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, job: CrawlJob
) -> None:
    def mistaken(capture: Capture, site: Site) -> Reading:
        raise IndexError("list index out of range")

    monkeypatch.setattr(pipeline, "read", mistaken)
    response = Response(URL, status=200, body=b"{}")
    meta = {"wire_headers": (), "requested_at": utc_text(NOW), "duration_ms": 5}
    response.request = Request(URL, meta=meta)
    item = answered(response, due(page(0)), SITE)
    assert item.reading == Reading("unreadable", reason="our mistake, please report it: IndexError: list index out of range")
    assert "IndexError" in caplog.text
    job.done(item.due, item.capture, item.reading, item.refused)
    assert job.stopped is None


def test_a_page_that_the_archive_cannot_hold_costs_that_page(monkeypatch: pytest.MonkeyPatch, job: CrawlJob) -> None:
    keep, tries = job.keeper.keep, []

    def once(*words: Any, **more: Any) -> object:
        tries.append(words[1].outcome)
        if len(tries) == 1:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: messages.anchor")
        return keep(*words, **more)

    monkeypatch.setattr(job.keeper, "keep", once)
    spider: Any = SimpleNamespace(job=job, kept=asyncio.Event())
    capture = Capture(page(0), URL, 200, (), b"{}", utc_text(NOW))
    KeepPipeline(spider).process_item(Page(due(page(0)), capture, Reading("not_modified", reason="304")))
    assert spider.kept.is_set()
    assert tries == ["not_modified", "unreadable"]
    (reason,) = job.archive.db.execute("select reason from captures").fetchone()
    assert reason == "our mistake, please report it: IntegrityError: UNIQUE constraint failed: messages.anchor"
    assert job.crash is None


def test_a_disk_that_is_full_ends_the_job(monkeypatch: pytest.MonkeyPatch, job: CrawlJob) -> None:
    def full(*words: Any, **more: Any) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job.keeper, "keep", full)
    spider: Any = SimpleNamespace(job=job, kept=asyncio.Event())
    capture = Capture(page(0), URL, 200, (), b"{}", utc_text(NOW))
    KeepPipeline(spider).process_item(Page(due(page(0)), capture, Reading("not_modified", reason="304")))
    assert spider.kept.is_set()
    assert isinstance(job.crash, OSError)
    assert job.next() is None
