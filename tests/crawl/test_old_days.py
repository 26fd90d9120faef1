"""Which old days a night reads again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from scraper.archive.follows import Follow
from scraper.archive.store import Archive
from scraper.crawl.old_days import MOST_DAYS, MOST_ROWS, old_days
from scraper.urls import ListQuery
from tests.archive.making import SITE

TODAY = date(2026, 10, 5)
"""91, 182 and 364 days before it: 6 July, 6 April 2026, and 6 October 2025; a day is read when it is over."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Ten requests of each day of 2026 up to 30 September."""
    with Archive.open(tmp_path / "archive.db", SITE) as archive:
        with archive.transaction() as db:
            db.executemany(
                "insert into requests (url_title, url, created_at, first_seen_at, last_seen_at, last_changed_at) "
                "values (?, '', date('2026-01-01', ? || ' days') || 'T12:00:00Z', '', '', '')",
                [(f"asked_{number}", str(number // 10)) for number in range(2730)],
            )
        yield archive


def follow(listed_until: str | None = "2026-10-04", swept_until: str | None = None) -> Follow:
    return Follow("everything", "2026-10-01T00:00:00Z", None, listed_until, swept_until)


def days(archive: Archive, follow: Follow, room: int | None) -> tuple[list[tuple[str | None, str | None]], str]:
    queries, goes_on = old_days(archive.db, follow, TODAY, room)
    assert {query.query for query in queries} == {"variety:sent"}
    assert all(isinstance(query, ListQuery) for query in queries)
    return [(query.after, query.before) for query in queries], goes_on.isoformat()


def test_the_days_whose_embargoes_end_are_read_one_a_night(archive: Archive) -> None:
    windows, _ = days(archive, follow(), None)
    assert windows[:3] == [("2026-07-05", "2026-07-05"), ("2026-04-05", "2026-04-05"), ("2025-10-05", "2025-10-05")]


def test_after_nights_that_were_missed_their_days_are_read_too(archive: Archive) -> None:
    windows, _ = days(archive, follow(listed_until="2026-10-02"), None)
    assert windows[0] == ("2026-07-03", "2026-07-05")
    windows, _ = days(archive, follow(listed_until=None), None)
    assert windows[0] == ("2026-07-02", "2026-07-05")


def test_the_slow_reading_takes_as_many_days_as_there_is_room_for_and_goes_on_there(archive: Archive) -> None:
    # Seven pages, three of them for embargoes: four pages hold a hundred requests, ten days.
    windows, goes_on = days(archive, follow(), 7)
    assert windows[3:] == [("2026-01-01", "2026-01-10")]
    assert goes_on == "2026-01-11"
    windows, goes_on = days(archive, follow(swept_until=goes_on), 7)
    assert windows[3:] == [("2026-01-11", "2026-01-20")]
    windows, _ = days(archive, follow(), None)
    assert windows[3:] == [("2026-01-01", "2026-01-31")]
    assert (MOST_DAYS - 1) * 10 < MOST_ROWS


def test_with_hardly_any_room_it_takes_a_day_and_at_the_end_it_begins_anew(archive: Archive) -> None:
    assert days(archive, follow(swept_until="2026-03-01"), 0)[0][3:] == [("2026-03-01", "2026-03-01")]
    windows, goes_on = days(archive, follow(swept_until="2026-09-25"), None)
    assert windows[3:] == [("2026-09-25", "2026-10-05")]
    assert days(archive, follow(swept_until=goes_on), 7)[0][3:] == [("2026-01-01", "2026-01-10")]


def test_an_empty_archive_has_old_days_too(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "empty.db", SITE) as archive:
        queries, _ = old_days(archive.db, follow(), TODAY, 10)
    assert queries[-1].after == "2000-01-01"
    assert queries[-1].before == "2000-01-31"
