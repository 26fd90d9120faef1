"""The search page: one box over titles, messages and the text of files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from .links import Value
from .search_engine import Found, Search, Way, find, grouped, indexes
from .search_export import Export
from .search_filters import CONDITIONS, LABELS, OF_FILES, OF_MESSAGES, Filters, Sort, Where, choices, read_filters
from .search_passages import Passage, passages
from .search_query import Understood, understand
from .visit import NotShown, Query, Reader, Visit
from .words import state as state_in_words

PAGE_SIZE = 20
FIRST_OF = {Where.TITLES: 5, Where.MESSAGES: 10, Where.FILES: 10}
"""How many of each kind a page of all kinds shows: scores of different indexes cannot be set beside one another."""
DEEPEST_PAGE = 50
"""Of WALKED hits, which are too many to be read at once: each page walks past all before it."""
WALKED = (Way.NEWEST, Way.LAST_STORED)
GROUPS_SHOWN = 10
NAMES = Query("The authorities' names", "select id, name from authorities where id in (select value from json_each(:ids))")
EXAMPLES = (
    ("road repairs", "both words, wherever they stand"),
    ('"data protection"', "the words side by side"),
    ("algorithm OR software", "either word"),
    ("contract NOT catering", "the first word without the second"),
    ("consult*", "any word that begins so: consultant, consultation"),
    ('(fraud OR error) "housing benefit"', "brackets group"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """The hits of one kind that the page shows."""

    found: Found
    shown: Sequence[Passage]

    @property
    def where(self) -> Where:
        return self.found.index.where


class Group(NamedTuple):
    """A row of hits by authority or state; `value` is what the filter is set to."""

    value: Value
    name: str
    hits: int


@dataclass(frozen=True, slots=True)
class Result:
    sections: list[Section]
    authorities: list[Group]
    states: list[Group]
    ungrouped: bool
    """Whether there are hits, but too many to be grouped unasked."""

    @property
    def count(self) -> int:
        return sum(section.found.count for section in self.sections)

    @property
    def more(self) -> bool:
        """Whether there are more than `count`."""
        return any(section.found.more for section in self.sections)


async def show(visit: Visit) -> Response:
    """Any text gives a page: what cannot be searched gives hints in place of hits."""
    typed, filters, understood = _asked(visit)
    page = _page(visit)
    context = _form(visit, typed, filters, understood) | {"page": page}
    if understood.expression is None:
        return visit.render("search.html", result=None, **context)
    search = Search(understood.expression, filters, grouped=bool(visit.args.get("groups")))
    try:
        result, asked = await visit.read(lambda reader: _search(reader, search, understood, page))
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        context["hints"] = [*context["hints"], "This took too long. Another word, or a narrower filter, makes it quicker."]
        return visit.render("search.html", status=503, result=None, **context)
    context |= {"notes": _notes(result, filters), **_pager(result, page, filters)}
    return visit.render("search.html", asked, result=result, **context)


async def export(visit: Visit) -> Export:
    """All hits as CSV or JSON. Raises NotShown where there is nothing to look for."""
    _, filters, understood = _asked(visit)
    reasons = " ".join(hint.value for hint in understood.hints)
    if understood.expression is None:
        raise NotShown("Nothing to look for", reasons or "Type a word to look for.", 400)
    return Export(visit, Search(understood.expression, filters), understood.terms, visit.path["format"])


def _asked(visit: Visit) -> tuple[str, Filters, Understood]:
    typed = visit.args.get("q", "")
    return typed, read_filters(visit.args), understand(typed)


def _page(visit: Visit) -> int:
    given = visit.args.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1


def _search(reader: Reader, search: Search, understood: Understood, page: int) -> Result:
    sections = []
    places = search.filters.places()
    for index in indexes(reader):
        if index.where not in places:
            continue
        one = search.filters.where is not Where.ALL
        size = PAGE_SIZE if one else FIRST_OF[index.where]
        number = page if one else 1
        found = find(reader, index, search, number, size)
        if found.way in WALKED and number > DEEPEST_PAGE:
            number, found = DEEPEST_PAGE, find(reader, index, search, DEEPEST_PAGE, size)
        ids = [hit.id for hit in found.page(number, size)]
        sections.append(Section(found, passages(reader, index, search, ids, understood.terms) if ids else []))
    groups = grouped([section.found for section in sections])
    if groups is None:
        return Result(sections, [], [], ungrouped=True)
    by_authority = groups[0].most_common(GROUPS_SHOWN)
    names = dict(tuple(row) for row in reader.rows(NAMES, ids=json.dumps([number for number, _ in by_authority])))
    authorities = [Group(number, names.get(number, f"Authority {number}"), count) for number, count in by_authority]
    states = [Group(code, state_in_words(code), count) for code, count in groups[1].most_common(GROUPS_SHOWN)]
    return Result(sections, authorities, states, ungrouped=False)


def _form(visit: Visit, typed: str, filters: Filters, understood: Understood) -> dict[str, Any]:
    kept: dict[str, Value] = {"q": typed, **filters.fields}
    if filters.where is not Where.ALL:
        kept["in"] = filters.where.value
    if filters.sort is not Sort.RANK:
        kept["sort"] = filters.sort.value
    return {
        "typed": typed,
        "fields": {name: filters.fields.get(name, "") for name in CONDITIONS},
        "filters": filters,
        "kept": kept,
        "labels": LABELS,
        "choices": choices(filters),
        "hints": [*(hint.value for hint in understood.hints), *filters.hints],
        "examples": EXAMPLES,
        "places": list(Where),
        "sorts": {Sort.RANK: "Best match first", Sort.NEWEST: "Newest first", Sort.OLDEST: "Oldest first"},
        "notes": [],
        "older": None,
        "newer": None,
    }


def _pager(result: Result, page: int, filters: Filters) -> dict[str, int | None]:
    """The numbers of the pages before and after; a page of all kinds has none."""
    if filters.where is Where.ALL or not result.sections:
        return {"newer": None, "older": None}
    found = result.sections[0].found
    deepest = found.way in WALKED and page >= DEEPEST_PAGE
    more = found.has_more(page, PAGE_SIZE) and not deepest
    return {"newer": page - 1 if page > 1 else None, "older": page + 1 if more else None}


def _notes(result: Result, filters: Filters) -> list[str]:
    """What the reader should know of how these hits were chosen and ordered."""
    notes = []
    if OF_FILES in filters.fields and filters.where is Where.ALL:
        notes.append("A type of file was chosen, so only files are shown.")
    elif OF_MESSAGES in filters.fields and filters.where is Where.ALL:
        notes.append("A kind of message was chosen, so titles are left out; files are those that came with such messages.")
    elif not result.sections:
        notes.append("These filters say nothing about where you are looking; look everywhere instead.")
    for section in result.sections:
        if section.found.way is Way.LAST_STORED:
            notes.append(f"Too many {section.where} match to sort them: those that this archive stored last come first.")
        elif section.found.way is Way.NEWEST and filters.sort is Sort.RANK:
            notes.append(f"Too many {section.where} match to rank them: the newest come first.")
    return notes
