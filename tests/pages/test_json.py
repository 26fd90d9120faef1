"""JSON pages: every field, and every key that must be there."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from scraper.pages import read
from scraper.records import (
    Authority,
    AuthorityCounts,
    Event,
    PageKind,
    PageRef,
    Request,
    SiteTotals,
    Tag,
    UnreadablePage,
    User,
)

from . import sample

AUTHORITY: dict[str, Any] = {
    "id": 5,
    "url_name": "anytown",
    "name": "Anytown  Council",
    "short_name": "",
    "created_at": "2008-01-01T00:00:00.000+00:00",
    "updated_at": "2009-07-01T00:00:00.000+01:00",
    "home_page": None,
    "notes": "one\r\ntwo ",
    "publication_scheme": "",
    "tags": [["council", None], ["gss", "E1:2"]],
    "info": {"requests_count": 3, "requests_successful_count": 1, "requests_not_held_count": None, "requests_overdue_count": 0},
}
USER: dict[str, Any] = {"id": 9, "url_name": "ada_byron", "name": "Ada Byron", "ban_text": "", "about_me": ""}
EVENT: dict[str, Any] = {
    "id": 77,
    "event_type": "sent",
    "created_at": "2024-07-01T09:15:30.999+01:00",
    "described_state": None,
    "calculated_state": "waiting_response",
    "last_described_at": None,
    "incoming_message_id": None,
    "outgoing_message_id": 1,
    "comment_id": None,
}
REQUEST: dict[str, Any] = {
    "id": 12,
    "url_title": "bins",
    "title": " Bins \n and  boxes ",
    "created_at": "2024/07/01 08:15:00 +0000",
    "updated_at": "2024-07-02T08:15:00Z",
    "described_state": "a_state_of_tomorrow",
    "display_status": "Somehow",
    "awaiting_description": True,
    "prominence": "backpage",
    "law_used": "foi",
    "tags": [],
    "user": USER,
    "public_body": AUTHORITY,
    "info_request_events": [EVENT],
}


def of(kind: PageKind, key: str, document: object) -> Any:
    return read(sample.capture(kind, key, json.dumps(document), headers=sample.JSON), sample.SITE)


def test_a_request_with_all_its_fields() -> None:
    reading = of(PageKind.REQUEST_JSON, "bins", REQUEST)
    assert reading.needs == (PageRef(PageKind.REQUEST_HTML, "bins"),)
    assert reading.record == Request(
        id=12,
        url_title="bins",
        title="Bins and boxes",
        authority=Authority(
            id=5,
            url_name="anytown",
            name="Anytown Council",
            short_name=None,
            home_page=None,
            notes="one\ntwo",
            publication_scheme=None,
            disclosure_log=None,
            created_at="2008-01-01T00:00:00Z",
            updated_at="2009-06-30T23:00:00Z",
            tags=(Tag("council", ""), Tag("gss", "E1:2")),
            counts=AuthorityCounts(3, 1, None, 0),
        ),
        user=User(9, "ada_byron", "Ada Byron", None),
        law_used="foi",
        described_state="a_state_of_tomorrow",
        awaiting_description=True,
        prominence="backpage",
        display_status="Somehow",
        created_at="2024-07-01T08:15:00Z",
        updated_at="2024-07-02T08:15:00Z",
        tags=(),
        events=(Event(77, "sent", "2024-07-01T08:15:30Z", None, "waiting_response", None, None, 1, None),),
    )


def test_a_request_that_came_through_the_api_has_no_user() -> None:
    external = {key: value for key, value in REQUEST.items() if key != "user"}
    assert of(PageKind.REQUEST_JSON, "bins", external | {"user_name": None}).record.user is None
    with pytest.raises(UnreadablePage, match="user_name: not found"):
        of(PageKind.REQUEST_JSON, "bins", external)


def _paths(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [found for key, value in items for found in [(*path, key), *_paths(value, (*path, key))]]


OPTIONAL = {"user", "display_status", "ban_text", "about_me", "short_name", "home_page", "notes", "publication_scheme"}
REQUIRED = [path for path in _paths(REQUEST) if isinstance(path[-1], str) and path[-1] not in OPTIONAL]


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(map(str, path)))
def test_a_required_key_that_is_gone_or_of_another_type_is_named(path: tuple[Any, ...]) -> None:
    for broken in (None, {"no": "such"}):
        document = deepcopy(REQUEST)
        place = document
        for step in path[:-1]:
            place = place[step]
        if broken is None:
            del place[path[-1]]
        else:
            place[path[-1]] = broken
        with pytest.raises(UnreadablePage) as caught:
            of(PageKind.REQUEST_JSON, "bins", document)
        assert path[-1] in caught.value.selector or path[-1] in ("info", "public_body")


@pytest.mark.parametrize("value", [True, 1.5, "12", 0, -3, 10**30])
def test_an_id_is_a_positive_number_that_a_database_holds(value: object) -> None:
    with pytest.raises(UnreadablePage, match="id"):
        of(PageKind.USER_JSON, "ada_byron", USER | {"id": value})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"{} {}", b"[" * 100_000, b'{"id": ' + b"9" * 10_000 + b"}", b"\xff\xfe", b'"x"']
)
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    for kind in (PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON, PageKind.VERSION):
        with pytest.raises(UnreadablePage):
            read(sample.capture(kind, "x", body, headers=sample.JSON), sample.SITE)


def test_texts_can_always_be_stored() -> None:
    body = json.dumps(USER).replace("Ada Byron", "Ada \\ud800\\u0000 Byron").encode()
    user = read(sample.capture(PageKind.USER_JSON, "ada_byron", body, headers=sample.JSON), sample.SITE).record
    assert isinstance(user, User)
    assert user.name == "Ada \ufffd\ufffd Byron"


def test_totals() -> None:
    document = {
        "alaveteli_version": "0.46",
        "alaveteli_git_commit": "",
        "visible_request_count": 7,
        "something_new": 2,
        "odd": True,
    }
    totals = of(PageKind.VERSION, "", document).record
    assert totals == SiteTotals("0.46", {"visible_request_count": 7, "something_new": 2})
    with pytest.raises(UnreadablePage, match="visible_request_count"):
        of(PageKind.VERSION, "", {"alaveteli_version": "0.46"})
