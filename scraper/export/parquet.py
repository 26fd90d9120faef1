"""Tables as Parquet: typed, compressed, and parted by the year in which a request was made.

What belongs to a request lies in a folder for the request's year (`messages/year=2024/part-0.parquet`), so that one year
of all of them is a whole by itself. What belongs to none, or to several, is not (`authorities/part-0.parquet`). What is
large is in several files, part-0, part-1 and so on.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from io import FileIO
from pathlib import Path
from types import NoneType, TracebackType
from typing import Any

from ..archive.files import FileStore
from .codebook import QUERY, column_meaning, meaning
from .making import Data, Order
from .opened import Source
from .selection import CannotExport
from .side_by_side import Progress, side_by_side
from .tables import Column, Kind, Table, quoted

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ModuleNotFoundError:
    raise CannotExport("Parquet needs pyarrow, which is not installed: pip install 'wdtk-archive[parquet]'") from None

TYPES = {
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.DATE: pa.date32(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.BLOB: pa.binary(),
}
_PYTHON: dict[Kind, set[type]] = {
    Kind.INTEGER: {int},
    Kind.NUMBER: {int, float},
    Kind.TEXT: {str},
    Kind.TIME: {str},
    Kind.DATE: {str},
    Kind.BOOLEAN: {int},
    Kind.BLOB: {bytes},
}
"""What SQLite gives for a value of each kind; Arrow alone would take bytes for a text."""
_LENGTHS = {Kind.TIME: len("YYYY-MM-DDTHH:MM:SSZ"), Kind.DATE: len("YYYY-MM-DD")}
UNKNOWN_YEAR = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, Spark, DuckDB and Arrow read as NULL in the name of a folder."""
PORTION_BYTES, GROUP_BYTES, HELD_BYTES = 1 << 18, 2 << 20, 3 << 20
"""How much is fetched at a time, is in a row group, and waits in all years together. Four times as much is no
faster and packs no tighter, and took 60 MB more (November 2026)."""
BUFFER_BYTES = 64 << 10
"""Of each year's file."""
GROUPS_IN_A_FILE = 64
"""A file's footer grows with every row group and is held until it is written: 1 million messages in one file for each year
took 40 MB more than 100,000."""
_LEAST_ROWS, _MOST_ROWS = 1, 1_000
"""Rows fetched at a time: one where texts are long; and no more than so many, since Python's own form of a short row is
ten times Arrow's."""
NOTE = (
    "The Parquet files are typed: times are timestamps in UTC, dates are dates, booleans are booleans; NULL is null. Every "
    "column's meaning is in its file, as the field's `description`. What belongs to a request lies in a folder for the year "
    "(UTC) in which the request was made, such as `messages/year=2024/`; where that is not known, in "
    f"`year={UNKNOWN_YEAR}/`, which is read as NULL. One year of all these tables belongs together. Tables that belong to no "
    "request, and `files`, `file_texts` and `file_members`, since the same file may be attached in several years, are not parted "
    "by year. What is large is in several files: `part-0.parquet`, `part-1.parquet` ... In DuckDB: `select * from "
    "read_parquet('messages/*/*.parquet', hive_partitioning = true) where year = 2024`; in Python, "
    "`pandas.read_parquet('messages')`; in R, `arrow::open_dataset('messages')`."
)


def write_parquet(source: Source, files: FileStore, folder: Path, order: Order, progress: Progress) -> Data:
    """A folder for each table, parted by year.

    Raises CannotExport for a value that is not of its column's kind.
    """
    rows, sums = write_tables(source, folder, progress, by_year=True)
    return Data(rows, (NOTE,), sums)


def write_tables(source: Source, folder: Path, progress: Progress, by_year: bool) -> tuple[dict[str, int], dict[str, str]]:
    """Writes all tables; gives rows by table, and SHA-256 by file. Not `by_year`: each table is one file, NAME.parquet."""
    written = side_by_side(source, partial(_write_table, folder, by_year), progress)
    sums = {name: digest for _, files in written.values() for name, digest in files.items()}
    return {name: rows for name, (rows, _) in written.items()}, sums


def _write_table(
    folder: Path, by_year: bool, source: Source, table: Table, told: Callable[[int], None]
) -> tuple[int, dict[str, str]]:
    """Rows, and SHA-256 by file."""
    # Arrow's own allocator keeps what is freed: some 50 MB more at the most (measured November 2026).
    pa.set_memory_pool(pa.system_memory_pool())
    year, rows = _year(table) if by_year else None, 0
    if year is not None:
        _note_years(source.db)
    place = folder / table.name if by_year else folder
    with _Years(place, _schema(table), None if by_year else f"{table.name}.parquet", year is not None) as years:
        for count in _portions(source, table, year, years):
            rows += count
            told(count)
    return rows, {path.relative_to(folder).as_posix(): digest for path, digest in years.sums.items()}


def _note_years(db: sqlite3.Connection) -> None:
    db.execute("create temp table if not exists request_years (request_id integer primary key, year integer)")
    db.execute("insert or ignore into temp.request_years select id, cast(substr(created_at, 1, 4) as integer) from main.requests")


def _year(table: Table) -> str | None:
    """The year of a row's request as SQL. None where rows belong to no one request."""
    names = {column.name for column in table.columns}
    if table.name == QUERY:
        return None
    if table.name in ("requests", "request_summary"):
        request = f"{table.name}.id"
    elif "request_id" in names:
        request = f"{table.name}.request_id"
    elif "message_id" in names:
        request = f"(select request_id from main.messages where id = {table.name}.message_id)"
    else:
        return None
    return f"(select year from temp.request_years where request_id = {request})"


def _schema(table: Table) -> pa.Schema:
    fields = [
        pa.field(
            column.name,
            TYPES[column.kind],
            nullable=not column.required,
            metadata={"description": " ".join(column_meaning(table, column).split())},
        )
        for column in table.columns
    ]
    return pa.schema(fields, {"description": " ".join(meaning(table.name).text.split())})


def _portions(source: Source, table: Table, year: str | None, years: _Years) -> Iterator[int]:
    """Hands all rows on; gives the number of each portion. A portion has as many rows as the one before makes likely."""
    columns = ", ".join(quoted(column.name) for column in table.columns)
    query = f"select {columns}, {year or 'null'} from {table.name}{source.order(table)}"
    cursor, size = source.db.execute(query), _LEAST_ROWS
    while rows := cursor.fetchmany(size):
        batch, of_year = _batch(table, years.schema, rows)
        for some_year in sorted(set(of_year), key=lambda each: (each is None, each)):
            years.add(some_year, batch if len(set(of_year)) == 1 else batch.filter(_is(some_year, of_year)))
        size = max(_LEAST_ROWS, min(_MOST_ROWS, 2 * size, len(rows) * PORTION_BYTES // max(1, batch.nbytes)))
        yield len(rows)


def _is(year: int | None, years: Sequence[int | None]) -> pa.Array:
    return pa.array([each == year for each in years])


def _batch(table: Table, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> tuple[pa.RecordBatch, Sequence[int | None]]:
    """The rows, and the year of each."""
    *columns, of_year = zip(*rows, strict=True)
    arrays = []
    for column, values in zip(table.columns, columns, strict=True):
        try:
            arrays.append(_array(column, values))
        except (_Misfit, pa.ArrowException, OverflowError):
            raise CannotExport(_misfit(table, column, rows, values)) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema), of_year


class _Misfit(Exception):
    """A value is not of its column's kind."""


def _array(column: Column, values: Sequence[Any]) -> pa.Array:
    types = set(map(type, values))
    if not types <= _PYTHON[column.kind] | ({NoneType} if not column.required else set()):
        raise _Misfit
    goal = TYPES[column.kind]
    if column.kind is Kind.BOOLEAN:
        if not set(values) <= {0, 1, None}:
            raise _Misfit
        return pa.array(values, pa.int8()).cast(goal)
    if column.kind not in _LENGTHS:
        return pa.array(values, goal)
    texts = pa.array(values, pa.string())
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    # Arrow reads more spellings than the archive writes.
    if not {lengths["min"], lengths["max"]} <= {_LENGTHS[column.kind], None}:
        raise _Misfit
    return texts.cast(goal)


def _misfit(table: Table, column: Column, rows: Sequence[tuple[Any, ...]], values: Sequence[Any]) -> str:
    """What is said of the first value that does not fit."""
    for row, value in zip(rows, values, strict=True):
        try:
            _array(column, (value,))
        except (_Misfit, pa.ArrowException, OverflowError):
            names = [each.name for each in table.columns]
            key = ", ".join(f"{name} {row[names.index(name)]!r}" for name in table.key) or "a row"
            shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:80]}..."
            kind = f"{column.kind.value}{'' if column.required else ' or NULL'}"
            return f"{table.name}.{column.name} of {key} is {shown}, which is not {kind}; Parquet cannot hold it, CSV can"
    raise AssertionError(f"all values of {table.name}.{column.name} fit one by one")


class _Hashing(FileIO):
    """A file that knows the SHA-256 of what was written to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "wb")
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.digest.update(view)
        rest = view
        while rest:
            rest = rest[super().write(rest) :]
        return len(view)


class _Years:
    """The files of a table, one for each year that comes, and what waits to be written to them.

    A thread encodes and compresses while SQLite makes the next rows. What is in a row group, and in which order groups
    are written, follows from the rows alone.
    """

    def __init__(self, place: Path, schema: pa.Schema, name: str | None, parted: bool) -> None:
        self.schema = schema
        self.sums: dict[Path, str] = {}
        self._place, self._name, self._parted = place, name, parted
        self._files: dict[int | None, tuple[_Hashing, pa.NativeFile, pq.ParquetWriter, Path]] = {}
        self._groups: Counter[int | None] = Counter()
        self._waiting: dict[int | None, list[pa.RecordBatch]] = {}
        self._bytes: dict[int | None, int] = {}
        self._thread = ThreadPoolExecutor(1)
        self._before: Future[None] | None = None

    def __enter__(self) -> _Years:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                for year in list(self._waiting):
                    self._write(year)
                self._wait()
                if not self._groups:  # a table without rows is a file without rows
                    self._put(None, self.schema.empty_table())
        finally:
            self._thread.shutdown()
            for year in list(self._files):
                self._close(year)

    def add(self, year: int | None, batch: pa.RecordBatch) -> None:
        self._waiting.setdefault(year, []).append(batch)
        self._bytes[year] = self._bytes.get(year, 0) + batch.nbytes
        if self._bytes[year] >= GROUP_BYTES:
            self._write(year)
        elif sum(self._bytes.values()) >= HELD_BYTES:
            self._write(max(self._bytes, key=lambda each: self._bytes[each]))

    def _write(self, year: int | None) -> None:
        group = pa.Table.from_batches(self._waiting.pop(year, []), self.schema)
        self._bytes[year] = 0
        self._wait()
        self._before = self._thread.submit(self._put, year, group)

    def _wait(self) -> None:
        if self._before is not None:
            self._before.result()

    def _put(self, year: int | None, group: pa.Table) -> None:
        if year not in self._files:
            self._files[year] = self._open(year)
        self._files[year][2].write_table(group, row_group_size=max(1, group.num_rows))
        self._groups[year] += 1
        if self._name is None and self._groups[year] % GROUPS_IN_A_FILE == 0:
            self._close(year)

    def _close(self, year: int | None) -> None:
        file, stream, writer, path = self._files.pop(year)
        writer.close()
        stream.close()
        file.close()
        self.sums[path] = file.digest.hexdigest()

    def _open(self, year: int | None) -> tuple[_Hashing, pa.NativeFile, pq.ParquetWriter, Path]:
        place = self._place / f"year={UNKNOWN_YEAR if year is None else year}" if self._parted else self._place
        place.mkdir(parents=True, exist_ok=True)
        path = place / (self._name or f"part-{self._groups[year] // GROUPS_IN_A_FILE}.parquet")
        file = _Hashing(path)
        # Without a buffer the thread would wait for the interpreter's lock at every page of every column.
        stream = pa.output_stream(file, buffer_size=BUFFER_BYTES)
        return file, stream, pq.ParquetWriter(stream, self.schema, compression="zstd", compression_level=1), path


__all__ = ["NOTE", "TYPES", "write_parquet", "write_tables"]
