"""Takes personal data out of texts for the public edition: what is found is replaced, and nothing else is changed.

Finding happens in the folded text (`folding`), replacing in the text as it is. What was masked counts by kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .emails import emails
from .folding import BARRIER, Find, Folded
from .greetings import greetings
from .names import NAME, Names, Thread
from .numbers import ni_numbers, phones, postcodes
from .people import core, is_placeholder, official
from .pseudonyms import PSEUDONYM, Pseudonyms

_MASKED = re.compile(r"\[(?:email|phone|NI number|name|\.\.)\]")
_GIVEN = re.compile(rf"{PSEUDONYM}(?![^\W_])")
_USER_PAGE = re.compile(r"/user/(?!contact\b|show\b)([\w%.~+-]{1,200})")
MOST_READINGS = 5
"""What is masked parts what stood together. So its surroundings are read again until nothing is found; once is usual."""
AROUND = 200
"""Characters on either side of a mask that are read again."""
_BLANK = re.compile(r"\s")

Place = tuple[int, int]


class Mask:
    """Masks texts. `counts`: what was masked, by kind: email, phone, ni_number, postcode, name, author."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.counts: Counter[str] = Counter()

    def text(self, value: str | None, request_id: int | None = None) -> str | None:
        """A text without what is personal in it; None stays None. `request_id` says in whose thread it stands, if any."""
        if value is None or not value:
            return value
        thread = self.names.thread(request_id)
        value, places = self._read(value, thread)
        for _ in range(MOST_READINGS - 1):
            if not places:
                break
            value, places = self._read_around(value, places, thread)
        return value

    short = text

    def author(self, author: str | None, request_id: int | None = None) -> str | None:
        """An author as shown, found among the thread's people; else masked as a text."""
        if author is None:
            return None
        pseudonym = self.names.author(author, request_id)
        if pseudonym is None:
            return author if is_placeholder(author) else self.text(author, request_id)
        self.counts["author"] += 1
        return pseudonym

    def _read_around(self, value: str, places: list[Place], thread: Thread) -> tuple[str, list[Place]]:
        """Reads what stands around masked places again: only there can anything stand otherwise than it did."""
        made: list[str] = []
        found: list[Place] = []
        done = length = 0
        for start, end in _windows(value, places):
            window, inside = self._read(value[start:end], thread)
            made += (value[done:start], window)
            length += start - done
            found += ((length + one, length + other) for one, other in inside)
            length += len(window)
            done = end
        made.append(value[done:])
        return "".join(made), found

    def _read(self, value: str, thread: Thread) -> tuple[str, list[Place]]:
        """The text masked, and where in it masks were put."""
        folded = Folded(value)
        plain = folded.plain
        if "[" in plain:
            plain = _MASKED.sub(_barrier, plain)
        if "requester-" in plain or "official-" in plain:
            plain = _GIVEN.sub(_barrier, plain)
        finds: list[Find] = []
        if "/user/" in plain:
            for page in _USER_PAGE.finditer(plain):
                finds.append(Find(*page.span(1), self.names.slugs.get(page[1].lower(), NAME), "name"))
        finds += emails(plain, self.names.ordinary)
        finds += ni_numbers(plain)
        finds += phones(plain)
        finds += postcodes(plain)
        lower = plain.lower()
        finds += self.names.finds(plain, lower, thread)
        finds += greetings(plain, lower, thread)
        if not finds:
            return value, []
        made: list[str] = []
        places: list[Place] = []
        done = length = 0
        for find in _apart(finds):
            start, end = folded.origin(find.start), folded.origin(find.end)
            made += (value[done:start], find.instead)
            length += start - done
            places.append((length, length := length + len(find.instead)))
            done = end
            self.counts[find.kind] += 1
        made.append(value[done:])
        return "".join(made), places


def _windows(value: str, places: list[Place]) -> list[Place]:
    """The surroundings of places, from blank to blank where there is one near, those that meet made one."""
    windows: list[Place] = []
    for start, end in places:
        before = _BLANK.search(value, max(0, start - AROUND), start)
        start = before.start() if before and start > AROUND else max(0, start - AROUND)
        after = _BLANK.search(value, end + AROUND, end + 2 * AROUND)
        end = after.start() if after else min(len(value), end + 2 * AROUND)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def _barrier(masked: re.Match[str]) -> str:
    return BARRIER * len(masked[0])


def _apart(finds: list[Find]) -> list[Find]:
    """Finds in order, those that overlap made one: the longer says what it was, so that no rest of the shorter stays."""
    finds.sort(key=lambda find: (find.start, -find.end))
    apart: list[Find] = []
    for find in finds:
        if apart and find.start < apart[-1].end:
            last = apart[-1]
            longer = max(last, find, key=lambda one: (one.end - one.start, one.instead != NAME))
            start = min(last.start, find.start)
            apart[-1] = Find(start, max(last.end, find.end), longer.instead, longer.kind)
        else:
            apart.append(find)
    return apart


def gather(
    pseudonyms: Pseudonyms,
    authorities: Iterable[tuple[int, str, str | None]],
    users: Iterable[tuple[int, str | None, str | None]],
    requests: Iterable[tuple[int, int | None, str | None, int | None]],
    messages: Iterable[tuple[int, str | None, str | None, int | None, str | None]],
    ordinary: Iterable[str] = (),
) -> Names:
    """The names of an archive from its rows.

    `authorities`: id, name, short_name. `users`: id, url_name, name. `requests`: id, user_id, user_name, authority_id.
    `messages`, better each distinct row once: request_id, kind, author, user_id, user_url_name. `ordinary`: what
    `ordinary_words` found in a sample of the texts.
    """
    names = Names(pseudonyms, ordinary)
    bodies: dict[int, tuple[str, str]] = {}
    for authority_id, body, short_name in authorities:
        bodies[authority_id] = (body, short_name or "")
        names.add_body(body, short_name)
    account_of: dict[str | None, int] = {}
    for user_id, slug, name in users:
        names.add_requester(name, pseudonyms.requester(user_id, name), slug)
        if slug:
            account_of[slug] = user_id
    authority_of: dict[int, int | None] = {}
    for request_id, account, name, of in requests:
        authority_of[request_id] = of
        pseudonym = pseudonyms.requester(account, name)
        names.add_requester(name, pseudonym)
        names.add_part(request_id, name, pseudonym, bodies[of][0] if of in bodies else None)
    for request_id, kind, author, account, slug in messages:
        if not author:
            continue
        if kind == "response":
            of = authority_of.get(request_id)
            person = official(author, bodies.get(of, ()) if of is not None else ())
            if person is None:
                continue
            pseudonym, shown = pseudonyms.official(of, core(person[0])), person[0]
            names.add_official(shown, pseudonym)
        else:
            pseudonym, shown = pseudonyms.requester(account if account is not None else account_of.get(slug), author), author
            names.add_requester(shown, pseudonym, slug)
        names.add_part(request_id, shown, pseudonym)
    return names
