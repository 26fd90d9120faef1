"""The recorded site's first day, crawled, its files read and studied: made once in a run of the tests, whoever asks first."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

from tests.recorded_site import RecordedSite, wdtk


def recorded_archive(base: Path) -> Path:
    """The archive, to be read and not written to. `base` is the run's own temporary folder.

    pytest-xdist gives each of its processes a folder within that of the run; they share what lies there.
    """
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "recorded-day-1"
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            _make(folder / "archive.db")
            (folder / "made").touch()
    return folder / "archive.db"


def _make(archive: Path) -> None:
    with RecordedSite(day=1) as site:
        done = wdtk("--archive", str(archive), "crawl", "everything", "--site", site.base)
        assert done.returncode == 0, done.stderr
    for command in ("extract", "study"):
        done = wdtk("--archive", str(archive), command)
        assert done.returncode == 0, done.stderr
