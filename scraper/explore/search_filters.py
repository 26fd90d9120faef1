"""What a search is narrowed to: fields of the form, and the conditions in SQL that they stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .links import Value
from .words import KINDS, LAWS, STATES


class Where(StrEnum):
    """Where to look."""

    ALL = "all"
    TITLES = "titles"
    MESSAGES = "messages"
    FILES = "files"


class Sort(StrEnum):
    RANK = "rank"
    NEWEST = "newest"
    OLDEST = "oldest"


FILE_TYPES: dict[str, tuple[str, ...]] = {
    "PDF": ("application/pdf",),
    "Word and other text documents": (
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text",
        "application/rtf",
        "text/rtf",
    ),
    "Spreadsheets and tables": (
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
        "text/csv",
    ),
    "Presentations": (
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.presentation",
    ),
    "Images and scans": ("image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp"),
    "E-mail": ("message/rfc822", "application/vnd.ms-outlook", "application/vnd.ms-tnef"),
    "Web pages and plain text": ("text/html", "text/plain", "text/xml", "application/xml"),
}
"""Groups of media types, by the name that the form shows; old Office files of one container type are in none."""

CONDITIONS = {
    "authority": """r.authority_id in (select id from authorities
    where id = :authority or url_name = :authority or name like '%' || :authority || '%')""",
    "tag": """r.authority_id in (select authority_id from authority_tags
    where name = :tag and (:tag_value = '' or value = :tag_value))""",
    # Who asks from outside the site has a name and no account.
    "requester": """(r.user_id in (select id from users
    where id = :requester or url_name = :requester or name like '%' || :requester || '%')
    or r.user_id is null and r.user_name like '%' || :requester || '%')""",
    "batch": "r.batch_id = :batch",
    "law": "r.law_used = :law",
    "state": "coalesce(r.display_state, r.described_state) = :state",
    "since": "{at} >= :since",
    "until": "{at} < :until",
    "kind": "m.kind = :kind",
    "type": "f.media_type in (select value from json_each(:types))",
}
"""Field -> condition. `r` is the request, `m` the message, `f` the file, `{at}` the time of the hit."""

LABELS = {
    "authority": "Authority",
    "tag": "Authority's tag",
    "requester": "Requester",
    "batch": "Batch",
    "law": "Law",
    "state": "State of the request",
    "since": "From",
    "until": "To",
    "kind": "Kind of message",
    "type": "Type of file",
}

OF_MESSAGES, OF_FILES = "kind", "type"
"""Fields that a title has not, and that neither a title nor a message has."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The fields as they were filled in, without those that could not be understood; `hints` say why."""

    fields: Mapping[str, str]
    where: Where
    sort: Sort
    hints: tuple[str, ...]

    @property
    def narrowed(self) -> bool:
        return bool(self.fields)

    def places(self) -> list[Where]:
        """Where to look, and can be looked with these filters."""
        possible = [Where.TITLES, Where.MESSAGES, Where.FILES]
        if OF_MESSAGES in self.fields:
            possible.remove(Where.TITLES)
        if OF_FILES in self.fields:
            possible = [Where.FILES]
        return possible if self.where is Where.ALL else [place for place in possible if place is self.where]

    def conditions(self, at: str) -> str:
        """All conditions, each after an ``and``; empty where there is none. `at` is the column of the hit's time."""
        return "".join(f"\n  and {CONDITIONS[name].format(at=at)}" for name in self.fields)

    def values(self) -> dict[str, Value]:
        """The values bound in `conditions`."""
        bound: dict[str, Value] = {name: value for name, value in self.fields.items() if name not in ("type", "tag", "until")}
        if "type" in self.fields:
            bound["types"] = json.dumps(FILE_TYPES[self.fields["type"]])
        if "tag" in self.fields:
            bound["tag"], _, bound["tag_value"] = self.fields["tag"].partition(":")
        if "until" in self.fields:  # the whole of that day, whatever the time
            bound["until"] = f"{self.fields['until']}T99"
        return bound


def read_filters(args: Mapping[str, str]) -> Filters:
    """The fields of an address. What cannot be meant is left out, with a hint."""
    fields, hints = dict[str, str](), list[str]()
    for name in CONDITIONS:
        value = " ".join(args.get(name, "").replace("\0", " ").split())[:200]
        if not value:
            continue
        problem = _problem(name, value)
        if problem:
            hints.append(problem)
        else:
            fields[name] = value
    where = args.get("in", Where.ALL)
    sort = args.get("sort", Sort.RANK)
    return Filters(
        fields,
        Where(where) if where in set(Where) else Where.ALL,
        Sort(sort) if sort in set(Sort) else Sort.RANK,
        tuple(hints),
    )


def _problem(name: str, value: str) -> str | None:
    """Why a value cannot be used; None where it can."""
    if name in ("since", "until"):
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"“{value}” is no date and was left out; write it as 2024-03-31."
        if len(value) != 10:
            return f"“{value}” was left out; write the date as 2024-03-31."
    if name == "batch" and not (value.isascii() and value.isdigit() and len(value) < 19):
        return f"A batch is given by its number; “{value}” was left out."
    if name == "type" and value not in FILE_TYPES:
        return f"There is no such group of files as “{value}”; it was left out."
    return None


def choices(filters: Filters) -> dict[str, dict[str, str]]:
    """What the form offers to choose from: field -> value -> words. A value that was given is always among them."""
    offered = {"state": STATES, "law": LAWS, "kind": KINDS, "type": {name: name for name in FILE_TYPES}}
    return {
        name: known if (given := filters.fields.get(name)) is None or given in known else {**known, given: given}
        for name, known in offered.items()
    }
