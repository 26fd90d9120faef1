"""What the bundled site is made of: plain mutable records, as a site's own database would hold them.

Times are aware datetimes in UTC. Names of fields are those of the site's JSON where it has one
(site-contract.md section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")
SITE_NAME = "Plainly Asked"

Tag = tuple[str, str | None]

INDEXED_EVENTS = frozenset({"sent", "followup_sent", "response", "comment"})
"""The only events that a search of /list finds (site-contract.md section 2.2)."""
OUTGOING_EVENTS = frozenset({"sent", "followup_sent", "send_error"})
"""Events that show an outgoing message whole; `resent` and `followup_resent` only mention it."""

VIEWS: dict[str, frozenset[str]] = {
    "successful": frozenset({"successful", "partially_successful"}),
    "unsuccessful": frozenset({"rejected", "not_held"}),
    "awaiting": frozenset(
        {"waiting_response", "waiting_clarification", "internal_review", "gone_postal", "error_message", "requires_admin"}
    ),
}

STATE_LABELS = {
    "waiting_classification": "Not yet sorted",
    "waiting_response": "No answer yet",
    "waiting_response_overdue": "Late",
    "waiting_response_very_overdue": "Very late",
    "not_held": "Does not hold it",
    "rejected": "Refused",
    "partially_successful": "Some of it",
    "successful": "Answered",
    "waiting_clarification": "Asked to clarify",
    "gone_postal": "Answered by post",
    "internal_review": "Under review",
    "error_message": "Could not be delivered",
    "requires_admin": "Odd answer",
    "user_withdrawn": "Taken back",
    "attention_requested": "Reported",
    "vexatious": "Vexatious",
    "not_foi": "No FOI request",
}


@dataclass(slots=True)
class Authority:
    id: int
    url_name: str
    name: str
    short_name: str
    home_page: str | None
    notes: str
    publication_scheme: str
    disclosure_log: str
    created_at: datetime
    updated_at: datetime
    tags: list[Tag] = field(default_factory=list)
    version: int = 1


@dataclass(slots=True)
class User:
    id: int
    url_name: str
    name: str
    about_me: str | None = None
    ban_text: str = ""


@dataclass(slots=True)
class Batch:
    id: int
    title: str
    user_id: int
    authority_count: int
    created_at: datetime


@dataclass(slots=True)
class Event:
    id: int
    request_id: int
    event_type: str
    created_at: datetime
    described_state: str | None = None
    calculated_state: str | None = None
    last_described_at: datetime | None = None
    incoming_message_id: int | None = None
    outgoing_message_id: int | None = None
    comment_id: int | None = None

    @property
    def described_at(self) -> datetime:
        """What the pages of an authority are sorted by (site-contract.md section 2.5)."""
        return self.last_described_at or self.created_at


@dataclass(slots=True)
class File:
    """An attachment. Its bytes are made on demand from `kind` and `text`, unless a test gave `content`."""

    id: int
    part: int
    filename: str
    kind: str
    text: str
    content: bytes | None = None
    note: str | None = None
    prominence: str = "normal"
    prominence_reason: str | None = None
    erased: bool = False
    hits_until_masked: int = 0
    """How many times the site still answers with a redirect before it has masked the file (section 7)."""

    @property
    def public(self) -> bool:
        return self.prominence == "normal" and not self.erased


@dataclass(slots=True)
class Incoming:
    id: int
    request_id: int
    sender: str | None
    """The person who signed for the authority; None where the mail names nobody."""
    sent_at: datetime
    """The mail's own Date, which may differ from the event's time of arrival (section 4.4)."""
    text: str | None
    main_part_id: int
    files: list[File] = field(default_factory=list)
    prominence: str = "normal"
    prominence_reason: str | None = None
    main_part_hidden: bool = False

    @property
    def anchor(self) -> str:
        return f"incoming-{self.id}"


@dataclass(slots=True)
class Outgoing:
    id: int
    request_id: int
    author: str
    """The name at the time of sending: a later change of the account's name leaves it alone (section 5)."""
    text: str
    delivery_status: str = "delivered"
    prominence: str = "normal"
    prominence_reason: str | None = None

    @property
    def anchor(self) -> str:
        return f"outgoing-{self.id}"


@dataclass(slots=True)
class Comment:
    id: int
    request_id: int
    user_id: int
    text: str
    visible: bool = True

    @property
    def anchor(self) -> str:
        return f"comment-{self.id}"


Message = Incoming | Outgoing | Comment


@dataclass(slots=True)
class Request:
    id: int
    url_title: str
    title: str
    authority_id: int
    user_id: int | None
    """None for an external request, which has `external_name` (None there: anonymous)."""
    created_at: datetime
    updated_at: datetime
    external_name: str | None = None
    batch_id: int | None = None
    law_used: str = "foi"
    described_state: str = "waiting_response"
    awaiting_description: bool = False
    prominence: str = "normal"
    prominence_reason: str | None = None
    embargoed: bool = False
    closed: str | None = None
    """None, 'authority_only' or 'closed'."""
    note: str | None = None
    tags: list[Tag] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether its page answers 200: listed or backpage, and no embargo."""
        return not self.embargoed and self.prominence in ("normal", "backpage")

    @property
    def listed(self) -> bool:
        return not self.embargoed and self.prominence == "normal"

    def event_of(self, event_type: str, **ids: int) -> Event | None:
        """The first event of a type that carries the given message ids."""
        return next(
            (e for e in self.events if e.event_type == event_type and all(getattr(e, k) == v for k, v in ids.items())), None
        )


@dataclass(frozen=True, slots=True)
class CensorRule:
    """Text that the site takes out of every page and file of its scope. No event tells of it (section 9)."""

    text: str
    replacement: str
    request_id: int | None
    """None: the whole site."""


def iso_milliseconds(moment: datetime) -> str:
    """As the site's JSON has it: local offset, milliseconds, such as ``2026-07-01T09:15:00.000+01:00``."""
    return moment.astimezone(ZONE).isoformat(timespec="milliseconds")


def utc_text(moment: datetime) -> str:
    """As truth has it: ``2026-07-01T08:15:00Z``."""
    return moment.astimezone(UTC).isoformat()[:19] + "Z"
