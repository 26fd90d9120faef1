from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from scrapy.exceptions import DownloadTimeoutError

from scraper.crawl.refusals import ForbiddenByRobots, RobotsUnavailable
from scraper.crawl.robots import MAX_AGE_S, Robots
from scraper.records import Capture, PageKind, PageRef
from scraper.urls import Site

from .conftest import Crawl
from .server import Answer, Server

TEXT = [("Content-Type", "text/plain")]
HTML = [("Content-Type", "text/html; charset=utf-8")]
SITE = Site.of("http://127.0.0.1:1")


def rules(text: str) -> Answer:
    return Answer(headers=TEXT, body=text.encode())


@pytest.mark.parametrize("concurrency", [1, 16])
def test_none_of_the_forbidden_addresses_that_wait_for_robots_is_fetched(server: Server, crawl: Crawl, concurrency: int) -> None:
    server.answers["/robots.txt"] = rules("User-agent: *\nDisallow: /no\n")
    server.answers["/yes"] = Answer(headers=HTML, body=b"yes")
    settings = {"CONCURRENT_REQUESTS": concurrency, "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency}
    told = crawl(*[f"/no/{number}" for number in range(8)], "/yes", settings=settings)
    assert server.targets == ["/robots.txt", "/yes"]
    assert [result.get("error") for result in told["results"]].count("ForbiddenByRobots") == 8
    assert told["stats"]["wdtk/forbidden_by_robots"] == 8
    assert told["stats"]["wdtk/http_requests"] == 2
    assert told["reason"] == "finished"


def test_wildcards_and_ends_and_the_longest_rule(server: Server, crawl: Crawl) -> None:
    server.answers["/robots.txt"] = rules(
        "User-agent: *\nDisallow: */tor*\nDisallow: /*.pdf$\nDisallow: /feed/\nAllow: /feed/open\n"
    )
    paths = ["/body/torbay", "/request/history", "/x/a.pdf", "/x/a.pdf?b=1", "/feed/x", "/feed/open/y", "/a/tor"]
    crawl(*paths)
    assert server.targets == ["/robots.txt", "/request/history", "/x/a.pdf?b=1", "/feed/open/y"]


def test_a_group_for_us_counts_and_what_the_contact_says_does_not(server: Server, crawl: Crawl) -> None:
    server.answers["/robots.txt"] = rules(
        "User-agent: *\nDisallow: /\n\nUser-agent: wdtk-archive\nDisallow: /no\n\nUser-agent: goodbot-example\nDisallow: /\n"
    )
    crawl("/yes", "/no", config={"contact": "https://example.org/goodbot-example"})
    assert server.targets == ["/robots.txt", "/yes"]


def test_loopback_obeys_too_and_robots_itself_may_be_asked_for(server: Server, crawl: Crawl) -> None:
    server.answers["/robots.txt"] = rules("User-agent: *\nDisallow: /\n")
    told = crawl("/a")
    assert server.targets == ["/robots.txt"]
    assert told["results"][0]["error"] == "ForbiddenByRobots"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, HTML, b"<html>nothing here</html>"),
        Answer(410, TEXT, b"gone"),
        Answer(403, TEXT, b"no"),
        Answer(204),
        Answer(200, TEXT, b""),
        Answer(200, [], b"\xef\xbb\xbfUser-agent: *\nDisallow:\n\xff\xfe"),
    ],
    ids=["404", "410", "403 text", "204", "empty", "odd bytes"],
)
def test_no_rules_allow_everything(server: Server, crawl: Crawl, answer: Answer) -> None:
    server.answers["/robots.txt"] = answer
    told = crawl("/a")
    assert server.targets == ["/robots.txt", "/a"]
    assert told["reason"] == "finished"
    expected = hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else None  # type: ignore[arg-type]
    assert [(robots["status"], robots["sha256"]) for robots in told["robots"]] == [(answer.status, expected)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, TEXT, b"oops"),
        Answer(503, HTML, b"<html>later</html>"),
        Answer(429, TEXT, b"slow down"),
        Answer(drop=True),
        Answer(hang=True, length=10),
        Answer(200, TEXT, b"User-agent: *\nDis", length=100, cut=17),
        Answer(200, HTML, b"<!DOCTYPE html><html>checking your browser</html>"),
        Answer(200, TEXT, b"\n <html>wait</html>"),
        Answer(403, HTML, b"<html>Just a moment</html>"),
        Answer(404, [("Cf-Mitigated", "challenge"), *HTML], b"<html></html>"),
        Answer(302, [("Location", "https://elsewhere.example.org/robots.txt")]),
        Answer(302, [("Location", "/robots.txt")]),
        Answer(302, [("Location", "http://[bad/")]),
        Answer(302),
        Answer(200, [*TEXT, ("Content-Encoding", "br")], b"x"),
    ],
    ids=[
        *("500", "503", "429", "dropped", "silent", "truncated", "page", "page as text", "challenge 403", "challenge 404"),
        *("other host", "loop", "bad place", "no place", "encoding"),
    ],
)
def test_rules_that_cannot_be_had_end_the_crawl(server: Server, crawl: Crawl, answer: Answer) -> None:
    server.answers["/robots.txt"] = answer
    told = crawl("/a", "/b", config={"timeout_s": 1.0})
    assert set(server.targets) == {"/robots.txt"}
    assert told["reason"] == "robots"
    assert told["results"][0]["error"] == "RobotsUnavailable"
    assert told["ended"] == told["results"][0]["text"]
    assert "robots.txt" in told["ended"]
    assert told["robots"] == []


def test_a_redirect_on_the_same_host_is_followed_five_times(server: Server, crawl: Crawl) -> None:
    for hop in range(5):
        place = f"/hop{hop}"
        server.answers["/robots.txt" if hop == 0 else f"/hop{hop - 1}"] = Answer(301, [("Location", place)])
    server.answers["/hop4"] = rules("User-agent: *\nDisallow: /no\n")
    told = crawl("/no", "/yes")
    assert server.targets == ["/robots.txt", "/hop0", "/hop1", "/hop2", "/hop3", "/hop4", "/yes"]
    assert told["stats"]["wdtk/http_requests"] == 7


def test_crawl_delay_raises_the_pace(server: Server, crawl: Crawl) -> None:
    server.answers["/robots.txt"] = rules("User-agent: *\nCrawl-delay: 12\nDisallow: /no\n")
    told = crawl("/a", "/b", "/no", "/c", fake_time=True)
    assert server.targets == ["/robots.txt", "/a", "/b", "/c"]
    assert sum(told["slept"]) == pytest.approx(24.0)  # robots.txt had left before the delay was known


class Scripted:
    """Answers that `Robots` gets, and the clock it looks at."""

    def __init__(self, *answers: Capture | Exception) -> None:
        self.answers, self.asked, self.now = list(answers), 0, 0.0
        self.told: list[tuple[int, str | None]] = []
        self.ready = asyncio.Event()
        self.robots = Robots(SITE, self.fetch, lambda: self.now, self.fetched, lambda seconds: None)

    async def fetch(self, url: str, ref: PageRef) -> Capture:
        self.asked += 1
        await self.ready.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def fetched(self, capture: Capture, sha256: str | None) -> None:
        self.told.append((capture.status, sha256))


def capture(body: bytes, status: int = 200) -> Capture:
    return Capture(PageRef(PageKind.ROBOTS, ""), SITE.base + "/robots.txt", status, (), body, "2026-11-22T00:00:00Z")


def run(test: Callable[[], Any]) -> None:
    asyncio.run(test())


def test_one_fetch_is_awaited_by_all() -> None:
    async def test() -> None:
        scripted = Scripted(capture(b"User-agent: *\nDisallow: /no"))
        waiting = [asyncio.ensure_future(scripted.robots.check(f"{SITE.base}/no/{number}")) for number in range(8)]
        allowed = asyncio.ensure_future(scripted.robots.check(f"{SITE.base}/yes"))
        scripted.ready.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        await allowed
        assert [type(result) for result in results] == [ForbiddenByRobots] * 8
        assert scripted.asked == 1

    run(test)


def test_all_who_wait_learn_that_it_failed() -> None:
    async def test() -> None:
        scripted = Scripted(DownloadTimeoutError("late"))
        scripted.ready.set()
        waiting = [scripted.robots.check(f"{SITE.base}/{number}") for number in range(3)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [RobotsUnavailable] * 3
        assert "late" in str(results[0])

    run(test)


def test_it_is_read_again_after_a_day() -> None:
    async def test() -> None:
        scripted = Scripted(
            capture(b"User-agent: *\nDisallow: /no"), capture(b"User-agent: *\nDisallow: /yes"), capture(b"", 503)
        )
        scripted.ready.set()
        await scripted.robots.check(SITE.base + "/yes")
        scripted.now = MAX_AGE_S - 1
        await scripted.robots.check(SITE.base + "/yes")
        assert scripted.asked == 1
        scripted.now = MAX_AGE_S
        with pytest.raises(ForbiddenByRobots):
            await scripted.robots.check(SITE.base + "/yes")
        await scripted.robots.check(SITE.base + "/no")
        assert scripted.asked == 2
        scripted.now = 2 * MAX_AGE_S
        with pytest.raises(RobotsUnavailable, match="503"):
            await scripted.robots.check(SITE.base + "/no")
        assert len(scripted.told) == 2

    run(test)


def test_rules_made_to_be_slow_are_not() -> None:
    async def test() -> None:
        lines = "".join(f"Disallow: /{'*a' * 200}b{number}$\n" for number in range(200))
        scripted = Scripted(capture(f"User-agent: *\n{lines}".encode()))
        scripted.ready.set()
        await scripted.robots.check(SITE.base + "/" + "a" * 7000)

    run(test)
