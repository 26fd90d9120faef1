"""The files' bytes within an exported database (`scraper.archive.sqlar`), copied piece by piece."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..archive.files import FileStore
from ..archive.sqlar import CHUNK, TABLE, name_of, open_file
from .opened import Source
from .selection import CannotExport
from .side_by_side import Progress

LARGEST = 999_000_000
"""Bytes of a file; SQLite holds at most 1,000,000,000 in a row."""
IN_MEMORY = 16 * 1024 * 1024
"""Bytes of a packed file that are held in memory; what is larger goes to a temporary file."""
WORTH_IT = 0.9
"""Packed where that is so much of it or less: what is not packed can be read from the middle."""
MODE = 0o100644

PACKED_ALREADY = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "video/",
    "audio/mpeg",
    "application/zip",
    "application/gzip",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/vnd.openxmlformats-",
    "application/vnd.oasis.opendocument.",
    "application/epub+zip",
)
"""How media types begin of what is compressed as it is: to try it again would only take time."""

TOO_LARGE = "files larger than SQLite can hold"
MISSING = "files whose bytes are not in the file store"


@dataclass(frozen=True, slots=True)
class Packed:
    """How many files are in the database, and what is not -> how many."""

    files: int
    left_out: Mapping[str, int]


def pack(source: Source, db: sqlite3.Connection, files: FileStore, folder: Path, progress: Progress) -> Packed:
    """Makes the table `sqlar` with every file of the exported rows. `folder` is for temporary files.

    Raises CannotExport where a file's bytes are not those of its hash, OSError where the disk fails.
    """
    db.execute(TABLE)
    total: int = source.db.execute("select count(*) from files").fetchone()[0]
    packed, left_out = 0, {TOO_LARGE: 0, MISSING: 0}
    chosen = source.db.execute("select sha256, size, media_type from files order by sha256")
    for done, (sha256, size, media_type) in enumerate(chosen, 1):
        if size > LARGEST:
            left_out[TOO_LARGE] += 1
        else:
            try:
                file = open_file(files, source.archive, sha256)
            except FileNotFoundError:
                left_out[MISSING] += 1
            else:
                with file:
                    _add(db, file, sha256, size, not (media_type or "").startswith(PACKED_ALREADY), folder)
                packed += 1
        progress("files", done, total)
    return Packed(packed, {what: count for what, count in left_out.items() if count})


def _add(db: sqlite3.Connection, file: BinaryIO, sha256: str, size: int, try_packing: bool, folder: Path) -> None:
    if try_packing:
        with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder)) as packed:
            length = _compress(file, packed, sha256)
            if length <= WORTH_IT * size:
                packed.seek(0)
                with _row(db, sha256, size, length) as blob:
                    while chunk := packed.read(CHUNK):
                        blob.write(chunk)
                return
        file.seek(0)
    digest, left = hashlib.sha256(), size
    with _row(db, sha256, size, size) as blob:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            digest.update(chunk)
            blob.write(chunk)
            left -= len(chunk)
    if left or file.read(1) or digest.hexdigest() != sha256:
        raise _damaged(sha256)


def _compress(file: BinaryIO, packed: tempfile.SpooledTemporaryFile[bytes], sha256: str) -> int:
    digest, deflate = hashlib.sha256(), zlib.compressobj()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        packed.write(deflate.compress(chunk))
    packed.write(deflate.flush())
    if digest.hexdigest() != sha256:
        raise _damaged(sha256)
    return packed.tell()


def _row(db: sqlite3.Connection, sha256: str, size: int, length: int) -> sqlite3.Blob:
    """A new row, whose data is to be written. Its time is always the same, so that its bytes are."""
    added = db.execute("insert into sqlar values (?, ?, 0, ?, zeroblob(?))", (name_of(sha256), MODE, size, length))
    if added.lastrowid is None:
        raise sqlite3.OperationalError("the database gave a row no number")
    return db.blobopen("sqlar", "data", added.lastrowid)


def _damaged(sha256: str) -> CannotExport:
    return CannotExport(f"the bytes of file {sha256} are not those that were kept; see wdtk check")
