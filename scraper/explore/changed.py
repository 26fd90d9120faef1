"""What a row of `changes` says, in words."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, NamedTuple

from . import words

COLUMNS = {
    "described_state": "requester's classification",
    "display_state": "state",
    "awaiting_description": "awaiting classification",
    "due_on": "due date",
    "correspondence_closed": "correspondence closed",
    "user_name": "requester's name",
    "url_title": "address",
    "authority_id": "authority",
    "gone_at": "taken down",
    "status_reason": "reason",
    "withheld_at": "withheld",
    "withheld_kind": "kind of withholding",
    "withheld_reason": "reason for withholding",
    "file_id": "bytes",
    "sha256": "bytes",
    "filename": "name",
    "size_shown": "size",
    "part": "place in the mail",
    "user_id": "account",
    "user_url_name": "author's account",
    "url_name": "address",
    "calculated_state": "state that followed",
    "last_described_at": "classified at",
    "updated_at": "the site's time of change",
    "requests_count": "requests, as the site counts",
    "requests_successful_count": "successful, as the site counts",
    "requests_not_held_count": "not held, as the site counts",
    "requests_overdue_count": "overdue, as the site counts",
}
"""Columns whose own name does not tell enough."""

THINGS = {
    "requests": "request",
    "messages": "message",
    "attachments": "file",
    "authorities": "authority",
    "authority_tags": "authority's tag",
    "request_tags": "request's tag",
    "users": "user",
    "batches": "batch",
    "events": "event",
}


FLAGS = {"0": "no", "1": "yes"}
"""Values of `awaiting_description`, in words."""


class Change(NamedTuple):
    """`what` of a `thing` changed from `old` to `new`; both empty where only `note` may be told."""

    observed_at: str
    thing: str
    what: str
    old: str
    new: str
    note: str
    row: sqlite3.Row


def named(table: str, column: str) -> tuple[str, str]:
    """A table's thing and a column of it, in words."""
    return THINGS.get(table, table), COLUMNS.get(column, column.replace("_", " "))


def told(row: sqlite3.Row) -> Change:
    """A row of `changes`, read."""
    old, new = _read(row["old_value"]), _read(row["new_value"])
    thing, what = named(row["table_name"], row["column_name"])
    if isinstance(old, dict) or isinstance(new, dict):
        return Change(row["observed_at"], thing, what, "", "", _counted(old, new), row)
    if row["column_name"].endswith("_state"):
        old, new = words.state(old) if old else "", words.state(new) if new else ""
    elif row["column_name"] == "awaiting_description":
        old, new = FLAGS.get(old, old), FLAGS.get(new, new)
    return Change(row["observed_at"], thing, what, old or "", new or "", "", row)


def _read(value: str | None) -> Any:
    """The counts that stand in place of content; any other value as it is."""
    if value and value.startswith("{"):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        if isinstance(found, dict) and "words" in found:
            return found
    return value


def _counted(old: Any, new: Any) -> str:
    if not isinstance(new, dict):
        return f"{words.plural(old['words'], 'word')} taken out"
    if not isinstance(old, dict):
        return f"{words.plural(new['words'], 'word')} now shown"
    return f"{words.plural(new.get('added', 0), 'word')} added, {new.get('removed', 0):,} removed"
