"""robots.txt as RFC 9309 has it: fetched before the first request and again after a day, or the crawl ends.

The rules are matched with wildcards (site-contract.md section 2), against the name we go by and nothing else of the
User-Agent, and the answer to each question is the same for loopback.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin

from protego import Protego
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)

from ..config import PRODUCT
from ..records import Capture, PageKind, PageRef
from ..urls import Site, build
from .refusals import BadAnswer, ForbiddenByRobots, RobotsUnavailable, WrongHost

MAX_AGE_S = 24 * 3600.0
"""RFC 9309, section 2.4: a copy should not be used for longer."""
MAX_HOPS = 5
"""RFC 9309, section 2.3.1.2."""
MAX_BYTES = 512 * 1024
"""RFC 9309, section 2.5: a parser has to read 500 KiB; what is behind is not read."""

REF = PageRef(PageKind.ROBOTS, "")
NETWORK_ERRORS = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    BadAnswer,
    OSError,
)

robots_fetched = object()
"""Signal: ``capture`` (Capture) and ``sha256`` (of the body, None where the status is not 200) of a usable robots.txt."""


class Robots:
    """The rules of one site.

    `fetch` asks for an address of the site, following nothing; `clock` is a clock in seconds that never runs
    backwards; `fetched` is told of each usable answer and `crawl_delay` of the seconds that the rules ask for.
    """

    def __init__(
        self,
        site: Site,
        fetch: Callable[[str, PageRef], Awaitable[Capture]],
        clock: Callable[[], float],
        fetched: Callable[[Capture, str | None], None],
        crawl_delay: Callable[[float], None],
    ) -> None:
        self._site, self._fetch, self._clock, self._fetched, self._crawl_delay = site, fetch, clock, fetched, crawl_delay
        self._rules: Protego | None = None
        self._expires = 0.0
        self._fetching: asyncio.Task[Protego] | None = None

    async def check(self, url: str) -> None:
        """Return where the rules allow the address.

        Raises ForbiddenByRobots, or RobotsUnavailable where there are no rules to be had. All who ask while the rules
        are being fetched wait for that one fetch.
        """
        rules = self._rules
        if rules is None or self._clock() >= self._expires:
            if self._fetching is None:
                self._fetching = asyncio.ensure_future(self._get())
                self._fetching.add_done_callback(self._got)
            rules = await asyncio.shield(self._fetching)
        if not rules.can_fetch(url, PRODUCT):
            raise ForbiddenByRobots(f"robots.txt forbids {url}")

    def _got(self, task: asyncio.Task[Protego]) -> None:
        self._fetching = None
        if not task.cancelled() and task.exception() is None:
            self._rules, self._expires = task.result(), self._clock() + MAX_AGE_S

    async def _get(self) -> Protego:
        url = build(self._site, REF)
        for _ in range(MAX_HOPS + 1):
            try:
                capture = await self._fetch(url, REF)
            except NETWORK_ERRORS as error:
                raise RobotsUnavailable(f"{url} could not be had: {str(error) or type(error).__name__}") from error
            except WrongHost as error:
                raise RobotsUnavailable(f"robots.txt is redirected away from {self._site.base}: {error}") from error
            if not 300 <= capture.status < 400:
                return self._read(capture)
            url = self._hop(capture)
        raise RobotsUnavailable(f"robots.txt is redirected more than {MAX_HOPS} times, at last to {url}")

    def _hop(self, capture: Capture) -> str:
        location = capture.header("location")
        if not location:
            raise RobotsUnavailable(f"{capture.url} answers {capture.status} and no place to go")
        try:
            return urljoin(capture.url, location)
        except ValueError as error:
            raise RobotsUnavailable(f"{capture.url} redirects to no address: {location[:200]!r}") from error

    def _read(self, capture: Capture) -> Protego:
        """The rules of an answer that is no redirect. 4xx means that there are none, and all is allowed."""
        status = capture.status
        if status == 429 or not (200 <= status < 300 or 400 <= status < 500) or _challenge(capture):
            raise RobotsUnavailable(f"{capture.url} answers {status}{' with a page' if _is_html(capture) else ''}")
        text = capture.body[:MAX_BYTES].decode("utf-8-sig", "ignore") if status < 300 else ""
        rules = Protego.parse(text)
        delay = rules.crawl_delay(PRODUCT)
        if delay:
            self._crawl_delay(delay)
        self._fetched(capture, hashlib.sha256(capture.body).hexdigest() if status == 200 else None)
        return rules


def _challenge(capture: Capture) -> bool:
    """A page where rules should be: a challenge (site-contract.md section 0), a maintenance page, a login.

    404 and its like may bring a page along: that is how a site says that it has no robots.txt.
    """
    if capture.header("cf-mitigated") is not None:
        return True
    return (200 <= capture.status < 300 or capture.status in (401, 403)) and _is_html(capture)


def _is_html(capture: Capture) -> bool:
    if "html" in (capture.header("content-type") or "").lower():
        return True
    return capture.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
