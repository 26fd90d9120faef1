"""The rehearsal in small: what holds of a month on a big site holds of some nights on a small one, but for the ratios."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.replica import LogEntry

from .law import STEEP
from .measure import COST_GOAL, SAME_NIGHT_GOAL, Row, measure, table
from .nights import STAGES, Plan, rehearsing, spent
from .trouble import Troubled, unlike

PLAN = Plan(threads=400, changes=8, nights=12, budget=60, seed=1, law=STEEP)
LISTS = 4
"""Searches of a night, one for each kind of letter: the least that lists cost, however little changed."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archive is that both rehearsals begin with; the first makes it."""
    return tmp_path_factory.mktemp("rehearsal") / "first"


@pytest.mark.slow
def test_lists_bring_home_what_they_show_the_same_night_within_the_budget(base: Path, tmp_path: Path) -> None:
    with rehearsing(PLAN, base, tmp_path / "nights") as rehearsal:
        for night in range(1, PLAN.nights + 1):
            rehearsal.healthy(night)
        told = measure(rehearsal)
        with closing(sqlite3.connect(rehearsal.archive)) as db:
            outcomes = db.execute("select distinct outcome from runs where command = 'nightly'").fetchall()
            listed_until = db.execute("select listed_until from follows").fetchone()[0]
    assert told.listed.all == 84
    assert told.listed.share >= SAME_NIGHT_GOAL
    assert told.listed.found == told.listed.all
    # A small site's lists are mostly empty, and have to be asked for all the same.
    assert told.cost <= COST_GOAL + LISTS * PLAN.nights / told.threads
    assert told.spent.total() <= PLAN.budget * PLAN.nights
    assert told.spent["visits"] >= PLAN.budget * PLAN.nights * 0.4
    assert told.spent["pages, for redactions"] > 0
    assert told.spent["files, for redactions"] > 0
    assert told.spent["old days and numbers"] > 0
    assert told.hidden.found > 0
    assert {outcome for (outcome,) in outcomes} <= {"ok", "budget"}
    assert listed_until == f"{rehearsal.at(PLAN.nights):%Y-%m-%d}"


@pytest.mark.slow
def test_trouble_loses_nothing(base: Path, tmp_path: Path) -> None:
    with rehearsing(PLAN, base, tmp_path / "trouble") as rehearsal:
        troubled = Troubled(rehearsal)
        troubled.run()
        told = measure(rehearsal)
        left = unlike(rehearsal)
        checked = troubled.check()
    assert [mishap for mishap in troubled.mishaps if not mishap.right] == []
    assert len(troubled.mishaps) == 7
    assert [change for change in rehearsal.ledger.of("listed") if change.found is None] == []
    assert told.listed.all == 84
    assert left.listed > PLAN.threads - 20
    assert left.lost == 0
    assert checked == (0, "")


def test_what_a_night_cost_is_told_by_stage() -> None:
    paths = [
        *("/robots.txt", "/version.json", "/body/all-authorities.csv", "/list?query=variety%3Asent&page=2"),
        *("/request/a.json", "/request/a?unfold=1", "/request/a/response/7/attach/2/x.pdf?cookie_passthrough=1"),
        *("/user/reader.json", "/request/999"),
        *("/request/b.json", "/request/b?unfold=1", "/request/8", "/request/c.json"),
        *("/request/d?unfold=1", "/request/e/response/7/attach/2/x.pdf?cookie_passthrough=1"),
        *("/list?query=variety%3Asent", "/request/f.json", "/request/9"),
    ]
    told = spent([LogEntry("GET", path, 200, {}) for path in paths], "http://127.0.0.1:1")
    expected = (3, 1, 2, 1, 1, 4, 1, 1, 3, 1)
    assert {stage: told[stage] for stage in STAGES} == dict(zip(STAGES, expected, strict=True))


def test_a_goal_that_is_missed_is_seen() -> None:
    missed, met = Row("found", ">= 98%", ("97.0%",), met=False), Row("found", ">= 98%", ("99.0%",), met=True)
    assert [line.endswith("NOT MET") for line in table([missed, met], ("ranked",)).splitlines()] == [False, True, False]
