"""The site's story, from a seed: councils asked about their algorithmic systems, and what else people ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from . import words
from .changes import NewFile
from .model import Authority, Batch, Incoming, Request, Tag, User
from .moderation import Moderation

OUTCOMES = (
    ("successful", 24),
    ("partially_successful", 14),
    ("rejected", 10),
    ("not_held", 10),
    ("waiting_response", 16),
    ("waiting_classification", 9),
    ("waiting_clarification", 5),
    ("internal_review", 6),
    ("gone_postal", 2),
    ("error_message", 2),
    ("requires_admin", 2),
    ("user_withdrawn", 2),
)
_STATES = tuple(state for state, weight in OUTCOMES for _ in range(weight))


class Special(Protocol):
    def __call__(self, story: Story, request: Request) -> None: ...


class Story:
    """Fills an empty world. `requests` counts everything, the hidden and the embargoed included."""

    def __init__(self, world: Moderation, seed: int, requests: int) -> None:
        self.world, self.rng, self.total = world, Random(seed), requests
        self.start, self.end = world.now - timedelta(days=1100), world.now
        self.members = min(400, requests * 2 // 5)
        self.councils: list[Authority] = []
        self.others: list[Authority] = []
        self.people: list[User] = []
        self.readers: list[User] = []
        """Who remarks on requests: three who ask nothing themselves among them."""

    def tell(self) -> None:
        for kind, first in (("request", 101), ("event", 900), ("outgoing", 1), ("incoming", 1), ("authority", 2)):
            self.world.start_ids(kind, first)
        self.world.now = self.start
        self._authorities()
        self.people = [
            self.world.new_user(words.person(self.rng), "I ask about trees & traffic." if n % 3 == 0 else "")
            for n in range(self._head_count())
        ]
        self.readers = self.people[:4] + [self.world.new_user(words.person(self.rng)) for _ in range(3)]
        self.people[-1].ban_text = "Wrote the same letter too often"
        campaign = self.world.new_user("Campaign for Open Algorithms", "We ask councils which systems they use.")
        batch_day = self.end - timedelta(days=50)
        rest = self.total - self.members
        moments = sorted(self.start + self.rng.random() * (self.end - self.start) for _ in range(rest))
        early = [moment for moment in moments if moment < batch_day]
        told = [self._request(moment) for moment in early]
        if self.members:
            self._batch(campaign, batch_day)
        told += [self._request(moment) for moment in moments[len(early) :]]
        self.world.now = self.end
        self.world.run_nightly()
        for request, special in zip(told, SPECIALS, strict=False):
            special(self, request)
        self._number_events()

    def _head_count(self) -> int:
        return max(12, self.total // 30)

    def _authorities(self) -> None:
        places = [start + end for end in words.PLACE_ENDS for start in words.PLACE_STARTS]
        wanted = max(60, self.members + 60, min(900, self.total // 40))
        named = [("Torrowdale District Council", "local_council")]
        named += [(f"{place} {sort}", tag) for sort, tag in words.AUTHORITY_SORTS for place in places]
        councils = [pair for pair in named if pair[1] == "local_council"][: max(self.members, wanted // 2)]
        rest = [pair for pair in named if pair[1] != "local_council"][: wanted - len(councils)]
        for number, (name, sort) in enumerate(councils + rest):
            tags: list[Tag] = [(sort, None), ("gss", f"X{number:08d}")]
            if number % 23 == 7:
                tags.append(("defunct", None))
            made = self.world.new_authority(
                name,
                tags,
                short_name="".join(word[0] for word in name.split()) if number % 4 == 0 else "",
                home_page=f"https://www.authority{number}.example.gov.uk" if number % 9 else None,
                notes='Write to the "information desk",\nnot to a councillor.' if number % 11 == 3 else "",
                publication_scheme=f"https://www.authority{number}.example.gov.uk/publication" if number % 2 else "",
                disclosure_log=f"https://www.authority{number}.example.gov.uk/foi" if number % 5 == 0 else "",
            )
            (self.councils if sort == "local_council" else self.others).append(made)

    def _batch(self, campaign: User, day: datetime) -> None:
        world = self.world
        asked = self.councils[: self.members]
        batch = Batch(world.next_id("batch"), words.BATCH_TITLE, campaign.id, len(asked), day)
        world.batches[batch.id] = batch
        for number, council in enumerate(asked):
            at = day + timedelta(seconds=number * 37, milliseconds=number)
            text = f"Dear {council.name},\n\n{words.BATCH_QUESTION}\n\nYours faithfully,\n\n{campaign.name}"
            request = world.new_request(
                council, campaign, words.BATCH_TITLE, text, at=at, batch_id=batch.id, tags=[("algorithms", None)]
            )
            self._play(request, _STATES[number * 7 % len(_STATES)], at, systems=True)

    def _request(self, at: datetime) -> Request:
        rng = self.rng
        authority = rng.choice(self.others if rng.random() < 0.6 else self.councils)
        user, topic = rng.choice(self.people), rng.choice(words.TOPICS)
        title = topic if rng.random() < 0.5 else f"{topic}, {authority.name.split()[0]} {at.year}"
        tags: list[Tag] = [("spending_id", str(rng.randint(10000, 99999)))] if rng.random() < 0.1 else []
        text = words.question(rng, authority.name, user.name, topic)
        law = "eir" if rng.random() < 0.1 else "foi"
        if rng.random() < 0.02:
            self.world.next_id("request")
        request = self.world.new_request(authority, user, title, text, at=at, law_used=law, tags=tags)
        self._play(request, rng.choice(_STATES), at, systems=rng.random() < 0.2)
        return request

    # ---- one request's life -----------------------------------------------------------------------------------

    def _play(self, request: Request, state: str, at: datetime, systems: bool) -> None:
        """Acknowledgement, reminder, answer, verdict and what follows: as much of it as fits before now."""
        rng, world = self.rng, self.world
        moment = at + timedelta(hours=rng.randint(2, 40))
        if rng.random() < 0.3 and moment < self.end:
            self._answer(request, "waiting_response", moment)
            world.set_state(request, "waiting_response", at=min(self.end, moment + timedelta(hours=3)))
        moment = at + timedelta(days=rng.randint(5, 45), minutes=rng.randint(0, 1439))
        if moment - at > timedelta(days=36) and moment < self.end:
            world.new_followup(request, self._letter(request, words.REMINDER), at=moment - timedelta(days=1))
        if state == "waiting_response" or moment >= self.end:
            return
        verdict = {"internal_review": "rejected", "waiting_classification": "successful"}.get(state, state)
        said = None
        if verdict.endswith("successful"):
            about = (
                words.systems(rng, world.authority_of(request).name) if systems else f"{request.title}\n{words.remarks(rng, 4)}"
            )
            said = f"Reference FOI-{request.id}\n{about}"
        self._answer(request, verdict, moment, said)
        judged = moment + timedelta(days=rng.randint(0, 6), hours=1)
        if state != "waiting_classification" and judged < self.end:
            world.set_state(request, verdict, at=judged)
            self._after(request, state, judged)

    def _after(self, request: Request, state: str, judged: datetime) -> None:
        """A clarification, a review or a remark, a day or two after the verdict."""
        rng, world = self.rng, self.world
        if judged + timedelta(days=2) >= self.end:
            return
        if state == "internal_review":
            world.new_followup(request, self._letter(request, words.REVIEW), internal_review=True, at=judged + timedelta(days=1))
        elif state in words.REPLIES:
            world.new_followup(request, self._letter(request, words.REPLIES[state]), at=judged + timedelta(days=1))
        if rng.random() < 0.25:
            text = f"{rng.choice(words.REMARKS_BY_READERS)} (About {request.title}.)"
            world.annotate(request, rng.choice(self.readers), text, at=judged + timedelta(days=2))

    def _letter(self, request: Request, text: str) -> str:
        authority, user = self.world.authority_of(request), self.world.requester(request)
        return f"Dear {authority.name},\n\n{text}\n\nYours faithfully,\n\n{user.name if user else 'A reader'}"

    def _answer(self, request: Request, state: str, at: datetime, said: str | None = None) -> Incoming:
        """A mail from the authority; `said` stands in its text and in its files."""
        rng, user = self.rng, self.world.requester(request)
        sent = request.event_of("sent")
        first = self.world.outgoing[sent.outgoing_message_id or 0].text if sent else ""
        name = user.name if user else "reader"
        quoted = first if rng.random() < 0.25 else None
        text = words.answer(rng, state, name, f"FOI-{request.id}", said, quoted)
        sender = rng.choice(words.DESKS) if rng.random() < 0.7 else None
        delay = timedelta(seconds=rng.randint(0, 200))
        files = self._files(request, said) if said else []
        return self.world.new_response(request, text, files, at=at, sent_at=at - delay, sender=sender)

    def _files(self, request: Request, said: str) -> list[NewFile]:
        files = [NewFile(f"Response FOI {request.id}.pdf", said)]
        extra = self.rng.random()
        if extra < 0.25:
            files.append(NewFile(f"systems {request.id}.csv", said))
        elif extra < 0.4:
            files.append(NewFile(f"Annex A {request.id}.docx", said))
        elif extra < 0.5:
            files.append(NewFile("image001.png", "logo"))
        elif extra < 0.55:
            files += [NewFile("notes.txt", said), NewFile("notes.txt", f"Second copy\n{said}")]
        return files

    def _number_events(self) -> None:
        """Ids in order of logging. Lateness was logged at night, dated back: it has the newest ids (section 3.2)."""
        world = self.world
        late = ("overdue", "very_overdue")
        ordered = sorted(world.events.values(), key=lambda e: (e.event_type in late, e.created_at, e.id))
        world.start_ids("event", 900)
        world.events = {}
        for event in ordered:
            event.id = world.next_id("event")
            world.events[event.id] = event
        for request in world.requests.values():
            request.events.sort(key=lambda e: (e.created_at, e.id))


# ---- what is rare, once each, on the first requests ---------------------------------------------------------------


def _first_answer(story: Story, request: Request) -> Incoming:
    """The first mail that came with files; one is made where none did."""
    for message in story.world.incoming.values():
        if message.request_id == request.id and message.files:
            return message
    at = request.events[-1].created_at + timedelta(hours=1)
    said = f"Reference FOI-{request.id}\n{request.title}"
    files = [NewFile(f"Reply {request.id}.pdf", said), NewFile(f"Table {request.id}.csv", said)]
    message = story.world.new_response(
        request, f"Dear reader,\n\nReference FOI-{request.id}, as promised.", files, at=min(at, story.end)
    )
    story.world.set_state(request, "successful", at=min(at + timedelta(hours=1), story.end))
    return message


def _with_external_name(name: str | None) -> Special:
    def special(story: Story, request: Request) -> None:
        request.user_id, request.external_name = None, name
        for message in story.world.outgoing.values():
            if message.request_id == request.id:
                message.author = name or "Anonymous user"

    return special


def _hidden_file(story: Story, request: Request) -> None:
    story.world.hide(_first_answer(story, request).files[0], reason="It named a member of staff")


def _erased_file(story: Story, request: Request) -> None:
    story.world.erase_file(_first_answer(story, request).files[0])


def _bounce(story: Story, request: Request) -> None:
    story.world.fail_to_send(request, at=request.created_at + timedelta(minutes=5))
    note = NewFile("attachment.txt", f"Undelivered: FOI-{request.id}", note="DSN: 5.1.1 Unknown mailbox")
    story.world.new_response(request, None, [note], at=request.created_at + timedelta(minutes=9))


def _hidden_remark(story: Story, request: Request) -> None:
    comment = story.world.annotate(
        request, story.people[0], f"A remark nobody should read any more, on FOI-{request.id} and its author."
    )
    story.world.hide(comment)


def _embargo(story: Story, request: Request) -> None:
    request.embargoed = True


def _first_letter(story: Story, request: Request, prominence: str) -> None:
    sent = request.event_of("sent")
    if sent:
        story.world.hide(story.world.outgoing[sent.outgoing_message_id or 0], prominence, "Defamatory words")


def _closed(story: Story, request: Request) -> None:
    story.world.close(request)
    request.note = "The answer was by post & is not here."


SPECIALS: tuple[Special, ...] = (
    lambda story, request: story.world.hide(request, reason="Personal details"),
    lambda story, request: story.world.hide(request, "requester_only"),
    lambda story, request: story.world.hide(request, "backpage"),
    _embargo,
    _with_external_name("Ines Harrowby"),
    _with_external_name(None),
    _hidden_file,
    _erased_file,
    _bounce,
    _hidden_remark,
    lambda story, request: story.world.resend(request),
    lambda story, request: story.world.hide(_first_answer(story, request), reason="Under review by the team"),
    lambda story, request: story.world.hide(_first_answer(story, request), "requester_only"),
    lambda story, request: _first_letter(story, request, "hidden"),
    lambda story, request: story.world.hide_main_part(_first_answer(story, request)),
    _closed,
    lambda story, request: story.world.close(request, "authority_only"),
    lambda story, request: story.world.hide(request, "backpage"),
    _embargo,
    lambda story, request: story.world.edit_text(_first_answer(story, request), f"Dear reader,\n\nFOI-{request.id}, corrected."),
    lambda story, request: story.world.hide(request, reason=None),
)
