"""A researcher's own labels, kept in `codings.db` beside the archive, so that the archive stays what the site said.

A CSV with a header and the columns `anchor` (incoming-12), `coder`, `variable`, `label`, and optionally `note`, parted by
commas, semicolons or tabs. A label that a later file gives for the same coder, message and variable replaces the earlier
one; in one file, two of them are a mistake.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .agreement import nominal_alpha

COLUMNS = ("anchor", "coder", "variable", "label")
_TABLE = """
    create table if not exists codings (
      anchor text not null, coder text not null, variable text not null, label text not null, note text,
      imported_at text not null, primary key (anchor, coder, variable)
    ) without rowid
"""


class BadCodings(ValueError):
    """A file of labels that cannot be read, with the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far coders agree on a variable: labels, messages that two or more labelled, and alpha (None: not to be told)."""

    variable: str
    labels: int
    shared: int
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `unknown` are anchors that the archive does not have."""

    labels: int
    unknown: list[str]
    agreements: list[Agreement]


def database_of(archive: Path) -> Path:
    return archive.with_name("codings.db")


def import_codings(archive: Path, db: sqlite3.Connection, labels: Path, now: str) -> Imported:
    """Takes a CSV of labels in, all of it or nothing. `db` is the archive, only read. Raises BadCodings, OSError."""
    rows = _read(labels)
    known = {row[0] for row in db.execute("select anchor from messages")} if rows else set()
    with closing(sqlite3.connect(database_of(archive))) as codings:
        with codings:
            codings.execute(_TABLE)
            codings.executemany("insert or replace into codings values (?, ?, ?, ?, ?, ?)", [(*row, now) for row in rows])
        agreements = _agreements(codings)
    return Imported(len(rows), sorted({row[0] for row in rows if row[0] not in known}), agreements)


def _read(path: Path) -> list[tuple[str, str, str, str, str | None]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadCodings(f"{path}, line {line}: not UTF-8; save it as CSV UTF-8") from None
    # Spreadsheets of many countries part columns with semicolons; what is copied out of one, with tabs.
    header = text.partition("\n")[0]
    delimiter = next((mark for mark in ",;\t" if mark in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[tuple[str, str, str, str, str | None]] = []
    first_at: dict[tuple[str, ...], int] = {}
    try:
        columns = [column.strip().lower() for column in next(reader, [])]
        if missing := [column for column in COLUMNS if column not in columns]:
            raise BadCodings(f"{path} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            where = f"{path}, line {reader.line_num}"
            if len(values) > len(columns):
                raise BadCodings(
                    f"{where}: {len(values)} values for {len(columns)} columns; quote those with a {delimiter!r} in them"
                )
            row = {column: value.strip() for column, value in zip(columns, values, strict=False)}
            if empty := [column for column in COLUMNS if not row.get(column)]:
                raise BadCodings(f"{where}: {', '.join(empty)} must be filled")
            whose = (row["anchor"], row["coder"], row["variable"])
            if (first := first_at.setdefault(whose, reader.line_num)) != reader.line_num:
                raise BadCodings(f"{where}: {whose[1]} has labelled {whose[0]} for {whose[2]} already, in line {first}")
            rows.append((*whose, row["label"], row.get("note") or None))
    except csv.Error as error:
        raise BadCodings(f"{path}, line {reader.line_num}: {error}") from None
    return rows


def _agreements(codings: sqlite3.Connection) -> list[Agreement]:
    units: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for anchor, variable, label in codings.execute("select anchor, variable, label from codings order by anchor, coder"):
        units[variable][anchor].append(label)
    return [
        Agreement(
            variable,
            sum(len(labels) for labels in by_anchor.values()),
            sum(len(labels) > 1 for labels in by_anchor.values()),
            nominal_alpha(by_anchor.values()),
        )
        for variable, by_anchor in sorted(units.items())
    ]
