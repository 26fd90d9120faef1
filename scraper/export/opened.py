"""An archive opened for an export: one read transaction, in which each table's name means its rows as they are exported."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from ..archive.store import BUSY_TIMEOUT_S, refuse_export
from .selection import CannotExport, Chosen, Selection, choose
from .tables import RULES as _RULES
from .tables import Column, Kind, Table, quoted, tables_of

T = TypeVar("T")
_HOLD_S = 2.0
"""How long a crawl's transaction is waited for; they are short."""


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


class Twin(Protocol):
    """Another process, which reads what the research edition shows of the same selection (`side_by_side`)."""

    def open(self) -> None:
        """Has it begin to read: to be called while writers are held off. Raises what the other process met."""

    def write(self, write: Write[T], table: str, told: Callable[[int], None]) -> T:
        """Has it write a table; returns and raises what `write` does there."""


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
    twin: Twin | None = None
    """Another process that reads the same moment and shows the same of it."""

    def rows(self, table: Table) -> int:
        count: int = self.db.execute(f"select count(*) from {table.name}").fetchone()[0]
        return count

    def total(self) -> int:
        """Rows of all tables, for telling progress. Views are not counted: to count one takes as long as to read it."""
        return sum(self.rows(table) for table in self.tables if not table.is_view)

    def values(self, table: Table) -> str:
        """All rows as SQL, in an order that never differs."""
        return f"select {', '.join(quoted(column.name) for column in table.columns)} from {table.name}{self.order(table)}"

    def order(self, table: Table) -> str:
        return f" order by {', '.join(map(quoted, table.key))}" if table.key else ""


Write = Callable[[Source, Table, Callable[[int], None]], T]
"""Writes a table and tells the rows of each portion. Given to another process: a function of a module, or a partial of one."""


@contextmanager
def opened(archive: Path, edition: Edition, selection: Selection, twin: Twin | None = None) -> Iterator[Source]:
    """Opens an archive for reading, while a crawl may be writing to it.

    `twin`, another process, begins to read at the same moment: writers are held off until both have begun. Where this
    user may not write, there is no holding off, and the source has no twin. Raises CannotExport where there is no archive
    or nothing fits the selection, sqlite3.Error where it cannot be read.
    """
    if not archive.is_file():
        raise CannotExport(f"there is no archive at {archive}; give its path with --archive")
    with ExitStack() as stack:
        holding = _held(stack, archive) if twin is not None else None
        db = _reading(stack, archive)
        if twin is not None and holding is not None:
            twin.open()
            holding.close()
        info = dict(db.execute("select key, value from main.archive_info").fetchall())
        tables, chosen = _made_ready(db, edition, selection)
        yield Source(db, tables, edition, chosen, info.get("site", ""), archive, twin if holding is not None else None)


def _held(stack: ExitStack, archive: Path) -> sqlite3.Connection | None:
    """A connection that keeps writers waiting until it is closed; None where that cannot be had."""
    address = f"{archive.absolute().as_uri()}?mode=rw"
    try:
        db = stack.enter_context(closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_HOLD_S)))
        db.execute("begin immediate")
    except sqlite3.Error:
        return None  # what is wrong with the archive is said by whoever reads it next
    return db


def _reading(stack: ExitStack, archive: Path) -> sqlite3.Connection:
    address = f"{archive.absolute().as_uri()}?mode=ro"
    # The thread that writes tables is not the one that opens.
    db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
    stack.callback(db.close)
    # Sorting and choosing go to temporary files, so that memory stays flat.
    db.execute("pragma temp_store = file")
    db.execute("begin")
    try:
        names = {row[0] for row in db.execute("select name from main.sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise CannotExport(f"{archive} is no archive, or cannot be read: {error}; see wdtk check") from error
    if "archive_info" not in names:
        raise CannotExport(f"{archive} is a database, but no archive; give --archive another path")
    refuse_export(archive, names)
    return db


def _made_ready(db: sqlite3.Connection, edition: Edition, selection: Selection) -> tuple[tuple[Table, ...], Chosen | None]:
    """Makes names mean what is exported; returns the tables, and what was chosen."""
    edition.prepare(db)
    chosen = choose(db, selection) if selection.narrows or edition.hides else None
    tables = tuple(each for table in tables_of(db) if (each := _shown(db, table, edition, chosen is not None)))
    if selection.sample:
        tables = (*tables, _sample_table(selection.sample.by))
    return tables, chosen


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
