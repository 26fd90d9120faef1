"""What the server imports before it forks commands. Nothing here may choose Twisted's reactor: each crawl makes its own."""

import sys
from importlib import import_module

for name in (
    "scraper.cli",
    "scraper.crawl.handler",
    "scraper.crawl.manners",
    "scraper.crawl.settings",
    "scrapy.core.engine",
    "scrapy.core.scheduler",
    "scrapy.core.scraper",
    "spiders.process",
    "spiders.targets",
):
    import_module(name)
if "twisted.internet.reactor" in sys.modules:
    raise RuntimeError("a reactor was chosen: forked crawls would share it")
