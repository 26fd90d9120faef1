"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS): a page each sheet, a line each row, tabs between cells. Macros are not looked at.

Sheets, rows and columns that are hidden are read like others. Of XLSX the comments and text boxes of a sheet follow it.
"""

from __future__ import annotations

import io
import re
import struct
from datetime import date, time, timedelta
from importlib.metadata import version

import olefile
import python_calamine as calamine

from ..packed import REFERENCE, Elements, Words, opened, parse, part, related
from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"python-calamine {version('python-calamine')}"
_FILEPASS, _EOF = 0x2F, 0x0A
_HEAD = 4096
"""Of the workbook's stream: what is locked says so at its beginning."""
_WORKBOOK = "xl/workbook.xml"
_BESIDE = re.compile(r"xl/(?:comments|drawings/)[^/]*\.xml")
Cell = str | float | bool | date | time | timedelta | None


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        pages: list[str] = []
        beside, note = _beside(data)
        size = 0
        for number, name in enumerate(book.sheet_names):
            if number >= options.limits.pages or size > options.limits.text:
                break
            pages.append("\n".join(filter(None, (_sheet(book, name, options.limits.text), beside.get(name)))))
            size += len(pages[-1])
        return Text(pages, METHOD, len(book.sheet_names), note=note)
    except calamine.PasswordError:
        raise Encrypted("needs a password") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        if "assword" in str(error) or _is_locked(data):
            raise Encrypted("needs a password") from None
        raise Unreadable(f"spreadsheet: {error}") from None


class _Comments(Words):
    AFTER = {"p": "\n", "comment": "\n"}  # noqa: RUF012


def _beside(data: bytes) -> tuple[dict[str, str], str | None]:
    """Words of an XLSX that stand in no cell, by the name of their sheet: comments and text boxes. And what went wrong."""
    found: dict[str, str] = {}
    if not data.startswith(b"PK"):
        return found, None
    try:
        with opened(data) as archive:
            goals = related(archive, _WORKBOOK)
            sheets = parse(part(archive, _WORKBOOK) or b"<none/>", Elements()).found
            for name in (attributes for element, attributes in sheets if element == "sheet"):
                sheet = goals.get(name.get(REFERENCE, ""), "")
                parts = (part(archive, goal) for goal in related(archive, sheet).values() if _BESIDE.fullmatch(goal))
                words = (str(parse(xml, _Comments())) for xml in parts if xml)
                found[name.get("name", "")] = page("\n".join(filter(None, words)))
    except (Unreadable, Encrypted) as error:
        return found, f"comments and text boxes could not be read: {error}"
    return found, None


def _is_locked(data: bytes) -> bool:
    """Whether it is an XLS that needs a password: one of its first records is FILEPASS ([MS-XLS] 2.4.117).

    Calamine takes such a workbook for one of no format that it knows.
    """
    if not olefile.isOleFile(data):
        return False
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        records = container.openstream(name).read(_HEAD) if name else b""
    at = 0
    while at + 4 <= len(records):
        kind, size = struct.unpack_from("<HH", records, at)
        if kind in (_FILEPASS, _EOF):
            return bool(kind == _FILEPASS)
        at += 4 + size
    return False


def _sheet(book: calamine.CalamineWorkbook, name: str, limit: int) -> str:
    lines, size = [name], 0
    for row in book.get_sheet_by_name(name).iter_rows():
        line = "\t".join(map(_words, row)).rstrip()
        if line:
            lines.append(line)
            size += len(line)
            if size > limit:
                break
    return page("\n".join(lines))


def _words(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (date, time)):
        return cell.isoformat().replace("T00:00:00", "")
    return "" if cell is None else " ".join(str(cell).split())
