"""A researcher's own query as the one table of an export, over what the edition and the selection leave."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace

from .codebook import QUERY
from .opened import Source
from .selection import CannotExport
from .tables import Column, Kind, Table, quoted

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TIME = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z"
_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ROWS_AT_A_TIME = 500


def with_query(source: Source, sql: str) -> Source:
    """A source with the query's rows as its only table; their order is the query's.

    The name of a table means what the export has of it. Raises CannotExport where SQLite does not understand the query,
    where it would write, and where a column has no plain name of its own.
    """
    db = _apart(source, sql) if source.edition.hides else source.db
    statement = f"\n{sql.strip().rstrip(';')}\n"  # on lines of its own: it may end in a comment
    db.set_authorizer(_reads)
    try:
        cursor = db.execute(f"select * from ({statement}) limit 0")
        names = [each[0] for each in cursor.description]
        for name in names:
            if not _NAME.fullmatch(name):
                raise CannotExport(f"--sql: the column {name!r} needs a name of letters, digits and _, such as: {name} as total")
        columns = tuple(Column(name, kind, False) for name, kind in zip(names, _kinds(db, statement, names), strict=True))
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise CannotExport(f"--sql: {error}. It is one SELECT on the tables of the export") from None
    finally:
        db.set_authorizer(None)
    db.execute(f"create temp view {QUERY} as select * from ({statement})")
    return replace(source, db=db, twin=None, tables=(Table(QUERY, columns, (), True),))


def _reads(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _apart(source: Source, sql: str) -> sqlite3.Connection:
    """A database of its own, in a temporary file, with the tables of the export that a query names: nothing else is there
    to be reached. SQLite cannot be told to hide the archive behind views: a query may give a view's name to its own."""
    words = {word.lower() for word in _NAME.findall(sql)}
    apart = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for table in source.tables:
        if table.name not in words:
            continue
        apart.execute(f"create table {table.name} ({', '.join(quoted(column.name) for column in table.columns)})")
        insert = f"insert into {table.name} values ({', '.join('?' * len(table.columns))})"
        rows = source.db.execute(source.values(table))
        apart.execute("begin")
        while some := rows.fetchmany(_ROWS_AT_A_TIME):
            apart.executemany(insert, some)
        apart.execute("commit")
        for column in (*table.key[:1], *(each.name for each in table.columns if each.refers)):
            apart.execute(f"create index if not exists {table.name}_{column} on {table.name} ({quoted(column)})")
    return apart


def _kinds(db: sqlite3.Connection, statement: str, names: list[str]) -> list[Kind]:
    """The kind of each column, told by all its values."""
    each = ", ".join(
        f"max(typeof({name}) = 'text'), max(typeof({name}) = 'blob'), max(typeof({name}) = 'real'), "
        f"max(typeof({name}) = 'integer'), min({name} glob '{_TIME}'), min({name} glob '{_DATE}')"
        for name in map(quoted, names)
    )
    told = db.execute(f"select {each} from ({statement})").fetchone()
    return [_kind(*told[place : place + 6]) for place in range(0, len(told), 6)]


def _kind(text: int | None, blob: int | None, real: int | None, integer: int | None, time: int | None, date: int | None) -> Kind:
    if blob:
        return Kind.BLOB
    if text:
        return Kind.TIME if time else Kind.DATE if date else Kind.TEXT
    return Kind.NUMBER if real else Kind.INTEGER if integer else Kind.TEXT
