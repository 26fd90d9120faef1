"""The site's own due date beside ours, and why they differ. Pure.

The site says a date on the page of a request that waits (`requests.due_on`), and logs `overdue` and `very_overdue` at
the local midnight after it. It counts working days by a table of holidays that its operators keep, one for all
nations; which days that table held on which day nobody outside can see, so the reason is the first of the known ways
of counting that gives the site's date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .calendars import OutOfRange, add_working_days, day_before
from .clock import Clock
from .law import SCHOOL_DAYS
from .reading import Event, Request

SAME = "same"
_OTHER_CALENDARS = (
    ("none", "the site counted no public holidays"),
    ("england", "the site counted only the holidays of England and Wales"),
    ("united_kingdom", "the site counted holidays of all nations"),
    ("scotland", "the site counted only the holidays of Scotland"),
    ("northern_ireland", "the site counted only the holidays of Northern Ireland"),
)
OTHER_START = "the site counts from another sending"
UNEXPLAINED = "unexplained"
EARLIER_CLOCK = "the clock began again after the answer"


@dataclass(frozen=True, slots=True)
class SiteDate:
    """A date the site gave: `source` is `page`, or the id of the event; `kind` is `due` or `very_late`."""

    request_id: int
    kind: str
    source: str
    site_date: date
    computed: date | None
    reason: str


def compare(request: Request, clock: Clock) -> list[SiteDate]:
    """Every date that the site gave for a request, with ours for the same start, and `same` or the reason."""
    given: list[tuple[str, str, date, list[Event]]] = []
    if request.due_on:
        given.append(("due", "page", date.fromisoformat(request.due_on), clock.starts))
    for event in request.events:
        if event.type in ("overdue", "very_overdue"):
            before = [start for start in clock.starts if start.at <= event.at]
            kind = "due" if event.type == "overdue" else "very_late"
            given.append((kind, str(event.id), day_before(event.day), before))
    found = []
    for kind, source, site_date, starts in given:
        computed, reason = _explained(request, clock, kind, site_date, starts)
        found.append(SiteDate(request.id, kind, source, site_date, computed, reason))
    return found


def _explained(request: Request, clock: Clock, kind: str, site_date: date, starts: list[Event]) -> tuple[date | None, str]:
    law = clock.law
    if law is None or not starts:
        return None, UNEXPLAINED
    days = law.days if kind == "due" else (SCHOOL_DAYS if request.school else law.very_late)

    def counted(start: Event, area: str) -> date | None:
        try:
            return add_working_days(start.day, days, area)
        except OutOfRange:
            return None

    computed = counted(starts[-1], law.area)
    if computed == site_date:
        return computed, SAME
    for area, reason in _OTHER_CALENDARS:
        if counted(starts[-1], area) == site_date:
            return computed, reason
    calendars = (law.area, *(area for area, _ in _OTHER_CALENDARS))
    if any(counted(start, area) == site_date for start in clock.starts for area in calendars):
        return computed, OTHER_START
    return computed, UNEXPLAINED
