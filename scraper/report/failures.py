"""What failed in a run: pages that were not had or could not be read, told together where they failed alike."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

_BAD = """
    with bad as (
      select id, page_kind, page_key, url, outcome, coalesce(reason, '') as reason from captures
      where run_id = :run and outcome in ('failed', 'unreadable', 'challenge')
    ), mended as (
      select page_kind, page_key, max(id) as id from captures
      where run_id = :run and outcome not in ('failed', 'unreadable', 'challenge')
      and (page_kind, page_key) in (select page_kind, page_key from bad) group by page_kind, page_key
    )
    select bad.*, coalesce(mended.id, 0) < bad.id as given_up from bad left join mended using (page_kind, page_key)
    order by bad.id
"""
_ADDRESS = re.compile(r"https?://\S+?(?::(?=\s)|(?=\s)|$)\s*")
_NUMBER = re.compile(r"(?<=[-\[])\d+(?=\b)|(?<=line )\d+")
"""What differs from page to page in a selector: ``#incoming-12``, ``events[3]``, ``line 7``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Pages of a kind that failed for the same reason.

    `field` is the selector or key that a page lacked, None where it is not about one. `given_up` of the `pages` were
    not had later in the run either. `example` is the address of one of them, the newest.
    """

    page_kind: str
    outcome: str
    reason: str
    field: str | None
    pages: int
    given_up: int
    example: str


@dataclass(slots=True)
class _Alike:
    keys: set[str] = field(default_factory=set)
    open_keys: set[str] = field(default_factory=set)
    example: str = ""


def failures(db: sqlite3.Connection, run_id: int) -> list[Failure]:
    """All that failed in a run, what was given up and is most frequent first."""
    found: dict[tuple[str, str, str, str | None], _Alike] = {}
    rows = db.execute(_BAD, {"run": run_id}).fetchall()
    for row in rows:
        name, reason = taken_apart(row["page_kind"], row["reason"])
        alike = found.setdefault((row["page_kind"], row["outcome"], reason, name), _Alike())
        alike.keys.add(row["page_key"])
        if row["given_up"]:
            alike.open_keys.add(row["page_key"])
        if row["given_up"] or not alike.open_keys:
            alike.example = row["url"]
    told = [
        Failure(kind, outcome, reason, name, len(alike.keys), len(alike.open_keys), alike.example)
        for (kind, outcome, reason, name), alike in found.items()
    ]
    return sorted(told, key=lambda one: (-one.given_up, -one.pages, one.page_kind, one.reason))


def taken_apart(page_kind: str, reason: str) -> tuple[str | None, str]:
    """The selector or key in a capture's reason, None where it names none, and the reason without what is one page's."""
    kind, colon, rest = reason.partition(" page: ")
    if colon and kind == page_kind:
        name, _, problem = rest.partition(": ")
        return _NUMBER.sub("N", name), problem or "not found"
    return None, " ".join(_ADDRESS.sub("", reason).split()) or "no reason was noted"
