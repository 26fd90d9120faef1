"""Reading an answer's body from Twisted: bounded in time, strict about its end, leaving no torn file."""

from __future__ import annotations

import asyncio
from typing import cast

from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError, ResponseDataLossError
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Response as TxResponse
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH

from ..config import Config
from .body import Body, FileSink, MemorySink
from .refusals import TooLarge


async def read_body(answer: TxResponse, request: Request, config: Config, page_limit: int) -> bytes:
    """The body of an answer: its bytes, or none and a `FileOnDisk` in ``meta["file"]``.

    ``meta["to_disk"]`` names the file that a 200 goes to, capped by ``meta["download_maxsize"]`` or
    `Config.max_file_size` (bytes); all else comes in memory, capped by `page_limit`. The caller closes the connection
    where this raises TooLarge, UndecodableBody, ResponseDataLossError, DownloadTimeoutError, or OSError from the disk.
    """
    meta, url = request.meta, request.url
    to_disk = meta.get("to_disk") if answer.code == 200 else None
    if to_disk is None:
        limit, whole_s = page_limit, config.timeout_s
    else:
        limit, whole_s = meta.get("download_maxsize", config.max_file_size), config.file_timeout_s
    length = None if answer.length is UNKNOWN_LENGTH else cast("int", answer.length)
    if length is not None and length > limit:
        raise TooLarge(url, length, limit, declared=True)
    sink = MemorySink() if to_disk is None else FileSink(str(to_disk))
    try:
        body = Body(url, sink, limit, b",".join(answer.headers.getRawHeaders(b"Content-Encoding", ())).decode("latin-1"))
        if length == 0:
            body.finish()
        else:
            reader = _Reader(url, body, config.timeout_s, whole_s)
            answer.deliverBody(reader)  # type: ignore[no-untyped-call]
            await maybe_deferred_to_future(reader.done)
    except BaseException:
        sink.discard()
        raise
    if isinstance(sink, MemorySink):
        return sink.body
    meta["file"] = sink.file
    return b""


def abort(answer: TxResponse) -> None:
    """Close the connection of an answer that will not be read to its end; harmless where it was."""
    producer = answer._transport._producer
    if producer is not None:
        producer.abortConnection()


class _Reader(Protocol):
    """Hands what comes to `body` until it ends, fails, stalls for `stall_s` or takes longer than `whole_s`.

    `done` fires when the body is whole and kept.
    """

    def __init__(self, url: str, body: Body, stall_s: float, whole_s: float) -> None:
        self.done: Deferred[None] = Deferred()
        self._url, self._body, self._stall_s = url, body, stall_s
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._whole = self._loop.call_later(whole_s, self._late, f"was not complete within {whole_s:g} s")
        self._stall = self._loop.call_later(stall_s, self._check_stall)

    def dataReceived(self, data: bytes) -> None:
        if self.done.called:
            return
        self._heard = self._loop.time()
        try:
            self._body.feed(data)
        except Exception as error:  # noqa: BLE001  (whatever it is belongs to the request that waits)
            self._end(error)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.done.called:
            return
        whole = isinstance(reason.value, ResponseDone)
        if isinstance(reason.value, PotentialDataLoss):
            if not self._body.proves_its_end:
                self._end(ResponseDataLossError(f"{self._url}: no length, no chunks: nothing tells whether the body is whole"))
                return
            whole = True
        if not whole:
            lost = ResponseDataLossError(f"{self._url}: the connection ended before the body did")
            lost.__cause__ = reason.value
            self._end(lost)
            return
        try:
            self._body.finish()
        except Exception as error:  # noqa: BLE001  (as above)
            self._end(error)
        else:
            self._end(None)

    def _check_stall(self) -> None:
        quiet = self._loop.time() - self._heard
        if quiet < self._stall_s:
            self._stall = self._loop.call_later(self._stall_s - quiet, self._check_stall)
        else:
            self._late(f"stood still for {self._stall_s:g} s")

    def _late(self, how: str) -> None:
        self._end(DownloadTimeoutError(f"{self._url}: the body {how}"))

    def _end(self, error: Exception | None) -> None:
        self._whole.cancel()
        self._stall.cancel()
        if error is None:
            self.done.callback(None)
        else:
            self.done.errback(Failure(error))  # type: ignore[no-untyped-call]
