"""The same nights with trouble: the site is down, doubts us, or we are killed, locked out, or told the wrong time."""

from __future__ import annotations

import hashlib
import random
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scraper.study.tables import TABLES

from .facts import of_archive, of_site
from .nights import LIMIT_S, Rehearsal

LOCAL = ZoneInfo("Europe/London")
HALF_PAST_ONE = time(1, 30)
"""When these nights begin, local time: the hour that the clocks repeat in autumn, so that the job runs twice then."""
ALL_BUT_ROBOTS = r"^/(?!robots\.txt)"
BOOKKEEPING = ("captures", "runs", "agenda", "site_totals", "coverage", "archive_info", "dictionaries", "sqlite_sequence")
"""Tables that say what we did, and nothing of the site's requests."""
DERIVED = frozenset(TABLES)
"""The study's: nothing in them is the site's own word, and their numbers move when they are made anew."""


@dataclass(frozen=True, slots=True)
class Mishap:
    night: int
    what: str
    expected: tuple[int, ...]
    codes: tuple[int, ...]
    """Exit codes of the commands that were run, in order; negative: the signal that killed it."""
    as_it_was: bool | None = None
    """Whether the archive says of the site what it said before; None where that is not the question."""

    @property
    def right(self) -> bool:
        return self.codes == self.expected and self.as_it_was is not False


@dataclass(slots=True)
class Troubled:
    """A rehearsal in which something goes wrong on some nights."""

    rehearsal: Rehearsal
    mishaps: list[Mishap] = field(default_factory=list)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.rehearsal.plan.seed} trouble")

    def calendar(self) -> dict[int, Callable[[int, datetime], Mishap]]:
        """Which night has which trouble; those without are as they should be."""
        nights = self.rehearsal.plan.nights
        down, clocks = nights // 6, nights * 2 // 3
        others = (self.challenged, self.killed, self.locked_out, self.clock_set_back)
        spread = {down + 2 + (clocks - down - 2) * place // len(others): mishap for place, mishap in enumerate(others)}
        return {down: self.no_connection, down + 1: self.out_of_order, **spread, clocks: self.hour_repeated}

    def run(self) -> None:
        """All nights. Raises AssertionError where a night without trouble does not end well."""
        calendar = self.calendar()
        for night in range(1, self.rehearsal.plan.nights + 1):
            now = self.at(night)
            self.rehearsal.day(night, now)
            self.rehearsal.replica.log.clear()
            if night in calendar:
                self.mishaps.append(calendar[night](night, now))
            else:
                code, said = self.rehearsal.nightly(now)
                if code != 0:
                    raise AssertionError(f"night {night} ended with {code}: {said}")
            self.rehearsal.look(night)

    def at(self, night: int) -> datetime:
        day = self.rehearsal.plan.start.date() + timedelta(days=night)
        return datetime.combine(day, HALF_PAST_ONE, LOCAL)

    # ---- the site's troubles ----------------------------------------------------------------------------------

    def no_connection(self, night: int, now: datetime) -> Mishap:
        before = self._said()
        self.rehearsal.replica.stop()
        code, _ = self.rehearsal.nightly(now)
        self.rehearsal.replica.start()
        return Mishap(night, "two days down: no connection", (3,), (code,), self._said() == before)

    def out_of_order(self, night: int, now: datetime) -> Mishap:
        return self._faulty(night, now, "two days down: 503", {"kind": "status", "status": 503})

    def challenged(self, night: int, now: datetime) -> Mishap:
        return self._faulty(night, now, "a challenge on every page", {"kind": "challenge"})

    def _faulty(self, night: int, now: datetime, what: str, fault: dict[str, object]) -> Mishap:
        before = self._said()
        self.rehearsal.replica.faults.append({"match": ALL_BUT_ROBOTS, **fault})
        code, _ = self.rehearsal.nightly(now)
        self.rehearsal.replica.faults.clear()
        return Mishap(night, what, (3,), (code,), self._said() == before)

    # ---- our own ----------------------------------------------------------------------------------------------

    def killed(self, night: int, now: datetime) -> Mishap:
        codes = self._killed(now), self.rehearsal.nightly(now + timedelta(minutes=20))[0]
        return Mishap(night, "killed, and started again", (-signal.SIGKILL, 0), codes)

    def clock_set_back(self, night: int, now: datetime) -> Mishap:
        codes = self._killed(now), self.rehearsal.nightly(now - timedelta(hours=1))[0]
        return Mishap(night, "killed, and started again an hour before", (-signal.SIGKILL, 0), codes)

    def hour_repeated(self, night: int, now: datetime) -> Mishap:
        codes = self.rehearsal.nightly(now)[0], self.rehearsal.nightly(now.replace(fold=1))[0]
        return Mishap(night, "the clocks go back: run twice", (0, 0), codes)

    def locked_out(self, night: int, now: datetime) -> Mishap:
        replica, second = self.rehearsal.replica, list[int]()
        replica.strike = lambda: second.append(self.rehearsal.nightly(now)[0])  # type: ignore[method-assign]
        replica.strike_at = 10
        first, _ = self.rehearsal.nightly(now)
        return Mishap(night, "a second one meanwhile", (75, 0), (*second, first))

    def _killed(self, now: datetime) -> int:
        """A night that ends at some request, before that is answered."""
        replica, budget = self.rehearsal.replica, self.rehearsal.plan.budget
        process = self.rehearsal.command(now, "nightly", "--budget", str(budget))
        replica.strike = process.kill  # type: ignore[method-assign]
        replica.strike_at = self.dice.randrange(len(replica.log) + 5, len(replica.log) + budget * 2 // 3)
        process.communicate(timeout=LIMIT_S)
        return process.returncode

    # ---- what is left -----------------------------------------------------------------------------------------

    def _said(self) -> str:
        """A hash of all that the archive says of the site."""
        told = hashlib.sha256()
        with closing(sqlite3.connect(f"{self.rehearsal.archive.as_uri()}?mode=ro", uri=True)) as db:
            for (table,) in db.execute("select name from sqlite_master where type = 'table' order by name").fetchall():
                if table not in BOOKKEEPING and table not in DERIVED and "_fts" not in table:
                    for row in db.execute(f"select * from {table} order by 1, 2"):
                        told.update(repr(row).encode())
        return told.hexdigest()

    def check(self) -> tuple[int, str]:
        """Exit code and words of `wdtk check`."""
        process = self.rehearsal.command(self.at(self.rehearsal.plan.nights), "check", "--quick")
        _, said = process.communicate(timeout=LIMIT_S)
        return process.returncode, said


class Unlike(NamedTuple):
    """The threads that the site lists, and how many of them the archive shows otherwise."""

    listed: int
    lost: int
    """A message is lacking that some list has shown."""
    hidden: int
    """A message is lacking that no list has shown and no visit found yet: of a request shown again, or whose embargo ended."""
    stale: int
    """Not up to date in some fact or other, those above included."""


def unlike(rehearsal: Rehearsal) -> Unlike:
    world = rehearsal.world
    listed = [request.id for request in world.requests.values() if request.listed]
    open_still = {change.request_id for change in rehearsal.ledger.of("hidden", "calendar") if change.found is None}
    lost = hidden = stale = 0
    with closing(sqlite3.connect(f"{rehearsal.archive.as_uri()}?mode=ro", uri=True)) as db:
        for number in listed:
            site, archive = of_site(world, number), of_archive(db, number)
            if any(name.endswith(" text") and name not in archive for name in site):
                lost, hidden = lost + (number not in open_still), hidden + (number in open_still)
            stale += site != archive
    return Unlike(len(listed), lost, hidden, stale)
