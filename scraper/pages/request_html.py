"""A request's page: its thread of messages and annotations (site-contract.md sections 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from ..records import Capture, Message, PageKind, PageRef, Reading, Thread, UnreadablePage
from ..urls import Site, recognise, segment
from .attachments import own_files, read_attachments
from .markup import Attributes, Keep, attribute, classes, content, first, link_to, name_linked, parse, required, tags, text_linked
from .text import fold, render, shown
from .times import day, shown_utc

KIND = PageKind.REQUEST_HTML
_ANCHOR = re.compile(r"(?:incoming|outgoing|comment)-\d{1,18}")
_CONTAINER = re.compile(r"""<div\b[^<>]*\sid=["']((?:incoming|outgoing|comment)-\d{1,18})["']""")
_AFTER = ('<div class="request-footer', '<div id="right_column"')
_STATE = "request-status-message--"
_CLOSED: dict[str, Literal["closed", "authority_only"]] = {
    "request-header__closed_to_correspondence": "closed",
    "request-header__restricted_correspondence": "authority_only",
}


def _wanted(name: str, attributes: Attributes) -> bool:
    """The parts of the page that are read: subtitle, status, and the containers of messages."""
    if (mark := attributes.get("id")) is not None:
        return mark == "request_status" or _ANCHOR.fullmatch(mark) is not None
    return name in ("p", "span") and attributes.get("class", "").lstrip().startswith("request-header__")


_PARTS = Keep(_wanted)


def read_request_html(capture: Capture, site: Site) -> Reading:
    """The thread of a request.

    A page that lacks subtitle, status or messages, or of whose containers one got lost in parsing, raises
    UnreadablePage; so does a message without what its sort must have.
    """
    text = content(capture)
    soup = parse(KIND, _up_to_the_end(text), _PARTS)
    subtitle = required(KIND, soup, "request-header__subtitle")
    messages = _messages(soup, site, expected=set(_CONTAINER.findall(text)))
    display_state, due_on = _status(soup)
    batch = link_to(subtitle, "info_request_batch")
    batch_id = int(batch[1].name) if batch and re.fullmatch(r"[0-9]{1,18}", batch[1].name) else None
    thread = Thread(
        url_title=unquote(capture.ref.key),
        user_name=_user_name(subtitle, messages),
        display_state=display_state,
        due_on=due_on,
        correspondence_closed=_closed(soup),
        batch_id=batch_id,
        messages=messages,
    )
    return Reading("content", thread, needs=tuple(dict.fromkeys(_needs(thread, site))))


def _up_to_the_end(text: str) -> str:
    """The page without what follows its last message: menus and sidebar, of which nothing is read."""
    start = max((found.start() for found in _CONTAINER.finditer(text)), default=0)
    ends = [end for mark in _AFTER if (end := text.find(mark, start)) >= 0]
    return text[: min(ends, default=len(text))]


def _needs(thread: Thread, site: Site) -> Iterator[PageRef]:
    for message in thread.messages:
        for attachment in message.attachments:
            if attachment.url and (ref := recognise(site, attachment.url)):
                yield ref
    for message in thread.messages:
        if message.user_url_name:
            yield PageRef(PageKind.USER_JSON, segment(message.user_url_name))
    if thread.batch_id is not None:
        yield PageRef(PageKind.BATCH, str(thread.batch_id))


def _closed(soup: BeautifulSoup) -> Literal["closed", "authority_only"] | None:
    """Who may still write, told by a note in or beside the subtitle (section 4.1)."""
    header = [tag for tag in soup.children if isinstance(tag, Tag) and tag.name in ("p", "span")]
    names = (name for part in header for tag in (part, *tags(part)) for name in classes(tag))
    return next((_CLOSED[name] for name in names if name in _CLOSED), None)


def _status(soup: BeautifulSoup) -> tuple[str, str | None]:
    """The state's code, and the day an answer is due, which the page gives while one is awaited."""
    block = next((tag for tag in soup.children if isinstance(tag, Tag) and attribute(tag, "id") == "request_status"), None)
    if block is None:
        raise UnreadablePage(KIND, "#request_status")
    state = next((name.removeprefix(_STATE) for name in classes(block) if name.startswith(_STATE)), "")
    if not state:
        raise UnreadablePage(KIND, f"#request_status .{_STATE}*")
    times = (attribute(tag, "datetime") for tag in tags(block) if tag.name == "time")
    return state, next((due for stated in times if stated and (due := day(stated))), None)


def _user_name(subtitle: Tag, messages: tuple[Message, ...]) -> str | None:
    """The requester as the header shows them.

    A request that came through the API has no account to link to: it is either anonymous, with a link to what that
    means, or the name stands bare in the site's sentence, where the author of its first message tells which words.
    """
    if (linked := text_linked(subtitle, "user")) is not None:
        return linked
    for tag in tags(subtitle):
        if tag.name == "a" and (attribute(tag, "href") or "").endswith("#anonymous"):
            return shown(tag) or None
    sentence = shown(subtitle)
    return next((m.author for m in messages if m.anchor.startswith("outgoing-") and m.author and m.author in sentence), None)


# ---- messages ---------------------------------------------------------------------------------------------------


def _messages(soup: BeautifulSoup, site: Site, expected: set[str]) -> tuple[Message, ...]:
    """Messages and annotations in page order; a resend repeats the id of its original and is none of its own."""
    messages: dict[str, Message | None] = {}
    for tag in soup.children:
        anchor = attribute(tag, "id") if isinstance(tag, Tag) else None
        if not isinstance(tag, Tag) or anchor is None or not _ANCHOR.fullmatch(anchor) or anchor in messages:
            continue
        resend = anchor.startswith("outgoing-") and "box" in classes(tag) and first(tag, "correspondence_text") is None
        if resend:
            messages.setdefault(anchor, None)
            continue
        position = 1 + sum(message is not None for message in messages.values())
        read = _annotation if anchor.startswith("comment-") else _message
        messages[anchor] = read(tag, anchor, position, site)
    if lost := expected - set(messages):
        raise UnreadablePage(KIND, f"#{min(lost)}", "lost in the markup")
    if not messages:
        raise UnreadablePage(KIND, "div.correspondence")
    return tuple(message for message in messages.values() if message is not None)


def _message(tag: Tag, anchor: str, position: int, site: Site) -> Message:
    notice, body = first(tag, "hidden_message"), first(tag, "correspondence_text")
    sort: Literal["hidden", "requester_only"] | None = None
    if "requester_only" in classes(tag):
        sort = "requester_only"
    elif notice is not None or "hidden" in classes(tag):
        sort = "hidden"
    header = first(tag, "correspondence__header")
    if header is None and (sort is None or anchor.startswith("incoming-")):
        raise UnreadablePage(KIND, f"#{anchor} .correspondence__header")
    author, sent_at, delivery_status = (None, None, None) if header is None else _header(header, anchor)
    if sort is not None:
        reason = shown(notice) or None if notice is not None else None
        return Message(anchor, position, author, None, sent_at, None, None, delivery_status, sort, reason)
    if body is None:
        raise UnreadablePage(KIND, f"#{anchor} .correspondence_text")
    part = render(body, site)
    attachments = read_attachments(KIND, part.attachments, site) if part.attachments is not None else ()
    if lost := own_files(tag, anchor) - {attachment.part for attachment in attachments}:
        raise UnreadablePage(KIND, f"#{anchor} li.attachment", f"part {min(lost)} is linked, but in no list of attachments")
    withheld_part = part.notice is not None
    return Message(
        anchor=anchor,
        position=position,
        author=author,
        user_url_name=None,
        sent_at=sent_at,
        text=None if withheld_part else part.text,
        html=None if withheld_part else part.html,
        delivery_status=delivery_status,
        withheld="hidden" if withheld_part else None,
        withheld_reason=shown(part.notice) or None if part.notice is not None else None,
        attachments=attachments,
        links=() if withheld_part else tuple(part.links),
    )


def _header(header: Tag, anchor: str) -> tuple[str | None, str | None, str | None]:
    """Author, time and delivery status. The time of a response is that of its e-mail (section 4.4)."""
    author = first(header, "correspondence__header__author")
    if author is None:
        raise UnreadablePage(KIND, f"#{anchor} .correspondence__header__author")
    delivery = (attribute(tag, "data-delivery-status") for tag in tags(header))
    return shown(author) or None, _time(header, anchor), next(filter(None, delivery), None)


def _annotation(tag: Tag, anchor: str, position: int, site: Site) -> Message:
    heading = tag.find("h2")
    if not isinstance(heading, Tag):
        raise UnreadablePage(KIND, f"#{anchor} h2")
    body = first(tag, "comment_in_request_text")
    if body is None:
        raise UnreadablePage(KIND, f"#{anchor} .comment_in_request_text")
    part = render(body, site)
    return Message(
        anchor=anchor,
        position=position,
        author=text_linked(heading, "user"),
        user_url_name=name_linked(heading, "user"),
        sent_at=_time(heading, anchor),
        text=part.text,
        html=part.html,
        delivery_status=None,
        withheld=None,
        withheld_reason=None,
        links=tuple(part.links),
    )


def _time(header: Tag, anchor: str) -> str | None:
    stated = next((value for tag in tags(header) if tag.name == "time" and (value := attribute(tag, "datetime"))), None)
    if stated is None:
        raise UnreadablePage(KIND, f"#{anchor} time[datetime]")
    try:
        return shown_utc(fold(stated))
    except ValueError as error:
        raise UnreadablePage(KIND, f"#{anchor} time[datetime]", "is no time with an offset") from error
