"""What `wdtk status` says, and what it says where there is nothing to say it of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scraper.archive.schema import statements
from scraper.archive.store import Archive, ArchiveError
from scraper.report.archive import archive_facts, freshness, to_come
from scraper.report.sheets import archive_sheet
from scraper.report.source import look_into
from tests.crawl.command import wdtk

from .conftest import REQUESTS, Nights
from .rows import captured, run

NOW = datetime(2026, 6, 16, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def held(nights: Callable[[], Nights]) -> Nights:
    """A crawl, a request that the site hides, a night that sees it, and a clock that moved on by a month."""
    made = nights()
    assert made.crawl("--follow").code == 0
    made.world.advance(days=1)
    made.world.hide(made.world.requests[3])
    assert made.wdtk("nightly").code == 0
    made.world.advance(days=29)
    return made


def test_the_state_of_an_archive(held: Nights) -> None:
    told = held.wdtk("status", "--json").told
    assert (told["site"], told["path"]) == (held.base, "archive.db")
    assert told["database_bytes"] >= held.archive.stat().st_size
    assert (told["requests"], told["authorities"], told["users"], told["batches"]) == (REQUESTS - 1, 1, 2, 0)
    assert told["messages"] == {"request": REQUESTS - 1, "response": REQUESTS - 1, "annotation": 1}
    assert told["attachments"] == {"stored": REQUESTS - 1}
    assert told["file_texts"] == {"extracted": REQUESTS - 1}
    assert told["states"] == {"successful": REQUESTS - 1}
    stored = {path.name: path.stat().st_size for path in held.archive.with_suffix(".files").rglob("*") if path.is_file()}
    assert told["files"] == REQUESTS - 1
    assert 0 < told["files_bytes"] < sum(stored.values())  # bytes that are set aside lie there until it is confirmed
    assert told["withdrawn"] == {"waiting": 1, "requests": 0, "messages": 0, "files": 0, "forgotten": 0}
    assert list(told["follows"]) == ["everything"]
    assert [(one["id"], one["outcome"], one["job"]) for one in told["runs"]] == [
        (2, "ok", "nightly"),
        (1, "ok", "crawl everything"),
    ]
    assert told["last_healthy"] == told["runs"][0]
    complete = {one["what"]: (one["held"], one["stated"]) for one in told["complete"]}
    assert complete == {"requests": (REQUESTS - 1, REQUESTS - 1), "annotations": (1, 1), "authorities": (1, 1)}


def test_freshness_goes_by_the_clock(held: Nights) -> None:
    told = held.wdtk("status", "--json").told
    assert told["fresh"]["within"] == {"7": 0, "30": REQUESTS - 1, "180": REQUESTS - 1}
    text = held.wdtk("status").out
    line = f"{REQUESTS - 1} requests of {held.base}; last visited Tuesday 16 June 2026, 09:00 UTC."
    assert text.splitlines()[0] == line
    assert (
        f"Verified     0 % within 7 days, 100 % within 30 days, 100 % within 180 days\n               (of {REQUESTS - 1} threads)"
        in text
    )
    assert "Refused  1 request: set aside until a second healthy night confirms it" in text
    assert "Last healthy  run 2, Tuesday 16 June 2026, 09:00 UTC" in text
    assert max(map(len, text.splitlines()[1:])) <= 80


def test_status_in_markdown(held: Nights) -> None:
    text = held.wdtk("status", "--markdown").out
    assert f"- Requests: {REQUESTS - 1} of the {REQUESTS - 1} that the site counts (100 %)" in text


def test_a_thread_that_was_never_verified_is_not_fresh(empty: Archive) -> None:
    db = empty.db
    seen = captured(db, run(db), "request_json", "a_b")
    for number, slug in ((1, "a_b"), (2, "c")):
        db.execute(
            "insert into requests (id, url_title, url, first_seen_at, last_seen_at, last_changed_at) "
            "values (?, ?, '', '', '', '')",
            (number, slug),
        )
    db.execute(
        "insert into agenda (page_kind, page_key, reason, priority, last_capture_id) "
        "values ('request_json', 'a_b', 'visit', 4, ?)",
        (seen,),
    )
    fresh = freshness(db, NOW)
    assert (fresh.threads, fresh.within, fresh.oldest_at) == (2, {7: 1, 30: 1, 180: 1}, "2026-06-15T01:00:00Z")
    late = freshness(db, NOW + timedelta(days=100))
    assert late.within == {7: 0, 30: 0, 180: 1}


def test_what_is_due_when(empty: Archive) -> None:
    times = ("2026-06-16T07:00:00Z", "2026-06-16T08:00:00Z", "2026-06-20T00:00:00Z", "2026-07-20T00:00:00Z", None)
    for number, due_at in enumerate(times):
        empty.db.execute(
            "insert into agenda (page_kind, page_key, due_at, reason, priority) values ('list', ?, ?, ?, 6)",
            (str(number), due_at, "nightly" if number == 1 else "visit"),
        )
    due = to_come(empty.db, NOW)
    assert (due.now, due.within_a_day, due.within_a_week, due.later, due.jobs) == (1, 1, 1, 1, {"nightly": 1})


def test_an_archive_without_anything(empty: Archive) -> None:
    facts = archive_facts(empty.db, empty.path, NOW)
    assert (facts.last_seen_at, facts.last_healthy, facts.complete, facts.runs) == (None, None, [], [])
    text = archive_sheet(facts).text()
    assert text.startswith("0 requests of http://127.0.0.1:1; nothing fetched yet.\n")
    assert "Last healthy  none yet" in text


def test_a_healthy_run_long_ago_is_still_named(empty: Archive) -> None:
    for outcome in ("ok", *["blocked"] * 5):
        run(empty.db, outcome)
    run(empty.db, "ok", "reparse")
    facts = archive_facts(empty.db, empty.path, NOW)
    assert [one.id for one in facts.runs] == [7, 6, 5, 4, 3]
    assert facts.last_healthy is not None
    assert facts.last_healthy.id == 1


# ---- what is no archive ---------------------------------------------------------------------------------------------


def test_looking_changes_nothing(empty: Archive) -> None:
    db = look_into(empty.path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("delete from runs")
    db.close()


def test_what_cannot_be_looked_into(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive"):
        look_into(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_bytes(b"no database at all" * 100)
    with pytest.raises(ArchiveError, match="is not an archive"):
        look_into(text)
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("create table x (y)").connection.close()
    with pytest.raises(ArchiveError, match="a database, but no archive"):
        look_into(other)
    older = tmp_path / "older.db"
    db = sqlite3.connect(older)
    for statement in statements():
        if "coverage" not in statement:
            db.execute(statement)
    db.close()
    with pytest.raises(ArchiveError, match=r"older version \(it lacks coverage\)"):
        look_into(older)


@pytest.mark.parametrize("command", ["report", "status"])
def test_no_archive_is_one_line_and_an_exit_code(tmp_path: Path, command: str) -> None:
    done = wdtk(tmp_path, command)
    assert (done.code, done.out) == (1, "")
    assert done.err == "wdtk: there is no archive at archive.db; the first crawl makes one: wdtk crawl TARGET --site URL\n"
    assert not (tmp_path / "archive.db").exists()
