"""Opening an archive: one SQLite file, its settings, its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
from sqlite_utils import Database

from ..urls import Site
from .files import FileStore
from .migrations import migrations, unknown_steps
from .schema import SEARCH

BUSY_TIMEOUT_S = 30.0
PAGE_BYTES = 8192
"""Messages and raw pages are some 2 KB each: they pack better than into SQLite's 4,096 (2 % of the archive, measured
November 2026)."""


class ArchiveError(Exception):
    """An archive that cannot be used, with what to do about it."""


class ArchiveBusy(ArchiveError):
    """Another process is writing this archive (exit code 75)."""


def refuse_export(path: Path, tables: set[str]) -> None:
    """Raises ArchiveError where these are the tables of an export (`wdtk export sqlite`): it has no housekeeping."""
    if "archive_info" in tables and "agenda" not in tables:
        raise ArchiveError(f"{path} is an export: it can be read and served; all else is done with the archive it was made of")


class Archive:
    """An open archive: `db` (a connection in autocommit mode), `site`, and `files`, the store beside it.

    One process writes at a time, held by a lock file beside the archive; any number read. Every write happens in
    `transaction()`, which commits whole or not at all.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, site: Site, files: FileStore, lock: filelock.FileLock | None) -> None:
        self.path, self.db, self.site, self.files, self._lock = path, db, site, files, lock

    @classmethod
    def open(cls, path: Path | str, site: Site | None = None, files: str | None = None) -> Archive:
        """Opens an archive for writing; creates it where `site` is given and there is none yet.

        Raises ArchiveError where it is missing, belongs to another site, or is no archive; ArchiveBusy where
        another process writes it.
        """
        path = Path(path)
        if not path.exists() and site is None:
            raise ArchiveError(f"there is no archive at {path}; the first crawl makes one: wdtk crawl TARGET --site URL")
        if not path.parent.is_dir():
            raise ArchiveError(f"the folder {path.parent} does not exist")
        lock = lock_archive(path)
        try:
            db = cls._connect(path)
            try:
                known = cls._prepare(path, db, site)
                archive = cls(path, db, known, FileStore.beside(path, files), lock)
                archive.files.finish_deletions(db)
            except BaseException:
                db.close()
                raise
        except BaseException:
            lock.release()
            raise
        return archive

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            db.execute(f"pragma page_size = {PAGE_BYTES}")
            db.execute("select 1 from sqlite_master")  # reads it: nothing is set in a file that is none of ours
            db.execute("pragma synchronous = full")
            db.execute("pragma foreign_keys = on")
            db.execute("pragma secure_delete = on")
            db.execute("pragma cache_size = -65536")
        except sqlite3.DatabaseError as error:
            db.close()
            raise ArchiveError(f"{path} is not an archive: {error}") from None
        db.row_factory = sqlite3.Row
        return db

    @staticmethod
    def _prepare(path: Path, db: sqlite3.Connection, site: Site | None) -> Site:
        tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
        tables.discard(migrations.migrations_table)  # alone, it is what a kill in the first moment leaves
        refuse_export(path, tables)
        if tables and "archive_info" not in tables:
            raise ArchiveError(f"{path} is a database, but no archive; give --archive another path")
        if not tables and site is None:
            raise ArchiveError(f"{path} is empty; the first crawl needs --site URL")
        if unknown := unknown_steps(Database(db)):
            raise ArchiveError(f"a newer version of this software made {path} (steps {', '.join(unknown)}); install that version")
        db.execute("pragma journal_mode = wal")
        migrations.apply(Database(db))
        row = db.execute("select value from archive_info where key = 'site'").fetchone()
        if row is None:
            if site is None:
                raise ArchiveError(f"{path} does not know its site yet; give --site URL")
            db.execute("insert into archive_info (key, value) values ('site', ?)", (site.base,))
            return site
        known = Site(row[0])
        if site is not None and site != known and not _both_loopback(site, known):
            raise ArchiveError(f"{path} is an archive of {known.base}, not of {site.base}; one site, one archive: use --archive")
        if site is not None and site != known:
            _move_site(db, known, site)
            return site
        return known

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; files that the transaction orphaned are deleted after it has committed."""
        self.db.execute("begin immediate")
        try:
            yield self.db
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")
        self.files.finish_deletions(self.db)

    def wipe(self) -> None:
        """Folds the log in; and where content left the archive, its traces in the search indexes go too.

        Freed pages are zeroed as they are freed (`secure_delete`); an index keeps deleted words until its parts are
        merged, the log until it is cut. A reader that holds the log delays the cut to the next run.
        """
        if self.db.execute("select 1 from archive_info where key = 'wipe_due'").fetchone():
            with self.transaction() as db:
                for table in SEARCH:
                    db.execute(f"insert into {table}_fts({table}_fts) values ('optimize')")
                db.execute("delete from archive_info where key = 'wipe_due'")
        self.db.execute("pragma wal_checkpoint(truncate)")

    def close(self) -> None:
        """Closes the archive; the write-ahead log is folded in where no reader holds it."""
        self.db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def lock_archive(path: Path) -> filelock.FileLock:
    """Takes the lock of an archive; the caller releases it. Raises ArchiveBusy where another process holds it."""
    lock = filelock.FileLock(f"{path}.lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise ArchiveBusy(f"another run is writing {path}; wait for it, or stop it") from None
    return lock


def _both_loopback(one: Site, other: Site) -> bool:
    """A rehearsal's port changes from run to run; a public site's address does not."""
    return all(site.base.split("//")[1].rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]") for site in (one, other))


def _move_site(db: sqlite3.Connection, old: Site, new: Site) -> None:
    """A rehearsal's site at another port: the same pages at another address."""
    db.execute("begin immediate")
    db.execute("update archive_info set value = ? where key = 'site'", (new.base,))
    for table in ("requests", "attachments"):
        db.execute(
            f"update {table} set url = ? || substr(url, ?) where url like ? || '/%'",
            (new.base, len(old.base) + 1, old.base),
        )
    db.execute("commit")
