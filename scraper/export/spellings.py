"""The ways in which a person's name may be written, as rows of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .folding import Folded
from .people import core, is_person

# A sign of these scripts is a word, since they have no blanks.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
WORDS = re.compile(rf"([^\W\d_{_SIGNS}]+|[{_SIGNS}]|\d+)")
ASCII_WORDS = re.compile(r"([a-z]+|[0-9]+)")
CAMEL = re.compile(r"[a-z][A-Z]")
CAMEL_WORDS = re.compile(rf"([A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z{_SIGNS}]+|[{_SIGNS}]|\d+)")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "Ø": "Oe", "å": "aa", "Å": "Aa"}
)

# How a name must be written in a text to be taken for one.
ANY, WRITTEN, REVERSED, CAPITAL = range(4)

ORDINARY = frozenset(
    "a about after all also am an and any are as at back be been before but by can case come could dear did do does down"
    " even every first for from get give go good great had has have he her here him his how i if in information into is it"
    " its just know last like long look made make many may me more most much must my new no not now of off on one only or"
    " other our out over own part people please public request response same say see she should so some such take than thank"
    " thanks that the their them then there these they thing this time to two under up us use very want was way we well were"
    " what when where which who why will with work would yes you your january february march april may june july august"
    " september october november december monday tuesday wednesday thursday friday saturday sunday north south east west"
    " anonymous user anon name none null test admin".split()
)
"""Words that are taken for words even where they are somebody's name; `ordinary_words` finds an archive's own."""


class Entry(NamedTuple):
    """A way to write a name: whose it is, how it must look, and how it was written."""

    pseudonym: str
    rule: int
    written: str


class Spellings:
    """Ways to write names, by their words."""

    def __init__(self) -> None:
        self.longest: dict[str, int] = {}  # first word -> words of the longest name that begins with it
        self.entries: dict[str, tuple[Entry, ...]] = {}

    def add(self, name: Sequence[str], pseudonym: str, rule: int, written: str = "") -> None:
        if not name:
            return
        key, entry = " ".join(name), Entry(pseudonym, rule, written)
        before = self.entries.get(key, ())
        if entry not in before:
            self.entries[key] = (*before, entry)
        self.longest[name[0]] = max(self.longest.get(name[0], 0), len(name))

    def join(self, other: Spellings, but: frozenset[str]) -> None:
        """Takes another's ways to write names in, but for these single words."""
        for key, entries in other.entries.items():
            if key not in but:
                before = self.entries.get(key)
                self.entries[key] = entries if before is None else tuple({*before, *entries})
        for word, length in other.longest.items():
            if length > 1 or word not in but:
                self.longest[word] = max(self.longest.get(word, 0), length)

    def add_person(self, name: str, pseudonym: str, ordinary: frozenset[str]) -> None:
        """All ways to write a full name. A name of ordinary words alone must be written as it is, or as an address."""
        for spelling in {name, name.translate(_UMLAUTS)}:
            full, short = name_words(spelling), name_words(core(spelling))
            ways = {full, short, joined(spelling), joined(core(spelling)), _camel_words(spelling)}
            if is_person(core(spelling)) and len(short) > 2:
                ways.add((short[0], *name_words(core(spelling).split()[-1])))
            for way in ways:
                if len(way) > 1:
                    plainly = all(word in ordinary or len(word) == 1 for word in way)
                    self.add(way, pseudonym, WRITTEN if plainly else ANY, Folded(spelling).plain)
                    if not plainly:
                        if is_person(core(spelling)):
                            self.add(way[-1:] + way[:-1], pseudonym, REVERSED)
                            self.add(name_words(core(spelling).split()[-1]) + way[:1], pseudonym, REVERSED)
                        if len(run := "".join(way)) > 6 and run not in ordinary:
                            self.add((run,), pseudonym, ANY)

    def add_parts(self, name: str, pseudonym: str, ordinary: frozenset[str]) -> None:
        """Given name, surname and initials: for texts in which the person takes part."""
        parts = core(name).split()
        if not is_person(core(name)):
            return
        for word in name_words(core(name)):
            if len(word) > 2 and word not in ordinary:
                self.add((word,), pseudonym, CAPITAL)
        if len(parts) < 2:
            return
        last = name_words(parts[-1])
        for surname in {last, ("".join(last),)}:
            if not surname or not surname[0]:
                continue
            initials = tuple(name_words(part)[0][0] for part in parts[:-1] if name_words(part))
            for before in {initials, initials[:1], ("".join(initials),)}:
                if before:
                    self.add(before + surname, pseudonym, CAPITAL)
                    self.add(surname + before, pseudonym, CAPITAL)
            if initials and len(run := initials[0] + "".join(surname)) > 4:
                self.add((run,), pseudonym, ANY)
            if name_words(parts[0]):
                self.add((*name_words(parts[0]), surname[0][0]), pseudonym, CAPITAL)


@lru_cache(maxsize=50_000)
def name_words(name: str) -> tuple[str, ...]:
    return tuple(WORDS.findall(Folded(name).plain.lower()))


def cased_words(name: str) -> list[str]:
    return WORDS.findall(name)


def _camel_words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in CAMEL_WORDS.findall(Folded(name).plain))


def joined(name: str) -> tuple[str, ...]:
    """The words with hyphens and apostrophes inside them taken out: O'Brien as OBrien."""
    return tuple("".join(name_words(part)) for part in name.split() if name_words(part))


def ordinary_words(texts: Iterable[str]) -> frozenset[str]:
    """Words that these texts write small more often than not: in at least five of them, and four times as often as with a
    capital inside a sentence. A few thousand texts are enough.
    """
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        small.update(set(re.findall(r"(?<=[a-z,] )[a-z]{2,}(?=[ ,.])", text)))
        capital.update({word.lower() for word in re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", text)})
    return frozenset(word for word, texts_with in small.items() if texts_with >= 5 and texts_with >= 4 * capital[word])
