"""What a search of /list and of an authority's pages finds (site-contract.md sections 2.2, 2.5 and 10)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from .model import INDEXED_EVENTS, VIEWS, Comment, Event, Request, Tag
from .state import State

PREFIXES = frozenset(
    "variety latest_status status waiting_classification requested_from requested_by commented_by request tag "
    "request_public_body_tag".split()
)
_EVERY_DAY = (date.min, date.max)


class BadQuery(Exception):
    """A query that the site answers with status 500."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search as its address gives it: parameters, and the view, tag or authority that stand in the path."""

    query: str = ""
    after: str | None = None
    before: str | None = None
    view: str | None = None
    tag: str | None = None
    authority_id: int | None = None

    @classmethod
    def of(
        cls, params: Mapping[str, str], view: str | None = None, tag: str | None = None, authority_id: int | None = None
    ) -> Search:
        return cls(
            params.get("query", ""), params.get("request_date_after"), params.get("request_date_before"), view, tag, authority_id
        )


Groups = dict[tuple[str, bool], list[str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """One side of a query: prefixed terms in groups (the same prefix is ORed, groups are ANDed), and free words."""

    groups: Groups
    words: list[tuple[bool, str]]


def _parse(query: str) -> Terms:
    groups: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    words: list[tuple[bool, str]] = []
    negated = False
    for token in re.findall(r'"[^"]+"|[^\s()]+', query):
        if token in ("AND", "OR"):
            continue
        if token == "NOT":
            negated = True
            continue
        if token.startswith("-") and len(token) > 1:
            negated, token = True, token[1:]
        prefix, colon, value = token.partition(":")
        if colon and prefix in PREFIXES:
            groups[prefix, negated].append(value if prefix.endswith("tag") else value.lower())
        else:
            words.append((negated, token.strip('"').lower()))
        negated = False
    return Terms(dict(groups), words)


def _split_at_not(query: str) -> tuple[str, str | None]:
    """What stands before and behind the first NOT outside parentheses; None where there is none."""
    depth = 0
    for found in re.finditer(r'"[^"]*"|[()]|\bNOT\b', query):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] == "NOT" and depth == 0:
            return query[: found.start()], query[found.end() :]
    return query, None


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def _window(search: Search, today: date) -> tuple[date, date] | None:
    """The days asked for, both included; None where the range can match nothing.

    Of one date alone the site makes a range whose other end is DD/MM/YYYY: an ISO date then matches nothing.
    A date that is sent empty leaves its side open.
    """
    after, before = search.after, search.before
    if not after and not before:
        return _EVERY_DAY
    given = after if before is None else before if after is None else None
    if given is not None and not re.fullmatch(r"\d\d/\d\d/\d{4}", given):
        return None
    start = _day(after) if after else date.min
    end = _day(before) if before else today if before is None else date.max
    if start is None or end is None or start > end:
        return None
    return start, end


def _tag_values(tags: Iterable[Tag]) -> list[str]:
    return [value for name, said in tags for value in ((name,) if said is None else (name, f"{name}:{said}"))]


class Index:
    """The searchable events of one revision of the world, newest first, with the terms that find them."""

    def __init__(self, world: State) -> None:
        self.world, self.revision = world, world.revision
        rows = [(e, r) for r in world.requests.values() if r.listed for e in r.events if self._visible(e)]
        rows.sort(key=lambda row: (row[0].created_at, row[0].id), reverse=True)
        self.rows: list[tuple[Event, Request]] = rows
        self._age = [-row[0].created_at.timestamp() for row in rows]
        self._postings: dict[str, defaultdict[str, list[int]]] = {}
        self._found: dict[tuple[Search, date], list[tuple[Event, Request]]] = {}

    def _visible(self, event: Event) -> bool:
        if event.event_type not in INDEXED_EVENTS:
            return False
        message = self.world.message_of(event)
        return message is not None and (message.visible if isinstance(message, Comment) else message.prominence == "normal")

    def _values(self, event: Event, request: Request, prefix: str) -> list[str]:
        world = self.world
        match prefix:
            case "variety":
                return [event.event_type]
            case "latest_status":
                return [request.described_state]
            case "status":
                return [event.calculated_state] if event.calculated_state else []
            case "waiting_classification":
                return ["yes" if request.awaiting_description else "no"]
            case "requested_from":
                return [world.authority_of(request).url_name]
            case "requested_by":
                user = world.requester(request)
                return [user.url_name] if user else []
            case "commented_by":
                comment = world.comments.get(event.comment_id or -1)
                return [world.users[comment.user_id].url_name] if comment else []
            case "request":
                return [request.url_title]
            case "tag":
                return _tag_values(request.tags)
            case _:
                return _tag_values(world.authority_of(request).tags)

    def _positions(self, prefix: str, value: str) -> list[int]:
        """Where a term is found. The lists of a prefix are made when it is first asked for."""
        if prefix not in self._postings:
            made: defaultdict[str, list[int]] = defaultdict(list)
            for position, row in enumerate(self.rows):
                for each in self._values(*row, prefix):
                    made[each].append(position)
            self._postings[prefix] = made
        return self._postings[prefix].get(value, [])

    def text(self, event: Event, request: Request) -> str:
        message = self.world.message_of(event)
        return "" if message is None else self.world.shown_text(message, request)

    def _holds(self, event: Event, request: Request, terms: Terms) -> bool:
        for (prefix, negated), wanted in terms.groups.items():
            if any(value in wanted for value in self._values(event, request, prefix)) == negated:
                return False
        return all(self._says(event, request, word) != negated for negated, word in terms.words)

    def _says(self, event: Event, request: Request, word: str) -> bool:
        """Whether the title or the shown text has a word. Masking a text is slow, so the bare text is asked first."""
        if word in request.title.lower():
            return True
        message = self.world.message_of(event)
        bare = message is not None and message.text is not None and word in message.text.lower()
        return bare and word in self.text(event, request).lower()

    def _span(self, window: tuple[date, date]) -> range:
        """The positions of a window's events: days are UTC days, both included."""
        start, end = window
        newest = datetime.combine(end, datetime.max.time(), UTC).timestamp() if end != date.max else float("inf")
        oldest = datetime.combine(start, datetime.min.time(), UTC).timestamp() if start != date.min else float("-inf")
        return range(bisect_left(self._age, -newest), bisect_right(self._age, -oldest))

    def _candidates(self, terms: Terms, span: range) -> Iterable[int]:
        """The shortest list of positions that holds all that can match."""
        best: Iterable[int] = span
        size = len(span)
        for (prefix, negated), values in terms.groups.items():
            postings = [self._positions(prefix, value) for value in set(values)]
            total = sum(map(len, postings))
            if not negated and total < size:
                best, size = sorted({p for posting in postings for p in posting if p in span}), total
        return best

    def find(self, search: Search) -> list[tuple[Event, Request]]:
        """The newest matching event of each request, newest first; on an authority's pages by described time.

        Raises BadQuery where the site answers 500.
        """
        key = (search, self.world.now.date())
        if key not in self._found:
            if len(self._found) > 256:
                self._found.clear()
            self._found[key] = self._collapse(search, [self.rows[p] for p in self._matching(search)])
        return self._found[key]

    def _matching(self, search: Search) -> list[int]:
        window = _window(search, self.world.now.date())
        if window is None:
            return []
        span = self._span(window)
        before_not, behind_not = _split_at_not(search.query)
        if behind_not is not None and not before_not.strip():
            raise BadQuery("the query begins with NOT")
        terms, appended = _parse(before_not), self._appended(search)
        if behind_not is None:
            candidates = self._candidates(Terms({**terms.groups, **self._narrowing(search)}, []), span)
            return [p for p in candidates if self._holds(*self.rows[p], terms) and appended(*self.rows[p])]
        swallowed = _parse(behind_not)
        every = range(len(self.rows))
        return [
            p
            for p in self._candidates(terms, every)
            if self._holds(*self.rows[p], terms)
            and not (self._holds(*self.rows[p], swallowed) and p in span and appended(*self.rows[p]))
        ]

    def _narrowing(self, search: Search) -> Groups:
        if search.authority_id is None:
            return {}
        return {("requested_from", False): [self.world.authorities[search.authority_id].url_name]}

    @staticmethod
    def _appended(search: Search) -> Callable[[Event, Request], bool]:
        """The view, tag and authority of the address, which the site puts behind the query."""
        states = VIEWS.get(search.view or "")

        def matches(_event: Event, request: Request) -> bool:
            return (
                (states is None or request.described_state in states)
                and (search.tag is None or search.tag in _tag_values(request.tags))
                and (search.authority_id is None or request.authority_id == search.authority_id)
            )

        return matches

    @staticmethod
    def _collapse(search: Search, found: list[tuple[Event, Request]]) -> list[tuple[Event, Request]]:
        if search.authority_id is not None:
            found = sorted(found, key=lambda row: (row[0].described_at, row[0].id), reverse=True)
        first: dict[int, tuple[Event, Request]] = {}
        for row in found:
            first.setdefault(row[1].id, row)
        return list(first.values())
