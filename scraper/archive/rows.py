"""Writing a row only where it differs, and saying what differed.

This is how the archive keeps its two promises about change: a page seen twice writes nothing but its capture, and
every value that became different after it was first seen is a row in `changes`.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field

from .agenda import Want
from .derived import drop_derived

Value = str | int | None

CONTENT = {
    "requests": frozenset({"title", "user_name", "withheld_reason"}),
    "users": frozenset({"name", "about_me"}),
    "authorities": frozenset({"notes"}),
    "messages": frozenset({"author", "text", "own_text", "html", "withheld_reason"}),
    "attachments": frozenset({"filename", "url", "note", "status_reason"}),
    "batches": frozenset({"title"}),
}
"""What people wrote, and their names: a change may be a redaction, so `changes` does not hold the values."""

NOT_LOGGED = {"messages": frozenset({"html", "own_length", "own_text"}), "requests": frozenset({"url", "display_status"})}
"""Columns that follow from another column of the same row."""

HASHED_FROM_WORDS = 8
"""Shorter texts get no hash: a name could be guessed from it."""

HAS_SEEN = frozenset({"requests", "authorities", "users", "batches"})
HAS_FIRST_SEEN = HAS_SEEN | {"messages", "attachments"}


REMOVED = "removed by this archive's operator"


def key_hash(key: object) -> str:
    """What `forgotten` remembers of a name or number."""
    return hashlib.sha256(str(key).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is not to be kept again, as hashes; read once for a run."""

    hashes: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, db: sqlite3.Connection) -> Forgotten:
        return cls(frozenset((row[0], row[1]) for row in db.execute("select kind, key_sha256 from forgotten")))

    def has(self, kind: str, key: object) -> bool:
        return bool(self.hashes) and (kind, key_hash(key)) in self.hashes


@dataclass(slots=True)
class Writer:
    """Writes the rows of one page. `observed_at` is UTC text; `known` says that this page was read before.

    `told` is None on a visit. When kept pages are read again it holds the authorities and users that a newer page
    has told of already, and no row counts as seen anew.
    """

    db: sqlite3.Connection
    run_id: int | None
    observed_at: str
    known: bool
    written: int = 0
    told: set[tuple[str, int]] | None = None
    forgotten: Forgotten = Forgotten(frozenset())
    erased: bool = False
    """Whether content left the archive: its traces in indexes and logs are still to be wiped."""
    changed_requests: set[int] = field(default_factory=set)

    def added(self, request_id: int) -> None:
        """A part of a request is new: a change, unless the page itself was."""
        if self.known:
            self.changed_requests.add(request_id)

    def put(self, table: str, key: dict[str, Value], values: dict[str, Value], request_id: int | None = None) -> bool:
        """Inserts a row or updates what differs in it; True where anything was written beyond `last_seen_at`.

        A column that was NULL because its page had never been read is not a change when it is first filled.
        """
        where = " and ".join(f"{column} = ?" for column in key)
        row = self.db.execute(f"select * from {table} where {where}", tuple(key.values())).fetchone()
        if row is None:
            self.insert(table, {**key, **values})
            return True
        differing = {column: value for column, value in values.items() if row[column] != value}
        if not differing:
            if table in HAS_SEEN and self.told is None and row["last_seen_at"] != self.observed_at:
                self.db.execute(f"update {table} set last_seen_at = ? where {where}", (self.observed_at, *key.values()))
            return False
        row_key = "/".join(str(value) for value in key.values())
        for column, value in differing.items():
            if (row[column] is not None or self.known) and column not in NOT_LOGGED.get(table, ()):
                self.log(table, row_key, column, row[column], value, request_id)
        content = CONTENT.get(table, frozenset())
        if any(row[column] is not None and column in content for column in differing):
            self.erased = True
            if request_id is not None:
                drop_derived(self.db, request_id)
        stamps: dict[str, Value] = {"last_changed_at": self.observed_at} if table in HAS_FIRST_SEEN else {}
        if table in HAS_SEEN and self.told is None:
            stamps["last_seen_at"] = self.observed_at
        changed = {**differing, **stamps}
        self.db.execute(
            f"update {table} set {', '.join(f'{column} = ?' for column in changed)} where {where}",
            (*changed.values(), *key.values()),
        )
        self.written += 1
        return True

    def told_already(self, table: str, number: int) -> bool:
        """Whether a newer page has told of this authority or user already, while kept pages are read again."""
        if self.told is None:
            return False
        if (table, number) in self.told:
            return True
        self.told.add((table, number))
        return False

    def refresh(self, table: str, row: sqlite3.Row, values: dict[str, Value]) -> None:
        """Writes what differs without calling it a change: our own bookkeeping, or the site's."""
        differing = {column: value for column, value in values.items() if row[column] != value}
        if differing:
            self.db.execute(
                f"update {table} set {', '.join(f'{column} = ?' for column in differing)} where id = ?",
                (*differing.values(), row["id"]),
            )
            self.written += 1

    def insert(self, table: str, values: dict[str, Value]) -> int:
        """Inserts a row with its seen columns; returns its row id."""
        if table in HAS_FIRST_SEEN:
            values = {**values, "first_seen_at": self.observed_at, "last_changed_at": self.observed_at}
        if table in HAS_SEEN:
            values["last_seen_at"] = self.observed_at
        self.written += 1
        cursor = self.db.execute(
            f"insert into {table} ({', '.join(values)}) values ({', '.join('?' * len(values))})", tuple(values.values())
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def delete(self, table: str, key: dict[str, Value], row_key: str, column: str, old: Value, request_id: int | None) -> None:
        """Deletes a row that the site no longer has, and says so."""
        self.log(table, row_key, column, old, None, request_id)
        self.db.execute(f"delete from {table} where {' and '.join(f'{name} = ?' for name in key)}", tuple(key.values()))
        self.written += 1

    def log(self, table: str, row_key: str, column: str, old: Value, new: Value, request_id: int | None) -> None:
        """One row in `changes`; for content its size and hash in place of the words."""
        if column in CONTENT.get(table, ()):
            old, new = _fingerprints(old, new)
        self.db.execute(
            "insert into changes (run_id, observed_at, request_id, table_name, row_key, column_name, old_value, new_value) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.run_id, self.observed_at, request_id, table, row_key, column, old, new),
        )
        self.written += 1
        if request_id is not None:
            self.changed_requests.add(request_id)

    def replace_set(self, table: str, owner: str, owner_id: int, names: set[tuple[str, str]], request_id: int | None) -> bool:
        """Makes the (name, value) rows of an owner what they should be; True where any was written."""
        rows = self.db.execute(f"select name, value from {table} where {owner} = ?", (owner_id,)).fetchall()
        have = {(row["name"], row["value"]) for row in rows}
        for name, value in sorted(have - names):
            key: dict[str, Value] = {owner: owner_id, "name": name, "value": value}
            self.delete(table, key, str(owner_id), "name", f"{name}:{value}" if value else name, request_id)
        for name, value in sorted(names - have):
            self.insert(table, {owner: owner_id, "name": name, "value": value})
            if self.known:
                self.log(table, str(owner_id), "name", None, f"{name}:{value}" if value else name, request_id)
        return have != names


def _fingerprints(old: Value, new: Value) -> tuple[str | None, str | None]:
    before, after = (Counter(re.findall(r"\w+", str(text))) if text is not None else Counter[str]() for text in (old, new))
    return (
        _fingerprint(old, before, {}),
        _fingerprint(new, after, {"added": (after - before).total(), "removed": (before - after).total()}),
    )


def _fingerprint(text: Value, words: Counter[str], more: dict[str, int]) -> str | None:
    if text is None:
        return None
    told: dict[str, str | int] = {"words": words.total(), **more}
    if words.total() >= HASHED_FROM_WORDS:
        told["sha256"] = hashlib.sha256(str(text).encode()).hexdigest()
    return json.dumps(told)


@dataclass(slots=True)
class Found:
    """What keeping a page found out beside its rows: pages that are due because of what the archive knows."""

    new_request: bool = False
    withdrawn: int | None = None
    """The request that this page was refused for: its pages are looked for by its number from now on."""
    forgotten: bool = False
    """Whether the page shows something that the operator removed: its body is not kept."""
    wants: list[Want] = field(default_factory=list)
