"""Files within an archive: a table `sqlar`, as SQLite's own archiver has it (https://sqlite.org/sqlar.html).

Only exports have it. A file's name there is its path in the file store, so that ``sqlite3 archive.db -Ax`` in
``archive.files/`` makes the very folder. What is packed is a zlib stream, and is packed where that is shorter than `sz`.
"""

from __future__ import annotations

import io
import sqlite3
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .files import FileStore

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TABLE = "create table sqlar (name text primary key, mode int, mtime int, sz int, data blob)"
CHUNK = 256 * 1024
"""Bytes read at a time: a large file is never in memory whole."""


def name_of(sha256: str) -> str:
    """A file's name in the table: ``ab/cd/<sha256>``."""
    return FileStore(Path()).path(sha256).as_posix()


def open_file(files: FileStore, archive: Path, sha256: str) -> BinaryIO:
    """A kept file for reading: from the file store, or else from the archive itself. It can be sought in.

    Raises FileNotFoundError where it is in neither. Reading raises OSError where what is packed is damaged.
    """
    try:
        return files.path(sha256).open("rb")
    except FileNotFoundError:
        packed = _within(archive, name_of(sha256))
        if packed is None:
            raise
        return io.BufferedReader(packed, CHUNK)


def _within(archive: Path, name: str) -> _Stored | None:
    # Reads go from thread to thread, one after the other.
    db = sqlite3.connect(f"{archive.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    try:
        if db.execute("select 1 from sqlite_master where type = 'table' and name = 'sqlar'").fetchone():
            row = db.execute("select rowid, sz, length(data) from sqlar where name = ?", (name,)).fetchone()
            if row is not None:
                number, size, length = row
                return _Stored(db, number, size) if length == size else _Packed(db, number, size)
    except BaseException:
        db.close()
        raise
    db.close()
    return None


class _Stored(io.RawIOBase):
    """A blob as it is. Has a connection of its own, which it closes."""

    def __init__(self, db: sqlite3.Connection, number: int, size: int) -> None:
        self._db, self._size, self._at = db, size, 0
        self._blob = db.blobopen("sqlar", "data", number, readonly=True)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._read(min(len(view), max(0, self._size - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, length: int) -> bytes:
        if not length:
            return b""
        self._blob.seek(self._at)
        return self._blob.read(length)

    def close(self) -> None:
        if not self.closed:
            self._blob.close()
            self._db.close()
        super().close()


class _Packed(_Stored):
    """A blob that is unpacked as it is read. To go back is to begin anew."""

    def __init__(self, db: sqlite3.Connection, number: int, size: int) -> None:
        super().__init__(db, number, size)
        self._restart()

    def _restart(self) -> None:
        self._blob.seek(0)
        self._inflate, self._done = zlib.decompressobj(), 0

    def _read(self, length: int) -> bytes:
        if not length:
            return b""
        if self._at < self._done:
            self._restart()
        while self._done < self._at:
            self._unpack(min(CHUNK, self._at - self._done))
        return self._unpack(length)

    def _unpack(self, most: int) -> bytes:
        try:
            data = self._inflate.decompress(self._inflate.unconsumed_tail, most)
            while not data:
                packed = self._blob.read(CHUNK)
                if not packed:
                    raise OSError(f"a packed file ends after {self._done} of {self._size} bytes")
                data = self._inflate.decompress(packed, most)
        except zlib.error as error:
            raise OSError(f"a packed file is damaged: {error}") from error
        self._done += len(data)
        return data
