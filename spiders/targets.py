"""Archives targets: `wdtk crawl`, or `scrapy crawl targets -a targets="batch:1024"` for people at home in Scrapy."""

from __future__ import annotations

from datetime import date
from typing import Any

from scraper.config import Config
from scraper.crawl.job import CrawlJob
from scraper.crawl.order import Order

from .agenda import AgendaSpider


class TargetsSpider(AgendaSpider):
    """Targets with blanks between them; `since` and `until` as ISO dates; the WDTK_* environment says the rest."""

    name = "targets"

    def __init__(self, targets: str = "", since: str | None = None, until: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.targets, self.since, self.until = targets.split(), since, until

    def begin(self) -> CrawlJob:
        config = Config.from_environment()
        since, until = (date.fromisoformat(day) if day else None for day in (self.since, self.until))
        order = Order.of(self.targets, config, since, until, attachments=True)
        return order.begin(order.open(config), config)
