"""Tables as a Data Package: CSV (or Parquet) and one datapackage.json that says what every column is.

Data Package 2.0 (https://datapackage.org), with the names of profiles that readers of version 1 look for. What it
claims of keys was looked up in the very rows that are exported: a selection may hold rows that name others it does not
hold, and a package that says otherwise is refused by whoever validates it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..archive.files import FileStore
from ..metadata import metadata
from . import csv_files
from .codebook import column_meaning, meaning
from .making import Data, Order
from .making import write_tables as write_csv_tables
from .opened import Source
from .papers import media_type
from .selection import newest_visit
from .side_by_side import Progress
from .tables import Column, Kind, Table, quoted

FILE = "datapackage.json"
SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.TEXT: "string",
    Kind.TIME: "datetime",
    Kind.DATE: "date",
    Kind.BOOLEAN: "boolean",
    Kind.BLOB: "string",
}
UNITS = (
    (re.compile(r"(^|_)working_days($|_)|^late_by$"), "working day"),
    (re.compile(r"(^|_)days($|_)"), "day"),
    (re.compile(r"_ms$"), "millisecond"),
    (re.compile(r"^size$"), "byte"),
)
"""What a column of numbers is counted in, by its name."""

_PANDAS = {Kind.INTEGER: "nan", Kind.NUMBER: "nan"}
"""What frictionless 5 takes for the value of a NULL in Parquet, which it reads through pandas."""


def write_datapackage(source: Source, files: FileStore, folder: Path, order: Order, progress: Progress) -> Data:
    """A file for each table and datapackage.json.

    Raises CannotExport where Parquet is asked for and cannot be had, or cannot hold a value.
    """
    if order.data == "parquet":
        from .parquet import write_tables  # pyarrow may not be installed

        rows, sums = write_tables(source, folder, progress, by_year=False)
    else:
        written = write_csv_tables(source, folder, csv_files.Form(), progress)
        rows = {name: each.rows for name, each in written.items()}
        sums = {f"{name}.csv": each.sha256 for name, each in written.items()}
    masked = source.edition.masked()  # before keys are looked up, which reads cells again
    dangling = [
        f"{table.name}.{column.name}" for table, column in _references(source) if not _holds(source.db, table.name, column)
    ]
    described = package(source, folder, order.data, sums, frozenset(dangling))
    text = json.dumps(described, ensure_ascii=False, indent=2)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    return Data(rows, _notes(order.data, dangling), sums, masked=masked)


def package(source: Source, folder: Path, data: str, sums: dict[str, str], dangling: frozenset[str]) -> dict[str, Any]:
    """datapackage.json. `dangling` names columns (table.column) that refer to rows which are not all there."""
    host = urlsplit(source.site).netloc
    newest = newest_visit(source.db)
    return {
        "$schema": SCHEMA,
        "profile": "tabular-data-package",
        "name": re.sub(r"[^a-z0-9._-]", "-", f"{source.edition.name}-{host}".lower()),
        "title": f"Freedom of Information correspondence from {host} ({source.edition.name} edition)",
        "description": " ".join(metadata()["description"].split()),
        "homepage": source.site,
        **({"version": newest[:10]} if newest else {}),
        "keywords": ["freedom of information", "Alaveteli"],
        "licenses": [{"name": "other-closed", "title": metadata()["license"]}],
        "sources": [{"title": host, "path": source.site}],
        "contributors": [
            {"title": f"Users of {host} and the public authorities that answered them", "role": "author", "roles": ["author"]}
        ],
        "resources": [
            _resource(source, table, folder / f"{table.name}.{data}", sums[f"{table.name}.{data}"], dangling)
            for table in source.tables
        ],
    }


def _resource(source: Source, table: Table, path: Path, digest: str, dangling: frozenset[str]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": table.name,
        "type": "table",
        "profile": "tabular-data-resource",
        "path": path.name,
        "description": " ".join(meaning(table.name).text.split()),
        "format": path.suffix[1:],
        "mediatype": media_type(path),
    }
    if path.suffix == ".csv":
        # Of Parquet, frictionless 5 does not look at the bytes, and then says that these are wrong; SHA256SUMS has them.
        described |= {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}
        described["encoding"] = "utf-8"
        described["dialect"] = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}
    described["schema"] = _schema(source, table, dangling, path.suffix != ".csv")
    return described


def _schema(source: Source, table: Table, dangling: frozenset[str], typed: bool) -> dict[str, Any]:
    unique = {name for name in _unique(source.db, table) if _tells_apart(source.db, table, (name,))}
    schema: dict[str, Any] = {
        "fields": [_field(table, column, column.name in unique, typed) for column in table.columns],
        "missingValues": [""],
    }
    # SQLite itself sees to the keys of tables that are exported as they are.
    if table.key and (_tells_apart(source.db, table, table.key) if table.is_view or source.edition.hides else True):
        schema["primaryKey"] = list(table.key)
    names = {each.name for each in source.tables}
    keys = [
        {"fields": [column.name], "reference": {"resource": column.refers[0], "fields": [column.refers[1]]}}
        for column in table.columns
        if column.refers and column.refers[0] in names and f"{table.name}.{column.name}" not in dangling
    ]
    if keys:
        schema["foreignKeys"] = keys
    return schema


def _field(table: Table, column: Column, unique: bool, typed: bool) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": TYPES[column.kind], "format": "default"}
    text = " ".join(column_meaning(table, column).split())
    if column.kind is Kind.BLOB:
        text = f"{text} Bytes, as hexadecimal digits in CSV.".strip()
    if text:
        field["description"] = text
    if column.kind is Kind.BOOLEAN and not typed:
        field |= {"trueValues": ["1"], "falseValues": ["0"]}
    if column.kind in (Kind.INTEGER, Kind.NUMBER):
        units = [unit for pattern, unit in UNITS if pattern.search(column.name)]
        field |= {"unit": units[0]} if units else {}
    if column.kind is Kind.TEXT and column.required:
        field["missingValues"] = []  # it is never NULL, but may be the empty text
    elif typed and column.kind in _PANDAS:
        field["missingValues"] = ["", _PANDAS[column.kind]]
    constraints = {"required": column.required, "unique": unique}
    if any(constraints.values()):
        field["constraints"] = {name: True for name, holds in constraints.items() if holds}
    return field


def _references(source: Source) -> Iterable[tuple[Table, Column]]:
    """Columns that refer to another exported table."""
    columns = {table.name: {column.name for column in table.columns} for table in source.tables}
    for table in source.tables:
        for column in table.columns:
            if column.refers and column.refers[1] in columns.get(column.refers[0], ()):
                yield table, column


def _holds(db: sqlite3.Connection, table: str, column: Column) -> bool:
    assert column.refers is not None
    name, (other, key) = quoted(column.name), column.refers
    known = f"select {quoted(key)} from {other} where {quoted(key)} is not null"
    lost = f"select 1 from {table} where {name} is not null and {name} not in ({known})"
    return not bool(db.execute(f"select exists ({lost})").fetchone()[0])


def _unique(db: sqlite3.Connection, table: Table) -> set[str]:
    """Columns that the archive keeps unique, each by itself, but for the key."""
    columns = {column.name for column in table.columns}
    found = set()
    # Rows: number, name, unique, origin, partial.
    for _, index, unique, _, partial in db.execute(f"pragma main.index_list({table.name})").fetchall():
        names = [row[2] for row in db.execute(f"pragma main.index_info({quoted(index)})")]
        if unique and not partial and len(names) == 1 and names[0] in columns and names != list(table.key):
            found.add(names[0])
    return found


def _tells_apart(db: sqlite3.Connection, table: Table, key: tuple[str, ...]) -> bool:
    names = ", ".join(map(quoted, key))
    empty = " or ".join(f"{quoted(name)} is null" for name in key)
    some = f"exists (select 1 from {table.name} where {empty})"
    twice = f"exists (select 1 from {table.name} group by {names} having count(*) > 1)"
    return bool(db.execute(f"select not {some} and not {twice}").fetchone()[0])


def _notes(data: str, dangling: list[str]) -> tuple[str, ...]:
    notes = [
        (
            f"`{FILE}` describes the tables for programs (Data Package 2.0): `frictionless validate {FILE}`; in R, "
            '`frictionless::read_package("datapackage.json")`.'
        )
    ]
    if data == "csv":
        notes.append(csv_files.note(csv_files.Form()))
        notes.append("Programs that read by the package take the empty text for a missing one, save where one is required.")
    else:
        notes.append(
            "The Parquet files are typed: times are timestamps in UTC, dates are dates, booleans are booleans, NULL is null."
        )
    if dangling:
        listed = ", ".join(f"`{name}`" for name in sorted(dangling))
        notes.append(
            f"These columns name some rows that are not in this export, and are therefore not declared as keys: {listed}."
        )
    return tuple(notes)
