"""The clock against every date that the recorded genuine site gave."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest

from scraper.study.clock import clock, starts_and_stops
from scraper.study.law import is_school, nation_of
from scraper.study.reading import Event, Request, local_day
from scraper.study.site_clock import compare
from tests.recorded_site import RECORDINGS

TRUTH = RECORDINGS / "day1.truth.json.gz"


pytestmark = pytest.mark.skipif(not TRUTH.is_file(), reason="the recordings (../shared) are absent")


@cache
def recorded() -> list[Request]:
    truth = json.loads(gzip.decompress(TRUTH.read_bytes()))
    tags = {one["url_name"]: [(name, value or "") for name, value in one["tags"]] for one in truth["authorities"]}
    requests = {}
    for one in truth["requests"]:
        own = tags[one["authority"]]
        requests[one["id"]] = Request(
            one["id"], None, None, one["law_used"], None, None, 0, one["due_on"], "2026-11-22T20:00:00Z",
            nation_of(own), is_school(own)
        )  # fmt: skip
    for one in sorted(truth["events"], key=lambda event: (event["created_at"], event["id"])):
        if one["request_id"] in requests:
            requests[one["request_id"]].events.append(
                Event(one["id"], one["event_type"], one["created_at"], one["described_state"], one["calculated_state"],
                      one["incoming_message_id"], one["outgoing_message_id"])
            )  # fmt: skip
    return list(requests.values())


def test_every_date_of_the_recorded_site_is_explained() -> None:
    reasons = Counter(one.reason for request in recorded() for one in compare(request, clock(request)))
    # That installation's own table of holidays is empty: it counts Mondays to Fridays.
    assert reasons == {"same": 74, "the site counted no public holidays": 217}


def mondays_to_fridays(start: date, days: int) -> date:
    """Counted day by day, without a calendar."""
    while days:
        start += timedelta(days=1)
        days -= start.weekday() < 5
    return start


def test_that_site_counts_mondays_to_fridays_and_no_holiday() -> None:
    """Every date it gave, those that are the same as ours too, and not merely those that our rules explain so."""
    counted = []
    for request in recorded():
        starts, _ = starts_and_stops(request.events)
        if request.due_on:
            counted.append((mondays_to_fridays(starts[-1].day, 20), date.fromisoformat(request.due_on)))
        for event in request.events:
            if event.type in ("overdue", "very_overdue"):
                began = max(start.at for start in starts if start.at <= event.at)
                days = 20 if event.type == "overdue" else 60 if request.school else 40
                counted.append((mondays_to_fridays(local_day(began), days), event.day - timedelta(days=1)))
    assert len(counted) == 291
    assert [pair for pair in counted if pair[0] != pair[1]] == []
