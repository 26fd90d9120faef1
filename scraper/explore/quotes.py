"""Which parts of a message repeat earlier ones, so that they can be folded. Nothing is left out: only ranges are told."""

from __future__ import annotations

import re
from typing import NamedTuple

FEWEST_LINES = 2
"""Fewer quoted lines than this between others are shown as they stand: a fold would be longer than they are."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Part(NamedTuple):
    """A range of a message's text, from `start` up to `end`."""

    start: int
    end: int
    quoted: bool


def trimmed(text: str, part: Part) -> tuple[int, int]:
    """The part's range without the blank lines around it."""
    words = text[part.start : part.end]
    end = part.start + len(words.rstrip())
    blank = re.match(r"(?:[^\S\n]*\n)*", words)
    return min(part.start + (blank.end() if blank else 0), end), end


def parts(text: str, new_text: str) -> list[Part]:
    """The text in its order, cut into what it adds and what it quotes.

    What it adds is `new_text`, whole lines of the text in their order; where it is not made of them, nothing is quoted.
    """
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text)]
    return _joined(text, lines, _by_new_text(text, lines, new_text) or [False] * len(lines))


def _by_new_text(text: str, lines: list[tuple[int, int]], new_text: str) -> list[bool | None] | None:
    """Line by line: quoted or not, None for blank ones; None where `new_text` is not made of the text's lines."""
    wanted = [line for line in (part.strip() for part in new_text.splitlines()) if line]
    told: list[bool | None] = []
    at = 0
    for start, end in lines:
        line = text[start:end].strip()
        if not line:
            told.append(None)
        elif at < len(wanted) and line == wanted[at]:
            told.append(False)
            at += 1
        else:
            told.append(True)
    return told if at == len(wanted) else None


def _joined(text: str, lines: list[tuple[int, int]], told: list[bool | None]) -> list[Part]:
    """Runs of lines; blank lines go with what stands before them, and short quotes with their surroundings."""
    made: list[Part] = []
    counts: list[int] = []
    for (start, end), quoted in zip(lines, told, strict=True):
        if made and (quoted is None or quoted == made[-1].quoted):
            made[-1] = made[-1]._replace(end=end)
            counts[-1] += quoted is not None
        else:
            made.append(Part(start, end, bool(quoted)))
            counts.append(int(quoted is not None))
    kept: list[Part] = []
    for part, count in zip(made, counts, strict=True):
        quoted = part.quoted and count >= FEWEST_LINES
        if kept and kept[-1].quoted == quoted:
            kept[-1] = kept[-1]._replace(end=part.end)
        else:
            kept.append(part._replace(quoted=quoted))
    return kept
