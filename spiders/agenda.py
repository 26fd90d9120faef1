"""Asks an archive's agenda for pages, one after another, until its job is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from scraper.archive.agenda import Due
from scraper.crawl.job import CrawlJob
from scraper.crawl.manners import Manners
from scraper.crawl.pipeline import Page, answered, unanswered
from scraper.crawl.robots import robots_fetched
from scraper.records import Capture, PageKind
from scraper.urls import build


class AgendaSpider(Spider):
    """One page at a time: the next leaves when the last is kept, so that a kill costs one page at most."""

    job: CrawlJob
    kept: asyncio.Event
    """Set when a page's transaction is over."""
    at_home: bool
    """Whether Scrapy's own command line runs it: nobody else says then how it ended."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> AgendaSpider:
        spider: AgendaSpider = super().from_crawler(crawler, *args, **kwargs)
        spider.at_home = kwargs.get("job") is None
        if spider.at_home:
            spider.job = spider.begin()
        spider.job.spent = lambda: crawler.stats.get_value("wdtk/http_requests", 0)
        spider.kept = asyncio.Event()
        crawler.signals.connect(spider.robots_fetched, robots_fetched)
        return spider

    def begin(self) -> CrawlJob:
        """Begins the job where the command line has not: for `scrapy crawl`."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Request]:
        manners = Manners.of(self.crawler)
        while manners.ended is None:
            try:
                due = self.job.next()
                request = self.request(due) if isinstance(due, Due) else None
            except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
                self.job.crashed(error)
                return
            if isinstance(due, float):
                await asyncio.sleep(due)
                continue
            if request is None:
                return
            self.kept.clear()
            yield request
            await self.kept.wait()

    def request(self, due: Due) -> Request:
        """The request for a page: conditional where its last ETag is known, to disk where it is a file."""
        meta: dict[str, Any] = {}
        if due.ref.kind is PageKind.ATTACHMENT:
            meta = {
                "to_disk": str(self.job.archive.files.temporary() / "download"),
                "download_maxsize": self.job.config.max_file_size,
            }
        return Request(
            build(self.job.archive.site, due.ref),
            headers={"If-None-Match": due.etag} if due.etag else None,
            callback=self.came,
            errback=self.failed,
            cb_kwargs={"due": due},
            meta=meta,
            dont_filter=True,
        )

    def came(self, response: Response, due: Due) -> Page | None:
        """An answer, of whatever status."""
        try:
            return answered(response, due, self.job.archive.site)
        except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
            self.job.crashed(error)
            self.kept.set()
            return None

    def failed(self, failure: Failure) -> Page | None:
        """No answer: the page failed, or nothing leaves any more."""
        page = None
        try:
            due: Due = failure.request.cb_kwargs["due"]  # type: ignore[attr-defined]  # Scrapy sets it
            page = unanswered(failure, due, self.job.clock)
        except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
            self.job.crashed(error)
        if page is None:
            self.kept.set()
        return page

    def robots_fetched(self, capture: Capture, sha256: str | None) -> None:
        """The robots.txt that the run obeys is kept as any page is."""
        try:
            self.job.keeper.keep_robots(capture)
        except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
            self.job.crashed(error)

    def closed(self, reason: str) -> None:
        """The run ends, and the archive says how."""
        ended = Manners.of(self.crawler).ended
        try:
            self.job.close(reason, self.job.spent(), str(ended) if ended is not None else None)
        except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
            self.job.crashed(error)
        if self.at_home:
            self._tell()
            self.job.archive.close()

    def _tell(self) -> None:
        """The run's end in Scrapy's log; its exit code says nothing of it."""
        job = self.job
        if job.crash is not None:
            self.logger.error("the crawl crashed", exc_info=job.crash)
        for problem in [*(alarm.text for alarm in job.alarms), *job.problems]:
            self.logger.error(problem)
        if job.stopped is not None:
            self.logger.error("stopped: %s", job.stopped)
        self.logger.info("run %d: %s; `wdtk report` says more", job.run.id, job.ended_as or "interrupted")
