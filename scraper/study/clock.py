"""The statutory clock of one request: when it began, stopped and began again, what was due, and what came. Pure.

What starts it is told as the site tells it (Alaveteli's `last_event_forming_initial_request`): the first sending, each
resending, and the first follow-up after somebody called a response a request for clarification. From that day, day
zero, the law's working days are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .calendars import OutOfRange, add_working_days, working_days_between
from .law import SCHOOL_DAYS, Law, days_allowed, law_of
from .natures import ACKNOWLEDGEMENT, CLARIFICATION, EXTENSION, nature
from .reading import Event, Message, Request, local_day

FIRST_SENDINGS = frozenset({"sent", "send_error"})
RESENDINGS = frozenset({"resent"})
REVIEW = "internal_review"

IN_TIME, LATE, VERY_LATE, WAITING, OVERDUE, VERY_OVERDUE, STOPPED, PERHAPS_LATE = (
    "answered_in_time",
    "answered_late",
    "answered_very_late",
    "waiting",
    "overdue",
    "very_overdue",
    "stopped",
    "answered_in_school_time",
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A request for clarification, and the follow-up that answered it (None where none did yet)."""

    asked: Event
    answered: Event | None


@dataclass(frozen=True, slots=True)
class Response:
    """A response event, the message it brought (None where that is gone), and what it is for the clock."""

    event: Event
    message: Message | None
    nature: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What `deadlines` says of a request. Days are dates in the United Kingdom; None where there is nothing to say."""

    law: Law | None
    sent: Event | None = None
    started: Event | None = None
    due_on: date | None = None
    nation_due_on: date | None = None
    very_late_on: date | None = None
    stops: list[Stop] = field(default_factory=list)
    first: Response | None = None
    substantive: Response | None = None
    extension: Response | None = None
    working_days: int | None = None
    late_by: int | None = None
    standing: str | None = None
    review_asked: Event | None = None
    review_due_on: date | None = None
    review_answered: Event | None = None
    review_working_days: int | None = None
    starts: list[Event] = field(default_factory=list)


def starts_and_stops(events: list[Event]) -> tuple[list[Event], list[Stop]]:
    """The events from which the days are counted, in their order, and the stops for clarification."""
    starts: list[Event] = []
    stops: list[Stop] = []
    asked: Event | None = None
    last_response: Event | None = None
    for event in events:
        if event.type == "response":
            last_response = event
        if event.described_state == "waiting_clarification":
            # Who says so says it at the response, or later, of the response before.
            asked = last_response or event
        if (event.type in FIRST_SENDINGS and not starts) or (event.type in RESENDINGS and starts):
            starts.append(event)
        elif event.type == "followup_sent" and asked is not None and starts:
            stops.append(Stop(asked, event))
            starts.append(event)
            asked = None
    if asked is not None and starts:
        stops.append(Stop(asked, None))
    return starts, stops


def responses(request: Request, stops: list[Stop]) -> list[Response]:
    """Every response, in order, with what it is."""
    messages = {message.anchor: message for message in request.messages}
    asking = {stop.asked.id for stop in stops}
    found = []
    for event in request.events:
        if event.type != "response":
            continue
        message = messages.get(f"incoming-{event.incoming_id}")
        described = "waiting_clarification" if event.id in asking else event.described_state
        kind = nature(message, described) if message is not None else "withheld"
        found.append(Response(event, message, kind))
    return found


def clock(request: Request) -> Clock:
    """The clock of a request as it was last seen."""
    law = law_of(request.law_used, request.nation)
    starts, stops = starts_and_stops(request.events)
    if not starts:
        return Clock(law)
    came = responses(request, stops)
    answers = [one for one in came if one.nature not in (ACKNOWLEDGEMENT, CLARIFICATION, EXTENSION)]
    answer = answers[0] if answers else None
    # What counts is the day that was in force when the answer came.
    until = answer.event.at if answer else "9999"
    started = [start for start in starts if start.at <= until][-1:] or starts[:1]
    plain = Clock(
        law,
        sent=starts[0],
        started=started[0],
        stops=stops,
        first=came[0] if came else None,
        substantive=answer,
        extension=next((one for one in came if one.nature == EXTENSION), None),
        starts=starts,
    )
    if law is None:
        return plain
    try:
        return _counted(request, plain, law)
    except OutOfRange:
        return plain


def _counted(request: Request, plain: Clock, law: Law) -> Clock:
    assert plain.started is not None
    began, nation = plain.started.day, request.nation
    very_late = add_working_days(began, SCHOOL_DAYS if request.school else law.very_late, law.area)
    answered = plain.substantive.event.day if plain.substantive else None
    waiting_for_requester = answered is None and bool(plain.stops) and plain.stops[-1].answered is None
    seen_on = local_day(request.last_seen_at)
    as_of = answered or seen_on
    days = days_allowed(law, law.days, as_of)
    due = add_working_days(began, days, law.area)
    over = max(0, working_days_between(due, as_of, law.area))
    standing = _standing(due, very_late, as_of, answered is not None)
    # Nobody outside knows which days the school was open.
    unsure = request.school and law.name == "FOIA" and due < as_of <= very_late
    late_by: int | None = over
    if waiting_for_requester:
        standing, late_by = STOPPED, None
    elif unsure:
        standing, late_by = (PERHAPS_LATE if answered else WAITING), None
    asked, review_answered = _review(request)
    review = days_allowed(law, law.review, review_answered.day if review_answered else seen_on)
    return Clock(
        law,
        sent=plain.sent,
        started=plain.started,
        due_on=due,
        nation_due_on=add_working_days(began, days, nation) if nation else None,
        very_late_on=very_late,
        stops=plain.stops,
        first=plain.first,
        substantive=plain.substantive,
        extension=plain.extension,
        working_days=working_days_between(began, answered, law.area) if answered else None,
        late_by=late_by,
        standing=standing,
        review_asked=asked,
        review_due_on=add_working_days(asked.day, review, law.area) if asked else None,
        review_answered=review_answered,
        review_working_days=working_days_between(asked.day, review_answered.day, law.area) if asked and review_answered else None,
        starts=plain.starts,
    )


def _standing(due: date, very_late: date, as_of: date, answered: bool) -> str:
    if as_of > max(due, very_late):
        return VERY_LATE if answered else VERY_OVERDUE
    if as_of > due:
        return LATE if answered else OVERDUE
    return IN_TIME if answered else WAITING


def _review(request: Request) -> tuple[Event | None, Event | None]:
    """The first time an internal review was asked for, and the first answer after it that is no acknowledgement."""
    asked: Event | None = None
    messages = {message.anchor: message for message in request.messages}
    for event in request.events:
        if asked is None:
            message = messages.get(f"outgoing-{event.outgoing_id}")
            said = REVIEW in (event.described_state, event.calculated_state) or (message is not None and message.kind == REVIEW)
            if event.type == "followup_sent" and said:
                asked = event
        elif event.type == "response":
            message = messages.get(f"incoming-{event.incoming_id}")
            if message is None or nature(message, event.described_state) not in (ACKNOWLEDGEMENT, EXTENSION):
                return asked, event
    return asked, None
