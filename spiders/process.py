"""Runs one spider over a job that was begun, in this process."""

from __future__ import annotations

import sys
import time

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from scraper.crawl.job import CrawlJob

from .agenda import AgendaSpider

SHOW_EVERY_S = 1.0


def crawl_job(job: CrawlJob, spider: type[AgendaSpider], progress: bool) -> None:
    """Runs a job to its end. Raises HostBusy, NotPermitted and BadConfig before any connection."""
    settings = Settings()
    settings.setmodule("scraper.crawl.settings")
    settings.setdict({"WDTK_CONFIG": job.config, "LOG_LEVEL": "WARNING"})
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    if progress and sys.stderr.isatty():
        crawler.signals.connect(_Progress(job, crawler).show, signals.item_scraped)
    task = process.crawl(crawler, job=job)
    process.start()
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error


class _Progress:
    """One line on a terminal, at most once a second."""

    def __init__(self, job: CrawlJob, crawler: Crawler) -> None:
        self.job, self.crawler, self.shown_at = job, crawler, 0.0
        crawler.signals.connect(self.clear, signals.spider_closed)

    def show(self, item: object) -> None:
        now = time.monotonic()
        if now - self.shown_at < SHOW_EVERY_S:
            return
        self.shown_at = now
        left = self.job.keeper.agenda.open_pages(self.job.run.job)
        print(f"\r\033[K{self.job.pages:,} pages, {left:,} known to come", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
