"""Every table, view and column that `wdtk study` makes is described, and Datasette shows it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from datasette.app import Datasette

from scraper.metadata import study_tables
from scraper.study.tables import TABLES, VIEWS
from tests.crawl.command import served, small_world, wdtk


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studied")
    with served(small_world()) as replica:
        assert wdtk(folder, "crawl", "everything", "--site", replica.base).code == 0
    assert wdtk(folder, "study").code == 0
    return folder / "archive.db"


def test_what_is_described_is_what_there_is(studied: Path) -> None:
    assert set(study_tables()) == {*TABLES, *VIEWS}
    with closing(sqlite3.connect(studied)) as db:
        for table, described in study_tables().items():
            columns = [row[1] for row in db.execute(f"pragma table_info({table})")]
            assert list(described["columns"]) == columns, table
            assert described["description"], table
            assert all(described["columns"].values()), table


def test_datasette_shows_it(studied: Path) -> None:
    page = asyncio.run(Datasette([str(studied)]).client.get("/archive/deadlines"))
    assert page.status_code == 200
    assert page.text.count("<dt>") == len(study_tables()["deadlines"]["columns"])


@pytest.mark.parametrize("table", study_tables())
def test_descriptions_say_something(table: str) -> None:
    described = study_tables()[table]
    assert described["description"].startswith("One row per ")
    assert described["description"].endswith(".")
    assert described["source"]
    for column, text in described["columns"].items():
        assert text.endswith("."), column


@pytest.mark.parametrize("table", TABLES)
def test_what_the_schema_lets_be_null_says_when_it_is(studied: Path, table: str) -> None:
    with closing(sqlite3.connect(studied)) as db:
        for _, name, _, not_null, _, key in db.execute(f"pragma table_info({table})"):
            assert ("NULL" in study_tables()[table]["columns"][name]) == (not (not_null or key)), name


@pytest.mark.parametrize("table", study_tables())
def test_times_name_their_zone(table: str) -> None:
    for column, text in study_tables()[table]["columns"].items():
        if column.endswith("_at"):
            assert "(UTC)" in text, column
        if column.endswith("_on"):
            assert "the site's time zone" in text, column
