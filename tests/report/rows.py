"""Rows of an archive, written by hand: only what a test is about."""

from __future__ import annotations

import json
import sqlite3

START = "2026-06-15T01:00:00Z"


def run(db: sqlite3.Connection, outcome: str | None = "ok", command: str = "nightly", **settings: object) -> int:
    """A run of an hour; returns its number."""
    newest = db.execute("select coalesce(max(id), 0) from captures").fetchone()[0]
    job = {"job": command, "job_started_at": START, "after_capture": newest, **settings}
    end = "2026-06-15T02:00:00Z" if outcome else None
    cursor = db.execute(
        "insert into runs (command, started_at, finished_at, outcome, settings, software) values (?, ?, ?, ?, ?, 'test')",
        (command, START, end, outcome, json.dumps(job)),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def covered(db: sqlite3.Connection, run_id: int, kind: str, field: str, pages: int, filled: float) -> None:
    db.execute("insert into coverage values (?, ?, ?, ?, ?)", (run_id, kind, field, pages, filled))


def captured(
    db: sqlite3.Connection, run_id: int, kind: str, key: str, outcome: str = "unchanged", reason: str | None = None
) -> int:
    cursor = db.execute(
        "insert into captures (run_id, url, page_kind, page_key, requested_at, status, outcome, reason) "
        "values (?, ?, ?, ?, ?, 200, ?, ?)",
        (run_id, f"http://127.0.0.1:1/{kind}/{key}", kind, key, START, outcome, reason),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid
