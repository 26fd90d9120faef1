"""Which requests an export holds: by target, by a condition in SQL, by age, by a sample for coding by hand."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..archive.store import ArchiveError


class CannotExport(ArchiveError):
    """Nothing was exported. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """So many requests, drawn within strata. `by` names columns of request_summary, or `year`, that of created_at."""

    size: int
    seed: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Targets are (kind, name), such as ("batch", "1024"); any of them is enough. `where` is a condition on request_summary.

    `min_age_days` leaves out requests in which anything is younger, counted back from the archive's newest visit.
    """

    targets: tuple[tuple[str, str], ...] = ()
    where: str | None = None
    min_age_days: int = 0
    sample: Sample | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.targets or self.where or self.min_age_days or self.sample)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a selection came to. `too_young` requests fit, but for their age."""

    requests: int
    """That the site shows; tombstones of others are chosen, too."""
    too_young: int


_TARGETS = {
    "request": "id = cast(:name as integer) or url_title = :name",
    "authority": "authority_id in (select id from main.authorities where url_name = :name or id = cast(:name as integer))",
    "user": "user_id in (select id from main.users where url_name = :name)",
    "batch": "batch_id = cast(:name as integer)",
    "tag": """id in (select request_id from main.request_tags where name = :name or name || ':' || value = :name)
      or authority_id in (select authority_id from main.authority_tags where name = :name or name || ':' || value = :name)""",
    "everything": "true",
}


def choose(db: sqlite3.Connection, selection: Selection) -> Chosen:
    """Makes temp.chosen, chosen_messages and chosen_files (and temp.sample) of what is selected.

    Raises CannotExport where a target or condition is not understood, and where nothing fits.
    """
    db.execute("create temp table chosen (id integer primary key)")
    for kind, name in selection.targets:
        if kind not in _TARGETS:
            raise CannotExport(f"--target {kind}:{name} names no requests; use {', '.join(_TARGETS)}, or --where")
        found = db.execute(
            f"insert or ignore into temp.chosen select id from main.requests where {_TARGETS[kind]}", {"name": name}
        )
        if not found.rowcount and not _held(db, kind, name):
            raise CannotExport(f"the archive has no request of {kind}:{name}")
    if not selection.targets:
        db.execute("insert into temp.chosen select id from main.requests")
    if selection.where:
        _narrow(db, selection.where)
    too_young = _leave_out_young(db, selection.min_age_days)
    if selection.sample:
        _draw(db, selection.sample)
    shown = "select count(*) from main.requests where withheld_at is null and id in (select id from temp.chosen)"
    chosen: int = db.execute(shown).fetchone()[0]
    if not chosen:
        young = f"; {too_young:,} fit, and are younger than {selection.min_age_days} days (--min-age)" if too_young else ""
        raise CannotExport(f"no request fits{young}; nothing was exported")
    db.execute("create temp table chosen_messages (id integer primary key)")
    db.execute("insert into temp.chosen_messages select id from main.messages where request_id in (select id from temp.chosen)")
    db.execute("create temp table chosen_files (id integer primary key)")
    db.execute(
        """insert into temp.chosen_files with recursive held(id) as (
             select file_id from main.attachments
               where file_id is not null and message_id in (select id from temp.chosen_messages)
             union select m.file_id from main.file_members m join held on m.parent_id = held.id where m.file_id is not null
           ) select id from held"""
    )
    return Chosen(chosen, too_young)


def _held(db: sqlite3.Connection, kind: str, name: str) -> bool:
    found = db.execute(
        f"select 1 from main.requests where id in (select id from temp.chosen) and ({_TARGETS[kind]})", {"name": name}
    )
    return found.fetchone() is not None


def _narrow(db: sqlite3.Connection, where: str) -> None:
    # On lines of its own: a comment in it would swallow the parenthesis.
    try:
        db.execute(f"delete from temp.chosen where id not in (select id from main.request_summary where (\n{where}\n))")
    except (sqlite3.OperationalError, sqlite3.ProgrammingError, sqlite3.Warning) as error:
        columns = ", ".join(row[1] for row in db.execute("pragma main.table_info(request_summary)"))
        raise CannotExport(f"--where is not understood: {error}. It is a condition in SQL on these columns: {columns}") from None


def newest_visit(db: sqlite3.Connection) -> str | None:
    """When the archive last looked at the site (UTC): the day that ages and dates of an export count from."""
    found: str | None = db.execute(
        "select max(coalesce(finished_at, started_at)) from main.runs where http_requests > 0"
    ).fetchone()[0]
    return found


def _leave_out_young(db: sqlite3.Connection, days: int) -> int:
    newest = newest_visit(db)
    if not days or newest is None:
        return 0
    since = (datetime.fromisoformat(newest) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return db.execute(
        """delete from temp.chosen where id in (select r.id from main.requests r where r.withheld_at is null
             and (r.created_at >= :since or exists (select 1 from main.messages m
               where m.request_id = r.id and coalesce(m.recorded_at, m.sent_at, m.first_seen_at) >= :since)))""",
        {"since": since},
    ).rowcount


def _draw(db: sqlite3.Connection, sample: Sample) -> None:
    """Keeps a sample of what is chosen. Sorted by a hash of seed and number, so that any machine draws the same."""
    known = [row[1] for row in db.execute("pragma main.table_info(request_summary)")]
    unknown = [name for name in sample.by if name != "year" and name not in known]
    if unknown:
        raise CannotExport(f"--stratify {unknown[0]}: there is no such column; use year, {', '.join(known)}")
    wanted = ", ".join("substr(created_at, 1, 4)" if name == "year" else name for name in sample.by) or "null"
    strata: dict[tuple[object, ...], list[int]] = {}
    # Sorted here: SQLite cannot sort by what it did not select once the view is expanded by the ids alone.
    for number, *stratum in db.execute(f"select id, {wanted} from main.request_summary where id in (select id from temp.chosen)"):
        strata.setdefault(tuple(stratum) if sample.by else (), []).append(number)
    total = sum(map(len, strata.values()))
    if sample.size > total:
        raise CannotExport(f"--sample {sample.size:,}: only {total:,} requests fit")
    shares = allot(sample.size, {stratum: len(members) for stratum, members in strata.items()})
    columns = "".join(f', "{name}"' for name in sample.by)
    db.execute(
        f"create temp table sample (request_id integer primary key{columns}, stratum_size integer, stratum_sampled integer, "
        "probability real, weight real)"
    )
    marks = ", ".join("?" * (5 + len(sample.by)))
    for stratum, members in strata.items():
        drawn = sorted(members, key=lambda number: hashlib.sha256(f"{sample.seed}:{number}".encode()).digest())[: shares[stratum]]
        size, taken = len(members), shares[stratum]
        db.executemany(
            f"insert into temp.sample values ({marks})",
            [(number, *stratum, size, taken, taken / size, size / taken) for number in drawn],
        )
    db.execute("delete from temp.chosen where id not in (select request_id from temp.sample)")


def allot(wanted: int, sizes: dict[tuple[object, ...], int]) -> dict[tuple[object, ...], int]:
    """How many of each stratum: in proportion to its size, by largest remainders, and at least one where there are enough.

    Ties go by the stratum's own name, so that the same numbers are always allotted alike.
    """
    names: Sequence[tuple[object, ...]] = sorted(sizes, key=lambda name: tuple(map(str, name)))
    least = 1 if wanted >= len(names) else 0
    total = sum(sizes.values())
    exact = {name: wanted * sizes[name] / total for name in names}
    shares = {name: min(sizes[name], max(least, int(exact[name]))) for name in names}
    by_remainder = sorted(names, key=lambda name: exact[name] - int(exact[name]), reverse=True)
    while (missing := wanted - sum(shares.values())) > 0:
        for name in [name for name in by_remainder if shares[name] < sizes[name]][:missing]:
            shares[name] += 1
    while sum(shares.values()) > wanted:  # the ones that were given to small strata, taken from the largest
        shares[max(names, key=lambda name: shares[name])] -= 1
    return shares
