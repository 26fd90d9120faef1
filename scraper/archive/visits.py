"""Which threads to visit tonight, when not all of them can be.

What no list shows, such as a hidden message, is found by visiting. Where the night has room for every thread, every
thread is visited. Where it has not, those come first whose chance of having changed since the last visit is highest.
The rate of change is estimated for each state and age from what this archive's own visits found: Cho and
Garcia-Molina, "Estimating Frequency of Change" (ACM TOIT 3(3), 2003), whose estimator corrects for changes that a
visit cannot tell apart; it is smoothed by a gamma prior, so that a class that was never visited is neither hopeless
nor certain.
"""

from __future__ import annotations

import heapq
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..records import PageKind

OPEN_STATES = frozenset(
    {
        "waiting_response",
        "waiting_response_overdue",
        "waiting_response_very_overdue",
        "waiting_classification",
        "waiting_clarification",
        "internal_review",
        "gone_postal",
        "error_message",
        "requires_admin",
        "attention_requested",
    }
)
"""States in which somebody is still to do something."""

AGES = ((30, "month"), (91, "quarter"), (365, "year"), (1095, "three years"))
"""Days up to which a request counts as of an age; what is older is "old"."""

PRIOR = {"month": 0.02, "quarter": 0.01, "year": 0.003, "three years": 0.0008, "old": 0.0003}
"""Changes a day that no list shows, before this archive has seen any: a guess whose order is what matters. Some 1 % of
a year's requests are later hidden (site-contract.md section 8), and states are mostly set in a request's first weeks."""
OPEN_FACTOR = 2.0
PRIOR_CHANGES = 1.0
"""How many changes the prior is worth: small, so that a few hundred visits outweigh it."""

LONGEST_DAYS = 180
"""No thread goes unseen for longer."""
FORESEEN = 0.95
"""The chance that a thread has changed whose deadline passed: holidays may have moved it."""
OVERDUE_DAYS = 28
"""Days from overdue to very overdue: another 20 working days (site-contract.md section 6), unless holidays lie between."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A thread to visit: its slug, the class it is counted in, days since its last visit, the chance of a change.

    `foreseen` says that the calendar alone has changed it: that it did says nothing of chance.
    """

    slug: str
    state: str
    age: str
    days: float
    chance: float
    foreseen: bool = False


def rank(
    db: sqlite3.Connection, now: datetime, after_capture: int, limit: int | None, kind: PageKind = PageKind.REQUEST_JSON
) -> list[Visit]:
    """The threads most likely to have changed since their page of a kind was last visited, likeliest first.

    Those visited since `after_capture` are left out. `limit` None gives all.
    """
    visits = _candidates(db, now, after_capture, Rates(db), kind)
    if limit is None:
        return sorted(visits, key=_likeliest)
    return heapq.nsmallest(limit, visits, key=_likeliest)


def count(db: sqlite3.Connection, after_capture: int) -> int:
    """How many threads were not visited since `after_capture`."""
    found: int = db.execute(f"select count(*) {_FROM}", (PageKind.REQUEST_JSON, after_capture)).fetchone()[0]
    return found


def note(db: sqlite3.Connection, visit: Visit, changed: bool) -> None:
    """Counts what a planned visit found, inside the caller's transaction."""
    if visit.foreseen:
        return
    db.execute(
        "insert into visit_rates (state, age, visits, changed, days) values (?, ?, 1, ?, ?) on conflict (state, age) do update "
        "set visits = visits + 1, changed = changed + excluded.changed, days = days + excluded.days",
        (visit.state, visit.age, int(changed), visit.days),
    )


class Rates:
    """Changes a day of each state and age."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._rates = {
            (row["state"], row["age"]): rate(row["state"], row["age"], row["visits"], row["changed"], row["days"])
            for row in db.execute("select * from visit_rates")
        }

    def of(self, state: str, age: str) -> float:
        if (state, age) not in self._rates:
            self._rates[state, age] = prior(state, age)
        return self._rates[state, age]


def prior(state: str, age: str) -> float:
    return PRIOR[age] * (OPEN_FACTOR if state in OPEN_STATES else 1.0)


def rate(state: str, age: str, visits: int, changed: int, days: float) -> float:
    """Changes a day, from so many visits over so many days that found so many changed."""
    if visits == 0 or days <= 0:
        return prior(state, age)
    corrected = visits * -math.log((visits - changed + 0.5) / (visits + 0.5))
    return (corrected + PRIOR_CHANGES) / (days + PRIOR_CHANGES / prior(state, age))


def age_of(created_at: str | None, now: datetime) -> str:
    if created_at is None:
        return "old"
    days = (now - datetime.fromisoformat(created_at)) / timedelta(days=1)
    return next((name for limit, name in AGES if days <= limit), "old")


_FROM = (
    "from requests r left join agenda g on g.page_kind = ? and g.page_key = r.url_title "
    "left join captures c on c.id = g.last_capture_id "
    "where r.withheld_at is null and coalesce(g.last_capture_id, 0) <= ?"
)


def _candidates(db: sqlite3.Connection, now: datetime, after_capture: int, rates: Rates, kind: PageKind) -> Iterator[Visit]:
    query = f"select r.url_title, r.display_state, r.created_at, r.due_on, c.requested_at {_FROM}"
    by_json = kind is PageKind.REQUEST_JSON
    for slug, state, created_at, due_on, visited_at in db.execute(query, (kind, after_capture)):
        state, age = state or "unknown", age_of(created_at, now)
        days = (now - datetime.fromisoformat(visited_at)) / timedelta(days=1) if visited_at else float(LONGEST_DAYS)
        days = max(days, 0.0)
        foreseen = by_json and _deadline_passed(state, due_on, visited_at, now)
        if by_json and days >= LONGEST_DAYS:
            chance = 1.0
        else:
            chance = FORESEEN if foreseen else 1.0 - math.exp(-rates.of(state, age) * days)
        yield Visit(slug, state, age, days, chance, foreseen)


def _deadline_passed(state: str, due_on: str | None, visited_at: str | None, now: datetime) -> bool:
    """Whether the law's time ran out since the last visit: the state that the page shows has changed by itself."""
    if visited_at is None:
        return False
    seen = date.fromisoformat(visited_at[:10])
    if state == "waiting_response" and due_on is not None:
        return seen <= date.fromisoformat(due_on) < now.date()
    if state == "waiting_response_overdue" and due_on is not None:
        very = date.fromisoformat(due_on) + timedelta(days=OVERDUE_DAYS)
        return seen <= very < now.date()
    return False


def _likeliest(visit: Visit) -> tuple[float, float, str]:
    return (-visit.chance, -visit.days, visit.slug)


def stale(db: sqlite3.Connection, kind: PageKind, after_capture: int, limit: int) -> list[str]:
    """Keys of the pages of a kind that were seen longest ago, and not since `after_capture`."""
    rows = db.execute(
        "select g.page_key from agenda g where g.page_kind = ? and g.reason = 'visit' and g.last_capture_id is not null "
        "and g.last_capture_id <= ? order by g.last_capture_id limit ?",
        (kind, after_capture, limit),
    )
    return [row[0] for row in rows]
