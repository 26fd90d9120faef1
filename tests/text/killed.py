"""Reads the files of an archive, and is killed on the way: ``python -m tests.text.killed ARCHIVE WHERE COUNT``.

WHERE is ``between`` (after so many files) or ``within`` (when so many members' bytes are in place, and no row names the
last).
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

from scraper.archive.files import FileStore
from scraper.archive.store import Archive
from scraper.records import FileOnDisk
from scraper.text.extract import Extracted, extract
from scraper.text.pool import local


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    path, where, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    put, puts = FileStore.put, count(1)

    def put_and_die(store: FileStore, file: FileOnDisk) -> None:
        put(store, file)
        if next(puts) >= number:
            die()

    def progress(done: Extracted) -> None:
        if where == "between" and done.files >= number:
            die()

    if where == "within":
        FileStore.put = put_and_die  # type: ignore[method-assign]
    with Archive.open(path) as archive, local(2) as pool:
        extract(archive, pool, lambda: "2026-02-01T00:00:00Z", progress=progress)


if __name__ == "__main__":
    main()
