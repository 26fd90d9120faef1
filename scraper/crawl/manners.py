"""The extension that holds what a crawl's politeness needs: the host's lock, the pace, and why the crawl ended."""

from __future__ import annotations

import asyncio
import logging

from scrapy import signals
from scrapy.crawler import Crawler

from ..config import Config, check_may_touch
from .pace import HostState, Pace, RealTime, Time, state_folder
from .refusals import CrawlEnded

log = logging.getLogger(__name__)


class Manners:
    """One crawl's manners. Making it fails before any connection where the crawl may not begin.

    Raises BadConfig, NotPermitted and HostBusy.
    """

    def __init__(self, crawler: Crawler) -> None:
        given = crawler.settings.get("WDTK_CONFIG")
        self.config: Config = given if given is not None else Config.from_environment()
        check_may_touch(self.config)
        self.clock: Time = crawler.settings.get("WDTK_TIME") or RealTime()
        self.ended: CrawlEnded | None = None
        """What ended the crawl; None while it runs, and where nothing but itself ended it."""
        self._crawler = crawler
        self._closing: asyncio.Task[None] | None = None
        self._state = HostState(state_folder(), self.config.site.host)
        self._state.acquire()
        self.pace = Pace(self.config, self._state, self.clock, self._stopping)
        crawler.signals.connect(self._released, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Manners:
        return cls(crawler)

    @classmethod
    def of(cls, crawler: Crawler) -> Manners:
        """The manners of a crawl. Raises RuntimeError where the extension was switched off."""
        found = crawler.get_extension(cls)
        if found is None:
            raise RuntimeError("nothing leaves without scraper.crawl.manners.Manners: leave it in EXTENSIONS")
        return found

    def end(self, why: CrawlEnded) -> None:
        """Close the spider, with the reason of what came first."""
        if self.ended is not None:
            return
        self.ended = why
        log.warning("the crawl ends: %s", why)
        self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=why.reason))

    def _stopping(self) -> bool:
        slot = self._crawler.engine._slot
        return not self._crawler.crawling or slot is None or slot.closing is not None

    def _released(self) -> None:
        self._state.release()
