"""Authorities: JSON, the register (CSV), and the page of an authority's requests."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import unquote

from ..records import (
    Authority,
    AuthorityCounts,
    AuthorityPage,
    AuthorityRegister,
    Capture,
    PageKind,
    Reading,
    Tag,
    UnreadablePage,
)
from ..urls import LIST_PAGES, LIST_ROWS, Site
from .fields import Fields
from .lists import list_page
from .markup import content, decode, first, number, parse, required
from .text import fold, shown
from .times import utc

_COLUMNS = (
    "Internal ID",
    "Name",
    "Short name",
    "URL name",
    "Tags",
    "Home page",
    "Publication scheme",
    "Notes",
    "Created at",
    "Updated at",
)
"""Columns of all-authorities.csv that every version has; "Disclosure log" came with 0.45 (section 3.3)."""
_LONGEST_FIELD = 131_072
"""Characters."""


def authority_of(fields: Fields) -> Authority:
    """An authority's own JSON, which a request's JSON repeats (site-contract.md section 3.3)."""
    info = fields.child("info")
    return Authority(
        id=fields.identifier("id"),
        url_name=fields.text("url_name"),
        name=fields.text("name"),
        short_name=fields.optional_text("short_name"),
        home_page=fields.optional_text("home_page"),
        notes=fields.optional_text("notes"),
        publication_scheme=fields.optional_text("publication_scheme"),
        disclosure_log=fields.optional_text("disclosure_log"),
        created_at=fields.time("created_at"),
        updated_at=fields.time("updated_at"),
        tags=fields.tags(),
        counts=AuthorityCounts(
            requests=info.integer_or_null("requests_count"),
            successful=info.integer_or_null("requests_successful_count"),
            not_held=info.integer_or_null("requests_not_held_count"),
            overdue=info.integer_or_null("requests_overdue_count"),
        ),
    )


def read_authority_json(capture: Capture, site: Site) -> Reading:
    return Reading("content", authority_of(Fields.of(capture)))


def read_authorities_csv(capture: Capture, site: Site) -> Reading:
    """all-authorities.csv (site-contract.md section 2.6); empty until the site's nightly job has written it."""
    kind, text = capture.ref.kind, decode(capture.body).removeprefix("\ufeff")
    if not text.strip():
        return Reading("content", AuthorityRegister(()))
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True, restval=None)
    # The module has one limit for the process, which other libraries raise: the same bytes must read the same everywhere.
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        return Reading("content", AuthorityRegister(tuple(_register(kind, rows))))
    except csv.Error as error:
        raise UnreadablePage(kind, f"after line {rows.line_num}", f"malformed CSV ({error})") from error
    finally:
        csv.field_size_limit(before)


def _register(kind: PageKind, rows: csv.DictReader[str]) -> Iterator[Authority]:
    for column in _COLUMNS:
        if column not in (rows.fieldnames or ()):
            raise UnreadablePage(kind, f"column {column!r}")
    for row in rows:
        if None in row or any(row[column] is None for column in _COLUMNS):
            raise UnreadablePage(kind, f"line {rows.line_num}", "has not one value for each column")
        yield _authority_of_row(kind, f"line {rows.line_num}", row)


def _authority_of_row(kind: PageKind, line: str, row: dict[str, str]) -> Authority:
    def said(column: str) -> str | None:
        return (row.get(column) or "").replace("\r\n", "\n").strip() or None

    def needed(column: str) -> str:
        if not (text := fold(row[column])):
            raise UnreadablePage(kind, f"{line}, column {column!r}", "is empty")
        return text

    def moment(column: str) -> str:
        try:
            return utc(row[column])
        except ValueError as error:
            raise UnreadablePage(kind, f"{line}, column {column!r}", "is no time with an offset") from error

    if not re.fullmatch(r"[1-9][0-9]{0,17}", row["Internal ID"].strip()):
        raise UnreadablePage(kind, f"{line}, column 'Internal ID'", "is no id")
    return Authority(
        id=int(row["Internal ID"]),
        url_name=needed("URL name"),
        name=needed("Name"),
        short_name=said("Short name"),
        home_page=said("Home page"),
        notes=said("Notes"),
        publication_scheme=said("Publication scheme"),
        disclosure_log=said("Disclosure log"),
        created_at=moment("Created at"),
        updated_at=moment("Updated at"),
        tags=tuple(Tag(name, value) for name, _, value in (tag.partition(":") for tag in row["Tags"].split())),
        counts=None,
    )


def read_authority_html(capture: Capture, site: Site) -> Reading:
    """A page of an authority's requests. Raises UnreadablePage while the site's search index is offline.

    The site then answers 200 without a row, although its header, which counts in SQL, says that there are requests
    (site-contract.md section 2.5).
    """
    kind = capture.ref.kind
    name, _, query = capture.ref.key.partition("?")
    soup = parse(kind, content(capture))
    header = required(kind, soup, "authority__header")
    stats = first(header, "authority__header__stats")
    stated = number(shown(stats)) if stats is not None else None
    requests = list_page(kind, soup)
    turned = re.fullmatch(r"page=(\d{1,6})", query)
    page = int(turned[1]) if turned else 1
    if not requests.rows and stated and page <= LIST_PAGES and stated > (page - 1) * LIST_ROWS:
        raise UnreadablePage(kind, ".request_listing", f"no row although {stated} requests are stated: search index offline")
    return Reading("content", AuthorityPage(unquote(name), stated, requests))
