"""Where a crawl's processor time goes, by function. The profiler makes the crawl some 1.5 times as slow."""

from __future__ import annotations

import io
import pstats

from .bench import Bench, command
from .process import run
from .site import served

FUNCTIONS = 30


def profile(bench: Bench) -> str:
    """The functions that cost most in a crawl of the whole site."""
    out = bench.scratch / "crawl.profile"
    archive = bench.scratch / "profiled" / "archive.db"
    archive.parent.mkdir()
    with served(bench.ground.command, bench.env) as base:
        run(("-m", "cProfile", "-o", str(out), *command(archive, base)), bench.env)
    text = io.StringIO()
    stats = pstats.Stats(str(out), stream=text).strip_dirs()
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(FUNCTIONS)
    return text.getvalue()
