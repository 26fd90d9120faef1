"""Which old days to read over again: requests whose embargo ended appear in lists under the day they were made.

An embargo lasts 3, 6 or 12 months, so the days so far back are read as each of them comes to its end. For those that
were prolonged or ended by hand all days are read again, a few each night.
"""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from ..archive.follows import Follow
from ..urls import LIST_ROWS, ListQuery
from .windows import FIRST_DAY

EMBARGOES = tuple(timedelta(days=days) for days in (91, 182, 364))
"""How long requests are under embargo that nobody prolongs (site-contract.md section 2.7)."""
A_DAY = timedelta(days=1)
"""Embargoes are ended by a job of the site's night, perhaps after ours: a day is read when it is surely over."""
MOST_ROWS = 450
"""Requests in one window: a few less than the 500 that a search shows, since others may have become public."""
MOST_DAYS = 31
"""Days in one window, where the archive holds few requests and the site may have many."""


def old_days(db: sqlite3.Connection, follow: Follow, today: date, room: int | None) -> tuple[list[ListQuery], date]:
    """Searches for tonight, of which the last is the slow second reading; and the day with which that goes on.

    `today` is a UTC day; `room` is how many requests may be made, None where that does not matter.
    """
    since = date.fromisoformat(follow.listed_until or follow.added_at[:10])
    windows = [(since - age, today - A_DAY - age) for age in EMBARGOES]
    windows = [(start, end) for start, end in windows if start <= end]
    first = date.fromisoformat(db.execute("select min(date(created_at)) from requests").fetchone()[0] or FIRST_DAY)
    start = date.fromisoformat(follow.swept_until) if follow.swept_until else first
    start = start if first <= start < today else first
    rows = MOST_ROWS if room is None else min(MOST_ROWS, (room - len(windows)) * LIST_ROWS)
    end = _last_day(db, start, today, rows)
    return [_sent(start, end) for start, end in [*windows, (start, end)]], end + A_DAY


def _sent(start: date, end: date) -> ListQuery:
    return ListQuery("variety:sent", start.isoformat(), end.isoformat())


def _last_day(db: sqlite3.Connection, start: date, today: date, rows: int) -> date:
    """The last day of a window that shows no more than so many requests known to us; it has one day at least."""
    end, total, last = start, 0, min(today, start + (MOST_DAYS - 1) * A_DAY)
    for day, many in db.execute(
        "select date(created_at) as day, count(*) from requests where created_at >= ? group by day order by day",
        (start.isoformat(),),
    ):
        total += many
        if total > rows:
            return min(end, last)
        end = date.fromisoformat(day)
    return last
