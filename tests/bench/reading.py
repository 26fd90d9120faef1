"""Threads a second that one core reads: bytes of a request's page to records, nothing else."""

from __future__ import annotations

import time

from scraper.pages import read
from scraper.records import Capture, PageKind, PageRef
from scraper.urls import Site

from .bench import Bench
from .figure import Figure, spread

EVERY = 3
"""Every third thread is read: enough to tell, and soon done."""
PASSES = 3


def measure(bench: Bench) -> list[Figure]:
    answers, rows = bench.answers()
    site = Site("http://127.0.0.1")
    captures = []
    for kind, key, path in [row for row in rows if row[0] == PageKind.REQUEST_HTML][::EVERY]:
        status, headers, body = answers(path)
        captures.append(Capture(PageRef(PageKind(kind), key), site.base + path, status, headers, body, "2026-11-22T20:00:00Z"))
    size = sum(len(capture.body) for capture in captures) / len(captures)
    rates = []
    for _ in range(PASSES):
        began = time.process_time()
        for capture in captures:
            read(capture, site)
        rates.append(len(captures) / (time.process_time() - began))
    name = f"reading: {len(captures)} threads of {size / 1024:.0f} KB on average, {PASSES} times"
    return [Figure(name, f"{spread(rates)} threads/s", "by processor seconds, one core")]
