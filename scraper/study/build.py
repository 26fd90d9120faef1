"""Building the study tables: what is due, made by workers, written in one transaction by this process.

A table's rows are made request by request. Due are requests that were visited since the table was last made, those
whose files were read since, those it has never had (also: whose rows a withdrawal took), and those of authorities
whose tags now say another nation. After `wdtk reparse`, or when the method or a lexicon changed, all are. A reader
sees the tables as they were until the transaction commits; a killed run leaves them so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from .. import __version__
from ..archive.derived import BY_REQUEST
from ..archive.store import Archive
from . import families
from .law import is_school, nation_of
from .lexicon import Lexicon, load, parse, shipped
from .tables import KEPT, MADE, NAMES, TABLES, VIEWS, create
from .work import CHUNK, METHODS, Made, Task, make

DEFAULT_LEXICON = "algorithmic-systems"


@dataclass(slots=True)
class Told:
    """What a run did: requests made anew, and rows that each table now has."""

    requests: dict[str, int] = field(default_factory=dict)
    rebuilt: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


def build(
    archive: Archive,
    names: Sequence[str],
    now: str,
    *,
    rebuild: bool = False,
    lexicons: Sequence[str] = (),
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Told:
    """Brings the named tables (all, if none) up to date. `now` is UTC text; `lexicons` are names or paths to add.

    Raises BadLexicon.
    """
    wanted = tuple(name for name in NAMES if not names or name in names)
    added = [load(one) for one in lexicons]
    told = Told()
    with archive.transaction() as db:
        for statement in create(KEPT):
            db.execute(statement)
        known = _lexicons(db, added)
        methods = {**METHODS, "mentions": " ".join([METHODS["mentions"], *(f"{one.name}:{one.sha256[:12]}" for one in known)])}
        _drop_withheld(db)
        due = {name: _due(db, name, methods[name], rebuild, told) for name in wanted}
        marks = _watermarks(db)
        changed = families.Changed()
        _write(archive, db, due, tuple(one.yaml for one in known), workers, changed, progress)
        if "families" in due:
            families.gather(db, due["families"], changed, rebuild="families" in told.rebuilt)
        for name in wanted:
            count = db.execute("select count(*) from study_requests where name = ?", (name,)).fetchone()[0]
            db.execute(
                "insert or replace into study_state values (?, ?, ?, ?, ?, ?, ?)",
                (name, methods[name], *marks, now, count, f"wdtk-archive {__version__}"),
            )
            told.requests[name] = len(due[name])
            told.rows.update({table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in MADE[name]})
        _views(db)
    return told


def _lexicons(db: sqlite3.Connection, added: list[Lexicon]) -> list[Lexicon]:
    """The lexicons of this archive, the added among them; the one that comes along where there is none."""
    kept = {row[0]: row[2] for row in db.execute("select * from lexicons")}
    if not kept and not added:
        added = [load(DEFAULT_LEXICON)]
    # One that comes along is renewed with the software: nobody else's can have its name.
    added = [*added, *(load(name) for name in kept if name in shipped())]
    for one in added:
        kept[one.name] = one.yaml
        db.execute("insert or replace into lexicons values (?, ?, ?)", (one.name, one.sha256, one.yaml))
    return [parse(kept[name]) for name in sorted(kept)]


def _drop_withheld(db: sqlite3.Connection) -> None:
    """Withdrawal takes its rows along; this is for archives that an older version wrote in between."""
    there = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    for table in there.intersection(BY_REQUEST):
        db.execute(f"delete from {table} where request_id in (select id from requests where withheld_at is not null)")


def _due(db: sqlite3.Connection, name: str, method: str, rebuild: bool, told: Told) -> list[int]:
    state = db.execute("select * from study_state where name = ?", (name,)).fetchone()
    shown = "select id from requests where withheld_at is null"
    if rebuild or state is None or state["method"] != method or _reread(db, state["finished_at"]):
        for view in VIEWS:
            db.execute(f"drop view if exists {view}")
        for table in MADE[name]:
            db.execute(f"drop table if exists {table}")
        db.execute("delete from study_requests where name = ?", (name,))
        for statement in create(MADE[name]):
            db.execute(statement)
        told.rebuilt.append(name)
        return [row[0] for row in db.execute(f"{shown} order by id")]
    due = {row[0] for row in db.execute(f"{shown} and last_seen_at >= ?", (state["seen_until"] or "",))}
    due |= {
        row[0]
        for row in db.execute(
            f"{shown} and not exists (select 1 from study_requests s where s.request_id = requests.id and s.name = ?)", (name,)
        )
    }
    due |= _with_new_files(db, state["files_until"])
    if name == "deadlines":
        due |= _moved_nation(db)
    return sorted(due)


def _reread(db: sqlite3.Connection, since: str) -> bool:
    """Whether kept pages were read again since: that may fill columns of any request without a visit."""
    return db.execute("select 1 from runs where command like '%reparse%' and started_at >= ?", (since,)).fetchone() is not None


def _with_new_files(db: sqlite3.Connection, since: str | None) -> set[int]:
    files = [row[0] for row in db.execute("select id from files where extracted_at >= ?", (since or "",))]
    has_members = db.execute("select 1 from sqlite_master where name = 'file_members'").fetchone()
    found: set[int] = set()
    for file in files:
        holders = {file}
        if has_members:
            holders |= {row[0] for row in db.execute(_HOLDERS, (file,))}
        for holder in holders:
            found |= {row[0] for row in db.execute(_REQUESTS_OF_FILE, (holder,))}
    return found


_HOLDERS = """
    with recursive holders(id) as (
      select parent_id from file_members where file_id = ?
      union select m.parent_id from file_members m join holders h on m.file_id = h.id
    ) select id from holders
"""
_REQUESTS_OF_FILE = """
    select m.request_id from attachments a join messages m on m.id = a.message_id join requests r on r.id = m.request_id
    where a.file_id = ? and r.withheld_at is null
"""


def _moved_nation(db: sqlite3.Connection) -> set[int]:
    """Requests of authorities whose tags say another nation, or a school where there was none, than the rows do."""
    tags: dict[int, list[tuple[str, str]]] = {}
    for authority, tag, value in db.execute("select authority_id, name, value from authority_tags"):
        tags.setdefault(authority, []).append((tag, value))
    moved: set[int] = set()
    for authority, nation, school in db.execute(_COUNTED_AS):
        own = tags.get(authority, [])
        if (nation_of(own), int(is_school(own))) != (nation, school):
            moved |= {row[0] for row in db.execute("select id from requests where authority_id = ?", (authority,))}
    return moved & {row[0] for row in db.execute("select request_id from deadlines")} if moved else moved


_COUNTED_AS = """
    select distinct r.authority_id, d.nation, d.school from deadlines d join requests r on r.id = d.request_id
    where r.authority_id is not null
"""


def _watermarks(db: sqlite3.Connection) -> tuple[str | None, str | None]:
    """The newest visit and reading of a file that this run has seen; the next one begins with these, once more."""
    seen = db.execute("select max(last_seen_at) from requests").fetchone()[0]
    return seen, db.execute("select max(extracted_at) from files").fetchone()[0]


def _tasks(due: dict[str, list[int]]) -> Iterator[Task]:
    """Requests in chunks, each with all names that it is due for."""
    names: dict[int, list[str]] = {}
    for name, requests in due.items():
        for request in requests:
            names.setdefault(request, []).append(name)
    alike: dict[tuple[str, ...], list[int]] = {}
    for request in sorted(names):
        alike.setdefault(tuple(names[request]), []).append(request)
    for together, requests in alike.items():
        rest = iter(requests)
        while chunk := tuple(islice(rest, CHUNK)):
            yield Task(together, chunk)


def _write(
    archive: Archive,
    db: sqlite3.Connection,
    due: dict[str, list[int]],
    lexicons: tuple[str, ...],
    workers: int,
    changed: families.Changed,
    progress: Callable[[int, int], None],
) -> None:
    total = len({request for requests in due.values() for request in requests})
    done = 0
    for task, made in make(archive.path, lexicons, _tasks(due), workers, total):
        marks = ", ".join("?" * len(task.requests))
        for name in task.names:
            for table in MADE[name]:
                if table in BY_REQUEST and name != "families":
                    db.execute(f"delete from {table} where request_id in ({marks})", task.requests)
        if "families" in task.names:
            families.keep(db, task.requests, made.pop("family_signatures", ()), changed)
        _insert(db, made)
        db.executemany(
            "insert or replace into study_requests values (?, ?)",
            [(request, name) for name in task.names for request in task.requests],
        )
        done += len(task.requests)
        progress(done, total)


def _insert(db: sqlite3.Connection, made: Made) -> None:
    for table, rows in made.items():
        if rows:
            # Tables with an id of their own number their rows themselves.
            values = ", ".join("?" * len(rows[0]))
            own = "null, " if TABLES[table].lstrip().startswith("id integer primary key") else ""
            db.executemany(f"insert into {table} values ({own}{values})", rows)


def _views(db: sqlite3.Connection) -> None:
    """Views stand once all tables that they read do."""
    there = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    for view, select in VIEWS.items():
        db.execute(f"drop view if exists {view}")
        if all(table in there for table in TABLES):
            db.execute(f"create view {view} as {select}")
