"""From a page's bytes to a tree: what all HTML pages have in common.

Only the site's own ``div#content`` is ever parsed: everything outside it (navigation, footer, announcements, the
edge's scripts) changes without meaning anything. Searching text for a tag is safe here because Rails escapes ``<`` in
all that users write; patterns stop at ``<`` so that hostile input costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup
from bs4.filter import SoupStrainer

from ..records import Capture, PageKind, UnreadablePage
from .text import shown, storable

_CONTENT = re.compile(r"""<div\b[^<>]*\sid=["']content["']""")
_CONTROLLER = re.compile(r"""<div\b[^<>]*\sclass=["']controller_(\w+)""")
_PLACE = re.compile(
    r"^(?:https?://[^/?#]+)?(?:/[a-z]{2}(?:_[A-Z]{2})?)?/(request|user|body|info_request_batch)/([^/?#]+)[^#]*(?:#(.*))?$"
)
_NUMBER = re.compile(r"\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+(?!\d)|\d{1,15}")
Attributes = dict[str, str]


class Keep(SoupStrainer):
    """Builds only the outermost tags that a test accepts, with all that is in them; four times faster than all."""

    def __init__(self, test: Callable[[str, Attributes], bool]) -> None:
        super().__init__("div")
        self._test = test

    def allow_tag_creation(self, nsprefix: str | None, name: str, attrs: object) -> bool:
        return self._test(name, attrs if isinstance(attrs, dict) else {})

    def allow_string_creation(self, string: str) -> bool:
        return False


def decode(body: bytes) -> str:
    """A page's text. Alaveteli writes UTF-8; what is not becomes U+FFFD."""
    return storable(body.decode("utf-8", "replace"))


def content_of(text: str) -> str | None:
    """The text from the site's own content on, None where the page has none."""
    found = _CONTENT.search(text)
    return text[found.start() :] if found else None


def controller_of(text: str) -> str | None:
    """The part of Alaveteli that made a page, such as ``request``; None for a page that is not its own."""
    content = content_of(text)
    found = _CONTROLLER.search(content, 0, 4000) if content else None
    return found[1] if found else None


def content(capture: Capture) -> str:
    """The text of a page's ``#content``, to its end.

    Raises UnreadablePage where the page has none or breaks off before ``</html>``.
    """
    kind, text = capture.ref.kind, content_of(decode(capture.body))
    if text is None:
        raise UnreadablePage(kind, "#content")
    if "</html" not in text:
        raise UnreadablePage(kind, "</html>", "the page breaks off")
    return text


def parse(kind: PageKind, text: str, keep: Keep | None = None) -> BeautifulSoup:
    """The tree of a part of a page. Raises UnreadablePage where the parser gives up."""
    try:
        return BeautifulSoup(text.encode(), "lxml", from_encoding="utf-8", parse_only=keep)
    except ParserRejectedMarkup as error:
        raise UnreadablePage(kind, "#content", "the markup cannot be parsed") from error


# ---- tags -------------------------------------------------------------------------------------------------------


def attribute(tag: Tag, name: str) -> str | None:
    value = tag.get(name)
    return value if isinstance(value, str) else None


def classes(tag: Tag) -> list[str]:
    value = tag.get("class")
    return value if isinstance(value, list) else []


def tags(tag: Tag) -> Iterator[Tag]:
    """All tags within a tag, in page order."""
    return (node for node in tag.descendants if isinstance(node, Tag))


def first(tag: Tag, name: str) -> Tag | None:
    """The first tag within that has a class."""
    return next((node for node in tags(tag) if name in classes(node)), None)


def required(kind: PageKind, tag: Tag, name: str) -> Tag:
    """The first tag within that has a class. Raises UnreadablePage naming the class where there is none."""
    found = first(tag, name)
    if found is None:
        raise UnreadablePage(kind, f".{name}")
    return found


# ---- addresses and numbers --------------------------------------------------------------------------------------


class Place(NamedTuple):
    """What a link of the site leads to: ``request``, ``user``, ``body`` or ``info_request_batch``, and its name."""

    what: str
    name: str
    fragment: str | None


def place(href: str | None) -> Place | None:
    """The record behind a link of the site itself, in any form the site writes it (site-contract.md section 4)."""
    found = _PLACE.match(href or "")
    return Place(found[1], storable(unquote(found[2])), found[3]) if found else None


def link_to(tag: Tag, what: str) -> tuple[Tag, Place] | None:
    """The first link within a tag that leads to a sort of record, None where there is none."""
    for node in tags(tag):
        if node.name == "a" and (found := place(attribute(node, "href"))) and found.what == what:
            return node, found
    return None


def name_linked(tag: Tag, what: str) -> str | None:
    """The name of the record that the first such link within a tag leads to."""
    found = link_to(tag, what)
    return found[1].name if found else None


def text_linked(tag: Tag, what: str) -> str | None:
    """The text of the first link within a tag to a sort of record."""
    found = link_to(tag, what)
    return shown(found[0]) or None if found else None


def number(text: str) -> int | None:
    """The first whole number in a text, however its thousands are parted; None where there is none."""
    found = _NUMBER.search(text)
    return int(re.sub(r"\D", "", found[0])) if found else None
