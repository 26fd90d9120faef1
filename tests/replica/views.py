"""Every page but the thread: lists, authorities, batches, people, and the site's refusals."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from html import escape

from .layout import (
    LIST_PAGES,
    LIST_ROWS,
    authority_link,
    estimate,
    followers,
    link,
    notice,
    page,
    pager,
    path,
    row,
    time_tag,
    user_link,
)
from .model import Authority, Batch, Event, Request, User
from .search import Index, Search
from .state import State

BODIES_PER_PAGE = 100


def _rows(world: State, index: Index, found: list[tuple[Event, Request]]) -> str:
    return "".join(row(world, event, request, index.text(event, request)) for event, request in found)


def list_page(
    world: State, index: Index, search: Search, base: str, params: Mapping[str, str], number: int, clock: datetime
) -> str:
    """A page of `/list`: 25 rows, a count that is a guess above 100, a pager clipped to 500 (section 2.2)."""
    found = index.find(search)
    guess = estimate(len(found), number)
    last = math.ceil(min(guess, LIST_PAGES * LIST_ROWS) / LIST_ROWS)
    count = f"{guess} requests" if guess <= 100 else f"About {guess} requests"
    content = (
        f'<h1>Requests</h1>\n<div class="results_section"><h2 class="foi_results">{count}</h2>\n<div class="results_block">\n'
        f"{_rows(world, index, found[(number - 1) * LIST_ROWS : number * LIST_ROWS])}"
        f"</div>\n{pager(base, params, number, last)}</div>"
    )
    return page("Requests", "request_list", content, base, clock)


def authority_page(
    world: State,
    index: Index,
    authority: Authority,
    search: Search,
    base: str,
    params: Mapping[str, str],
    number: int,
    clock: datetime,
) -> str:
    """An authority and its requests, newest described first; the pager runs on past the pages there are (section 2.5)."""
    found = index.find(search)
    last = math.ceil(estimate(len(found), number) / LIST_ROWS)
    stated = sum(1 for request in world.requests_to(authority.id) if request.listed)
    home = link(authority.home_page, "Its own site") if authority.home_page else ""
    content = (
        f'<div class="authority__header"><h1>{escape(authority.name)}</h1>\n<p '
        f'class="authority__header__subtitle">{escape(authority.short_name)}</p>\n'
        f'<div class="authority__header__stats">{stated:,} requests'
        f"</div>\n{followers(path('body', authority.url_name), clock)}</div>\n"
        f'<div class="authority__body"><div class="authority__body__foi-results">\n'
        f"{_rows(world, index, found[(number - 1) * LIST_ROWS : number * LIST_ROWS])}"
        f'{pager(base, params, number, last)}</div>\n<div class="authority__body__sidebar">{home}</div></div>'
    )
    return page(authority.name, "public_body_show", content, base, clock)


def batch_members(world: State, batch: Batch) -> list[Request]:
    """A batch's listed requests as a database without ORDER BY gives them: a changed row moves (section 2.7)."""
    members = [r for r in world.requests.values() if r.batch_id == batch.id and r.listed]
    return sorted(members, key=lambda r: hashlib.md5(f"{r.id} {r.updated_at}".encode(), usedforsecurity=False).digest())


def batch_page(world: State, index: Index, batch: Batch, number: int, clock: datetime) -> str:
    members = batch_members(world, batch)
    if world.batch_unstable:
        shift = 7 * number % max(1, len(members))
        members = members[shift:] + members[:shift]
    shown = []
    for request in members[(number - 1) * LIST_ROWS : number * LIST_ROWS]:
        sent = request.event_of("sent")
        if sent is not None:
            shown.append((sent, request))
    base = path("info_request_batch", str(batch.id))
    content = (
        f'<div class="info_request_batch_intro"><h1>{escape(batch.title)} - one question to many</h1>\n'
        f"Put to {batch.authority_count} authorities by {user_link(world.users[batch.user_id])} "
        f"on {time_tag(batch.created_at)}.</div>\n"
        f'<div id="left_column" class="left_column"><div class="results_section"><div '
        f'class="results_block">\n{_rows(world, index, shown)}'
        f"{pager(base, {}, number, math.ceil(len(members) / LIST_ROWS))}</div></div></div>"
    )
    return page(f"{batch.title} - one question to many", "info_request_batch_show", content, base, clock)


def user_page(world: State, user: User, clock: datetime) -> str:
    mine = [r for r in world.requests.values() if r.user_id == user.id and r.listed]
    rows = "".join(
        f'<div class="request_listing"><span class="head">{link(path("request", r.url_title), r.title)}</span></div>\n'
        for r in sorted(mine, key=lambda r: r.id, reverse=True)[:LIST_ROWS]
    )
    head = f'<link rel="alternate" type="application/json" href="{escape(path("user", user.url_name))}.json">\n'
    content = f"<h1>{escape(user.name)}</h1>\n<p>{escape(user.about_me or '')}</p>\n{rows}"
    return page(user.name, "user_show", content, path("user", user.url_name), clock, head)


def authorities_page(world: State, number: int, clock: datetime) -> str:
    bodies = sorted(world.authorities.values(), key=lambda a: a.name)
    shown = bodies[(number - 1) * BODIES_PER_PAGE : number * BODIES_PER_PAGE]
    rows = "".join(f'<div class="body_listing"><span class="head">{authority_link(a)}</span></div>\n' for a in shown)
    last = math.ceil(len(bodies) / BODIES_PER_PAGE)
    content = f"<h1>Authorities</h1>\n{rows}{pager('/body/list/all', {}, number, last)}"
    return page("Authorities", "public_body_list", content, "/body/list/all", clock)


def details_page(request: Request, clock: datetime) -> str:
    rows = "".join(f"<tr><td>{e.id}</td><td>{e.event_type}</td><td>{time_tag(e.created_at)}</td></tr>\n" for e in request.events)
    address = path("request", request.url_title, "details")
    return page("History", "request_details", f"<h1>History</h1>\n<table>{rows}</table>", address, clock)


def refused_request(request: Request, address: str, clock: datetime) -> str:
    content = f"<h1>No longer shown</h1>\n<p>{notice(request.prominence_reason)}</p>"
    return page("No longer shown", "request_show", content, address, clock)


def refused_file(reason: str | None, address: str, clock: datetime) -> str:
    content = f'<h1>No longer shown</h1>\n<p id="hidden_message" class="hidden_message">{notice(reason)}</p>'
    return page("No longer shown", "attachments_show", content, address, clock)


def wait_page(address: str, clock: datetime) -> str:
    content = "<h1>Getting the file ready</h1>\n<p>This page looks again by itself.</p>"
    return page(
        "Getting the file ready", "attachment_masks_wait", content, address, clock, '<meta http-equiv="refresh" content="2">\n'
    )


def done_page(file_address: str, address: str, clock: datetime) -> str:
    content = f'<h1>The file is ready</h1>\n<p><a class="button" href="{escape(file_address)}">Get it</a></p>'
    return page("The file is ready", "attachment_masks_done", content, address, clock)


def sign_in_page(address: str, clock: datetime) -> str:
    field = '<input type="password" name="user_signin[password]">'
    form = f'<form id="signin_form" action="/profile/sign_in" method="post">{field}</form>'
    return page("Sign in", "user_sign", f'<div id="sign_alone"><h1>Sign in</h1>{form}</div>', address, clock)


def plain_page(title: str, words: str, address: str, clock: datetime) -> str:
    return page(title, "help_page", f"<h1>{escape(title)}</h1>\n<p>{escape(words)}</p>", address, clock)
