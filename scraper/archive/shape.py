"""The shape of an archive's schema, told so that two can be compared, however each came to be."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from typing import Any

from sqlite_utils import Database

from .migrations import migrations

Shape = dict[tuple[str, str], Any]
"""(sort, name) -> description; sorts are those of sqlite_master, and 'fts'."""

_NOT_OURS = ("sqlite_", "_sqlite_migrations", "idx__sqlite_migrations")


def shape(db: sqlite3.Connection) -> Shape:
    """Every table, index, trigger and view of a database.

    Tables are told by what they mean and not by their text: a table that was altered reads otherwise than one that
    was created so. What full-text indexes are made of is left out.
    """
    objects = db.execute("select type, name, sql from sqlite_master where sql is not null order by name").fetchall()
    search = {name for _, name, sql in objects if sql.lower().startswith("create virtual table")}
    made: Shape = {}
    for sort, name, sql in objects:
        if name.startswith(_NOT_OURS) or any(name.startswith(f"{index}_") and sort == "table" for index in search):
            continue
        if name in search:
            made["fts", name] = _words(sql)
        elif sort == "table":
            made["table", name] = _table(db, name)
        else:
            made[sort, name] = _words(sql)
    return made


def _table(db: sqlite3.Connection, name: str) -> Any:
    def rows(pragma: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.execute(f"pragma {pragma}({name})")]

    without_rowid = db.execute("select wr from pragma_table_list where schema = 'main' and name = ?", (name,)).fetchone()[0]
    columns = [row[1:] for row in rows("table_xinfo")]
    keys = sorted(row[2:] for row in rows("foreign_key_list"))
    unique = sorted(
        tuple(column[0] for column in db.execute("select name from pragma_index_info(?)", (row[1],)))
        for row in rows("index_list")
        if row[3] == "u"
    )
    return (without_rowid, columns, keys, unique)


def _words(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()


@cache
def expected() -> Shape:
    """The shape that this version's migrations give an archive. Shared: not to be changed."""
    db = Database(memory=True)
    migrations.apply(db)
    made = shape(db.conn)
    db.close()
    return made


def definition(sort: str, name: str) -> str:
    """The statement that makes an index, trigger, view or full-text index. Raises KeyError for any other."""
    return str(expected()[sort, name])
