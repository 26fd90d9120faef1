"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS): a page each sheet, a line each row, tabs between cells. Macros are not looked at."""

from __future__ import annotations

import io
from datetime import date, time, timedelta
from importlib.metadata import version

import python_calamine as calamine

from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"python-calamine {version('python-calamine')}"
Cell = str | float | bool | date | time | timedelta | None


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        pages: list[str] = []
        size = 0
        for number, name in enumerate(book.sheet_names):
            if number >= options.limits.pages or size > options.limits.text:
                break
            pages.append(_sheet(book, name, options.limits.text))
            size += len(pages[-1])
        return Text(pages, METHOD, len(book.sheet_names))
    except calamine.PasswordError:
        raise Encrypted("needs a password") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        if "assword" in str(error):
            raise Encrypted("needs a password") from None
        raise Unreadable(f"spreadsheet: {error}") from None


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
