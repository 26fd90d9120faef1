"""DOCX and DOCM: body, diagrams, headers, footers, notes and comments. Macros are in a part that is never opened."""

from __future__ import annotations

import re

from lxml import etree

from ..packed import Words, opened, parse, part
from ..registry import Options
from ..result import Text, Unreadable, page

METHOD = f"lxml {etree.__version__}"
_BESIDE = re.compile(r"word/(?:header|footer|footnotes|endnotes|comments|diagrams/data)\d*\.xml")


class _Words(Words):
    """Text that tracked changes struck out (``delText``) is none of it, nor what they moved, in its former place."""

    AFTER = {**Words.AFTER, "cr": "\n", "noBreakHyphen": "-"}  # noqa: RUF012
    LEFT_OUT = frozenset({"moveFrom"})


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    with opened(data) as archive:
        body = part(archive, "word/document.xml")
        if body is None:
            raise Unreadable("DOCX: it has no document")
        words = [str(parse(body, _Words()))]
        for name in sorted(filter(_BESIDE.fullmatch, archive.namelist())):
            words.append(str(parse(part(archive, name) or b"<none/>", _Words())))
    return Text([page("\n".join(filter(None, words)))], METHOD)
