"""Lists, authorities and batches."""

from __future__ import annotations

import csv

import pytest

from scraper.pages import read
from scraper.pages.markup import number
from scraper.records import (
    Authority,
    AuthorityPage,
    AuthorityRegister,
    Batch,
    ListPage,
    ListRow,
    PageKind,
    Record,
    Tag,
    UnreadablePage,
)

from . import sample

PAGER = (
    '<div class="pagination"><a class="previous_page" href="?page=1">P</a> <a href="?page=1">1</a> <em class="current">2</em> '
    '<a href="?page=3">3</a> <span class="gap">...</span> <a href="?page=20">20</a> '
    '<a class="next_page" href="?page=3">N</a></div>'
)
ROW = ListRow("bins", "incoming-2", "2024-07-03T09:00:00Z", "anytown", "ada_byron", "successful")


def of(kind: PageKind, key: str, body: str | bytes) -> Record | None:
    return read(sample.capture(kind, key, body), sample.SITE).record


def listing(inside: str) -> str:
    return sample.page(f'<div class="results_section">{inside}</div>')


def test_rows_and_pager_of_a_list() -> None:
    assert of(PageKind.LIST, "", listing(sample.row() + sample.row("b", "") + PAGER)) == ListPage(
        rows=(ROW, ListRow("b", None, "2024-07-03T09:00:00Z", "anytown", "ada_byron", "successful")), has_next=True, last_page=20
    )
    assert of(PageKind.LIST, "page=9", listing("")) == ListPage((), has_next=False, last_page=1)
    assert of(PageKind.LIST, "page=19", listing(PAGER)) == ListPage((), has_next=True, last_page=20)


def test_rows_of_old_pages_and_of_requests_without_an_account() -> None:
    old = sample.row("/cy/x", "#comments").replace("/request//cy/x", "https://foi.example/cy/request/caf%C3%A9")
    old = old.replace("<time", "<span").replace("https://foi.example/user/", "https://foi.example/help/")
    assert of(PageKind.LIST, "", listing(old)) == ListPage(
        (ListRow("café", None, None, "anytown", None, "successful"),), False, 1
    )


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (sample.page("<p>words</p>"), ".results_section"),
        (listing(sample.row().replace("/request/", "/other/")), ".request_listing .head a[href]"),
        (listing(sample.row().replace('"head"', '"gone"')), ".request_listing .head a[href]"),
        (listing(sample.row().replace("2024-07-03T", "soon")), ".request_listing time[datetime]"),
        (listing(sample.row().replace("words", sample.row())), ".request_listing"),
        (listing(PAGER.replace("previous_page", "gone")), ".request_listing"),
    ],
)
def test_a_list_that_is_none_is_unreadable(body: str, named: str) -> None:
    with pytest.raises(UnreadablePage) as caught:
        of(PageKind.LIST, "", body)
    assert caught.value.selector == named


def authority(stats: str, rows: str = "", name: str = "authority__header") -> str:
    return sample.page(f'<div class="{name}"><h1>Anytown</h1><div class="authority__header__stats">{stats}</div></div>{rows}')


def test_a_page_of_an_authority() -> None:
    page = of(PageKind.AUTHORITY_HTML, "caf%C3%A9?page=2", authority("1,234 requests", sample.row() + PAGER))
    assert page == AuthorityPage("café", 1234, ListPage((ROW,), True, 20))
    assert of(PageKind.AUTHORITY_HTML, "anytown", authority("")) == AuthorityPage("anytown", None, ListPage((), False, 1))
    assert of(PageKind.AUTHORITY_HTML, "anytown", authority("0 requests")) == AuthorityPage("anytown", 0, ListPage((), False, 1))
    with pytest.raises(UnreadablePage, match=r"\.authority__header"):
        of(PageKind.AUTHORITY_HTML, "anytown", authority("1", name="x"))


def test_rows_missing_while_requests_are_stated_say_that_the_index_is_offline() -> None:
    for key in ("anytown", "anytown?page=2"):
        with pytest.raises(UnreadablePage, match="search index offline"):
            of(PageKind.AUTHORITY_HTML, key, authority("26 requests"))
    past_the_end = of(PageKind.AUTHORITY_HTML, "anytown?page=3", authority("26 requests"))
    assert past_the_end == AuthorityPage("anytown", 26, ListPage((), False, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20 requests", 20),
        ("1,234 requests", 1234),
        ("1.234.567 x", 1234567),
        ("1\u00a0234 demandes", 1234),
        ("none", None),
        ("12 3456", 12),
    ],
)
def test_numbers_in_any_language(text: str, expected: int | None) -> None:
    assert number(text) == expected


def batch(title: str, sentence: str, rows: str = "") -> str:
    return sample.page(f'<div class="info_request_batch_intro"><h1>{title}</h1>{sentence}</div>{rows}')


SENTENCES = (
    'Sent to 1,400 authorities by <a href="/user/ada_byron">Ada 7</a> on <time datetime="2021-02-22T11:00:00Z">22 Feb</time>.',
    'Skickat av <a href="/user/ada_byron">Ada 7</a> till 1 400 myndigheter <time datetime="2021-02-22T11:00:00Z">22</time>.',
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_batch(sentence: str) -> None:
    found = of(PageKind.BATCH, "12?page=2", batch("Bins - 2 boxes - una solicitud", sentence, sample.row(title="Bins - 2 boxes")))
    assert found == Batch(12, "Bins - 2 boxes", "ada_byron", 1400, ListPage((ROW,), False, 1))


def test_a_batch_without_members_and_one_that_is_none() -> None:
    found = of(PageKind.BATCH, "12", batch("Bins - 2 boxes - a batch request", "To nobody."))
    assert found == Batch(12, "Bins - 2 boxes", None, None, ListPage((), False, 1))
    with pytest.raises(UnreadablePage, match=r"\.info_request_batch_intro h1"):
        of(PageKind.BATCH, "12", sample.page('<div class="info_request_batch_intro">x</div>'))
    with pytest.raises(UnreadablePage, match=r"\.info_request_batch_intro"):
        of(PageKind.BATCH, "12", sample.page("<p>x</p>"))


ARABIC_FIVE = "\u0665,"
HEAD = "Internal ID,Name,Short name,URL name,Tags,Home page,Publication scheme,Disclosure log,Notes,Created at,Updated at,Version"
LINE = '5,"Anytown, Council",,anytown,council gss:E1:2,,,,"one\ntwo",2008-01-01 00:00:00 +0000,2009-07-01 00:00:00 +0100,3'


def test_the_register() -> None:
    expected = Authority(
        id=5,
        url_name="anytown",
        name="Anytown, Council",
        short_name=None,
        home_page=None,
        notes="one\ntwo",
        publication_scheme=None,
        disclosure_log=None,
        created_at="2008-01-01T00:00:00Z",
        updated_at="2009-06-30T23:00:00Z",
        tags=(Tag("council", ""), Tag("gss", "E1:2")),
        counts=None,
    )
    assert of(PageKind.AUTHORITIES_CSV, "", f"\ufeff{HEAD}\n{LINE}\n".encode()) == AuthorityRegister((expected,))
    older, line = HEAD.replace("Disclosure log,", ""), LINE.replace(",,,,", ",,,")
    assert of(PageKind.AUTHORITIES_CSV, "", f"{older}\r\n{line}\r\n") == AuthorityRegister((expected,))
    assert of(PageKind.AUTHORITIES_CSV, "", HEAD) == AuthorityRegister(())


def test_a_register_reads_the_same_whatever_others_set() -> None:
    before = csv.field_size_limit(1 << 30)
    try:
        with pytest.raises(UnreadablePage, match="after line 1"):
            of(PageKind.AUTHORITIES_CSV, "", f"{HEAD}\n{'x' * 200_000}")
        assert csv.field_size_limit() == 1 << 30
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (HEAD.replace("URL name", "Slug"), "column 'URL name'"),
        (f"{HEAD}\n{LINE[:60]}", "line"),
        (f"{HEAD}\n5,x", "line 2"),
        (f"{HEAD}\n{LINE},more", "line"),
        (f"{HEAD}\n{LINE.replace('5,', '-5,', 1)}", "'Internal ID'"),
        (f"{HEAD}\n{LINE.replace('5,', ARABIC_FIVE, 1)}", "'Internal ID'"),
        (f"{HEAD}\n{LINE.replace('2008-01-01', 'soon')}", "'Created at'"),
        (f"{HEAD}\n{LINE.replace(',anytown,', ',,')}", "'URL name'"),
        (f"{HEAD}\n{'x' * 200_000}", "after line 1"),
        ("some words", "column"),
    ],
)
def test_a_register_that_cannot_be_read_names_line_and_column(text: str, named: str) -> None:
    with pytest.raises(UnreadablePage) as caught:
        of(PageKind.AUTHORITIES_CSV, "", text)
    assert named in caught.value.selector
