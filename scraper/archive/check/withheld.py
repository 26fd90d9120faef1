"""What the site withholds is not here: not in the tables, and once that is confirmed not in raw pages or changes either."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

from ...records import PageKind, PageRef
from ..captures import Captures
from ..rows import CONTENT, Writer
from ..store import Archive
from ..withdraw import BLANKED, RAW_IN_CHANGES, TWO_NIGHTS, erase, refused
from .captures import UNPACKING_FAILS
from .damage import Damage, Mending, Room

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MESSAGE = ("text", "own_text", "html")
_FILE = ("filename", "url", "size_shown", "note", "file_id", "content_type")
_REFUSED = "select id from requests where withheld_at is not null"
_OWN = {
    "requests": "withheld_at is not null",
    "messages": f"request_id in ({_REFUSED})",
    "attachments": f"message_id in (select id from messages where request_id in ({_REFUSED}))",
}
"""Which rows are those of requests that the site refuses."""
_EMPTY = (
    *((table, BLANKED[table], where, "of a request that the site refuses") for table, where in _OWN.items()),
    ("messages", ("author", *_MESSAGE), "gone_at is not null", "of a message that is gone"),
    ("messages", _MESSAGE, "withheld is not null", "of a message that is withheld"),
    ("attachments", _FILE, "gone_at is not null", "of a file that is gone"),
    ("attachments", ("file_id",), "status = 'withheld'", "of a file that is withheld"),
)
"""Table, columns that must be empty, in which rows, and whose they are."""
_TELLING = sorted({*RAW_IN_CHANGES, *(column for columns in CONTENT.values() for column in columns)})


def set_aside(db: sqlite3.Connection) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """What is kept of each request that is not confirmed as withdrawn; None where that cannot be unpacked."""
    for number, packed in db.execute("select request_id, set_aside from withdrawals where set_aside is not null"):
        try:
            yield number, json.loads(zstd.decompress(packed))
        except UNPACKING_FAILS:
            yield number, None


def slugs_set_aside(db: sqlite3.Connection) -> set[str]:
    return {str(row["url_title"]) for _, aside in set_aside(db) if aside for row in aside["requests"]}


def files_set_aside(db: sqlite3.Connection) -> set[str]:
    return {str(row["sha256"]) for _, aside in set_aside(db) if aside for row in aside["files"]}


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Content that should have left."""
    db = archive.db
    for number, aside in set_aside(db):
        if aside is None:
            yield Damage("set_aside", f"withdrawals {number}", "what was set aside cannot be unpacked", key=(number,))
    for (number,) in db.execute(
        "select id from requests where withheld_at is not null and id not in (select request_id from withdrawals)"
    ).fetchall():
        yield Damage("not_set_aside", f"requests {number}", "the site refuses it, and it is not set aside", key=(number,))
    for index, (table, columns, where, whose) in enumerate(_EMPTY):
        rows = db.execute(f"select count(*) from {table} where ({where}) and ({_any(columns)})").fetchone()[0]
        if rows:
            yield Damage("withheld_content", table, f"{rows:,} rows still hold content {whose}", key=(index,))
    for table in ("links", "request_tags"):
        rows = db.execute(f"select count(*) from {table} where {_dependents(table)}").fetchone()[0]
        if rows:
            what = f"{rows:,} rows still tell of requests or messages that are gone"
            yield Damage("withheld_rows", table, what, key=(table,))
    telling = ", ".join("?" * len(_TELLING))
    for (number,) in db.execute(
        "select request_id from withdrawals w where withdrawn_at is not null and (set_aside is not null or exists "
        f"(select 1 from changes c where c.request_id = w.request_id and c.column_name in ({telling}) "
        "and coalesce(c.old_value, c.new_value) is not null))",
        _TELLING,
    ).fetchall():
        yield Damage("not_erased", f"requests {number}", "was withdrawn, and not all of it has left", key=(number,))


def _any(columns: tuple[str, ...]) -> str:
    return " or ".join(f"{column} is not null" for column in columns)


def _dependents(table: str) -> str:
    if table == "links":
        return f"message_id in (select id from messages where gone_at is not null or {_OWN['messages']})"
    return f"request_id in ({_REFUSED})"


# ---- mending --------------------------------------------------------------------------------------------------------


def _give_up(mending: Mending, damage: Damage) -> str:
    with mending.archive.transaction() as db:
        db.execute("update withdrawals set set_aside = null where request_id = ?", damage.key)
    return "dropped; it comes anew where the site shows the request again"


def _set_aside(mending: Mending, damage: Damage) -> str:
    number = int(damage.key[0])
    with mending.archive.transaction() as db:
        writer = Writer(db, mending.run_id, mending.now, known=True)
        refused(writer, mending.keeper.agenda, mending.keeper.captures, mending.archive.site, number, TWO_NIGHTS)
        mending.due(PageRef(PageKind.REQUEST_ID, str(number)))
        mending.wipe()
    return "set aside, and to be looked for again"


def _blank(mending: Mending, damage: Damage) -> str:
    table, columns, where, _ = _EMPTY[int(damage.key[0])]
    with mending.archive.transaction() as db:
        values = ", ".join(f"{column} = null" for column in columns)
        done = db.execute(f"update {table} set {values} where ({where}) and ({_any(columns)})").rowcount
        mending.wipe()
    return f"{done:,} rows emptied"


def _delete(mending: Mending, damage: Damage) -> str:
    table = str(damage.key[0])
    with mending.archive.transaction() as db:
        done = db.execute(f"delete from {table} where {_dependents(table)}").rowcount
        mending.wipe()
    return f"{done:,} rows deleted"


def _erase(mending: Mending, damage: Damage) -> str:
    number = int(damage.key[0])
    with mending.archive.transaction() as db:
        at = db.execute("select withdrawn_at from withdrawals where request_id = ?", (number,)).fetchone()[0]
        erase(db, Captures(db), mending.archive.site, [number], at)
        mending.wipe()
    return "erased"


WITHHELD = Room(
    find,
    {
        "set_aside": _give_up,
        "not_set_aside": _set_aside,
        "withheld_content": _blank,
        "withheld_rows": _delete,
        "not_erased": _erase,
    },
)
