"""The pace: one place where every request to the host waits its turn and is counted.

A host is shared by all processes of this user: `HostState` locks it, and remembers when the next request may leave, so
that two runs, one after the other, keep the same distance as two requests of one run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from ..config import BadConfig, Config, HostBusy
from .refusals import AskedToWait, BudgetUsedUp, CrawlEnded, Stopping

log = logging.getLogger(__name__)

MAX_WAIT_S = 3600.0
"""The longest a run waits for a site; above it the run ends and the next one begins where it stopped."""
MAX_HOLD_S = 86400.0
"""The longest that a Retry-After binds the runs to come: a mistaken one must not silence the archive for good."""
_SLICE_S = 1.0
"""A wait is cut into pieces of this length, so that a run that is being closed does not sit it out."""


class Time(Protocol):
    """What waiting needs; tests pass one that does not wait."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None: ...


class RealTime:
    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def state_folder() -> Path:
    """Where locks and pace are kept for this user: WDTK_STATE_DIR, else the XDG state folder."""
    given = os.environ.get("WDTK_STATE_DIR", "").strip()
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_STATE_HOME", "").strip() or Path.home() / ".local" / "state") / "wdtk-archive"


class HostState:
    """The lock of one host and port, and the time at which its next request may leave.

    The lock is released by the system when the process dies, however it dies. `next_at` and `held_until` are seconds
    since the epoch, 0 for never; `file` names them for people who must mend them.
    """

    def __init__(self, folder: Path, host: str) -> None:
        name = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in host)
        self.host = host
        self.file = folder / f"{name}.pace"
        self.next_at = self.held_until = 0.0
        self._lock = FileLock(folder / f"{name}.lock", timeout=0)
        self._fd = -1

    def acquire(self) -> None:
        """Take the host, or raise HostBusy. Raises BadConfig where the folder cannot be written to."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._fd = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644)
        except Timeout as error:
            raise HostBusy(f"another run is talking to {self.host} (it holds {self._lock.lock_file}); try again later") from error
        except OSError as error:
            raise BadConfig(f"cannot keep the pace in {self.file.parent}: {error}; set WDTK_STATE_DIR") from error
        text = os.pread(self._fd, 100, 0).decode("ascii", "replace")
        if not text:
            return
        try:
            self.next_at, self.held_until = (float(word) for word in text.split())
        except ValueError:
            log.warning("%s is damaged; waiting as if a request had just left", self.file)
            self.next_at, self.held_until = time.time(), 0.0

    def save(self) -> None:
        os.pwrite(self._fd, b"%020.3f %020.3f\n" % (self.next_at, self.held_until), 0)

    def release(self) -> None:
        """Let go of the host; harmless when done twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.release()


class Pace:
    """When the next request may leave, and whether any may.

    `stopping` says whether the crawl is being closed. Waits follow a clock that never runs backwards; what is kept for
    the next process is in seconds since the epoch.
    """

    def __init__(self, config: Config, state: HostState, clock: Time, stopping: Callable[[], bool] = lambda: False) -> None:
        self.floor_s = config.floor_s
        self.sent = 0
        self.waited_s = 0.0
        self._public = not config.loopback
        self._budget = config.budget
        self._state, self._clock, self._stopping = state, clock, stopping
        wall, now = clock.wall(), clock.monotonic()
        ahead = state.next_at - wall
        if ahead > MAX_WAIT_S:  # the machine's clock was moved: no request can have been paced that far ahead
            ahead = self.floor_s
        self._next = now + ahead
        self._held = now + min(state.held_until - wall, MAX_HOLD_S)

    def crawl_delay(self, seconds: float) -> None:
        """Go no faster than robots.txt asks."""
        self.floor_s = max(self.floor_s, seconds)

    async def turn(self) -> None:
        """Wait until a request may leave, and count it as gone.

        Raises BudgetUsedUp, AskedToWait where the wait is longer than `MAX_WAIT_S`, and Stopping.
        """
        while True:
            self._check()
            now = self._clock.monotonic()
            wait = max(self._next, self._held) - now
            if wait <= 0:
                break
            await self._clock.sleep(min(wait, _SLICE_S))
            self.waited_s += self._clock.monotonic() - now
        self.sent += 1
        self._space(now, self.floor_s)

    def answered(self, latency_s: float, status: int, retry_after_s: float | None) -> None:
        """Learn from an answer: `latency_s` from sending to its headers, and what its Retry-After asked for.

        A public site gets twice the time it took. A 429 halves the pace for the rest of the run (site-contract.md
        section 1).
        """
        now = self._clock.monotonic()
        if self._public and status == 429:
            self.floor_s *= 2
        if self._public:
            self._space(now - latency_s, max(self.floor_s, 2 * latency_s))
        if retry_after_s:
            hold = min(retry_after_s, MAX_HOLD_S)
            log.warning("%s asks us to wait %.0f s (status %d)", self._state.host, retry_after_s, status)
            self._held = max(self._held, now + hold)
            self._state.held_until = max(self._state.held_until, self._clock.wall() + hold)
            self._state.save()

    def _space(self, since: float, seconds: float) -> None:
        """The next request leaves no earlier than `seconds` after `since`, in this process and the next."""
        if seconds <= 0:
            return
        self._next = max(self._next, since + seconds)
        self._state.next_at = self._clock.wall() + self._next - self._clock.monotonic()
        self._state.save()

    def _check(self) -> None:
        """Raise what keeps every request back."""
        ended: CrawlEnded | None = None
        wait = max(self._next, self._held) - self._clock.monotonic()
        if self._stopping():
            ended = Stopping("the crawl is being closed")
        elif self._budget is not None and self.sent >= self._budget:
            ended = BudgetUsedUp(f"the budget of {self._budget} requests is used up")
        elif wait > MAX_WAIT_S:
            ended = AskedToWait(
                f"{self._state.host} asked us to wait {wait:.0f} s more; run again then (kept in {self._state.file})"
            )
        if ended is not None:
            raise ended
