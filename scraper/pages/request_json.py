"""A request's JSON: its facts, history, authority and user (site-contract.md sections 3.1 and 3.2)."""

from __future__ import annotations

from ..records import Capture, Event, PageKind, PageRef, Reading, Request
from ..urls import Site, segment
from .authority import authority_of
from .fields import Fields
from .user import user_of


def read_request_json(capture: Capture, site: Site) -> Reading:
    fields = Fields.of(capture)
    if not fields.has("user"):
        # Only a request that came through the API has no user, and then says under which name it came.
        fields.text_or_null("user_name")
    request = Request(
        id=fields.identifier("id"),
        url_title=fields.text("url_title"),
        title=fields.text("title"),
        authority=authority_of(fields.child("public_body")),
        user=user_of(fields.child("user")) if fields.has("user") else None,
        law_used=fields.text_or_null("law_used"),
        described_state=fields.text("described_state"),
        awaiting_description=fields.boolean("awaiting_description"),
        prominence=fields.text("prominence"),
        display_status=fields.optional_text("display_status"),
        created_at=fields.time("created_at"),
        updated_at=fields.time("updated_at"),
        tags=fields.tags(),
        events=tuple(_event(event) for event in fields.children("info_request_events")),
    )
    return Reading("content", request, needs=(PageRef(PageKind.REQUEST_HTML, segment(request.url_title)),))


def _event(fields: Fields) -> Event:
    return Event(
        id=fields.identifier("id"),
        event_type=fields.text("event_type"),
        created_at=fields.time("created_at"),
        described_state=fields.text_or_null("described_state"),
        calculated_state=fields.text_or_null("calculated_state"),
        last_described_at=fields.time_or_null("last_described_at"),
        incoming_message_id=fields.identifier_or_null("incoming_message_id"),
        outgoing_message_id=fields.identifier_or_null("outgoing_message_id"),
        comment_id=fields.identifier_or_null("comment_id"),
    )
