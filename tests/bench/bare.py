"""A bare Scrapy spider: fetches a list of addresses over one connection and does nothing with what comes.

`python -m tests.bench.bare FILE`, with an address a line. Scrapy's defaults, but for what would make it fetch other
addresses than these, or talk to anybody but the site.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

SETTINGS: dict[str, Any] = {
    "CONCURRENT_REQUESTS": 1,  # default: 16
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,  # default: 8
    "REDIRECT_ENABLED": False,  # default: True; where they lead is on the list
    "HTTPERROR_ALLOW_ALL": True,  # default: False; the callback sees all that comes
    "COOKIES_ENABLED": False,  # default: True, which asks the internet for the public suffix list
    "TELNETCONSOLE_ENABLED": False,  # default: True
    "REMOTE_CONTROL_ENABLED": False,  # default: True
    "LOG_LEVEL": "WARNING",  # default: DEBUG
}


class BareSpider(Spider):
    name = "bare"
    addresses: tuple[str, ...] = ()
    came = 0

    async def start(self) -> AsyncIterator[Request]:
        for address in self.addresses:
            yield Request(address, callback=self.answered, dont_filter=True)

    def answered(self, response: Response) -> None:
        BareSpider.came += 1


def _main() -> None:
    BareSpider.addresses = tuple(Path(sys.argv[1]).read_text().split())
    process = AsyncCrawlerProcess(SETTINGS)
    process.crawl(BareSpider)
    process.start()
    if BareSpider.came != len(BareSpider.addresses):
        sys.exit(f"{BareSpider.came} of {len(BareSpider.addresses)} addresses were answered")


if __name__ == "__main__":
    _main()
