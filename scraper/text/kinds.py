"""Which kind of file it is, from its bytes alone: names and what a server said count for nothing."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import olefile

from ..pages.files import media_type_of
from .result import Encrypted, Unreadable

HEAD = 4096
OLE = "application/x-ole-storage"
ZIP = "application/zip"
BINARY = "application/octet-stream"
PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
_IN_ZIP = (
    ("word/document.xml", f"{_OOXML}wordprocessingml.document"),
    ("xl/workbook.xml", f"{_OOXML}spreadsheetml.sheet"),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", f"{_OOXML}presentationml.presentation"),
)
_IN_OLE = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]*[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_MAIL_HEADERS = frozenset(
    b"from to cc subject date sender received message-id mime-version return-path delivered-to reply-to".split()
)
_MAIL_HEAD = 65536


def kind_of(data: bytes) -> str:
    """The media type of a file. Text of any sort but HTML, RTF, calendars and mails is ``text/plain``.

    Raises Encrypted where an office suite's file is wrapped in a container that needs a password, Unreadable where a
    container is too damaged to be told from others.
    """
    found = media_type_of(data[:HEAD])
    if found == OLE:
        return _ole_kind(data)
    if found is not None and (found == ZIP or found.startswith(("application/vnd.o", "application/epub"))):
        return _zip_kind(data, found)
    if found is not None:
        return found
    if b"%PDF-" in data[:1024]:
        return PDF
    if is_binary(data):
        return BINARY
    return "message/rfc822" if _is_mail(data[:_MAIL_HEAD]) else "text/plain"


def is_binary(data: bytes) -> bool:
    """Whether bytes are no text in any encoding: NULs that no UTF-16 or UTF-32 explains, or many control characters."""
    sample = data[:65536]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or not sample:
        return False
    if b"\0" in sample:
        return not utf16_without_mark(sample)
    controls = len(sample.translate(None, bytes(range(32, 256)) + b"\t\n\r\f\v\x1a\x1b\b\x85"))
    return controls * 50 > len(sample)


def utf16_without_mark(sample: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where nearly every other byte is NUL, as in Latin text."""
    half = len(sample) // 2
    if half < 2:
        return None
    even, odd = sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.05 * half else None


def _is_mail(head: bytes) -> bool:
    """Whether it begins with headers, of which one is MIME-Version or three are such as only mails have."""
    at, names = 0, set[bytes]()
    while match := _HEADER.match(head, at):
        names.add(match[0].partition(b":")[0].lower())
        at = match.end()
    ended = at == len(head) or head[at : at + 1] in (b"\r", b"\n")
    return ended and (b"mime-version" in names or len(names & _MAIL_HEADERS) >= 3)


def _zip_kind(data: bytes, found: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, zlib.error, NotImplementedError):
        return found
    return next((kind for name, kind in _IN_ZIP if name in names and "[Content_Types].xml" in names), found)


def _ole_kind(data: bytes) -> str:
    if len(data) < olefile.MINIMAL_OLEFILE_SIZE:
        raise Unreadable(f"OLE: cut off, there are {len(data):,} bytes of it")
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            if container.exists("EncryptedPackage"):
                raise Encrypted("needs a password")
            return next((kind for name, kind in _IN_OLE if container.exists(name)), OLE)
    except (OSError, ValueError, IndexError) as error:  # what olefile raises for damaged ones
        raise Unreadable(f"OLE: {error}") from None
