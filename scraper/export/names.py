"""Finds the names of requesters and officials in folded texts.

A text is cut into words; of these a dictionary of first words leaves few to look at, and the words that follow decide.
No spelling has to be listed for its blanks, line ends, hyphens, dots and underscores: they are what lies between words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from .folding import BARRIER, Find, Folded
from .people import core, is_person, is_placeholder, words
from .pseudonyms import Pseudonyms
from .spellings import (
    ANY,
    ASCII_WORDS,
    CAMEL,
    CAMEL_WORDS,
    CAPITAL,
    ORDINARY,
    REVERSED,
    WORDS,
    WRITTEN,
    Entry,
    Spellings,
    cased_words,
    joined,
    name_words,
)

NAME = "[name]"
"""For somebody of whom it is not certain who of several it is."""
MOST_BETWEEN = 12
"""Characters between two words of a name; a line's end with the marks of a quoted message is some five."""
_AROUND_MIDDLE = frozenset((" ", ". ", "  ", "."))
"""What may lie on either side of a middle name or initial: a comma or a line's end would make a list of it."""
_AROUND = 120
"""Characters on either side of words run together by capitals that are read again with them."""


class Person(NamedTuple):
    """Somebody who takes part in a thread."""

    name: str
    pseudonym: str


class Thread(NamedTuple):
    """Who takes part in one request's correspondence.

    `ways`: how their names may be written there. `parts`: each word of their names -> whose it is, or `NAME`.
    """

    ways: Spellings
    parts: dict[str, str]


class Names:
    """The names of an archive. Fill it with the `add_` methods, then ask `finds`."""

    def __init__(self, pseudonyms: Pseudonyms, ordinary: Iterable[str] = ()) -> None:
        self.pseudonyms = pseudonyms
        self.slugs: dict[str, str] = {}
        self.ordinary = ORDINARY | frozenset(ordinary)
        """Words that are no names, in small letters."""
        self._bodies: set[str] = set()
        self._body_of: dict[int, str] = {}
        self._everywhere = Spellings()
        self._added: set[tuple[str, str]] = set()
        self._people: dict[tuple[str, str], Person] = {}
        self._taking_part: dict[int, list[Person]] = defaultdict(list)
        self._index = lru_cache(maxsize=10_000)(self._make_index)
        self._thread = lru_cache(maxsize=64)(self._make_thread)

    def add_body(self, *names: str | None) -> None:
        """An authority's names: their words are no one-word name of a requester. Before all requesters."""
        for name in names:
            self._bodies.update(words(name or ""))

    def add_requester(self, name: str | None, pseudonym: str, slug: str | None = None) -> None:
        """A requester or annotator, to be found in every text."""
        if slug and slug.lower() not in self.slugs:
            self.slugs[slug.lower()] = pseudonym
            if len(name_words(slug)) > 1 and not is_placeholder(slug.replace("_", " ")):
                plainly = self.ordinary.issuperset(name_words(slug))
                self._everywhere.add(name_words(slug), pseudonym, WRITTEN if plainly else ANY)
        if name is None or (name, pseudonym) in self._added or is_placeholder(name):
            return
        self._added.add((name, pseudonym))
        self._everywhere.add_person(name, pseudonym, self.ordinary)
        only = name_words(core(name))
        if (
            len(joined(core(name))) == 1
            and (alone := joined(core(name))[0]) not in self.ordinary | self._bodies
            and len(alone) > 1
        ):
            for way in {only, (alone,)}:
                self._everywhere.add(way, NAME, ANY if len(alone) > 2 else WRITTEN, Folded(core(name)).plain)

    def add_official(self, name: str, pseudonym: str) -> None:
        """An official, to be found in every text if the name has two words or more."""
        if (name, pseudonym) not in self._added and len(words(core(name))) > 1:
            self._added.add((name, pseudonym))
            self._everywhere.add_person(name, pseudonym, self.ordinary)

    def add_part(self, request_id: int, name: str | None, pseudonym: str, body: str | None = None) -> None:
        """Somebody takes part in a thread; `body` is the name of its authority, whose words are nobody's there."""
        if name is not None and not is_placeholder(name):
            person = self._people.setdefault((name, pseudonym), Person(name, pseudonym))
            if person not in self._taking_part[request_id]:
                self._taking_part[request_id].append(person)
        if body:
            self._body_of[request_id] = body

    def author(self, author: str, request_id: int | None) -> str | None:
        """What stands in place of an author line ("NAME" or "NAME, AUTHORITY"), if it names one of the thread's people."""
        taking_part = self._taking_part.get(request_id, ()) if request_id is not None else ()
        for name, pseudonym in taking_part:
            if author == name or author.startswith(f"{name},"):
                return pseudonym + author[len(name) :]
        return None

    def _make_index(self, person: Person) -> Spellings:
        index = Spellings()
        index.add_person(person.name, person.pseudonym, self.ordinary)
        index.add_parts(person.name, person.pseudonym, self.ordinary)
        only = name_words(core(person.name))
        if len(only) == 1 and only[0] not in self.ordinary:
            index.add(only, person.pseudonym, ANY)
        return index

    def _make_thread(self, request_id: int | None) -> Thread:
        index, parts = Spellings(), dict[str, str]()
        if request_id is not None:
            body = frozenset(words(self._body_of.get(request_id, "")))
            for person in self._taking_part.get(request_id, ()):
                name, pseudonym = person
                index.join(self._index(person), body)
                for word in name_words(core(name)) if is_person(core(name)) else ():
                    if len(word) > 1:
                        parts[word] = pseudonym if parts.get(word, pseudonym) == pseudonym else NAME
        return Thread(index, parts)

    def thread(self, request_id: int | None = None) -> Thread:
        """Who takes part in a request; nobody for None."""
        return self._thread(request_id)

    def finds(self, plain: str, lower: str, thread: Thread) -> Iterator[Find]:
        """Names in a folded text. The longest name wins; where it may be several people's, those who take part.

        What runs words together by capitals (JoBloggs.pdf) is read once more, cut there, with what stands around it.
        """
        yield from self._read(plain, (ASCII_WORDS if lower.isascii() else WORDS).split(lower), thread.ways)
        windows: list[tuple[int, int]] = []
        for camel in CAMEL.finditer(plain):
            start, end = max(0, camel.start() - _AROUND), camel.end() + _AROUND
            if windows and start <= windows[-1][1]:
                windows[-1] = (windows[-1][0], end)
            else:
                windows.append((start, end))
        for start, end in windows:
            window = plain[start:end]
            for find in self._read(window, [part.lower() for part in CAMEL_WORDS.split(window)], thread.ways):
                yield find._replace(start=find.start + start, end=find.end + start)

    def _read(self, plain: str, parts: list[str], near: Spellings) -> Iterator[Find]:
        said = parts[1::2]
        far, close = self._everywhere.longest, near.longest
        if close:
            hits = [at for at, word in enumerate(said) if word in far or word in close]
        else:
            hits = [at for at, word in enumerate(said) if word in far]
        if not hits:
            return
        ends = list(accumulate(map(len, parts)))
        done = 0
        for at in hits:
            if at < done:
                continue
            word = said[at]
            found = None
            for length in range(min(max(far.get(word, 0), close.get(word, 0)), len(said) - at), 0, -1):
                key = word if length == 1 else " ".join(said[at : at + length])
                for index in (near, self._everywhere):
                    entries = index.entries.get(key)
                    if entries and _joins(parts, at, length):
                        found = _whose(entries, plain, parts, ends, at, length)
                    if found:
                        break
                if found:
                    done = at + length
                    yield Find(ends[2 * at], ends[2 * done - 1], found, "name")
                    break
            if not found and (length := self._with_middle_name(plain, parts, ends, at)):
                found, done = NAME, at + length
                yield Find(ends[2 * at], ends[2 * done - 1], found, "name")
            if not found and far.get(word, 0) > 1 and at + 1 < len(said) and self._runs_on(plain, parts, ends, at):
                done = at + 2
                yield Find(ends[2 * at], ends[2 * done - 1], NAME, "name")

    def _with_middle_name(self, plain: str, parts: list[str], ends: list[int], at: int) -> int:
        """How many words a known name has here with one more after its first ("Jo Q. Bloggs"); 0 where there is none.

        It may be somebody else's, so whose it is is not said.
        """
        first = parts[2 * at + 1]
        if not plain[ends[2 * at]].isupper():
            return 0
        for rest in range(min(self._everywhere.longest.get(first, 0) - 1, len(parts) // 2 - at - 2), 0, -1):
            entries = self._everywhere.entries.get(" ".join((first, *parts[2 * at + 5 : 2 * (at + rest) + 5 : 2])))
            if entries and any(entry.rule == ANY for entry in entries):
                signs = parts[2 * at + 2], parts[2 * at + 4]
                capitals = plain[ends[2 * at + 2]].isupper() and plain[ends[2 * at + 4]].isupper()
                if capitals and all(sign in _AROUND_MIDDLE for sign in signs) and _joins(parts, at, rest + 2):
                    return rest + 2
        return 0

    def _runs_on(self, plain: str, parts: list[str], ends: list[int], at: int) -> bool:
        """Whether the next word begins with the rest of a name ("Jo BloggsTel"): a search for the name would find it."""
        first, second = parts[2 * at + 1], parts[2 * at + 3]
        if not (plain[ends[2 * at]].isupper() and plain[ends[2 * at + 2]].isupper()) or not _joins(parts, at, 2):
            return False
        start = ends[2 * at + 2]
        for length in range(min(len(second) - 1, 24), 2, -1):
            if f"{first} {second[:length]}" in self._everywhere.entries:
                # Cut by a capital, it is for the other reading, which knows whose it is.
                return not CAMEL.fullmatch(plain, start + length - 1, start + length + 1)
        return False


def _joins(parts: list[str], at: int, length: int) -> bool:
    """Whether nothing but signs lies between the words of what may be a name."""
    between = parts[2 * at + 2 : 2 * (at + length) : 2]
    return all(len(signs) <= MOST_BETWEEN and BARRIER not in signs for signs in between)


def _whose(entries: tuple[Entry, ...], plain: str, parts: list[str], ends: list[int], at: int, length: int) -> str | None:
    """The pseudonym for a find, or None where it is not written as the name would be."""
    starts = [ends[2 * (at + n)] for n in range(length)]
    signs = parts[2 * at + 2 : 2 * (at + length) : 2]
    capital = all(plain[start].isupper() or plain[start].isdigit() for start in starts)
    address = bool(signs) and all(sign in ("_", "-", ".", "%20", "+") for sign in signs)
    meant: set[str] = set()
    turned: set[str] = set()
    for entry in entries:
        if (
            entry.rule == ANY
            or (entry.rule == CAPITAL and (capital or (address and length > 1)))
            or (
                entry.rule == WRITTEN
                and (
                    address
                    or plain[starts[0] : ends[2 * (at + length) - 1]] in entry.written
                    or _as_written(plain, parts, ends, at, length, entry.written)
                )
            )
        ):
            meant.add(entry.pseudonym)
        elif entry.rule == REVERSED and (capital or address or "," in signs[0]):
            turned.add(entry.pseudonym)
    meant = meant or turned
    if not meant:
        return None
    return meant.pop() if len(meant) == 1 else NAME


def _as_written(plain: str, parts: list[str], ends: list[int], at: int, length: int, written: str) -> bool:
    own = [plain[ends[2 * n] : ends[2 * n + 1]] for n in range(at, at + length)]
    return own == cased_words(written)[: len(own)] or all(word.isupper() for word in own)
