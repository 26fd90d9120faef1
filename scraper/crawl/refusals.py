"""Why a request did not leave, why a crawl ended, and what was wrong with an answer."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class Refused(IgnoreRequest):
    """A request that we did not send. The text says why."""


class WrongHost(Refused):
    """An address of another host, port or scheme than the site's, where a redirect or a link may have led."""


class ForbiddenByRobots(Refused):
    """The served robots.txt forbids the address to us."""


class CrawlEnded(Refused):
    """No request leaves any more. `reason` is the closing reason of the spider."""

    reason = "ended"


class RobotsUnavailable(CrawlEnded):
    """robots.txt could not be had, so everything counts as forbidden (RFC 9309, section 2.3.1.4)."""

    reason = "robots"


class BudgetUsedUp(CrawlEnded):
    """The run has made as many requests as it was given."""

    reason = "budget"


class AskedToWait(CrawlEnded):
    """The site asked for a longer wait than a run should sit out."""

    reason = "asked_to_wait"


class Stopping(CrawlEnded):
    """The crawl is being closed, by a signal or by the spider, while the request was waiting its turn."""

    reason = "stopping"


class BadAnswer(Exception):
    """An answer that came but cannot be kept."""


class TooLarge(BadAnswer):
    """A body above its cap, aborted at once.

    `size` is in bytes: the declared length where `declared`, else what had come, decoded, when it passed `limit`.
    """

    def __init__(self, url: str, size: int, limit: int, *, declared: bool) -> None:
        super().__init__(f"{url}: {size} bytes {'declared' if declared else 'received'}, more than {limit}")
        self.url, self.size, self.limit, self.declared = url, size, limit, declared


class UndecodableBody(BadAnswer):
    """A Content-Encoding that we did not ask for and cannot undo, or a broken one."""
