"""The database file itself: SQLite's own check, the mode of writing, the shape of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlite_utils import Database

from ..migrations import unknown_steps
from ..shape import definition, expected, shape
from ..store import Archive
from .damage import BACKUP, Damage, Mending, Room, some

_INDEX = re.compile(r"(?:row \d+ missing from index|wrong # of entries in index) (\S+)")
_WORD_INDEX = re.compile(r"(?:malformed inverted index|unable to validate the inverted index) for FTS5 table")
"""Later versions of SQLite look into these here too; `search` looks closer."""
_MADE_ANEW = ("index", "trigger", "view")
"""What holds no data of its own."""
_WAL_FORMAT = b"\x02\x02"


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """What SQLite and the schema say."""
    said = {row[0] for row in archive.db.execute(f"pragma {'quick_check' if quick else 'integrity_check'}")} - {"ok"}
    indexes = {text: found[1] for text in said if (found := _INDEX.fullmatch(text))}
    for index in sorted(set(indexes.values())):
        yield Damage("index", index, "does not fit its table", key=(index,))
    for text in sorted(said - set(indexes)):
        if not _WORD_INDEX.match(text):
            yield Damage("database", archive.path.name, f"{text.strip()}; {BACKUP}", mendable=False)
    with archive.path.open("rb") as file:
        if file.read(20)[18:20] != _WAL_FORMAT:
            yield Damage("journal_mode", archive.path.name, "not in write-ahead mode: readers and a crawl block each other")
    yield from _schema(archive)


def _schema(archive: Archive) -> Iterator[Damage]:
    unknown = unknown_steps(Database(archive.db))
    if unknown:
        what = f"a newer version of this software made it (steps {some(unknown)}); install that version"
        yield Damage("schema", "_sqlite_migrations", what, mendable=False)
        return
    have = shape(archive.db)
    for (sort, name), description in expected().items():
        if have.get((sort, name)) == description:
            continue
        missing = (sort, name) not in have
        what = "is missing" if missing else "is not as this version makes it"
        mendable = sort in _MADE_ANEW or (sort == "fts" and missing)
        yield Damage("schema", f"{sort} {name}", what if mendable else f"{what}; {BACKUP}", mendable, key=(sort, name))


def _reindex(mending: Mending, damage: Damage) -> str:
    mending.db.execute(f"reindex {damage.key[0]}")
    return "built anew"


def _make(mending: Mending, damage: Damage) -> str:
    sort, name = str(damage.key[0]), str(damage.key[1])
    with mending.archive.transaction() as db:
        if sort in _MADE_ANEW:
            db.execute(f"drop {sort} if exists {name}")
        db.execute(definition(sort, name))
        if sort == "fts":
            db.execute(f"insert into {name}({name}) values ('rebuild')")
    return "made anew"


def _write_ahead(mending: Mending, damage: Damage) -> str:
    mode = mending.db.execute("pragma journal_mode = wal").fetchone()[0]
    return f"set to {mode}"


DATABASE = Room(find, {"index": _reindex, "schema": _make, "journal_mode": _write_ahead})
