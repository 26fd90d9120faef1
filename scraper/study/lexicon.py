"""Lexicons: what `mentions` looks for, read from YAML and checked. Pure but for reading the file.

    name: algorithmic-systems
    about: what the list is of, for whom, and what it leaves out
    terms:
      - term: Xantura                 the name in the table; unique
        kind: supplier                supplier, system or use
        supplier: Xantura             whose system it is, optional
        variants: [OneView by Xantura]    matched as words, case aside, any white space; the term itself is one
        pattern: 'One\\s?View'          a regular expression instead of variants or besides; case counts if `case: true`
        needs: [oneview]              words of which one must be in the text for the pattern to be tried
        beside: [council, benefit]    words of which one must stand within 300 characters
        source: where the fact is from

Python has no expression engine of linear time, so patterns are held to forms that cannot run away: no repetition
within a repetition, no back references, repeats of a set or group bounded, 200 characters at most.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import Any

import yaml

from .words import words_of

KINDS = ("supplier", "system", "use")
LONGEST_PATTERN = 200
MOST_REPEATS = 100
MOST_HITS = 200
"""Hits of one term in one document that are kept: more are the same fact again."""
BESIDE = 300
_FIELDS = frozenset({"term", "kind", "supplier", "variants", "pattern", "needs", "beside", "case", "source"})


class BadLexicon(ValueError):
    """A lexicon that cannot be used, with the term and what is wrong."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for. `needs` are sets of lower-case words; a text with a hit has all words of one of them."""

    term: str
    kind: str
    supplier: str | None
    needs: frozenset[frozenset[str]]
    pattern: re.Pattern[str]
    beside: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A checked lexicon; `yaml` is its text as given, `sha256` of that."""

    name: str
    yaml: str
    terms: tuple[Term, ...]
    by_word: dict[str, tuple[tuple[int, frozenset[str]], ...]]
    """Word -> places in `terms` of those that need it, each with all words that it then needs."""
    words: frozenset[str]
    """All of those words: two sets are quicker held against each other than a dictionary and a set."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.yaml.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Hit:
    """A term at [start, end) of a text."""

    term: Term
    start: int
    end: int


def shipped() -> list[str]:
    """Names of the lexicons that come with this software."""
    return sorted(path.name[:-4] for path in files(__package__).joinpath("lexicons").iterdir() if path.name.endswith(".yml"))


def load(name_or_path: str) -> Lexicon:
    """A lexicon that comes with this software, or a file's. Raises BadLexicon, OSError."""
    if name_or_path in shipped():
        return parse(files(__package__).joinpath("lexicons", f"{name_or_path}.yml").read_text(encoding="utf-8"))
    path = Path(name_or_path)
    if not path.is_file():
        raise BadLexicon(f"there is no lexicon {name_or_path!r}; give a file, or one of: {', '.join(shipped())}")
    given = parse(path.read_text(encoding="utf-8"))
    if given.name in shipped():
        raise BadLexicon(f"{path} has the name of the lexicon {given.name!r} that comes along; give it one of its own")
    return given


def parse(text: str) -> Lexicon:
    """Reads and checks a lexicon. Raises BadLexicon."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadLexicon(f"the lexicon is no YAML: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("terms"), list) or not document.get("name"):
        raise BadLexicon("a lexicon has a name and a list of terms")
    terms = tuple(_term(one) for one in document["terms"])
    names = [term.term for term in terms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadLexicon(f"the lexicon has twice: {', '.join(twice)}")
    by_word: dict[str, tuple[tuple[int, frozenset[str]], ...]] = {}
    for place, term in enumerate(terms):
        for needed in term.needs:
            longest = max(needed, key=len)
            by_word[longest] = (*by_word.get(longest, ()), (place, needed))
    return Lexicon(str(document["name"]), text, terms, by_word, frozenset(by_word))


def _term(one: Any) -> Term:
    if not isinstance(one, dict) or not one.get("term"):
        raise BadLexicon(f"not a term: {one!r}")
    name = str(one["term"])
    unknown = sorted(set(one) - _FIELDS)
    if unknown:
        raise BadLexicon(f"{name}: unknown fields {', '.join(unknown)}")
    if one.get("kind") not in KINDS:
        raise BadLexicon(f"{name}: kind is one of {', '.join(KINDS)}")
    if not one.get("source"):
        raise BadLexicon(f"{name}: say in `source` where the fact is from")
    variants = [str(variant) for variant in one.get("variants", [])]
    pattern = one.get("pattern")
    if pattern is None or variants:
        variants = [name, *variants] if pattern is None else variants
    parts = [_literal(variant) for variant in dict.fromkeys(variants)]
    needs = {frozenset(words_of(variant)) for variant in variants if words_of(variant)}
    if pattern is not None:
        check(name, str(pattern))
        if not one.get("needs"):
            raise BadLexicon(f"{name}: a pattern says in `needs` of which words one is in every hit")
        parts.append(f"(?:{pattern})")
        needs |= {frozenset({str(word).lower()}) for word in one["needs"]}
    flags = 0 if one.get("case") else re.IGNORECASE
    beside = "|".join(_literal(str(word)) for word in one.get("beside", []))
    return Term(
        name,
        str(one["kind"]),
        str(one["supplier"]) if one.get("supplier") else None,
        frozenset(needs),
        re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", flags),
        re.compile(rf"(?<!\w)(?:{beside})", re.IGNORECASE) if beside else None,
    )


def _literal(words: str) -> str:
    return r"\s{1,3}".join(re.escape(word) for word in words.split())


def check(name: str, pattern: str) -> None:
    """Raises BadLexicon for a pattern that is wrong, or could take time out of proportion to the text."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadLexicon(f"{name}: the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        parsed = sre_parse.parse(pattern)
    except re.error as error:
        raise BadLexicon(f"{name}: {error}") from None
    _no_runaway(name, parsed, False)


def _no_runaway(name: str, parsed: Any, repeated: bool) -> None:
    for op, argument in parsed:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            _, most, inner = argument
            if (most > MOST_REPEATS and most is not sre.MAXREPEAT) or most is sre.MAXREPEAT:
                raise BadLexicon(f"{name}: bound the repetition, as in \\w{{0,20}}: * and + can take for ever")
            if repeated and most > 1:
                raise BadLexicon(f"{name}: a repetition within a repetition can take for ever")
            _no_runaway(name, inner, repeated or most > 1)
        elif op in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise BadLexicon(f"{name}: back references can take for ever")
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            _no_runaway(name, argument[1], repeated)
        elif op is sre.SUBPATTERN:
            _no_runaway(name, argument[3], repeated)
        elif op is sre.BRANCH:
            for branch in argument[1]:
                _no_runaway(name, branch, repeated)
        elif op is sre.ATOMIC_GROUP:
            _no_runaway(name, argument, repeated)


def hits(lexicon: Lexicon, text: str) -> Iterator[Hit]:
    """Every place where a term stands, term by term; at most MOST_HITS each. Linear in the text."""
    present = words_of(text)
    known = (lexicon.by_word[word] for word in lexicon.words & present)
    for place in sorted({place for one in known for place, needed in one if needed <= present}):
        term = lexicon.terms[place]
        count = 0
        for match in term.pattern.finditer(text):
            around = text[max(0, match.start() - BESIDE) : match.end() + BESIDE]
            if term.beside is not None and not term.beside.search(around):
                continue
            yield Hit(term, match.start(), match.end())
            count += 1
            if count == MOST_HITS:
                break
