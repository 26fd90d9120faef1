"""The nightly job: `wdtk nightly`, or `scrapy crawl nightly` for people at home in Scrapy."""

from __future__ import annotations

from scraper.archive.store import Archive
from scraper.archive.withdraw import TWO_NIGHTS
from scraper.config import Config, check_may_touch
from scraper.crawl.job import CrawlJob
from scraper.crawl.nightly import begin_night

from .agenda import AgendaSpider


class NightlySpider(AgendaSpider):
    """What is followed is in the archive; the WDTK_* environment says the rest."""

    name = "nightly"

    def begin(self) -> CrawlJob:
        config = Config.from_environment()
        check_may_touch(config)
        return begin_night(Archive.open(config.archive, config.site, config.files), config, None, False, TWO_NIGHTS)
