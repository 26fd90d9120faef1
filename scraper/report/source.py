"""Opening an archive to look at it, beside whoever writes it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import unquote

from ..archive.schema import TABLES
from ..archive.store import ArchiveError, refuse_export
from ..urls import segment

BUSY_TIMEOUT_S = 30.0


def look_into(path: Path) -> sqlite3.Connection:
    """A connection that can only read. Raises ArchiveError where there is no archive, or an older one."""
    if not path.is_file():
        raise ArchiveError(f"there is no archive at {path}; the first crawl makes one: wdtk crawl TARGET --site URL")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        db.close()
        raise ArchiveError(f"{path} is not an archive: {error}") from None
    if missing := sorted(set(TABLES) - tables):
        db.close()
        refuse_export(path, tables)
        if "archive_info" not in tables:
            raise ArchiveError(f"{path} is a database, but no archive; give --archive another path")
        raise ArchiveError(f"{path} was made by an older version (it lacks {missing[0]}); the next crawl brings it up to date")
    return prepared(db)


def prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    """The same connection, with rows by name, and between a request's url_title and the key of its pages
    `slug(page_key)` and `segment(url_title)`."""
    db.row_factory = sqlite3.Row
    db.create_function("slug", 1, unquote, deterministic=True)
    db.create_function("segment", 1, segment, deterministic=True)
    return db
