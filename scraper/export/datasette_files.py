"""What Datasette is given beside an exported database: its counts and hash, and what its tables mean."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ..metadata import ARCHIVE, SQLAR, SQLAR_MEANING, metadata, study_tables
from .codebook import meaning
from .tables import Table


def inspected(file: str, size: int, sha256: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """A database as `datasette inspect` (0.65) tells it."""
    return {
        "hash": sha256,
        "size": size,
        "file": file,
        "tables": {name: {"count": count} for name, count in counts.items()},
    }


def metadata_of(db: sqlite3.Connection, tables: Iterable[Table], kept_back: Iterable[Table], with_files: bool) -> str:
    """metadata.yml for an export: of the tables and columns that are in it, and the queries that run on them. `kept_back`
    are those of which there is but the name."""
    described = copy.deepcopy(metadata())
    database = described["databases"][ARCHIVE]
    known = database["tables"]
    # In the order in which our own pages show them.
    place = {name: number for number, name in enumerate([*study_tables(), *known])}
    database["tables"] = {
        table.name: _table(db, table, known.get(table.name, {}))
        for table in sorted(tables, key=lambda table: place.get(table.name, len(place)))
    }
    for table in kept_back:
        database["tables"][table.name] = {"description": "Not in this edition: always empty.", "hidden": True}
    if with_files:
        database["tables"][SQLAR] = dict(SQLAR_MEANING)
    database["queries"] = {name: query for name, query in database["queries"].items() if _runs(db, query["sql"])}
    return yaml.safe_dump(described, allow_unicode=True, sort_keys=False, width=120)


def _table(db: sqlite3.Connection, table: Table, known: Mapping[str, Any]) -> dict[str, Any]:
    what = meaning(table.name)
    shown = {column.name for column in table.columns}
    there = {row[1] for row in db.execute(f"pragma table_xinfo({table.name})")}
    # How new_text is kept is no column of an export, and nobody's secret.
    told = shown | {"own_length", "own_text"}
    columns = {
        name: text if name in told else "Not in this edition: always NULL."
        for name, text in what.columns.items()
        if name in there
    }
    return {**known, "description": what.text, "source": what.source, "columns": columns}


def _runs(db: sqlite3.Connection, sql: str) -> bool:
    try:
        db.execute(f"explain {sql}", _Empty())
    except sqlite3.OperationalError:
        return False
    return True


class _Empty(dict[str, str]):
    """An empty text for every value that a query asks for."""

    def __missing__(self, name: str) -> str:
        return ""
