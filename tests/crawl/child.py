"""One real crawl in a process of its own, because a reactor runs once: a job as JSON comes in, what happened goes out.

A job: ``site``, ``paths`` (each a path or ``{"path" or "url", "to_disk", "maxsize", "headers"}``), ``config`` (fields
of `Config`), ``settings`` (of Scrapy), ``fake_time`` (do not wait, say what would have been waited), ``file_limit`` (bytes
that one file may have, as a full disk would), ``from_environment`` (no `Config` is given).
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from scraper.config import BadConfig, Config, HostBusy, NotPermitted
from scraper.crawl.capture import capture_of
from scraper.crawl.manners import Manners
from scraper.crawl.robots import robots_fetched
from scraper.records import Capture, PageKind, PageRef
from scraper.urls import Site


def peak_bytes() -> int:
    """The most memory this process has had. Not `ru_maxrss`: a child begins with the peak of the test that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not tell a process's peak memory")


class FakeTime:
    """Time that passes when somebody sleeps and at no other moment."""

    def __init__(self, wall: float = 1_790_000_000.0) -> None:
        self.now = wall
        self.slept: list[float] = []

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_000_000.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class JobSpider(Spider):
    name = "job"
    job: dict[str, Any]
    results: list[dict[str, Any]]
    robots: list[dict[str, Any]]
    listening: int
    reason: str

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> JobSpider:
        spider: JobSpider = super().from_crawler(crawler, *args, **kwargs)
        spider.results, spider.robots, spider.listening = [], [], 0
        crawler.signals.connect(spider.on_robots, robots_fetched)
        crawler.signals.connect(spider.on_closed, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        for path in self.job["paths"]:
            asked = path if isinstance(path, dict) else {"path": path}
            meta = {key: asked[key] for key in ("to_disk", "download_maxsize") if key in asked}
            url = asked.get("url") or self.job["site"] + asked["path"]
            yield Request(
                url,
                callback=self.came,
                errback=self.failed,
                meta=meta,
                headers=asked.get("headers"),
                cookies=asked.get("cookies"),
                method=asked.get("method", "GET"),
            )

    def came(self, response: Response) -> None:
        self.listening = max(self.listening, listening_sockets())
        capture = capture_of(response, PageRef(PageKind.LIST, ""))
        file = capture.file
        self.results.append(
            {
                "url": response.url,
                "status": capture.status,
                "headers": capture.headers,
                "size": len(capture.body),
                "body": capture.body[:2000].decode("latin-1"),
                "sha256": hashlib.sha256(capture.body).hexdigest(),
                "requested_at": capture.requested_at,
                "duration_ms": capture.duration_ms,
                "class": type(response).__name__,
                "file": file and {"path": file.path, "sha256": file.sha256, "size": file.size, "head": file.head.hex()},
            }
        )

    def failed(self, failure: Failure) -> None:
        error: Any = failure.value
        self.results.append(
            {
                "url": failure.request.url,  # type: ignore[attr-defined]
                "error": type(error).__name__,
                "text": str(error),
                "size": getattr(error, "size", None),
                "declared": getattr(error, "declared", None),
            }
        )

    def on_robots(self, capture: Capture, sha256: str | None) -> None:
        self.robots.append({"status": capture.status, "sha256": sha256, "at": capture.requested_at, "url": capture.url})

    def on_closed(self, reason: str) -> None:
        self.reason = reason


def listening_sockets() -> int:
    """How many TCP sockets this process listens on (Linux)."""
    inodes = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            inodes.add(os.readlink(link))
        except FileNotFoundError:
            continue  # the descriptor that lists the folder
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes)


def main() -> None:
    job = json.load(sys.stdin)
    settings = Settings()
    settings.setmodule("scraper.crawl.settings")
    # The project's own spiders and its archive are not what is tested here.
    settings.set("SPIDER_MODULES", [])
    settings.set("ITEM_PIPELINES", {})
    settings.setdict(job.get("settings", {}))
    if not job.get("from_environment"):
        settings.set("WDTK_CONFIG", Config(site=Site.of(job["site"]), **job.get("config", {})))
    if job.get("fake_time"):
        settings.set("WDTK_TIME", FakeTime())
    if "file_limit" in job:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_limit"], job["file_limit"]))
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(JobSpider)
    task = process.crawl(crawler, job=job)
    process.start()
    error = task.exception()
    if error is not None:
        if not isinstance(error, (HostBusy, NotPermitted, BadConfig)):
            raise error
        print(json.dumps({"refused": type(error).__name__, "text": str(error)}))
        return
    spider = crawler.spider
    assert isinstance(spider, JobSpider)
    manners = Manners.of(crawler)
    print(
        json.dumps(
            {
                "results": spider.results,
                "robots": spider.robots,
                "reason": spider.reason,
                "ended": manners.ended and str(manners.ended),
                "stats": {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, (int, float, str))},
                "slept": getattr(manners.clock, "slept", None),
                "listening": spider.listening,
                "rss": peak_bytes(),
            }
        )
    )


if __name__ == "__main__":
    main()
