"""Keeping what was read from files: a file's status, text and members in one transaction with its neighbours'.

A member's bytes lie in their place before the row that names them commits. What a killed run leaves behind is bytes
without a row: the next run finds the file still due, reads it again and takes them.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ..pages.files import media_type_of
from ..records import FileOnDisk
from .attachments import release_file
from .files import FileStore
from .members import containers, contents, depth
from .rows import REMOVED, Forgotten, Value, Writer
from .store import Archive

DEPTH = 4
"""Files in files in files: further down they are named, not kept."""
FAMILY = 3000
FAMILY_BYTES = 1 << 30
"""So many files, so many bytes may come out of one attachment, all levels together."""
_HEAD = 4096
_BUSY = "extracting"


class MemberRead(Protocol):
    """A file within a file. `data` is None where it was left out, for the `reason` given."""

    @property
    def path(self) -> str | None: ...
    @property
    def data(self) -> bytes | None: ...
    @property
    def reason(self) -> str | None: ...


class FileRead(Protocol):
    """What reading a file gave; columns of `files` and `file_texts`."""

    @property
    def status(self) -> str: ...
    @property
    def media_type(self) -> str | None: ...
    @property
    def method(self) -> str | None: ...
    @property
    def page_count(self) -> int | None: ...
    @property
    def text(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def members(self) -> Sequence[MemberRead]: ...


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that is to be read."""

    id: int
    sha256: str
    size: int
    status: str


def waiting(db: sqlite3.Connection, statuses: Sequence[str], after: int, limit: int) -> list[FileRow]:
    """Files with one of these statuses, in the order of their numbers, from the first beyond `after`."""
    rows = db.execute(
        f"select id, sha256, size, text_status from files where text_status in ({', '.join('?' * len(statuses))}) and id > ? "
        "order by id limit ?",
        (*statuses, after, limit),
    )
    return [FileRow(*row) for row in rows]


def noted(db: sqlite3.Connection, status: str, ending: str, after: int, limit: int) -> list[FileRow]:
    """Files with this status whose note ends so, in the order of their numbers, from the first beyond `after`."""
    rows = db.execute(
        "select id, sha256, size, text_status from files where text_status = ? and id > ? and text_error like '%' || ? "
        "order by id limit ?",
        (status, after, ending, limit),
    )
    return [FileRow(*row) for row in rows]


@contextmanager
def extracting(archive: Archive, now: str) -> Iterator[None]:
    """Notes for `wdtk check` that files are being read: what a killed run leaves is then no damage."""
    archive.files.sweep_temporary()
    with archive.transaction() as db:
        db.execute("insert or replace into archive_info (key, value) values (?, ?)", (_BUSY, now))
    yield
    with archive.transaction() as db:
        db.execute("delete from archive_info where key = ?", (_BUSY,))
    archive.wipe()


def was_interrupted(db: sqlite3.Connection) -> bool:
    """Whether reading files was broken off, and not done since."""
    return db.execute("select 1 from archive_info where key = ?", (_BUSY,)).fetchone() is not None


class TextKeeper:
    """Keeps what was read. For the one process that writes the archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._forgotten = Forgotten.of(archive.db)

    def keep(self, results: Sequence[tuple[int, FileRead]], now: str) -> None:
        """Keeps the results of some files, by their numbers, in one transaction. `now` is UTC text.

        A file that is gone by now is passed over. Raises OSError where the disk refuses a member.
        """
        with self.archive.transaction() as db:
            writer = Writer(db, None, now, known=True)
            for file_id, result in results:
                if db.execute("select 1 from files where id = ?", (file_id,)).fetchone():
                    self._keep(writer, file_id, result)
            if writer.erased:
                db.execute("insert or ignore into archive_info (key, value) values ('wipe_due', '1')")

    def _keep(self, writer: Writer, file_id: int, result: FileRead) -> None:
        db = writer.db
        db.execute(
            "update files set text_status = ?, media_type = coalesce(?, media_type), text_method = ?, page_count = ?, "
            "text_error = ?, extracted_at = ? where id = ?",
            (
                result.status,
                result.media_type,
                result.method,
                result.page_count,
                result.error,
                writer.observed_at,
                file_id,
            ),
        )
        if result.text is None:
            db.execute("delete from file_texts where file_id = ?", (file_id,))
        else:
            db.execute(
                "insert into file_texts (file_id, text) values (?, ?) on conflict (file_id) do update set text = excluded.text",
                (file_id, result.text),
            )
        self._members(writer, file_id, result.members)

    def _members(self, writer: Writer, file_id: int, members: Sequence[MemberRead]) -> None:
        db = writer.db
        before = {row[0] for row in db.execute("select file_id from file_members where parent_id = ?", (file_id,))} - {None}
        db.execute("delete from file_members where parent_id = ?", (file_id,))
        if members:
            room = _Room(db, file_id)
            for position, member in enumerate(members, 1):
                self._member(writer, room, (file_id, position), member)
        for old in before:
            release_file(writer, old)

    def _member(self, writer: Writer, room: _Room, key: tuple[int, int], member: MemberRead) -> None:
        values: dict[str, Value] = {"parent_id": key[0], "position": key[1], "path": member.path, "reason": member.reason}
        if member.data is not None:
            sha256 = hashlib.sha256(member.data).hexdigest()
            if self._forgotten.has("file", sha256):
                values |= {"path": None, "reason": REMOVED}
            elif (why := room.refuses(sha256, len(member.data))) is not None:
                values["reason"] = why
            else:
                values["file_id"] = self._store(writer, sha256, member.data)
        writer.insert("file_members", values)

    def _store(self, writer: Writer, sha256: str, data: bytes) -> int:
        self.archive.files.put(_written(self.archive.files, sha256, data))
        row = writer.db.execute("select id from files where sha256 = ?", (sha256,)).fetchone()
        if row is not None:
            return int(row["id"])
        return writer.insert("files", {"sha256": sha256, "size": len(data), "media_type": media_type_of(data[:_HEAD])})


class _Room:
    """What may still come out of the attachments that a file belongs to."""

    def __init__(self, db: sqlite3.Connection, file_id: int) -> None:
        self._too_deep = depth(db, file_id) >= DEPTH
        family = {member for top in (file_id, *containers(db, file_id)) for member in contents(db, top)}
        rows = db.execute(f"select sha256, size from files where id in ({', '.join(map(str, family))})").fetchall()
        self._have = {row["sha256"] for row in rows}
        self._bytes = sum(row["size"] for row in rows)

    def refuses(self, sha256: str, size: int) -> str | None:
        """Why a member is left out, None where it is taken. What the family has already costs nothing."""
        if self._too_deep:
            return f"too deep: {DEPTH} files in one another are opened, no more"
        if sha256 in self._have:
            return None
        if len(self._have) >= FAMILY or self._bytes + size > FAMILY_BYTES:
            return "too much: this attachment holds more than is unpacked"
        self._have.add(sha256)
        self._bytes += size
        return None


def _written(files: FileStore, sha256: str, data: bytes) -> FileOnDisk:
    handle, path = tempfile.mkstemp(dir=files.temporary())
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return FileOnDisk(path, sha256, len(data), data[:_HEAD])
