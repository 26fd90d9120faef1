"""What the report of a run says, of a small site watched for three nights, and of runs that went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scraper.archive.store import Archive, ArchiveError
from scraper.report.run import run_facts
from scraper.report.sheets import run_sheet
from tests.crawl.command import Done
from tests.replica import NewFile

from .conftest import REQUESTS, Nights
from .rows import captured, run

NOW = datetime(2026, 6, 16, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def watched(nights: Callable[[], Nights]) -> tuple[Nights, list[Done]]:
    """A first crawl, a night with one change of each sort, and one that confirms a withdrawal."""
    made = nights()
    said = [made.crawl("--follow")]
    world, requests = made.world, made.world.requests
    answers = {number: next(i for i in world.incoming.values() if i.request_id == number) for number in requests}
    questions = {number: next(o for o in world.outgoing.values() if o.request_id == number) for number in requests}
    reader = next(user for user in world.users.values() if user.name == "Rea Reader")
    world.advance(days=1)
    world.new_response(requests[1], "One thing more.", [NewFile("more.txt", "further words")])
    world.set_state(requests[2], "rejected")
    world.hide(requests[3], reason="a name in it")
    world.hide(answers[4], reason="another name")
    world.rename(requests[5], "Something else altogether")
    world.edit_text(questions[6], "Dear council,\n\nwhat I meant to ask is this.")
    world.hide(answers[7].files[0], reason="a list of names")
    world.replace_file(answers[8].files[0], b"other bytes")
    world.annotate(requests[9], reader, "Noted.")
    world.destroy(answers[10])
    world.new_request(next(iter(world.authorities.values())), reader, "Quite new", "Dear council, a question.")
    said.append(made.wdtk("nightly"))
    world.advance(days=1)
    said.append(made.wdtk("nightly"))
    return made, said


@pytest.fixture(scope="module")
def first(watched: tuple[Nights, list[Done]]) -> dict[str, Any]:
    return watched[0].report("1")


@pytest.fixture(scope="module")
def second(watched: tuple[Nights, list[Done]]) -> dict[str, Any]:
    return watched[0].report("2")


def test_the_nights_went_well(watched: tuple[Nights, list[Done]]) -> None:
    assert [(one.code, one.err) for one in watched[1]] == [(0, "")] * 3
    lines = [one.out.splitlines()[0] for one in watched[1]]
    assert lines == [
        "OK: run 1 (crawl everything) did all that it was asked to.",
        "OK: run 2 (nightly) did all that it was asked to.",
        "OK: run 3 (nightly) did all that it was asked to.",
    ]


def test_a_first_crawl_finds_what_there_is(watched: tuple[Nights, list[Done]], first: dict[str, Any]) -> None:
    asked = first["http_requests"]
    assert (first["requests_new"], first["requests_seen"], first["changed"]["requests"]) == (REQUESTS, REQUESTS, 0)
    assert first["files"]["fetched"] == REQUESTS
    assert first["files"]["unchanged"] == first["files"]["not_had"] == 0
    assert first["cost"] == {"threads": REQUESTS, "per_thread": asked / REQUESTS, "least": 2.04 + 1}
    # JSON, HTML and a file each; one list, the register, the totals, an annotator's page, robots.txt.
    assert asked == 3 * REQUESTS + 5
    assert (first["alarms"], first["failures"], first["ceiling_hits"], first["pages_left"]) == ([], [], [], 0)


def test_each_sort_of_change_is_counted_once(second: dict[str, Any]) -> None:
    assert second["requests_new"] == 1
    assert second["changed"] == {
        "requests": 9,  # 1, 2, and 4 to 10; what the site refuses is told apart
        "answered": 1,
        "state_changed": 2,
        "states": [["successful", "rejected", 1], ["successful", "waiting_classification", 1]],
        "messages": {"annotation": 1, "response": 1},
        "edited": 1,
        "renamed": 1,
        "files_replaced": 1,
    }


def test_what_the_site_took_back_is_told(watched: tuple[Nights, list[Done]], second: dict[str, Any]) -> None:
    assert second["taken"] == {
        "refused": [3],
        "confirmed": [],
        "back": [],
        "messages_gone": 1,
        "messages_withheld": 1,
        "files_gone": 2,
        "files_withheld": 1,
    }
    assert watched[0].report("3")["taken"]["confirmed"] == [3]
    text = watched[1][1].out
    assert "Refused   1 request (number 3): set aside until a second healthy night" in text
    assert "Question 3" not in text
    assert "question_3" not in text


def test_only_the_newest_run_tells_of_the_archive_as_it_is(watched: tuple[Nights, list[Done]], first: dict[str, Any]) -> None:
    newest = watched[0].report()
    assert (newest["id"], first["now"]) == (3, None)
    complete = {one["what"]: (one["held"], one["stated"]) for one in newest["now"]["complete"]}
    assert complete == {"requests": (REQUESTS, REQUESTS), "annotations": (2, 2), "authorities": (1, 1)}
    assert newest["now"]["fresh"]["threads"] == REQUESTS
    assert newest["now"]["fresh"]["within"] == {"7": REQUESTS, "30": REQUESTS, "180": REQUESTS}


def test_a_run_ends_with_the_report_that_is_printed_later(watched: tuple[Nights, list[Done]]) -> None:
    made, said = watched
    assert made.wdtk("report", "1").out.splitlines()[:8] == said[0].out.splitlines()[:8]
    after = said[2].out.removeprefix(made.wdtk("report").out)
    assert re.fullmatch(r"study tables: \d+ requests made anew\n", after)
    assert made.wdtk("--json", "report", "2").told == made.report("2")
    assert made.wdtk("report", "2", "--markdown").out.startswith("**OK: run 2 (nightly) did all that it was asked to.**\n")


def test_a_challenge_is_the_first_line(watched: tuple[Nights, list[Done]]) -> None:
    made, _ = watched
    made.replica.faults.append({"match": r"^/list", "kind": "challenge"})
    said = made.wdtk("nightly")
    made.replica.faults.clear()
    assert said.code == 3
    line = f"BLOCKED: run 4 (nightly): the site asked for proof of a browser, or refused, at {made.base}/list?"
    assert said.out.startswith(line)
    assert made.wdtk("report").out.startswith("BLOCKED: run 4")
    told = made.report()
    assert [(one["page_kind"], one["outcome"], one["given_up"]) for one in told["failures"]] == [("list", "challenge", 1)]
    assert told["alarms"] == []


def test_robots_that_cannot_be_had_is_the_first_line(watched: tuple[Nights, list[Done]]) -> None:
    made, _ = watched
    made.replica.faults.append({"kind": "robots_503"})
    said = made.wdtk("nightly")
    made.replica.faults.clear()
    assert said.code == 3
    assert "alarm" not in said.err
    assert made.wdtk("report").out.startswith("BLOCKED: run 5 (nightly): robots.txt could not be had")


def test_a_budget_that_is_used_up(nights: Callable[[], Nights]) -> None:
    made = nights()
    said = made.wdtk("--json", "crawl", "everything", "--site", made.base, "--budget", "12")
    assert said.code == 0
    told = said.told["report"]
    assert (told["outcome"], told["http_requests"], told["budget"]) == ("budget", 12, 12)
    assert told["pages_left"] > 0
    lines = made.wdtk("report").out
    assert lines.startswith("OK: run 1 (crawl everything) stopped early: the budget of ")
    assert "12 of a budget of 12 (100 %)" in lines
    quiet = made.wdtk("--quiet", "crawl", "everything")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert "Goes on with   a job begun on" in made.wdtk("report").out


def test_a_page_that_is_had_on_another_try_is_no_alarm(nights: Callable[[], Nights]) -> None:
    made = nights()
    made.replica.faults.append({"match": r"question_2\.json", "kind": "status", "status": 500, "times": 1})
    said = made.crawl()
    assert said.code == 0
    told = made.report()
    assert told["alarms"] == []
    assert [(one["reason"], one["pages"], one["given_up"]) for one in told["failures"]] == [("status 500", 1, 0)]
    assert "request_json  1 page failed: status 500 (had on another try)" in said.out


# ---- by hand --------------------------------------------------------------------------------------------------------


def test_a_run_without_an_end_says_so_first(empty: Archive) -> None:
    killed = run(empty.db, None)
    for number in range(3):
        captured(empty.db, killed, "request_json", str(number), "changed")
    facts = run_facts(empty.db, killed, NOW)
    assert (facts.outcome, facts.http_requests, facts.alarms) == (None, 3, [])
    text = run_sheet(facts).text()
    assert text.startswith("NOT FINISHED: run 1 (nightly) has no end: it still runs, or it was killed.")
    assert "When           since Monday 15 June 2026, 01:00 UTC, without an end" in text
    assert "at least 3, no budget" in text


def test_pages_that_failed_one_after_another_block_a_run(empty: Archive) -> None:
    blocked = run(empty.db, "blocked")
    for number in range(3):
        captured(empty.db, blocked, "request_json", str(number), "failed", "status 502")
    text = run_sheet(run_facts(empty.db, blocked, NOW)).text()
    assert text.startswith(
        "BLOCKED: run 1 (nightly): pages failed one after another, such as http://127.0.0.1:1/request_json/2: status 502.\n"
    )


def test_a_list_that_was_cut_is_named(empty: Archive) -> None:
    cut = run(empty.db, "failures")
    empty.db.execute("insert into ceiling_hits values (?, 'query=tag%3Aa', '2026-06-15T01:30:00Z')", (cut,))
    captured(empty.db, cut, "request_json", "a")
    text = run_sheet(run_facts(empty.db, cut, NOW)).text()
    assert text.startswith("FAILED IN PART: run 1 (nightly): 1 list cut.\n")
    assert "  /list  query=tag%3Aa: it could not be split further, requests may be missing" in text


def test_a_run_that_changed_nothing_costs_nothing_for_each(empty: Archive) -> None:
    facts = run_facts(empty.db, run(empty.db), NOW)
    assert (facts.cost.threads, facts.cost.per_thread, facts.cost.least) == (0, None, None)


def test_runs_that_are_not_there(empty: Archive) -> None:
    with pytest.raises(ArchiveError, match="nothing was ever run"):
        run_facts(empty.db, 1, NOW)
    run(empty.db)
    with pytest.raises(ArchiveError, match="there is no run 9; the newest is 1"):
        run_facts(empty.db, 9, NOW)
