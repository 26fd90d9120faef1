"""The words of a text, for cheap looks at what it cannot hold. Pure."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_PARTED = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in map(chr, range(128)))


def words_of(text: str) -> set[str]:
    """The different words of a text in lower case: its runs of what an expression calls ``\\w``."""
    lower = text.lower()
    # Where there is nothing but ASCII, splitting finds the same in a third of the time.
    return set(lower.translate(_PARTED).split() if lower.isascii() else _WORD.findall(lower))
