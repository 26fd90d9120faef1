"""A batch: one request to many authorities, and a page of its members."""

from __future__ import annotations

import re
from collections import Counter

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from ..records import Batch, Capture, Reading, UnreadablePage
from ..urls import Site
from .lists import heading, list_page, listings
from .markup import content, name_linked, number, parse, required
from .text import fold, shown


def read_batch(capture: Capture, site: Site) -> Reading:
    """A page of a batch. The count is of the authorities asked, members that are not public included."""
    kind = capture.ref.kind
    number_of_batch = capture.ref.key.partition("?")[0]
    if not re.fullmatch(r"[0-9]{1,18}", number_of_batch):
        raise UnreadablePage(kind, "id", f"{number_of_batch!r} is no number")
    soup = parse(kind, content(capture))
    intro = required(kind, soup, "info_request_batch_intro")
    title = intro.find("h1")
    if not isinstance(title, Tag):
        raise UnreadablePage(kind, ".info_request_batch_intro h1")
    sentence = " ".join(text for text in intro.children if type(text) is NavigableString)
    batch = Batch(
        id=int(number_of_batch),
        title=_title(shown(title), soup),
        user_url_name=name_linked(intro, "user"),
        authority_count=number(fold(sentence)),
        members=list_page(kind, soup),
    )
    return Reading("content", batch)


def _title(shown_title: str, soup: BeautifulSoup) -> str:
    """The batch's title without the words that the site appends to it in its language.

    Members are created with the batch's title; where none on this page has it, the words stand after a dash.
    """
    members = [shown(link) for row in listings(soup) if (link := heading(row)) is not None]
    common = [title for title in members if title and shown_title.startswith(title)]
    if common:
        return Counter(common).most_common(1)[0][0]
    return shown_title.rpartition(" - ")[0] or shown_title
