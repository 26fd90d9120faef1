"""The canned queries of metadata.yml: each is described, runs with empty fields, and says what is true of a small archive."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette.app import Datasette

from scraper.metadata import metadata

from .making import SEEN, SHA, add, attachment, message, request
from .reading import get

QUERIES: dict[str, dict[str, str]] = metadata()["databases"]["archive"]["queries"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def asked(filled_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    """The filled archive, and a request more that was refused, reviewed and answered with a spreadsheet and a scan."""
    path = tmp_path_factory.mktemp("asked") / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        state = {"described_state": "rejected", "display_state": "rejected"}
        request(db, 4, title=" SILENCE ", authority_id=2, **state)
        message(db, 20, 4, "outgoing-20", "request", 1, at="2024-01-04T10:00:00Z")
        message(db, 21, 4, "incoming-21", "response", 2, at="2024-03-04T09:00:00Z", text="We refuse.")
        times = {"sent_at": "2024-03-10T09:00:00Z", "recorded_at": "2024-03-10T09:00:00Z"}
        seen = {"first_seen_at": SEEN["first_seen_at"], "last_changed_at": SEEN["last_changed_at"]}
        add(db, "messages", id=22, request_id=4, anchor="outgoing-22", kind="internal_review", position=3, **times, **seen)
        message(db, 23, 4, "incoming-23", "response", 4, at="2024-03-20T09:00:00Z", text="Here is a table.")
        add(db, "files", id=50, sha256="5" * 64, size=500, media_type=XLSX, text_status="extracted")
        add(
            db, "files", id=51, sha256="6" * 64, size=600, media_type="application/pdf", text_status="no_text_layer", page_count=3
        )
        attachment(db, 50, 23, "table.xlsx", file_id=50)
        attachment(db, 51, 23, "scan.pdf", file_id=51)
        old = {"run_id": 1, "observed_at": "2024-05-20T03:02:00Z", "request_id": 2, "old_value": "a", "new_value": "b"}
        add(db, "changes", table_name="requests", row_key="2", column_name="display_state", **old)
    return Datasette([str(path)])


def rows(datasette: Datasette, name: str, **fields: str) -> list[list[Any]]:
    answer = get(datasette, f"/dogs/{name}.json?{urlencode({'_shape': 'arrays', **fields})}")
    assert answer.status_code == 200, answer.text
    found: list[list[Any]] = answer.json()["rows"]
    return found


def fields(name: str) -> list[str]:
    return re.findall(r":([a-z_]+)", QUERIES[name]["sql"])


def test_there_are_twenty_and_each_says_what_it_is() -> None:
    assert len(QUERIES) >= 20
    for name, query in QUERIES.items():
        assert query["title"].endswith("?"), name
        assert query["description"].startswith("One row per "), name
        for field in set(fields(name)) - {"days"}:
            assert re.search(rf"\b{field}\b", query["description"]) or "as messages_with_phrase" in query["description"], (
                name,
                field,
            )


def test_queries_about_outcomes_say_whose_word_it_is() -> None:
    for name, query in QUERIES.items():
        if "described_state" in query["sql"]:
            assert re.search("requesters? (said|called|say)|requesters said|what requesters", query["description"]), name


@pytest.mark.parametrize("name", QUERIES)
def test_it_runs_with_empty_fields_and_shows_a_page(asked: Datasette, name: str) -> None:
    page = get(asked, f"/dogs/{name}")
    assert page.status_code == 200
    assert "message-error" not in page.text
    if name not in ("batch_results", "messages_with_phrase", "files_with_phrase", "overdue_now"):
        assert rows(asked, name) != []


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("value", ["'", '"', "%", "-1", "0", "many words", '" OR "'])
def test_no_value_breaks_it(asked: Datasette, name: str, value: str) -> None:
    if named := fields(name):
        assert isinstance(rows(asked, name, **dict.fromkeys(named, value)), list)


OTHERTOWN, ANYTOWN = "Othertown Council", "Anytown Council"
EXPECTED: list[tuple[str, dict[str, str], list[list[Any]]]] = [
    ("outcomes_by_authority", {}, [[1, ANYTOWN, 2, 0, 0, 0, 0, 2, None], [2, OTHERTOWN, 2, 1, 0, 1, 0, 0, 50.0]]),
    ("outcomes_by_authority", {"tag": "london_borough"}, [[1, ANYTOWN, 2, 0, 0, 0, 0, 2, None]]),
    ("outcomes_by_category", {}, [["london_borough", 1, 2, 0, 0, 0, 0, 0.0]]),
    ("outcomes_by_year", {}, [["2024", 4, 1, 0, 1, 0, 1]]),
    ("outcomes_by_year", {"authority": "other"}, [["2024", 2, 1, 0, 1, 0, 0]]),
    ("refusals_by_authority", {}, [[2, OTHERTOWN, 2, 1, 50.0]]),
    ("refusals_by_authority", {"at_least": "3"}, []),
    ("answered_late", {}, [[4, " SILENCE ", OTHERTOWN, "2024-01-04T10:00:00Z", "2024-03-04T09:00:00Z", 60]]),
    ("answered_late", {"days": "60"}, []),
    ("answered_late", {"authority": "1"}, []),
    (
        "never_answered",
        {},
        [[3, "Silence", ANYTOWN, "2024-01-03T10:00:00Z", None, "waiting_response", SEEN["last_seen_at"]]],
    ),
    ("response_times", {}, [[2, OTHERTOWN, 2, 10, 35.0, 60], [1, ANYTOWN, 1, 1, 1.0, 1]]),
    ("batches_compared", {}, [[4, "Dogs everywhere", 3, 3, 2, 1, 0, 0]]),
    ("batch_results", {}, []),
    ("same_titles", {}, [["silence", 2, 2, 1, 1, "2024-01-03T10:00:00Z", "2024-01-04T10:00:00Z"]]),
    (
        "spreadsheets",
        {"authority": "2"},
        [["2024-03-20T09:00:00Z", OTHERTOWN, 4, " SILENCE ", "table.xlsx", XLSX, 500, "5" * 64]],
    ),
    ("busiest_requesters", {}, [[1, "Ann Asker", 4, 2, 1, "2024-01-01T10:00:00Z", "2024-01-04T10:00:00Z"]]),
    ("most_annotated", {}, [[1, "Dogs in <b>Anytown</b>", ANYTOWN, 1, "2024-01-04T10:00:00Z"]]),
    ("internal_reviews", {}, [[4, " SILENCE ", OTHERTOWN, "2024-03-10T09:00:00Z", 1, "rejected"]]),
    (
        "messages_with_phrase",
        {"phrase": "seven dogs"},
        [["2024-01-12T10:00:00Z", "response", 2, "incoming-7", "Dogs in Othertown", OTHERTOWN, "There are [seven dogs]."]],
    ),
    ("messages_with_phrase", {"phrase": "dogs seven"}, []),
    ("messages_with_phrase", {"phrase": ""}, []),
    ("files_with_phrase", {"phrase": ""}, []),
]


@pytest.mark.parametrize(("name", "given", "expected"), EXPECTED)
def test_the_answer_is_true(asked: Datasette, name: str, given: dict[str, str], expected: list[list[Any]]) -> None:
    assert rows(asked, name, **given) == expected


def test_an_overdue_request_counts_the_days(filled_archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        db.execute("update requests set due_on = '2024-05-30' where id = 3")
    found = rows(Datasette([str(path)]), "overdue_now")
    assert found == [[3, "Silence", ANYTOWN, "2024-05-30", 2, "waiting_response", SEEN["last_seen_at"]]]


def test_a_batch_side_by_side(asked: Datasette) -> None:
    found = rows(asked, "batch_results", batch="4")
    assert [(row[0], row[4], row[6], row[7]) for row in found] == [(3, 0, None, 0), (1, 2, 1, 7), (2, 1, 10, 1)]


def test_files(asked: Datasette) -> None:
    by_type = {row[0]: row[1:] for row in rows(asked, "attachments_by_type")}
    assert by_type[XLSX] == [1, 500, 1, 1, 0]
    assert by_type["application/pdf"][0] == 3
    assert by_type["application/pdf"][3:] == [1, 1]
    scans = {row[0]: row[2:] for row in rows(asked, "scans_without_text")}
    assert scans[2] == [3, 1, 3]
    assert [row[0] for row in rows(asked, "files_in_many_requests")] == [SHA["answer.pdf"]]
    phrase = rows(asked, "files_with_phrase", phrase="second page")
    assert [(row[1], row[4], row[8]) for row in phrase] == [
        ("same answer.pdf", 2, "First page about dogs.\f[Second page] about cafés & <i>cats</i>."),
        ("answer.pdf", 1, "First page about dogs.\f[Second page] about cafés & <i>cats</i>."),
    ]


def test_what_is_withheld(asked: Datasette) -> None:
    assert sorted(rows(asked, "withheld_by_reason")) == [
        ["file", "Third party's data", 1],
        ["message", "Contains personal data", 1],
        ["request", "A court said so", 1],
    ]


def test_what_changed_lately(asked: Datasette) -> None:
    assert {row[0] for row in rows(asked, "changed_lately")} == {"2024-06-01T03:02:00Z"}
    assert len(rows(asked, "changed_lately", days="14")) == len(rows(asked, "changed_lately")) + 1
    assert json.loads(rows(asked, "changed_lately")[0][6])["words"] == 40


def test_completeness(asked: Datasette) -> None:
    assert rows(asked, "completeness") == [
        ["visible_request_count", 4, 4, 100.0, "2024-06-01T03:00:00Z"],
        ["lists cut by the site", None, 1, None, "2024-06-01T03:00:00Z"],
    ]
