"""What can be known of a request, as the site has it and as the archive has it: comparing the two tells what was found."""

from __future__ import annotations

import sqlite3

from tests.replica import World
from tests.replica.model import Comment, File, Incoming, Request
from tests.replica.truth import shown_messages

Facts = dict[str, object]

SHOWN = "shown"
"""The one fact of a request that the site refuses: False. Of any other it is True."""
LATENESS = "display state"
"""The state with lateness: it changes by the calendar alone, so it is compared only where that is the question."""


def _folded(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def of_site(world: World, number: int) -> Facts:
    """What the site shows of a request now."""
    request = world.requests.get(number)
    if request is None or not request.readable:
        return {SHOWN: False}
    facts: Facts = {
        SHOWN: True,
        "slug": request.url_title,
        "title": request.title,
        "state": request.described_state,
        "awaiting": request.awaiting_description,
        "prominence": request.prominence,
        "authority": world.authority_of(request).url_name,
        LATENESS: world.display_state(request),
    }
    for _, message in shown_messages(world, request):
        hidden = not isinstance(message, Comment) and message.prominence != "normal"
        closed = hidden or (isinstance(message, Incoming) and message.main_part_hidden)
        facts[f"{message.anchor} text"] = None if closed else _folded(world.shown_text(message, request)) or None
        if isinstance(message, Incoming) and not hidden and message.files:
            facts[f"{message.anchor} files"] = tuple(sorted(_file(world, request, file) for file in message.files))
    return facts


def _file(world: World, request: Request, file: File) -> str:
    return world.file_sha256(file, request) if file.public else "withheld"


def of_archive(db: sqlite3.Connection, number: int) -> Facts:
    """What the archive says of a request, or that it shows none of that number."""
    row = db.execute(
        "select r.url_title, r.title, r.described_state, r.awaiting_description, r.prominence, a.url_name, r.display_state, "
        "r.withheld_at from requests r left join authorities a on a.id = r.authority_id where r.id = ?",
        (number,),
    ).fetchone()
    if row is None:
        return {SHOWN: False}
    slug, title, state, awaiting, prominence, authority, lateness, withheld_at = row
    if withheld_at is not None:
        return {SHOWN: False}
    facts: Facts = {
        SHOWN: True,
        "slug": slug,
        "title": title,
        "state": state,
        "awaiting": bool(awaiting),
        "prominence": prominence,
        "authority": authority,
        LATENESS: lateness,
    }
    messages = db.execute("select id, anchor, text from messages where request_id = ? and gone_at is null", (number,)).fetchall()
    for message_id, anchor, text in messages:
        facts[f"{anchor} text"] = _folded(text)
        files = db.execute(
            "select case a.status when 'stored' then f.sha256 else a.status end from attachments a "
            "left join files f on f.id = a.file_id where a.message_id = ? and a.gone_at is null",
            (message_id,),
        ).fetchall()
        if files:
            facts[f"{anchor} files"] = tuple(sorted(str(file[0]) for file in files))
    return facts
