"""What the server imports before it forks commands. Nothing here may choose Twisted's reactor: each crawl makes its own."""

import sys
from importlib import import_module

from scrapy.settings import default_settings

from scraper.crawl import settings

# Scrapy imports the components that are switched off too.
components = [
    *default_settings.EXTENSIONS_BASE,
    *default_settings.DOWNLOADER_MIDDLEWARES_BASE,
    *default_settings.SPIDER_MIDDLEWARES_BASE,
    *settings.EXTENSIONS,
    *settings.DOWNLOADER_MIDDLEWARES,
    *settings.SPIDER_MIDDLEWARES,
    *settings.ITEM_PIPELINES,
]
modules = {component.rpartition(".")[0] for component in components}
for name in (
    "scraper.cli",
    "scraper.crawl.handler",
    "scrapy.core.engine",
    "scrapy.core.scheduler",
    "scrapy.core.scraper",
    "spiders.nightly",
    "spiders.process",
    "spiders.targets",
    *sorted(modules),
):
    import_module(name)
if "twisted.internet.reactor" in sys.modules:
    raise RuntimeError("a reactor was chosen: forked crawls would share it")
