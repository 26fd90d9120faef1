"""A copy of the database, taken while a crawl may be writing: the backup of an archive."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..archive.store import BUSY_TIMEOUT_S, lock_archive
from .selection import CannotExport

STEP_PAGES = 4096
"""Database pages copied between two words of progress: 32 MiB."""
_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database. Of a database that is replaced it must not survive: it would be read into the new."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy, its size in bytes and in database pages."""

    path: Path
    bytes: int
    pages: int


def back_up(archive: Path, goal: Path, force: bool = False, progress: Callable[[int, int], None] | None = None) -> Copied:
    """Copies an archive's database as it is at this moment; files are not copied.

    One read transaction holds that moment fast until the copy is done. In write-ahead mode it keeps no writer waiting,
    and SQLite's backup need not begin anew whenever a crawl writes, as it does when each of its steps reads for itself.
    The copy is checked, synced and renamed into place, so that `goal` is a whole copy or what it was before.
    `progress` is told pages done and pages in all. Raises CannotExport where there is no archive, where `goal` exists
    and `force` is false, or where the copy is not sound; ArchiveBusy where a process writes `goal` as its archive;
    OSError and sqlite3.Error where the machine fails.
    """
    if not archive.is_file():
        raise CannotExport(f"there is no archive at {archive}; give its path with --archive")
    if not goal.parent.is_dir():
        raise CannotExport(f"the folder {goal.parent} does not exist")
    if goal.is_dir():
        raise CannotExport(f"{goal} is a folder; name a file in it")
    if goal.exists() and goal.samefile(archive):
        raise CannotExport(f"{goal} is the archive itself")
    if goal.exists() and not force:
        raise CannotExport(f"{goal} exists; --force replaces it")
    part = goal.with_name(f"{goal.name}.part")
    try:
        pages = _copy(archive, part, progress)
        _sync(part)
        size = part.stat().st_size
        _replace(part, goal)
    finally:
        for name in ("", *_BESIDE):
            Path(f"{part}{name}").unlink(missing_ok=True)
    return Copied(goal, size, pages)


def _copy(archive: Path, part: Path, progress: Callable[[int, int], None] | None) -> int:
    for name in ("", *_BESIDE):
        Path(f"{part}{name}").unlink(missing_ok=True)  # an interrupted copy's
    source = sqlite3.connect(f"{archive.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        source.execute("begin")
        try:
            tables = {row[0] for row in source.execute("select name from sqlite_master where type = 'table'")}
        except sqlite3.DatabaseError as error:
            raise CannotExport(f"{archive} cannot be read: {error}; see wdtk check") from error
        if "archive_info" not in tables:
            raise CannotExport(f"{archive} is a database, but no archive; give --archive another path")
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            source.backup(copy, pages=STEP_PAGES, progress=lambda _, left, total: progress and progress(total - left, total))
            said = copy.execute("pragma quick_check(1)").fetchone()[0]
            if said != "ok":
                raise CannotExport(f"the copy is not sound ({said}), and is not kept; see wdtk check for the archive itself")
            pages: int = copy.execute("pragma page_count").fetchone()[0]
        finally:
            copy.close()
    finally:
        source.close()
    return pages


def _replace(part: Path, goal: Path) -> None:
    """Puts the copy into place. An archive has a lock file; nobody may be writing the one that is replaced."""
    lock = lock_archive(goal) if Path(f"{goal}.lock").exists() else None
    try:
        for name in _BESIDE:
            Path(f"{goal}{name}").unlink(missing_ok=True)
        os.replace(part, goal)
    finally:
        if lock is not None:
            lock.release()
    _sync(goal.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
