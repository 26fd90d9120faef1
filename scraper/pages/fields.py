"""Typed access to a JSON document: a key that is missing or of another type is an error that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from ..records import Capture, PageKind, Tag, UnreadablePage
from .text import fold, storable
from .times import utc

T = TypeVar("T")
_LARGEST = 2**63 - 1
"""What a column of SQLite holds."""


class Fields:
    """A JSON object with the path that led to it, such as ``info_request_events[3]``."""

    def __init__(self, kind: PageKind, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise UnreadablePage(kind, path or "JSON object", f"is {_sort(value)}")
        self.kind, self._values, self._path = kind, value, path

    @classmethod
    def of(cls, capture: Capture) -> Fields:
        """The document of a capture. Raises UnreadablePage where it is no JSON object."""
        kind = capture.ref.kind
        try:
            return cls(kind, json.loads(capture.body.decode("utf-8-sig", "replace")))
        except (ValueError, RecursionError) as error:
            raise UnreadablePage(kind, "JSON", "malformed") from error

    def problem(self, key: str, what: str) -> UnreadablePage:
        return UnreadablePage(self.kind, f"{self._path}.{key}" if self._path else key, what)

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def _required(self, key: str) -> object:
        if key not in self._values:
            raise self.problem(key, "not found")
        return self._values[key]

    def _typed(self, key: str, sort: type[T]) -> T:
        value = self._required(key)
        if not isinstance(value, sort) or (sort is int and isinstance(value, bool)):
            raise self.problem(key, f"is {_sort(value)}")
        return value

    def _unless_null(self, key: str, get: Callable[[str], T]) -> T | None:
        return None if self._required(key) is None else get(key)

    def text(self, key: str) -> str:
        """A text that says something, on one line."""
        text = fold(storable(self._typed(key, str)))
        if not text:
            raise self.problem(key, "is empty")
        return text

    def optional_text(self, key: str) -> str | None:
        """A text as it stands, None where it is absent, null or empty."""
        if not self.has(key):
            return None
        return storable(self._typed(key, str)).replace("\r\n", "\n").strip() or None

    def integer(self, key: str) -> int:
        value = self._typed(key, int)
        if abs(value) > _LARGEST:
            raise self.problem(key, "is too large")
        return value

    def identifier(self, key: str) -> int:
        value = self.integer(key)
        if value < 1:
            raise self.problem(key, "is no id")
        return value

    def boolean(self, key: str) -> bool:
        return self._typed(key, bool)

    def time(self, key: str) -> str:
        """A moment as UTC text."""
        try:
            return utc(self._typed(key, str))
        except ValueError as error:
            raise self.problem(key, "is no time with an offset") from error

    def text_or_null(self, key: str) -> str | None:
        self._required(key)
        return self.text(key) if self.optional_text(key) else None

    def integer_or_null(self, key: str) -> int | None:
        return self._unless_null(key, self.integer)

    def identifier_or_null(self, key: str) -> int | None:
        return self._unless_null(key, self.identifier)

    def time_or_null(self, key: str) -> str | None:
        return self._unless_null(key, self.time)

    def integers(self) -> dict[str, int]:
        """All whole numbers at the top of the document, by key."""
        whole = [key for key, value in self._values.items() if isinstance(value, int) and not isinstance(value, bool)]
        return {storable(key): self.integer(key) for key in whole}

    def child(self, key: str) -> Fields:
        return Fields(self.kind, self._required(key), f"{self._path}.{key}" if self._path else key)

    def children(self, key: str) -> list[Fields]:
        path = f"{self._path}.{key}" if self._path else key
        return [Fields(self.kind, item, f"{path}[{i}]") for i, item in enumerate(self._typed(key, list))]

    def tags(self, key: str = "tags") -> tuple[Tag, ...]:
        """Tags as ``[[name, value], ...]``, the value null where there is none (site-contract.md section 3)."""
        tags = []
        for item in self._typed(key, list):
            if not isinstance(item, list) or len(item) != 2:
                raise self.problem(key, "holds an item that is no pair")
            name, value = item
            if not isinstance(name, str) or not isinstance(value, str | None):
                raise self.problem(key, "holds a pair that is no tag")
            tags.append(Tag(storable(name), storable(value or "")))
        return tuple(tags)


def _sort(value: object) -> str:
    return "null" if value is None else type(value).__name__
