"""Failures are told together where they are alike."""

from __future__ import annotations

import pytest

from scraper.archive.store import Archive
from scraper.report.failures import Failure, failures, taken_apart

from .rows import captured, run


@pytest.mark.parametrize(
    ("kind", "reason", "told"),
    [
        (
            "request_html",
            "request_html page: #incoming-12 .correspondence__header: not found",
            ("#incoming-N .correspondence__header", "not found"),
        ),
        (
            "request_json",
            "request_json page: info_request_events[31].created_at: is no time with an offset",
            ("info_request_events[N].created_at", "is no time with an offset"),
        ),
        (
            "authorities_csv",
            "authorities_csv page: line 7, column 'Name': is empty",
            ("line N, column 'Name'", "is empty"),
        ),
        ("request_json", "status 500", (None, "status 500")),
        (
            "list",
            "ResponseDataLossError: http://127.0.0.1:1/list?page=2: the connection ended before the body did",
            (None, "ResponseDataLossError: the connection ended before the body did"),
        ),
        ("list", "redirected to http://127.0.0.1:1/elsewhere", (None, "redirected to")),
        ("list", "", (None, "no reason was noted")),
    ],
)
def test_what_one_page_alone_says_is_left_out(kind: str, reason: str, told: tuple[str | None, str]) -> None:
    assert taken_apart(kind, reason) == told


def test_pages_that_failed_alike_are_one_failure(empty: Archive) -> None:
    db = empty.db
    other = run(db)
    captured(db, other, "request_json", "a", "failed", "status 500")
    night = run(db, "failures")
    for key in ("a", "b", "c", "a"):
        captured(db, night, "request_json", key, "failed", "status 500")
    captured(db, night, "request_json", "b", "changed")
    captured(db, night, "request_html", "a", "unreadable", "request_html page: #incoming-1 .x: not found")
    captured(db, night, "request_html", "b", "unreadable", "request_html page: #incoming-2 .x: not found")
    found = failures(db, night)
    assert found == [
        Failure("request_json", "failed", "status 500", None, 3, 2, "http://127.0.0.1:1/request_json/a"),
        Failure("request_html", "unreadable", "not found", "#incoming-N .x", 2, 2, "http://127.0.0.1:1/request_html/b"),
    ]
    assert len(failures(db, other)) == 1


def test_what_was_had_later_is_not_given_up(empty: Archive) -> None:
    night = run(empty.db)
    captured(empty.db, night, "list", "", "failed", "status 502")
    captured(empty.db, night, "list", "", "unchanged")
    assert [(one.pages, one.given_up) for one in failures(empty.db, night)] == [(1, 0)]


def test_a_run_without_a_failure(empty: Archive) -> None:
    assert failures(empty.db, run(empty.db)) == []
