"""The site's records with what follows from them: states, due dates, counters, what a reader sees of a text."""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Literal

from . import files
from .model import ZONE, Authority, Batch, CensorRule, Comment, Event, File, Incoming, Outgoing, Request, User

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MOBILE = re.compile(r"\bMob(?:ile)?\b[\s:]*\d[\d\s]{7,}\d")

DUE_DAYS, VERY_LATE_DAYS = 20, 40
"""Working days (site-contract.md section 6)."""


def working_days_after(day: date, count: int) -> date:
    """The date `count` weekdays later. Bank holidays do not exist here."""
    while day.weekday() > 4:
        day -= timedelta(days=1)
    weeks, rest = divmod(count, 5)
    day += timedelta(weeks=weeks)
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day


class State:
    """Everything the site knows. Hold `lock` while reading or changing it from more than one thread."""

    def __init__(self, now: datetime, masking: Literal["ready", "self", "wait"] = "ready", masking_hits: int = 1) -> None:
        self.now = now
        """The site's clock (aware): states, due dates and new events go by it."""
        self.masking: Literal["ready", "self", "wait"] = masking
        """What a file answers before it is masked: nothing special, a redirect to itself, or to the wait page."""
        self.masking_hits = masking_hits
        """How many such answers a new or changed file gives."""
        self.batch_unstable = False
        """Whether the rows of a batch shift between its pages, so that pages overlap and skip (section 2.7)."""
        self.authorities: dict[int, Authority] = {}
        self.users: dict[int, User] = {}
        self.batches: dict[int, Batch] = {}
        self.requests: dict[int, Request] = {}
        self.incoming: dict[int, Incoming] = {}
        self.outgoing: dict[int, Outgoing] = {}
        self.comments: dict[int, Comment] = {}
        self.events: dict[int, Event] = {}
        self.files: dict[int, tuple[File, Incoming]] = {}
        self.slugs: dict[str, int] = {}
        self.authority_names: dict[str, int] = {}
        self.former_authority_names: dict[str, int] = {}
        self.user_names: dict[str, int] = {}
        """Present and former: both answer 200 (section 2.7)."""
        self.rules: list[CensorRule] = []
        self.withdrawn_texts: list[tuple[str, str]] = []
        """(where, text) of what was destroyed or redacted: public once, and no longer in any record."""
        self.withdrawn_files: set[str] = set()
        """SHA-256 of files that were destroyed, erased, replaced or redacted."""
        self.revision = 0
        self.lock = threading.RLock()
        self._slug_numbers: dict[str, int] = {}
        """For each stem of a request's slug, a number below which none is free. Cleared where one becomes free."""
        self._ids: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
        self._grouped: tuple[int, dict[int, list[Request]]] | None = None

    def next_id(self, kind: str) -> int:
        return next(self._ids[kind])

    def start_ids(self, kind: str, first: int) -> None:
        self._ids[kind] = itertools.count(first)

    # ---- looking up -------------------------------------------------------------------------------------------

    def by_slug(self, slug: str) -> Request | None:
        return self.requests.get(self.slugs.get(slug, -1))

    def authority_of(self, request: Request) -> Authority:
        return self.authorities[request.authority_id]

    def requester(self, request: Request) -> User | None:
        return None if request.user_id is None else self.users[request.user_id]

    def requester_name(self, request: Request) -> str:
        """As the page's header has it: the first message's name where that is public, else the account's."""
        user = self.requester(request)
        if user is None:
            return request.external_name or "Anonymous user"
        sent = request.event_of("sent")
        first = self.outgoing.get(sent.outgoing_message_id or -1) if sent else None
        return first.author if first else user.name

    def message_of(self, event: Event) -> Incoming | Outgoing | Comment | None:
        """The message that an event shows; None for events that show none."""
        if event.event_type in ("sent", "followup_sent", "send_error", "resent", "followup_resent"):
            return self.outgoing.get(event.outgoing_message_id or -1)
        if event.event_type == "response":
            return self.incoming.get(event.incoming_message_id or -1)
        if event.event_type == "comment":
            return self.comments.get(event.comment_id or -1)
        return None

    def requests_to(self, authority_id: int) -> list[Request]:
        """All requests to an authority, hidden ones included."""
        if self._grouped is None or self._grouped[0] != self.revision:
            groups: defaultdict[int, list[Request]] = defaultdict(list)
            for request in self.requests.values():
                groups[request.authority_id].append(request)
            self._grouped = (self.revision, dict(groups))
        return self._grouped[1].get(authority_id, [])

    # ---- what follows -----------------------------------------------------------------------------------------

    def due_dates(self, request: Request) -> tuple[date, date]:
        """The local dates by which an answer is due, and after which it is very late, since the last sending."""
        sent = [e.created_at for e in request.events if e.event_type in ("sent", "resent")]
        start = (sent[-1] if sent else request.created_at).astimezone(ZONE).date()
        return working_days_after(start, DUE_DAYS), working_days_after(start, VERY_LATE_DAYS)

    def display_state(self, request: Request) -> str:
        """The state as shown: with lateness, by the site's clock and local date (section 6)."""
        if request.awaiting_description:
            return "waiting_classification"
        if request.described_state != "waiting_response":
            return request.described_state
        today = self.now.astimezone(ZONE).date()
        due, very_late = self.due_dates(request)
        if today > very_late:
            return "waiting_response_very_overdue"
        return "waiting_response_overdue" if today > due else "waiting_response"

    def due_on(self, request: Request) -> date | None:
        """The due date where the page shows it: while an answer is awaited and not very late."""
        if self.display_state(request) in ("waiting_response", "waiting_response_overdue"):
            return self.due_dates(request)[0]
        return None

    def counts(self, authority_id: int) -> dict[str, int]:
        """The counters of an authority's `info` block (section 3.3). Hidden requests count, as on the site."""
        mine = self.requests_to(authority_id)
        late = sum(1 for r in mine if self.display_state(r).endswith("overdue"))
        return {
            "requests_count": len(mine),
            "requests_successful_count": sum(1 for r in mine if r.described_state in ("successful", "partially_successful")),
            "requests_not_held_count": sum(1 for r in mine if r.described_state == "not_held"),
            "requests_overdue_count": late,
            "requests_visible_classified_count": sum(1 for r in mine if r.listed and not r.awaiting_description),
        }

    def logs_due(self, request: Request) -> list[tuple[str, datetime]]:
        """The events of lateness that the nightly job has to log: back-dated to the midnight after the date."""
        today = self.now.astimezone(ZONE).date()
        wanted = []
        for event_type, day in zip(("overdue", "very_overdue"), self.due_dates(request), strict=True):
            moment = datetime.combine(day + timedelta(days=1), time(), ZONE)
            if today > day and not any(e.event_type == event_type and e.created_at == moment for e in request.events):
                wanted.append((event_type, moment))
        return wanted

    # ---- what a reader sees -----------------------------------------------------------------------------------

    def censor(self, text: str, request: Request) -> str:
        for rule in self.rules:
            if rule.request_id in (None, request.id):
                text = text.replace(rule.text, rule.replacement)
        return text

    def shown_text(self, message: Incoming | Outgoing | Comment, request: Request) -> str:
        """A message's text as a reader sees it: masked and censored. Annotations are not masked (section 10)."""
        text = message.text or ""
        if not isinstance(message, Comment):
            text = _MOBILE.sub("[mobile number]", _EMAIL.sub("[email address]", text))
        return self.censor(text, request)

    def file_name(self, file: File, request: Request) -> str:
        return self.censor(file.filename, request)

    def file_bytes(self, file: File, request: Request) -> bytes:
        content = file.content if file.content is not None else files.make(file.kind, file.text)
        for rule in self.rules:
            if rule.request_id in (None, request.id):
                content = files.censored(file.kind, content, rule.text, rule.replacement)
        return content

    def file_sha256(self, file: File, request: Request) -> str:
        return hashlib.sha256(self.file_bytes(file, request)).hexdigest()
