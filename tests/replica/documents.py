"""What the site serves to programs: JSON with the exact key sets of section 3, the register's CSV, robots.txt."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

from .model import STATE_LABELS, ZONE, Authority, Event, Request, Tag, User, iso_milliseconds
from .state import State

Json = dict[str, object]

REGISTER_COLUMNS = (
    "Internal ID,Name,Short name,URL name,Tags,Home page,Publication scheme,Disclosure log,Notes,Created at,Updated at,Version"
)

ROBOTS = """\
User-agent: *
Disallow: */annotate/*
Disallow: */new/*
Disallow: */search/*
Disallow: */similar/*
Disallow: */track/*
Disallow: */upload/*
Disallow: */user/contact/*
Disallow: */feed/*
Disallow: */profile/*
Disallow: */signin*
Disallow: */tor*
Allow: */request/*/response/*/attach/*
Disallow: */request/*/response/*
Disallow: */request/*/download*
Disallow: */change_request/*
Disallow: */outgoing_messages/*/mail_server_logs*
Disallow: */outgoing_messages/*/delivery_status*
Disallow: *?*update_status=1*
"""
"""The rules of section 2.1, as the recorded site serves them."""


def dump(value: object) -> bytes:
    """JSON as Rails writes it: compact, no escapes but for ``&<>``."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").encode()


def _tags(tags: list[Tag]) -> list[list[str | None]]:
    return [[name, value] for name, value in tags]


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else iso_milliseconds(moment)


def user_json(user: User) -> Json:
    suffix = " (Account suspended)" if user.ban_text else ""
    return {
        "id": user.id,
        "url_name": user.url_name,
        "name": user.name + suffix,
        "ban_text": user.ban_text,
        "about_me": user.about_me,
    }


def authority_json(world: State, authority: Authority) -> Json:
    return {
        "id": authority.id,
        "url_name": authority.url_name,
        "name": authority.name,
        "short_name": authority.short_name,
        "created_at": iso_milliseconds(authority.created_at),
        "updated_at": iso_milliseconds(authority.updated_at),
        "home_page": authority.home_page,
        "notes": authority.notes,
        "publication_scheme": authority.publication_scheme,
        "disclosure_log": authority.disclosure_log,
        "tags": _tags(authority.tags),
        "info": world.counts(authority.id),
    }


def event_json(event: Event) -> Json:
    said: Json = {
        "id": event.id,
        "event_type": event.event_type,
        "created_at": iso_milliseconds(event.created_at),
        "described_state": event.described_state,
        "calculated_state": event.calculated_state,
        "last_described_at": _maybe(event.last_described_at),
        "incoming_message_id": event.incoming_message_id,
        "outgoing_message_id": event.outgoing_message_id,
        "comment_id": event.comment_id,
    }
    if event.incoming_message_id is not None:
        said["display_status"] = STATE_LABELS.get(event.calculated_state or "", "Response")
    elif event.outgoing_message_id is not None:
        said["display_status"] = "Clarification" if event.calculated_state == "waiting_response" else "Follow up"
    return said


def request_json(world: State, request: Request) -> Json:
    state = world.display_state(request)
    said: Json = {
        "id": request.id,
        "url_title": request.url_title,
        "title": request.title,
        "created_at": iso_milliseconds(request.created_at),
        "updated_at": iso_milliseconds(request.updated_at),
        "described_state": request.described_state,
        "display_status": STATE_LABELS.get(state, state),
        "awaiting_description": request.awaiting_description,
        "prominence": request.prominence,
        "law_used": request.law_used,
        "tags": _tags(request.tags),
    }
    user = world.requester(request)
    if user:
        said["user"] = user_json(user)
    else:
        said["user_name"] = request.external_name
    said["public_body"] = authority_json(world, world.authority_of(request))
    said["info_request_events"] = [event_json(event) for event in request.events]
    return said


def register_csv(world: State) -> bytes:
    """all-authorities.csv (section 2.6): local times, tags as ``name`` or ``name:value``."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(REGISTER_COLUMNS.split(","))
    for authority in sorted(world.authorities.values(), key=lambda a: a.id):
        rows.writerow(
            [
                authority.id,
                authority.name,
                authority.short_name,
                authority.url_name,
                " ".join(name if value is None else f"{name}:{value}" for name, value in authority.tags),
                authority.home_page or "",
                authority.publication_scheme,
                authority.disclosure_log,
                authority.notes,
                f"{authority.created_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S %z}",
                f"{authority.updated_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S %z}",
                authority.version,
            ]
        )
    return out.getvalue().encode()


def version_json(world: State) -> Json:
    """The site's own totals (section 2.9)."""
    visible = [r for r in world.requests.values() if r.listed]
    return {
        "alaveteli_git_commit": "",
        "alaveteli_version": "0.46.4.0",
        "ruby_version": "3.3.8",
        "visible_public_body_count": len(world.authorities),
        "visible_request_count": len(visible),
        "private_request_count": sum(1 for r in world.requests.values() if r.embargoed),
        "request_via_batch_count": sum(1 for r in world.requests.values() if r.batch_id),
        "batch_count": len(world.batches),
        "confirmed_user_count": len(world.users),
        "visible_comment_count": sum(1 for c in world.comments.values() if c.visible),
        "track_thing_count": 0,
        "widget_vote_count": 0,
        "public_body_change_request_count": 0,
        "request_classification_count": 0,
        "visible_followup_message_count": sum(1 for r in visible for e in r.events if e.event_type == "followup_sent"),
        "citation_count": 0,
        "project_count": 0,
    }
