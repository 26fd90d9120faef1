"""The study tables of the recorded site: the guiding case, and every quotation found again where its row says it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from datasette.app import Datasette

from scraper.study.tables import TABLES
from tests.acceptance.conftest import FirstDay
from tests.recorded_site import wdtk
from tests.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.slow]

QUOTING = [table for table, columns in TABLES.items() if "offset integer" in columns]
TEXTS = {
    "text": "select text from messages where id = :message",
    "new_text": "select new_text from messages where id = :message",
    "file_text": "select text from file_texts where file_id = :file",
}


@pytest.fixture(scope="module")
def studied(first_day: FirstDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = first_day.copy(tmp_path_factory.mktemp("studied"))
    for words in (("extract",), ("study",)):
        done = wdtk("--archive", str(archive), *words)
        assert done.returncode == 0, done.stderr
    return archive


def test_which_council_uses_which_suppliers_system(studied: Path) -> None:
    found = (
        sqlite3.connect(studied)
        .execute(
            "select term, supplier, quote, link from council_systems where authority = 'Luton Borough Council' "
            "and request_id = (select id from requests where url_title = 'data_analytics_usage_401') order by offset"
        )
        .fetchall()
    )
    assert [row[:2] for row in found] == [
        ("FACE RAS", "FACE Recording and Measurement Systems"),
        ("Resource Allocation System", None),
        ("Capita", None),
    ]
    said = (
        "One FACE tool is used by Social Care to produce a Resource Allocation Score (RAS) and the other in Revenues & Benefits, "
        "which is a solution provided by Capita."
    )
    assert [row[2] for row in found] == [said] * 3
    assert {row[3].partition("/request/")[2] for row in found} == {"data_analytics_usage_401#incoming-2265"}


def test_the_page_of_systems_shows_it_with_the_link(studied: Path) -> None:
    page = asyncio.run(Datasette([str(studied)]).client.get("/archive/-/systems?term=FACE+RAS"))
    assert page.status_code == 200
    assert "<mark>FACE tool</mark>" in page.text
    assert "/request/data_analytics_usage_401#incoming-2265" in page.text


def test_every_quotation_is_found_again(studied: Path) -> None:
    db = sqlite3.connect(studied)
    for table in QUOTING:
        rows = db.execute(f"select source, message_id, file_id, offset, length, cited, quote, page from {table}").fetchall()
        assert rows, table
        for source, message, file, offset, length, cited, quote, page in rows:
            words = f"substr(({TEXTS[source]}), :offset + 1, :length), substr(({TEXTS[source]}), 1, :offset)"
            values = {"message": message, "file": file, "offset": offset, "length": length}
            found, before = db.execute(f"select {words}", values).fetchone()
            assert " ".join(found.split()) == cited
            assert cited in quote
            assert page in (None, before.count("\f") + 1)


def test_every_date_of_the_site_is_explained_in_the_archive_too(studied: Path) -> None:
    reasons = Counter(row[0] for row in sqlite3.connect(studied).execute("select reason from site_deadlines"))
    assert reasons == {"same": 74, "the site counted no public holidays": 217}
