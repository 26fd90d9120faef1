"""What no query may read, whoever writes it: the content of requests that wait for a second night to confirm their withdrawal.

A table's page, a BLOB's own address, a CSV and SQL of one's own all end in a connection of Datasette's, so the column is
closed there. It reads as NULL.
"""

from __future__ import annotations

import sqlite3

from datasette import hookimpl

CLOSED = frozenset({("withdrawals", "set_aside")})
"""(table, column)."""


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Of every database: Datasette opens them before it can be known which are archives."""
    conn.set_authorizer(_decide)


def _decide(action: int, table: str | None, column: str | None, _database: str | None, _inner: str | None) -> int:
    """SQLite asks this when it prepares a statement, not for each row."""
    if action == sqlite3.SQLITE_READ and ((table or "").lower(), (column or "").lower()) in CLOSED:
        return sqlite3.SQLITE_IGNORE
    return sqlite3.SQLITE_OK
