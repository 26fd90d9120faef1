"""Who waits for whom: a few long downloads keep no reader from a page."""

import asyncio
from typing import Any

import pytest
from datasette.app import Datasette

from scraper.explore import search_export, turns

DOWNLOAD = "/dogs/-/search.json?q=dogs"


class Visitor:
    """Asks for an address, and takes what is sent only after `goes_on`. `status` is 0 until an answer begins."""

    def __init__(self, datasette: Datasette, address: str) -> None:
        self.path, _, self.query = address.partition("?")
        self.app = datasette.client.app
        self.status, self.body, self.ended = 0, b"", False
        self.served, self.goes_on, self.leaves = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def visit(self) -> "Visitor":
        scope = {
            "type": "http",
            "method": "GET",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": [(b"host", b"localhost")],
            "scheme": "http",
        }
        await self.app(scope, self._receive, self._send)
        return self

    async def _receive(self) -> dict[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.served.set()
        await self.goes_on.wait()
        self.body += message["body"]
        self.ended = not message.get("more_body")


async def _asks(datasette: Datasette, address: str) -> Visitor:
    visitor = Visitor(datasette, address)
    visitor.goes_on.set()
    return await visitor.visit()


@pytest.fixture
def asked(dogs: Datasette) -> Datasette:
    """The filled archive in a Datasette of its own: what waits belongs to one event loop."""
    made = Datasette(list(dogs.files))
    asyncio.run(made.invoke_startup())
    return made


def test_slow_downloads_keep_nobody_from_a_page(asked: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_export, "ROWS_AT_A_TIME", 1)

    async def crowd() -> None:
        slow = [Visitor(asked, DOWNLOAD) for _ in range(2 * int(asked.setting("num_sql_threads")))]
        visits = [asyncio.ensure_future(each.visit()) for each in slow]
        for each in slow:
            await each.served.wait()
        assert (await _asks(asked, "/dogs/-/search?q=dogs")).status == 200
        assert (await _asks(asked, "/dogs/requests")).status == 200
        whole = await _asks(asked, DOWNLOAD)
        for each in slow:
            each.goes_on.set()
        await asyncio.gather(*visits)
        assert whole.ended
        assert whole.body.endswith(b"\n]\n")
        assert {(each.status, each.ended, each.body) for each in slow} == {(200, True, whole.body)}

    asyncio.run(asyncio.wait_for(crowd(), turns.WAIT_S * 6))


def test_whoever_leaves_a_download_is_read_nothing_more(asked: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_export, "ROWS_AT_A_TIME", 1)

    async def leave() -> Visitor:
        visitor = Visitor(asked, DOWNLOAD)
        visit = asyncio.ensure_future(visitor.visit())
        await visitor.served.wait()
        visitor.leaves.set()
        visitor.goes_on.set()
        return await visit

    left = asyncio.run(leave())
    assert not left.ended
    assert left.body.count(b'"found_in"') <= 1


def test_a_crowd_of_downloads_is_asked_to_come_back(asked: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns.Downloads, "crowded", True)

    async def both() -> tuple[int, int]:
        return (await _asks(asked, DOWNLOAD)).status, (await _asks(asked, "/dogs/-/search?q=dogs")).status

    assert asyncio.run(both()) == (503, 200)


def test_one_download_at_a_time_waits_before_the_queue() -> None:
    """A page that comes after many waiting downloads waits for two portions at most: that under way, and the next."""

    async def line_up() -> list[str]:
        queue = turns.Queue(1)
        downloads = turns.Downloads(queue, waiting_at_most=6)
        order: list[str] = []
        held = asyncio.Event()

        async def download(number: int) -> None:
            async with downloads.turn():
                order.append(f"portion {number}")
                await held.wait()

        async def page() -> None:
            assert await queue.enter()
            order.append("page")
            queue.leave()

        waiting = [asyncio.ensure_future(download(number)) for number in range(6)]
        while not order:
            await asyncio.sleep(0)
        assert downloads.crowded
        waiting.append(asyncio.ensure_future(page()))
        await asyncio.sleep(0)
        held.set()
        await asyncio.gather(*waiting)
        assert not downloads.crowded
        return order

    assert asyncio.run(line_up()).index("page") <= 2
