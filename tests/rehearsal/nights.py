"""Nights of the real command against the changing site, and what each cost and found."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from scraper.config import utc_text
from scraper.records import PageKind
from scraper.urls import Site, recognise
from tests.replica import LogEntry, Replica, World

from .changes import Day, set_embargoes
from .first import first_archive
from .law import Law
from .ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
CLOCKS_GO_BACK = datetime(2026, 10, 25, tzinfo=UTC)
"""The day on which British summer time ends, two thirds into every rehearsal."""
LIMIT_S = 1800
"""No night takes so long; one that does hangs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A rehearsal's size. `seed` makes the site and all that happens to it."""

    threads: int
    changes: int
    nights: int
    budget: int
    seed: int
    law: Law

    @property
    def start(self) -> datetime:
        return CLOCKS_GO_BACK - timedelta(days=self.nights * 2 // 3) + timedelta(hours=9)

    def world(self) -> tuple[World, dict[int, datetime]]:
        """The site before the first night, and when its embargoes will end."""
        world = World.build(self.seed, self.threads, now=self.start)
        return world, set_embargoes(world, random.Random(self.seed))


class Watched(Replica):
    """A replica that does something once, when so many requests have come since the log was cleared."""

    strike_at: int | None = None

    def strike(self) -> None:
        """Called before the request is answered."""

    def note(self, entry: LogEntry) -> None:
        super().note(entry)
        if self.strike_at is not None and len(self.log) >= self.strike_at:
            self.strike_at = None
            self.strike()


@dataclass(slots=True)
class Night:
    """What a night cost, by stage, and how many threads it brought home through lists."""

    number: int
    spent: Counter[str]
    threads: int


@dataclass(slots=True)
class Rehearsal:
    plan: Plan
    folder: Path
    world: World
    embargoes: dict[int, datetime]
    replica: Watched
    module: str = "scraper"
    """What is run as the command: ours, or one with another strategy."""
    ledger: Ledger = field(default_factory=Ledger)
    nights: list[Night] = field(default_factory=list)
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.plan.seed} changes")

    @property
    def archive(self) -> Path:
        return self.folder / "archive.db"

    def at(self, night: int, clock: time = time(3)) -> datetime:
        """When a night begins (UTC)."""
        return datetime.combine(self.plan.start.date() + timedelta(days=night), clock, UTC)

    def day(self, night: int, now: datetime) -> None:
        """The changes before a night. The same plan brings the same, whatever the nights did."""
        Day(self.world, self.ledger, self.plan.law, self.embargoes, self.rng, night).passes(now, self.plan.changes)

    def command(self, now: datetime, *words: str) -> subprocess.Popen[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "WDTK_NOW": utc_text(now),
            "WDTK_SITE": self.replica.base,
            "WDTK_ARCHIVE": str(self.archive),
            "WDTK_STATE_DIR": str(self.folder / "state"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", self.module, "--quiet", *words],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def nightly(self, now: datetime) -> tuple[int, str]:
        """Runs a night to its end: its exit code, and what it said of what went wrong."""
        process = self.command(now, "nightly", "--budget", str(self.plan.budget))
        _, said = process.communicate(timeout=LIMIT_S)
        return process.returncode, said

    def healthy(self, night: int) -> None:
        """A day and a night as they should be."""
        now = self.at(night)
        self.day(night, now)
        self.replica.log.clear()
        code, said = self.nightly(now)
        if code != 0:
            raise AssertionError(f"night {night} ended with {code}: {said}")
        self.look(night)

    def look(self, night: int) -> None:
        """What the archive shows after a night, and what the night cost."""
        with closing(sqlite3.connect(f"{self.archive.as_uri()}?mode=ro", uri=True)) as db:
            self.ledger.look(night, self.world, db)
        found = {change.request_id for change in self.ledger.of("listed") if change.found == night}
        self.nights.append(Night(night, spent(self.replica.log, self.replica.base), len(found)))


@contextmanager
def rehearsing(plan: Plan, base: Path, folder: Path, module: str = "scraper") -> Iterator[Rehearsal]:
    """A rehearsal in `folder`, on a copy of the archive in `base`, which is made where it is not there yet."""
    world, embargoes = plan.world()
    if not (base / "archive.db").exists():
        base.mkdir(parents=True)
        try:
            first_archive(base / "archive.db", world, "http://127.0.0.1:1")
        except BaseException:
            shutil.rmtree(base)
            raise
    folder.mkdir()
    shutil.copy(base / "archive.db", folder)
    # Files in the store are never written to, only removed: links do.
    shutil.copytree(base / "archive.files", folder / "archive.files", copy_function=os.link)
    replica = Watched(world, clock=lambda: world.now)
    base_url = replica.start()
    replica.port = int(base_url.rpartition(":")[2])  # the same again after an outage
    try:
        yield Rehearsal(plan, folder, world, embargoes, replica, module)
    finally:
        replica.stop()


# ---- what a night cost ----------------------------------------------------------------------------------------------

STAGES = (
    "rules, totals, register",
    "lists",
    "threads the lists named",
    "their new files",
    "new numbers",
    "visits",
    "pages, for redactions",
    "files, for redactions",
    "old days and numbers",
    "other",
)
_ALWAYS = (PageKind.ROBOTS, PageKind.VERSION, PageKind.AUTHORITIES_CSV)
_OF_THREAD = {PageKind.REQUEST_JSON, PageKind.REQUEST_HTML}


def spent(log: list[LogEntry], base: str) -> Counter[str]:
    """The requests of one night by stage. Lists and what they name come first, and are over with the first number."""
    told: Counter[str] = Counter()
    site, stage, visited = Site(base), "lists", set[str]()
    for entry in log:
        ref = recognise(site, entry.path)
        kind, slug = (ref.kind, ref.key.partition("/")[0]) if ref is not None else (None, "")
        if kind in _ALWAYS:
            told["rules, totals, register"] += 1
        elif kind is PageKind.LIST:
            stage = stage if stage == "lists" else "old days and numbers"
            told[stage] += 1
        elif kind is PageKind.REQUEST_ID:  # during visits: a thread whose address leads nowhere
            stage = "new numbers" if stage == "lists" else stage
            told[stage] += 1
        elif stage == "lists" and kind in _OF_THREAD:
            told["threads the lists named"] += 1
        elif stage == "lists" and kind is PageKind.ATTACHMENT:
            told["their new files"] += 1
        elif stage == "old days and numbers" and kind in (*_OF_THREAD, PageKind.ATTACHMENT):
            told[stage] += 1
        elif kind is PageKind.REQUEST_JSON or (kind in (PageKind.REQUEST_HTML, PageKind.ATTACHMENT) and slug in visited):
            visited.add(slug)
            stage = "visits"
            told["visits"] += 1
        elif kind in (PageKind.REQUEST_HTML, PageKind.ATTACHMENT):
            told["pages, for redactions" if kind is PageKind.REQUEST_HTML else "files, for redactions"] += 1
        else:
            told["other"] += 1
    return told
