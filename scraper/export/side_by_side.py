"""Tables written by two processes, each with a connection of its own that reads the same moment of the archive.

Two threads do not do: SQLite gives the interpreter's lock back at every row, and they wait for each other more than they
work (29 s of the clock and 40 s of processors where one thread took 25, November 2026).
"""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from .opened import Research, Source, Twin, Write, opened
from .selection import CannotExport, Selection
from .tables import Table

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
T = TypeVar("T")
_LONG = ("messages", "file_texts", "request_summary", "changes", "captures")
"""Begun first, so that neither process is left with one of them at the end."""


class Process:
    """The other process, as `Twin` has it."""

    def __init__(self, archive: Path, selection: Selection) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, archive, selection), daemon=True)
        self._process.start()
        theirs.close()

    def open(self) -> None:
        self._pipe.send("open")
        self._answer()

    def write(self, write: Write[T], table: str, told: Callable[[int], None]) -> T:
        self._pipe.send((write, table))
        while True:
            said, value = self._answer()
            if said == "done":
                done: T = value
                return done
            told(value)

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise CannotExport("a process that was writing tables ended; is there memory enough?") from None
        if answer[0] == "failed":
            raise answer[1]
        return answer

    def close(self) -> None:
        self._pipe.close()
        self._process.join(1)
        self._process.kill()
        self._process.join()


@contextmanager
def another_process(archive: Path, selection: Selection, wanted: bool) -> Iterator[Twin | None]:
    """The other process, while it is needed; None where none is wanted or there is no archive to read."""
    if not wanted or not archive.is_file():
        yield None
        return
    twin = Process(archive, selection)
    try:
        yield twin
    finally:
        twin.close()


def _serve(pipe: Connection, archive: Path, selection: Selection) -> None:
    """The other process's own loop, which ends when nobody holds the other end of the pipe."""
    try:
        pipe.recv()
        with opened(archive, Research(), selection) as source:
            tables = {table.name: table for table in source.tables}
            pipe.send(("open", None))
            while True:
                write, name = pipe.recv()
                pipe.send(("done", write(source, tables[name], lambda count: pipe.send(("rows", count)))))
    except (EOFError, BrokenPipeError):
        return
    except (CannotExport, OSError, sqlite3.Error) as error:
        pipe.send(("failed", error))


def side_by_side(source: Source, write: Write[T], progress: Progress) -> dict[str, T]:
    """Has every table written; returns what `write` gave for each, in the order of the tables. Raises what it raises."""
    total, done, lock = source.total(), 0, Lock()
    waiting = deque(sorted(source.tables, key=lambda table: _LONG.index(table.name) if table.name in _LONG else len(_LONG)))
    written: dict[str, T] = {}

    def work(write_one: Callable[[Table, Callable[[int], None]], T]) -> None:
        while waiting:
            try:
                table = waiting.popleft()
            except IndexError:  # the other was faster
                return
            try:
                written[table.name] = write_one(table, lambda count, table=table: tell(table, count))  # type: ignore[misc]
            except BaseException:
                waiting.clear()  # the other ends with the table that it has begun
                raise

    def tell(table: Table, count: int) -> None:
        nonlocal done
        with lock:
            done += 0 if table.is_view else count
            progress(table.name, done, max(total, done + 1))

    ways: list[Callable[[Table, Callable[[int], None]], T]] = [lambda table, told: write(source, table, told)]
    if (twin := source.twin) is not None:
        ways.append(lambda table, told: twin.write(write, table.name, told))
    with ThreadPoolExecutor(len(ways)) as threads:
        for each in [threads.submit(work, way) for way in ways]:
            each.result()
    return {table.name: written[table.name] for table in source.tables}
