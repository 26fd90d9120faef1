from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from scraper.config import BadConfig, Config, HostBusy
from scraper.crawl.pace import MAX_HOLD_S, HostState, Pace, state_folder
from scraper.crawl.refusals import AskedToWait, BudgetUsedUp, Stopping
from scraper.crawl.retry_after import retry_after_s
from scraper.urls import Site

from .child import FakeTime
from .conftest import ROOT, Crawl
from .server import Answer, Server

PUBLIC = Config(Site.of("https://foi.example.org"))
LOCAL = Config(Site.of("http://127.0.0.1:8000"))


class Run:
    """A run's pace against time that passes only by sleeping; runs of one folder come one after another."""

    def __init__(self, folder: Path, config: Config = PUBLIC, clock: FakeTime | None = None) -> None:
        self.clock = clock or FakeTime()
        self.state = HostState(folder, config.site.host)
        self.state.acquire()
        self.pace = Pace(config, self.state, self.clock)
        self.began = self.clock.now

    def turns(self, number: int) -> list[float]:
        """When requests left, in seconds since the run began."""

        async def go() -> list[float]:
            left = []
            for _ in range(number):
                await self.pace.turn()
                left.append(self.clock.now - self.began)
            return left

        return asyncio.run(go())

    def end(self) -> None:
        self.state.release()


def test_the_floor_holds_between_requests(tmp_path: Path) -> None:
    assert Run(tmp_path).turns(4) == pytest.approx([0, 5, 10, 15])


def test_loopback_does_not_wait(tmp_path: Path) -> None:
    run = Run(tmp_path, LOCAL)
    assert run.turns(50) == [0.0] * 50
    assert run.clock.slept == []


def test_many_at_once_go_one_by_one(tmp_path: Path) -> None:
    run = Run(tmp_path)

    async def go() -> list[float]:
        async def one() -> float:
            await run.pace.turn()
            return run.clock.now - run.began

        return sorted(await asyncio.gather(*(one() for _ in range(4))))

    left = asyncio.run(go())
    assert [round(after - before, 3) >= 5 for before, after in pairwise(left)] == [True] * 3


def test_a_slow_site_gets_twice_its_time(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.turns(1)
    run.clock.now += 20  # the time the answer took
    run.pace.answered(20.0, 200, None)
    assert run.turns(2) == pytest.approx([40, 45])


def test_a_slow_loopback_server_does_not(tmp_path: Path) -> None:
    run = Run(tmp_path, LOCAL)
    run.turns(1)
    run.pace.answered(20.0, 200, None)
    assert run.turns(1) == [0.0]


def test_a_429_halves_the_pace_for_the_rest_of_the_run(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.turns(1)
    run.pace.answered(0.1, 429, None)
    assert run.turns(3) == pytest.approx([9.9, 19.9, 29.9])


@pytest.mark.parametrize("status", [200, 302, 403, 429, 503])
def test_retry_after_holds_every_request(tmp_path: Path, status: int) -> None:
    run = Run(tmp_path, LOCAL)
    run.turns(1)
    run.pace.answered(0.0, status, 90.0)
    assert run.turns(2) == pytest.approx([90, 90])


def test_a_longer_wait_than_an_hour_ends_the_run_and_the_next(tmp_path: Path) -> None:
    clock = FakeTime()
    run = Run(tmp_path, LOCAL, clock)
    run.turns(1)
    run.pace.answered(0.0, 503, 7200.0)
    with pytest.raises(AskedToWait, match="7200 s more"):
        run.turns(1)
    run.end()
    clock.now += 60
    early = Run(tmp_path, LOCAL, clock)
    with pytest.raises(AskedToWait, match=r"7140 s more.*127\.0\.0\.1_8000\.pace"):
        early.turns(1)
    early.end()
    clock.now += 7000
    assert Run(tmp_path, LOCAL, clock).turns(1) == pytest.approx([140])


def test_a_mistaken_retry_after_does_not_bind_for_good(tmp_path: Path) -> None:
    clock = FakeTime()
    run = Run(tmp_path, LOCAL, clock)
    run.pace.answered(0.0, 503, 1e11)
    run.end()
    clock.now += MAX_HOLD_S + 1
    assert Run(tmp_path, LOCAL, clock).turns(1) == [0.0]


def test_two_runs_after_each_other_keep_the_floor(tmp_path: Path) -> None:
    clock = FakeTime()
    first = Run(tmp_path, PUBLIC, clock)
    first.turns(1)
    first.end()
    clock.now += 2
    assert Run(tmp_path, PUBLIC, clock).turns(1) == pytest.approx([3])


def test_a_clock_set_back_does_not_stop_the_runs(tmp_path: Path) -> None:
    clock = FakeTime()
    first = Run(tmp_path, PUBLIC, clock)
    first.turns(1)
    first.end()
    clock.now -= 10 * 86400
    assert Run(tmp_path, PUBLIC, clock).turns(1) == pytest.approx([5])


def test_a_damaged_pace_file_counts_as_a_request_just_made(tmp_path: Path) -> None:
    (tmp_path / "foi.example.org.pace").write_bytes(b"\xff\x00 not numbers")
    state = HostState(tmp_path, "foi.example.org")
    state.acquire()
    clock = FakeTime(state.next_at)
    run_pace = Pace(PUBLIC, state, clock)
    state.save()
    assert (tmp_path / "foi.example.org.pace").read_text().split()[1] == f"{0:020.3f}"
    asyncio.run(run_pace.turn())
    assert run_pace.sent == 1


def test_the_budget_counts_each_request(tmp_path: Path) -> None:
    run = Run(tmp_path, Config(LOCAL.site, budget=3))
    assert len(run.turns(3)) == 3
    with pytest.raises(BudgetUsedUp, match="3 requests"):
        run.turns(1)
    assert run.pace.sent == 3


def test_who_waits_is_let_go_when_the_crawl_is_closed(tmp_path: Path) -> None:
    clock = FakeTime()
    state = HostState(tmp_path, "foi.example.org")
    state.acquire()
    pace = Pace(PUBLIC, state, clock, stopping=lambda: sum(clock.slept) >= 2)
    asyncio.run(pace.turn())
    with pytest.raises(Stopping):
        asyncio.run(pace.turn())
    assert sum(clock.slept) == 2


def test_one_run_for_each_host(tmp_path: Path) -> None:
    first = HostState(tmp_path, "127.0.0.1:8000")
    first.acquire()
    other = HostState(tmp_path, "127.0.0.1:8001")
    other.acquire()
    second = HostState(tmp_path, "127.0.0.1:8000")
    with pytest.raises(HostBusy, match=r"127\.0\.0\.1:8000"):
        second.acquire()
    first.release()
    second.acquire()
    for state in (first, second, other):
        state.release()
        state.release()


def test_a_killed_run_lets_go(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from scraper.crawl.pace import HostState\n"
        "state = HostState(Path(sys.argv[1]), 'foi.example.org'); state.acquire()\n"
        "state.next_at = 5.0; state.save(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    state = HostState(tmp_path, "foi.example.org")
    state.acquire()
    assert state.next_at == 5.0
    state.release()


def test_a_state_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfig, match="WDTK_STATE_DIR"):
        HostState(tmp_path / "file", "foi.example.org").acquire()


def test_where_the_state_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WDTK_STATE_DIR", str(tmp_path))
    assert state_folder() == tmp_path
    monkeypatch.delenv("WDTK_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "wdtk-archive"


NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("120", None, 120.0),
        (" 0 ", None, 0.0),
        ("9" * 400, None, 999999999999.0),
        ("Mon, 21 Sep 2026 14:14:20 GMT", "Mon, 21 Sep 2026 14:13:20 GMT", 60.0),
        ("Mon, 21 Sep 2026 14:13:20 GMT", "Mon, 21 Sep 2026 14:14:20 GMT", 0.0),
        ("Mon, 21 Sep 2026 14:13:50 GMT", None, 30.0),
        ("Mon, 21 Sep 2026 14:13:50 GMT", "yesterday", 30.0),
        ("soon", None, None),
        ("", None, None),
        (None, None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("Mon, 99 Foo 99999 99:99:99 GMT", None, None),
        ("\u0661\u0662", None, None),
    ],
)
def test_what_retry_after_asks(value: str | None, date: str | None, expected: float | None) -> None:
    assert retry_after_s(value, date, NOW) == expected


def test_a_crawl_keeps_the_pace_it_was_given(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", "/b", "/c", config={"delay_s": 10.0}, fake_time=True)
    assert server.targets == ["/robots.txt", "/a", "/b", "/c"]
    assert sum(told["slept"]) == pytest.approx(30)
    assert told["stats"]["wdtk/waited_s"] == pytest.approx(30)


def test_a_crawl_waits_as_long_as_it_is_asked(server: Server, crawl: Crawl) -> None:
    server.answers["/busy"] = Answer(429, [("Retry-After", "40")], b"slow down")
    server.answers["/dated"] = Answer(
        503, [("Date", "Mon, 21 Sep 2026 14:13:20 GMT"), ("Retry-After", "Mon, 21 Sep 2026 14:13:30 GMT")], b"later"
    )
    told = crawl("/busy", "/a", "/dated", "/b", fake_time=True)
    assert [result["status"] for result in told["results"]] == [429, 404, 503, 404]
    assert sum(told["slept"]) == pytest.approx(50)
    assert told["reason"] == "finished"


def test_a_crawl_that_is_asked_to_wait_for_hours_ends(server: Server, crawl: Crawl) -> None:
    server.answers["/busy"] = Answer(503, [("Retry-After", "86400")], b"later")
    told = crawl("/busy", "/a", "/b", fake_time=True)
    assert server.targets == ["/robots.txt", "/busy"]
    assert [result.get("error", result.get("status")) for result in told["results"]] == [503, "AskedToWait"]
    assert told["reason"] == "asked_to_wait"
    assert told["slept"] == []


def test_the_budget_counts_robots_too_and_ends_the_crawl(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", "/b", "/c", "/d", config={"budget": 3})
    assert server.targets == ["/robots.txt", "/a", "/b"]
    assert told["reason"] == "budget"
    assert told["stats"]["wdtk/http_requests"] == 3
    assert told["results"][-1]["error"] == "BudgetUsedUp"


def test_a_budget_of_nothing_asks_for_nothing(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", config={"budget": 0})
    assert server.targets == []
    assert told["reason"] == "budget"


def test_a_second_crawl_of_the_host_is_refused(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    other = HostState(tmp_path / "state", f"127.0.0.1:{server.port}")
    other.acquire()
    told = crawl("/a")
    assert told["refused"] == "HostBusy"
    assert server.targets == []
    other.release()
    assert crawl("/a")["reason"] == "finished"


def test_a_public_site_without_permission_is_refused_before_anything(crawl: Crawl) -> None:
    told = crawl("/a", site="https://foi.example.org")
    assert told["refused"] == "NotPermitted"
    assert "--contact" in told["text"]


def test_ctrl_c_does_not_sit_out_a_wait(server: Server, tmp_path: Path) -> None:
    server.answers["/busy"] = Answer(503, [("Retry-After", "3000")], b"later")
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.crawl.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "WDTK_STATE_DIR": str(tmp_path)},
    )
    assert running.stdin is not None
    assert running.stderr is not None
    with running:
        running.stdin.write(f'{{"site": "{server.base}", "paths": ["/busy", "/a"]}}')
        running.stdin.close()
        for line in running.stderr:
            if "asks us to wait" in line:
                running.send_signal(signal.SIGINT)
                break
        rest = running.stderr.read()
        assert running.wait(60) == 0, rest
        assert running.stdout is not None
        assert '"reason": "shutdown"' in running.stdout.read()
    assert server.targets == ["/robots.txt", "/busy"]
