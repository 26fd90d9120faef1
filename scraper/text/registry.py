"""Which module reads which media type. A new format is a module in `formats`, and its types here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from .limits import Limits
from .result import Text


@dataclass(frozen=True, slots=True)
class Options:
    """`languages` are those of tesseract (``eng+cym``) where images are to be recognised, None where they are not."""

    limits: Limits
    languages: str | None = None


Reader = Callable[[bytes, Options], Text]

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
READERS: dict[str, str] = {
    "application/pdf": "pdf",
    f"{_OOXML}wordprocessingml.document": "docx",
    f"{_OOXML}presentationml.presentation": "pptx",
    f"{_OOXML}spreadsheetml.sheet": "sheets",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": "sheets",
    "application/vnd.ms-excel": "sheets",
    f"{_ODF}spreadsheet": "sheets",
    f"{_ODF}spreadsheet-template": "sheets",
    f"{_ODF}text": "odf",
    f"{_ODF}text-template": "odf",
    f"{_ODF}presentation": "odf",
    f"{_ODF}presentation-template": "odf",
    f"{_ODF}graphics": "odf",
    "application/msword": "doc",
    "application/vnd.ms-outlook": "outlook",
    "text/rtf": "rtf",
    "text/html": "html",
    "text/plain": "plain",
    "text/calendar": "plain",
    "text/vcard": "plain",
    "message/rfc822": "mail",
    "application/zip": "zips",
    "image/png": "images",
    "image/jpeg": "images",
    "image/gif": "images",
    "image/tiff": "images",
    "image/bmp": "images",
    "image/webp": "images",
}
"""Media type -> module of `scraper.text.formats`. They are imported when they are needed: a child that reads PDF alone
stays small, and starts soon."""


def reader_of(media_type: str) -> Reader | None:
    """What reads files of a media type; None where nothing does."""
    name = READERS.get(media_type)
    if name is None:
        return None
    reader: Reader = import_module(f".formats.{name}", __package__).read
    return reader
