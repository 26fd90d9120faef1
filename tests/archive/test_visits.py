"""Which threads are visited when not all can be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scraper.archive import visits
from scraper.archive.store import Archive
from scraper.records import PageKind
from tests.archive.making import SITE

NOW = datetime(2026, 10, 5, 3, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db", SITE) as archive:
        yield archive


def thread(
    archive: Archive, slug: str, age: float, state: str, visited: float, due_on: str | None = None, kind: str = "request_json"
) -> None:
    """A request of `age` days whose page was visited `visited` days ago."""
    created, at = (f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (age, visited))
    with archive.transaction() as db:
        db.execute(
            "insert into requests (url_title, display_state, created_at, due_on, url, first_seen_at, last_seen_at, "
            "last_changed_at) select ?, ?, ?, ?, '', ?, ?, ? where not exists (select 1 from requests where url_title = ?)",
            (slug, state, created, due_on, at, at, at, slug),
        )
        capture = db.execute(
            "insert into captures (url, page_kind, page_key, requested_at, outcome) values ('', ?, ?, ?, 'changed')",
            (kind, slug, at),
        )
        db.execute(
            "insert into agenda (page_kind, page_key, reason, last_capture_id, priority) values (?, ?, 'visit', ?, 4)",
            (kind, slug, capture.lastrowid),
        )


def ranked(archive: Archive, limit: int | None = None, kind: PageKind = PageKind.REQUEST_JSON) -> list[str]:
    return [visit.slug for visit in visits.rank(archive.db, NOW, 10**6, limit, kind)]


def test_young_and_open_ones_come_first_and_longer_unseen_ones_among_equals(archive: Archive) -> None:
    thread(archive, "old", 2000, "successful", 10)
    thread(archive, "young", 20, "successful", 10)
    thread(archive, "young-open", 20, "waiting_classification", 10)
    thread(archive, "young-open-just-seen", 20, "waiting_classification", 1)
    assert ranked(archive) == ["young-open", "young", "young-open-just-seen", "old"]
    assert ranked(archive, limit=2) == ["young-open", "young"]


def test_no_thread_goes_unseen_for_longer_than_half_a_year(archive: Archive) -> None:
    thread(archive, "young", 20, "waiting_classification", 19)
    thread(archive, "forgotten", 2000, "successful", visits.LONGEST_DAYS)
    assert ranked(archive, limit=1) == ["forgotten"]


@pytest.mark.parametrize(
    ("state", "due_on", "foreseen"),
    [
        ("waiting_response", "2026-10-04", True),
        ("waiting_response", "2026-10-05", False),
        ("waiting_response", "2026-09-20", False),  # passed before it was seen last
        ("waiting_response_overdue", "2026-09-06", True),
        ("waiting_response_overdue", "2026-09-07", False),
        ("waiting_response_overdue", None, False),
        ("successful", "2026-10-04", False),
    ],
)
def test_a_deadline_that_passed_is_foreseen_once(archive: Archive, state: str, due_on: str | None, foreseen: bool) -> None:
    thread(archive, "asked", 40, state, 3, due_on)
    (visit,) = visits.rank(archive.db, NOW, 10**6, None)
    assert visit.foreseen is foreseen
    assert (visit.chance == visits.FORESEEN) is foreseen


def test_what_visits_find_moves_the_rate_but_not_what_was_foreseen(archive: Archive) -> None:
    seen = visits.Visit("a", "successful", "old", 100.0, 0.1)
    with archive.transaction() as db:
        for found in (True, True, False, False):
            visits.note(db, seen, found)
        visits.note(db, visits.Visit("b", "waiting_response", "month", 5.0, 0.95, foreseen=True), changed=True)
    assert [tuple(row) for row in archive.db.execute("select * from visit_rates")] == [("successful", "old", 4, 2, 400.0)]
    prior = visits.prior("successful", "old")
    expected = (4 * -math.log(2.5 / 4.5) + 1) / (400 + 1 / prior)
    assert visits.Rates(archive.db).of("successful", "old") == pytest.approx(expected)
    assert visits.Rates(archive.db).of("rejected", "old") == visits.prior("rejected", "old") == prior
    assert expected > prior


def test_pages_are_ranked_by_their_own_visits_and_never_by_the_calendar(archive: Archive) -> None:
    for slug, age, json, html in (("asked", 40, 1, 3), ("young", 10, 1, 9)):
        thread(archive, slug, age, "waiting_response", json, "2026-10-04")
        thread(archive, slug, age, "waiting_response", html, kind="request_html")
    thread(archive, "ancient", 2000, "successful", 400)
    thread(archive, "ancient", 2000, "successful", 400, kind="request_html")
    assert ranked(archive, kind=PageKind.REQUEST_HTML) == ["young", "ancient", "asked"]
    assert ranked(archive)[0] == "ancient"
