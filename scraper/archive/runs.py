"""Runs, and the jobs that one or several runs make up.

A job is what somebody asked for (`crawl everything`). A run that was killed, interrupted, blocked or out of budget
leaves its job unfinished: the same command goes on with it. A run that finished ends its job: the same command then
begins anew.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .. import __version__
from .agenda import Agenda, Job, Want
from .store import Archive

RunOutcome = Literal["ok", "budget", "blocked", "failures", "interrupted"]
ENDS_JOB = ("ok", "failures")


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun. `resumed` says that it goes on with a job that an earlier run left unfinished."""

    id: int
    job: Job
    resumed: bool


def begin(
    archive: Archive,
    command: str,
    reason: str,
    seeds: Iterable[Want],
    now: str,
    settings: Mapping[str, object],
    contact: str | None = None,
    permission: str | None = None,
    resume_from: str | None = None,
) -> Run:
    """Begins a run in one transaction: its row, and the seeds of its job unless it goes on with one undisturbed.

    `now` is UTC text; `settings` is kept as JSON beside the job's own facts. A job begun before `resume_from` (UTC
    text) is not gone on with: what it left is still on the agenda, and the new job does that too.
    """
    agenda = Agenda(archive.db)
    with archive.transaction() as db:
        job = _unfinished(db, reason)
        if job is not None and resume_from is not None and job.started_at < resume_from:
            job = None
        resumed = job is not None
        taken_from = resumed and _last_job(db) != reason
        if job is None:
            newest = db.execute("select coalesce(max(id), 0) from captures").fetchone()[0]
            job = Job(reason, now, newest)
        facts = {**settings, "job": job.reason, "job_started_at": job.started_at, "after_capture": job.after_capture}
        cursor = db.execute(
            "insert into runs (command, started_at, contact, permission, settings, software) values (?, ?, ?, ?, ?, ?)",
            (command, now, contact, permission, json.dumps(facts, ensure_ascii=False), software()),
        )
        assert cursor.lastrowid is not None
        if taken_from:
            agenda.begin_again(job)
        if taken_from or not resumed:
            agenda.want(seeds, job, now)
        agenda.hurry(job, now)
    return Run(cursor.lastrowid, job, resumed)


def _last_job(db: sqlite3.Connection) -> str | None:
    """The job of the newest run that was one: reparse and extract are none."""
    row = db.execute(
        "select json_extract(settings, '$.job') as job from runs where job is not null order by id desc limit 1"
    ).fetchone()
    return None if row is None else str(row["job"])


def _unfinished(db: sqlite3.Connection, reason: str) -> Job | None:
    row = db.execute(
        "select outcome, settings from runs where json_extract(settings, '$.job') = ? order by id desc limit 1", (reason,)
    ).fetchone()
    if row is None or row["outcome"] in ENDS_JOB:
        return None
    facts = json.loads(row["settings"])
    return Job(reason, facts["job_started_at"], facts["after_capture"])


def finish(archive: Archive, run: Run, outcome: RunOutcome, now: str, http_requests: int, why: str | None = None) -> None:
    """Ends a run (`now` is UTC text); at the end of its job the lists it read are forgotten.

    `why` says in a line what ended a run early; it stands beside the run's settings, as ``ended``.
    """
    with archive.transaction() as db:
        if why is not None:
            db.execute("update runs set settings = json_set(settings, '$.ended', ?) where id = ?", (why, run.id))
        db.execute(
            "update runs set finished_at = ?, outcome = ?, http_requests = ? where id = ?", (now, outcome, http_requests, run.id)
        )
        if outcome in ENDS_JOB:
            Agenda(db).forget_lists(run.job)


def software() -> str:
    """What wrote the archive, for the record."""
    return f"wdtk-archive {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
