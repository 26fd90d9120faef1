"""The crawl's work without its network: which kind of page costs what, in reading and in keeping.

The same job as `wdtk crawl everything`, but that the site's answers are handed over within the process.
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path

from scraper.archive.agenda import Due
from scraper.archive.store import Archive
from scraper.config import Config
from scraper.crawl.job import CrawlJob
from scraper.crawl.order import Order
from scraper.pages import read
from scraper.records import Capture, FileOnDisk, PageKind
from scraper.urls import Site, build

from .bench import Bench
from .figure import Figure
from .site import Answers

LEAST_S = 0.1
"""Kinds of page that cost less than this in all are not worth a line."""


@dataclass(slots=True)
class Cost:
    """Seconds on the wall and of the processor; what keeping has beyond those is waiting for the disk."""

    pages: int = 0
    read_s: float = 0.0
    read_cpu_s: float = 0.0
    keep_s: float = 0.0
    keep_cpu_s: float = 0.0

    @property
    def wall_s(self) -> float:
        return self.read_s + self.keep_s

    @property
    def each(self) -> str:
        read_ms, read_cpu, keep_ms, keep_cpu = (
            1000 * spent / self.pages for spent in (self.read_s, self.read_cpu_s, self.keep_s, self.keep_cpu_s)
        )
        return f"read {read_ms:.1f} ({read_cpu:.1f}), keep {keep_ms:.1f} ({keep_cpu:.1f})"


def measure(bench: Bench) -> list[Figure]:
    base = "http://127.0.0.1:9"
    config = Config(site=Site(base), archive=bench.scratch / "kept" / "archive.db")
    config.archive.parent.mkdir()
    order = Order.of(["everything"], config, None, None, attachments=True)
    with order.open(config) as archive:
        costs = _work(archive, order.begin(archive, config), bench.ground.answers(base))
    whole = Cost(*(sum(values) for values in zip(*map(astuple, costs.values()), strict=True)))
    figures = [
        Figure(
            f"read and keep without network: {whole.pages:,} pages",
            f"{whole.pages / whole.wall_s:,.0f} pages/s",
            "ms a page on the wall (and of processor):",
        ),
        Figure("  keep alone", f"{whole.pages / whole.keep_s:,.0f} pages/s", whole.each),
    ]
    for kind, cost in sorted(costs.items(), key=lambda item: -item[1].wall_s):
        if cost.wall_s >= LEAST_S:
            share = f"{100 * cost.wall_s / whole.wall_s:.0f} % of the time"
            figures.append(Figure(f"  {kind}: {cost.pages:,} pages", share, cost.each))
    return figures


def _work(archive: Archive, job: CrawlJob, answers: Answers) -> dict[PageKind, Cost]:
    costs: dict[PageKind, Cost] = defaultdict(Cost)
    asked = 0
    while isinstance(due := job.next(), Due):
        capture = _answer(archive, due, answers, job.clock.now_text())
        cost = costs[due.ref.kind]
        moments = [(time.perf_counter(), time.process_time())]
        reading = read(capture, archive.site)
        moments.append((time.perf_counter(), time.process_time()))
        job.done(due, capture, reading)
        moments.append((time.perf_counter(), time.process_time()))
        (read_s, read_cpu_s), (keep_s, keep_cpu_s) = (
            (after[0] - before[0], after[1] - before[1]) for before, after in pairwise(moments)
        )
        cost.read_s += read_s
        cost.read_cpu_s += read_cpu_s
        cost.keep_s += keep_s
        cost.keep_cpu_s += keep_cpu_s
        cost.pages += 1
        asked += 1
    job.close("finished", asked)
    assert job.ended_as == "ok", job.problems
    return costs


def _answer(archive: Archive, due: Due, answers: Answers, now: str) -> Capture:
    url = build(archive.site, due.ref)
    status, headers, body = answers(url[len(archive.site.base) :])
    file = None
    if due.ref.kind is PageKind.ATTACHMENT and status == 200:
        path: Path = archive.files.temporary() / "download"
        path.write_bytes(body)
        file = FileOnDisk(str(path), hashlib.sha256(body).hexdigest(), len(body), body[:4096])
        body = b""
    return Capture(due.ref, url, status, headers, body, now, 1, file)
