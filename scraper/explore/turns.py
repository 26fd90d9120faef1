"""How many expensive answers are made at a time, so that a few long queries cannot keep all readers waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from .archives import archives

if TYPE_CHECKING:
    from datasette.app import Datasette

ASGI = Callable[[Any, Any, Any], Awaitable[None]]

WAITING_AT_MOST = 20
"""More than this many are sent away at once."""

WAIT_S = 10.0
"""Nobody waits longer than this for a place; with Datasette's own limit for a query that is all a reader waits."""

LIGHT = ("request/", "authority/", "batch/", "user/", "file/", "bytes/", "changes", "health", "about")
"""Our own pages that look things up by their numbers. They need no place: all others may ask for anything."""


DOWNLOADS = ("search.csv", "search.json")
"""Our own pages that are made while they are sent, and take their turns themselves."""

LINE = "wdtk_downloads"
"""Where a download finds its `Downloads`, in the scope of the request."""


class Queue:
    """`places` at a time; the others wait, or are told to come back (503 with Retry-After)."""

    def __init__(self, places: int, waiting_at_most: int = WAITING_AT_MOST, wait_s: float = WAIT_S) -> None:
        self._places = asyncio.Semaphore(places)
        self._waiting_at_most, self._wait_s = waiting_at_most, wait_s
        self._waiting = 0

    async def enter(self) -> bool:
        """Waits for a place; False where there is none to be had. Every True needs a `leave`."""
        if self._places.locked() and self._waiting >= self._waiting_at_most:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def enter_at_last(self) -> None:
        """Waits for a place however long it takes, and counts for none of those who wait."""
        await self._places.acquire()

    def leave(self) -> None:
        self._places.release()


class Downloads:
    """Where long downloads wait, one of them before the queue at a time.

    Each takes a place for as long as it reads a portion, and none while a slow reader takes what was sent.
    """

    def __init__(self, queue: Queue, waiting_at_most: int = WAITING_AT_MOST) -> None:
        self._queue, self._waiting_at_most = queue, waiting_at_most
        self._first = asyncio.Lock()
        self._waiting = 0

    @property
    def crowded(self) -> bool:
        """Whether no further download should begin."""
        return self._waiting >= self._waiting_at_most

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place for one portion."""
        self._waiting += 1
        try:
            async with self._first:
                await self._queue.enter_at_last()
                try:
                    yield
                finally:
                    self._queue.leave()
        finally:
            self._waiting -= 1


def limited(datasette: Datasette, app: ASGI) -> ASGI:
    """The application with a queue before what is expensive.

    One of Datasette's threads for queries is always left to pages that only look things up.
    """
    queue = Queue(max(1, int(datasette.setting("num_sql_threads")) - 1))
    downloads = Downloads(queue)

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not archives(datasette) or not _expensive(scope["path"], datasette.setting("base_url")):
            await app({**scope, LINE: downloads}, receive, send)
            return
        if not await queue.enter():
            await busy(send)
            return
        try:
            await app(scope, receive, send)
        finally:
            queue.leave()

    return asgi


def _expensive(path: str, base_url: str) -> bool:
    parts = path.removeprefix(base_url).lstrip("/").split("/", 2)
    if parts[0] in ("", "-", "robots.txt", "favicon.ico"):
        return False
    return not (len(parts) == 3 and parts[1] == "-" and (parts[2].startswith(LIGHT) or parts[2] in DOWNLOADS))


async def busy(send: Any) -> None:
    """Asks to come back."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"10"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"Many people are asking at the moment. Please try again soon.\n"})
