"""The crawl: polite transport over Scrapy, and the pages it is told to fetch.

One gate stands between Scrapy and the network: `handler.PoliteHandler`, the only download handler. Each request, that
for robots.txt included, passes in this order: the site's own host or refused, robots.txt, budget, pace, network.

How to start it: pass ``WDTK_CONFIG`` (a `scraper.config.Config`) with Scrapy's settings, or let the spider's
``from_crawler`` set it; without it the WDTK_* environment is read. ``crawler.crawl()`` fails at once with
`NotPermitted`, `BadConfig` or `HostBusy` (exit 75) of `scraper.config`, before any connection.

Public names

- `settings`: Scrapy settings module ``scraper.crawl.settings``.
- `refusals`: why a request did not leave, all of them `scrapy.exceptions.IgnoreRequest`, so an errback gets them as
  ``failure.value``: `ForbiddenByRobots`, `WrongHost`; and those that also end the crawl (`CrawlEnded`, whose
  ``reason`` is the spider's closing reason and whose text says why): `RobotsUnavailable` (``robots``),
  `BudgetUsedUp` (``budget``), `AskedToWait` (``asked_to_wait``); and `Stopping` (others are closing the crawl).
  And what came of an answer: `TooLarge` (``size``, ``limit``), `UndecodableBody`.
  Scrapy's own: `DownloadTimeoutError`, `ResponseDataLossError` (truncated), `DownloadFailedError`,
  `DownloadConnectionRefusedError`, `CannotResolveHostError`.
- `manners.Manners`: the extension that holds host lock, pace, robots and the reason the crawl ended:
  ``Manners.of(crawler).ended`` is the `CrawlEnded` that ended it, or None.
- `robots.robots_fetched`: signal, ``send_catch_log(signal=robots_fetched, capture=Capture, sha256=str | None)``, sent
  for each robots.txt that could be had, whatever its status; ``sha256`` is None where it is not 200.
- `capture.capture_of(response, ref) -> Capture`.
- ``request.meta``: ``to_disk`` (path): a 200 body goes to that file, and ``meta["file"]`` is a `FileOnDisk`; other
  statuses come in memory. ``download_maxsize`` (bytes) caps it. The handler adds ``requested_at`` (UTC text) and
  ``duration_ms``, to what failed after it left too, and ``wire_headers``.
- request headers: ``If-None-Match`` and ``If-Modified-Since`` are sent verbatim; all others are the handler's.
- statistics: ``wdtk/http_requests``, ``wdtk/forbidden_by_robots``, ``wdtk/waited_s``.
"""
