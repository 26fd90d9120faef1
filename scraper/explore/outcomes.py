"""How requests stand: the one count that several pages show."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from . import charts, words
from .visit import Query


def outcomes(column: str) -> Query:
    """Requests of an authority, batch or user (the column of `requests` that names it) by outcome.

    The requester's own classification; where a response came after it, it is out of date and the request counts as
    awaiting one.
    """
    return Query(
        "Requests by outcome",
        f"""select
  case when awaiting_description = 1 then 'waiting_classification' else described_state end as outcome,
  count(*) as requests
from requests
where {column} = :id and +withheld_at is null
group by 1
order by 2 desc""",
    )


def drawn(rows: Iterable[sqlite3.Row]) -> list[charts.Bar]:
    """The counts as bars, in words."""
    return charts.bars((words.state(row["outcome"]), row["requests"], row["outcome"]) for row in rows)
