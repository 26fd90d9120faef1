"""Attachment bytes beside the archive, named by their own hash: ``ab/cd/<sha256>``.

A file is whole or absent: it is written under ``tmp/``, synced, renamed into place and its folder synced before the
row that names it commits. Deletions go the other way: the row goes first, in a transaction that also notes the hash
in ``files_to_delete``; the bytes go after the commit, and again at the next start where that was interrupted.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..records import FileOnDisk


class FileStore:
    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def beside(cls, archive: Path, root: str | None) -> FileStore:
        """The folder given, or the archive's own: ``archive.db`` has ``archive.files/``."""
        return cls(Path(root) if root else archive.with_suffix(".files"))

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def temporary(self) -> Path:
        """The folder where downloads are written; on the same disk, so that a rename is enough."""
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def put(self, file: FileOnDisk) -> None:
        """Moves complete bytes into place. Nothing to do where the same bytes are there already.

        Raises OSError where the disk refuses.
        """
        goal = self.path(file.sha256)
        if goal.exists() and goal.stat().st_size == file.size:
            os.unlink(file.path)
            return
        changed = _make_folder(goal.parent)
        os.replace(file.path, goal)
        for folder in (goal.parent, *changed):
            _sync_folder(folder)

    def sweep_temporary(self) -> None:
        """Removes what interrupted downloads left. Only for the one process that writes the archive."""
        folder = self.root / "tmp"
        if folder.is_dir():
            for left in folder.iterdir():
                left.unlink()

    def aside(self, sha256: str) -> Path:
        """Where bytes wait that the site has refused, until a second night confirms it."""
        return self.root / "aside" / sha256

    def take_back(self, sha256: str) -> bool:
        """Puts bytes that were set aside back into their place; False where there are none."""
        goal, aside = self.path(sha256), self.aside(sha256)
        if not goal.exists() and aside.exists():
            changed = _make_folder(goal.parent)
            os.replace(aside, goal)
            for folder in (goal.parent, *changed):
                _sync_folder(folder)
        return goal.exists()

    def finish_deletions(self, db: sqlite3.Connection) -> None:
        """Deletes, or sets aside, the bytes whose rows are gone; not those of a file that has come back since."""
        for sha256, aside in db.execute("select sha256, aside from files_to_delete").fetchall():
            if aside:
                self._set_aside(db, sha256)
            else:
                self.aside(sha256).unlink(missing_ok=True)
                if not _known(db, sha256):
                    self.path(sha256).unlink(missing_ok=True)
            db.execute("delete from files_to_delete where sha256 = ?", (sha256,))

    def _set_aside(self, db: sqlite3.Connection, sha256: str) -> None:
        if not _known(db, sha256) and self.path(sha256).exists():
            self.aside(sha256).parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.path(sha256), self.aside(sha256))


def _known(db: sqlite3.Connection, sha256: str) -> bool:
    return db.execute("select 1 from files where sha256 = ?", (sha256,)).fetchone() is not None


def _make_folder(folder: Path) -> list[Path]:
    """Makes a folder and those above it; gives the folders that got an entry by it, the lowest first."""
    try:
        folder.mkdir()
    except FileExistsError:
        return []
    except FileNotFoundError:
        above = _make_folder(folder.parent)
        folder.mkdir()
        return [folder.parent, *above]
    return [folder.parent]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
