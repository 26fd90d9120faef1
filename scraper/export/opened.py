"""An archive opened for an export: one read transaction, in which each table's name means its rows as they are exported."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..archive.store import BUSY_TIMEOUT_S, refuse_export
from .selection import CannotExport, Chosen, Selection, choose
from .tables import RULES as _RULES
from .tables import Column, Kind, Table, quoted, tables_of


class Edition(Protocol):
    """What of an archive may be in an export, and in which words."""

    name: str
    hides: bool
    """Whether there are values in the archive that the edition must not show."""

    def prepare(self, db: sqlite3.Connection) -> None:
        """Gives the connection the functions that the edition's columns call."""

    def shown(self, table: Table) -> dict[str, str] | None:
        """Each column that is exported, and its value as SQL. None: the table as it is; no column: not at all."""

    def condition(self, table: Table) -> str | None:
        """Which rows are exported, as SQL. None: all that belong to chosen requests."""

    def said(self, text: str) -> str:
        """Words of the command and of runs, such as a target, as the edition's README may have them."""

    def left_out(self, db: sqlite3.Connection) -> dict[str, int]:
        """What the edition left out of the requests that were chosen -> how many."""

    def masked(self) -> dict[str, int]:
        """What was masked or replaced in the cells that were read so far -> how often."""


class Research:
    """Everything that the archive holds."""

    name = "research"
    hides = False

    def prepare(self, db: sqlite3.Connection) -> None:
        pass

    def shown(self, table: Table) -> dict[str, str] | None:
        return None

    def condition(self, table: Table) -> str | None:
        return None

    def said(self, text: str) -> str:
        return text

    def left_out(self, db: sqlite3.Connection) -> dict[str, int]:
        return {}

    def masked(self) -> dict[str, int]:
        return {}


@dataclass(frozen=True, slots=True)
class Source:
    """`db` reads one moment of the archive. A table's name, without `main.`, is what is exported of it."""

    db: sqlite3.Connection
    tables: tuple[Table, ...]
    edition: Edition
    chosen: Chosen | None
    """None where nothing narrows: all requests."""
    site: str
    archive: Path = field(default=Path("archive.db"))

    def rows(self, table: Table) -> int:
        count: int = self.db.execute(f"select count(*) from {table.name}").fetchone()[0]
        return count

    def values(self, table: Table) -> str:
        """All rows as SQL, in an order that never differs."""
        return f"select {', '.join(quoted(column.name) for column in table.columns)} from {table.name}{self.order(table)}"

    def order(self, table: Table) -> str:
        return f" order by {', '.join(map(quoted, table.key))}" if table.key else ""


@contextmanager
def opened(archive: Path, edition: Edition, selection: Selection) -> Iterator[Source]:
    """Opens an archive for reading, while a crawl may be writing to it.

    Raises CannotExport where there is no archive or nothing fits the selection, sqlite3.Error where it cannot be read.
    """
    if not archive.is_file():
        raise CannotExport(f"there is no archive at {archive}; give its path with --archive")
    db = sqlite3.connect(f"{archive.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        # Sorting and choosing go to temporary files, so that memory stays flat.
        db.execute("pragma temp_store = file")
        db.execute("begin")
        try:
            info = dict(db.execute("select key, value from main.archive_info").fetchall())
        except sqlite3.DatabaseError as error:
            raise CannotExport(f"{archive} is no archive, or cannot be read: {error}; see wdtk check") from error
        refuse_export(archive, {row[0] for row in db.execute("select name from main.sqlite_master where type = 'table'")})
        edition.prepare(db)
        chosen = choose(db, selection) if selection.narrows or edition.hides else None
        tables = tuple(each for table in tables_of(db) if (each := _shown(db, table, edition, chosen is not None)))
        if selection.sample:
            tables = (*tables, _sample_table(selection.sample.by))
        yield Source(db, tables, edition, chosen, info.get("site", ""), archive)
    finally:
        db.close()


def _shown(db: sqlite3.Connection, table: Table, edition: Edition, narrowed: bool) -> Table | None:
    """The table as it is exported. A temporary view of its name takes its place where that is not all of it."""
    if table.is_view:
        if narrowed or edition.hides:
            # The same query once more: in a temporary view, names mean the temporary views of this export first.
            query = db.execute("select sql from main.sqlite_master where name = ?", (table.name,)).fetchone()[0]
            db.execute(f"create temp view {table.name} as {_AS.split(query, maxsplit=1)[1]}")
        return table
    shown, tie, condition = edition.shown(table), _RULES[table.name].tie, edition.condition(table)
    if shown is not None:
        columns = tuple(column for column in table.columns if column.name in shown)
        if not columns:
            return None
        key = table.key if set(table.key) <= shown.keys() else ()
        table = Table(table.name, columns, key)
    conditions = [f"({each})" for each in (tie if narrowed else None, condition) if each]
    if conditions or shown is not None:
        names = [(column.name, quoted(column.name)) for column in table.columns]
        values = ", ".join(f"{shown[name]} as {as_sql}" if shown else as_sql for name, as_sql in names)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        db.execute(f"create temp view {table.name} as select {values} from main.{table.name}{where}")
    return table


_AS = re.compile(r"(?<=\s)as\s", re.IGNORECASE)


def _sample_table(by: tuple[str, ...]) -> Table:
    kinds = {"request_id": Kind.INTEGER, **dict.fromkeys(by, Kind.TEXT), "stratum_size": Kind.INTEGER}
    kinds |= {"stratum_sampled": Kind.INTEGER, "probability": Kind.NUMBER, "weight": Kind.NUMBER}
    refers = {"request_id": ("requests", "id")}
    return Table(
        "sample", tuple(Column(name, kind, name not in by, refers.get(name)) for name, kind in kinds.items()), ("request_id",)
    )
