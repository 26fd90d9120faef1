"""Measures and prints the table: `python -m tests.bench [MEASUREMENT...]`."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import scrapy

from . import beside, crawling, exporting, extracting, keeping, memory, reading, serving, storage, studying
from .bench import Bench
from .figure import Figure, table
from .profile import profile
from .site import recorded, replica

MEASUREMENTS = {
    "crawl": crawling.measure,
    "reading": reading.measure,
    "keeping": keeping.measure,
    "storage": storage.measure,
    "memory": memory.measure,
    "serving": serving.measure,
    "beside": beside.measure,
    "extracting": extracting.measure,
    "exporting": exporting.measure,
    "studying": studying.measure,
}
REPLICA_REQUESTS = 600


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT", help=f"all, or some of: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--pairs", type=int, default=3, help="crawls of the whole site, each with a bare spider after it")
    parser.add_argument("--replica", type=int, nargs="?", const=REPLICA_REQUESTS, help="measure on the replica, of N requests")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to measure with (default: the temporary one)")
    parser.add_argument("--profile", action="store_true", help="also say in which functions a crawl spends its time")
    args = parser.parse_args()
    chosen = args.measurements or list(MEASUREMENTS)
    if unknown := set(chosen) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    if args.pairs < 1:
        parser.error("--pairs must be 1 or more")
    ground = replica(args.replica) if args.replica else recorded() or replica(REPLICA_REQUESTS)
    began, figures = time.monotonic(), list[Figure]()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, on {ground.name}; {_machine()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="wdtk-bench-", dir=args.scratch) as scratch:
        bench = Bench(ground, Path(scratch), args.pairs)
        for name in MEASUREMENTS:
            if name in chosen:
                bench.say(f"measuring: {name}")
                figures += MEASUREMENTS[name](bench)
        print(table(figures))
        if args.profile:
            print(profile(bench))
    print(f"{time.monotonic() - began:.0f} s; load at the end {os.getloadavg()[0]:.1f}")


def _machine() -> str:
    software = f"Python {platform.python_version()}, Scrapy {scrapy.__version__}, SQLite {sqlite3.sqlite_version}"
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {software}"


if __name__ == "__main__":
    main()
