"""Working days counted by hand with a wall calendar and the proclaimed bank holidays of each year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.study.calendars import OutOfRange, add_working_days, days_off, working_days_between
from scraper.study.reading import local_day

from .proclaimed import NATIONS, bank_holidays

AREAS = {"E": "england", "S": "scotland", "N": "northern_ireland", "W": "wales", "U": "united_kingdom", "-": "none"}

# start, areas, working days, last day
CASES = """
2023-06-05 E 20 2023-07-03   nothing between
2023-06-05 U 20 2023-07-03
2023-06-16 E 20 2023-07-14   12 July is a holiday in Northern Ireland alone
2023-06-16 S 20 2023-07-14
2023-06-16 N 20 2023-07-17
2023-06-16 U 20 2023-07-17
2024-03-04 E 20 2024-04-03   Good Friday and Easter Monday
2024-03-04 W 20 2024-04-03
2024-03-04 S 20 2024-04-02   Easter Monday is none in Scotland
2024-03-04 N 20 2024-04-04   St Patrick's Day on a Sunday: Monday instead
2024-03-04 U 20 2024-04-04
2024-03-04 - 20 2024-04-01
2023-12-11 E 20 2024-01-11   Christmas and New Year
2023-12-11 S 20 2024-01-12   2 January in Scotland
2023-12-11 N 20 2024-01-11
2023-12-11 U 20 2024-01-12
2022-12-05 E 20 2023-01-05   Christmas on a Sunday, New Year's Day on a Sunday
2022-12-05 S 20 2023-01-06
2022-12-05 U 20 2023-01-06
2021-12-13 E 20 2022-01-13   Christmas on a Saturday
2021-12-13 S 20 2022-01-14
2021-12-13 U 20 2022-01-14
2020-04-20 E 20 2020-05-19   May Day moved to VE Day
2020-04-20 U 20 2020-05-19
2020-04-06 E 20 2020-05-06
2020-04-06 S 20 2020-05-05
2023-04-24 E 20 2023-05-24   the coronation
2023-04-24 S 20 2023-05-24
2022-08-30 E 20 2022-09-28   the state funeral
2022-08-30 S 20 2022-09-28
2022-08-30 U 20 2022-09-28
2022-05-16 E 20 2022-06-15   the platinum jubilee, two days
2022-05-16 S 20 2022-06-15
2023-11-13 S 20 2023-12-12   St Andrew's Day
2023-11-13 E 20 2023-12-11
2023-11-13 U 20 2023-12-12
2024-11-11 S 20 2024-12-10   St Andrew's Day on a Saturday: Monday instead
2024-11-11 E 20 2024-12-09
2024-11-11 U 20 2024-12-10
2024-07-22 S 20 2024-08-20   the first Monday of August
2024-07-22 E 20 2024-08-19
2024-07-22 U 20 2024-08-20
2024-08-12 E 20 2024-09-10   the last Monday of August
2024-08-12 S 20 2024-09-09
2024-08-12 U 20 2024-09-10
2023-06-02 E 20 2023-06-30   sent on a Friday, Saturday, Sunday
2023-06-03 E 20 2023-06-30
2023-06-04 E 20 2023-06-30
2023-12-25 E 20 2024-01-24   sent on Christmas Day
2024-03-29 E 20 2024-04-29   sent on Good Friday
2024-02-05 E 20 2024-03-04   a leap year
2023-02-06 E 20 2023-03-06
2023-06-05 E 40 2023-07-31
2023-06-05 U 40 2023-08-01
2023-06-05 E 60 2023-08-29
2023-06-05 U 60 2023-08-31
2021-07-05 N 20 2021-08-03
2021-07-05 E 20 2021-08-02
2021-07-05 S 20 2021-08-03
2021-07-05 U 20 2021-08-04
2020-06-29 N 20 2020-07-28   12 July on a Sunday
2022-03-01 N 20 2022-03-30
2022-03-01 E 20 2022-03-29
2020-12-14 E 20 2021-01-14   Boxing Day on a Saturday
2020-12-14 S 20 2021-01-15
2011-04-18 E 20 2011-05-20   Easter, a royal wedding and May Day
2012-05-14 E 20 2012-06-13   the diamond jubilee; Spring holiday moved
"""
ROWS = [tuple(line.split()[:4]) for line in CASES.strip().splitlines()]


@pytest.mark.parametrize(("start", "area", "days", "last"), ROWS)
def test_days_counted_by_hand(start: str, area: str, days: str, last: str) -> None:
    first = date.fromisoformat(start)
    assert add_working_days(first, int(days), AREAS[area]) == date.fromisoformat(last)
    assert working_days_between(first, date.fromisoformat(last), AREAS[area]) == int(days)
    assert working_days_between(date.fromisoformat(last), first, AREAS[area]) == -int(days)


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("year", range(2007, 2028))
def test_the_package_has_the_holidays_that_were_proclaimed(nation: str, year: int) -> None:
    assert {day for day in days_off(nation, year) if day.weekday() < 5} == bank_holidays(nation, year)


@given(st.dates(date(2007, 1, 1), date(2027, 6, 30)), st.integers(1, 60), st.sampled_from([*NATIONS, "united_kingdom"]))
def test_any_day_is_that_of_counting_one_by_one(start: date, days: int, area: str) -> None:
    day, left = start, days
    while left:
        day += timedelta(days=1)
        nations = NATIONS if area == "united_kingdom" else (area,)
        left -= day.weekday() < 5 and not any(day in bank_holidays(nation, day.year) for nation in nations)
    assert add_working_days(start, days, area) == day
    assert working_days_between(start, day, area) == days


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2023-06-30T23:30:00Z", "2023-07-01"),
        ("2023-01-31T23:30:00Z", "2023-01-31"),
        ("2023-03-25T23:59:59Z", "2023-03-25"),
        ("2023-03-26T23:00:00Z", "2023-03-27"),
        ("2023-10-28T23:30:00Z", "2023-10-29"),
        ("2023-10-29T23:30:00Z", "2023-10-29"),
    ],
)
def test_a_day_is_the_united_kingdoms(at: str, day: str) -> None:
    assert local_day(at) == date.fromisoformat(day)


def test_years_without_a_calendar_are_refused() -> None:
    for start in (date(1990, 1, 1), date(2061, 1, 1)):
        with pytest.raises(OutOfRange):
            add_working_days(start, 20, "england")
