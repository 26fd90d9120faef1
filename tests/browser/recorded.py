"""The recorded site's first day: crawled once in a run of the tests, and read and studied once, whoever asks first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from tests.recorded_site import RecordedSite, wdtk


def crawled_archive(base: Path) -> Path:
    """The archive as the crawl leaves it, to be copied. `base` is the run's own temporary folder."""
    return _once(base, "recorded-day-1-crawled", _crawl)


def recorded_archive(base: Path) -> Path:
    """The archive with the text of its files and the study tables, to be read and not written to."""

    def make(archive: Path) -> None:
        copy_archive(crawled_archive(base), archive)
        for command in ("extract", "study"):
            done = wdtk("--archive", str(archive), command)
            assert done.returncode == 0, done.stderr

    return _once(base, "recorded-day-1", make)


def copy_archive(archive: Path, goal: Path) -> None:
    """Copies an archive that nobody writes to, with its files."""
    shutil.copy(archive, goal)
    shutil.copytree(archive.with_suffix(".files"), goal.with_suffix(".files"))


def _once(base: Path, name: str, make: Callable[[Path], None]) -> Path:
    """What `make` makes, made by the first who asks.

    pytest-xdist gives each of its processes a folder within that of the run; they share what lies there.
    """
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            make(folder / "archive.db")
            (folder / "made").touch()
    return folder / "archive.db"


def _crawl(archive: Path) -> None:
    with RecordedSite(day=1) as site:
        done = wdtk("--archive", str(archive), "crawl", "everything", "--site", site.base)
        assert done.returncode == 0, done.stderr
