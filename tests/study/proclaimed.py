"""Bank holidays by the Banking and Financial Dealings Act 1971, the Scottish Act of 2007 and the proclamations, year by
year, written without any package: what the package that the study uses says is held against it.
"""

from __future__ import annotations

from datetime import date, timedelta

NATIONS = ("england", "wales", "scotland", "northern_ireland")
MONDAY = 0

# The Spring holiday moved to these days, and May Day for VE Day; England's days, which were all nations' too.
MOVED = {date(2012, 5, 28): date(2012, 6, 4), date(2022, 5, 30): date(2022, 6, 2), date(2020, 5, 4): date(2020, 5, 8)}
PROCLAIMED = {
    date(2011, 4, 29): "wedding",
    date(2012, 6, 5): "diamond jubilee",
    date(2022, 6, 3): "platinum jubilee",
    date(2022, 9, 19): "state funeral",
    date(2023, 5, 8): "coronation",
}
IN_SCOTLAND_ALONE = {date(2026, 6, 15): "the men's first match at the World Cup"}


def bank_holidays(nation: str, year: int) -> set[date]:
    """Days of 2007 to 2027 that are holidays; those that fall on a weekend are left out, with their substitutes in."""
    easter = _easter(year)
    found = {easter - timedelta(days=2), *_instead([date(year, 12, 25), date(year, 12, 26)])}
    found |= {_nth(year, 5, 1), _last(year, 5)}
    if nation == "scotland":
        found |= _instead([date(year, 1, 1), date(year, 1, 2)]) | {_nth(year, 8, 1)} | _instead([date(year, 11, 30)])
        found |= IN_SCOTLAND_ALONE.keys()
    else:
        found |= _instead([date(year, 1, 1)]) | {easter + timedelta(days=1), _last(year, 8)}
    if nation == "northern_ireland":
        found |= _instead([date(year, 3, 17)]) | _instead([date(year, 7, 12)])
    found = {MOVED.get(day, day) for day in found} | PROCLAIMED.keys()
    return {day for day in found if day.year == year}


def _instead(days: list[date]) -> set[date]:
    """Days, or the next working day that is not taken where one falls on a weekend."""
    taken: set[date] = set()
    for day in days:
        while day.weekday() > 4 or day in taken:
            day += timedelta(days=1)
        taken.add(day)
    return taken


def _nth(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(MONDAY - first.weekday()) % 7 + 7 * (which - 1))


def _last(year: int, month: int) -> date:
    end = date(year, month, 31)
    return end - timedelta(days=end.weekday())


def _easter(year: int) -> date:
    """Easter Sunday, by the Anonymous Gregorian algorithm (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    moon = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * moon) // 451
    month, day = divmod(h + moon - 7 * m + 114, 31)
    return date(year, month, day + 1)
