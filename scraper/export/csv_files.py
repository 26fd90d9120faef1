"""Tables as CSV: RFC 4180 in UTF-8, made by SQLite itself, a row at a time.

NULL is an empty field, the empty text is ``""``; every other text is in quotation marks, numbers and times are not.
Times, dates and numbers are the archive's own making. Texts are strangers', and a spreadsheet runs what looks like a
formula: see `FORMULA`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from .opened import Source
from .tables import Column, Kind, Table, quoted

FORMULA = "=+-@|%\t\r\n\uff1d\uff0b\uff0d\uff20"
"""A text that begins with one of these, or with blanks and then one of these, has an apostrophe put before it, and so has
one that begins with an apostrophe: the rule back is to take one apostrophe off every text that begins with one. The last
four are the full-width forms of the first."""
_BLANK = " \u00a0\u3000\ufeff\u200b"
PORTION_BYTES = 1 << 20
_FUNCTION_ARGUMENTS = 60
"""Of one call; SQLite allows 127."""
_BARE = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TIME, Kind.DATE})


@dataclass(frozen=True, slots=True)
class Form:
    """How cells are written. `raw`: formulas are left as they are. `one_line`: every row is one line of the file."""

    raw: bool = False
    one_line: bool = False


def note(form: Form) -> str:
    """How the files are to be read, for the README."""
    said = [
        (
            "The CSV files are UTF-8 (RFC 4180): fields are parted by commas, lines by CR LF. An empty field is NULL; an empty "
            'text is `""`. Times are UTC. In R, `read.csv()`; in Python, `pandas.read_csv()`; in a spreadsheet, import '
            "them as UTF-8."
        )
    ]
    if form.raw:
        said.append(
            "**Not safe to open in a spreadsheet**: cells are as strangers wrote them (`--raw`), and some may be formulas, which "
            "a spreadsheet runs."
        )
    else:
        said.append(
            "Cells that a spreadsheet would run as a formula have an apostrophe put before them: texts that begin with `=`, `+`, "
            "`-`, `@`, `|`, `%`, a tab or a line end (also behind blanks, also full-width), and those that begin with an "
            "apostrophe. So the way back is exact: take one apostrophe off every text that begins with one."
        )
    if form.one_line:
        said.append(
            r"Every row is one line: line ends within texts are written `\n`, `\r`, `\v`, `\f`, `\u0085`, `\u2028` and `\u2029`, "
            r"and a backslash `\\`."
        )
    return "\n\n".join(said)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _in_class(letters: str) -> str:
    """A GLOB class of these letters. A hyphen is itself only at the end."""
    return "[" + "".join(sorted(set(letters) - {"-"})) + ("-" if "-" in letters else "") + "]*"


def safe(name: str) -> str:
    """A text as SQL, such that no spreadsheet takes it for a formula."""
    first = literal(_in_class(FORMULA + _BLANK + "'"))
    formula = literal(_in_class(FORMULA + "'"))
    return (
        f"case when {name} glob {first} and (ltrim({name}, {literal(_BLANK)}) glob {formula}) then '''' || {name} else {name} end"
    )


def flat(text: str) -> str:
    """A text as SQL with its line ends, tabs' neighbours and backslashes spelled out: \\n, \\r, \\\\."""
    spelled = f"replace(replace(replace({text}, '\\', '\\\\'), char(13), '\\r'), char(10), '\\n')"
    for separator, code in (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x85", "\\u0085"), ("\x0b", "\\v"), ("\x0c", "\\f")):
        spelled = f"replace({spelled}, {literal(separator)}, '{code}')"
    return spelled


def _cell(column: Column, form: Form) -> str:
    """A text as a quoted field of CSV, as SQL. What a query made may be no text in some rows."""
    name = quoted(column.name)
    value = name if form.raw else safe(name)
    if form.one_line:
        value = flat(value)
    # Where the value is NULL, so is all of this.
    field = f"""ifnull('"' || replace({value}, '"', '""') || '"', '')"""
    if column.kind is Kind.BLOB:
        return f"case when typeof({name}) = 'blob' then hex({name}) else {field} end"
    return field


def line(columns: tuple[Column, ...], form: Form) -> str:
    """A whole row as SQL. Neighbours that need no quotation marks are put together in one call, which is faster; texts are
    not, since `format` ends a text at a null byte."""
    parts: list[str] = []
    run: list[str] = []

    def end_run() -> None:
        if run:
            parts.append(f"format({literal(','.join(['%s'] * len(run)))}, {', '.join(run)})")
            run.clear()

    for column in columns:
        if column.kind in _BARE:
            name = quoted(column.name)
            run.append(f"exact({name})" if column.kind is Kind.NUMBER else name)
            if len(run) == _FUNCTION_ARGUMENTS:
                end_run()
        else:
            end_run()
            parts.append(_cell(column, form))
    end_run()
    return f"({_joined(parts)}) || char(13, 10)"


def _joined(parts: list[str]) -> str:
    """Parts with commas between them, as a balanced tree: SQLite copies both sides of each `||`."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"(({_joined(parts[:middle])}) || ',' || ({_joined(parts[middle:])}))"


def _exact(number: float | None) -> str | None:
    """A number in the fewest digits that give it back; SQLite itself keeps 15."""
    return None if number is None else repr(number)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of so many rows, and its SHA-256."""

    rows: int
    sha256: str


def _lines(source: Source, table: Table, form: Form) -> Iterator[bytes]:
    # Not around a subquery: SQLite would make every value first, and then the line of them.
    query = f"select cast({line(table.columns, form)} as blob) from {table.name}{source.order(table)}"
    return (text for (text,) in source.db.execute(query))


def _lines_of_hidden(source: Source, table: Table, form: Form) -> Iterator[bytes]:
    """A line names a value more than once, and SQLite would have it masked, and counted, each time. So values come first."""
    names, marks = ", ".join(quoted(column.name) for column in table.columns), ", ".join("?" * len(table.columns))
    query = f"with cells({names}) as (values ({marks})) select cast({line(table.columns, form)} as blob) from cells"
    for row in source.db.execute(source.values(table)):
        yield source.db.execute(query, row).fetchone()[0]


def write_csv(source: Source, table: Table, path: Path, form: Form, told: Callable[[int], None]) -> Written:
    """Writes a table to `path`. `told` is given the rows of each portion."""
    source.db.create_function("exact", 1, _exact, deterministic=True)
    lines = _lines_of_hidden(source, table, form) if source.edition.hides else _lines(source, table, form)
    rows, size, digest = 0, 0, hashlib.sha256()
    part: list[bytes] = []
    with path.open("wb", buffering=0) as file, ThreadPoolExecutor(1) as writer:
        before = writer.submit(_write, file, digest, ",".join(column.name for column in table.columns).encode() + b"\r\n")

        def send() -> None:
            # A thread writes while SQLite makes the next: neither holds the interpreter's lock.
            nonlocal before, rows, part, size
            before.result()
            before = writer.submit(_write, file, digest, b"".join(part))
            rows += len(part)
            told(len(part))
            part, size = [], 0

        for text in lines:
            part.append(text)
            size += len(text)
            if size >= PORTION_BYTES:
                send()
        if part:
            send()
        before.result()
    return Written(rows, digest.hexdigest())


def _write(file: FileIO, digest: hashlib._Hash, data: bytes) -> None:
    digest.update(data)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
