from __future__ import annotations

import pytest

from scraper.pages.times import day, shown_utc, utc


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-07-01T09:15:00.999+01:00", "2026-07-01T08:15:00Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
        ("2026-01-01T00:30:00Z", "2026-01-01T00:30:00Z"),
        ("2007-10-24 11:51:01 +0100", "2007-10-24T10:51:01Z"),
        ("2007-10-24 11:51:01 UTC", "2007-10-24T11:51:01Z"),
        ("2010/10/04 11:11:57 +0000", "2010-10-04T11:11:57Z"),
        ("2010/10/04 11:11:57 +0530", "2010-10-04T05:41:57Z"),
        ("0099-03-01T00:00:00+00:00", "0099-03-01T00:00:00Z"),
    ],
)
def test_a_moment_becomes_utc_cut_to_the_second(written: str, expected: str) -> None:
    assert utc(written) == expected


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2026-07-01", "2026-07-01T09:15:00", "9999-12-31T23:59:59-01:00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_moment_with_an_offset_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        utc(written)


def test_a_mail_date_beyond_the_calendar_is_shown_as_none_and_nonsense_is_refused() -> None:
    assert shown_utc("20018-01-01T00:00:00+00:00") is None
    assert shown_utc("-0044-03-15T00:00:00+00:00") is None
    assert shown_utc("2018-01-01T00:00:00+00:00") == "2018-01-01T00:00:00Z"
    with pytest.raises(ValueError, match=r"."):
        shown_utc("20018 or so")


def test_a_day_is_a_date_alone() -> None:
    assert day(" 2026-12-18 ") == "2026-12-18"
    assert day("2026-02-30") is None
    assert day("2026-12-18T00:00:00Z") is None
