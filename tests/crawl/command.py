"""The real command against the bundled site: what the tests of crawls share.

`wdtk` runs `scraper.cli.main` in a process of its own, with its own environment, standard streams and exit code. The
process is forked from a server that has imported everything already: starting Python anew takes longer than a crawl.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import multiprocessing.process
import os
import re
import resource
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.replica import NOW, NewFile, Replica, World
from tests.replica.faults import Fault

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60
"""No crawl of a test's site takes so long; one that does hangs."""

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["tests.crawl.preload"])


@dataclass(frozen=True)
class Done:
    """What a command left: exit code (negative: killed by that signal) and what it said."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The answer of `--json`."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer


@dataclass
class Running:
    """A command on its way."""

    words: tuple[str, ...]
    process: multiprocessing.process.BaseProcess
    out: Path
    err: Path

    def kill(self, signal_number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal_number)

    def wait_for(self, text: str) -> None:
        """Until the command has said something (to standard error), or for `LIMIT_S`."""
        patience = threading.Event()
        for _ in range(LIMIT_S * 100):
            if text in self.err.read_text() or self.process.exitcode is not None:
                return
            patience.wait(0.01)

    def done(self) -> Done:
        self.process.join(LIMIT_S)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"wdtk {' '.join(self.words)} hangs; it said {self.err.read_text()}")
        return Done(self.process.exitcode, self.out.read_text(), self.err.read_text())


def start(folder: Path, *words: str, file_limit: int | None = None, **environ: str) -> Running:
    """Starts a command in `folder`, which is where its archive, files and state lie.

    `file_limit` is the size in bytes that none of its files may pass, as on a full disk.
    """
    out, err = folder / "out.txt", folder / "err.txt"
    for path in (out, err):
        path.write_bytes(b"")
    environment = {"PATH": os.environ["PATH"], "WDTK_STATE_DIR": str(folder / "state"), **environ}
    process = _server.Process(target=_run, args=(folder, words, environment, out, err, file_limit))
    process.start()
    return Running(words, process, out, err)


def wdtk(folder: Path, *words: str, file_limit: int | None = None, **environ: str) -> Done:
    """Runs a command to its end; see `start`."""
    return start(folder, *words, file_limit=file_limit, **environ).done()


def _run(folder: Path, words: tuple[str, ...], environ: dict[str, str], out: Path, err: Path, file_limit: int | None) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    from scraper.cli import main

    code: Any = 1
    try:
        main(list(words), prog_name="wdtk")
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter does it: a traceback and 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


# ---- the site -----------------------------------------------------------------------------------------------------


def small_world(requests: int = 3, masking: str = "ready", hits: int = 1) -> World:
    """A site of a few requests, each with an answer and its file; the first has a remark by somebody who asks nothing."""
    world = World(NOW, masking, hits)  # type: ignore[arg-type]
    council = world.new_authority("Luton Example Council", [("local_council", None)])
    asker, reader = world.new_user("Ann Asker"), world.new_user("Rea Reader")
    for number in range(requests):
        day = NOW - timedelta(days=30 - number)
        request = world.new_request(council, asker, f"Question {number}", f"Dear council,\n\nquestion {number}?", at=day)
        file = NewFile(f"answer {number}.pdf", f"words of file {number}")
        world.new_response(request, f"Answer {number}.", [file], at=day + timedelta(days=9))
        world.set_state(request, "successful", at=day + timedelta(days=10))
    world.annotate(world.requests[1], reader, "Well asked.")
    return world


@contextmanager
def served(world: World, *faults: Fault, on_request: Callable[[int], None] = lambda number: None) -> Iterator[Replica]:
    """The site over HTTP. `on_request` is told of each request before its answer: the first, the second ..."""
    numbers = itertools.count(1)

    def clock() -> datetime:
        # A page prints the minute: the site asks for it once for each answer.
        on_request(next(numbers))
        return NOW

    replica = Replica(world, faults=faults, clock=clock)
    replica.start()
    try:
        yield replica
    finally:
        replica.stop()


# ---- the archive --------------------------------------------------------------------------------------------------

OURS = {"first_seen_at", "last_seen_at", "last_changed_at", "fetched_at", "observed_at"}
"""When we looked."""
BOOKKEEPING = {
    "coverage",
    "captures",
    "runs",
    "agenda",
    "site_totals",
    "dictionaries",
    "_sqlite_migrations",
    "archive_info",
    "sqlite_sequence",
}


_PORT = re.compile(r"(?<=//127\.0\.0\.1):\d+/")


def rows(archive: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)
    try:
        return db.execute(query, values).fetchall()
    finally:
        db.close()


def run_of(archive: Path) -> dict[str, Any]:
    """The newest run."""
    columns = [row[1] for row in rows(archive, "pragma table_info(runs)")]
    return dict(zip(columns, rows(archive, "select * from runs order by id desc limit 1")[0], strict=True))


def stored_files(archive: Path) -> set[str]:
    """The names of all bytes in the file store, finished or not."""
    folder = archive.with_suffix(".files")
    return {path.name for path in folder.rglob("*") if path.is_file()}


def content(archive: Path) -> dict[str, list[str]]:
    """Every row that says something of the site, without our own times and numbers."""
    told = {}
    tables = rows(archive, "select name from sqlite_master where type = 'table' and sql not like 'create virtual%'")
    for (table,) in tables:
        if "_fts" in table or table in BOOKKEEPING:
            continue
        columns = [row[1] for row in rows(archive, f"pragma table_info({table})")]
        numbers = {"messages": {"id"}, "attachments": {"id", "message_id", "file_id"}, "files": {"id"}, "links": {"message_id"}}
        kept = ", ".join(f"t.{column}" for column in columns if column not in OURS | numbers.get(table, set()))
        joined = {
            "attachments": ", m.anchor, f.sha256 from attachments t join messages m on m.id = t.message_id "
            "left join files f on f.id = t.file_id",
            "links": ", m.anchor from links t join messages m on m.id = t.message_id",
        }.get(table, f" from {table} t")
        told[table] = sorted(_PORT.sub(":PORT/", repr(row)) for row in rows(archive, f"select {kept}{joined}"))
    return told
