"""Every change of the site, and when the archive showed it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from tests.replica import World

from .facts import LATENESS, Facts, of_archive, of_site

Sort = Literal["listed", "hidden", "calendar"]
"""Whether a list shows a change, none does, or the calendar alone made it."""


@dataclass(slots=True)
class Change:
    """`facts` are those that it made different; `found` is the night on which the archive had them all."""

    kind: str
    sort: Sort
    night: int
    request_id: int
    facts: set[str]
    files: int = 0
    """New files that came with it."""
    found: int | None = None
    overtaken: bool = False
    """All of it was changed again before it was found: nobody could find it any more."""


@dataclass(slots=True)
class Ledger:
    changes: list[Change] = field(default_factory=list)
    _open: defaultdict[int, list[Change]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, sort: Sort, night: int, number: int, before: Facts, after: Facts, files: int = 0) -> Change:
        """Adds a change. Facts that it changed again are no longer what an earlier one is looked for by."""
        facts = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        facts = (facts - {LATENESS}) or facts
        if not facts:
            raise ValueError(f"{kind} changed nothing of request {number}")
        for earlier in self._open[number]:
            earlier.facts -= facts
            earlier.overtaken = not earlier.facts
        self._open[number] = [earlier for earlier in self._open[number] if not earlier.overtaken]
        change = Change(kind, sort, night, number, facts, files)
        self.changes.append(change)
        self._open[number].append(change)
        return change

    def look(self, night: int, world: World, db: sqlite3.Connection) -> None:
        """After a night: which changes the archive shows now."""
        for number in list(self._open):
            site, archive = of_site(world, number), of_archive(db, number)
            for change in self._open[number]:
                if all(archive.get(name) == site.get(name) for name in change.facts):
                    change.found = night
            self._open[number] = [change for change in self._open[number] if change.found is None]
            if not self._open[number]:
                del self._open[number]

    def of(self, *sorts: Sort) -> list[Change]:
        """The changes of some sorts, but for those that were overtaken."""
        return [change for change in self.changes if change.sort in sorts and not change.overtaken]
