"""What people and authorities do between two visits. Each change logs the events that the site would log, or none.

Which events, and whether `updated_at` moves, is from site-contract.md sections 2.10, 3.2 and 10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import Authority, Comment, Event, File, Incoming, Outgoing, Request, Tag, User
from .state import State
from .words import slug


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to attach: made from `text` by the extension of its name, or `content` as given."""

    filename: str
    text: str = ""
    content: bytes | None = None
    note: str | None = None

    @property
    def kind(self) -> str:
        return self.filename.rpartition(".")[2].lower()


class Changes(State):
    def _log(self, request: Request, event_type: str, at: datetime | None = None, **fields: object) -> Event:
        event = Event(self.next_id("event"), request.id, event_type, at or self.now)
        for name, value in fields.items():
            setattr(event, name, value)
        request.events.append(event)
        if len(request.events) > 1 and request.events[-2].created_at > event.created_at:
            request.events.sort(key=lambda e: (e.created_at, e.id))
        self.events[event.id] = event
        self.revision += 1
        return event

    def _touch(self, request: Request, at: datetime | None = None) -> None:
        request.updated_at = max(request.updated_at, at or self.now)

    def _free_slug(self, title: str, taken: dict[str, int]) -> str:
        stem = slug(title)
        number = self._slug_numbers.get(stem, 1) if taken is self.slugs else 1
        while (name := stem if number == 1 else f"{stem}_{number}") in taken:
            number += 1
        if taken is self.slugs:
            self._slug_numbers[stem] = number
        return name

    def _queue(self, files: Iterable[File]) -> None:
        for file in files:
            file.hits_until_masked = 0 if self.masking == "ready" else self.masking_hits

    # ---- people and authorities -------------------------------------------------------------------------------

    def new_authority(self, name: str, tags: Iterable[Tag] = (), short_name: str = "", **fields: str | None) -> Authority:
        stem = slug(name, 200)
        url_name, number = stem, 1
        while url_name in self.authority_names:
            number += 1
            url_name = f"{stem}_{number}"
        made = Authority(
            self.next_id("authority"),
            url_name,
            name,
            short_name,
            fields.get("home_page"),
            fields.get("notes") or "",
            fields.get("publication_scheme") or "",
            fields.get("disclosure_log") or "",
            self.now,
            self.now,
            list(tags),
        )
        self.authorities[made.id] = made
        self.authority_names[url_name] = made.id
        self.revision += 1
        return made

    def new_user(self, name: str, about_me: str | None = None) -> User:
        user = User(self.next_id("user"), self._free_slug(name, self.user_names), name, about_me)
        self.users[user.id] = user
        self.user_names[user.url_name] = user.id
        self.revision += 1
        return user

    def rename_authority(self, authority: Authority, name: str) -> None:
        """A new name and address; the old address redirects from now on."""
        del self.authority_names[authority.url_name]
        self.former_authority_names[authority.url_name] = authority.id
        authority.url_name = self._free_slug(name, self.authority_names)
        authority.name, authority.updated_at, authority.version = name, self.now, authority.version + 1
        self.authority_names[authority.url_name] = authority.id
        self.revision += 1

    def rename_user(self, user: User, name: str) -> None:
        """A new name and address; the old address goes on answering. Messages keep the name they were sent under."""
        user.url_name, user.name = self._free_slug(name, self.user_names), name
        self.user_names[user.url_name] = user.id
        self.revision += 1

    # ---- correspondence ---------------------------------------------------------------------------------------

    def new_request(
        self,
        authority: Authority,
        user: User | None,
        title: str,
        text: str,
        *,
        at: datetime | None = None,
        external_name: str | None = None,
        batch_id: int | None = None,
        law_used: str = "foi",
        tags: Iterable[Tag] = (),
    ) -> Request:
        """A request, sent at once. `user` None makes it an external one."""
        at = at or self.now
        request = Request(
            self.next_id("request"), self._free_slug(title, self.slugs), title, authority.id, user.id if user else None, at, at
        )
        request.external_name, request.batch_id, request.law_used, request.tags = external_name, batch_id, law_used, list(tags)
        self.requests[request.id] = request
        self.slugs[request.url_title] = request.id
        self._send(request, "sent", text, at, "waiting_response")
        return request

    def _send(self, request: Request, event_type: str, text: str, at: datetime | None, state: str | None) -> Outgoing:
        user = self.requester(request)
        author = user.name if user else request.external_name or "Anonymous user"
        message = Outgoing(self.next_id("outgoing"), request.id, author, text)
        self.outgoing[message.id] = message
        described = (at or self.now) if state else None
        self._log(
            request,
            event_type,
            at,
            outgoing_message_id=message.id,
            described_state=state,
            calculated_state=state,
            last_described_at=described,
        )
        return message

    def new_followup(self, request: Request, text: str, *, internal_review: bool = False, at: datetime | None = None) -> Outgoing:
        message = self._send(request, "followup_sent", text, at, "internal_review" if internal_review else None)
        if internal_review:
            request.described_state, request.awaiting_description = "internal_review", False
        return message

    def new_response(
        self,
        request: Request,
        text: str | None,
        files: Iterable[NewFile] = (),
        *,
        at: datetime | None = None,
        sent_at: datetime | None = None,
        sender: str | None = None,
    ) -> Incoming:
        """A mail from the authority; the request then waits for someone to say what it brought."""
        at = at or self.now
        message = Incoming(self.next_id("incoming"), request.id, sender, sent_at or at, text, self.next_id("file"))
        for part, new in enumerate(files, 2):
            file = File(self.next_id("file"), part, new.filename, new.kind, new.text, new.content, new.note)
            message.files.append(file)
            self.files[file.id] = (file, message)
        self.incoming[message.id] = message
        self._queue(message.files)
        self._log(request, "response", at, incoming_message_id=message.id)
        request.awaiting_description = True
        self._touch(request, at)
        return message

    def annotate(self, request: Request, user: User, text: str, *, at: datetime | None = None) -> Comment:
        comment = Comment(self.next_id("comment"), request.id, user.id, text)
        self.comments[comment.id] = comment
        self._log(request, "comment", at, comment_id=comment.id)
        return comment

    def resend(self, request: Request, *, at: datetime | None = None) -> None:
        """The first message goes out again; the time to answer starts anew."""
        sent = request.event_of("sent")
        if sent is None:
            raise ValueError(f"request {request.id} was never sent")
        state = "waiting_response"
        self._log(request, "resent", at, outgoing_message_id=sent.outgoing_message_id, described_state=state)
        request.described_state, request.awaiting_description = state, False
        self._touch(request, at)

    def fail_to_send(self, request: Request, *, at: datetime | None = None) -> None:
        """The first message comes back undelivered: shown once more, with its failed delivery."""
        sent = request.event_of("sent")
        if sent is None or sent.outgoing_message_id is None:
            raise ValueError(f"request {request.id} was never sent")
        self.outgoing[sent.outgoing_message_id].delivery_status = "failed"
        self._log(request, "send_error", at, outgoing_message_id=sent.outgoing_message_id)
        request.described_state, request.awaiting_description = "error_message", False
        self._touch(request, at)

    def set_state(self, request: Request, state: str, *, at: datetime | None = None) -> None:
        at = at or self.now
        self._log(request, "status_update", at, described_state=state, calculated_state=state, last_described_at=at)
        answers = [e for e in request.events if e.event_type == "response" and e.created_at <= at]
        if answers:
            answers[-1].calculated_state, answers[-1].last_described_at = state, at
        request.described_state, request.awaiting_description = state, False
        self._touch(request, at)

    def close(self, request: Request, how: str | None = "closed") -> None:
        """To new correspondence: 'closed', 'authority_only', or None to open it again."""
        request.closed = how
        self._log(request, "edit")

    def tag(self, request: Request, *tags: Tag) -> None:
        """Replaces the tags. The site logs nothing."""
        request.tags = list(tags)
        self.revision += 1

    # ---- time -------------------------------------------------------------------------------------------------

    def advance(self, **span: float) -> None:
        """Moves the clock, in the words of `timedelta` (``days=1``), and runs the site's nightly job."""
        self.now += timedelta(**span)
        self.run_nightly()

    def run_nightly(self) -> None:
        """Logs lateness: back-dated events with the newest ids."""
        for request in self.requests.values():
            if request.described_state == "waiting_response" and not request.awaiting_description:
                for event_type, moment in self.logs_due(request):
                    self._log(request, event_type, moment)
