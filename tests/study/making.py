"""Rows for small archives."""

from __future__ import annotations

import sqlite3


def insert(db: sqlite3.Connection, table: str, **values: object) -> None:
    db.execute(f"insert into {table} ({', '.join(values)}) values ({', '.join('?' * len(values))})", tuple(values.values()))
