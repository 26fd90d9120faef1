"""Tables made from the archive's own, and how what is withdrawn leaves them too.

`wdtk study` makes them; nothing of the archive reads them. They hold quotations and fingerprints of what people wrote,
so when content leaves the archive, the rows made from its request go in the same transaction. The next `wdtk study`
makes anew what may still be shown.
"""

from __future__ import annotations

import sqlite3

BY_REQUEST = (
    "deadlines",
    "clock_stops",
    "site_deadlines",
    "exemptions",
    "mentions",
    "outcomes",
    "outcome_statements",
    "family_members",
    "family_signatures",
    "study_requests",
)
"""Derived tables, each with a column `request_id`."""
BY_FILE = ("exemptions", "mentions", "outcome_statements")
"""Those with a column `file_id` as well."""


def drop_derived(db: sqlite3.Connection, request_id: int) -> None:
    """Deletes what was derived from a request, inside the caller's transaction."""
    for table in _present(db, BY_REQUEST):
        db.execute(f"delete from {table} where request_id = ?", (request_id,))


def drop_derived_from_file(db: sqlite3.Connection, file_id: int) -> None:
    """Deletes what was derived from the requests that a file's text was quoted from, inside the caller's transaction."""
    requests = {
        row[0]
        for table in _present(db, BY_FILE)
        for row in db.execute(f"select distinct request_id from {table} where file_id = ?", (file_id,))
    }
    for request_id in requests:
        drop_derived(db, request_id)


def _present(db: sqlite3.Connection, tables: tuple[str, ...]) -> list[str]:
    marks = ", ".join("?" * len(tables))
    found = db.execute(f"select name from sqlite_master where type = 'table' and name in ({marks})", tables)
    return sorted(row[0] for row in found)
