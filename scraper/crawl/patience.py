"""When a page that was not had is asked for again, when it is given up, and when the whole site is left alone.

Counts what goes wrong in one run. A page that had failed before says nothing new about the site when it fails again:
three pages that are broken for good must not keep a job from ever coming to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..archive.agenda import Due
from ..archive.runs import RunOutcome
from ..records import Outcome, PageRef

TRIES = {"failed": 3, "unreadable": 2, "challenge": 2}
"""How often a page is asked for in one run, by what comes."""
WAITS = 6
"""How often a file that the site is still preparing is asked for: some never finish (site-contract.md section 7)."""
PACES = 12
"""The first pause before a page is asked for again, in times the pace (60 s at 5 s a request); it doubles."""
FAILURES_IN_A_ROW = 3
"""Different pages that fail one after another: the site has a bad day, and we go home (design.md section 5)."""
UNREADABLE_IN_A_ROW = 10
"""Pages that came but could not be read: the markup changed, and more of the same helps nobody."""
BROKEN_IN_A_ROW = 10
"""Pages that had failed before and failed again: enough of them for one run."""


class Stop(NamedTuple):
    """How a run ends early, and why in words."""

    outcome: RunOutcome
    why: str


@dataclass(slots=True)
class Patience:
    """The patience of one run. `pace_s` is the least time between requests; 0, as on loopback, makes no pauses."""

    pace_s: float
    _failed: set[PageRef] = field(default_factory=set)
    _unreadable: set[PageRef] = field(default_factory=set)
    _broken: set[PageRef] = field(default_factory=set)

    def pause(self, attempts: int) -> float:
        """Seconds before a page that was asked for `attempts` times before is asked for again."""
        return self.pace_s * PACES * 2.0**attempts

    def retry(self, due: Due, outcome: Outcome) -> float | None:
        """Seconds before another try, None where the page is given up for this run."""
        return self.pause(due.attempts) if due.attempts + 1 < TRIES[outcome] else None

    def had(self) -> None:
        """A page was had: nothing is in a row any more."""
        self._failed.clear()
        self._unreadable.clear()
        self._broken.clear()

    def not_had(self, due: Due, outcome: Outcome, where: str) -> Stop | None:
        """Counts a page that was not had; what ends the run, None while it goes on. `where` names page and reason."""
        if outcome == "challenge":
            return Stop("blocked", f"{where}; write to the site's people before the next try (docs/permission.md)")
        row, limit = (self._failed, FAILURES_IN_A_ROW) if outcome == "failed" else (self._unreadable, UNREADABLE_IN_A_ROW)
        if due.put_off:
            row, limit = self._broken, BROKEN_IN_A_ROW
        row.add(due.ref)
        if len(row) < limit:
            return None
        if due.put_off:
            return Stop("failures", f"{limit} pages in a row that had failed before failed again, the last {where}")
        if outcome == "failed":
            return Stop("blocked", f"{limit} pages in a row failed, the last {where}")
        return Stop("failures", f"{limit} pages in a row could not be read, the last {where}")
