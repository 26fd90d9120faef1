"""What the nightly job keeps fresh."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from .store import Archive


@dataclass(frozen=True, slots=True)
class Follow:
    """A followed target in its one spelling. `listed_until` and `swept_until` are dates, None before the first night."""

    target: str
    added_at: str
    note: str | None
    listed_until: str | None
    swept_until: str | None


def follows(db: sqlite3.Connection) -> list[Follow]:
    """All that is followed, in the order it was added."""
    rows = db.execute("select target, added_at, note, listed_until, swept_until from follows order by added_at, target")
    return [Follow(*row) for row in rows]


def add(archive: Archive, targets: Iterable[str], now: str, note: str | None) -> int:
    """Follows targets from `now` (UTC text) on; returns how many were not followed before."""
    with archive.transaction() as db:
        return sum(
            db.execute("insert or ignore into follows (target, added_at, note) values (?, ?, ?)", (target, now, note)).rowcount
            for target in targets
        )


def remove(archive: Archive, target: str) -> bool:
    """Stops following; what was archived stays. True where it was followed."""
    with archive.transaction() as db:
        return db.execute("delete from follows where target = ?", (target,)).rowcount > 0


def listed(db: sqlite3.Connection, targets: Iterable[str], day: str) -> None:
    """Notes that all lists of targets were read to their end up to a day, inside the caller's transaction."""
    db.executemany("update follows set listed_until = ? where target = ?", [(day, target) for target in targets])


def swept(db: sqlite3.Connection, target: str, day: str) -> None:
    """Notes how far the second reading of a target's old days has come, inside the caller's transaction."""
    db.execute("update follows set swept_until = ? where target = ?", (day, target))
