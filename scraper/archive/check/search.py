"""The full-text indexes: each says of every row of its table what the row says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..schema import SEARCH
from ..store import Archive
from .damage import Damage, Mending, Room


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Asks each index to compare itself with its table.

    FTS5 takes that question as an insert, so it is asked in a transaction that is taken back. Rank 1 makes it
    look into the table and not only at itself (https://sqlite.org/fts5.html, "The 'integrity-check' Command").
    """
    for table in SEARCH:
        index = f"{table}_fts"
        archive.db.execute("begin immediate")
        try:
            archive.db.execute(f"insert into {index}({index}, rank) values ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            yield Damage("search", index, f"does not fit the table {table} ({error})", key=(index,))
        finally:
            archive.db.execute("rollback")


def _rebuild(mending: Mending, damage: Damage) -> str:
    index = damage.key[0]
    with mending.archive.transaction() as db:
        db.execute(f"insert into {index}({index}) values ('rebuild')")
    return "built anew from its table"


SEARCH_INDEXES = Room(find, {"search": _rebuild})
