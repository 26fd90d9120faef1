"""``wdtk`` that visits whichever thread was seen longest ago: what a ranking has to be better than."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from scraper.archive import visits
from scraper.records import PageKind

RANKED = visits.rank


def oldest_first(
    db: sqlite3.Connection, now: datetime, after_capture: int, limit: int | None, kind: PageKind = PageKind.REQUEST_JSON
) -> list[visits.Visit]:
    """In place of `visits.rank`."""
    everything = RANKED(db, now, after_capture, None, kind)
    return sorted(everything, key=lambda visit: (-visit.days, visit.slug))[:limit]


if __name__ == "__main__":
    from scraper.cli import main

    visits.rank = oldest_first
    main(prog_name="wdtk")
