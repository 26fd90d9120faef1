"""What a check finds, and what it takes to mend it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ...records import PageKind, PageRef
from ..agenda import VISIT, priority
from ..keep import Keeper
from ..store import Archive

BACKUP = "restore a backup (docs/nightly.md)"
NAMED = 5
"""So many rows or files are named in one line; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it must be.

    `where` is a file, a table or a page; `what` says what is wrong and, where `mendable` is false, what to do.
    A `leftover` is no damage: an interrupted run leaves it, and the next run uses or removes it.
    """

    kind: str
    where: str
    what: str
    mendable: bool = True
    leftover: bool = False
    key: tuple[str | int, ...] = field(default=(), compare=False, repr=False)
    """What the mending of this kind needs to know."""


@dataclass
class Mending:
    """An archive being mended, in a run of its own. `now` is UTC text."""

    archive: Archive
    run_id: int
    now: str

    @cached_property
    def keeper(self) -> Keeper:
        """Made when it is needed: it reads the dictionaries, and one of them may be what is to be mended."""
        return Keeper(self.archive, self.run_id)

    @property
    def db(self) -> sqlite3.Connection:
        return self.archive.db

    def due(self, ref: PageRef) -> None:
        """The page is to be fetched whole, now: no ETag, and as if it had not been visited. Inside a transaction.

        A job that still wants it keeps it; otherwise it is a planned visit.
        """
        self.db.execute(
            "insert into agenda (page_kind, page_key, due_at, reason, priority) values (?, ?, ?, ?, ?) "
            "on conflict (page_kind, page_key) do update set due_at = excluded.due_at, attempts = 0, etag = null, "
            "last_capture_id = null",
            (*ref, self.now, VISIT, priority(ref)),
        )

    def wipe(self) -> None:
        """Content leaves: its traces are to be wiped when the mending is over. Inside a transaction."""
        self.db.execute("insert or ignore into archive_info (key, value) values ('wipe_due', '1')")

    def file_due(self, where: str, *values: str | int) -> int:
        """Attachments that lost their file are to be fetched again, those of requests set aside excepted.

        `where` is a condition on `attachments`. Inside a transaction; returns how many.
        """
        rows = self.db.execute(
            f"select a.id, a.url from attachments a where ({where}) and a.gone_at is null and a.url is not null", values
        ).fetchall()
        for row in rows:
            self.db.execute(
                "update attachments set status = 'due', status_reason = null, file_id = null, content_type = null, "
                "fetched_at = null where id = ?",
                (row["id"],),
            )
            self.due(file_ref(row["url"]))
        return len(rows)


class Room(NamedTuple):
    """A part of the archive: what finds its damage, and what mends each kind of it and says what it did."""

    find: Callable[[Archive, bool], Iterator[Damage]]
    mends: dict[str, Callable[[Mending, Damage], str]]


def file_ref(url: str) -> PageRef:
    """The page of an attachment's address."""
    return PageRef(PageKind.ATTACHMENT, url.partition("/request/")[2])


def some(names: list[str]) -> str:
    """The first few of many, for a line that a person reads."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
