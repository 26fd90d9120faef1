"""Runs one spider over a job that was begun, in this process."""

from __future__ import annotations

import logging
import sys
import time

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from scraper.crawl.job import CrawlJob

from .agenda import AgendaSpider

SHOW_EVERY_S = 1.0
ERASE_LINE = "\r\033[K"


def crawl_job(job: CrawlJob, spider: type[AgendaSpider], progress: bool) -> None:
    """Runs a job to its end, whatever that is; `progress` shows it on a terminal.

    Raises HostBusy, NotPermitted and BadConfig before any connection, and what crashed the job.
    """
    settings = Settings()
    settings.setmodule("scraper.crawl.settings")
    settings.setdict({"WDTK_CONFIG": job.config, "LOG_LEVEL": "WARNING"})
    process = _Process(settings)
    # Why a crawl ended is told at its end.
    logging.getLogger("scraper.crawl.manners").setLevel(logging.ERROR)
    crawler = process.create_crawler(spider)
    if progress and sys.stderr.isatty():
        _Progress(job, crawler)
    task = process.crawl(crawler, job=job)
    process.start()
    error = task.exception() if task.done() and not task.cancelled() else None
    if job.ended_as is None and job.crash is None:
        # The spider never opened, or a second signal stopped the reactor before it closed.
        job.close("shutdown" if error is None else "not_begun", job.spent(), str(error) if error is not None else None)
    if error is not None:
        raise error
    if job.crash is not None:
        raise job.crash


class _Process(AsyncCrawlerProcess):
    """Says what a signal does: Scrapy says it where nobody looks."""

    @staticmethod
    def _log_shutdown(signum: int) -> None:
        print("stopping when the page on its way is kept; a second signal stops at once", file=sys.stderr, flush=True)

    @staticmethod
    def _log_kill(signum: int) -> None:
        print("stopping at once", file=sys.stderr, flush=True)


class _Progress:
    """One line on a terminal, at most once a second; it makes room for whatever is logged."""

    def __init__(self, job: CrawlJob, crawler: Crawler) -> None:
        self.job, self.shown_at, self.shown = job, 0.0, False
        for signal, receiver in (
            (signals.spider_opened, self.make_room_for_logs),
            (signals.item_scraped, self.show),
            (signals.spider_closed, self.erase),
        ):
            # Scrapy holds its receivers weakly; nobody else holds this one.
            crawler.signals.connect(receiver, signal, weak=False)

    def make_room_for_logs(self) -> None:
        for handler in logging.getLogger().handlers:
            handler.addFilter(self._erase_before)

    def _erase_before(self, record: logging.LogRecord) -> bool:
        self.erase()
        return True

    def show(self) -> None:
        now = time.monotonic()
        if now - self.shown_at < SHOW_EVERY_S:
            return
        self.shown_at, self.shown = now, True
        done, left = self.job.pages, self.job.keeper.agenda.open_pages(self.job.run.job)
        line = f"{done:,} page{'' if done == 1 else 's'}, {left:,} known to come"
        print(ERASE_LINE + line, end="", file=sys.stderr, flush=True)

    def erase(self) -> None:
        if self.shown:
            print(ERASE_LINE, end="", file=sys.stderr, flush=True)
            self.shown = False
