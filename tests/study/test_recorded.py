"""The clock against every date that the recorded genuine site gave."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest

from scraper.study.clock import clock
from scraper.study.law import is_school, nation_of
from scraper.study.reading import Event, Request
from scraper.study.site_clock import compare
from tests.recorded_site import RECORDINGS

TRUTH = RECORDINGS / "day1.truth.json.gz"


@pytest.mark.skipif(not TRUTH.is_file(), reason="the recordings (../shared) are absent")
def test_every_date_of_the_recorded_site_is_explained() -> None:
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
    reasons = Counter(date.reason for request in requests.values() for date in compare(request, clock(request)))
    # That installation's own table of holidays is empty: it counts Mondays to Fridays.
    assert reasons == {"same": 74, "the site counted no public holidays": 217}
