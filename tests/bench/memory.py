"""The most memory that a crawl has had resident, with a hundred thousand pages due."""

from __future__ import annotations

from scraper.archive.agenda import Agenda, Want
from scraper.config import Config
from scraper.crawl.order import Order
from scraper.records import PageKind, PageRef
from scraper.urls import Site

from .bench import Bench, command
from .figure import Figure
from .process import run
from .site import served

DUE = 100_000
BUDGET = 300
GOAL_MB = 200


def measure(bench: Bench) -> list[Figure]:
    with served(bench.ground.command, bench.env) as base:
        config = Config(site=Site(base), archive=bench.scratch / "memory" / "archive.db")
        config.archive.parent.mkdir()
        order = Order.of(["everything"], config, None, None, attachments=True)
        with order.open(config) as archive:
            # The run that begins here ends as if it were killed: the measured one goes on with its job.
            job = order.begin(archive, config).run.job
            with archive.transaction() as db:
                # Numbers come last, so that what is fetched are the site's own pages.
                wants = (Want(PageRef(PageKind.REQUEST_ID, str(10_000_000 + number))) for number in range(DUE))
                added = Agenda(db).want(wants, job, job.started_at)
            assert added == DUE
        told = bench.scratch / "peak"
        words = command(config.archive, base, "--budget", str(BUDGET))[2:]
        run(("-m", "tests.bench.process", str(told), *words), bench.env)
    peak = int(told.read_text()) / 1e6
    name = f"memory: {DUE:,} pages due, {BUDGET} fetched"
    return [Figure(name, f"{peak:.0f} MB at most", "", peak / GOAL_MB, f"< {GOAL_MB} MB", peak < GOAL_MB)]
