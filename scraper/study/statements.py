"""What a response's words say of the outcome: held, not held, refused, partly, cost limit, clarification. Pure.

Rules are phrases of English refusal notices and covering letters; a phrase counts only where its sentence does not
make it a condition, a question or a right ("whether we hold", "may refuse", "if the information is exempt").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .phrases import CLARIFICATION, COST_LIMIT, HELD, NOT_HELD, PARTLY, REFUSED, RULES
from .words import words_of

_CONDITION = re.compile(
    r"\b(?:if|whether|where|unless|may|might|could|should|would|when|wherever|entitled|right to|how many|any)\b[^.!?\n]{0,60}$"
)
_NOT = re.compile(r"\b(?:not|never|no longer|nor)\b[^.!?,\n]{0,15}$")
_FOREBODING = re.compile(r"\b(?:if|whether|where|unless|may|might|could|likely to|when|wherever|entitled)\b[^.!?\n]{0,60}$")
"""What makes a limit of cost a condition. "Would exceed" does not: that is how such letters say that it does."""
_IF = re.compile(r"\bif\b[^.!?\n]{0,60}$")
_ELSEWHERE = re.compile(
    r"commissioner|\bico\b|complain|internal review|privacy|guidance|further information|how to|your rights|charging|fees notice"
)
"""What letters say of standing pages beside what was asked for: it is "available" or "attached", too."""
MOST = 60
"""Statements kept of one document."""
LONGEST = 40_000
"""Characters of a document that are read: a covering letter is shorter, a report speaks of other things."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An outcome said at [start, end) of the text."""

    outcome: str
    start: int
    end: int


def statements(text: str) -> list[Statement]:
    """What a text says of the outcome, in order of the rules."""
    text = text[:LONGEST]
    lower = text.lower()
    present = words_of(text)
    if len(lower) != len(text):
        # A few letters of other alphabets grow: their case is left, so that places stay true.
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    lower = lower.replace("\n", " ").replace("\f", " ")
    found: list[Statement] = []
    weak: list[Statement] = []
    for rule in RULES:
        if not rule.may_be_in(lower, present):
            continue
        for match in rule.phrase.finditer(lower):
            before = lower[max(0, match.start() - 70) : match.start()]
            if rule.after is not None and not rule.after.search(before):
                continue
            if _is_said_otherwise(rule.outcome, before, lower[match.end() : match.end() + 60]):
                continue
            (weak if rule.weak else found).append(Statement(rule.outcome, match.start(), match.end()))
    if not any(one.outcome in (REFUSED, COST_LIMIT) for one in found):
        found += weak
    return found[:MOST]


def _is_said_otherwise(outcome: str, before: str, after: str) -> bool:
    """Whether what stands around a phrase makes it a condition, a question, a denial or a standing paragraph."""
    if outcome == CLARIFICATION:
        return _IF.search(before) is not None
    if outcome == COST_LIMIT:
        return (_FOREBODING.search(before) or _NOT.search(before)) is not None
    if _CONDITION.search(before):
        return True
    if outcome == HELD and _ELSEWHERE.search(before.rpartition(". ")[2] + after.partition(". ")[0]):
        return True
    return outcome in (REFUSED, HELD) and _NOT.search(before) is not None


def combined(outcomes: set[str]) -> str | None:
    """One outcome of all that a response says: what is given and refused is partly; a refusal's ground before the refusal."""
    given, kept = HELD in outcomes, outcomes & {NOT_HELD, REFUSED, COST_LIMIT}
    if PARTLY in outcomes or (given and kept and kept != {COST_LIMIT}):
        return PARTLY
    for outcome in (COST_LIMIT, REFUSED, NOT_HELD, HELD, CLARIFICATION):
        if outcome in outcomes:
            return outcome
    return None
