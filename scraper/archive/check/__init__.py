"""Proving an archive sound, and mending what can be mended.

Each module looks at one part of the archive: `find` tells its damage, `mends` has what mends each kind. What was
fetched once can be fetched again, so most mending drops what is damaged and puts its page on the agenda.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database

from ...urls import Site
from ..files import FileStore
from ..migrations import migrations
from ..runs import begin, finish
from ..store import BUSY_TIMEOUT_S, Archive, ArchiveError, lock_archive, refuse_export
from ..texts import was_interrupted
from .agenda import AGENDA
from .captures import CAPTURES
from .damage import BACKUP, Damage, Mending, Room
from .database import DATABASE
from .files import FILES
from .rows import ROWS
from .search import SEARCH_INDEXES
from .withheld import WITHHELD

__all__ = ["Damage", "Mended", "check", "examine", "repair"]

ROOMS: tuple[Room, ...] = (DATABASE, CAPTURES, ROWS, WITHHELD, FILES, AGENDA, SEARCH_INDEXES)
"""In the order in which they are mended: rows before the files and visits that they ask for, indexes last."""
PASSES = 4
"""So often is looked again: mending one thing may bring another to light."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_MAGIC = b"SQLite format 3\0"


class Mended(NamedTuple):
    damage: Damage
    done: str
    """What was done about it."""


def examine(path: Path, files: str | None, quick: bool) -> list[Damage]:
    """Checks an archive that nobody writes to. Changes nothing.

    `quick` looks into no file and no raw page. Raises ArchiveError where there is no archive, ArchiveBusy where another process
    writes it.
    """
    with _opened(path, files, upgrade=False) as archive:
        return [archive] if isinstance(archive, Damage) else check(archive, quick)


def check(archive: Archive, quick: bool = False) -> list[Damage]:
    """All that is wrong with an open archive. Raises sqlite3.Error where the machine fails, and not the archive."""
    found: list[Damage] = []
    interrupted = _interrupted(archive)
    for room in ROOMS:
        found += _look(room, archive, quick, interrupted)
        if room is DATABASE and _hopeless(found):
            break
    return found


def repair(path: Path, files: str | None, quick: bool, now: str) -> tuple[list[Mended], list[Damage]]:
    """Mends what can be mended; returns what was done, and what is damaged still. `now` is UTC text.

    Raises as `examine` does.
    """
    with _opened(path, files, upgrade=True) as archive:
        return ([], [archive]) if isinstance(archive, Damage) else _repair(archive, quick, now)


def _repair(archive: Archive, quick: bool, now: str) -> tuple[list[Mended], list[Damage]]:
    mended: list[Mended] = []
    run, mending = None, None
    for _ in range(PASSES):
        left: list[Damage] = []
        again = False
        for room in ROOMS:
            found = _look(room, archive, quick, interrupted=False)
            if room is DATABASE and _hopeless(found):
                return mended, found
            for damage in found:
                if not damage.mendable:
                    left.append(damage)
                    continue
                if mending is None:
                    run = begin(archive, "check --repair", "check --repair", (), now, {"quick": quick})
                    mending = Mending(archive, run.id, now)
                mended.append(Mended(damage, _mend(room, mending, damage)))
                again = True
        if not again:
            break
    if run is not None:
        finish(archive, run, "failures" if left or again else "ok", now, 0)
        archive.wipe()
    return mended, check(archive, quick) if again else left


def _mend(room: Room, mending: Mending, damage: Damage) -> str:
    try:
        return room.mends[damage.kind](mending, damage)
    except sqlite3.DatabaseError as error:
        return f"could not be mended: {_told(error)}"


def _look(room: Room, archive: Archive, quick: bool, interrupted: bool) -> list[Damage]:
    found: list[Damage] = []
    try:
        found += room.find(archive, quick)
    except sqlite3.DatabaseError as error:
        found.append(_broken(archive.path, _told(error)))
    return found if interrupted else [replace(damage, leftover=False) for damage in found]


def _interrupted(archive: Archive) -> bool:
    """Whether the newest run was killed or broke off, or reading files was: what was left behind the next one uses or removes."""
    try:
        if was_interrupted(archive.db):
            return True
        row = archive.db.execute("select outcome from runs order by id desc limit 1").fetchone()
    except sqlite3.DatabaseError:
        return False  # what is wrong with the database is said by its own check
    return row is not None and row["outcome"] in (None, "interrupted")


def _hopeless(found: list[Damage]) -> bool:
    return any(not damage.mendable for damage in found)


def _told(error: sqlite3.DatabaseError) -> str:
    """What is wrong with the archive. Raises the error where it is the machine that fails: disk full, locked, no leave."""
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in _DAMAGE:
        raise error
    return str(error)


def _broken(path: Path, what: str) -> Damage:
    return Damage("database", path.name, f"{what}; {BACKUP}", mendable=False)


@contextmanager
def _opened(path: Path, files: str | None, upgrade: bool) -> Iterator[Archive | Damage]:
    """An archive as it is: nothing is finished or set, nor migrated without `upgrade`.

    Damage where SQLite cannot even begin to read it.
    """
    if not path.is_file():
        raise ArchiveError(f"there is no archive at {path}; give its path with --archive")
    lock = lock_archive(path)
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
        if head != _MAGIC:
            yield _broken(path, "is no SQLite database, or its beginning is lost" if head else "is empty")
            return
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            db.row_factory = sqlite3.Row
            try:
                for setting in ("foreign_keys = on", "secure_delete = on", "synchronous = full"):
                    db.execute(f"pragma {setting}")
                site = _site(path, db)
                _bring_up_to_date(path, db, upgrade)
            except sqlite3.DatabaseError as error:
                yield _broken(path, _told(error))
                return
            yield Archive(path, db, site, FileStore.beside(path, files), None)
        finally:
            db.close()
    finally:
        lock.release()


def _bring_up_to_date(path: Path, db: sqlite3.Connection, upgrade: bool) -> None:
    if not migrations.pending(Database(db)):
        return
    refuse_export(path, {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")})
    if not upgrade:
        raise ArchiveError(f"an older version made {path}; any crawl, or wdtk check --repair, brings it up to date")
    said = db.execute("pragma quick_check(1)").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(said)
    migrations.apply(Database(db))


def _site(path: Path, db: sqlite3.Connection) -> Site:
    tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    if tables <= {migrations.migrations_table}:
        raise ArchiveError(f"{path} is empty; the first crawl fills it: wdtk crawl TARGET --site URL")
    if "archive_info" not in tables:
        raise ArchiveError(f"{path} is a database, but no archive; give --archive another path")
    row = db.execute("select value from archive_info where key = 'site'").fetchone()
    if row is None:
        raise ArchiveError(f"{path} does not know its site; the next crawl tells it: wdtk crawl TARGET --site URL")
    return Site(row[0])
