"""From an answer to the archive: reads it, and keeps it in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response
from twisted.python.failure import Failure

from ..archive.agenda import Due
from ..archive.threads import NoSuchRequest, Refusal
from ..config import Clock
from ..pages import read
from ..records import Capture, Reading, UnreadablePage
from ..urls import Site
from .capture import capture_of
from .refusals import CrawlEnded, ForbiddenByRobots, TooLarge

if TYPE_CHECKING:
    from spiders.agenda import AgendaSpider


@dataclass(frozen=True, slots=True)
class Page:
    """An item: a page that was asked for, what came, and what it says."""

    due: Due
    capture: Capture
    reading: Reading
    refused: Refusal | None = None
    """Why a file was not fetched, where that was our decision."""


def answered(response: Response, due: Due, site: Site) -> Page:
    """The item of an answer, whatever it is: a page that cannot be read is one that says so."""
    capture = capture_of(response, due.ref)
    try:
        return Page(due, capture, read(capture, site))
    except UnreadablePage as error:
        return Page(due, capture, Reading("unreadable", reason=str(error)))


def unanswered(failure: Failure, due: Due, clock: Clock) -> Page | None:
    """The item of a request that brought nothing; None where the crawl itself ended."""
    error = failure.value
    if isinstance(error, CrawlEnded):
        return None
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
    capture = Capture(
        due.ref, request.url, 0, (), b"", request.meta.get("requested_at") or clock.now_text(), request.meta.get("duration_ms")
    )
    text = str(error).strip()
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, ForbiddenByRobots):
        return Page(
            due, capture, Reading("withheld", reason="robots.txt forbids it"), Refusal("skipped", "robots.txt forbids it")
        )
    if isinstance(error, TooLarge):
        return Page(due, capture, Reading("content", reason=reason), Refusal("too_large", reason))
    return Page(due, capture, Reading("failed", reason=reason))


class KeepPipeline:
    """Hands each item to the spider's job. What the archive or the disk refuses ends the crawl."""

    def __init__(self, spider: AgendaSpider) -> None:
        self.spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepPipeline:
        return cls(cast("AgendaSpider", crawler.spider))

    def process_item(self, item: Page) -> Page:
        job = self.spider.job
        try:
            job.done(item.due, item.capture, item.reading, item.refused)
        except NoSuchRequest:
            job.done(item.due, item.capture, Reading("unreadable", reason="its JSON has not been read"))
        except Exception as error:
            job.crashed(error)
            raise DropItem(f"not kept: {error}") from error
        finally:
            self.spider.kept.set()
        return item
