"""The tables in an archive: made, kept up to date, and emptied with what is withdrawn."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.archive.derived import BY_REQUEST, drop_derived, drop_derived_from_file
from scraper.archive.store import Archive
from scraper.cli import main
from scraper.study.build import build
from scraper.study.lexicon import load
from scraper.study.tables import MADE, TABLES
from scraper.urls import Site

from .making import insert

NOW = "2026-01-05T00:00:00Z"
LETTER = (
    "Dear requester, the council holds a contract with Xantura for its OneView platform. The prices are withheld under "
    "section 43(2) of the Freedom of Information Act 2000, and the rest of the information is attached to this letter."
)


def add_request(db: sqlite3.Connection, number: int, seen: str, letter: str = LETTER) -> None:
    times = {"first_seen_at": seen, "last_seen_at": seen, "last_changed_at": seen}
    insert(db, "requests", id=number, url_title=f"r{number}", title="Systems", authority_id=1, batch_id=1, law_used="foi",
           described_state="partially_successful", awaiting_description=0,
           url=f"https://example.org/request/r{number}", **times)  # fmt: skip
    insert(
        db,
        "events",
        id=number * 10,
        request_id=number,
        event_type="sent",
        created_at="2025-06-02T09:00:00Z",
        outgoing_message_id=number,
    )
    insert(
        db,
        "events",
        id=number * 10 + 1,
        request_id=number,
        event_type="response",
        created_at="2025-06-20T09:00:00Z",
        incoming_message_id=number,
    )
    seen_at = {"first_seen_at": seen, "last_changed_at": seen}
    ask = (
        "Dear council, please tell me which systems you use to predict anything about families, "
        "who supplies them, and at what cost."
    )
    insert(db, "messages", id=number * 10, request_id=number, anchor=f"outgoing-{number}", kind="request", position=1,
           recorded_at="2025-06-02T09:00:00Z", text=ask, **seen_at)  # fmt: skip
    insert(db, "messages", id=number * 10 + 1, request_id=number, anchor=f"incoming-{number}", kind="response", position=2,
           recorded_at="2025-06-20T09:00:00Z", text=letter, **seen_at)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db", Site("https://example.org")) as archive:
        with archive.transaction() as db:
            times = {"first_seen_at": NOW, "last_seen_at": NOW, "last_changed_at": NOW}
            insert(db, "authorities", id=1, url_name="x", name="Example Council", **times)
            insert(db, "batches", id=1, title="Systems", **times)
            for number in (1, 2, 3):
                add_request(db, number, "2026-01-01T00:00:00Z")
            insert(
                db,
                "files",
                id=1,
                sha256="ab" * 32,
                size=9,
                text_status="extracted",
                page_count=2,
                extracted_at="2026-01-02T00:00:00Z",
            )
            insert(db, "file_texts", file_id=1, text="Page one.\fThe names are exempt under section 40(2) FOIA.")
            insert(
                db,
                "attachments",
                id=1,
                message_id=11,
                filename="a.pdf",
                status="stored",
                file_id=1,
                first_seen_at=NOW,
                last_changed_at=NOW,
            )
        yield archive


def test_every_table_is_made_and_traceable(archive: Archive) -> None:
    build(archive, (), NOW)
    db = archive.db
    assert {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")} >= set(TABLES)
    cited = db.execute(
        "select provision, engaged, anchor, sha256, page, offset, source from exemptions where request_id = 1"
    ).fetchall()
    assert [tuple(row) for row in cited] == [
        ("FOIA s.43(2)", 1, "incoming-1", None, None, LETTER.index("43(2)"), "new_text"),
        ("FOIA s.40(2)", 1, "incoming-1", "ab" * 32, 2, 45, "file_text"),
    ]
    systems = db.execute("select authority, term, link from council_systems where request_id = 2 order by offset").fetchall()
    assert [tuple(row) for row in systems] == [
        ("Example Council", "Xantura", "https://example.org/request/r2#incoming-2"),
        ("Example Council", "OneView", "https://example.org/request/r2#incoming-2"),
    ]
    told = db.execute("select text_outcome, agrees, anchor from outcomes where request_id = 3").fetchone()
    assert tuple(told) == ("partly", 1, "incoming-3")
    families = [tuple(row) for row in db.execute("select kind, messages, requests from families order by kind")]
    assert families == [("request", 3, 3), ("response", 3, 3)]
    columns = "requests, answered, in_time, late, overdue, mean_working_days, partly, refused, clarification"
    compared = db.execute(f"select {columns} from batch_comparison")
    # Nobody refused: that is none, and not unknown.
    assert tuple(compared.fetchone()) == (3, 3, 3, 0, 0, 14.0, 3, 0, 0)


def test_only_what_was_visited_is_made_anew(archive: Archive) -> None:
    build(archive, (), NOW)
    with archive.transaction() as db:
        add_request(db, 4, "2026-01-06T00:00:00Z", letter="We do not hold the information that you have asked us for.")
    told = build(archive, (), NOW)
    assert told.rebuilt == []
    # The three that were seen in the newest second, and the file read in it, count once more.
    assert told.requests["outcomes"] == 4
    told = build(archive, (), NOW)
    assert told.requests["outcomes"] == 2
    assert archive.db.execute("select text_outcome from outcomes where request_id = 4").fetchone()[0] == "not_held"


def test_the_lexicon_that_comes_along_is_renewed_with_the_software(archive: Archive) -> None:
    build(archive, (), NOW)
    with archive.transaction() as db:
        old = "name: algorithmic-systems\nterms: [{term: Nothing, kind: use, source: an older version}]"
        db.execute("update lexicons set sha256 = 'old', yaml = ?", (old,))
        db.execute("update study_state set method = 'mentions 3 algorithmic-systems:old' where name = 'mentions'")
    assert build(archive, (), NOW).rebuilt == ["mentions"]
    assert archive.db.execute("select yaml from lexicons").fetchall()[0][0] == load("algorithmic-systems").yaml


def test_workers_make_the_same_rows(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_rows() -> dict[str, list[tuple[object, ...]]]:
        tables = [table for made in MADE.values() for table in made]
        return {table: [tuple(row) for row in archive.db.execute(f"select * from {table}")] for table in tables}

    build(archive, (), NOW)
    alone = all_rows()
    monkeypatch.setattr("scraper.study.work.ALONE", 0)
    build(archive, (), NOW, rebuild=True, workers=2)
    assert all_rows() == alone


def test_what_is_withdrawn_leaves_the_tables(archive: Archive) -> None:
    build(archive, (), NOW)
    with archive.transaction() as db:
        drop_derived(db, 2)
        drop_derived_from_file(db, 1)
    for table in BY_REQUEST:
        assert archive.db.execute(f"select count(*) from {table} where request_id in (1, 2)").fetchone()[0] == 0, table
        assert (
            table == "clock_stops"
            or table == "site_deadlines"
            or archive.db.execute(f"select count(*) from {table}").fetchone()[0]
        )
    assert build(archive, ("outcomes",), NOW).requests["outcomes"] == 3


def test_a_withheld_request_has_no_rows(archive: Archive) -> None:
    build(archive, (), NOW)
    with archive.transaction() as db:
        db.execute("update requests set withheld_at = ? where id = 2", (NOW,))
    build(archive, (), NOW)
    for table in BY_REQUEST:
        assert archive.db.execute(f"select count(*) from {table} where request_id = 2").fetchone()[0] == 0, table


def test_the_command_and_the_labels(archive: Archive, tmp_path: Path) -> None:
    path = archive.path
    archive.close()
    run = CliRunner().invoke(main, ["--archive", str(path), "study", "deadlines", "outcomes", "--workers", "1"])
    assert run.exit_code == 0, run.output
    assert "deadlines: 3 requests, all anew" in run.output
    labels = tmp_path / "labels.csv"
    with labels.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["anchor", "coder", "variable", "label"])
        for anchor, one, other in (("incoming-1", "yes", "yes"), ("incoming-2", "no", "yes"), ("incoming-9", "no", "no")):
            rows.writerows([[anchor, "A", "uses", one], [anchor, "B", "uses", other]])
    run = CliRunner().invoke(main, ["--archive", str(path), "study", "--codings", str(labels)])
    assert run.exit_code == 0, run.output
    assert "uses: 6 labels, 3 messages by two or more; Krippendorff's alpha 0.444" in run.output
    assert "no message incoming-9" in run.output
    with sqlite3.connect(path.with_name("codings.db")) as codings:
        assert codings.execute("select count(*) from codings").fetchone()[0] == 6
