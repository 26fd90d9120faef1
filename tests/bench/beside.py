"""How long a reader waits for Datasette's pages while a nightly writes the archive, beside the same on an idle one."""

from __future__ import annotations

import http.client
import itertools
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .bench import Bench
from .figure import Figure
from .process import ROOT, ChildFailed
from .site import served

VIEWS = 1_000
GOAL = 2.0
PAGES = (
    "/archive/request_summary",
    "/archive/messages?_search=information",
    "/archive/requests/{id}",
    "/archive/attachments?status=stored",
    "/archive?sql=select+count(*)+from+messages",
)


def measure(bench: Bench) -> list[Figure]:
    with served(bench.ground.command, bench.env) as base:
        archive, _ = bench.crawl(base, "beside", "--follow")
        with _datasette(bench, archive) as address, closing(http.client.HTTPConnection(address, timeout=60)) as connection:
            _views(connection, archive, 100)
            idle = _views(connection, archive, VIEWS)
            with _nights(bench, archive) as nights:
                busy = _views(connection, archive, VIEWS)
    return [_figure(idle, busy, len(nights))]


def _figure(idle: list[float], busy: list[float], nights: int) -> Figure:
    ratio = statistics.median(busy) / statistics.median(idle)
    return Figure(
        f"Datasette: {VIEWS:,} page views during {nights} nightly runs, none failed",
        f"{1000 * statistics.median(busy):.1f} ms (p95 {1000 * _p95(busy):.1f})",
        f"{1000 * statistics.median(idle):.1f} ms idle (p95 {1000 * _p95(idle):.1f})",
        ratio,
        f"<= {GOAL}",
        ratio <= GOAL,
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _views(connection: http.client.HTTPConnection, archive: Path, count: int) -> list[float]:
    """Seconds of each view. Raises ChildFailed where a page does not come."""
    numbers, seconds = itertools.count(1), []
    for path in itertools.islice(itertools.cycle(PAGES), count):
        began = time.perf_counter()
        connection.request("GET", path.format(id=next(numbers) % 300 + 1))
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        if answer.status not in (200, 404):  # some numbers are of no public request
            raise ChildFailed(f"{archive}: {path} came with status {answer.status}")
    return seconds


@contextmanager
def _datasette(bench: Bench, archive: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "scraper", "--archive", str(archive), "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=bench.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = next((found[1] for line in process.stderr if (found := re.search(r"http://([\d.]+:\d+)", line))), None)
            if address is None:
                raise ChildFailed("Datasette does not serve")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield address
        finally:
            process.terminate()


@contextmanager
def _nights(bench: Bench, archive: Path) -> Iterator[list[str]]:
    """One nightly after another, each a day later, until the block ends; the list has an entry for each that began."""
    over, begun, codes = threading.Event(), list[str](), list[int]()
    command = [sys.executable, "-m", "scraper", "--archive", str(archive), "--quiet", "nightly"]

    def write() -> None:
        while not over.is_set():
            now = datetime.now(UTC) + timedelta(days=len(begun) + 1)
            begun.append(f"{now:%Y-%m-%dT%H:%M:%SZ}")
            with subprocess.Popen(command, cwd=ROOT, env={**bench.env, "WDTK_NOW": begun[-1]}) as night:
                while night.poll() is None:
                    if over.wait(0.1):
                        night.terminate()
                        return
            codes.append(night.returncode)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield begun
    finally:
        over.set()
        writer.join()
    if any(codes):
        raise ChildFailed(f"nights ended with {codes}")
