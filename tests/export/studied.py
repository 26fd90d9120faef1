"""The recorded site's archive with the study tables, and what is in it: made once in a run of the tests."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from scraper.archive.files import FileStore
from scraper.export.making import Exported, Order, Writer, export
from scraper.export.opened import Research, Source, opened
from scraper.export.selection import Selection
from scraper.export.tables import Table
from tests.browser.recorded import recorded_archive
from tests.recorded_site import wdtk

Row = tuple[Any, ...]


def studied_archive(base: Path) -> Path:
    """The archive, to be read and not written to. `base` is the run's own temporary folder."""
    recorded = recorded_archive(base)
    folder = recorded.parent.with_name("recorded-day-1-studied")
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            with closing(sqlite3.connect(recorded)) as db, closing(sqlite3.connect(folder / "archive.db")) as copy:
                db.backup(copy)
            os.symlink(recorded.with_suffix(".files"), folder / "archive.files")
            for words in (["study"], ["study", "--lexicon", "algorithmic-systems"]):
                done = wdtk("--archive", str(folder / "archive.db"), *words)
                assert done.returncode == 0, done.stderr
            (folder / "made").touch()
    return folder / "archive.db"


@contextmanager
def reading(archive: Path, selection: Selection | None = None) -> Iterator[Source]:
    with opened(archive, Research(), selection or Selection()) as source:
        yield source


def truth(archive: Path) -> dict[str, tuple[Table, list[Row]]]:
    """Every table and its rows, as SQLite itself gives them."""
    with reading(archive) as source:
        return {table.name: (table, source.db.execute(source.values(table)).fetchall()) for table in source.tables}


def make(archive: Path, goal: Path, write: Writer, form: str, force: bool = False, **more: Any) -> Exported:
    order = Order(form, Research(), more.pop("selection", Selection()), **more)
    return export(archive, FileStore.beside(archive, None), goal, order, write, force, lambda *_: None)


def copied(archive: Path, folder: Path) -> Path:
    """A copy of an archive's database that may be changed."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(archive, folder / "archive.db"))
