"""Every table, view and column that `wdtk study` makes is described, and Datasette shows it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from datasette.app import Datasette

from scraper.explore.metadata import study_tables
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
