"""Pages around their content, lists and notices. Markup is our own; classes and ids are those of the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from html import escape
from urllib.parse import quote, urlencode

from .model import SITE_NAME, STATE_LABELS, ZONE, Authority, Event, Request, User
from .state import State

LIST_PAGES, LIST_ROWS = 20, 25
_URL = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:)\]]")
_LINK = re.compile(
    rf"(?P<url>{_URL.pattern})|(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<mask>\[(?:email address|mobile number)\])"
)
_SHOWN = 40
"""Longer link texts are cut to this many characters and three dots (section 4.5)."""
_ESTIMATES = (1.7, 0.7, 1.2, 0.9, 1.4)
"""How wrong the estimate of a long list is; it differs from page to page of one query (section 10)."""

LINE = {
    "sent": "Asked of {body} by {user} on {time}.",
    "followup_sent": "{user} wrote again to {body} on {time}.",
    "response": "{body} answered {user} on {time}.",
    "comment": "A remark on what {user} asked of {body}, {time}.",
}


def path(*segments: str) -> str:
    return "/" + "/".join(quote(segment, safe="!$&'()*+,;=:@-._~") for segment in segments)


def day_text(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def time_tag(moment: datetime) -> str:
    """A moment as every page has it: machine form with offset, and a date for people (section 4.4)."""
    local = moment.astimezone(ZONE)
    return f'<time datetime="{local.isoformat(timespec="seconds")}" title="{local:%Y-%m-%d %H:%M:%S %z}">{day_text(local)}</time>'


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def authority_link(authority: Authority) -> str:
    return link(path("body", authority.url_name), authority.name)


def user_link(user: User) -> str:
    return link(path("user", user.url_name), user.name)


def prose(text: str, nofollow: bool) -> str:
    """A message's text as HTML: paragraphs, line breaks, links whose text may be cut (section 4.5)."""
    rel = " rel='nofollow'" if nofollow else ""
    out, end = [], 0
    for found in _LINK.finditer(text):
        out.append(escape(text[end : found.start()], quote=False))
        end = found.end()
        whole = found[0]
        if found["mask"]:
            out.append(f'[<a href="/help/officers#mobiles">{whole[1:-1]}</a>]')
        elif found["mail"]:
            out.append(f'<a href="mailto:{escape(whole)}">{escape(whole)}</a>')
        else:
            shown = whole if len(whole) <= _SHOWN + 3 else whole[:_SHOWN] + "..."
            out.append(f"<a href='{escape(whole)}'{rel}>{escape(shown, quote=False)}</a>")
    out.append(escape(text[end:], quote=False))
    paragraphs = re.split(r"\n{2,}", "".join(out).strip())
    return "\n\n".join("<p>" + paragraph.replace("\n", "\n<br />") + "</p>" for paragraph in paragraphs)


def page(title: str, controller: str, content: str, address: str, clock: datetime, head: str = "") -> str:
    """A whole page. `controller` is the id of the content's own container, such as ``request_show``."""
    name = controller.rpartition("_")[0] or controller
    printed = clock.astimezone(ZONE).strftime("%B %d, %Y %H:%M")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)} - {SITE_NAME}'
        f"</title>\n{head}</head>\n"
        f'<body>\n<div class="entirebody">\n<p class="print-information">Printed from {escape(address)} on {printed}</p>\n'
        f'<div id="banner"><a id="logo" href="/">{SITE_NAME}</a> <a href="/list">Requests</a> <a '
        'href="/body/list/all">Authorities</a> '
        f'<a class="sign_in_link" href="/profile/sign_in?r={quote(address, safe="")}">Sign in</a></div>\n'
        f'<div id="wrapper">\n<div id="content" role="main">\n<div id="{controller}" '
        f'class="controller_{name}">\n{content}\n</div>\n</div>\n</div>\n'
        f'<div id="footer"><a href="/help/house_rules">House rules</a> <a href="/help/privacy">Privacy</a></div>\n'
        "</div>\n</body>\n</html>\n"
    )


def followers(address: str, clock: datetime) -> str:
    count = 1 + clock.minute % 7
    button = f'<a href="{escape(address)}/track">Follow</a>'
    return f'<div class="action-bar__follow">{button} <span id="follow_count">{count}</span> following</div>'


def notice(reason: str | None) -> str:
    """The words of a withheld message or file: the moderator's reason or the site's own."""
    said = escape(reason) if reason else "We cannot say more about why"
    return f'Withheld from readers. {said}. <a href="/help/contact">Ask us</a> about it.'


def error_page(address: str, clock: datetime, words: str) -> str:
    return page(words, "general_error", f'<div id="error-page" class="error-page"><h1>{escape(words)}</h1></div>', address, clock)


# ---- lists --------------------------------------------------------------------------------------------------------


def row(world: State, event: Event, request: Request, snippet: str) -> str:
    """A row of a list, with the stray closing span that genuine rows have (section 10)."""
    user, message = world.requester(request), world.message_of(event)
    state = world.display_state(request)
    anchor = f"#{message.anchor}" if message and event.event_type != "sent" else ""
    line = LINE[event.event_type].format(
        body=authority_link(world.authority_of(request)),
        user=user_link(user) if user else escape(world.requester_name(request)),
        time=time_tag(event.created_at),
    )
    return (
        f'<div class="request_listing">\n<div class="request_left">\n<span class="head">'
        f'<a href="{escape(path("request", request.url_title))}{anchor}">{escape(request.title)}</a></span>\n<div '
        f'class="requester">{line}</div>\n'
        f'<p><i class="icon-standalone icon_{state}"></i> <strong>{STATE_LABELS.get(state, state)}</strong></p>\n'
        "</span>\n</div>\n"
        f'<div class="request_right"><span class="desc">{escape(" ".join(snippet.split())[:160])}</span></div>\n</div>\n'
    )


def estimate(found: int, number: int) -> int:
    """What the site believes a search finds, on one of its pages: right up to 100, rounded and wrong above."""
    if found <= 100:
        return found
    guess = 100 * round(found * _ESTIMATES[number % len(_ESTIMATES)] / 100)
    return max(guess, min(found, number * LIST_ROWS))


def pager(base: str, params: Mapping[str, str], number: int, last: int) -> str:
    """Links to the other pages; nothing where there is one page."""
    if last <= 1:
        return ""

    def to(page_number: int, text: str, kind: str = "") -> str:
        query = urlencode({**params, "page": page_number})
        return f'<a {kind}href="{escape(base)}?{escape(query)}">{text}</a>'

    shown = [n for n in range(1, last + 1) if abs(n - number) < 5 or n <= 1 or n == last]
    numbers = " ".join(f'<em class="current" aria-current="page">{n}</em>' if n == number else to(n, str(n)) for n in shown)
    back = to(number - 1, "Back", 'class="previous_page" rel="prev" ') if number > 1 else ""
    on = to(number + 1, "On", 'class="next_page" rel="next" ') if number < last else ""
    return f'<div role="navigation" aria-label="Pagination" class="pagination">{back} {numbers} {on}</div>\n'
