"""An export from beginning to end: open, choose, write, describe, put into place."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..archive.files import FileStore
from . import csv_files, facts, papers
from .codebook import QUERY
from .folder import new_folder, write_sums
from .made import Made
from .opened import Edition, Source, opened
from .query import with_query
from .selection import Selection
from .side_by_side import Progress, another_process, side_by_side
from .tables import Table


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted. `said` has the options that change the data as the user gave them, for methods.md."""

    form: str
    edition: Edition
    selection: Selection = field(default_factory=Selection)
    csv: csv_files.Form = field(default_factory=csv_files.Form)
    sql: str | None = None
    """A query whose rows are exported in place of the archive's tables."""
    data: str = "csv"
    """Of a data package: csv or parquet."""
    with_files: bool = False
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """What a format wrote: rows by table, paragraphs for the README, sums known from the writing (name -> SHA-256),
    and what it could not hold -> how many."""

    rows: Mapping[str, int]
    notes: tuple[str, ...]
    sums: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[Table, ...] | None = None
    """What `rows` counts, where that is not the source's tables."""
    masked: Mapping[str, int] | None = None
    """What was masked in writing, where cells were read again after that."""


@dataclass(frozen=True, slots=True)
class Exported:
    path: Path
    requests: int
    rows: Mapping[str, int]
    bytes: int
    left_out: Mapping[str, int]
    masked: Mapping[str, int]


Writer = Callable[[Source, FileStore, Path, Order, Progress], Data]


def export(archive: Path, files: FileStore, goal: Path, order: Order, write: Writer, force: bool, progress: Progress) -> Exported:
    """Makes `goal` a folder with an export of the archive as it is at this moment.

    Raises CannotExport where something about the order or the place is wrong, OSError and sqlite3.Error where the machine
    fails. `goal` is whole or untouched.
    """
    # Two processes share tables of CSV. What an edition hides is hidden by Python, and a query is one table: neither is divided.
    # Nor is Parquet: it gained a tenth of the time and held 60 MB more (November 2026).
    divided = order.data == "csv" and order.form in ("csv", "datapackage") and not order.edition.hides and order.sql is None
    with (
        another_process(archive, order.selection, divided) as twin,
        opened(archive, order.edition, order.selection, twin) as source,
        new_folder(goal, force) as folder,
    ):
        known, wanted = facts.gather(source.db), source
        if order.sql is not None:
            wanted = with_query(source, order.sql)
            (folder / f"{QUERY}.sql").write_text(source.edition.said(order.sql), encoding="utf-8")
        data = write(wanted, files, folder, order, progress)
        made = _made(source, data.tables or wanted.tables, order, known, data)
        papers.write_papers(folder, made)
        progress("checksums", 0, 1)
        write_sums(folder, dict(data.sums))
        progress("checksums", 1, 1)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Exported(goal, made.requests, made.rows, size, made.left_out, made.masked)


def _made(source: Source, tables: tuple[Table, ...], order: Order, known: facts.Facts, data: Data) -> Made:
    chosen = source.chosen
    left_out = dict(source.edition.left_out(source.db))
    if chosen and chosen.too_young:
        days = order.selection.min_age_days
        left_out[f"requests with anything younger than {days} days at the newest visit"] = chosen.too_young
    return Made(
        form=order.form,
        edition=source.edition.name,
        facts=facts.said(known, source.edition.said),
        tables=tuple(table for table in tables if table.name in data.rows),
        rows=data.rows,
        options=tuple(map(source.edition.said, order.said)),
        notes=data.notes,
        left_out={**left_out, **data.left_out},
        masked=source.edition.masked() if data.masked is None else data.masked,
        requests=chosen.requests if chosen else _count(source.db, "select count(*) from main.requests where withheld_at is null"),
        narrowed=order.selection.narrows or order.sql is not None,
    )


def _count(db: sqlite3.Connection, query: str) -> int:
    found: int = db.execute(query).fetchone()[0]
    return found


def write_csv(source: Source, files: FileStore, folder: Path, order: Order, progress: Progress) -> Data:
    """A file for each table."""
    written = write_tables(source, folder, order.csv, progress)
    return Data(
        {name: each.rows for name, each in written.items()},
        (csv_files.note(order.csv),),
        {f"{name}.csv": each.sha256 for name, each in written.items()},
    )


def write_tables(source: Source, folder: Path, form: csv_files.Form, progress: Progress) -> dict[str, csv_files.Written]:
    return side_by_side(source, partial(_write_table, folder, form), progress)


def _write_table(
    folder: Path, form: csv_files.Form, source: Source, table: Table, told: Callable[[int], None]
) -> csv_files.Written:
    return csv_files.write_csv(source, table, folder / f"{table.name}.csv", form, told)
