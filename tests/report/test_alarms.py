"""What should be there and is not: by rows written by hand, and by a site that changes under the real command."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.archive.store import Archive, ArchiveError
from scraper.report.alarms import FEWEST_PAGES, Alarm, accept, alarms, fell, look_back
from scraper.report.coverage import NO_ROWS, ROWS
from tests.replica import World

from .conftest import REQUESTS, Nights
from .rows import captured, covered, run

# ---- a field that fell ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before", "alarmed"),
    [
        ((20, 0), (20, 20), True),
        ((19, 0), (500, 500), False),
        ((500, 0), (19, 19), False),
        ((400, 316), (4000, 3960), False),  # 99 % to 79 %: not more than 0.2
        ((400, 312), (4000, 3960), True),  # 99 % to 78 %
        ((20, 8), (40, 28), False),  # 70 % to 40 %: half as many pages would do it by chance
        ((400, 160), (800, 560), True),
        ((100, 100), (100, 0), False),  # a rise
        ((30, 0), (1000, 30), False),  # never there anyway
    ],
)
def test_a_fall_counts_where_it_is_large_and_no_chance(now: tuple[int, float], before: tuple[int, float], alarmed: bool) -> None:
    assert fell(*now, *before) is alarmed


@given(st.integers(0, 500), st.floats(0, 1), st.integers(0, 500), st.floats(0, 1))
def test_no_fall_without_a_drop_or_without_pages(pages: int, part: float, before: int, part_before: float) -> None:
    alarmed = fell(pages, pages * part, before, before * part_before)
    assert not alarmed or (part < part_before and min(pages, before) >= FEWEST_PAGES)


def test_a_field_is_held_against_the_healthy_runs_before(empty: Archive) -> None:
    db = empty.db
    for outcome in ("ok", "budget"):
        covered(db, run(db, outcome), "request_html", "incoming.author", 30, 30)
    covered(db, run(db, "failures"), "request_html", "incoming.author", 3000, 0)
    night = run(db)
    covered(db, night, "request_html", "incoming.author", 40, 2)
    covered(db, night, "request_html", "incoming.text", 40, 0)
    text = "incoming.author of request_html was filled on 5 % of 40 pages; usual is 100 % (of 60 pages, healthy runs: 2)"
    captured(db, night, "request_json", "a")
    assert alarms(db, night) == [Alarm(text, "request_html", "incoming.author")]


def test_a_run_out_of_budget_that_raised_an_alarm_is_not_healthy(empty: Archive) -> None:
    db = empty.db
    covered(db, run(db), "request_json", "law_used", 30, 30)
    covered(db, run(db, "budget", alarms=1), "request_json", "law_used", 300, 0)
    night = run(db, "budget")
    covered(db, night, "request_json", "law_used", 30, 0)
    assert [alarm.field for alarm in alarms(db, night)] == ["law_used"]


def test_what_is_usual_is_told_by_the_newest_ten_runs_that_measured(empty: Archive) -> None:
    db = empty.db
    for _ in range(5):
        covered(db, run(db), "request_html", "incoming.author", 1000, 1000)
    for _ in range(10):
        covered(db, run(db), "request_html", "incoming.author", 30, 3)
        run(db)
    night = run(db, "budget")
    covered(db, night, "request_html", "incoming.author", 40, 2)
    assert alarms(db, night) == []


def test_an_operator_can_call_it_no_fault(empty: Archive) -> None:
    db = empty.db
    covered(db, run(db), "request_json", "law_used", 100, 100)
    first, second = run(db, "failures"), run(db, "failures")
    for night in (first, second):
        covered(db, night, "request_json", "law_used", 100, 0)
        captured(db, night, "request_json", "a")
    assert [alarm.field for alarm in alarms(db, second)] == ["law_used"]
    accept(empty, first, "2026-06-16T07:00:00Z")
    assert alarms(db, second) == []
    with pytest.raises(ArchiveError, match="there is no run 99"):
        accept(empty, 99, "2026-06-16T07:00:00Z")


# ---- no rows --------------------------------------------------------------------------------------------------------


def test_a_crawl_that_read_no_request(empty: Archive) -> None:
    crawl = run(empty.db, "ok", "crawl", job="crawl tag:none")
    captured(empty.db, crawl, "list", "query=tag%3Anone", reason=NO_ROWS)
    assert alarms(empty.db, crawl) == [Alarm("nothing was found: no request was read", "request_json", None)]


@pytest.mark.parametrize("outcome", ["blocked", "interrupted", "budget", None])
def test_a_run_that_did_not_come_to_its_end_may_be_empty(empty: Archive, outcome: str | None) -> None:
    crawl = run(empty.db, outcome, "crawl", job="crawl tag:none")
    captured(empty.db, crawl, "list", "query=tag%3Anone", reason=NO_ROWS)
    assert alarms(empty.db, crawl) == []
    assert [alarm.page_kind for alarm in alarms(empty.db, crawl, "ok")] == ["request_json"]


def test_a_crawl_of_authorities_reads_no_request(empty: Archive) -> None:
    crawl = run(empty.db, "ok", "crawl", job="crawl authorities")
    captured(empty.db, crawl, "authorities_csv", "")
    assert alarms(empty.db, crawl) == []


def test_a_run_that_asks_the_site_nothing_reads_nothing(empty: Archive) -> None:
    assert alarms(empty.db, run(empty.db, "ok", "reparse")) == []


def test_what_an_earlier_run_of_the_job_read_counts(empty: Archive) -> None:
    first = run(empty.db, "budget", "crawl", job="crawl everything", after_capture=0)
    captured(empty.db, first, "request_json", "a", "changed")
    second = run(empty.db, "ok", "crawl", job="crawl everything", after_capture=0)
    captured(empty.db, second, "version", "")
    assert alarms(empty.db, second) == []


def test_a_night_over_an_archive_without_requests_may_be_empty(empty: Archive) -> None:
    assert alarms(empty.db, run(empty.db)) == []


def test_a_register_without_an_authority(empty: Archive) -> None:
    night = run(empty.db)
    captured(empty.db, night, "authorities_csv", "", reason=NO_ROWS)
    captured(empty.db, night, "request_json", "a")
    assert alarms(empty.db, night) == [Alarm("all-authorities.csv names no authority", "authorities_csv", ROWS)]


@pytest.mark.parametrize(("kind", "key"), [("batch", "7"), ("authority_html", "luton_example_council")])
def test_a_page_that_listed_requests_and_lists_none_now(empty: Archive, kind: str, key: str) -> None:
    db = empty.db
    healthy = run(db)
    captured(db, healthy, kind, key)
    captured(db, healthy, kind, "another", reason=NO_ROWS)
    night = run(db)
    captured(db, night, "request_json", "a")
    for name in (key, "another", f"{key}?page=2"):
        captured(db, night, kind, name, reason=NO_ROWS)
    text = f"http://127.0.0.1:1/{kind}/{key} shows no request now, and did in a healthy run before"
    assert alarms(db, night) == [Alarm(text, kind, ROWS)]


def test_a_night_whose_lists_are_all_empty(empty: Archive) -> None:
    db = empty.db
    for _ in range(5):
        covered(db, run(db), "list", ROWS, 4, 4)
    covered(db, run(db, command="crawl"), "list", ROWS, 500, 5)
    night, small, quiet = run(db), run(db), run(db)
    for number in (night, small, quiet):
        captured(db, number, "request_json", "a")
    covered(db, night, "list", ROWS, 4, 0)
    covered(db, small, "list", ROWS, 2, 0)
    covered(db, quiet, "list", ROWS, 4, 1)
    text = "not one of 4 lists showed a request; usually 100 % of them do"
    assert alarms(db, night) == [Alarm(text, "list", ROWS)]
    assert alarms(db, small) == []
    assert alarms(db, quiet) == []


def test_empty_lists_are_usual_where_little_happens(empty: Archive) -> None:
    db = empty.db
    for _ in range(10):
        covered(db, run(db), "list", ROWS, 5, 4)
    night = run(db)
    captured(db, night, "request_json", "a")
    covered(db, night, "list", ROWS, 5, 0)
    assert alarms(db, night) == []


# ---- the end of a run -----------------------------------------------------------------------------------------------


def test_pages_that_cannot_be_read_name_the_selector(empty: Archive) -> None:
    night = run(empty.db, "failures")
    for number in (1, 2):
        reason = f"request_html page: #incoming-{number} .correspondence__header: not found"
        captured(empty.db, night, "request_html", str(number), "unreadable", reason)
    captured(empty.db, night, "request_html", "3", "unreadable", "request_html page: #request_status: not found")
    captured(empty.db, night, "request_html", "3", "changed")
    text = (
        "2 pages of kind request_html could not be read, such as http://127.0.0.1:1/request_html/2: "
        "#incoming-N .correspondence__header: not found"
    )
    assert alarms(empty.db, night) == [Alarm(text, "request_html", "#incoming-N .correspondence__header")]


def test_an_interrupted_run_is_not_measured(empty: Archive) -> None:
    night = run(empty.db, None)
    captured(empty.db, night, "list", "", reason=NO_ROWS)
    assert look_back(empty, night, "interrupted") == []
    assert empty.db.execute("select count(*) from coverage").fetchone()[0] == 0
    look_back(empty, night, "blocked")
    assert [tuple(row) for row in empty.db.execute("select * from coverage")] == [(night, "list", ROWS, 1, 0.0)]


def test_there_has_to_be_such_a_run(empty: Archive) -> None:
    with pytest.raises(LookupError):
        alarms(empty.db, 5)


# ---- a site that changes --------------------------------------------------------------------------------------------


FILES_LEFT_OUT = "--no-attachments"


@pytest.fixture(scope="module")
def moved(nights: Callable[[], Nights]) -> Nights:
    """An archive that has seen its site healthy once."""
    made = nights()
    first = made.crawl(FILES_LEFT_OUT)
    assert (first.code, first.err) == (0, "")
    return made


def retag(world: World, name: str) -> None:
    """Something new in each request's JSON, or the site would answer that it is as it was."""
    for request in world.requests.values():
        world.tag(request, (name, None))


def test_a_key_that_the_site_no_longer_fills_fails_the_run(moved: Nights) -> None:
    for request in moved.world.requests.values():
        request.law_used = None  # type: ignore[assignment]
    second = moved.crawl(FILES_LEFT_OUT)
    text = (
        f"law_used of request_json was filled on 0 % of {REQUESTS} pages; usual is 100 % (of {REQUESTS} pages, healthy runs: 1)"
    )
    assert second.code == 4
    assert second.err == f"alarm: {text}\n"
    assert second.out.startswith("FAILED IN PART: run 2 (crawl everything --no-attachments): 1 alarm.\n")
    assert moved.report()["alarms"] == [{"text": text, "page_kind": "request_json", "field": "law_used"}]
    retag(moved.world, "one")
    assert moved.crawl(FILES_LEFT_OUT).code == 4  # a run that failed is not what is usual
    accepted = moved.wdtk("report", "--accept")
    assert accepted.out.startswith("FAILED IN PART: run 3 (crawl everything --no-attachments): 1 alarm, accepted since.\n")
    retag(moved.world, "two")
    assert moved.crawl(FILES_LEFT_OUT).code == 0


def test_a_block_that_the_page_no_longer_has_fails_the_run(nights: Callable[[], Nights], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is unreadable, no file has no name: they are just not there any more."""
    made = nights()
    assert made.crawl(FILES_LEFT_OUT).code == 0
    answer = made.replica.site.answer

    def redesigned(target: str) -> object:
        given = answer(target)
        given.body = given.body.replace(b'class="attachments"', b'class="enclosures"').replace(b"/attach/", b"/enclosures/")
        return given

    monkeypatch.setattr(made.replica.site, "answer", redesigned)
    # The budget holds all but the last page: such a run fails too.
    said = made.crawl(FILES_LEFT_OUT, "--budget", str(2 * REQUESTS + 3))
    assert said.code == 4
    line = "FAILED IN PART: run 2 (crawl everything --no-attachments): 1 alarm. It stopped early: the budget of "
    assert said.out.startswith(line)
    fields = [(alarm["page_kind"], alarm["field"]) for alarm in made.report()["alarms"]]
    assert fields == [("request_html", "attachments.still_shown")]


def test_a_page_without_its_correspondence_fails_the_run(moved: Nights) -> None:
    moved.replica.faults.append({"match": r"question_7\?unfold", "kind": "no_correspondence"})
    said = moved.crawl(FILES_LEFT_OUT)
    moved.replica.faults.clear()
    told = moved.report()
    assert said.code == 4
    line = f"FAILED IN PART: run {told['id']} (crawl everything --no-attachments): 1 alarm, 1 page not had."
    assert said.out.splitlines()[0] == line
    assert [(alarm["page_kind"], alarm["field"]) for alarm in told["alarms"]] == [("request_html", "div.correspondence")]
    assert [(one["pages"], one["given_up"], one["outcome"]) for one in told["failures"]] == [(1, 1, "unreadable")]
    assert f"{moved.base}/request/question_7?unfold=1" in told["alarms"][0]["text"]


def test_a_register_that_the_site_has_not_written(nights: Callable[[], Nights]) -> None:
    made = nights()
    made.world.register_written = False
    said = made.crawl()
    assert said.code == 4
    assert said.err == "alarm: all-authorities.csv names no authority\n"
