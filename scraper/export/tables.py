"""What an export consists of: tables and views of an archive, their keys, and how rows belong to requests."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

_REQUESTS = "(select id from temp.chosen)"
_MESSAGES = "(select id from temp.chosen_messages)"
_AUTHORITIES = f"(select authority_id from main.requests where id in {_REQUESTS})"
_FILES = "(select id from temp.chosen_files)"


def quoted(name: str) -> str:
    """A column's name as SQL: some are words of SQL."""
    return f'"{name}"'


class Kind(StrEnum):
    """The type of a column's values. Times are UTC, YYYY-MM-DDTHH:MM:SSZ; dates YYYY-MM-DD; booleans are 0 and 1."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    BOOLEAN = "boolean"
    BLOB = "blob"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    required: bool
    refers: tuple[str, str] | None = None
    """Table and column that a foreign key names."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view to be exported. `key` names its primary key and gives the order of rows; a view's key is what makes
    a row of it findable, and may be empty."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    tie: str | None = None
    """Which rows belong to the chosen requests, as SQL. None: all rows, whatever is chosen."""
    leave_out: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """Of views; tables have their own."""


_OF_REQUEST = _Rule(f"request_id in {_REQUESTS}")
_OF_MESSAGE = _Rule(f"message_id in {_MESSAGES}")
_SLUGS = f"(select url_title from main.requests where id in {_REQUESTS})"
_PAGES = f"""(page_kind in ('request_json', 'request_html') and page_key in {_SLUGS})
  or (page_kind = 'attachment' and substr(page_key, 1, instr(page_key, '/') - 1) in {_SLUGS})"""

RULES: dict[str, _Rule] = {
    "request_summary": _Rule(key=("id",)),
    "requests": _Rule(f"id in {_REQUESTS}"),
    "request_tags": _OF_REQUEST,
    # Its parts make new_text, which is there.
    "messages": _Rule(f"request_id in {_REQUESTS}", ("own_length", "own_text")),
    "attachments": _OF_MESSAGE,
    "files": _Rule(f"id in {_FILES}"),
    "file_texts": _Rule(f"file_id in {_FILES}"),
    "file_members": _Rule(f"parent_id in {_FILES}"),
    "links": _OF_MESSAGE,
    "events": _OF_REQUEST,
    "authorities": _Rule(f"id in {_AUTHORITIES}"),
    "authority_tags": _Rule(f"authority_id in {_AUTHORITIES}"),
    "users": _Rule(
        f"id in (select user_id from main.requests where id in {_REQUESTS}) "
        f"or id in (select user_id from main.messages where request_id in {_REQUESTS}) "
        f"or id in (select user_id from main.batches where id in (select batch_id from main.requests where id in {_REQUESTS}))"
    ),
    "batches": _Rule(f"id in (select batch_id from main.requests where id in {_REQUESTS})"),
    "changes": _OF_REQUEST,
    "withdrawals": _Rule(f"request_id in {_REQUESTS}", ("set_aside",)),
    "runs": _Rule(),
    "captures": _Rule(_PAGES, ("body", "dictionary_id")),
    "coverage": _Rule(),
    "ceiling_hits": _Rule(),
    "site_totals": _Rule(),
    "follows": _Rule(),
    "archive_info": _Rule(),
    "deadlines": _OF_REQUEST,
    "clock_stops": _OF_REQUEST,
    "site_deadlines": _OF_REQUEST,
    "exemptions": _OF_REQUEST,
    "mentions": _OF_REQUEST,
    "outcomes": _OF_REQUEST,
    "outcome_statements": _OF_REQUEST,
    "families": _Rule(f"id in (select family_id from main.family_members where request_id in {_REQUESTS})"),
    "family_members": _OF_REQUEST,
    "lexicons": _Rule(),
    "study_state": _Rule(),
    "council_systems": _Rule(key=("authority_id", "request_id", "sha256", "offset", "term")),
    "batch_answers": _Rule(key=("batch_id", "request_id")),
    "batch_comparison": _Rule(key=("batch_id",)),
}
"""What is exported, in this order. Study tables are where `wdtk study` made them."""

INTERNAL = {
    "agenda": "what is to be fetched next",
    "dictionaries": "how raw pages are compressed",
    "forgotten": "hashes of what was removed for good, so that it is not fetched again",
    "visit_rates": "how often threads change, by which visits are planned",
    "files_to_delete": "files whose deletion was begun",
    "study_requests": "which requests the study has seen",
    "family_signatures": "what families are found by",
    "_sqlite_migrations": "which version of the tables this is",
    "_sqlite_migrations_version": "which version of the tables this is",
}
"""Tables that are in no export, and what they are for."""

VIEW_TYPES: dict[str, dict[str, Kind]] = {
    "request_summary": dict.fromkeys(
        "days_to_first_response working_days_to_first_response days_to_last_response working_days_to_last_response responses "
        "followups internal_reviews annotations attachments withheld_parts".split(),
        Kind.INTEGER,
    ),
    "batch_comparison": {
        "mean_working_days": Kind.NUMBER,
        **dict.fromkeys(
            "requests answered in_time late overdue least_working_days most_working_days held partly not_held refused cost_limit "
            "clarification".split(),
            Kind.INTEGER,
        ),
    },
}
"""Columns of views that SQLite cannot tell the type of; what it cannot tell and is not here is text."""

BOOLEANS = frozenset({"awaiting_description", "engaged", "agrees", "school"})
_DECLARED = {"integer": Kind.INTEGER, "real": Kind.NUMBER, "text": Kind.TEXT, "blob": Kind.BLOB}


def kind_of(name: str, declared: str) -> Kind:
    """The kind of a column, by its name (`sent_at`, `due_on`: design.md's spelling of times and dates) and declared type."""
    if name in BOOLEANS:
        return Kind.BOOLEAN
    if name == "as_of" or name.endswith("_on"):
        return Kind.DATE
    if name.endswith("_at"):
        return Kind.TIME
    return _DECLARED.get(declared.lower(), Kind.TEXT)


def tables_of(db: sqlite3.Connection) -> tuple[Table, ...]:
    """The tables and views of an archive that exports hold, as `RULES` has them, with the columns they have there."""
    present = dict(db.execute("select name, type from main.sqlite_master where type in ('table', 'view')").fetchall())
    return tuple(_table(db, name, present[name] == "view") for name in RULES if name in present)


def _table(db: sqlite3.Connection, name: str, is_view: bool) -> Table:
    rule = RULES[name]
    refers = {row[3]: (row[2], row[4] or "id") for row in db.execute(f"pragma main.foreign_key_list({name})")}
    columns, key = [], []
    # Rows: number, name, type, not null, default, place in the primary key, hidden (2 and 3: generated).
    for _, column, declared, not_null, _, place, hidden in db.execute(f"pragma main.table_xinfo({name})"):
        if hidden == 1 or column in rule.leave_out:
            continue
        kind = VIEW_TYPES.get(name, {}).get(column) or kind_of(column, declared)
        columns.append(Column(column, kind, bool(not_null) or bool(place), refers.get(column)))
        if place:
            key.append((place, column))
    return Table(name, tuple(columns), rule.key or tuple(column for _, column in sorted(key)), is_view)
