"""Strangers' words as HTML: escaped, with their own links where these are safe, and the site's redactions made visible."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from markupsafe import Markup, escape

from .links import followable
from .words import harmless

REL = "nofollow noopener noreferrer ugc"
"""Of every link that a stranger wrote."""

MASKED = re.compile(
    r"\[(?:e-?mail\s+address|mobile\s+number|(?:phone|telephone)\s+number|FOI\s+\#\d+\s+e-?mail|[^\[\]\n]{1,90}\s+request\s+e-?mail"
    r"|[^\[\]\n]{0,60}\b(?:redacted|removed|withheld)\b[^\[\]\n]{0,60})\]",
    re.IGNORECASE,
)
"""What Alaveteli, or its staff, put in place of what they took out; may run over the end of a line."""

WRAPPED = 72
"""Mail programs break lines near this column. A line is taken as broken by one where its next word had no room."""

_OWN_LINE = re.compile(r"\s|>|[-*\u2022\u2013\u00b7]|\(?\w{1,3}[.)]\s|[A-Za-z -]{1,20}:\s")
_COLUMNS = re.compile(r"\t| {3}")


Span = tuple[int, int, str]
"""From, up to, and the address."""


def reflowed(text: str) -> str:
    """The text with the line breaks of mail programs as spaces, so that it fills the width it has. As long as before."""
    lines = text.split("\n")
    made = [lines[0]]
    for before, line in pairwise(lines):
        made += (" " if _broken(before, line) else "\n", line)
    return "".join(made)


def _broken(before: str, line: str) -> bool:
    """Whether a mail program, and not the author, broke the line here."""
    if not 50 <= len(before) <= WRAPPED + 8 or not line or before[-1:] == ":" or _OWN_LINE.match(line) or _COLUMNS.search(before):
        return False
    return len(before) + 1 + len(line.split(" ", 1)[0]) > WRAPPED


def spans(text: str, urls: Iterable[str]) -> list[Span]:
    """Where a message's links, given in their order, stand in its text. Those that may not be followed stay text."""
    found: list[Span] = []
    at = 0
    for url in urls:
        start = text.find(url, at)
        if start < 0:
            continue
        at = start + len(url)
        if followable(url):
            found.append((start, at, url))
    return found


def marked(text: str, start: int, end: int, links: Iterable[Span] = ()) -> Markup:
    """The range of a text as HTML, its links among it."""
    made: list[Markup] = []
    for first, last, url in links:
        if start <= first and last <= end:
            made.append(_plain(text[start:first]))
            made.append(Markup('<a href="{}" rel="{}">{}</a>').format(url, REL, harmless(text[first:last])))
            start = last
    made.append(_plain(text[start:end]))
    return Markup("").join(made)


def _plain(text: str) -> Markup:
    if "[" not in text:
        return escape(harmless(text))
    made: list[Markup] = []
    at = 0
    for found in MASKED.finditer(text):
        made.append(escape(harmless(text[at : found.start()])))
        made.append(Markup('<span class="masked">{}</span>').format(harmless(found[0])))
        at = found.end()
    made.append(escape(harmless(text[at:])))
    return Markup("").join(made)
