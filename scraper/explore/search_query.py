"""What a person types into the search box, as an expression that FTS5 understands.

Words that stand side by side must all occur. ``"words in quotes"`` are a phrase; ``AND``, ``OR`` and ``NOT`` in capitals
join, ``-word`` is the same as ``NOT word``; ``word*`` is any word that begins so; brackets group. Nothing a person types
reaches FTS5 as syntax: the expression is built anew, and every word in it is quoted. What cannot be meant as it stands
is left out, with a hint.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum

MAX_LETTERS, MAX_TERMS, MAX_DEPTH = 1_000, 40, 12
"""More than a person would type; FTS5 has limits of its own, and fails at them."""

SHORTEST_PREFIX = 3
"""A shorter one stands for thousands of words, whose lists have all to be merged first."""

_TOKEN = re.compile(r'(?P<open>\()|(?P<close>\))|(?P<minus>-)?(?:(?P<phrase>"[^"]*"?)|(?P<word>[^\s()"]+))(?P<star>\*)?')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\uff02": '"'})


class Hint(Enum):
    """What was not understood, in words for the person who typed it."""

    UNCLOSED_QUOTE = "A quotation mark is not closed: the phrase was taken to go on to the end."
    UNCLOSED_BRACKET = "The brackets do not match: those without a partner were left out."
    DANGLING = "AND, OR and NOT stand between words: those without a word on both sides were left out."
    NOTHING_BUT_NOT = "NOT needs a word to take away from, such as: contracts NOT catering. The part with NOT alone was left out."
    NO_WORDS = "There is no word to look for in this: signs such as & or ? are not searched, only letters and digits."
    SHORT_PREFIX = f"A beginning of a word needs {SHORTEST_PREFIX} letters before the *; shorter ones are taken as whole words."
    TOO_LONG = f"This is very long: only its first {MAX_TERMS} words were looked for."
    TOO_DEEP = "The brackets stand too deep in one another: the innermost were left out."


@dataclass(frozen=True, slots=True)
class Understood:
    """`expression` is for FTS5's MATCH, None where there is nothing to look for; `terms` are what is looked for, in words."""

    expression: str | None
    terms: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


def understand(typed: str) -> Understood:
    """Never fails: the worst that can be typed has no expression, and a hint."""
    parser = _Parser(_plain(typed))
    expression = parser.read()
    if expression is None and typed.strip() and Hint.NOTHING_BUT_NOT not in parser.hints:
        parser.hint(Hint.NO_WORDS)
    return Understood(expression, tuple(parser.terms), tuple(parser.hints))


def _plain(typed: str) -> str:
    """Without control characters, which FTS5 takes for the end of the text, and with one sort of quotation mark."""
    cut = typed[:MAX_LETTERS].translate(_QUOTES)
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in cut)


def _has_word(text: str) -> bool:
    """Whether FTS5's tokeniser (unicode61) finds a word in it: letters, digits and private characters make one."""
    return any(unicodedata.category(letter)[0] in "LN" or unicodedata.category(letter) == "Co" for letter in text)


@dataclass(slots=True)
class _Group:
    """What stands between two brackets: alternatives, each a list of what must occur and of what must not."""

    alternatives: list[tuple[list[str], list[str]]] = field(default_factory=lambda: [([], [])])
    negated: bool = False
    """Whether the group itself stands after NOT."""
    pending: str | None = None
    """An operator that waits for what it joins: AND, OR or NOT."""

    def add(self, expression: str, negated: bool) -> None:
        """Said twice is meant once: each costs a look through all of its matches."""
        must, must_not = self.alternatives[-1]
        joined = must_not if negated else must
        if expression not in joined:
            joined.append(expression)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.terms: list[str] = []
        self.hints: list[Hint] = []
        self.groups = [_Group()]
        self.ignored_depth = 0

    def hint(self, hint: Hint) -> None:
        if hint not in self.hints:
            self.hints.append(hint)

    def read(self) -> str | None:
        if self.text.count('"') % 2:
            self.hint(Hint.UNCLOSED_QUOTE)
        for found in _TOKEN.finditer(self.text):
            if found["open"]:
                self._open()
            elif found["close"]:
                self._close()
            elif found["word"] in ("AND", "OR", "NOT") and not found["minus"]:
                self._operator(found["word"])
            elif len(self.terms) >= MAX_TERMS:
                self.hint(Hint.TOO_LONG)
            else:
                self._term(found)
        if len(self.groups) > 1 or self.ignored_depth:
            self.hint(Hint.UNCLOSED_BRACKET)
        while len(self.groups) > 1:
            self._end_group()
        self._leave_pending()
        return self._expression(self.groups[0])

    def _open(self) -> None:
        if len(self.groups) > MAX_DEPTH:
            self.hint(Hint.TOO_DEEP)
            self.ignored_depth += 1
            return
        negated = self._negated()
        self.groups.append(_Group(negated=negated))

    def _close(self) -> None:
        if self.ignored_depth:
            self.ignored_depth -= 1
        elif len(self.groups) == 1:
            self.hint(Hint.UNCLOSED_BRACKET)
        else:
            self._end_group()

    def _end_group(self) -> None:
        self._leave_pending()
        group = self.groups.pop()
        expression = self._expression(group)
        if expression is not None:
            self.groups[-1].add(f"({expression})", group.negated)

    def _operator(self, operator: str) -> None:
        group = self.groups[-1]
        if operator == "NOT":
            if group.pending == "NOT":
                self.hint(Hint.DANGLING)
            group.pending = "NOT"
            return
        must, must_not = group.alternatives[-1]
        if group.pending or not (must or must_not):
            self.hint(Hint.DANGLING)
            return
        group.pending = operator
        if operator == "OR":
            group.alternatives.append(([], []))

    def _leave_pending(self) -> None:
        if self.groups[-1].pending:
            self.hint(Hint.DANGLING)
            self.groups[-1].pending = None

    def _negated(self) -> bool:
        """Whether NOT stands before what comes now; whatever operator waited has found what it joins."""
        group = self.groups[-1]
        negated, group.pending = group.pending == "NOT", None
        return negated

    def _term(self, found: re.Match[str]) -> None:
        text = (found["phrase"] or found["word"] or "").strip('"')
        star = bool(found["star"]) or text.endswith("*")
        text = text.strip("*").strip()
        if not _has_word(text):
            self._negated()  # it joins nothing; the next word is not its
            return
        if star and sum(map(_has_word, _last_word(text))) < SHORTEST_PREFIX:
            self.hint(Hint.SHORT_PREFIX)
            star = False
        negated = self._negated() or bool(found["minus"])
        if not negated:
            self.terms.append(text + "*" * star)
        self.groups[-1].add(f'"{text}"{" *" if star else ""}', negated)

    def _expression(self, group: _Group) -> str | None:
        made = []
        for must, must_not in group.alternatives:
            if must:
                positive = " AND ".join(must)
                joined = f"({positive})" if len(must) > 1 and must_not else positive
                made.append(" NOT ".join([joined, *must_not]))
            elif must_not:
                self.hint(Hint.NOTHING_BUT_NOT)
        made = list(dict.fromkeys(made))
        if len(made) > 1:
            return " OR ".join(f"({part})" for part in made)
        return made[0] if made else None


def _last_word(text: str) -> str:
    return re.split(r"[^\w]+", text)[-1] if text else ""
