"""How quickly the archive becomes CSV and Parquet, beside the sqlite3 shell writing the same rows and columns as CSV.

Taken in turns, on a synthetic archive. The shell neither makes cells safe nor sums nor describes what it writes. CSV
is written by two processes, so the memory of the larger and that of both are told.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from scraper.export.opened import Research, opened
from scraper.export.selection import Selection

from .bench import Bench
from .figure import Figure, spread
from .process import ChildFailed, Peaks, watched
from .synthetic import Size, cached

GOALS = {"csv": 1.5, "parquet": 2.0}
MEMORY_GOAL = 200_000_000
ABSENT = "raise ModuleNotFoundError(__name__)\n"
"""What stands in for pandas: the tests need it, an installation does not have it, and sqlite-utils loads it where it is."""


def measure(bench: Bench) -> list[Figure]:
    shell = shutil.which("sqlite3")
    if shell is None:
        raise ChildFailed("the sqlite3 shell is not installed: apt install sqlite3")
    archive = cached(Size())
    with opened(archive, Research(), Selection()) as source:
        queries = [source.values(table) for table in source.tables]
        rows = sum(map(source.rows, source.tables))
    took: dict[str, list[float]] = {"shell": [], **{form: [] for form in GOALS}}
    peaks: dict[str, list[Peaks]] = {form: [] for form in GOALS}
    absent = bench.scratch / "absent"
    absent.mkdir()
    (absent / "pandas.py").write_text(ABSENT)
    env = {**bench.env, "PYTHONPATH": str(absent)}
    for number in range(bench.pairs):
        bench.say(f"exporting {rows:,} rows, {number + 1} of {bench.pairs}; load {os.getloadavg()[0]:.1f}")
        took["shell"].append(_shell(shell, archive, queries, bench.scratch / "shell.csv"))
        for form in GOALS:
            seconds, peak = _export(archive, form, bench.scratch / form, env)
            took[form].append(seconds)
            peaks[form].append(peak)
    return [figure for form in GOALS for figure in _figures(form, rows, took, peaks[form])]


def _figures(form: str, rows: int, took: Mapping[str, list[float]], peaks: list[Peaks]) -> list[Figure]:
    ratio = statistics.median(ours / theirs for ours, theirs in zip(took[form], took["shell"], strict=True))
    rate = rows / statistics.median(took[form])
    largest, together = max(each.largest for each in peaks), max(each.together for each in peaks)
    return [
        Figure(
            f"exporting: {form}",
            f"{spread(took[form], 1)} s, {rate:,.0f} rows/s",
            f"{spread(took['shell'], 1)} s sqlite3 shell, CSV",
            ratio,
            f"<= {GOALS[form]:.1f} times",
            ratio <= GOALS[form],
        ),
        *(
            Figure(
                f"exporting: {form}, peak memory, {what}",
                f"{peak / 1e6:,.0f} MB",
                goal=f"< {MEMORY_GOAL / 1e6:.0f} MB",
                met=peak < MEMORY_GOAL,
            )
            for what, peak in (("larger process", largest), ("both together", together))
        ),
    ]


def _shell(shell: str, archive: Path, queries: list[str], path: Path) -> float:
    """Seconds for all tables, each a file that is on the disk before the next begins, as an export's are."""
    began = time.perf_counter()
    for query in queries:
        with path.open("wb") as file:
            words = [shell, "-readonly", "-csv", "-header", str(archive), query]
            done = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
            os.fsync(file.fileno())
        if done.returncode != 0:
            raise ChildFailed(f"the sqlite3 shell ended with {done.returncode}: {done.stderr[-2000:]}")
    took = time.perf_counter() - began
    path.unlink()
    return took


def _export(archive: Path, form: str, goal: Path, env: Mapping[str, str]) -> tuple[float, Peaks]:
    """Seconds from the start of the process to its end, and the peaks of its memory."""
    words = ("-m", "scraper", "--archive", str(archive), "export", form, str(goal))
    spent, peaks = watched(words, env)
    shutil.rmtree(goal)
    return spent, peaks
