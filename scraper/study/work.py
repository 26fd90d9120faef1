"""The rows of some requests, made in this process or in others. Each worker reads the archive for itself."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import deadlines, exemptions, families, lexicon, mentions, outcomes
from .quoting import Row
from .reading import Request, read

CHUNK = 100
"""Requests read at a time: some 2 MB of text."""
ALONE = 400
"""So few requests are done before other processes have started."""
WITH_FILES = frozenset({"exemptions", "mentions", "outcomes"})

METHODS = {
    "deadlines": deadlines.METHOD,
    "exemptions": exemptions.METHOD,
    "mentions": mentions.METHOD,
    "outcomes": outcomes.METHOD,
    "families": families.METHOD,
}
"""Name -> what its rows were made by; when it changes they are all made anew."""

Made = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Task:
    """Requests, and the names of `wdtk study` to make for them."""

    names: tuple[str, ...]
    requests: tuple[int, ...]


class Maker:
    """Makes rows from an archive that is only read. Lexicons come as the text of their files."""

    def __init__(self, archive: Path, lexicons: tuple[str, ...]) -> None:
        self.db = sqlite3.connect(f"{archive.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        self.db.execute("pragma query_only = on")
        read_lexicons = tuple(lexicon.parse(text) for text in lexicons)
        self.makers: dict[str, Callable[[Request], Made]] = {
            "deadlines": deadlines.rows,
            "exemptions": exemptions.rows,
            "mentions": partial(mentions.rows, lexicons=read_lexicons),
            "outcomes": outcomes.rows,
            "families": families.rows,
        }

    def make(self, task: Task) -> tuple[Task, Made]:
        """Table -> rows of the task's requests; none for those that are withheld."""
        made: Made = defaultdict(list)
        for request in read(self.db, task.requests, texts=not WITH_FILES.isdisjoint(task.names)):
            for name in task.names:
                for table, rows in self.makers[name](request).items():
                    made[table] += rows
        return task, dict(made)

    def close(self) -> None:
        self.db.close()


_maker: Maker | None = None


def _start(archive: Path, lexicons: tuple[str, ...]) -> None:
    global _maker
    _maker = Maker(archive, lexicons)


def _make(task: Task) -> tuple[Task, Made]:
    assert _maker is not None
    return _maker.make(task)


def make(
    archive: Path, lexicons: tuple[str, ...], tasks: Iterable[Task], workers: int, total: int
) -> Iterator[tuple[Task, Made]]:
    """The rows of all tasks, in their order. `total` is how many requests they have together."""
    if workers < 2 or total <= ALONE:
        maker = Maker(archive, lexicons)
        try:
            yield from map(maker.make, tasks)
        finally:
            maker.close()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start, initargs=(archive, lexicons)) as pool:
        # No more is begun than the writer keeps up with.
        begun: list[Future[tuple[Task, Made]]] = []
        for task in tasks:
            begun.append(pool.submit(_make, task))
            if len(begun) > workers * 3:
                yield begun.pop(0).result()
        for future in begun:
            yield future.result()
