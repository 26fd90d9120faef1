"""`deadlines`, `clock_stops` and `site_deadlines`: the rows of a request. Pure; the method is in `clock`."""

from __future__ import annotations

from datetime import date

from .clock import Clock, Response, clock
from .quoting import Row
from .reading import Event, Request, local_day
from .site_clock import compare

METHOD = "deadlines 2"


def rows(request: Request) -> dict[str, list[Row]]:
    """Table -> rows."""
    told = clock(request)
    return {
        "deadlines": [_deadline(request, told)],
        "clock_stops": [
            (request.id, position, stop.asked.id, str(stop.asked.day), _id(stop.answered), _day(stop.answered))
            for position, stop in enumerate(told.stops, 1)
        ],
        "site_deadlines": [
            (one.request_id, one.kind, one.source, str(one.site_date), _text(one.computed), one.reason)
            for one in compare(request, told)
        ],
    }


def _deadline(request: Request, told: Clock) -> Row:
    first, answer = told.first, told.substantive
    return (
        request.id,
        told.law.name if told.law else None,
        request.nation,
        int(request.school),
        _id(told.sent),
        _day(told.sent),
        _id(told.started),
        _day(told.started),
        _text(told.due_on),
        _text(told.nation_due_on),
        _text(told.very_late_on),
        *_response(first),
        first.nature if first else None,
        _id(answer.event) if answer else None,
        answer.message.anchor if answer and answer.message else None,
        answer.nature if answer else None,
        _day(answer.event) if answer else None,
        told.working_days,
        told.late_by,
        told.standing,
        str(local_day(request.last_seen_at)),
        len(told.stops),
        *_response(told.extension),
        _id(told.review_asked),
        _day(told.review_asked),
        _text(told.review_due_on),
        _id(told.review_answered),
        _day(told.review_answered),
        told.review_working_days,
    )


def _response(response: Response | None) -> tuple[int | None, str | None]:
    return (response.event.id, str(response.event.day)) if response else (None, None)


def _id(event: Event | None) -> int | None:
    return event.id if event else None


def _day(event: Event | None) -> str | None:
    return str(event.day) if event else None


def _text(day: date | None) -> str | None:
    return str(day) if day else None
