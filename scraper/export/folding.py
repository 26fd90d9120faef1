"""A text as a searcher should see it: one spelling for what people and programs spell in many ways.

Accents, width, dashes, quotation marks and blanks become plain ASCII ones, invisible characters vanish, and what mail
and web programs escape (`%40`, also twice: `%2540`; `&#64;`, `=40`, `\\u0040`) is read. Every place in the folded text
leads back to the original's, so that nothing but a find is ever changed. Case is kept; `folded.plain.lower()` has the same
length.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

_ESCAPED = (
    r"%(?:25){0,3}[0-9A-Fa-f]{2}(?:%(?:25){0,3}[0-9A-Fa-f]{2})*|\\u00[0-9A-Fa-f]{2}"
    r"|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10});|=[0-9A-F]{2}(?:=[0-9A-F]{2})*|=\r?\n"
)
_BROKEN = r"-(?<=[a-z]-)\r?\n(?=[a-z])"
"""A word that a line's end divides. After a capital or a digit the hyphen may be the word's own.
(What looks back stands after the first character: a pattern that begins with plain ones is searched for much faster.)"""
_ESCAPED_ESCAPE = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
_ASCII_PIECE = re.compile(rf"{_ESCAPED}|{_BROKEN}")
_PIECE = re.compile(rf"[^\x00-\x7f]+|{_ESCAPED}|{_BROKEN}")

_LETTERS = dict(zip("łŁøØđĐðÐıħĦŧŦ", "lLoOdDdDihHtT", strict=True)) | {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th",
}  # fmt: skip
"""Latin letters that Unicode does not take apart."""
_ALIKE = dict(zip("аеорсухіјѕԁԛԝһАВЕНКМОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijsdqwhABEHKMOPCTXIJSABEZHIKMNOPTYXo", strict=True))  # noqa: RUF001
"""Cyrillic and Greek letters that look like Latin ones. Names are folded too, so those in these scripts still match."""
_MARKS = dict.fromkeys("‘’‚‛ʹʻʼʽˈ′`´ˊˋ＇", "'") | dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‐‑‒–—―−⁃﹘﹣－⸺⸻", "-")  # noqa: RUF001
_NOTHING = frozenset("ㅤᅟᅠﾠ⠀")
"""Not controls, but shown as nothing. Taken for blanks."""

BARRIER = "\ue000"
"""Stands, in a folded text, for what is masked already. No pattern reaches across it."""


class Find(NamedTuple):
    """What is to be masked: its place in the folded text, what stands there instead, and what it was."""

    start: int
    end: int
    instead: str
    kind: str


class Folded:
    """`plain`: the text, folded. Places in it lead back to the original by `origin`."""

    __slots__ = ("_folded_at", "_original_at", "plain")

    def __init__(self, text: str) -> None:
        self._folded_at: list[int] = [0]
        self._original_at: list[int] = [0]
        plain = text.isascii()
        if plain and not ("%" in text or "&" in text or "=" in text or "\\u00" in text or "-\n" in text or "-\r\n" in text):
            self.plain = text
            return
        made: list[str] = []
        done = length = 0
        for found in (_ASCII_PIECE if plain else _PIECE).finditer(text):
            start = found.start()
            if start > done:
                made.append(text[done:start])
                length += start - done
            done = start
            piece = found[0]
            for part in piece if piece[0] > "\x7f" else (piece,):
                folded = _character(part) if len(part) == 1 else _unescaped(part)
                made.append(folded)
                length += len(folded)
                done += len(part)
                if len(folded) != len(part):
                    self._folded_at.append(length)
                    self._original_at.append(done)
        made.append(text[done:])
        self.plain = "".join(made)

    def origin(self, place: int) -> int:
        """The place in the original of a place in `plain`; for the end of a find, the place after its last character."""
        if len(self._folded_at) == 1:
            return place
        last = bisect_right(self._folded_at, place) - 1
        there = self._original_at[last] + place - self._folded_at[last]
        # Inside an escape that stands for several characters: none of it may stay.
        return there if last + 1 == len(self._original_at) else min(there, self._original_at[last + 1])


def fold(text: str) -> str:
    """The text folded and in small letters: how names are compared."""
    return Folded(text).plain.lower()


@lru_cache(maxsize=20_000)
def _character(one: str) -> str:
    known = _LETTERS.get(one) or _ALIKE.get(one) or _MARKS.get(one)
    if known is not None:
        return known
    category = unicodedata.category(one)
    if category in ("Cf", "Mn", "Me", "Cc"):
        return "" if one != "\x85" else "\n"
    if category.startswith("Z") or one in _NOTHING:
        return "\n" if category in ("Zl", "Zp") else " "
    if category == "Nd":
        return str(unicodedata.digit(one))
    taken_apart = [part for part in unicodedata.normalize("NFKD", one) if not unicodedata.category(part).startswith("M")]
    return "".join(_LETTERS.get(part) or _ALIKE.get(part) or _MARKS.get(part) or part for part in taken_apart)


def _unescaped(escape: str) -> str:
    if escape[0] == "-" or escape[-1] == "\n":
        return ""
    if escape[0] == "&":
        said = html.unescape(escape)
        return escape if said == escape or "\ufffd" in said else "".join(map(_folded_character, said))
    if escape[0] == "\\":
        return _folded_character(chr(int(escape[2:], 16)))
    try:
        said = bytes.fromhex(_ESCAPED_ESCAPE.sub("%", escape).replace(escape[0], "")).decode()
    except UnicodeDecodeError:
        return escape
    return "".join(map(_folded_character, said))


def _folded_character(one: str) -> str:
    return one if one < "\x80" else _character(one)
