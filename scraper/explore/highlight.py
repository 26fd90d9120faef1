"""Marks the words of a search in a text, in the way that the search finds them: whatever their endings and accents."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

from .words import harmless

MOST_WORDS = 20
_ENDINGS = re.compile(r"(?:ations?|ating|ated|ates?|ings?|edly|ed|ies|ied|es|s|y|e|ly|ment|ness)$")
_COLUMN = re.compile(r"\b\w+\s*:")


class _Fold(dict[int, str]):
    """A letter -> itself without case and accents, always one letter, so that places in the text stay the same."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        self[code] = plain if len(plain) == 1 else chr(code)
        return self[code]


_FOLD = _Fold()


def pattern(query: str) -> re.Pattern[str] | None:
    """What finds the words of a query in a folded text; None where there is no word to find."""
    words: list[str] = []
    for found in re.finditer(r"\w+", _COLUMN.sub(" ", query)):
        if found[0] in ("AND", "OR", "NOT", "NEAR"):
            continue
        word = found[0].translate(_FOLD)
        stem = _ENDINGS.sub("", word)
        words.append(stem if len(stem) > 2 else word)
    if not words:
        return None
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, set(words[:MOST_WORDS])), key=len, reverse=True))})\w*")


def marked(text: str, sought: re.Pattern[str] | None, landing: bool = False) -> tuple[Markup, int]:
    """The text as HTML with what was sought in <mark>, and how often it was found.

    With `landing`, the first of them is where the link to a passage (``#passage``) leads.
    """
    if sought is None:
        return escape(harmless(text)), 0
    made: list[Markup] = []
    at = count = 0
    for found in sought.finditer(text.translate(_FOLD)):
        made.append(escape(harmless(text[at : found.start()])))
        mark = Markup('<mark id="passage">{}</mark>') if landing and not count else Markup("<mark>{}</mark>")
        made.append(mark.format(harmless(text[found.start() : found.end()])))
        at = found.end()
        count += 1
    made.append(escape(harmless(text[at:])))
    return Markup("").join(made), count
