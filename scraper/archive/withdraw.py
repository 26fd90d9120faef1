"""Withdrawn upstream means withdrawn here.

A request that the site refuses is set aside at once: what the tables hold of it is packed into one row that no page,
search or export shows. If the site shows it again, it is put back as it was. If a second healthy night confirms the
refusal, it is erased: from tables, indexes, `changes`, raw pages and files. What stays is a tombstone: ids, times,
kinds and the reason the site gave.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..records import PageKind, PageRef
from ..urls import Site
from .agenda import Agenda, Job
from .attachments import release_file
from .captures import Captures
from .derived import drop_derived
from .files import FileStore
from .members import contents, is_owned
from .rows import CONTENT, Value, Writer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLANKED: dict[str, tuple[str, ...]] = {
    "requests": ("title", "user_id", "user_name", "display_status", "described_state", "display_state", "due_on"),
    "messages": ("author", "user_id", "user_url_name", "text", "own_length", "own_text", "html", "delivery_status"),
    "attachments": ("site_id", "filename", "url", "size_shown", "note", "status_reason", "file_id", "content_type"),
}
"""Columns that are emptied in rows that stay as tombstones."""
FILE_COLUMNS = ("sha256", "size", "media_type", "text_status", "text_method", "page_count", "text_error", "extracted_at")
RAW_IN_CHANGES = ("url_title", "url", "name", "sha256")
"""Columns whose values `changes` holds as they were."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a refusal is believed: on so many nights, at least so far apart."""

    nights: int = 2
    hours: float = 20.0


TWO_NIGHTS = Rule()
_PAGES = (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML)


def refused(writer: Writer, agenda: Agenda, captures: Captures, site: Site, request_id: int, rule: Rule) -> None:
    """Notes that the site refused a request on this visit, and sets its content aside at the first time."""
    row = writer.db.execute("select * from withdrawals where request_id = ?", (request_id,)).fetchone()
    if row is None:
        packed = _set_aside(writer, agenda, captures, site, request_id)
        writer.db.execute(
            "insert into withdrawals (request_id, first_refused_at, first_run_id, last_refused_at, last_run_id, nights, "
            "set_aside) values (?, ?, ?, ?, ?, 1, ?)",
            (request_id, writer.observed_at, writer.run_id, writer.observed_at, writer.run_id, packed),
        )
        writer.written += 1
    elif row["withdrawn_at"] is None and _hours(row["last_refused_at"], writer.observed_at) >= rule.hours:
        writer.db.execute(
            "update withdrawals set last_refused_at = ?, last_run_id = ?, nights = nights + 1 where request_id = ?",
            (writer.observed_at, writer.run_id, request_id),
        )


def shown_again(writer: Writer, files: FileStore, request_id: int) -> None:
    """The site shows a request that it had refused: what was set aside is put back; what was erased comes anew."""
    row = writer.db.execute("select set_aside from withdrawals where request_id = ?", (request_id,)).fetchone()
    if row is None:
        return
    if row["set_aside"] is not None:
        _put_back(writer, files, json.loads(zstd.decompress(row["set_aside"])))
    writer.db.execute("delete from withdrawals where request_id = ?", (request_id,))
    writer.written += 1


def settle(
    db: sqlite3.Connection, captures: Captures, site: Site, job: Job, run_id: int, healthy: bool, rule: Rule, now: str
) -> list[int]:
    """At a run's end, inside the caller's transaction: erases what is confirmed; returns the requests' ids.

    A run that the site blocked proves nothing: the nights it counted are taken back. `now` is UTC text.
    """
    if not healthy:
        db.execute("update withdrawals set nights = nights - 1 where last_run_id = ? and withdrawn_at is null", (run_id,))
        return []
    confirmed = [
        row[0]
        for row in db.execute(
            "select request_id from withdrawals where withdrawn_at is null and last_refused_at >= ? and nights >= ?",
            (job.started_at, rule.nights),
        )
    ]
    erase(db, captures, site, confirmed, now)
    return confirmed


def drop_unnamed_users(db: sqlite3.Connection, captures: Captures, agenda: Agenda) -> int:
    """Deletes users whom nothing that is shown names any more, inside the caller's transaction; returns how many."""
    unnamed = db.execute(
        "select id, url_name from users u where not exists (select 1 from requests r where r.user_id = u.id) "
        "and not exists (select 1 from messages m where m.user_id = u.id) "
        "and not exists (select 1 from batches b where b.user_id = u.id)"
    ).fetchall()
    for row in unnamed:
        ref = PageRef(PageKind.USER_JSON, row["url_name"])
        captures.drop_bodies(ref)
        agenda.drop(ref)
        db.execute(
            "update changes set old_value = null, new_value = null where table_name = 'users' and row_key = ?", (str(row["id"]),)
        )
        db.execute("delete from users where id = ?", (row["id"],))
    return len(unnamed)


def erase(db: sqlite3.Connection, captures: Captures, site: Site, request_ids: Iterable[int], now: str) -> None:
    """Erases requests that were set aside. What stays says that they were, and when they went."""
    slugs: set[str] = set()
    for request_id in request_ids:
        slugs |= _erase(db, captures, site, request_id, now)
    captures.drop_mentions(slugs)


def _erase(db: sqlite3.Connection, captures: Captures, site: Site, request_id: int, now: str) -> set[str]:
    """Erases one request; returns the slugs that it ever had here."""
    row = db.execute("select set_aside from withdrawals where request_id = ?", (request_id,)).fetchone()
    aside = json.loads(zstd.decompress(row["set_aside"])) if row["set_aside"] is not None else None
    slugs: set[str] = set()
    if aside is not None:
        renames = [change for change in aside["changes"] if change["column_name"] == "url_title"]
        names = [aside["requests"][0]["url_title"], *(change[side] for change in renames for side in ("old_value", "new_value"))]
        slugs = {str(name) for name in names if name}
        captures.forget_request(slugs, request_id, site)
        for file in aside["files"]:
            db.execute("insert or replace into files_to_delete (sha256, aside) values (?, 0)", (file["sha256"],))
    db.execute("update withdrawals set set_aside = null, withdrawn_at = ? where request_id = ?", (now, request_id))
    db.execute("update messages set gone_at = coalesce(gone_at, ?) where request_id = ?", (now, request_id))
    db.execute(
        "update attachments set gone_at = coalesce(gone_at, ?) "
        "where message_id in (select id from messages where request_id = ?)",
        (now, request_id),
    )
    telling = sorted({*RAW_IN_CHANGES, *(column for columns in CONTENT.values() for column in columns)})
    where = f"request_id = ? and column_name in ({', '.join('?' * len(telling))})"
    db.execute(f"update changes set old_value = null, new_value = null where {where}", (request_id, *telling))
    return slugs


# ---- setting aside and putting back ---------------------------------------------------------------------------------


def _set_aside(writer: Writer, agenda: Agenda, captures: Captures, site: Site, request_id: int) -> bytes:
    db = writer.db
    drop_derived(db, request_id)
    aside = _gather(db, request_id)
    slug = str(aside["requests"][0]["url_title"])
    for table, columns in BLANKED.items():
        numbers = [row["id"] for row in aside[table]]
        blank = ", ".join(f"{column} = null" for column in columns)
        db.executemany(f"update {table} set {blank} where id = ?", [(number,) for number in numbers])
    # The slug is the title in other letters; the number is all that is needed to look again.
    address = f"{site.base}/request/{request_id}"
    db.execute("update requests set url_title = '', url = ? where id = ?", (address, request_id))
    db.execute("delete from links where message_id in (select id from messages where request_id = ?)", (request_id,))
    db.execute("delete from request_tags where request_id = ?", (request_id,))
    db.executemany(
        "update changes set old_value = null, new_value = null where id = ?", [(row["id"],) for row in aside["changes"]]
    )
    for file in aside["files"]:
        # The row and its text go; the bytes wait where nothing serves them.
        release_file(writer, int(file["id"] or 0), aside=True)
    for kind in _PAGES:
        captures.drop_bodies(PageRef(kind, slug))
    db.execute(
        "delete from agenda where (page_kind in (?, ?) and page_key = ?) or (page_kind = ? and page_key >= ? and page_key < ?)",
        (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML, slug, PageKind.ATTACHMENT, f"{slug}/", f"{slug}0"),
    )
    writer.erased = True
    return zstd.compress(json.dumps(aside, ensure_ascii=False).encode(), level=10)


def _gather(db: sqlite3.Connection, request_id: int) -> dict[str, list[dict[str, Value]]]:
    """All rows of a request that say anything, and the files that it alone has."""

    def rows(query: str) -> list[dict[str, Value]]:
        return [dict(row) for row in db.execute(query, {"id": request_id})]

    messages = "(select id from messages where request_id = :id)"
    own = ", ".join(map(str, _own_files(db, request_id)))
    raw = ", ".join(f"'{column}'" for column in RAW_IN_CHANGES)
    return {
        "captures": [
            {**dict(row), "body": base64.b64encode(row["body"]).decode()}
            for row in db.execute(
                "select c.id, c.body, c.dictionary_id, c.headers from captures c join requests r on r.url_title = c.page_key "
                "where r.id = ? and c.page_kind in (?, ?) and c.body is not null",
                (request_id, *_PAGES),
            )
        ],
        "requests": rows("select * from requests where id = :id"),
        "request_tags": rows("select * from request_tags where request_id = :id"),
        "messages": rows("select * from messages where request_id = :id"),
        "links": rows(f"select * from links where message_id in {messages}"),
        "attachments": rows(
            f"select a.*, f.sha256 from attachments a left join files f on f.id = a.file_id where a.message_id in {messages}"
        ),
        "changes": rows(
            f"select id, column_name, old_value, new_value from changes where request_id = :id and column_name in ({raw})"
        ),
        "files": rows(f"select f.*, t.text from files f left join file_texts t on t.file_id = f.id where f.id in ({own})"),
        "file_members": rows(
            "select p.sha256 as parent, m.position, m.path, m.reason, f.sha256 as file from file_members m "
            f"join files p on p.id = m.parent_id left join files f on f.id = m.file_id where m.parent_id in ({own})"
        ),
    }


def _own_files(db: sqlite3.Connection, request_id: int) -> list[int]:
    """The files that a request alone has, those within its files too."""
    attached = db.execute(
        "select distinct a.file_id from attachments a join messages m on m.id = a.message_id "
        "where m.request_id = ? and a.file_id is not null",
        (request_id,),
    ).fetchall()
    reached = {file for row in attached for file in contents(db, row["file_id"])}
    its_own = "a.message_id in (select id from messages where request_id = :request_id)"
    return sorted(file for file in reached if not is_owned(db, file, its_own, request_id=request_id))


def _put_back_files(writer: Writer, files: FileStore, aside: dict[str, list[dict[str, Value]]]) -> None:
    """Files whose bytes are still there, and what was in which; what is missing is fetched or unpacked anew."""
    db = writer.db
    for file in aside["files"]:
        if not files.take_back(str(file["sha256"])):
            continue
        if not db.execute("select 1 from files where sha256 = ?", (file["sha256"],)).fetchone():
            number = writer.insert("files", {column: file[column] for column in FILE_COLUMNS})
            if file["text"] is not None:
                writer.insert("file_texts", {"file_id": number, "text": file["text"]})
    # What was set aside before files within files were known has none.
    for row in aside.get("file_members", []):
        db.execute(
            "insert or ignore into file_members (parent_id, position, path, file_id, reason) "
            "select p.id, ?, ?, (select id from files where sha256 = ?), ? from files p where p.sha256 = ?",
            (row["position"], row["path"], row["file"], row["reason"], row["parent"]),
        )
        if row["file"] is not None and not db.execute("select 1 from files where sha256 = ?", (row["file"],)).fetchone():
            db.execute("update files set text_status = 'due' where sha256 = ?", (row["parent"],))


def _put_back(writer: Writer, files: FileStore, aside: dict[str, list[dict[str, Value]]]) -> None:
    db = writer.db
    _put_back_files(writer, files, aside)
    for row in aside["attachments"]:
        # By hash: the number may be another file's by now.
        known = db.execute("select id from files where sha256 = ?", (row.pop("sha256"),)).fetchone()
        if known is None and row["status"] == "stored":
            row["status"] = "due"
        row["file_id"] = known["id"] if known is not None else None
    for row in [*aside["requests"], *aside["messages"]]:
        if not db.execute("select 1 from users where id = ?", (row["user_id"],)).fetchone():
            row["user_id"] = None
    for table, columns in BLANKED.items():
        columns += {"requests": ("url_title", "url"), "attachments": ("status",)}.get(table, ())
        for row in aside[table]:
            values = [row[column] for column in columns]
            db.execute(
                f"update {table} set {', '.join(f'{column} = ?' for column in columns)} where id = ?", (*values, row["id"])
            )
    for table in ("links", "request_tags"):
        for row in aside[table]:
            writer.insert(table, row)
    dictionaries = {None, *(row[0] for row in db.execute("select id from dictionaries"))}
    for row in aside["captures"]:
        if row["dictionary_id"] not in dictionaries:
            continue  # it was damaged, and dropped with all that needed it
        body = base64.b64decode(str(row["body"]))
        packed = (body, row["dictionary_id"], row["headers"], row["id"])
        db.execute("update captures set body = ?, dictionary_id = ?, headers = ? where id = ?", packed)
    for row in aside["changes"]:
        db.execute(
            "update changes set old_value = ?, new_value = ? where id = ?", (row["old_value"], row["new_value"], row["id"])
        )


def _hours(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)) / timedelta(hours=1)
