"""How long the study tables take: all of a large archive, each part of a small one, and an update after a night.

The archives are synthetic with letters (`letters`), copied, so that the synthetic ones stay as they are. The limit that
each is set beside is SQLite: reading the same texts and doing nothing with them.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from scraper.study.tables import NAMES

from .bench import Bench
from .figure import Figure
from .letters import lettered, visit_again
from .process import Spent, run
from .synthetic import Size, cached

LARGE, SMALL = Size(), Size(20_000)
GOAL_S = 300
SHARES = (0.001, 0.01)
"""Of all requests, seen again in a night."""


def measure(bench: Bench) -> list[Figure]:
    figures = []
    for size in (SMALL, LARGE):
        bench.say(f"writing letters into {size.requests:,} requests")
        archive = lettered(cached(size), bench.scratch / f"studied-{size.requests}.db")
        try:
            figures += _small(bench, archive, size) if size is SMALL else _large(bench, archive, size)
        finally:
            # Some gigabytes, that the next measurement may need.
            for left in archive.parent.glob(f"{archive.name}*"):
                left.unlink()
    return figures


def _small(bench: Bench, archive: Path, size: Size) -> list[Figure]:
    bare = _reading(archive)
    figures = []
    for name in NAMES:
        bench.say(f"studying: {name}")
        figures.append(_figure(f"study: {name}, {size.requests:,} requests", _study(bench, archive, name), size.requests, bare))
    return figures


def _large(bench: Bench, archive: Path, size: Size) -> list[Figure]:
    bare = _reading(archive)
    bench.say(f"studying {size.requests:,} requests")
    told = bench.scratch / "peak"
    whole = _study(bench, archive, told=told)
    figures = [_figure(f"study: everything, {size.requests:,} requests", whole, size.requests, bare, GOAL_S)]
    figures.append(Figure("study: memory of its main process", f"{int(told.read_text()) / 1e6:,.0f} MB at most"))
    for number, share in enumerate(SHARES):
        again = round(size.requests * share)
        bench.say(f"studying {again:,} requests again")
        visit_again(archive, again, number)
        update = _study(bench, archive)
        measured = f"{update.wall_s:,.1f} s, {update.cpu_s:,.1f} s of processor"
        name = f"study: {again:,} of them seen again"
        figures.append(Figure(name, measured, f"{whole.wall_s:,.0f} s for everything", update.wall_s / whole.wall_s))
    return figures


def _study(bench: Bench, archive: Path, *names: str, told: Path | None = None) -> Spent:
    words = ("--quiet", "--archive", str(archive), "study", *names)
    return run(("-m", "tests.bench.process", str(told), *words) if told else ("-m", "scraper", *words), bench.env)


def _reading(archive: Path) -> float:
    """Seconds of processor for reading all that is studied, and nothing else."""
    began = time.process_time()
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as db:
        for table, column in (("messages", "new_text"), ("file_texts", "text")):
            for (text,) in db.execute(f"select {column} from {table}"):
                assert text is None or len(text) >= 0
    return time.process_time() - began


def _figure(name: str, spent: Spent, requests: int, bare: float, goal_s: float | None = None) -> Figure:
    measured = f"{spent.wall_s:,.1f} s, {spent.cpu_s:,.1f} s of processor, {requests / spent.wall_s:,.0f} requests/s"
    against = f"{bare:,.1f} s of processor, texts read only"
    if goal_s is None:
        return Figure(name, measured, against, spent.cpu_s / bare)
    return Figure(name, measured, against, spent.cpu_s / bare, f"< {goal_s:.0f} s", spent.wall_s < goal_s)
