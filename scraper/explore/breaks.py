"""Words without an end: places at which a browser may break them, so that laying out a page takes no longer than it should.

Chromium goes through the whole rest of a word for each line that it breaks it into. A thread with a word of 10,000
letters wherever a stranger can write one took it 22 s to show, and 1.3 s with a `<wbr>` after every hundred (measured
November 2026, on a busy machine). A `<wbr>` shows nothing, is not copied, and no search within a page stops at it.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200
"""Letters. Chinese, Japanese and Thai have no spaces between words: it is more than their sentences have."""

_TEXT = re.compile(rf"(?<=>)[^<]{{{LONGEST + 1},}}")
_WORD = re.compile(rf"(?<!\S)\S{{{LONGEST + 1},}}")
_LETTERS = re.compile(r"&#?\w+;|.")
_JOINER = "\u200d"


def breakable(html: str) -> str:
    """The page with `<wbr>` in words of more than `LONGEST` letters. Text in it is escaped; its title stays as it is."""
    head, body, rest = html.partition("<body")
    return head + body + _TEXT.sub(_in_text, rest)


def _in_text(text: re.Match[str]) -> str:
    return _WORD.sub(_in_word, text[0])


def _in_word(word: re.Match[str]) -> str:
    made: list[str] = []
    since = 0
    for letter in _LETTERS.findall(word[0]):
        if since >= LONGEST and not _belongs_before(letter) and made[-1] != _JOINER:
            made.append("<wbr>")
            since = 0
        made.append(letter)
        since += 1
    return "".join(made)


def _belongs_before(letter: str) -> bool:
    """Whether it is drawn upon, or together with, the letter before it."""
    return letter == _JOINER or unicodedata.category(letter[0]).startswith("M") or "\U0001f3fb" <= letter <= "\U0001f3ff"
