"""What the site says of everything public, and what it withholds, in the form of a recorded day's truth file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .files import CONTENT_TYPES
from .model import OUTGOING_EVENTS, Comment, Event, File, Incoming, Outgoing, Request, utc_text
from .state import State

Fact = dict[str, object]
_PROBE = 60
"""Texts are told apart by this many characters, white space folded."""

Truth = dict[str, list[Fact] | list[str]]


def shown_messages(world: State, request: Request) -> Iterator[tuple[Event, Incoming | Outgoing | Comment]]:
    """Each message that a page shows, at its first place, with the event that recorded it."""
    seen: set[str] = set()
    for event in request.events:
        message = world.message_of(event)
        if message is None or message.anchor in seen:
            continue
        if isinstance(message, Outgoing) and event.event_type not in OUTGOING_EVENTS:
            continue
        if isinstance(message, Comment) and not message.visible:
            continue
        seen.add(message.anchor)
        yield event, message


def truth_of(world: State) -> Truth:
    public = [r for r in world.requests.values() if r.readable]
    messages = [fact for r in public for fact in _messages(world, r)]
    attachments = [fact for r in public for fact in _attachments(world, r)]
    stored = {str(fact["sha256"]) for fact in attachments if fact["status"] == "stored"}
    people = {r.user_id for r in public} | {
        m.user_id for r in public for _, m in shown_messages(world, r) if isinstance(m, Comment)
    }
    return {
        "requests": [_request(world, r) for r in public],
        "messages": messages,
        "events": [_event(e) for r in public for e in r.events],
        "attachments": attachments,
        "authorities": _authorities(world),
        "users": [
            {"id": u.id, "url_name": u.url_name, "name": u.name + (" (Account suspended)" if u.ban_text else "")}
            for u in world.users.values()
            if u.id in people
        ],
        "batches": [
            {"id": b.id, "title": b.title, "user_id": b.user_id, "members": sum(1 for r in public if r.batch_id == b.id)}
            for b in world.batches.values()
            if any(r.batch_id == b.id for r in public)
        ],
        "secrets": _secrets(world, messages),
        "secret_files": sorted(_secret_files(world) - stored),
    }


def _request(world: State, request: Request) -> Fact:
    user, due = world.requester(request), world.due_on(request)
    return {
        "id": request.id,
        "url_title": request.url_title,
        "title": request.title,
        "authority": world.authority_of(request).url_name,
        "user_url": user.url_name if user else None,
        "user_name": world.censor(world.requester_name(request), request),
        "batch_id": request.batch_id,
        "law_used": request.law_used,
        "described_state": request.described_state,
        "display_state": world.display_state(request),
        "awaiting_description": request.awaiting_description,
        "prominence": request.prominence,
        "created_at": utc_text(request.created_at),
        "updated_at": utc_text(request.updated_at),
        "correspondence_closed": request.closed,
        "due_on": due.isoformat() if due else None,
        "tags": [list(tag) for tag in request.tags],
    }


def _event(event: Event) -> Fact:
    return {
        "id": event.id,
        "request_id": event.request_id,
        "event_type": event.event_type,
        "created_at": utc_text(event.created_at),
        "described_state": event.described_state,
        "calculated_state": event.calculated_state,
        "incoming_message_id": event.incoming_message_id,
        "outgoing_message_id": event.outgoing_message_id,
        "comment_id": event.comment_id,
    }


def _kind(event: Event) -> str:
    match event.event_type:
        case "response":
            return "response"
        case "comment":
            return "annotation"
        case "followup_sent":
            return "internal_review" if "internal_review" in (event.described_state, event.calculated_state) else "followup"
        case _:
            return "request"


def _withheld(message: Incoming | Outgoing | Comment) -> str | None:
    """What the page says of it: an outgoing message has no prominence class, a hidden main part neither."""
    match message:
        case Incoming():
            return message.prominence if message.prominence != "normal" else "hidden" if message.main_part_hidden else None
        case Outgoing():
            return "hidden" if message.prominence != "normal" else None
        case Comment():
            return None


def _messages(world: State, request: Request) -> Iterator[Fact]:
    for position, (event, message) in enumerate(shown_messages(world, request), 1):
        fact: Fact = {
            "anchor": message.anchor,
            "request_id": request.id,
            "kind": _kind(event),
            "position": position,
            "recorded_at": utc_text(event.created_at),
            "withheld": _withheld(message),
        }
        if fact["withheld"] is None:
            moment = message.sent_at if isinstance(message, Incoming) else event.created_at
            fact |= {
                "author": _author(world, request, message),
                "sent_at": utc_text(moment),
                "text": world.shown_text(message, request),
            }
        yield fact


def _author(world: State, request: Request, message: Incoming | Outgoing | Comment) -> str:
    match message:
        case Incoming():
            authority = world.authority_of(request).name
            return f"{world.censor(message.sender, request)}, {authority}" if message.sender else authority
        case Outgoing():
            return world.censor(message.author, request)
        case Comment():
            return world.users[message.user_id].name


def _attachments(world: State, request: Request) -> Iterator[Fact]:
    for _, message in shown_messages(world, request):
        if isinstance(message, Incoming) and message.prominence == "normal":
            for file in message.files:
                yield _attachment(world, request, message, file)


def _attachment(world: State, request: Request, message: Incoming, file: File) -> Fact:
    fact: Fact = {"anchor": message.anchor, "request_id": request.id}
    if not file.public:
        return fact | {"part": None, "status": "withheld"}
    content = world.file_bytes(file, request)
    return fact | {
        "part": file.part,
        "status": "stored",
        "filename": world.file_name(file, request),
        "sha256": world.file_sha256(file, request),
        "size": len(content),
        "media_type": CONTENT_TYPES.get(file.kind, "application/octet-stream"),
        "words": []
        if file.kind == "png" or file.content is not None
        else re.findall(r"[a-z]{6,}", world.censor(file.text, request).lower())[:4],
    }


def _authorities(world: State) -> list[Fact]:
    return [
        {
            "id": a.id,
            "url_name": a.url_name,
            "name": a.name,
            "short_name": a.short_name,
            "home_page": a.home_page,
            "publication_scheme": a.publication_scheme,
            "disclosure_log": a.disclosure_log,
            "created_at": utc_text(a.created_at),
            "updated_at": utc_text(a.updated_at),
            "tags": [list(tag) for tag in a.tags],
        }
        for a in world.authorities.values()
    ]


def _secret_texts(world: State) -> Iterator[tuple[str, str]]:
    yield from world.withdrawn_texts
    for request in world.requests.values():
        for event in request.events:
            message = world.message_of(event)
            if message is None or not message.text:
                continue
            concealed = not message.visible if isinstance(message, Comment) else _withheld(message) is not None
            if concealed or not request.readable:
                yield f"request {request.id} {message.anchor}", world.shown_text(message, request)


def _secrets(world: State, messages: list[Fact]) -> list[Fact]:
    """Withheld texts, but for those that stand in public too: a withheld copy of a public text is no secret."""
    public = [" ".join(str(fact["text"]).split()) for fact in messages if "text" in fact]
    beginnings = {text[:_PROBE] for text in public}
    secrets: dict[str, Fact] = {}
    for where, text in _secret_texts(world):
        folded = " ".join(text.split())
        short = len(folded) < _PROBE
        if folded and folded[:_PROBE] not in beginnings and not (short and any(folded in said for said in public)):
            secrets.setdefault(folded, {"where": where, "text": text})
    return list(secrets.values())


def _secret_files(world: State) -> set[str]:
    hidden = set(world.withdrawn_files)
    for file, message in world.files.values():
        request = world.requests[message.request_id]
        if not request.readable or message.prominence != "normal" or not file.public:
            hidden.add(world.file_sha256(file, request))
    return hidden
