"""Seeing every row of a search that shows 500: splitting loses nothing, ends, and says what it could not split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.crawl.handler import MAX_URL
from scraper.crawl.windows import FIRST_DAY, STATES, further, split
from scraper.records import ListPage, ListRow
from scraper.urls import LIST_PAGES, LIST_ROWS, ListQuery, Site, build
from tests.crawl.command import rows, served, wdtk
from tests.crawl.drive import Drive
from tests.replica import NOW, World

START = date(2026, 1, 1)
REGISTER = [f"council_{number}" for number in range(40)]
EVERYTHING = ListQuery("variety:sent", FIRST_DAY, "2026-12-31")
SHOWN = LIST_PAGES * LIST_ROWS


class Cell(NamedTuple):
    """What a search can tell requests apart by. `day` counts from `START`."""

    day: int
    state: str
    classified: bool
    authority: str

    @property
    def at(self) -> str:
        return f"{START + timedelta(days=self.day)}T12:00:00Z"

    def matches(self, query: ListQuery) -> bool:
        """As the site's search has it: the same prefix ORed, different ones ANDed (site-contract.md section 2.2)."""
        on = self.at[:10]
        if query.after is not None and query.before is not None and not query.after <= on <= query.before:
            return False
        said = {
            "latest_status": self.state,
            "requested_from": self.authority,
            "waiting_classification": "no" if self.classified else "yes",
            "variety": "sent",
        }
        wanted: dict[tuple[str, bool], set[str]] = {}
        for term in query.query.split():
            prefix, _, value = term.lstrip("-").partition(":")
            wanted.setdefault((prefix, term.startswith("-")), set()).add(value)
        return all((said[prefix] in values) is not negated for (prefix, negated), values in wanted.items())


cells = st.builds(
    Cell, st.integers(0, 40), st.sampled_from([*STATES[:4], "a_themes_own"]), st.booleans(), st.sampled_from(REGISTER)
)
crowds = st.dictionaries(cells, st.integers(1, SHOWN + 200), max_size=12)
"""How many requests there are of each sort."""


@dataclass
class Read:
    """What reading lists to their end saw: requests by cell and number, and the searches that were cut."""

    seen: set[tuple[Cell, int]]
    cut: list[ListQuery]
    pages: int


def read_all(crowd: dict[Cell, int], guess: float, dated: bool, register: Sequence[str]) -> Read:
    """Reads a search for everything as a job does.

    The pager's last page is `guess` times what there is, as the site estimates it; rows may say when they happened.
    """
    told = Read(set(), [], 0)
    due = [EVERYTHING]
    while due:
        query = due.pop()
        told.pages += 1
        found = [(cell, number) for cell, many in crowd.items() if cell.matches(query) for number in range(many)]
        found.sort(key=lambda one: -one[0].day)
        shown = found[(query.page - 1) * LIST_ROWS : query.page * LIST_ROWS]
        last = max(1, min(LIST_PAGES, -(-int(len(found) * guess) // LIST_ROWS)))
        listed = tuple(ListRow("a_slug", None, cell.at if dated else None, None, None, None) for cell, _ in shown)
        more = further(query, ListPage(listed, query.page < last, last), register)
        told.seen |= set(shown)
        due += more.queries
        if more.ceiling:
            told.cut.append(query)
    return told


@settings(max_examples=60, deadline=None)
@given(crowds, st.floats(0.5, 1.7), st.booleans())
def test_every_request_is_seen_or_its_list_is_called_cut(crowd: dict[Cell, int], guess: float, dated: bool) -> None:
    told = read_all(crowd, guess, dated, REGISTER)
    missing = {(cell, n) for cell, many in crowd.items() for n in range(many)} - told.seen
    assert all(any(cell.matches(query) for query in told.cut) for cell, _ in missing)
    # A cell is a day, a state, an answer and an authority: only one that is too large by itself cannot be split.
    too_large = [cell for cell, many in crowd.items() if many > SHOWN]
    assert {cell for cell, _ in missing} <= set(too_large)
    assert bool(missing) == bool(too_large)


@settings(max_examples=40, deadline=None)
@given(crowds, st.floats(0.5, 1.7), st.booleans())
def test_without_the_register_nothing_is_lost_in_silence(crowd: dict[Cell, int], guess: float, dated: bool) -> None:
    told = read_all(crowd, guess, dated, [])
    missing = {(cell, n) for cell, many in crowd.items() for n in range(many)} - told.seen
    assert all(any(cell.matches(query) for query in told.cut) for cell, _ in missing)


def queries() -> st.SearchStrategy[ListQuery]:
    """Searches as they come about by splitting again and again, each time one part of it."""

    def walk(steps: list[int]) -> ListQuery:
        query = EVERYTHING
        for step in steps:
            parts = split(query, REGISTER)
            if not parts:
                break
            query = parts[step % len(parts)]
        return query

    return st.lists(st.integers(0, 100), max_size=30).map(walk)


@settings(max_examples=200, deadline=None)
@given(queries(), st.lists(cells, min_size=1, max_size=30))
def test_the_parts_of_a_search_are_disjoint_and_make_it_up(query: ListQuery, some: list[Cell]) -> None:
    parts = split(query, REGISTER)
    assert all(part.page == 1 for part in parts)
    for cell in some:
        times = sum(cell.matches(part) for part in parts)
        assert times == (1 if parts and cell.matches(query) else 0)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_splitting_ends(seed: int) -> None:
    """Whichever part is split again: after at most 14 halvings of the days, the states, the answers, the names, no more."""
    query, steps = EVERYTHING, 0
    while parts := split(query, REGISTER):
        query, steps = parts[seed % len(parts)], steps + 1
        assert steps <= 25


def test_behind_the_last_page_lie_its_last_rows_day_and_the_days_before() -> None:
    def full(*days: str) -> ListPage:
        rows = tuple(ListRow("a_slug", None, f"{day}T09:00:00Z", None, None, None) for day in days)
        return ListPage(rows * (LIST_ROWS // len(rows)), has_next=False, last_page=LIST_PAGES)

    week = ListQuery("tag:x", "2026-03-01", "2026-03-07", LIST_PAGES)
    (rest,) = further(week, full("2026-03-05"), []).queries
    assert (rest.after, rest.before, rest.page) == ("2026-03-01", "2026-03-05", 1)
    earlier, *states = further(week, full("2026-03-07"), []).queries
    assert (earlier.after, earlier.before) == ("2026-03-01", "2026-03-06")
    assert len(states) == len(STATES) + 1
    assert {(part.after, part.before) for part in states} == {("2026-03-07", "2026-03-07")}
    # A state that was asked for cannot be split by states: the day comes by itself, and tells its own end.
    one_state = ListQuery(
        "waiting_classification:no latest_status:rejected requested_from:x", "2026-03-01", "2026-03-07", LIST_PAGES
    )
    assert [part.after for part in further(one_state, full("2026-03-07"), []).queries] == ["2026-03-01", "2026-03-07"]
    # Rows out of order, or out of the window, tell nothing: then halves.
    for page in (full("2026-03-05", "2026-03-04", "2026-03-05", "2026-03-04", "2026-03-05"), full("2026-02-05")):
        assert [part.before for part in further(week, page, []).queries] == ["2026-03-04", "2026-03-07"]


def test_an_address_with_many_names_is_one_that_servers_take() -> None:
    names = [f"the_{'very_' * 12}long_name_of_a_council_in_the_north_{number}" for number in range(400)]
    day = ListQuery("variety:sent latest_status:rejected waiting_classification:no", "2026-01-01", "2026-01-01")
    parts = split(day, names)
    assert sum(part.query.count("requested_from:") for part in parts) == len(names)
    assert max(len(build(Site("https://www.whatdotheyknow.com"), part.ref)) for part in parts) < MAX_URL


@pytest.mark.parametrize(
    ("shown", "has_next", "last", "page", "then"),
    [
        (0, False, 1, 1, []),
        (25, False, 1, 1, [2]),  # a full page may be the last one, or the pager is wrong
        (25, True, 3, 1, [2]),
        (24, True, 3, 1, [2]),
        (24, False, 1, 1, []),
        (0, True, 19, 4, []),
        (25, True, 20, 19, [20]),
        (24, False, 20, 20, []),
    ],
)
def test_what_a_page_of_a_list_makes_due(shown: int, has_next: bool, last: int, page: int, then: list[int]) -> None:
    row = ListRow("a_slug", None, None, None, None, None)
    query = ListQuery("tag:x", "2026-01-01", "2026-01-01", page)
    told = further(query, ListPage((row,) * shown, has_next, last), [])
    assert [part.page for part in told.queries] == then
    assert told.ceiling is False


# ---- over the bundled site ----------------------------------------------------------------------------------------


def crowded(*days: tuple[int, int], states: Sequence[str] = ("waiting_response",), authorities: int = 40) -> World:
    """A site on which many ask on one day: pairs of days ago and how many requests."""
    world = World(NOW)
    councils = [world.new_authority(f"Council number {number}", [("local_council", None)]) for number in range(authorities)]
    asker = world.new_user("Ann Asker")
    number = 0
    for ago, many in days:
        for _ in range(many):
            at = NOW - timedelta(days=ago) + timedelta(seconds=number % 30000)
            request = world.new_request(councils[number % authorities], asker, f"Question {number}", "Please.", at=at)
            state = states[number % len(states)]
            if state != "waiting_response":
                world.set_state(request, state, at=at)
            number += 1
    return world


@pytest.mark.parametrize(
    "world",
    [
        crowded((10, 1300)),
        crowded((10, 600), (11, 30), (400, 510), states=("rejected", "waiting_response", "not_held", "gone_postal")),
    ],
    ids=["1300 of one state on one day", "many on two days, in four states"],
)
def test_all_requests_are_found_however_many_there_are_on_a_day(world: World, tmp_path: Path) -> None:
    drive = Drive(tmp_path, world, "everything")
    assert drive.found == {request.url_title for request in world.requests.values()}
    assert (drive.ceilings, drive.run["ceiling_hits"]) == ([], 0)
    assert {url: n for url, n in Counter(drive.asked).items() if n > 1} == {}


def test_a_days_crowd_is_told_apart_by_authority_although_nobody_asked_for_the_register(tmp_path: Path) -> None:
    """A search begins without the register of authorities; it is read when a day has to be split."""
    drive = Drive(tmp_path, crowded((10, 1100)), "user:ann_asker")
    assert len(drive.found) == 1100
    assert drive.ceilings == []
    assert sum(url.endswith("/body/all-authorities.csv") for url in drive.asked) == 1


def test_a_site_without_a_register_has_its_lists_called_cut(tmp_path: Path) -> None:
    world = crowded((10, 600))
    world.register_written = False
    drive = Drive(tmp_path, world, "user:ann_asker")
    assert len(drive.found) == 500
    assert len(drive.ceilings) == drive.run["ceiling_hits"] == 1
    assert "latest_status%3Awaiting_response" in drive.ceilings[0]
    cut = [problem for problem in drive.job.problems if "more than 500 rows" in problem]
    assert len(cut) == 1


def test_more_than_500_to_one_authority_on_one_day_are_a_ceiling_hit(tmp_path: Path) -> None:
    drive = Drive(tmp_path, crowded((10, 530), authorities=1), "authority:council_number_0")
    assert len(drive.found) == 500
    assert drive.run["ceiling_hits"] == 1
    (key,) = drive.ceilings
    assert drive.job.problems == [f"http://127.0.0.1:1/list?{key}: more than 500 rows, and no way to split them further"]


def test_a_batch_of_many_is_read_to_its_end(tmp_path: Path) -> None:
    world = World.build(1, 200)
    drive = Drive(tmp_path, world, "batch:1")
    members = {request.url_title for request in world.requests.values() if request.batch_id == 1 and request.listed}
    assert len(members) > 3 * LIST_ROWS
    assert drive.found == members
    assert drive.job.problems == []


def test_a_batch_whose_order_changes_while_it_is_read_is_not_called_complete(tmp_path: Path) -> None:
    world = World.build(1, 200)
    world.batch_unstable = True
    drive = Drive(tmp_path, world, "batch:1")
    members = {request.url_title for request in world.requests.values() if request.batch_id == 1 and request.listed}
    assert drive.found < members
    (problem,) = drive.job.problems
    assert problem.startswith(
        "http://127.0.0.1:1/info_request_batch/1: its order changed while it was read. Rows that came twice: "
    )


@pytest.mark.slow
def test_a_list_that_is_cut_is_named_and_numbers_find_the_rest(tmp_path: Path) -> None:
    """The whole way: what no list shows is asked for by its number, and the lists are still not called complete."""
    world = crowded((10, 530), authorities=1)
    with served(world) as replica:
        done = wdtk(tmp_path, "crawl", "everything", "--no-attachments", "--site", replica.base)
    archive = tmp_path / "archive.db"
    assert done.code == 4
    assert done.err.count("more than 500 rows, and no way to split them further") == 1
    assert rows(archive, "select ceiling_hits from runs") == [(1,)]
    assert rows(archive, "select count(*) from ceiling_hits") == [(1,)]
    assert rows(archive, "select count(*) from requests where display_state is not null") == [(530,)]
