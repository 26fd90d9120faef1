"""The export as one SQLite database, which Datasette and our own pages show as they show the archive.

It has the archive's tables, keys and indexes without its housekeeping: no raw pages, no agenda. Rows come in the order
of their keys and indexes are made at the end, so that it is packed tight and the same rows give the same bytes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from ..archive.files import FileStore
from ..archive.schema import SEARCH
from ..archive.store import PAGE_BYTES
from . import datasette_files, packing
from .folder import sha256
from .making import Data, Order
from .opened import Source
from .selection import CannotExport
from .side_by_side import Progress
from .tables import Kind, Table, quoted, tables_of

NAME = "archive"
DATABASE = f"{NAME}.db"
APPLICATION = int.from_bytes(b"wdtk", "big")
"""What stands in the file's header as the program that it belongs to."""
ROWS_AT_A_TIME = 2000
MOST_FREE = 0.01
"""Of the database, before it is written anew without what is free: that takes as long as a copy."""

_SETTINGS = (
    f"pragma page_size = {PAGE_BYTES}",
    f"pragma application_id = {APPLICATION}",
    # The folder is whole or absent, and is synced as a whole: a database that breaks off is thrown away.
    "pragma journal_mode = off",
    "pragma synchronous = off",
    "pragma locking_mode = exclusive",
    "pragma cache_size = -65536",
    "pragma temp_store = file",
)
_TYPES = {Kind.INTEGER: "integer", Kind.BOOLEAN: "integer", Kind.NUMBER: "real", Kind.BLOB: "blob"}
_NEW_TEXT = """own_length integer, own_text text,
  new_text text generated always as (coalesce(own_text, substr(text, 1, own_length), text)) virtual"""


def write_sqlite(source: Source, files: FileStore, folder: Path, order: Order, progress: Progress) -> Data:
    """A database, and what Datasette needs to serve it without looking through it first.

    Raises CannotExport where the archive's keys lead nowhere, or a file's bytes are not those of its hash.
    """
    if order.with_files and source.edition.hides:
        raise CannotExport(f"files cannot be masked: the {source.edition.name} edition has none")
    path = folder / DATABASE
    packed = None
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for setting in _SETTINGS:
            db.execute(setting)
        db.execute("begin")
        rows = {table.name: source.rows(table) for table in source.tables}
        _copy_tables(source, db, rows, progress)
        _make_views(source, db)
        # Before the indexes: they take the pages that the making of the search leaves free.
        searched = _make_search(source, db, progress)
        _make_indexes(source, db, progress)
        if order.with_files:
            packed = packing.pack(source, db, files, folder, progress)
            rows["sqlar"] = packed.files
        _check(db)
        db.execute("commit")
        _pack_tight(db)
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        counts = {name: db.execute(f"select count(*) from {quoted(name)}").fetchone()[0] for name in tables}
        described = datasette_files.metadata_of(db, source.tables, _tables_kept_back(source), packed is not None)
    digest = sha256(path)
    inspected = {NAME: datasette_files.inspected(DATABASE, path.stat().st_size, digest, counts)}
    # As Datasette writes it.
    (folder / "inspect-data.json").write_text(json.dumps(inspected, indent=2), encoding="utf-8")
    (folder / "metadata.yml").write_text(described, encoding="utf-8")
    return Data(rows, _notes(searched, packed), {DATABASE: digest}, packed.left_out if packed else {})


def _copy_tables(source: Source, db: sqlite3.Connection, rows: Mapping[str, int], progress: Progress) -> None:
    views = _views(source)
    tables = [table for table in source.tables if table.name not in views]
    total, done = sum(rows[table.name] for table in tables), 0
    for table in tables:
        db.execute(_definition(source, table))
        for count in _insert(source, db, table):
            progress(table.name, done + count, total)
        done += rows[table.name]


def _make_views(source: Source, db: sqlite3.Connection) -> None:
    """Views as the archive has them: an export's views are the same queries over the tables that it exports."""
    for query in _views(source).values():
        db.execute(query)
    for table in _tables_kept_back(source):
        columns = ", ".join(f"null as {quoted(column.name)}" for column in table.columns)
        db.execute(f"create view {table.name} as select {columns} where false")


def _views(source: Source) -> dict[str, str]:
    """The archive's own views among what is exported -> their definitions. The rows of `--sql` are no view of the archive's."""
    known = dict(source.db.execute("select name, sql from main.sqlite_master where type = 'view'").fetchall())
    return {table.name: known[table.name] for table in source.tables if table.is_view and table.name in known}


def _tables_kept_back(source: Source) -> list[Table]:
    """Tables that the edition does not show. In their place stand views without rows, so that what joins them runs."""
    held = {table.name for table in source.tables}
    if not source.edition.hides or "requests" not in held:
        return []
    return [table for table in tables_of(source.db) if not table.is_view and table.name not in held]


def _insert(source: Source, db: sqlite3.Connection, table: Table) -> Iterator[int]:
    """Copies all rows; gives how many it has copied so far."""
    names = [column.name for column in table.columns]
    rows: Iterator[tuple[Any, ...]] = source.db.execute(source.values(table))
    if _keeps_own_part(table):
        rows = _with_own_part(rows, names.index("text"), names.index("new_text"))
        names = [*(name for name in names if name != "new_text"), "own_length", "own_text"]
    insert = f"insert into {table.name} ({', '.join(map(quoted, names))}) values ({', '.join('?' * len(names))})"
    copied = 0
    while (count := db.executemany(insert, islice(rows, ROWS_AT_A_TIME)).rowcount) > 0:
        copied += count
        yield copied


def _keeps_own_part(table: Table) -> bool:
    """Whether what a message adds is kept as the archive keeps it: mostly as the length of its text's beginning."""
    return table.name == "messages" and {"text", "new_text"} <= {column.name for column in table.columns}


def _with_own_part(rows: Iterable[tuple[Any, ...]], text_at: int, new_at: int) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        text, new = row[text_at], row[new_at]
        rest = row[:new_at] + row[new_at + 1 :]
        if new == text:
            yield (*rest, None, None)
        # SQLite counts letters up to the first null.
        elif new is not None and text is not None and text.startswith(new) and "\0" not in new:
            yield (*rest, len(new), None)
        elif new is not None:
            yield (*rest, None, new)
        else:
            raise CannotExport("a message has a text and no new_text; see wdtk check")


def _definition(source: Source, table: Table) -> str:
    """The statement that makes the table: types, what may be NULL, primary and foreign keys as in the archive."""
    held = {each.name: {column.name for column in each.columns} for each in source.tables if not each.is_view}
    alone = len(table.key) == 1
    parts = []
    for column in table.columns:
        if column.name == "new_text" and _keeps_own_part(table):
            parts.append(_NEW_TEXT)
            continue
        words = [quoted(column.name), _declared(column.kind)]
        if alone and column.name == table.key[0]:
            words.append("primary key")
        elif column.required:
            words.append("not null")
        if column.refers and column.refers[1] in held.get(column.refers[0], ()):
            words.append(f"references {column.refers[0]}({quoted(column.refers[1])})")
        parts.append(" ".join(words))
    parts += [f"{quoted(name)} {declared}" for name, declared in _kept_back(source, table)]
    if len(table.key) > 1:
        parts.append(f"primary key ({', '.join(map(quoted, table.key))})")
    kept = source.db.execute("select wr from pragma_table_list where schema = 'main' and name = ?", (table.name,)).fetchone()
    without_rowid = " without rowid" if kept and kept[0] and table.key else ""
    return f"create table {table.name} (\n  {f',{chr(10)}  '.join(parts)}\n){without_rowid}"


def _declared(kind: Kind) -> str:
    return _TYPES.get(kind, "text")


def _kept_back(source: Source, table: Table) -> list[tuple[str, str]]:
    """Columns of the archive that the edition does not show, with their types. They are there, and NULL in every row, so
    that our pages and the queries of others find them."""
    if not source.edition.hides:
        return []
    held = {column.name for column in table.columns}
    whole = [column for each in tables_of(source.db) if each.name == table.name for column in each.columns]
    return [(column.name, _declared(column.kind)) for column in whole if column.name not in held]


def _make_search(source: Source, db: sqlite3.Connection, progress: Progress) -> int:
    """The full-text indexes of the tables that have their text; how many."""
    made = 0
    for table in source.tables:
        number, text = SEARCH.get(table.name, ("", ""))
        if not {number, text} <= {column.name for column in table.columns} or table.key != (number,):
            continue
        name = f"{table.name}_fts"
        progress(name, 0, 1)
        db.execute(source.db.execute("select sql from main.sqlite_master where name = ?", (name,)).fetchone()[0])
        db.execute(f"insert into {name}({name}) values ('rebuild')")
        db.execute(f"insert into {name}({name}) values ('optimize')")
        progress(name, 1, 1)
        made += 1
    return made


def _make_indexes(source: Source, db: sqlite3.Connection, progress: Progress) -> None:
    for table in source.tables:
        if table.is_view:
            continue
        progress(f"indexes of {table.name}", 0, 1)
        for name, unique, columns in _indexes(source, table):
            db.execute(f"create {'unique ' if unique else ''}index {name} on {table.name}({', '.join(map(quoted, columns))})")
        progress(f"indexes of {table.name}", 1, 1)


def _indexes(source: Source, table: Table) -> Iterator[tuple[str, bool, list[str]]]:
    """Name, whether it is unique, and columns of the archive's own indexes on columns that are exported."""
    held = {column.name for column in table.columns}
    for _, name, unique, origin, partial in source.db.execute(f"pragma main.index_list({table.name})").fetchall():
        columns = [row[2] for row in source.db.execute(f"pragma main.index_info({quoted(name)})")]
        if origin != "pk" and not partial and held.issuperset(columns):
            yield f"{table.name}_{'_'.join(columns)}", bool(unique), columns


def _pack_tight(db: sqlite3.Connection) -> None:
    free, pages = (db.execute(f"pragma {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    if free > pages * MOST_FREE:
        db.execute("vacuum")


def _check(db: sqlite3.Connection) -> None:
    wrong = db.execute('select "table", parent, count(*) from pragma_foreign_key_check group by 1, 2').fetchone()
    if wrong:
        raise CannotExport(f"{wrong[2]:,} rows of {wrong[0]} belong to rows of {wrong[1]} that are not there; see wdtk check")


def _notes(searched: int, packed: packing.Packed | None) -> tuple[str, ...]:
    serving = f"""An SQLite database, `{DATABASE}`, which any program that reads SQLite 3.31 or later can open. To look at it in a
browser, in this folder:

    pip install 'datasette<1'
    datasette -i {DATABASE} --inspect-file inspect-data.json -m metadata.yml

Where wdtk-archive is installed too, the same command shows requests as threads, files and search as well; and so does
`wdtk --archive {DATABASE} serve`."""
    search = """Full-text search is SQLite's FTS5, such as `select rowid from messages_fts where messages_fts match 'parking'`;
`rowid` is the row's number in `messages`."""
    unpacking = f"""The files' bytes are in the table `sqlar`, named `ab/cd/` and their SHA-256 (`files.sha256`), as
https://sqlite.org/sqlar.html has it. Our pages show them from there; to have them as files:

    mkdir {NAME}.files && cd {NAME}.files && sqlite3 ../{DATABASE} -Ax"""
    return (serving, *([search] if searched else []), *([unpacking] if packed else []))
