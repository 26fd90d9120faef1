"""Every page of the recorded genuine site, compared with that site's own database."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from scraper.pages import read
from scraper.records import (
    AuthorityPage,
    AuthorityRegister,
    Batch,
    ListPage,
    Message,
    Moved,
    PageKind,
    Reading,
    Request,
    StoredFile,
    Thread,
    UnreadablePage,
    User,
    Withheld,
)
from tests.recordings import FOLDER, Recording, needs_recordings, truth

pytestmark = needs_recordings


class Read(NamedTuple):
    request: Request
    thread: Thread
    page: Reading


def fold(text: object) -> str:
    """As the comparison of the recordings folds: the site's own database holds double quotes in links unescaped."""
    return re.sub(r"\s+", " ", str(text or "")).strip().replace("%22", '"')


@pytest.fixture(scope="module")
def site() -> Recording:
    return Recording(1)


@pytest.fixture(scope="module")
def threads(site: Recording) -> dict[int, Read]:
    """Each public request's two pages, by id."""
    found = {}
    for known in truth()["requests"]:
        request = read(site.capture(f"/request/{known['url_title']}.json"), site.site).record
        page = read(site.capture(f"/request/{known['url_title']}?unfold=1"), site.site)
        assert isinstance(request, Request)
        assert isinstance(page.record, Thread)
        found[request.id] = Read(request, page.record, page)
    return found


@pytest.fixture(scope="module")
def messages(threads: dict[int, Read]) -> dict[str, tuple[Read, Message]]:
    return {message.anchor: (one, message) for one in threads.values() for message in one.thread.messages}


def unequal(pairs: Iterable[tuple[object, object, object]]) -> list[tuple[object, object, object]]:
    pairs = list(pairs)
    assert len(pairs) > 400
    return [pair for pair in pairs if pair[1] != pair[2]][:10]


def test_requests(threads: dict[int, Read]) -> None:
    def facts(one: Read) -> dict[str, object]:
        request, thread = one.request, one.thread
        return {
            "id": request.id,
            "url_title": request.url_title,
            "title": request.title,
            "authority": request.authority.url_name,
            "user_url": request.user.url_name if request.user else None,
            "user_name": thread.user_name,
            "batch_id": thread.batch_id,
            "law_used": request.law_used,
            "described_state": request.described_state,
            "display_state": thread.display_state,
            "awaiting_description": request.awaiting_description,
            "prominence": request.prominence,
            "created_at": request.created_at,
            "updated_at": request.updated_at,
            "correspondence_closed": thread.correspondence_closed,
            "due_on": thread.due_on,
            "tags": {tuple(tag) for tag in request.tags},
        }

    def known(row: dict[str, Any]) -> dict[str, object]:
        return row | {"title": fold(row["title"]), "tags": {(name, value or "") for name, value in row["tags"]}}

    assert unequal((row["id"], facts(threads[row["id"]]), known(row)) for row in truth()["requests"]) == []
    assert {one.request.url_title for one in threads.values()} == {one.thread.url_title for one in threads.values()}


def test_events(threads: dict[int, Read]) -> None:
    got = {event.id: (one.request.id, event) for one in threads.values() for event in one.request.events}
    assert set(got) == {row["id"] for row in truth()["events"]}
    names = (
        "event_type",
        "created_at",
        "described_state",
        "calculated_state",
        "incoming_message_id",
        "outgoing_message_id",
        "comment_id",
    )

    def facts(identifier: int) -> dict[str, object]:
        request_id, event = got[identifier]
        return {"request_id": request_id, **{name: getattr(event, name) for name in names}}

    assert unequal((row["id"], facts(row["id"]), {k: row[k] for k in ("request_id", *names)}) for row in truth()["events"]) == []


def _kind(one: Read, message: Message) -> tuple[str, str]:
    """Sort and time of recording of a message, by the event that made it."""
    sort, _, number = message.anchor.partition("-")
    for event in one.request.events:
        if sort == "comment" and event.event_type == "comment" and event.comment_id == int(number):
            return "annotation", event.created_at
        if sort == "incoming" and event.event_type == "response" and event.incoming_message_id == int(number):
            return "response", event.created_at
        if sort == "outgoing" and event.outgoing_message_id == int(number):
            if event.event_type in ("sent", "send_error"):
                return "request", event.created_at
            if event.event_type == "followup_sent":
                review = "internal_review" in (event.described_state, event.calculated_state)
                return "internal_review" if review else "followup", event.created_at
    raise AssertionError(f"no event for {message.anchor}")


def test_messages(messages: dict[str, tuple[Read, Message]]) -> None:
    assert set(messages) == {row["anchor"] for row in truth()["messages"]}

    def facts(row: dict[str, Any]) -> dict[str, object]:
        one, message = messages[row["anchor"]]
        kind, recorded_at = _kind(one, message)
        found: dict[str, object] = {
            "request_id": one.request.id,
            "kind": kind,
            "position": message.position,
            "withheld": message.withheld,
            "text": fold(message.text),
            "has_reason": message.withheld_reason is not None,
        }
        if message.withheld is None:
            found |= {"author": fold(message.author), "sent_at": message.sent_at, "recorded_at": recorded_at}
        return found

    def known(row: dict[str, Any]) -> dict[str, object]:
        found = {key: row[key] for key in ("request_id", "kind", "position", "withheld")}
        if row["withheld"]:
            return found | {"text": "", "has_reason": True}
        more = {"author": fold(row["author"]), "sent_at": row["sent_at"], "recorded_at": row["recorded_at"]}
        return found | more | {"text": fold(row["text"]), "has_reason": False}

    assert unequal((row["anchor"], facts(row), known(row)) for row in truth()["messages"]) == []


def test_html_and_links_say_the_same_as_the_text(messages: dict[str, tuple[Read, Message]]) -> None:
    for _, message in messages.values():
        assert message.html is None or message.text is not None
        assert not re.search(
            r"<(?!/?(?:p|br|a|blockquote|pre|code|b|i|em|strong|ul|ol|li|table|thead|tbody|tr|td|th)\b)", message.html or ""
        )
        for link in message.links:
            assert link.url.startswith(("http://", "https://"))
            if link.shown_text.endswith("..."):
                assert fold(link.url) in fold(message.text)


def test_attachments(site: Recording, messages: dict[str, tuple[Read, Message]]) -> None:
    got: dict[str, list[tuple[object, ...]]] = {}
    types: Counter[tuple[str | None, str | None]] = Counter()
    for anchor, (one, message) in messages.items():
        for found in message.attachments:
            if found.part is None or found.url is None:
                assert (found.status, bool(found.status_reason)) == ("withheld", True)
                got.setdefault(anchor, []).append((None, "withheld", None, None, None))
                continue
            capture = site.capture(found.url.removeprefix(site.site.base))
            assert capture.ref in one.page.needs
            record = read(capture, site.site).record
            assert isinstance(record, StoredFile)
            got.setdefault(anchor, []).append((found.part, "stored", found.filename, record.file.sha256, record.file.size))
            known = next(row for row in truth()["attachments"] if (row["anchor"], row["part"]) == (anchor, found.part))
            types[known["media_type"], record.media_type] += 1
    want: dict[str, list[tuple[object, ...]]] = {}
    for row in truth()["attachments"]:
        facts: tuple[object, ...] = (None, "withheld", None, None, None)
        if row["part"] is not None:
            facts = (row["part"], row["status"], fold(row["filename"]), row["sha256"], row["size"])
        want.setdefault(row["anchor"], []).append(facts)
    assert {key: sorted(value, key=str) for key, value in got.items()} == {
        key: sorted(value, key=str) for key, value in want.items()
    }
    assert sum(types.values()) == 2119
    told = {pair for pair in types if pair[1] is not None and pair[0] != pair[1]}
    assert told <= {
        ("application/msword", "application/x-ole-storage"),
        ("application/octet-stream", "application/x-ole-storage"),
    }
    untold = {known for known, ours in types if ours is None}
    assert untold <= {
        "text/csv",
        "text/plain",
        "application/octet-stream",
        "message/rfc822",
        "application/x-adobe-aco",
        "inode/x-empty",
    }


def test_authorities(site: Recording, threads: dict[int, Read]) -> None:
    register = read(site.capture("/body/all-authorities.csv"), site.site).record
    assert isinstance(register, AuthorityRegister)
    listed = {authority.id: authority for authority in register.authorities}
    assert set(listed) == {row["id"] for row in truth()["authorities"]}
    names = ("url_name", "name", "short_name", "home_page", "publication_scheme", "disclosure_log")

    def facts(found: Any) -> dict[str, object]:
        tags = {tuple(tag) for tag in found.tags}
        return {name: fold(getattr(found, name)) for name in names} | {"tags": tags, "at": (found.created_at, found.updated_at)}

    def known(row: dict[str, Any]) -> dict[str, object]:
        tags = {(name, value or "") for name, value in row["tags"]}
        return {name: fold(row[name]) for name in names} | {"tags": tags, "at": (row["created_at"], row["updated_at"])}

    assert unequal((row["id"], facts(listed[row["id"]]), known(row)) for row in truth()["authorities"]) == []
    for one in threads.values():
        assert facts(one.request.authority)["at"] == facts(listed[one.request.authority.id])["at"]
        assert one.request.authority.counts is not None


def test_users_and_the_batch(site: Recording, threads: dict[int, Read]) -> None:
    users = {one.request.user for one in threads.values()} - {None}
    needed = {ref for one in threads.values() for ref in one.page.needs if ref.kind is PageKind.USER_JSON}
    for ref in needed:
        user = read(site.capture(f"/user/{ref.key}.json"), site.site).record
        assert isinstance(user, User)
        users.add(user)
    got = {(user.id, user.url_name, user.name) for user in users if user}
    assert got == {(row["id"], row["url_name"], fold(row["name"])) for row in truth()["users"]}
    members = set()
    for page in range(1, 17):
        batch = read(site.capture("/info_request_batch/1" + (f"?page={page}" if page > 1 else "")), site.site).record
        assert isinstance(batch, Batch)
        assert (batch.title, batch.user_url_name, batch.authority_count) == (
            "Data analytics usage",
            "campaign_for_better_data",
            400,
        )
        assert (batch.members.has_next, batch.members.last_page) == (page < 16, 16)
        members |= {row.url_title for row in batch.members.rows}
    assert len(members) == truth()["batches"][0]["members"]


def test_every_other_page_reads_to_what_it_is(site: Recording) -> None:
    outcomes: Counter[tuple[PageKind, str]] = Counter()
    for path in site.paths():
        if not path.startswith(("/request/", "/list", "/body/", "/info_request_batch/", "/version", "/user/")):
            continue
        if re.match(r"/body/(list/|all-authorities)|/user/[^.]*$|/body/[^.]*\.csv", path):
            continue
        recorded = site.get(path)
        if recorded is None or (recorded.status == 200 and path.startswith("/request/")):
            continue  # read in the other tests
        capture = site.capture(path)
        reading = read(capture, site.site)
        outcomes[capture.ref.kind, reading.outcome] += 1
        assert reading.outcome == {200: "content", 301: "redirected", 403: "withheld", 404: "missing"}[capture.status], path
        if reading.outcome == "withheld" and capture.ref.kind is not PageKind.REQUEST_JSON:
            assert isinstance(reading.record, Withheld)
            assert reading.record.reason, path
        if isinstance(reading.record, ListPage) and "locale" not in path:
            assert len(reading.record.rows) == 25 or not reading.record.has_next, path
            assert all(dataclasses.astuple(row)[2:4] != (None, None) for row in reading.record.rows)
        if isinstance(reading.record, AuthorityPage) and "page=" not in path and "locale" not in path:
            assert len(reading.record.requests.rows) == min(25, reading.record.requests_stated or 0), path
    assert outcomes[PageKind.REQUEST_HTML, "withheld"] == 52
    assert outcomes[PageKind.ATTACHMENT, "withheld"] == 52
    assert outcomes[PageKind.LIST, "content"] > 80


def test_the_wait_and_done_pages_are_never_files(site: Recording) -> None:
    ref = site.ref(next(iter(site.paths("/request/%/attach/%.pdf"))))
    for path in ("/attachments/recorded/wait", "/attachments/recorded/done"):
        reading = read(site.capture(path, ref), site.site)
        assert (reading.outcome, isinstance(reading.record, Moved)) == ("redirected", True)


def test_threads_that_a_night_changed() -> None:
    """Hidden, edited and added messages, renamed and moved requests: what day 2 brought, day 3 included."""
    for day, changes in ((2, "mutations2.json"), (3, "mutations3.json")):
        later, facts = Recording(day), {row["anchor"]: row for row in truth(day)["messages"]}
        changed = {entry.get("request_id") for entry in json.loads((FOLDER / changes).read_text())}
        requests = [row for row in truth(day)["requests"] if row["id"] in changed]
        assert requests
        for row in requests:
            thread = read(later.capture(f"/request/{row['url_title']}?unfold=1"), later.site).record
            assert isinstance(thread, Thread)
            assert (thread.display_state, thread.user_name) == (row["display_state"], row["user_name"])
            assert {message.anchor for message in thread.messages} == {
                key for key, fact in facts.items() if fact["request_id"] == row["id"]
            }
            for message in thread.messages:
                fact = facts[message.anchor]
                assert (message.withheld, message.position) == (fact["withheld"], fact["position"])
                assert fold(message.text) == ("" if fact["withheld"] else fold(fact["text"]))


@pytest.mark.parametrize(
    ("path", "lost", "named"),
    [
        ("/request/data_analytics_usage_401?unfold=1", "request-header__subtitle", ".request-header__subtitle"),
        ("/request/data_analytics_usage_401?unfold=1", 'id="request_status"', "#request_status"),
        ("/request/data_analytics_usage_401?unfold=1", "request-status-message--", ".request-status-message--*"),
        ("/request/data_analytics_usage_401?unfold=1", "correspondence__header__author", ".correspondence__header__author"),
        ("/request/data_analytics_usage_401?unfold=1", "correspondence_text", ".correspondence_text"),
        ("/request/data_analytics_usage_401?unfold=1", "datetime", "time[datetime]"),
        ("/list", "request_listing", ".request_listing"),
        ("/list?page=2", '"head"', ".head"),
        ("/body/tgq", "authority__header", ".authority__header"),
        ("/body/tgq", "request_listing", ".request_listing"),
        ("/info_request_batch/1", "info_request_batch_intro", ".info_request_batch_intro"),
        ("/request/data_analytics_usage_401.json", "info_request_events", "info_request_events"),
        ("/user/bob_smith.json", "url_name", "url_name"),
        ("/version.json", "visible_request_count", "visible_request_count"),
        ("/body/all-authorities.csv", "URL name", "URL name"),
    ],
)
def test_a_genuine_page_that_lost_a_selector_names_it(site: Recording, path: str, lost: str, named: str) -> None:
    capture = site.capture(path)
    assert lost.encode() in capture.body
    broken = dataclasses.replace(capture, body=capture.body.replace(lost.encode(), b"gone"))
    with pytest.raises(UnreadablePage) as caught:
        read(broken, site.site)
    assert named in caught.value.selector
