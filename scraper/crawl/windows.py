"""Seeing every row of a search that shows no more than 500.

The site shows 20 pages of 25 rows and says nothing of the rest. A window that reaches the ceiling is split until
each part is below it: by days first, then by state, then by authority. The parts of a split cover the whole, so that
nothing is lost; a part that cannot be split further is a ceiling hit and is reported as one (site-contract.md
section 2.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from ..records import ListPage
from ..urls import LIST_PAGES, LIST_ROWS, ListQuery

FIRST_DAY = "2000-01-01"
"""No Alaveteli is older: before the Freedom of Information Act 2000, and WhatDoTheyKnow's 2008."""

STATES = (
    "waiting_response",
    "waiting_clarification",
    "gone_postal",
    "not_held",
    "rejected",
    "successful",
    "partially_successful",
    "internal_review",
    "error_message",
    "requires_admin",
    "user_withdrawn",
    "attention_requested",
    "vexatious",
    "not_foi",
)
"""The stored states (site-contract.md section 6); a theme's own fall into the part that excludes all of these."""

NAMES_LENGTH = 5000
"""Characters that the authorities' names take in one query, as they stand in an address: it stays well below 8,000."""


@dataclass(frozen=True, slots=True)
class Further:
    """What a page of a search makes due. `ceiling` says that rows are there which no part of it can show."""

    queries: tuple[ListQuery, ...]
    ceiling: bool = False


def further(query: ListQuery, page: ListPage, authorities: Sequence[str]) -> Further:
    """The pages to ask for after one page of a search.

    `authorities` are the url_names to split by as a last resort, the whole register: without it a day cannot be
    split by authority. The pager's last page is an estimate, so it only spares reading pages of a window that will be
    split; that a window is complete is told by a page that is not full.
    """
    if query.page == 1 and page.last_page >= LIST_PAGES:
        parts = split(query, authorities)
        if parts:
            return Further(parts)
    if not page.rows or (len(page.rows) < LIST_ROWS and not page.has_next):
        return Further(())
    if query.page < LIST_PAGES:
        return Further((query.turn(query.page + 1),))
    parts = _behind(query, page, authorities) or split(query, authorities)
    return Further(parts, ceiling=not parts)


def _behind(query: ListQuery, page: ListPage, authorities: Sequence[str]) -> tuple[ListQuery, ...]:
    """What a window of several days holds behind its last page; nothing where its rows do not tell.

    Rows come newest first (site-contract.md section 2.2): all days but that of the last row have been seen. Halving the
    window instead would show a day of more than 500 once more with each half.
    """
    days = [(row.event_at or "")[:10] for row in page.rows]
    if query.after is None or query.before is None or query.after == query.before or days != sorted(days, reverse=True):
        return ()
    oldest, first = days[-1], replace(query, page=1)
    if not query.after <= oldest <= query.before:
        return ()
    if oldest < query.before:
        return (replace(first, before=oldest),)
    day = replace(first, after=oldest)
    earlier = replace(first, before=(date.fromisoformat(oldest) - timedelta(days=1)).isoformat())
    return (earlier, *(split(day, authorities) or (day,)))


def split(query: ListQuery, authorities: Sequence[str]) -> tuple[ListQuery, ...]:
    """Parts that together find all that a search finds; none where it cannot be split further."""
    first = replace(query, page=1)
    if query.after is not None and query.before is not None and query.after < query.before:
        return _by_days(first, query.after, query.before)
    terms = query.query.split()
    if not any(term.lstrip("-").startswith("latest_status:") for term in terms):
        return (
            *(first.narrowed(f"latest_status:{state}") for state in STATES),
            first.narrowed(*(f"-latest_status:{state}" for state in STATES)),
        )
    if not any(term.startswith("waiting_classification:") for term in terms):
        return tuple(first.narrowed(f"waiting_classification:{answer}") for answer in ("yes", "no"))
    return _by_authorities(first, terms, authorities)


def _by_days(query: ListQuery, after: str, before: str) -> tuple[ListQuery, ...]:
    """Two halves, the older first: what lies in the past moves least."""
    start, end = date.fromisoformat(after), date.fromisoformat(before)
    middle = start + (end - start) // 2
    return (
        replace(query, before=middle.isoformat()),
        replace(query, after=(middle + timedelta(days=1)).isoformat()),
    )


def _by_authorities(query: ListQuery, terms: Sequence[str], authorities: Sequence[str]) -> tuple[ListQuery, ...]:
    """Groups of authorities, then halves of a group: the same prefix repeated means either."""
    named = [term.removeprefix("requested_from:") for term in terms if term.startswith("requested_from:")]
    groups = [] if named else _groups(sorted(authorities))
    if len(groups) < 2:
        # One group would be the same search once more.
        names = named or [name for group in groups for name in group]
        if len(names) < 2:
            return ()
        groups = [names[: len(names) // 2], names[len(names) // 2 :]]
    rest = " ".join(term for term in terms if not term.startswith("requested_from:"))
    return tuple(replace(query, query=rest).narrowed(*(f"requested_from:{name}" for name in group)) for group in groups)


def _groups(names: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    room = 0
    for name in names:
        length = len(urlencode({"": f" requested_from:{name}"}))
        if length > room:
            groups.append([])
            room = NAMES_LENGTH
        groups[-1].append(name)
        room -= length
    return groups
