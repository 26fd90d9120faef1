"""Pages a second of a whole crawl (fetch, read, keep) beside a bare Scrapy spider that only fetches the same addresses.

Both over one connection, each a process of its own, one after the other (A B A B): what disturbs the machine for a
while disturbs both.
"""

from __future__ import annotations

import shutil
import statistics
from typing import NamedTuple

from .bench import Bench, addresses
from .figure import Figure, spread
from .process import Spent, run
from .site import served

GOAL = 0.5
SHIPPED_PAGES = 300
"""Of the server that delays each answer by 40 ms only these are asked for; its whole site would take four minutes."""


class Pair(NamedTuple):
    pages: int
    crawl: Spent
    bare: Spent

    @property
    def ratio(self) -> float:
        """The crawl's pages a second as a part of the bare spider's."""
        return self.bare.wall_s / self.crawl.wall_s


def measure(bench: Bench) -> list[Figure]:
    pairs = []
    with served(bench.ground.command, bench.env) as base:
        for number in range(bench.pairs):
            pairs.append(_pair(bench, base, f"pair{number}", keep=True))
    figures = _figures("", pairs)
    if bench.ground.as_recorded is not None:
        with served(bench.ground.as_recorded, bench.env) as base:
            pair = _pair(bench, base, "shipped", "--budget", str(SHIPPED_PAGES), keep=False)
        figures += _figures(f", first {pair.pages} pages, server with Nagle's algorithm", [pair])[-1:]
    return figures


def _pair(bench: Bench, base: str, name: str, *options: str, keep: bool) -> Pair:
    archive, crawl = bench.crawl(base, name, *options)
    urls = list(addresses(archive))
    listing = bench.scratch / "addresses.txt"
    listing.write_text("\n".join(urls))
    bare = run(("-m", "tests.bench.bare", str(listing)), bench.env)
    if keep:
        if bench.archive is not None:
            shutil.rmtree(bench.archive.parent)
        bench.archive = archive
    pair = Pair(len(urls), crawl, bare)
    bench.say(
        f"{name}: {pair.pages:,} pages; crawl {crawl.wall_s:.1f} s ({crawl.cpu_s:.1f} s processor), "
        f"bare spider {bare.wall_s:.1f} s ({bare.cpu_s:.1f} s); ratio {pair.ratio:.2f}"
    )
    return pair


def _figures(where: str, pairs: list[Pair]) -> list[Figure]:
    ratio = statistics.median(pair.ratio for pair in pairs)
    return [
        Figure(
            f"crawl: fetch, read and keep{where}",
            f"{spread([pair.pages / pair.crawl.wall_s for pair in pairs])} pages/s",
            f"{spread([1000 * pair.crawl.cpu_s / pair.pages for pair in pairs], 1)} ms processor a page",
        ),
        Figure(
            f"bare Scrapy spider, the same addresses{where}",
            f"{spread([pair.pages / pair.bare.wall_s for pair in pairs])} pages/s",
            f"{spread([1000 * pair.bare.cpu_s / pair.pages for pair in pairs], 1)} ms processor a page",
        ),
        Figure(
            f"crawl to bare spider{where}",
            f"{spread([pair.ratio for pair in pairs], 2)}",
            f"{spread([pair.bare.cpu_s / pair.crawl.cpu_s for pair in pairs], 2)} by processor seconds",
            ratio,
            f">= {GOAL}",
            ratio >= GOAL,
        ),
    ]
