"""The clock of requests: what starts, stops and ends it, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from scraper.study.clock import clock
from scraper.study.law import is_school, law_of, nation_of
from scraper.study.natures import nature
from scraper.study.reading import Event, Message, Request
from scraper.study.site_clock import compare

ANSWER = "Please find attached the information that you asked for."
RECEIPT = "Thank you for your request, which we received today. We will respond within 20 working days."


def request(
    *events: tuple[str, str, str | None], texts: dict[int, str] | None = None, law: str = "foi", nation: str | None = None,
    school: bool = False, seen: str = "2023-12-29T12:00:00Z", due_on: str | None = None,
) -> Request:  # fmt: skip
    """A request with these events: (type, time, described state); responses are incoming-<place>."""
    made = Request(1, 1, None, law, None, None, 0, due_on, seen, nation, school)
    for place, (kind, at, state) in enumerate(events, 1):
        incoming = place if kind == "response" else None
        made.events.append(Event(place, kind, at, state, None, incoming, None if incoming else place))
        if incoming:
            made.messages.append(Message(place, f"incoming-{place}", "response", at, (texts or {}).get(place, ANSWER)))
    return made


SENT = ("sent", "2023-06-05T09:00:00Z", "waiting_response")


def test_an_answer_in_time() -> None:
    told = clock(request(SENT, ("response", "2023-07-03T20:00:00Z", "successful")))
    assert (told.due_on, told.standing, told.late_by, told.working_days) == (date(2023, 7, 3), "answered_in_time", 0, 20)


def test_a_day_late_and_very_late() -> None:
    assert clock(request(SENT, ("response", "2023-07-03T23:30:00Z", None))).late_by == 1
    told = clock(request(SENT, ("response", "2023-08-02T09:00:00Z", None)))
    assert (told.very_late_on, told.standing, told.late_by) == (date(2023, 8, 1), "answered_very_late", 21)


def test_an_acknowledgement_is_no_answer() -> None:
    told = clock(request(SENT, ("response", "2023-06-05T10:00:00Z", None), texts={2: RECEIPT}, seen="2023-07-10T00:00:00Z"))
    assert told.first is not None
    assert (told.first.nature, told.substantive, told.standing, told.late_by) == ("acknowledgement", None, "overdue", 5)


def test_clarification_stops_the_clock_and_the_answer_starts_it_again() -> None:
    asked = ("response", "2023-06-12T09:00:00Z", "waiting_clarification")
    stopped = clock(request(SENT, asked))
    assert (stopped.standing, stopped.late_by, len(stopped.stops)) == ("stopped", None, 1)
    told = clock(request(SENT, asked, ("followup_sent", "2023-06-16T09:00:00Z", None)))
    assert (told.due_on, told.stops[0].answered and told.stops[0].answered.day) == (date(2023, 7, 17), date(2023, 6, 16))
    answered = clock(
        request(SENT, asked, ("followup_sent", "2023-06-16T09:00:00Z", None), ("response", "2023-07-17T09:00:00Z", None))
    )
    assert answered.standing == "answered_in_time"


def test_a_later_follow_up_does_not_start_it_again() -> None:
    asked = ("status_update", "2023-06-12T09:00:00Z", "waiting_clarification")
    told = clock(
        request(SENT, ("response", "2023-06-10T09:00:00Z", None), asked, ("followup_sent", "2023-06-16T09:00:00Z", None),
                ("followup_sent", "2023-06-20T09:00:00Z", None), texts={2: "Which year do you mean?"})
    )  # fmt: skip
    assert (told.due_on, told.stops[0].asked.id) == (date(2023, 7, 17), 2)


def test_a_resending_starts_it_again() -> None:
    assert clock(request(SENT, ("resent", "2023-06-16T09:00:00Z", None))).due_on == date(2023, 7, 17)


def test_scotland_counts_its_own_holidays() -> None:
    told = clock(request(("sent", "2024-03-04T09:00:00Z", None), nation="scotland"))
    assert told.law is not None
    assert (told.law.name, told.due_on, told.nation_due_on) == ("FOISA", date(2024, 4, 2), date(2024, 4, 2))


def test_northern_ireland_and_england_share_the_act_of_2000() -> None:
    for nation, own in (("northern_ireland", date(2024, 4, 4)), ("england", date(2024, 4, 3))):
        told = clock(request(("sent", "2024-03-04T09:00:00Z", None), nation=nation))
        assert (told.due_on, told.nation_due_on) == (date(2024, 4, 4), own)


def test_a_school_is_very_late_after_sixty_days_and_late_nobody_knows_when() -> None:
    told = clock(request(SENT, ("response", "2023-07-20T09:00:00Z", None), school=True))
    assert (told.due_on, told.very_late_on) == (date(2023, 7, 3), date(2023, 8, 31))
    assert (told.standing, told.late_by) == ("answered_in_school_time", None)
    assert clock(request(SENT, ("response", "2023-09-01T09:00:00Z", None), school=True)).standing == "answered_very_late"


def test_a_review_and_its_answer() -> None:
    told = clock(
        request(SENT, ("response", "2023-06-20T09:00:00Z", "rejected"),
                ("followup_sent", "2023-06-22T09:00:00Z", "internal_review"),
                ("response", "2023-06-23T09:00:00Z", None), ("response", "2023-07-06T09:00:00Z", None), texts={4: RECEIPT})
    )  # fmt: skip
    assert (told.review_answered and told.review_answered.id, told.review_working_days) == (5, 10)
    assert told.review_due_on == date(2023, 7, 21)


def test_other_laws_have_no_clock() -> None:
    assert clock(request(SENT, law="dpa")).due_on is None
    assert clock(request()).standing is None


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ("2024-04-04", "same"),
        ("2024-04-01", "the site counted no public holidays"),
        ("2024-04-03", "the site counted only the holidays of England and Wales"),
        ("2024-04-02", "the site counted only the holidays of Scotland"),
        ("2024-05-20", "unexplained"),
    ],
)
def test_the_sites_date_is_explained(site: str, reason: str) -> None:
    one = request(("sent", "2024-03-04T09:00:00Z", None), due_on=site)
    assert [found.reason for found in compare(one, clock(one))] == [reason]


def test_an_overdue_event_is_the_midnight_after() -> None:
    one = request(SENT, ("overdue", "2023-07-03T23:00:00Z", None))
    assert [(found.kind, found.site_date, found.reason) for found in compare(one, clock(one))] == [
        ("due", date(2023, 7, 3), "same")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RECEIPT, "acknowledgement"),
        ("This is an automatic reply. I am out of the office until Monday.", "acknowledgement"),
        ("We acknowledge receipt of your email. Our reference is FOI-12.", "acknowledgement"),
        ("Please could you clarify which years you mean?", "clarification"),
        ("We need more time to consider the public interest and extend the deadline under section 10(3).", "extension"),
        ("We do not hold this information.", "substantive"),
        ("Thank you for your request. The information is exempt under section 40(2).", "substantive"),
        (None, "withheld"),
    ],
)
def test_what_a_response_is(text: str | None, told: str) -> None:
    assert nature(Message(1, "incoming-1", "response", None, text)) == told


def test_files_make_it_an_answer() -> None:
    assert nature(Message(1, "incoming-1", "response", None, RECEIPT, files=1)) == "substantive"


def test_nations_and_schools_are_told_by_tags() -> None:
    assert nation_of([("gss", "S12000033")]) == "scotland"
    assert nation_of([("nhswales", ""), ("gss", "W1")]) == "wales"
    assert nation_of([("scotland", ""), ("wales", "")]) is None
    assert nation_of([("local_council", "")]) is None
    assert is_school([("school", "")])
    law = law_of("eir", "scotland")
    assert law is not None
    assert law.name == "EISR"


@pytest.mark.parametrize(
    ("answered", "law", "due", "standing"),
    [
        ("2020-04-06", "foi", date(2020, 3, 30), "answered_late"),
        ("2020-04-07", "foi", date(2020, 5, 28), "answered_in_time"),
        ("2020-05-26", "foi", date(2020, 5, 28), "answered_in_time"),
        ("2020-05-27", "foi", date(2020, 3, 30), "answered_very_late"),
        ("2020-05-26", "eir", date(2020, 3, 30), "answered_very_late"),
    ],
)
def test_scottish_answers_of_spring_2020_had_sixty_days(answered: str, law: str, due: date, standing: str) -> None:
    events = (("sent", "2020-03-02T09:00:00Z", None), ("response", f"{answered}T09:00:00Z", None))
    told = clock(request(*events, law=law, nation="scotland"))
    assert (told.due_on, told.standing) == (due, standing)
    # Elsewhere Saint Patrick's Day, a holiday in Northern Ireland, counts too.
    assert clock(request(*events, law=law, nation="wales")).due_on == date(2020, 3, 31)


def test_what_was_not_answered_in_that_spring_went_back_to_twenty_days() -> None:
    sent = ("sent", "2020-03-02T09:00:00Z", None)
    then = clock(request(sent, nation="scotland", seen="2020-05-01T09:00:00Z"))
    assert (then.due_on, then.standing, then.late_by) == (date(2020, 5, 28), "waiting", 0)
    later = clock(request(sent, nation="scotland", seen="2020-05-27T09:00:00Z"))
    assert (later.due_on, later.standing, later.late_by) == (date(2020, 3, 30), "very_overdue", 39)


def test_reviews_of_that_spring_had_sixty_days_too() -> None:
    events = [
        ("sent", "2020-02-03T09:00:00Z", None),
        ("response", "2020-02-20T09:00:00Z", None),
        ("followup_sent", "2020-03-02T09:00:00Z", "internal_review"),
    ]
    assert clock(request(*events, nation="scotland")).review_due_on == date(2020, 3, 30)
    events.append(("response", "2020-05-20T09:00:00Z", None))
    assert clock(request(*events, nation="scotland")).review_due_on == date(2020, 5, 28)
