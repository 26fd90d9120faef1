"""Which threads change: a law of age and state, and the shares of each kind of change.

The site publishes no rate by age, so the numbers are ours; their order follows what is known. The law's time to answer
is 20 working days, then 40 (some 28 and 56 days); a thread is closed to most letters after 6 months without one, and
to all after 24 (site-contract.md section 6). People say what an answer brought in the weeks after it came. In a year
that brought 109,653 requests 1,381 were hidden, 1.3 %, and of all that there ever were about as many, 10,338 of less
than a million (field.md): what is hidden is hidden soon. Files in which a check finds personal data go within a day
(section 4.6). What is asked for years later, to be forgotten say, may concern any thread. `STEEP` is the law that the
goals are measured by; `MILD` shows how much of a result hangs on it. Neither has the classes by which visits are ranked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from tests.replica import World
from tests.replica.model import Request

OPEN = frozenset(
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
    }
)
"""Shown states in which somebody is still to do something."""


@dataclass(frozen=True, slots=True)
class Law:
    """Relative chances of change: by age up to so many days, for all that are older, and a factor for open threads."""

    ages: tuple[tuple[int, float], ...]
    older: float
    open_factor: float

    def weight(self, world: World, request: Request) -> float:
        age = (world.now - request.created_at) / timedelta(days=1)
        by_age = next((weight for days, weight in self.ages if age <= days), self.older)
        return by_age * (self.open_factor if world.display_state(request) in OPEN else 1.0)


STEEP = Law(((28, 32.0), (56, 16.0), (182, 8.0), (730, 2.0)), 1.0, 3.0)
MILD = Law(((28, 8.0), (56, 6.0), (182, 4.0), (730, 2.0)), 1.0, 2.0)
LAWS = {"steep": STEEP, "mild": MILD}

LISTED = {"new request": 35, "response": 42, "follow-up": 15, "annotation": 8}
"""Of a hundred changes that a list shows: as the site has them in its history, two letters for each request and more."""
JUDGED_AT_ONCE = 0.3
"""How many answers are followed by a verdict on the same day."""
HIDDEN = {
    "state": 62,
    "message hidden": 6,
    "message shown again": 2,
    "message edited": 5,
    "redaction": 5,
    "file hidden": 4,
    "file replaced": 3,
    "request hidden": 6,
    "request shown again": 1,
    "annotation hidden": 2,
    "title": 2,
    "message destroyed": 1,
    "request destroyed": 1,
}
"""Of a hundred changes that no list shows. Nearly every request gets a state and one in a hundred is hidden (section 8),
so moderation has a far greater share here than on the site: a month shall bring some of each."""


class Dice:
    """Draws threads by the law as it stands tonight."""

    def __init__(self, world: World, law: Law, rng: random.Random) -> None:
        self.rng = rng
        self._listed = [request for request in world.requests.values() if request.listed]
        self._weights = list(accumulate(law.weight(world, request) for request in self._listed))

    def thread(self) -> Request:
        return self.rng.choices(self._listed, cum_weights=self._weights)[0]

    def kind(self, shares: dict[str, int]) -> str:
        return self.rng.choices(list(shares), weights=list(shares.values()))[0]
