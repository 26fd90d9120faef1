"""The gate: Scrapy's HTTP/1.1 download handler with everything that a request must pass before it leaves.

It stands at the last place before the network, so nothing goes round it: neither a request made by a component of
Scrapy, nor those that wait while robots.txt is fetched, nor that for robots.txt itself. It uses the parts of Scrapy
2.19 that make connections (pool, TLS, resolver) and reads answers itself: bounded in time and size, strict about their
end, to a file where asked.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import Agent
from twisted.web.client import Response as TxResponse
from twisted.web.http_headers import Headers as TxHeaders
from twisted.web.iweb import IResponse

from ..records import Capture, PageRef
from ..urls import Site
from .capture import capture_of
from .manners import Manners
from .reader import abort, read_body
from .refusals import CrawlEnded, ForbiddenByRobots, Refused, Stopping, WrongHost
from .retry_after import retry_after_s
from .robots import Robots, robots_fetched

MAX_HEADER_BYTES = 256 * 1024
"""All header lines of an answer together; Scrapy caps the single line only."""
MAX_URL = 8000
"""What common servers take; a longer address was not made by the site."""

Wire = tuple[tuple[str, str], ...]


class PoliteHandler(HTTP11DownloadHandler):
    """Download handler for http and https.

    Raises what `refusals` names, and Scrapy's own download exceptions.
    """

    def __init__(self, crawler: Crawler) -> None:
        from twisted.internet import reactor

        super().__init__(crawler)
        self._manners = Manners.of(crawler)
        self._config = self._manners.config
        self._pool._factory = _WireFactory
        # Twisted would send a request again, uncounted, where a kept connection turns out to be closed.
        self._pool.retryAutomatically = False
        self._agent = Agent(  # type: ignore[no-untyped-call]
            reactor, self._contextFactory, connectTimeout=self._config.timeout_s, pool=self._pool
        )
        self._robots = Robots(
            self._config.site,
            self._fetch_robots,
            self._manners.clock.monotonic,
            self._robots_fetched,
            self._manners.pace.crawl_delay,
        )
        self._headers = {"User-Agent": [self._config.user_agent], "Accept": ["*/*"], "Accept-Language": [self._config.language]}
        if self._config.mail:
            self._headers["From"] = [self._config.mail]

    async def download_request(self, request: Request) -> Response:
        try:
            if self._manners.ended is not None:
                raise self._manners.ended
            judge(self._config.site, request)
            await self._robots.check(request.url)
            return await self._send(request)
        except ForbiddenByRobots:
            self._crawler.stats.inc_value("wdtk/forbidden_by_robots")
            raise
        except Stopping:
            raise
        except CrawlEnded as why:
            self._manners.end(why)
            raise

    async def _fetch_robots(self, url: str, ref: PageRef) -> Capture:
        request = Request(url)
        judge(self._config.site, request)
        response = await self._send(request)
        response.request = request
        return capture_of(response, ref)

    def _robots_fetched(self, capture: Capture, sha256: str | None) -> None:
        self._crawler.signals.send_catch_log(signal=robots_fetched, capture=capture, sha256=sha256)

    async def _send(self, request: Request) -> Response:
        """Wait for the turn, ask, and read the answer. Leaves `requested_at` in the meta of what failed, too."""
        stats, meta = self._crawler.stats, request.meta
        await self._manners.pace.turn()
        stats.set_value("wdtk/http_requests", self._manners.pace.sent)
        stats.set_value("wdtk/waited_s", round(self._manners.pace.waited_s, 3))
        meta.pop("file", None)
        meta["requested_at"] = self._config.clock.now_text()
        began = monotonic()
        try:
            with wrap_twisted_exceptions():
                answer = await self._ask(request)
            try:
                meta["download_latency"] = monotonic() - began
                meta["wire_headers"] = wire = wire_headers(answer)
                self._learn(answer.code, wire, meta["download_latency"])
                body = await read_body(answer, request, self._config, self._default_maxsize)
            except BaseException:
                abort(answer)
                raise
        finally:
            meta["duration_ms"] = round((monotonic() - began) * 1000)
        headers = Headers(pair for pair in wire if pair[0] != "content-encoding")
        cls = Response if "file" in meta else responsetypes.from_args(headers=headers, url=request.url, body=body)
        return cls(url=request.url, status=answer.code, headers=headers, body=body)

    async def _ask(self, request: Request) -> TxResponse:
        """The answer up to its headers, within `Config.timeout_s`."""
        timeout = self._config.timeout_s
        asked: Deferred[IResponse] = self._agent.request(b"GET", request.url.encode("ascii"), self._request_headers(request))
        late = False

        def give_up() -> None:
            nonlocal late
            late = True
            asked.cancel()

        timer = asyncio.get_running_loop().call_later(timeout, give_up)
        try:
            return cast("TxResponse", await maybe_deferred_to_future(asked))
        except Exception as error:
            if late:
                raise DownloadTimeoutError(f"{request.url} did not answer within {timeout:g} s") from error
            raise
        finally:
            timer.cancel()

    def _request_headers(self, request: Request) -> TxHeaders:
        """Ours, and a condition where the request has one. No cookie, no referer, nothing that anybody else set."""
        headers = TxHeaders(self._headers)
        headers.setRawHeaders("Accept-Encoding", ["identity" if "to_disk" in request.meta else "gzip"])
        for name in ("If-None-Match", "If-Modified-Since"):
            value = request.headers.get(name)
            if value is not None:
                headers.setRawHeaders(name, [value.decode("latin-1")])
        return headers

    def _learn(self, status: int, wire: Wire, latency_s: float) -> None:
        asked = _first(wire, "retry-after")
        wait = retry_after_s(asked, _first(wire, "date"), self._manners.clock.wall()) if asked else None
        self._manners.pace.answered(latency_s, status, wait)


def judge(site: Site, request: Request) -> None:
    """Raise WrongHost for an address that is not the site's, and Refused for what we never send."""
    if not request.url.startswith(site.base + "/"):
        raise WrongHost(f"{request.url[:200]} is not on {site.base}")
    if request.method != "GET" or request.body:
        raise Refused(f"{request.method} {request.url}: we only read, by GET")
    if len(request.url) > MAX_URL:
        raise Refused(f"an address of {len(request.url)} characters: {request.url[:200]}")


def _first(wire: Wire, name: str) -> str | None:
    return next((value for key, value in wire if key == name), None)


def wire_headers(answer: TxResponse) -> Wire:
    """An answer's headers in the order and number they came in, names in lower case."""
    came: list[tuple[bytes, bytes]] = cast("Any", answer)._wdtk_wire
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in came)


class _WireParser(_LenientHTTPClientParser):
    """Twisted sorts headers by kind and drops their order; this keeps them as they came, up to a size.

    The state is on the response, because Scrapy sets the class of a parser that exists already.
    """

    def statusReceived(self, status: bytes) -> None:
        super().statusReceived(status)  # type: ignore[no-untyped-call]
        self.response._wdtk_wire = []
        self.response._wdtk_wire_bytes = 0

    def headerReceived(self, name: bytes, value: bytes) -> None:
        self.response._wdtk_wire.append((name, value))
        self.response._wdtk_wire_bytes += len(name) + len(value)
        if self.response._wdtk_wire_bytes > MAX_HEADER_BYTES:
            raise ValueError(f"more than {MAX_HEADER_BYTES} bytes of headers")
        super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _WireProtocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Deferred[IResponse]:
        asked = super().request(request)
        self._parser.__class__ = _WireParser
        return asked


class _WireFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        return _WireProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
