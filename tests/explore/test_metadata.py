"""metadata.yml describes the archive as it is: everything in it, and nothing that is not."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scraper.metadata import metadata, metadata_path

TABLES: dict[str, dict[str, Any]] = metadata()["databases"]["archive"]["tables"]
HIDDEN = {
    "captures",
    "dictionaries",
    "agenda",
    "files_to_delete",
    "withdrawals",
    "forgotten",
    "visit_rates",
    "coverage",
    "_sqlite_migrations",
}


@pytest.fixture(scope="module")
def db(archive: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(archive)
    yield connection
    connection.close()


def tables(db: sqlite3.Connection) -> set[str]:
    """Tables and views, without the full-text indexes and what they are made of."""
    return {
        name
        for (name,) in db.execute("select name from sqlite_master where type in ('table', 'view')")
        if "_fts" not in name and not name.startswith("sqlite_")
    }


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"pragma table_xinfo({table})")]


def led_by_an_index(db: sqlite3.Connection, table: str) -> set[str]:
    """Columns that an index or a key begins with."""
    found = {row[1] for row in db.execute(f"pragma table_info({table})") if row[5] == 1}
    for index in db.execute(f"pragma index_list({table})").fetchall():
        found.add(db.execute(f"pragma index_info({index[1]})").fetchone()[2])
    return found


def test_every_table_is_described_and_no_other(db: sqlite3.Connection) -> None:
    assert set(TABLES) == tables(db)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described_in_its_order(db: sqlite3.Connection, table: str) -> None:
    assert list(TABLES[table]["columns"]) == columns(db, table)


@pytest.mark.parametrize("table", TABLES)
def test_descriptions_say_something(table: str) -> None:
    described = TABLES[table]
    assert described["description"].startswith("One row per ")
    assert described["source"]
    for column, text in described["columns"].items():
        assert isinstance(text, str), column
        assert text.endswith("."), column


@pytest.mark.parametrize("table", TABLES)
def test_what_the_schema_lets_be_null_says_when_it_is(db: sqlite3.Connection, table: str) -> None:
    for _, name, _, not_null, _, key, _ in db.execute(f"pragma table_xinfo({table})"):
        if not (not_null or key) and table not in ("request_summary", "_sqlite_migrations"):
            assert "NULL" in TABLES[table]["columns"][name], name


@pytest.mark.parametrize("table", TABLES)
def test_times_name_their_zone(table: str) -> None:
    for column, text in TABLES[table]["columns"].items():
        if column.endswith("_at"):
            assert "(UTC)" in text, column
        if column.endswith("_on"):
            assert "the site's time zone" in text, column


@pytest.mark.parametrize("table", TABLES)
def test_labels_sorts_and_facets_are_columns_with_an_index(db: sqlite3.Connection, table: str) -> None:
    described = TABLES[table]
    have = set(columns(db, table))
    indexed = have if table == "request_summary" else led_by_an_index(db, table)
    assert {described.get("label_column")} - {None} <= have
    assert {described.get("sort"), described.get("sort_desc")} - {None} <= indexed
    assert set(described.get("facets", ())) <= indexed


def test_the_machinery_is_hidden() -> None:
    assert {table for table, described in TABLES.items() if described.get("hidden")} == HIDDEN


def test_the_file_is_the_one_at_the_top() -> None:
    assert metadata_path() == Path(__file__).parents[2] / "metadata.yml"
