"""What reading a file gives, and what may go wrong with it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["extracted", "no_text_layer", "ocr", "empty", "unsupported", "encrypted", "failed"]

_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")
PATH_CHARACTERS = 1000
SCANS = "pages are images without text"
"""How the note ends of a text that lacks the pages that are images: they can still be recognised."""


class Encrypted(Exception):
    """The file needs a password."""


class Unsupported(Exception):
    """Nothing here reads this kind of file; the message says which kind."""


class Unreadable(Exception):
    """The file is damaged, or not what it pretends to be; the message says how."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file within a file. `data` is None where it was left out, for the `reason` given.

    `path` is its name there, to be shown and for nothing else; None where it has none.
    """

    path: str | None
    data: bytes | None
    reason: str | None = None


@dataclass(slots=True)
class Text:
    """What a format's reader found. `status` says what it is where that is not plain from the words.

    `pages` are pages, sheets, slides or members; `page_count` is None where the format has none.
    """

    pages: list[str]
    method: str
    page_count: int | None = None
    members: list[Member] = field(default_factory=list)
    status: Status | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of a file: exactly one status, its text where it has one, its members.

    `text` has a form feed between pages. `error` says why there is no text, or what of it is missing.
    """

    status: Status
    media_type: str | None = None
    method: str | None = None
    page_count: int | None = None
    text: str | None = None
    error: str | None = None
    members: tuple[Member, ...] = ()


def has_scans(outcome: Outcome) -> bool:
    """Whether there is something to recognise in a file that was read without."""
    return outcome.status == "no_text_layer" or (outcome.status == "extracted" and (outcome.error or "").endswith(SCANS))


def clean(text: str) -> str:
    """The text with one kind of line end, and without control characters but tabs; form feeds stay as they are."""
    text = text.replace("\r\n", "\n")
    # Nearly every page is clean by now, and this says so twenty times sooner than the patterns do.
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def page(text: str) -> str:
    """One page's text: clean, and without a form feed of its own, which would count as the next page."""
    return clean(text.replace("\f", "\n"))


def shown_path(name: str | None) -> str | None:
    """A member's name as it may be shown: whatever moves, hides or turns other characters is replaced."""
    if not name:
        return None
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c for c in name)[
        :PATH_CHARACTERS
    ]


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return re.search(r"[^\W_]", text) is not None
