"""How often fields were filled: of a small site that was really crawled, and of what a page may lack."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scraper.archive.schema import TABLES
from scraper.archive.store import Archive
from scraper.report.coverage import _PAGES, Coverage, measure
from scraper.report.run import _NEW_PARTS

from .conftest import REQUESTS, Nights
from .rows import START, captured, run


@pytest.fixture(scope="module")
def measured(nights: Callable[[], Nights]) -> Iterator[dict[tuple[str, str], tuple[int, float]]]:
    """A crawl of a site on which some messages have no text and a request has no name for its law."""
    made = nights()
    world = made.world
    world.requests[1].law_used = None  # type: ignore[assignment]
    for incoming in list(world.incoming.values())[:6]:
        incoming.text = None
    world.new_response(world.requests[1], "This one has words.")
    assert made.crawl().code == 0
    with Archive.open(made.archive) as archive:
        yield {
            (row[0], row[1]): (row[2], row[3])
            for row in archive.db.execute("select page_kind, field, pages, filled from coverage")
        }


@pytest.mark.parametrize(
    ("kind", "field", "pages", "filled"),
    [
        ("request_json", "law_used", REQUESTS, REQUESTS - 1),
        ("request_json", "described_state", REQUESTS, REQUESTS),
        ("request_json", "events", REQUESTS, REQUESTS),
        ("request_json", "messages.kind", REQUESTS, REQUESTS),
        ("request_json", "authority.requests_count", REQUESTS, REQUESTS),
        ("request_html", "user_name", REQUESTS, REQUESTS),
        ("request_html", "incoming.author", REQUESTS, REQUESTS),
        # Of six pages the only response has no text, but one of them has another that does.
        ("request_html", "incoming.text", REQUESTS, REQUESTS - 6 + 0.5),
        ("request_html", "annotation.user_url_name", 1, 1),
        ("request_html", "attachments.filename", REQUESTS, REQUESTS),
        ("request_html", "attachments.still_shown", REQUESTS, REQUESTS),
        ("attachment", "file", REQUESTS, REQUESTS),
        ("list", "rows", 1, 1),
        ("user_json", "name", 1, 1),
    ],
)
def test_pages_and_how_many_of_them_had_a_field(
    measured: dict[tuple[str, str], tuple[int, float]], kind: str, field: str, pages: int, filled: float
) -> None:
    assert measured[kind, field] == (pages, filled)


def test_what_no_page_had_a_say_in_is_not_measured(measured: dict[tuple[str, str], tuple[int, float]]) -> None:
    assert ("request_html", "due_on") not in measured  # nobody waits for an answer
    assert ("request_html", "batch_id") not in measured
    assert all(pages > 0 and 0 <= filled <= pages for pages, filled in measured.values())


def _request(archive: Archive, number: int, **values: object) -> None:
    known = {"id": number, "url_title": f"r{number}", "url": "", "first_seen_at": "", "last_seen_at": "", "last_changed_at": ""}
    columns = {**known, **values}
    archive.db.execute(
        f"insert into requests ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", tuple(columns.values())
    )


def _message(archive: Archive, number: int, request_id: int, **values: object) -> None:
    columns = {
        "id": number,
        "request_id": request_id,
        "anchor": f"outgoing-{number}",
        "first_seen_at": "",
        "last_changed_at": "",
        **values,
    }
    archive.db.execute(
        f"insert into messages ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", tuple(columns.values())
    )


def _told(archive: Archive, run_id: int) -> dict[str, tuple[int, float]]:
    return {one.field: (one.pages, one.filled) for one in measure(archive.db, run_id)}


def test_a_due_date_is_looked_for_where_an_answer_is_awaited(empty: Archive) -> None:
    night = run(empty.db)
    for number, (state, due_on) in enumerate(
        [("waiting_response", "2026-06-20"), ("waiting_response_overdue", None), ("successful", None)]
    ):
        _request(empty, number, display_state=state, due_on=due_on)
        captured(empty.db, night, "request_html", f"r{number}", "changed")
    assert _told(empty, night)["due_on"] == (2, 1.0)


def test_delivery_is_looked_for_on_recent_messages(empty: Archive) -> None:
    night = run(empty.db)
    for number, sent_at in enumerate(["2026-06-01T00:00:00Z", "2026-06-14T00:00:00Z", "2019-01-01T00:00:00Z"]):
        _request(empty, number)
        _message(empty, number, number, sent_at=sent_at, delivery_status="delivered" if number == 0 else None)
        captured(empty.db, night, "request_html", f"r{number}", "unchanged")
    told = _told(empty, night)
    assert told["outgoing.delivery_status"] == (2, 1.0)
    assert told["outgoing.sent_at"] == (3, 3.0)


def test_a_batch_that_a_page_no_longer_names_was_lost(empty: Archive) -> None:
    night = run(empty.db)
    empty.db.execute("insert into batches (id, first_seen_at, last_seen_at, last_changed_at) values (7, '', '', '')")
    for number in range(3):
        _request(empty, number, batch_id=7 if number == 0 else None)
        captured(empty.db, night, "request_html", f"r{number}", "changed")
    empty.db.execute(
        "insert into changes (run_id, observed_at, request_id, table_name, row_key, column_name, old_value, new_value) "
        "values (?, ?, 1, 'requests', '1', 'batch_id', '7', null)",
        (night, START),
    )
    assert _told(empty, night)["batch_id"] == (2, 1.0)


def test_only_what_this_run_read_counts(empty: Archive) -> None:
    before, night = run(empty.db), run(empty.db)
    for number in range(5):
        _request(empty, number, withheld_at=START if number == 4 else None)
    captured(empty.db, before, "request_html", "r0", "changed")
    for number, outcome in enumerate(["not_modified", "unreadable", "unchanged", "failed", "unchanged"]):
        captured(empty.db, night, "request_html", f"r{number}", outcome)
    captured(empty.db, night, "request_html", "r2", "unchanged")
    assert _told(empty, night)["display_state"] == (1, 0.0)


def test_a_key_is_read_as_the_address_it_is(empty: Archive) -> None:
    night = run(empty.db)
    _request(empty, 1, url_title="caf\u00e9", display_state="successful")
    captured(empty.db, night, "request_html", "caf%C3%A9", "changed")
    assert _told(empty, night)["display_state"] == (1, 1.0)


def test_requests_are_looked_up_by_their_index(empty: Archive) -> None:
    """The other way round is a call of Python for each pair of request and capture: minutes where it should be moments."""
    for pages in (_PAGES, _NEW_PARTS):
        query = f"explain query plan {pages} select * from page"
        steps = [row["detail"] for row in empty.db.execute(query, {"run": 1, "kind": "request_html", "began": START})]
        assert any("requests_url_title" in step for step in steps), steps
        assert not any(step.startswith(("SCAN r", "SCAN c")) for step in steps), steps


def test_every_column_that_is_measured_exists(empty: Archive) -> None:
    """A run that read nothing measures nothing; that each query runs at all is what this is about."""
    assert measure(empty.db, run(empty.db)) == []
    assert Coverage._fields == ("page_kind", "field", "pages", "filled")
    assert "coverage" in TABLES
