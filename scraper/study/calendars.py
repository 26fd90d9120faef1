"""Working days by the law's own definitions. Pure.

Facts: Freedom of Information Act 2000 section 10(6) (no Saturday, Sunday, Christmas Day, Good Friday, nor a bank
holiday *in any part of the United Kingdom*; the Environmental Information Regulations 2004, regulation 2(1), take the
same words); Freedom of Information (Scotland) Act 2002 section 73 and the Environmental Information (Scotland)
Regulations 2004, regulation 2(1) (bank holidays in Scotland alone). The days themselves come from the `holidays`
package, which follows the royal proclamations; for years to come it can only know the regular ones.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from functools import cache

import holidays

FIRST_YEAR, LAST_YEAR = 1995, 2060
"""Outside these no date is computed: the site did not exist, or its clock is wrong."""

AREAS: dict[str, tuple[str, ...]] = {
    "united_kingdom": ("ENG", "WLS", "SCT", "NIR"),
    "england": ("ENG",),
    "wales": ("WLS",),
    "scotland": ("SCT",),
    "northern_ireland": ("NIR",),
    "none": (),
}
"""Whose bank holidays count, by the package's names. `none` counts plain weekdays."""


class OutOfRange(ValueError):
    """A date before FIRST_YEAR or after LAST_YEAR."""


def days_off(area: str, year: int) -> dict[date, str]:
    """The public holidays of an area in a year, by date."""
    off: dict[date, str] = {}
    for part in AREAS[area]:
        off.update(holidays.country_holidays("GB", subdiv=part, years=year))
    return {day: off[day] for day in sorted(off) if day.year == year}


@cache
def _working(area: str) -> list[int]:
    off: set[int] = set()
    for part in AREAS[area]:
        known = holidays.country_holidays("GB", subdiv=part, years=range(FIRST_YEAR, LAST_YEAR + 1))
        off.update(day.toordinal() for day in known)
    days = range(date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal() + 1)
    # Day 1 of the ordinals was a Monday.
    return [day for day in days if (day - 1) % 7 < 5 and day not in off]


def add_working_days(start: date, days: int, area: str) -> date:
    """The last of so many working days after a date; the date itself is day zero, whatever day it is.

    Raises OutOfRange.
    """
    working = _working(area)
    place = bisect_right(working, start.toordinal()) + days - 1
    if start.year < FIRST_YEAR or place >= len(working):
        raise OutOfRange(f"{start} is out of the calendar's range")
    return date.fromordinal(working[place])


def working_days_between(start: date, end: date, area: str) -> int:
    """Working days after `start` up to and with `end`; negative where `end` comes first. Raises OutOfRange."""
    if end < start:
        return -working_days_between(end, start, area)
    if start.year < FIRST_YEAR or end.year > LAST_YEAR:
        raise OutOfRange(f"{start} to {end} is out of the calendar's range")
    working = _working(area)
    return bisect_right(working, end.toordinal()) - bisect_right(working, start.toordinal())


def day_before(day: date) -> date:
    return day - timedelta(days=1)
