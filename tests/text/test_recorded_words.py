"""The recorded genuine site, its files read: words that other programs found in them, and nothing left to do."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scraper.pages.new_text import new_text
from tests.browser.recorded import copy_archive, crawled_archive
from tests.recorded_site import fidelity, wdtk
from tests.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.slow]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("words") / "archive.db"
    copy_archive(crawled_archive(tmp_path_factory.getbasetemp()), archive)
    done = wdtk("--archive", str(archive), "extract")
    assert done.returncode == 0, done.stderr
    return archive


def counts(archive: Path) -> dict[str, int]:
    with closing(sqlite3.connect(archive)) as db:
        return dict(db.execute("select text_status, count(*) from files group by 1"))


def test_the_words_are_those_that_other_programs_read(extracted: Path) -> None:
    compared = fidelity(extracted, 1, "--only", "words")
    assert compared.returncode == 0, compared.stdout
    assert "100.0000 %" in compared.stdout


def test_every_other_fact_is_as_it_was(extracted: Path) -> None:
    compared = fidelity(extracted, 1)
    assert compared.returncode == 0, compared.stdout


def test_every_file_has_a_status_and_few_have_no_words(extracted: Path) -> None:
    found = counts(extracted)
    assert "due" not in found
    assert found["extracted"] > 1800
    # One DOC of the recording was cut off after 183 bytes.
    assert found["failed"] == 1


def test_a_second_run_does_nothing_and_the_archive_is_sound(extracted: Path) -> None:
    before = extracted.read_bytes()
    again = wdtk("--archive", str(extracted), "--json", "extract")
    assert json.loads(again.stdout)["files"] == 0
    assert extracted.read_bytes() == before
    checked = wdtk("--archive", str(extracted), "check")
    assert checked.returncode == 0, checked.stderr


def test_reading_pages_again_changes_nothing(extracted: Path) -> None:
    done = wdtk("--archive", str(extracted), "--json", "reparse")
    assert json.loads(done.stdout)["differing"] == 0


def test_half_of_the_replies_that_quote_are_quotes(extracted: Path) -> None:
    with closing(sqlite3.connect(extracted)) as db:
        quoting, kept = db.execute(
            "select count(*), avg(length(new_text) * 1.0 / length(text)) from messages "
            "where length(new_text) < length(text) - 20 and kind = 'response'"
        ).fetchone()
        assert db.execute("select count(*) from messages where (text is null) <> (new_text is null)").fetchone()[0] == 0
        rows = db.execute("select text, new_text from messages where text is not null").fetchall()
        assert [row for row in rows if row[1] != new_text(row[0])] == []
        marked = "new_text like '%-----Original Message-----%' or new_text like '%' || char(10) || '> %'"
        assert db.execute(f"select count(*) from messages where {marked}").fetchone()[0] == 0
    assert quoting > 800
    assert 0.3 < kept < 0.7
