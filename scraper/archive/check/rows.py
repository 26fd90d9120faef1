"""Rows: each leads to rows that exist, and what raw pages tell of is in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from ...pages import read
from ...records import Capture, PageKind, PageRef, Reading, Request, UnreadablePage
from ..captures import Captures
from ..members import read_again
from ..schema import TABLES
from ..store import Archive
from .captures import UNPACKING_FAILS
from .damage import Damage, Mending, Room, some
from .withheld import slugs_set_aside


class Reference(NamedTuple):
    """A column whose value is the id of a row elsewhere."""

    table: str
    column: str
    parent: str
    optional: bool


def references(db: sqlite3.Connection) -> list[Reference]:
    """Every foreign key of the archive's tables."""
    found = []
    for table in TABLES:
        optional = {row[1] for row in db.execute(f"pragma table_info({table})") if not row[3] and not row[5]}
        found += [Reference(table, row[3], row[2], row[3] in optional) for row in db.execute(f"pragma foreign_key_list({table})")]
    return found


def _nowhere(reference: Reference) -> str:
    return f"{reference.column} is not null and {reference.column} not in (select id from {reference.parent})"


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Rows that lead nowhere; requests that a raw page tells of and no table; files that are said to be stored and are not."""
    db = archive.db
    yield from _pages(archive)
    for reference in references(db):
        rows = [
            str(row[0]) for row in db.execute(f"select {reference.column} from {reference.table} where {_nowhere(reference)}")
        ]
        if rows:
            what = f"{len(rows):,} rows lead to no row of {reference.parent}: {some(sorted(set(rows)))}"
            yield Damage("orphan_row", f"{reference.table}.{reference.column}", what, key=tuple(reference))
    yield from _attachments(db)


def _pages(archive: Archive) -> Iterator[Damage]:
    """Raw pages of requests that the tables do not know by that name."""
    rows = archive.db.execute(
        "select page_key, max(page_kind = ?) from captures where page_kind in (?, ?) and body is not null and page_key not in "
        "(select url_title from requests) group by page_key",
        (PageKind.REQUEST_JSON, PageKind.REQUEST_JSON, PageKind.REQUEST_HTML),
    ).fetchall()
    aside = slugs_set_aside(archive.db) if rows else set()
    for slug, has_json in rows:
        if slug in aside:
            continue
        number = _number(archive, slug) if has_json else None
        if number is None or archive.db.execute("select 1 from requests where id = ?", (number,)).fetchone():
            what = "a raw page of a request that was withdrawn, or has another name now"
            yield Damage("old_page", f"request {slug}", what, key=(slug,))
        else:
            yield Damage("lost_request", f"requests {number}", f"its raw page ({slug}) is kept, its rows are not", key=(slug,))


def _number(archive: Archive, slug: str) -> int | None:
    """The id of the request that a kept JSON tells of, None where it cannot be read."""
    page = _kept(archive, PageKind.REQUEST_JSON, slug)
    record = page[1].record if page is not None else None
    return record.id if isinstance(record, Request) else None


def _kept(archive: Archive, kind: PageKind, slug: str) -> tuple[Capture, Reading] | None:
    """A kept page and what it says, None where there is none that says anything."""
    row = archive.db.execute(
        "select * from captures where page_kind = ? and page_key = ? and body is not null order by id desc", (kind, slug)
    ).fetchone()
    if row is None:
        return None
    headers = (("content-type", row["content_type"]),) if row["content_type"] else ()
    try:
        body = Captures(archive.db).body(row["id"])
        capture = Capture(PageRef(kind, slug), row["url"], row["status"], headers, body or b"", row["requested_at"])
        reading = read(capture, archive.site)
    except (UnreadablePage, KeyError, *UNPACKING_FAILS):  # KeyError: the dictionary is gone
        return None
    return (capture, reading) if reading.outcome == "content" else None


def _attachments(db: sqlite3.Connection) -> Iterator[Damage]:
    for number, status in db.execute(
        "select a.id, a.status from attachments a join messages m on m.id = a.message_id join requests r on r.id = m.request_id "
        "where (a.status = 'stored') <> (a.file_id is not null) and a.gone_at is null and r.withheld_at is null"
    ).fetchall():
        what = "is said to be stored and has no file" if status == "stored" else f"is {status}, and has a file"
        yield Damage("attachment", f"attachments {number}", what, key=(number,))


# ---- mending --------------------------------------------------------------------------------------------------------


def reread(mending: Mending, slug: str) -> bool:
    """Keeps again what the kept pages of a request say; False where none says anything."""
    done = False
    for kind in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
        page = _kept(mending.archive, kind, slug)
        if page is None:
            break
        capture, reading = page
        mending.keeper.reread(capture, reading, capture.requested_at, told=set())
        done = True
    return done


def _restore(mending: Mending, damage: Damage) -> str:
    reread(mending, str(damage.key[0]))
    return "its rows are made anew from the raw page"


def _drop_page(mending: Mending, damage: Damage) -> str:
    slug = str(damage.key[0])
    with mending.archive.transaction():
        for kind in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
            mending.keeper.captures.drop_bodies(PageRef(kind, slug))
            mending.keeper.agenda.drop(PageRef(kind, slug))
        mending.wipe()
    return "dropped"


def _unlink(mending: Mending, damage: Damage) -> str:
    """Rows that belong to what is gone go with it; rows that only mention it stay and do not."""
    reference = Reference(*damage.key)  # type: ignore[arg-type]  # made from one in `find`
    if reference.table in ("requests", "messages"):
        _reread_all(mending, reference)
    with mending.archive.transaction() as db:
        if (reference.table, reference.column) == ("attachments", "file_id"):
            due = mending.file_due(f"a.{_nowhere(reference)}")
            db.execute(f"update attachments set file_id = null where {_nowhere(reference)}")
            return f"{due:,} attachments due again"
        if (reference.table, reference.column) == ("file_members", "file_id"):
            lost = [row[0] for row in db.execute(f"select distinct file_id from file_members where {_nowhere(reference)}")]
            return f"{sum(read_again(db, number) for number in lost):,} files to be read again"
        if (reference.table, reference.column) == ("captures", "dictionary_id"):
            db.execute(f"update captures set body = null, dictionary_id = null where {_nowhere(reference)}")
            return "bodies that nothing can unpack are dropped"
        if reference.table == "agenda":
            db.execute(f"update agenda set last_capture_id = null, etag = null where {_nowhere(reference)}")
            return "counts as never visited"
        if reference.optional:
            done = db.execute(f"update {reference.table} set {reference.column} = null where {_nowhere(reference)}").rowcount
            return f"{done:,} rows lead to none now"
        done = _delete(db, reference.table, _nowhere(reference))
    return f"{done:,} rows deleted"


def _reread_all(mending: Mending, reference: Reference) -> None:
    """What a request's raw pages tell may bring back the authority, user or batch that its rows lead to."""
    of = "id" if reference.table == "requests" else "request_id"
    slugs = mending.db.execute(
        f"select url_title from requests where id in (select {of} from {reference.table} where {_nowhere(reference)})"
    ).fetchall()
    for (slug,) in slugs:
        reread(mending, slug)


def _delete(db: sqlite3.Connection, table: str, where: str) -> int:
    """Deletes rows, those that belong to them first; returns how many of the table itself."""
    for reference in references(db):
        if reference.parent == table:
            theirs = f"{reference.column} in (select id from {table} where {where})"
            if reference.optional and reference.table != "attachments":
                db.execute(f"update {reference.table} set {reference.column} = null where {theirs}")
            else:
                _delete(db, reference.table, theirs)
    return db.execute(f"delete from {table} where {where}").rowcount


def _settle(mending: Mending, damage: Damage) -> str:
    number = int(damage.key[0])
    with mending.archive.transaction() as db:
        db.execute("update attachments set file_id = null where id = ? and status <> 'stored'", (number,))
        due = mending.file_due("a.id = ? and a.status = 'stored'", number)
    return "due again" if due else "let go of its file"


ROWS = Room(find, {"lost_request": _restore, "old_page": _drop_page, "orphan_row": _unlink, "attachment": _settle})
