"""Addresses, both ways."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.records import PageKind, PageRef
from scraper.urls import AttachmentKey, ListQuery, Site, build, recognise, request_url, segment

SITE = Site("https://foi.example")
BINS = PageRef(PageKind.REQUEST_HTML, "bins")
FILE = PageRef(PageKind.ATTACHMENT, "bins/response/2/attach/3/rota%202024.csv")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://foi.example/request/bins", "https://foi.example"),
        ("HTTP://FOI.example:80/", "http://foi.example"),
        ("https://foi.example.:443", "https://foi.example"),
        ("http://127.0.0.1:8001/list", "http://127.0.0.1:8001"),
        ("http://[::1]:8001/", "http://[::1]:8001"),
    ],
)
def test_the_site_of_an_address(url: str, base: str) -> None:
    assert Site.of(url).base == base
    assert Site.of(url).host == base.partition("//")[2]


@pytest.mark.parametrize("url", ["", "foi.example", "ftp://foi.example", "https://", "https://foi.example:no", "https://[::1"])
def test_what_belongs_to_no_site(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Site.of(url)


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (PageRef(PageKind.REQUEST_JSON, "bins"), "/request/bins.json"),
        (BINS, "/request/bins?unfold=1"),
        (PageRef(PageKind.REQUEST_ID, "12"), "/request/12"),
        (FILE, "/request/bins/response/2/attach/3/rota%202024.csv?cookie_passthrough=1"),
        (PageRef(PageKind.AUTHORITY_JSON, "anytown"), "/body/anytown.json"),
        (PageRef(PageKind.AUTHORITY_HTML, "anytown"), "/body/anytown"),
        (PageRef(PageKind.AUTHORITY_HTML, "anytown?page=3"), "/body/anytown?page=3"),
        (PageRef(PageKind.AUTHORITIES_CSV, ""), "/body/all-authorities.csv"),
        (PageRef(PageKind.USER_JSON, "ada_byron"), "/user/ada_byron.json"),
        (PageRef(PageKind.BATCH, "7?page=2"), "/info_request_batch/7?page=2"),
        (PageRef(PageKind.VERSION, ""), "/version.json"),
        (PageRef(PageKind.ROBOTS, ""), "/robots.txt"),
    ],
)
def test_each_kind_has_one_address_that_is_recognised(ref: PageRef, path: str) -> None:
    assert build(SITE, ref) == SITE.base + path
    assert recognise(SITE, SITE.base + path) == ref
    assert recognise(SITE, path) == ref


@pytest.mark.parametrize(
    "url",
    [
        "/request/bins",
        "/cy/request/bins",
        "/pt_BR/request/bins",
        "/request/bins?unfold=1",
        "/request/bins?utm_campaign=alaveteli-experiments-87&utm_source=x",
        "/request/bins?locale=fr&unfold=1",
        "/request/bins/new",
        "/request/bins/details",
        "/request/bins/",
        "/request/bins#incoming-12",
        "http://foi.example/request/bins",
        "https://foi.example./request/bins",
        "https://foi.example:443/request/bins",
        " https://FOI.example/request/bins#outgoing-3 ",
    ],
)
def test_all_forms_in_which_a_request_is_linked_are_one_page(url: str) -> None:
    assert recognise(SITE, url) == BINS


@pytest.mark.parametrize(
    "url",
    [
        "/request/bins/response/2/attach/3/rota%202024.csv",
        "/request/bins/response/2/attach/3/rota 2024.csv?cookie_passthrough=1",
        "/request/bins/response/2/attach/html/3/rota%202024.csv.html",
        "/cy/request/bins/response/2/attach/3/rota%202024.csv",
    ],
)
def test_all_forms_of_a_files_address_are_the_file(url: str) -> None:
    assert recognise(SITE, url) == FILE


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://elsewhere.example/request/bins",
        "https://foi.example.org/request/bins",
        "mailto:a@foi.example",
        "javascript:alert(1)",
        "https://[broken",
        "/profile/sign_in?token=x",
        "/attachments/abc/wait",
        "/help/about",
        "/body/list/all",
        "/request/bins/download",
        "/request/bins/response/2/attach/3/",
        "/user/contact/ada",
    ],
)
def test_other_addresses_are_none_of_ours(url: str) -> None:
    assert recognise(SITE, url) is None


def test_lists_views_and_tags_become_searches() -> None:
    assert recognise(SITE, "/list") == PageRef(PageKind.LIST, "")
    assert recognise(SITE, "/list/all") == PageRef(PageKind.LIST, "")
    successful = recognise(SITE, "/list/successful")
    assert successful is not None
    assert ListQuery.of_key(successful.key).query == "latest_status:successful latest_status:partially_successful"
    tagged = recognise(SITE, "/list/council?query=bins&request_date_after=2024-01-01&request_date_before=2024-02-01")
    assert tagged is not None
    assert ListQuery.of_key(tagged.key) == ListQuery("bins tag:council", "2024-01-01", "2024-02-01")


def test_a_window_needs_both_days_and_turns_pages() -> None:
    with pytest.raises(ValueError, match="both"):
        ListQuery(after="2024-01-01")
    query = ListQuery("variety:sent", "2024-01-01", "2024-01-02", page=3)
    assert query.turn(4) == ListQuery("variety:sent", "2024-01-01", "2024-01-02", page=4)
    assert query.narrowed("latest_status:rejected") == ListQuery(
        "variety:sent latest_status:rejected", "2024-01-01", "2024-01-02"
    )
    assert build(SITE, ListQuery().ref) == "https://foi.example/list"


def test_permalinks_and_attachment_keys() -> None:
    assert request_url(SITE, "bins", "incoming-2") == "https://foi.example/request/bins#incoming-2"
    assert request_url(SITE, "caf\u00e9") == "https://foi.example/request/caf%C3%A9"
    assert AttachmentKey.of(FILE.key) == AttachmentKey("bins", 2, 3, "rota%202024.csv")


def test_numbers_beyond_any_database_are_no_ids() -> None:
    digits = "9" * 5000
    assert recognise(SITE, f"/request/bins/response/{digits}/attach/1/a.pdf") is None
    assert recognise(SITE, f"/info_request_batch/{digits}") is None
    assert recognise(SITE, "/info_request_batch/\u0663") is None


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda name: (
        name not in (".", "..")
        and not name.isdigit()
        and not name.endswith(".json")
        and name not in ("list", "all-authorities.csv")
    )
)
KINDS = (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML, PageKind.AUTHORITY_JSON, PageKind.AUTHORITY_HTML, PageKind.USER_JSON)
ONCE = settings(max_examples=300, deadline=None, derandomize=True, database=None)


@ONCE
@given(st.sampled_from(KINDS), NAMES)
def test_any_name_survives_the_way_there_and_back(kind: PageKind, name: str) -> None:
    ref = PageRef(kind, segment(name))
    url = build(SITE, ref)
    assert urlsplit(url).netloc == "foi.example"
    assert url.isascii()
    assert recognise(SITE, url) == ref
    assert segment(segment(name)) == segment(name) or "%" in name


@ONCE
@given(NAMES, st.integers(1, 10**17), st.integers(1, 10**8), NAMES)
def test_any_file_survives_the_way_there_and_back(slug: str, incoming: int, part: int, filename: str) -> None:
    ref = PageRef(PageKind.ATTACHMENT, f"{segment(slug)}/response/{incoming}/attach/{part}/{segment(filename)}")
    assert recognise(SITE, build(SITE, ref)) == ref
    assert AttachmentKey.of(ref.key) == AttachmentKey(segment(slug), incoming, part, segment(filename))


@ONCE
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(1, 20), st.booleans())
def test_any_search_survives_its_key(words: str, page: int, window: bool) -> None:
    query = ListQuery(words, "2024-01-01" if window else None, "2024-02-01" if window else None, page)
    assert ListQuery.of_key(query.key) == query
    assert query.ref == PageRef(PageKind.LIST, query.key)


@ONCE
@given(st.text(max_size=80) | st.text("/.:?#[]@%&=0123456789abrequstody", max_size=60))
def test_any_text_is_an_address_of_ours_or_none(text: str) -> None:
    ref = recognise(SITE, text.encode("utf-8", "replace").decode())
    if ref is not None:
        assert recognise(SITE, build(SITE, ref)) in (ref, PageRef(ref.kind, ref.key)) or ref.kind is PageKind.LIST
