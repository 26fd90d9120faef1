"""In Datasette's own tables: what a cell names leads to our page of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from markupsafe import Markup

from .archives import archives
from .links import Links, is_sha256
from .words import harmless

if TYPE_CHECKING:
    from datasette.app import Datasette

NUMBERED = {"request_id": "request", "authority_id": "authority", "user_id": "user", "batch_id": "batch"}
"""Columns that hold a number of something that has a page, in whatever table or query."""

TITLES = {
    ("requests", "title"): "request",
    ("request_summary", "title"): "request",
    ("authorities", "name"): "authority",
    ("users", "name"): "user",
    ("batches", "title"): "batch",
}
"""Columns that name what their row is about; the number is the row's id."""

_links: WeakKeyDictionary[Datasette, dict[str, Links]] = WeakKeyDictionary()

COLUMNS = frozenset(NUMBERED) | {column for _, column in TITLES} | {"anchor", "sha256", "file_id"}


def rendered(datasette: Datasette, database: str, table: str | None, row: Any, column: str, value: Any) -> Markup | None:
    """The cell as a link; None where it is none of ours, and Datasette shows it in its own way."""
    if column not in COLUMNS or value is None or database not in archives(datasette):
        return None
    # Where Datasette knows the row that a number stands for, it gives both.
    key, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    known = _links.setdefault(datasette, {})
    if database not in known:
        known[database] = Links(datasette, database)
    address = _address(known[database], table, row, column, key, label)
    if address is None:
        return None
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, harmless(str(label if label is not None else key)))


def _address(links: Links, table: str | None, row: Any, column: str, key: Any, label: Any) -> str | None:
    if column in ("sha256", "file_id"):
        return links.file(label) if is_sha256(label) else None
    if column == "anchor":
        request_id = _of_row(row, "request_id")
        return links.request(request_id, str(key)) if isinstance(request_id, int) else None
    if column in NUMBERED:
        return links.numbered(NUMBERED[column], key) if isinstance(key, int) else None
    number = _of_row(row, "id")
    page = TITLES.get((table or "", column))
    return links.numbered(page, number) if page and isinstance(number, int) else None


def _of_row(row: Any, column: str) -> Any:
    """A value of the row; None where the table is shown without that column."""
    if column not in row.keys():  # noqa: SIM118 - a row of sqlite3 iterates over its values
        return None
    value = row[column]
    return value["value"] if isinstance(value, dict) else value
