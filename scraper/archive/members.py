"""Files within files: whose they are. A file is kept as long as an attachment has it, or a file that is kept does."""

from __future__ import annotations

import sqlite3

ABOVE = "with recursive above(id) as (select ? union select m.parent_id from file_members m join above on m.file_id = above.id) "
"""A file and all files that it is in, however deep. A ZIP may be made to hold itself: `union` ends that."""
BELOW = (
    "with recursive below(id) as (select ? union select m.file_id from file_members m join below on m.parent_id = below.id "
    "where m.file_id is not null) "
)
"""A file and all files that are in it, however deep."""
OWNED = (
    "with recursive owned(id) as (select file_id from attachments where file_id is not null union "
    "select m.file_id from file_members m join owned on m.parent_id = owned.id where m.file_id is not null) "
)
"""Every file that an attachment has, itself or within another."""


def is_owned(db: sqlite3.Connection, file_id: int, but_by: str = "0", **values: int) -> bool:
    """Whether an attachment has a file, itself or within another.

    `but_by` is a condition on `attachments` (a) with named `values`: such attachments do not count.
    """
    named = ABOVE.replace("?", ":file_id")
    query = f"{named}select 1 from attachments a join above on a.file_id = above.id where not ({but_by}) limit 1"
    return db.execute(query, {"file_id": file_id, **values}).fetchone() is not None


def containers(db: sqlite3.Connection, file_id: int) -> list[int]:
    """The files that a file is in, however deep, without itself."""
    return [row[0] for row in db.execute(f"{ABOVE}select id from above where id <> ?", (file_id, file_id))]


def contents(db: sqlite3.Connection, file_id: int) -> list[int]:
    """A file, and the files that are in it, however deep."""
    return [row[0] for row in db.execute(f"{BELOW}select id from below", (file_id,))]


def depth(db: sqlite3.Connection, file_id: int) -> int:
    """In how many files, one in the other, a file is at least: 0 for one that an attachment has."""
    level, seen, waiting = 0, {file_id}, {file_id}
    while waiting:
        places = ", ".join("?" * len(waiting))
        if db.execute(f"select 1 from attachments where file_id in ({places}) limit 1", tuple(waiting)).fetchone():
            return level
        rows = db.execute(f"select distinct parent_id from file_members where file_id in ({places})", tuple(waiting))
        waiting = {row[0] for row in rows} - seen
        seen |= waiting
        level += 1
    return level


def read_again(db: sqlite3.Connection, file_id: int) -> int:
    """The files that a lost file was in are to be read again, which brings it back. Returns how many."""
    parents = [row[0] for row in db.execute("select distinct parent_id from file_members where file_id = ?", (file_id,))]
    db.executemany("update files set text_status = 'due' where id = ?", [(parent,) for parent in parents])
    db.execute("update file_members set file_id = null, reason = 'lost; to be read again' where file_id = ?", (file_id,))
    return len(parents)
