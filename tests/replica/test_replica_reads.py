"""Every page of the bundled site reads, and says what its truth says."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from scraper import records
from scraper.pages import read
from scraper.records import Capture, FileOnDisk, PageKind, PageRef, Reading, UnreadablePage
from scraper.urls import ListQuery, Site, build
from tests.replica import Replica, World
from tests.replica.client import fetch
from tests.replica.truth import Fact

AT = "2026-06-15T09:00:00Z"


def fold(text: object) -> str:
    return " ".join(str(text or "").split())


class Reader:
    """Fetches a page from the running replica and reads it with the project's own parsers."""

    def __init__(self, world: World, base: str) -> None:
        self.world, self.site = world, Site.of(base)
        self.truth = world.truth()

    def facts(self, part: str) -> list[Fact]:
        return [fact for fact in self.truth[part] if isinstance(fact, dict)]

    def read(self, kind: PageKind, key: str) -> Reading:
        ref = PageRef(kind, key)
        url = build(self.site, ref)
        got = fetch(url)
        file = None
        if kind is PageKind.ATTACHMENT:
            digest = hashlib.sha256(got.body).hexdigest()
            file = FileOnDisk("/nowhere", digest, len(got.body), got.body[:4096])
        headers = tuple(got.headers.items())
        body = got.body if file is None or got.status != 200 else b""
        return read(Capture(ref, url, got.status, headers, body, AT, file=file), self.site)

    def thread(self, slug: str) -> records.Thread:
        record = self.read(PageKind.REQUEST_HTML, slug).record
        assert isinstance(record, records.Thread)
        return record


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    made = Replica(World.build(seed=3))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def reader(replica: Replica) -> Reader:
    return Reader(replica.world, replica.base)


def test_request_json(reader: Reader) -> None:
    events = 0
    for fact in reader.facts("requests"):
        request = reader.read(PageKind.REQUEST_JSON, str(fact["url_title"])).record
        assert isinstance(request, records.Request)
        for column in (
            "id",
            "url_title",
            "law_used",
            "described_state",
            "awaiting_description",
            "prominence",
            "created_at",
            "updated_at",
        ):
            assert getattr(request, column) == fact[column], (fact["url_title"], column)
        assert fold(request.title) == fold(fact["title"])
        assert request.authority.url_name == fact["authority"]
        assert (request.user.url_name if request.user else None) == fact["user_url"]
        assert [[tag.name, tag.value or None] for tag in request.tags] == fact["tags"]
        wanted = [event for event in reader.facts("events") if event["request_id"] == request.id]
        assert [(e.id, e.event_type, e.created_at, e.described_state, e.calculated_state) for e in request.events] == [
            (e["id"], e["event_type"], e["created_at"], e["described_state"], e["calculated_state"]) for e in wanted
        ]
        events += len(wanted)
    assert events == len(reader.facts("events")) > 300


def test_threads(reader: Reader) -> None:
    messages = 0
    for fact in reader.facts("requests"):
        thread = reader.thread(str(fact["url_title"]))
        assert fold(thread.user_name) == fold(fact["user_name"]), fact["url_title"]
        for column in ("display_state", "due_on", "correspondence_closed", "batch_id"):
            assert getattr(thread, column) == fact[column], (fact["url_title"], column)
        wanted = [message for message in reader.facts("messages") if message["request_id"] == fact["id"]]
        assert [message.anchor for message in thread.messages] == [message["anchor"] for message in wanted]
        for got, want in zip(thread.messages, wanted, strict=True):
            assert (got.position, got.withheld) == (want["position"], want["withheld"])
            if want["withheld"]:
                assert got.text is None
                assert got.withheld_reason
            else:
                assert (fold(got.author), got.sent_at, fold(got.text)) == (
                    fold(want["author"]),
                    want["sent_at"],
                    fold(want["text"]),
                )
        messages += len(wanted)
    assert messages == len(reader.facts("messages")) > 200


def test_attachments(reader: Reader) -> None:
    stored, withheld = 0, 0
    for request in reader.facts("requests"):
        for message in reader.thread(str(request["url_title"])).messages:
            wanted = [fact for fact in reader.facts("attachments") if fact["anchor"] == message.anchor]
            assert len(message.attachments) == len(wanted)
            for got, want in zip(message.attachments, wanted, strict=True):
                assert got.part == want["part"]
                if want["status"] == "withheld":
                    assert got.status == "withheld"
                    withheld += 1
                    continue
                assert got.filename == want["filename"]
                assert got.url is not None
                record = reader.read(PageKind.ATTACHMENT, got.url.partition("/request/")[2]).record
                assert isinstance(record, records.StoredFile)
                assert (record.file.sha256, record.file.size) == (want["sha256"], want["size"])
                stored += 1
    assert stored + withheld == len(reader.facts("attachments"))
    assert stored > 50
    assert withheld == 2


def test_register_and_authorities(reader: Reader) -> None:
    register = reader.read(PageKind.AUTHORITIES_CSV, "").record
    assert isinstance(register, records.AuthorityRegister)
    facts = reader.facts("authorities")
    assert [a.id for a in register.authorities] == [fact["id"] for fact in facts]
    for got, want in zip(register.authorities, facts, strict=True):
        for column in ("url_name", "name", "created_at", "updated_at"):
            assert getattr(got, column) == want[column]
        for column in ("short_name", "home_page", "publication_scheme", "disclosure_log"):
            assert (getattr(got, column) or "") == (want[column] or "")
        assert [[tag.name, tag.value or None] for tag in got.tags] == want["tags"]
    for name in ("torrowdale_district_council", register.authorities[3].url_name):
        one = reader.read(PageKind.AUTHORITY_JSON, name).record
        assert isinstance(one, records.Authority)
        assert one.counts is not None
        assert one.counts.requests == len(reader.world.requests_to(one.id))


def test_authority_pages_state_what_they_list(reader: Reader) -> None:
    for authority in list(reader.world.authorities.values())[::7]:
        page = reader.read(PageKind.AUTHORITY_HTML, authority.url_name).record
        assert isinstance(page, records.AuthorityPage)
        listed = [r for r in reader.world.requests_to(authority.id) if r.listed]
        assert page.requests_stated == len(listed)
        assert {row.url_title for row in page.requests.rows} <= {r.url_title for r in listed}


def test_lists_hold_every_listed_request(reader: Reader) -> None:
    slugs: list[str] = []
    for number in range(1, 21):
        page = reader.read(PageKind.LIST, ListQuery(page=number).key).record
        assert isinstance(page, records.ListPage)
        slugs += [row.url_title for row in page.rows]
        if not page.rows:
            break
    searchable = {
        r.url_title for r in reader.world.requests.values() if r.listed and any(row[1] is r for row in reader.world.index().rows)
    }
    assert len(slugs) == len(set(slugs))
    assert set(slugs) == searchable


def test_batch(reader: Reader) -> None:
    members: set[str] = set()
    for number in (1, 2):
        page = reader.read(PageKind.BATCH, "1" if number == 1 else f"1?page={number}").record
        assert isinstance(page, records.Batch)
        fact = reader.facts("batches")[0]
        assert (page.id, page.title, page.authority_count) == (fact["id"], fact["title"], 40)
        members |= {row.url_title for row in page.members.rows}
    assert len(members) == fact["members"] == 40


def test_users(reader: Reader) -> None:
    for fact in reader.facts("users"):
        user = reader.read(PageKind.USER_JSON, str(fact["url_name"])).record
        assert isinstance(user, records.User)
        assert (user.id, user.url_name, user.name) == (fact["id"], fact["url_name"], fact["name"])


def test_totals(reader: Reader) -> None:
    totals = reader.read(PageKind.VERSION, "").record
    assert isinstance(totals, records.SiteTotals)
    assert totals.counts["visible_request_count"] == sum(1 for r in reader.world.requests.values() if r.listed)


def test_refusals_are_told_apart(reader: Reader) -> None:
    outcomes = {}
    for request in reader.world.requests.values():
        if not request.readable:
            reading = reader.read(PageKind.REQUEST_HTML, request.url_title)
            outcomes[request.id] = reading.outcome
            assert reader.read(PageKind.REQUEST_JSON, request.url_title).outcome == reading.outcome
            assert reader.read(PageKind.REQUEST_ID, str(request.id)).outcome == "missing"
            assert reading.outcome == ("missing" if request.embargoed else "withheld")
    assert sorted(outcomes.values()) == ["missing"] * 2 + ["withheld"] * 3
    public = next(r for r in reader.world.requests.values() if r.readable)
    moved = reader.read(PageKind.REQUEST_ID, str(public.id)).record
    assert isinstance(moved, records.Moved)
    assert moved.target == PageRef(PageKind.REQUEST_HTML, public.url_title)


def test_the_register_is_genuine_csv(reader: Reader) -> None:
    body = fetch(build(reader.site, PageRef(PageKind.AUTHORITIES_CSV, ""))).text
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == len(reader.world.authorities)
    assert any("\n" in row["Notes"] for row in rows)


def test_faults_read_as_what_they_are(replica: Replica, reader: Reader) -> None:
    message = next(
        m for m in replica.world.incoming.values() if any(file.public for file in m.files) and m.prominence == "normal"
    )
    request = replica.world.requests[message.request_id]
    file = next(file for file in message.files if file.public)
    attachment = f"{request.url_title}/response/{message.id}/attach/{file.part}/{quote(file.filename)}"

    def under(kind: PageKind, key: str, fault: str) -> str:
        replica.faults[:] = [{"match": "^/request/", "kind": fault, "times": 1}]
        try:
            return reader.read(kind, key).outcome
        except UnreadablePage:
            return "UnreadablePage"

    assert {
        fault: under(PageKind.REQUEST_HTML, request.url_title, fault)
        for fault in ("challenge", "empty", "html", "no_correspondence")
    } == {
        "challenge": "challenge",
        "empty": "UnreadablePage",
        "html": "UnreadablePage",
        "no_correspondence": "UnreadablePage",
    }
    assert under(PageKind.REQUEST_HTML, request.url_title, "invalid_utf8") == "content"
    assert under(PageKind.REQUEST_JSON, request.url_title, "malformed_json") == "UnreadablePage"
    assert under(PageKind.REQUEST_HTML, request.url_title, "redirect_loop") == "redirected"
    assert {fault: under(PageKind.ATTACHMENT, attachment, fault) for fault in ("wait", "self", "html")} == dict.fromkeys(
        ("wait", "self", "html"), "redirected"
    )
    assert under(PageKind.ATTACHMENT, attachment, "wrong_type") == "content"
