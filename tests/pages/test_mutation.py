"""Broken bytes: whatever comes, `read` gives records that can be stored, or UnreadablePage. Never another exception."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.pages import read
from scraper.records import Capture, FileOnDisk, PageKind, UnreadablePage
from scraper.urls import Site
from tests.recordings import Recording, needs_recordings

from . import sample

LARGEST = 2**63 - 1
BITS = [
    b"<", b">", b'"', b"'", b"&", b"</div>", b"<div>", b"<p>", b"</p>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<script>",
    b"\x00",
    b"\xff\xfe", b"\xed\xa0\x80", b"&#xD800;", b"&#0;", b"&#1114112;", b"&nbsp;", b"\\ud800", b"\\u0000", b"[", b"{", b"}",
    b"]", b",", b":", b"null", b"true",
    b"-1", b"1e999", b"9" * 400, b"NaN", b"\n", b"\r", b"\t", b" " * 300, b"<plaintext>", b"<table>",
    b"<li class='attachment'>", b"<a href='http://[x'>", b"%ff%00",
    b'<div class="request_listing">', b'<div id="incoming-1">', b'<div id="outgoing-99999999999999999999">',
    b'class="hidden_message"', b'id="error-page"',
    "\u202e\u00a0\u2028\ufeff".encode(), b"<time datetime='99999-01-01T00:00:00Z'>", b"<svg><style>", b"</html>", b"<html>",
    b"<body", b"<br>" * 50, b"<b>" * 300,
]  # fmt: skip
MUTATION = st.tuples(
    st.sampled_from(("drop", "repeat", "insert", "cut", "swap", "flip", "rename")),
    st.floats(0, 1),
    st.integers(1, 400),
    st.sampled_from(BITS),
)
JSON_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\x00", "2024-01-01T00:00:00Z", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def examples(number: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=number, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


def mutate(body: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    for how, where, length, bit in changes:
        at = int(where * len(body))
        end = min(len(body), at + length)
        if how == "drop":
            body = body[:at] + body[end:]
        elif how == "repeat":
            body = body[:end] + body[at:]
        elif how == "insert":
            body = body[:at] + bit + body[at:]
        elif how == "cut":
            body = body[:at]
        elif how == "swap":
            body = body[:at] + body[at:end][::-1] + body[end:]
        elif how == "flip" and at < len(body):
            body = body[:at] + bytes([body[at] ^ (1 << length % 8)]) + body[at + 1 :]
        elif how == "rename":
            # The next tag or key from here, and every other of its name, is called something else.
            start = next((i for i in range(at, min(len(body), at + 200)) if body[i : i + 1] in (b'"', b"<", b" ")), None)
            word = body[start + 1 : start + 12] if start is not None else b""
            body = body.replace(word, b"x" + bit[:3]) if len(word) > 3 else body
    return body


def storable(value: object) -> None:
    """What a record holds fits a database: text that is UTF-8 without NUL, numbers of 64 bits."""
    if isinstance(value, str):
        value.encode()
        assert "\x00" not in value
    elif isinstance(value, int):
        assert -LARGEST - 1 <= value <= LARGEST
    elif dataclasses.is_dataclass(value) and not isinstance(value, type | FileOnDisk):
        for field in dataclasses.fields(value):
            storable(getattr(value, field.name))
    elif isinstance(value, dict):
        for item in value.items():
            storable(item)
    elif isinstance(value, tuple | list):
        for item in value:
            storable(item)


def check(capture: Capture, site: Site) -> None:
    reading = None
    with contextlib.suppress(UnreadablePage):
        reading = read(capture, site)
    if reading is None:
        with pytest.raises(UnreadablePage) as caught:
            read(capture, site)
        assert caught.value.kind is capture.ref.kind
        assert caught.value.selector
        return
    storable(reading)
    assert (reading.reason is None) == (reading.outcome == "content")
    assert read(capture, site) == reading


# ---- pages written for these tests ------------------------------------------------------------------------------

OWN: list[Capture] = [
    sample.capture(
        PageKind.REQUEST_HTML,
        "bins",
        sample.thread(sample.OUTGOING, sample.RESEND, sample.incoming(block=sample.attachments(sample.FILE)), sample.COMMENT),
    ),
    sample.capture(PageKind.LIST, "", sample.page(f'<div class="results_section">{sample.row()}{sample.row("b")}</div>')),
    sample.capture(
        PageKind.USER_JSON, "ada", '{"id": 9, "url_name": "ada", "name": "Ada", "about_me": null}', headers=sample.JSON
    ),
    sample.capture(PageKind.REQUEST_HTML, "bins", sample.page('<p class="hidden_message">Hidden</p>'), 403),
    sample.capture(PageKind.REQUEST_ID, "7", "", 301, (("location", "https://foi.example/request/bins"),)),
]


@examples(500)
@given(st.sampled_from(OWN), st.lists(MUTATION, min_size=1, max_size=4))
def test_broken_pages(capture: Capture, changes: list[tuple[str, float, int, bytes]]) -> None:
    check(dataclasses.replace(capture, body=mutate(capture.body, changes)), sample.SITE)


@examples(500)
@given(
    st.sampled_from(PageKind),
    st.binary(max_size=300),
    st.sampled_from(OWN[0].body.split(b">")),
    st.sampled_from((200, 301, 403, 404, 503)),
)
def test_any_bytes_for_any_kind(kind: PageKind, data: bytes, piece: bytes, status: int) -> None:
    key = "bins/response/2/attach/3/a.pdf" if kind is PageKind.ATTACHMENT else "1"
    body = data[:150] + piece + b">" + data[150:]
    file = FileOnDisk("/nowhere", "0" * 64, len(body), body)
    capture = sample.capture(kind, key, b"" if kind is PageKind.ATTACHMENT else body, status)
    check(dataclasses.replace(capture, file=file if kind is PageKind.ATTACHMENT else None), sample.SITE)


@examples(300)
@given(
    st.sampled_from(PageKind),
    st.integers(0, 999),
    st.sampled_from(("content-type", "location", "etag", "cf-mitigated", "content-disposition")),
    st.text(max_size=60) | st.sampled_from(("text/html", "//[", "/request/\ud800", "http://[::1]:99999/", "/attachments/x/wait")),
)
def test_any_status_and_header(kind: PageKind, status: int, name: str, value: str) -> None:
    capture = sample.capture(
        kind, "bins/response/2/attach/3/a.pdf" if kind is PageKind.ATTACHMENT else "1", OWN[0].body, status, ((name, value),)
    )
    file = FileOnDisk("/nowhere", "0" * 64, 9, b"<html>...")
    check(dataclasses.replace(capture, file=file if kind is PageKind.ATTACHMENT else None), sample.SITE)


@pytest.mark.parametrize(
    "inside",
    [
        b"x" * 1_000_000, b" " * 1_000_000, b"<blockquote>" * 20_000, b"<div" * 200_000, b"<div id=" * 100_000,
        b"<!--" * 100_000, b"<b>" * 3_000,
        b"<br>" * 50_000, b"&amp;" * 100_000, b"<a href='http://[x'>z</a>" * 2_000, b"<p " + b"id=1 " * 100_000 + b">",
        b"<table><tr>" * 2_000, b"\x00" * 1_000,
    ],
    ids=lambda inside: inside[:12].decode(),
)  # fmt: skip
def test_monstrous_texts_end(inside: bytes) -> None:
    capture = dataclasses.replace(OWN[0], body=OWN[0].body.replace(b"We hold it.", inside))
    assert capture.body != OWN[0].body
    check(capture, sample.SITE)


# ---- recorded pages ---------------------------------------------------------------------------------------------


@cache
def recorded(*kinds: PageKind) -> tuple[Site, list[Capture]]:
    """Small recorded pages of some kinds, each another sort of page where there are sorts."""
    recording = Recording(1)
    wanted = {
        PageKind.REQUEST_HTML: [f"{path}?unfold=1" for path in _REQUESTS] + ["/request/broadband_rural_4?unfold=1"],
        PageKind.REQUEST_JSON: [f"{path}.json" for path in _REQUESTS],
        PageKind.AUTHORITY_JSON: ["/body/tgq.json"],
        PageKind.AUTHORITY_HTML: ["/body/tgq"],
        PageKind.USER_JSON: ["/user/bob_smith.json"],
        PageKind.LIST: ["/list/unsuccessful?page=11"],
        PageKind.BATCH: ["/info_request_batch/1?page=16"],
        PageKind.VERSION: ["/version.json"],
        PageKind.AUTHORITIES_CSV: ["/body/all-authorities.csv"],
    }
    captures = [recording.capture(path) for kind in kinds for path in wanted[kind]]
    return recording.site, [_short(capture) for capture in captures]


_REQUESTS = (
    "/request/data_analytics_usage_401",
    "/request/why_do_you_have_such_a_fancy_dog",
    "/request/anonymous_request",
    "/request/data_analytics_usage_118",
    "/request/data_analytics_usage_152",
    "/request/ber_drivers_licensing_exeter_201",
    "/request/foi_response_times_dundee_2015",
    "/request/caf_catering_spend_3",
    "/request/broadband_rural_exeter_2025",
    "/request/fixture_mail_track_response_ms_b",
)


def _short(capture: Capture) -> Capture:
    """Without what is never read, so that changes hit what is: the head and foot of a page, most lines of the register."""
    body = capture.body
    if capture.ref.kind is PageKind.AUTHORITIES_CSV:
        body = b"\n".join(body.split(b"\n")[:12])
    elif b'<div id="content"' in body:
        start, end = body.index(b'<div id="content"'), body.rindex(b'<div id="footer"')
        body = b"<!DOCTYPE html><html><body>" + body[start:end] + b"</body></html>"
    return dataclasses.replace(capture, body=body)


@needs_recordings
@examples(2200)
@given(st.integers(0, 10), st.lists(MUTATION, min_size=1, max_size=3))
def test_broken_threads(which: int, changes: list[tuple[str, float, int, bytes]]) -> None:
    site, captures = recorded(PageKind.REQUEST_HTML)
    capture = captures[which]
    check(dataclasses.replace(capture, body=mutate(capture.body, changes)), site)


@needs_recordings
@examples(500)
@given(st.integers(0, 2), st.lists(MUTATION, min_size=1, max_size=3))
def test_broken_lists(which: int, changes: list[tuple[str, float, int, bytes]]) -> None:
    site, captures = recorded(PageKind.LIST, PageKind.BATCH, PageKind.AUTHORITY_HTML)
    capture = captures[which]
    check(dataclasses.replace(capture, body=mutate(capture.body, changes)), site)


@needs_recordings
@examples(1300)
@given(st.integers(0, 13), st.lists(MUTATION, min_size=1, max_size=4))
def test_broken_json_and_csv(which: int, changes: list[tuple[str, float, int, bytes]]) -> None:
    site, captures = recorded(
        PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON, PageKind.VERSION, PageKind.AUTHORITIES_CSV
    )
    capture = captures[which]
    check(dataclasses.replace(capture, body=mutate(capture.body, changes)), site)


@needs_recordings
@examples(700)
@given(st.integers(0, 12), st.integers(0, 2**32), JSON_VALUE)
def test_json_with_a_value_of_another_sort(which: int, seed: int, value: object) -> None:
    site, captures = recorded(PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON, PageKind.VERSION)
    document = json.loads(captures[which].body)
    chance, place = random.Random(seed), document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.8:
            place = place[key]
            continue
        place[key] = value
        break
    check(dataclasses.replace(captures[which], body=json.dumps(document).encode()), site)


def test_the_order_of_reading_does_not_matter() -> None:
    """The same bytes give the same reading whatever was read before them."""
    first = [read(capture, sample.SITE) for capture in OWN]
    assert [read(capture, sample.SITE) for capture in reversed(OWN)] == first[::-1]
