"""The page of a request: site-contract.md section 4, in the markup of the newest versions."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape

from .layout import authority_link, day_text, followers, link, notice, page, path, prose, time_tag, user_link
from .model import OUTGOING_EVENTS, STATE_LABELS, Comment, Event, File, Incoming, Outgoing, Request, iso_milliseconds
from .state import State

_QUOTED = re.compile(r"(?:^>.*(?:\n|$))+", re.MULTILINE)
_VIEWED = frozenset({"pdf", "txt", "csv", "docx"})


def request_page(world: State, request: Request, base: str, address: str, clock: datetime, unfold: bool) -> str:
    """The whole thread. `unfold` shows quoted parts, which otherwise are not in the page at all."""
    events = "".join(
        f'<div class="ff-print-fix"></div>\n{shown}'
        for event in request.events
        if (shown := _event(world, request, event, base, unfold))
    )
    note = (
        f'<aside id="notes"><article class="note note--style-yellow">{escape(request.note)}</article></aside>\n'
        if request.note
        else ""
    )
    content = (
        f'{_header(world, request, clock)}<div id="left_column" class="left_column">\n{note}{events}</div>\n{_sidebar(request)}'
    )
    return page(request.title, "request_show", content, address, clock, _head(world, request))


def _head(world: State, request: Request) -> str:
    sent = request.event_of("sent")
    first = world.outgoing.get(sent.outgoing_message_id or -1) if sent else None
    about = world.shown_text(first, request)[:300] if first and first.prominence == "normal" else ""
    return (
        f'<link rel="alternate" type="application/json" title="This page as JSON" '
        f'href="{escape(path("request", request.url_title))}.json">\n'
        f'<meta property="og:description" content="{escape(about)}">\n'
        f'<meta property="article:published_time" content="{iso_milliseconds(request.created_at)}">\n'
        f'<meta property="article:modified_time" content="{iso_milliseconds(request.updated_at)}">\n'
    )


def _header(world: State, request: Request, clock: datetime) -> str:
    user, authority = world.requester(request), world.authority_of(request)
    name = world.censor(world.requester_name(request), request)
    if user:
        who = link(path("user", user.url_name), name)
    elif request.external_name is None:
        who = link("/help/privacy#anonymous", name)
    else:
        who = escape(name)
    batch = world.batches.get(request.batch_id or -1)
    part = f" among {link(path('info_request_batch', str(batch.id)), f'{batch.authority_count} authorities')}" if batch else ""
    closed = {
        None: "",
        "closed": '<span class="request-header__closed_to_correspondence">No more letters here.</span>',
        "authority_only": '<span class="request-header__restricted_correspondence">Only the authority may write.</span>',
    }[request.closed]
    state = world.display_state(request)
    due = world.due_on(request)
    wait = (
        f' An answer is due by <time datetime="{due.isoformat()}" title="{due.isoformat()}">{day_text(due)}</time>.'
        if due
        else ""
    )
    address = path("request", request.url_title)
    return (
        f'<div class="request-header">\n<h1>{escape(request.title)}</h1>\n'
        f'<p class="request-header__subtitle">{who} asked this of {authority_link(authority)}{part} {closed}</p>\n'
        f'<div class="request-header__action-bar"><a href="{escape(address)}/download">Zip</a> <a '
        f'href="{escape(address)}/followups/new">Reply</a> '
        f'<a href="{escape(address)}/details">History</a> <a href="{escape(address)}/feed">Feed'
        f"</a> {followers(address, clock)}</div>\n"
        f'<div id="request_status" class="request-status-message request-status-message--{state}">\n'
        f"<p><strong>{STATE_LABELS.get(state, state)}</strong>.{wait}</p>\n</div>\n</div>\n"
    )


def _sidebar(request: Request) -> str:
    batch = (
        f'<div class="sidebar__part-of-batch">{link(f"/info_request_batch/{request.batch_id}", "The batch")}</div>'
        if request.batch_id
        else ""
    )
    like = link(path("request", request.url_title, "similar"), "Like this")
    similar = f'<div class="sidebar__similar-requests">{like}</div>'
    return f'<div id="right_column" class="sidebar">{batch}{similar}</div>'


def _event(world: State, request: Request, event: Event, base: str, unfold: bool) -> str:
    message = world.message_of(event)
    match message:
        case Outgoing() if event.event_type in OUTGOING_EVENTS:
            sent = request.event_of("sent", outgoing_message_id=message.id) or request.event_of(
                "followup_sent", outgoing_message_id=message.id
            )
            return _outgoing(world, request, message, sent or event, base)
        case Outgoing():
            return _resent(world, request, message, event)
        case Incoming():
            return _incoming(world, request, message, base, unfold)
        case Comment() if message.visible:
            return _comment(world, request, message, event, base)
    return ""


def _footer(request: Request, anchor: str, base: str) -> str:
    address = f"{base}{path('request', request.url_title)}#{anchor}"
    return (
        f'<div class="correspondence__footer"><input type="text" value="{escape(address)}" class="cplink__field" />'
        f'<a class="cplink__button" href="{escape(path("request", request.url_title))}/report/new">Report</a></div>\n</div>\n'
    )


def _withheld(reason: str | None) -> str:
    return f'<p id="hidden_message" class="hidden_message">{notice(reason)}</p>\n'


def _dated(author: str, anchor: str, moment: datetime) -> str:
    return (
        f'<span class="correspondence__header__author js-collapsible-trigger">{author}</span>\n'
        f'<a class="correspondence__header__date" href="#{anchor}">{time_tag(moment)}</a>\n'
    )


def _outgoing(world: State, request: Request, message: Outgoing, event: Event, base: str) -> str:
    opening = f'<div class="outgoing correspondence js-collapsible" id="{message.anchor}">\n'
    if message.prominence != "normal":
        return f"{opening}{_withheld(message.prominence_reason)}</div>\n"
    status = message.delivery_status
    delivery = (
        f'<div class="correspondence__header__delivery-status"><a class="toggle-delivery-log toggle-delivery-log--{status}" '
        f'data-delivery-status="{status}" href="/outgoing_messages/{message.id}/delivery_status">{status.capitalize()}'
        "</a></div>\n"
    )
    author = escape(world.censor(message.author, request))
    return (
        f'{opening}<div class="correspondence__header correspondence__header--with-delivery-status">\n'
        f"{_dated(author, message.anchor, event.created_at)}{delivery}</div>\n"
        f'<div class="correspondence_text">\n<div>{prose(world.shown_text(message, request), nofollow=True)}</div>\n</div>\n'
        f"{_footer(request, message.anchor, base)}"
    )


def _resent(world: State, request: Request, message: Outgoing, event: Event) -> str:
    """A resend has the DOM id of the message that it repeats, and no text (section 4.3)."""
    return (
        f'<div class="outgoing correspondence box" id="{message.anchor}">\n<h2>{time_tag(event.created_at)}</h2>\n'
        f'<p class="event_plain">Posted once more to {authority_link(world.authority_of(request))}.</p>\n</div>\n'
    )


def _incoming(world: State, request: Request, message: Incoming, base: str, unfold: bool) -> str:
    authority = world.authority_of(request)
    author = (
        f"{escape(world.censor(message.sender, request))},\n{escape(authority.name)}"
        if message.sender
        else escape(authority.name)
    )
    opening = (
        f'<div class="incoming correspondence {message.prominence} js-collapsible" id="{message.anchor}">\n'
        f'<div class="correspondence__header">\n{_dated(author, message.anchor, message.sent_at)}</div>\n'
    )
    if message.prominence != "normal":
        return f"{opening}{_withheld(message.prominence_reason)}</div>\n"
    if message.main_part_hidden:
        text = f'<p class="hidden_attachment">{notice(None)}</p>'
    else:
        text = _incoming_text(world, request, message, unfold)
    body = f'<div id="attachment-{message.main_part_id}">{text}</div>\n' if text else ""
    files = _attachments(world, request, message)
    return f'{opening}<div class="correspondence_text">\n{files}{body}</div>\n{_footer(request, message.anchor, base)}'


def _incoming_text(world: State, request: Request, message: Incoming, unfold: bool) -> str:
    if message.text is None:
        return ""
    text = world.shown_text(message, request)
    if not _QUOTED.search(text):
        return prose(text, nofollow=False)
    if unfold:
        return (
            f'{prose(text, nofollow=False)}\n<p><span class="unfold_link"><a href="?#{message.anchor}">fold quotes</a></span></p>'
        )
    fold = f'<p><span class="unfold_link"><a href="?unfold=1#{message.anchor}">unfold quotes</a></span></p>'
    kept = [prose(part, nofollow=False) for part in _QUOTED.split(text) if part.strip()]
    return f"\n{fold}\n".join(kept) if len(kept) > 1 else f"{''.join(kept)}\n{fold}"


def _comment(world: State, request: Request, comment: Comment, event: Event, base: str) -> str:
    text = prose(world.shown_text(comment, request), nofollow=True)
    return (
        f'<div class="comment_in_request box" id="{comment.anchor}">\n<div class="comment_content">\n'
        f"<h2>{user_link(world.users[comment.user_id])} remarked ({time_tag(event.created_at)})</h2>\n"
        f'<div class="comment_in_request_text">{text}</div>\n</div>\n{_footer(request, comment.anchor, base)}'
    )


# ---- attachments --------------------------------------------------------------------------------------------------


def size_text(size: int) -> str:
    """Whole kilobytes, rounded down, or megabytes to one decimal (section 7)."""
    return f"{size // 1024}K" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f}M"


def file_address(request: Request, message: Incoming, file: File, name: str, view: bool = False) -> str:
    if view:
        return path("request", request.url_title, "response", str(message.id), "attach", "html", str(file.part), f"{name}.html")
    return (
        path("request", request.url_title, "response", str(message.id), "attach", str(file.part), name) + "?cookie_passthrough=1"
    )


def _attachments(world: State, request: Request, message: Incoming) -> str:
    if not message.files:
        return ""
    items = "".join(_attachment(world, request, message, file) for file in message.files)
    return (
        f'<div class="attachments">\n<div class="attachments__header"><h3>Files: {len(message.files)}</h3></div>\n'
        f'<ul class="list-of-attachments">\n{items}</ul>\n</div>\n'
    )


def _attachment(world: State, request: Request, message: Incoming, file: File) -> str:
    opening = f'<li class="attachment" id="attachment-{file.id}">\n'
    icon = '<img class="attachment__image" alt="" src="/assets/icon_file.png" />'
    if file.erased:
        name = escape(file.filename)
        return (
            f'{opening}{icon}\n<p class="attachment__name">{name}</p>\n<p class="attachment__meta"><em>Erased</em></p>\n</li>\n'
        )
    if file.prominence != "normal":
        return f'{opening}{icon}\n<span class="hidden_attachment">{notice(file.prominence_reason)}</span>\n</li>\n'
    name = world.file_name(file, request)
    address = escape(file_address(request, message, file, name))
    view = link(file_address(request, message, file, name, view=True), "Look") if file.kind in _VIEWED else ""
    note = f"<em>{escape(file.note)}</em>" if file.note else ""
    return (
        f'{opening}<a href="{address}">{icon}</a>\n<p class="attachment__name">{escape(name)}</p>\n'
        f'<p class="attachment__meta">{size_text(len(world.file_bytes(file, request)))} {view} <a href="{address}">Get'
        f"</a> {note}</p>\n</li>\n"
    )
