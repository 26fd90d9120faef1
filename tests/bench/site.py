"""The site that is crawled: served by a process of its own, and its answers without a network.

Run as a module it serves the recorded site until it is ended: `python -m tests.bench.site`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from tests.recorded_site import RECORDINGS, RecordedSite, _replay
from tests.replica.site import Site as ReplicaSite
from tests.replica.world import World

from .process import ROOT, ChildFailed

DAY = 1


class Answer(NamedTuple):
    """What the site says to a GET; names of headers in lower case, the body without any encoding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Answers = Callable[[str], Answer]
"""Path and query to the answer."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A site to measure on.

    `genuine` says that its pages are as large as those of the software itself, which goals of storage are about.
    `as_recorded` serves it with two writes an answer, as the replay server does by itself.
    """

    name: str
    genuine: bool
    command: tuple[str, ...]
    as_recorded: tuple[str, ...] | None
    answers: Callable[[str], Answers]
    """The site's answers, given the address that its pages name."""


def recorded() -> Ground | None:
    """The recorded site, None where it is not beside the checkout."""
    if not RECORDINGS.is_dir():
        return None

    def answers(base: str) -> Answers:
        replay = _replay()
        site = replay.Site(replay.Recording(RECORDINGS / f"day{DAY}.sqlite"), base, volatile=True)

        def answer(path: str) -> Answer:
            status, headers, body = site.answer("GET", path)
            return Answer(status, tuple((name.lower(), value) for name, value in headers), body)

        return answer

    shipped = (str(RECORDINGS / "replay.py"), "--day", str(DAY))
    return Ground("the recorded site", True, ("-m", "tests.bench.site"), shipped, answers)


def replica(requests: int) -> Ground:
    """The site that comes with the project, with so many requests."""

    def answers(base: str) -> Answers:
        site = ReplicaSite(World.build(1, requests), base)

        def answer(path: str) -> Answer:
            given = site.answer(path)
            headers = {"Content-Type": given.content_type, **given.headers}
            return Answer(given.status, tuple((name.lower(), value) for name, value in headers.items()), given.body)

        return answer

    command = ("-m", "tests.replica", "--seed", "1", "--size", str(requests))
    return Ground(f"the replica with {requests:,} requests", False, command, None, answers)


@contextmanager
def served(command: tuple[str, ...], env: Mapping[str, str]) -> Iterator[str]:
    """Serves a site in a process of its own; gives its address, such as ``http://127.0.0.1:40123``."""
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ready, _, base = server.stdout.readline().strip().partition(" ")
            if ready != "READY":
                raise ChildFailed(f"{' '.join(command)} does not serve")
            yield base
        finally:
            server.terminate()


def _main() -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with RecordedSite(DAY) as site:
        print(f"READY {site.base}", flush=True)
        ended.wait()


if __name__ == "__main__":
    _main()
