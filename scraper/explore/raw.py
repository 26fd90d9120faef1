"""A file's own bytes, by their hash. Strangers made them: only what a browser shows without running it is shown."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from datasette.utils.asgi import Response

from ..archive.files import FileStore
from ..archive.sqlar import CHUNK, open_file
from . import policy, scripted
from .visit import NotShown, Query, Reader, Visit

PDF = "application/pdf"
INLINE = {
    PDF: PDF,
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "text/plain": "text/plain; charset=utf-8",
}
"""Media types (told from the bytes when the file was kept) that may be looked at, and how they are sent. HTML and SVG
above all are not among them: they are only ever saved."""

SAVED = "application/octet-stream"

FILE = Query("The file", "select id, sha256, size, media_type from files where sha256 = :sha256")
NAME = Query(
    "Its name where it is attached first",
    # In the index's own order: the logo of a mail's signature may be attached a hundred thousand times.
    """select t.filename
from attachments t
join messages m on m.id = t.message_id
join requests r on r.id = m.request_id
where t.file_id = :file_id and t.gone_at is null and +t.status = 'stored'
  and m.gone_at is null and m.withheld is null and +r.withheld_at is null
order by t.id
limit 1""",
)
PARENTS = Query("Files that contain it", "select parent_id, path from file_members where file_id = :file_id order by parent_id")
DEEPEST = 10
"""Archives within archives are followed up so far."""


class Asked(NamedTuple):
    """A range of bytes, `first` up to and including `last`."""

    first: int
    last: int


class CannotMeet(Exception):
    """A range beyond the end of a file."""


class Sent:
    """An answer that streams a range of a file that is open already."""

    def __init__(self, file: BinaryIO, asked: Asked, status: int, headers: dict[str, str]) -> None:
        self.file, self.asked, self.status, self.headers = file, asked, status, headers

    async def asgi_send(self, send: Any) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            left = self.asked.last - self.asked.first + 1
            await asyncio.to_thread(self.file.seek, self.asked.first)
            while left > 0:
                chunk = await asyncio.to_thread(self.file.read, min(CHUNK, left))
                if not chunk:
                    break
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
            if left > 0 or self.asked.last < self.asked.first:
                await send({"type": "http.response.body", "body": b""})
        finally:
            self.file.close()


def live_name(reader: Reader, file_id: int, depth: int = DEEPEST) -> str | None:
    """A name under which the archive shows the file: its attachment's, or its path within a file that is shown.

    None where nothing shows it: then nobody gets its bytes, although they may still be on the disk.
    """
    if attached := reader.one(NAME, file_id=file_id):
        return attached["filename"] or "file"
    if depth and reader.has("file_members"):
        for parent in reader.rows(PARENTS, file_id=file_id):
            if live_name(reader, parent["parent_id"], depth - 1) is not None:
                return re.split(r"[/\\]", parent["path"] or "")[-1] or "file"
    return None


def _find(reader: Reader, sha256: str) -> tuple[sqlite3.Row, str] | None:
    file = reader.one(FILE, sha256=sha256)
    name = live_name(reader, file["id"]) if file else None
    return (file, name) if file and name is not None else None


async def show(visit: Visit) -> Response | Sent:
    """Raises NotShown where the archive does not show such a file, its bytes are not on this machine, or they are a PDF
    that might run something and is not asked for to be saved (403).
    """
    found, _ = await visit.read(lambda reader: _find(reader, visit.path["sha256"]))
    if found is None:
        raise NotShown("This file is not in the archive", "It may have been withdrawn by the site.")
    file, name = found
    # The path is made of the hash that the database gave back, never of what was asked for.
    place = (folder(visit).root, Path(visit.database.path), file["sha256"])
    try:
        handle = await asyncio.to_thread(_open, *place)
    except FileNotFoundError:
        raise NotShown("The bytes of this file are not on this server", "Its own page may have its text.") from None
    length = await asyncio.to_thread(handle.seek, 0, 2)
    shown = INLINE.get(file["media_type"] or "") if "download" not in visit.args else None
    if shown == PDF and await asyncio.to_thread(_may_run, *place):
        handle.close()
        reason = "It has a script in it, or may have one, which your browser would run. It can be saved from its own page."
        raise NotShown("This PDF is not shown here", reason, 403)
    headers = _headers(file["sha256"], name, shown)
    etag = headers["etag"]
    if etag in re.findall(r'"[^"]*"', visit.request.headers.get("if-none-match", "")):
        handle.close()
        return Response("", status=304, headers=headers)
    wanted = visit.request.headers.get("range") if visit.request.headers.get("if-range", etag) == etag else None
    try:
        part = asked(wanted, length) if wanted else None
    except CannotMeet:
        handle.close()
        return Response("", status=416, headers={**headers, "content-range": f"bytes */{length}"}, content_type="text/plain")
    headers["content-type"] = shown or SAVED
    if part is not None:
        headers["content-range"] = f"bytes {part.first}-{part.last}/{length}"
        headers["content-length"] = str(part.last - part.first + 1)
        return Sent(handle, part, 206, headers)
    headers["content-length"] = str(length)
    return Sent(handle, Asked(0, length - 1), 200, headers)


def _open(root: Path, archive: Path, sha256: str) -> BinaryIO:
    return open_file(FileStore(root), archive, sha256)


@lru_cache(maxsize=4096)
def _may_run(root: Path, archive: Path, sha256: str) -> bool:
    """Asked for each range of a file, whose bytes never change."""
    with _open(root, archive, sha256) as file:
        if file.seek(0, 2) > scripted.LARGEST:
            return True
        file.seek(0)
        return scripted.may_run(file.read())


def folder(visit: Visit) -> FileStore:
    """Where the archive's files lie: where the plugin's setting `files` or WDTK_FILES says, else beside it."""
    config = visit.datasette.plugin_config("wdtk-archive") or {}
    return FileStore.beside(Path(visit.database.path), config.get("files") or os.environ.get("WDTK_FILES") or None)


def _headers(sha256: str, name: str, shown: str | None) -> dict[str, str]:
    return {
        "content-disposition": disposition(name, inline=shown is not None),
        "content-security-policy": policy.FILE,
        "etag": f'"{sha256}"',
        "accept-ranges": "bytes",
        # The bytes of a hash never change; but they may be withdrawn, so they are kept an hour and nowhere in between.
        "cache-control": "private, max-age=3600",
    }


def disposition(name: str, inline: bool) -> str:
    """Content-Disposition (RFC 6266): a plain name for old programs, and the whole one in UTF-8 (RFC 5987)."""
    clean = safe_name(name)
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "_", clean)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def safe_name(name: str) -> str:
    """A stranger's file name without folders, control characters or leading dots, at most 150 characters."""
    last = re.split(r"[/\\]", name)[-1]
    clean = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in last).strip(" .")
    return clean[-150:].lstrip(" .") or "file"


def asked(header: str, length: int) -> Asked | None:
    """The one range of a Range header (RFC 9110); None where the whole is to be sent.

    Several ranges at once are answered with the whole, as the standard allows. Raises CannotMeet where the range lies
    beyond the end.
    """
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, last = max(0, length - int(found[2])), length - 1
    else:
        first, last = int(found[1]), min(int(found[2]) if found[2] else length - 1, length - 1)
        if found[2] and int(found[2]) < first:
            return None
    if first > last or first >= length:
        raise CannotMeet(header)
    return Asked(first, last)
