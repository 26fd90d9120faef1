"""A day of the site: letters and remarks that its lists show, and what is done to threads without a trace in any list."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.replica import NewFile, World, words
from tests.replica.model import Comment, File, Incoming, Request

from .facts import LATENESS, SHOWN, of_site
from .law import HIDDEN, JUDGED_AT_ONCE, LISTED, Dice, Law
from .ledger import Ledger

VERDICTS = (
    "successful",
    "partially_successful",
    "rejected",
    "not_held",
    "waiting_clarification",
    "gone_postal",
    "user_withdrawn",
    "requires_admin",
    "internal_review",
)
TRIES = 10_000
"""Threads drawn for a kind of change before the world is held to have none that it fits."""
EMBARGOED = 0.05
"""Share of the threads of the last year that begin under embargo."""
EMBARGO_DAYS = {91: 50, 182: 30, 364: 20}
"""How long embargoes last (site-contract.md section 2.7), and what share of them."""
CUT_SHORT = 0.2
"""Share of the embargoes that end on another day: prolonged, or ended by hand."""


def set_embargoes(world: World, rng: random.Random) -> dict[int, datetime]:
    """Before the first crawl: some requests of the last year are not public yet. Returns when each will be."""
    ends: dict[int, datetime] = {}
    for request in world.requests.values():
        days = rng.choices(list(EMBARGO_DAYS), weights=list(EMBARGO_DAYS.values()))[0]
        end = request.created_at + timedelta(days=days)
        if request.listed and request.batch_id is None and end > world.now and rng.random() < EMBARGOED:
            request.embargoed = True
            ends[request.id] = end if rng.random() > CUT_SHORT else world.now + rng.random() * (end - world.now)
    world.revision += 1
    return ends


class Day:
    """The changes between two nights. `passes` moves the site's clock to the second of them."""

    def __init__(
        self, world: World, ledger: Ledger, law: Law, embargoes: dict[int, datetime], rng: random.Random, night: int
    ) -> None:
        self.world, self.ledger, self.law, self.embargoes, self.rng, self.night = world, ledger, law, embargoes, rng, night

    def passes(self, now: datetime, changes: int, listed_share: float = 0.9) -> None:
        before = {request.id: self.world.display_state(request) for request in self.world.requests.values() if request.readable}
        self.since, self.world.now = self.world.now, now
        self.world.run_nightly()
        for number, state in before.items():
            later = self.world.display_state(self.world.requests[number])
            if later != state:
                self.ledger.note("late", "calendar", self.night, number, {LATENESS: state}, {LATENESS: later})
        for number in [number for number, end in self.embargoes.items() if end <= now]:
            del self.embargoes[number]
            self.world.expire_embargo(self.world.requests[number])
            self.ledger.note("embargo ended", "calendar", self.night, number, {SHOWN: False}, of_site(self.world, number))
        self.dice = Dice(self.world, self.law, self.rng)
        listed = round(changes * listed_share)
        for _ in range(listed):
            self._listed(self.dice.kind(LISTED))
        for _ in range(changes - listed):
            self._hidden(self.dice.kind(HIDDEN))

    def _moment(self) -> datetime:
        return self.since + self.rng.random() * (self.world.now - self.since)

    def _note(self, kind: str, number: int, change: Callable[[], int | None], listed: bool) -> None:
        before = of_site(self.world, number)
        files = change() or 0
        after = of_site(self.world, number)
        self.ledger.note(kind, "listed" if listed else "hidden", self.night, number, before, after, files)

    # ---- what a list shows ------------------------------------------------------------------------------------

    def _listed(self, kind: str) -> None:
        if kind == "new request":
            self._new_request()
            return
        request = self._drawn(lambda request: request.closed is None)
        change = {"response": self._response, "follow-up": self._followup, "annotation": self._annotation}[kind]
        self._note(kind, request.id, lambda: change(request), listed=True)

    def _drawn(self, fits: Callable[[Request], object]) -> Request:
        for _ in range(TRIES):
            request = self.dice.thread()
            if request.listed and request.id in self.world.requests and fits(request):
                return request
        raise LookupError("no thread of this world fits the change")

    def _new_request(self) -> None:
        world, rng = self.world, self.rng
        authority = rng.choice(list(world.authorities.values()))
        user, topic = rng.choice(list(world.users.values())), rng.choice(words.TOPICS)
        text = words.question(rng, authority.name, user.name, topic)
        request = world.new_request(authority, user, f"{topic}, {authority.name}", text, at=self._moment())
        self.ledger.note("new request", "listed", self.night, request.id, {SHOWN: False}, of_site(world, request.id))

    def _response(self, request: Request) -> int:
        rng, at = self.rng, self._moment()
        verdict = rng.choice(VERDICTS[:4])
        reference = f"FOI-{request.id}-{len(request.events)}"
        text = words.answer(rng, verdict, self.world.requester_name(request), reference, None, None)
        names = rng.choices(((), ("pdf",), ("pdf", "csv")), weights=(50, 35, 15))[0]
        files = [NewFile(f"Answer {reference}.{kind}", f"{reference}\n{words.remarks(rng, 3)}") for kind in names]
        self.world.new_response(request, text, files, at=at, sender=rng.choice(words.DESKS))
        if rng.random() < JUDGED_AT_ONCE:
            self.world.set_state(request, verdict, at=at + (self.world.now - at) / 2)
        return len(files)

    def _followup(self, request: Request) -> None:
        text = f"Dear all,\n\n{self.rng.choice((words.REMINDER, words.REVIEW))} (Letter {len(request.events)}.)"
        self.world.new_followup(request, text, internal_review=self.rng.random() < 0.2, at=self._moment())

    def _annotation(self, request: Request) -> None:
        text = f"{self.rng.choice(words.REMARKS_BY_READERS)} (Remark {len(request.events)}.)"
        self.world.annotate(request, self.rng.choice(list(self.world.users.values())), text, at=self._moment())

    # ---- what none shows --------------------------------------------------------------------------------------

    def _hidden(self, kind: str) -> None:
        found: tuple[Request, Callable[[], None]] | None = None
        for _ in range(TRIES):
            # Where nothing fits at all, such as a message to be shown again on the first day, another kind happens.
            found = self._fitting(kind)
            if found is not None:
                break
            kind = self.dice.kind(HIDDEN)
        if found is None:
            raise LookupError("no thread of this world fits any change that no list shows")
        request, change = found
        self._note(kind, request.id, change, listed=False)

    def _fitting(self, kind: str) -> tuple[Request, Callable[[], None]] | None:
        """A thread that the kind of change fits, and how it is done to it."""
        world, rng = self.world, self.rng
        match kind:
            case "request shown again":
                pool = [request for request in world.requests.values() if request.prominence == "hidden"]
                if not pool:
                    return None
                request = rng.choice(pool)
                return request, lambda: world.unhide(request)
            case "message shown again":
                hidden = [m for m in world.incoming.values() if m.prominence != "normal" and world.requests[m.request_id].listed]
                if not hidden:
                    return None
                message = rng.choice(hidden)
                return world.requests[message.request_id], lambda: world.unhide(message)
            case "state" | "request hidden" | "request destroyed" | "title":
                request = self._drawn(lambda request: True)
                return request, lambda: self._to_thread(kind, request)
            case "annotation hidden":
                request = self._drawn(self._remarks)
                return request, lambda: world.hide(rng.choice(self._remarks(request)))
            case "file hidden" | "file replaced":
                request = self._drawn(self._files)
                return request, lambda: self._to_file(kind, request)
        request = self._drawn(self._letters)
        return request, lambda: self._to_letter(kind, request)

    def _letters(self, request: Request) -> list[Incoming]:
        """Answers whose text can be read."""
        found = [self.world.incoming.get(event.incoming_message_id or -1) for event in request.events]
        whole = {m.id: m for m in found if m is not None and m.prominence == "normal" and m.text and not m.main_part_hidden}
        return list(whole.values())

    def _remarks(self, request: Request) -> list[Comment]:
        found = [self.world.comments.get(event.comment_id or -1) for event in request.events if event.event_type == "comment"]
        return [remark for remark in found if remark is not None and remark.visible]

    def _files(self, request: Request) -> list[File]:
        return [file for message in self._letters(request) for file in message.files if file.public]

    def _to_thread(self, kind: str, request: Request) -> None:
        world, rng = self.world, self.rng
        match kind:
            case "state":
                others = [s for s in VERDICTS if s != request.described_state or request.awaiting_description]
                world.set_state(request, rng.choice(others), at=self._moment())
            case "request hidden":
                world.hide(request, rng.choice(("hidden", "requester_only")), reason="Personal details")
            case "request destroyed":
                world.destroy(request)
            case _:
                world.rename(request, f"Amended: {request.title}")

    def _to_file(self, kind: str, request: Request) -> None:
        file = self.rng.choice(self._files(request))
        if kind == "file hidden":
            self.world.hide(file, reason="Looked at by the team")
        else:
            self.world.replace_file(file, f"%PDF-1.4 replaced in night {self.night} of file {file.id}".encode())

    def _to_letter(self, kind: str, request: Request) -> None:
        world, message = self.world, self.rng.choice(self._letters(request))
        match kind:
            case "message hidden":
                world.hide(message, self.rng.choice(("hidden", "requester_only")), reason="Under review")
            case "message edited":
                world.edit_text(message, f"{message.text}\n\nCorrected in night {self.night}.")
            case "message destroyed":
                world.destroy(message)
            case _:
                names = re.findall(r"[A-Za-z]{6,}", world.shown_text(message, request))
                world.redact(self.rng.choice(names), f"[removed {len(world.rules) + 1}]", request)
