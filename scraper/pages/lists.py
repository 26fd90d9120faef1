"""Lists of requests: `/list`, and the rows that the pages of authorities and batches share (section 2.2)."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

from ..records import Capture, ListPage, ListRow, PageKind, Reading, UnreadablePage
from ..urls import Site
from .markup import attribute, classes, content, first, name_linked, parse, place, tags
from .text import shown
from .times import shown_utc

_ANCHOR = re.compile(r"(?:incoming|outgoing|comment)-\d{1,18}")
_LIST_PAGE = ("results_section", "list-filter")


def read_list(capture: Capture, site: Site) -> Reading:
    """A page of `/list`. Past its end there are no rows, but it is still a list page."""
    kind = capture.ref.kind
    soup = parse(kind, content(capture))
    if not any(first(soup, name) for name in _LIST_PAGE):
        raise UnreadablePage(kind, ".results_section")
    return Reading("content", list_page(kind, soup))


def listings(soup: Tag) -> list[Tag]:
    return [tag for tag in tags(soup) if "request_listing" in classes(tag)]


def list_page(kind: PageKind, soup: BeautifulSoup) -> ListPage:
    """The rows and the pager of a page.

    Raises UnreadablePage for a row that names no request, and where the first of several pages has no row.
    """
    found = listings(soup)
    if any(first(tag, "request_listing") for tag in found):
        raise UnreadablePage(kind, ".request_listing", "one within another")
    rows = tuple(_row(kind, tag) for tag in found)
    pager = first(soup, "pagination")
    if pager is None:
        return ListPage(rows, has_next=False, last_page=1)
    numbers = [int(text) for tag in tags(pager) if re.fullmatch(r"[0-9]{1,6}", text := shown(tag))]
    links = {name for tag in tags(pager) if tag.name == "a" for name in classes(tag)}
    has_next = "next_page" in links
    if has_next and not rows and "previous_page" not in links:
        # Further on an estimate can make pages that have none.
        raise UnreadablePage(kind, ".request_listing", "no row on the first of several pages")
    return ListPage(rows, has_next, last_page=max(numbers, default=1))


def heading(row: Tag) -> Tag | None:
    """The link of a row to its request."""
    head = first(row, "head")
    return next((tag for tag in tags(head) if tag.name == "a"), None) if head is not None else None


def _row(kind: PageKind, row: Tag) -> ListRow:
    link = heading(row)
    request = place(attribute(link, "href")) if link is not None else None
    if request is None or request.what != "request":
        raise UnreadablePage(kind, ".request_listing .head a[href]")
    sentence = first(row, "requester")
    icons = [name for tag in tags(row) if tag.name == "i" for name in classes(tag) if name.startswith("icon_")]
    return ListRow(
        url_title=request.name,
        anchor=request.fragment if _ANCHOR.fullmatch(request.fragment or "") else None,
        event_at=_time(kind, sentence),
        authority_url_name=name_linked(sentence, "body") if sentence is not None else None,
        user_url_name=name_linked(sentence, "user") if sentence is not None else None,
        display_state=icons[0].removeprefix("icon_") if icons else None,
    )


def _time(kind: PageKind, sentence: Tag | None) -> str | None:
    """When the event of a row happened; None on old pages, which have only prose (field.md section 6)."""
    if sentence is None:
        return None
    stated = next((value for tag in tags(sentence) if tag.name == "time" and (value := attribute(tag, "datetime"))), None)
    try:
        return shown_utc(stated) if stated else None
    except ValueError as error:
        raise UnreadablePage(kind, ".request_listing time[datetime]", "is no time with an offset") from error
