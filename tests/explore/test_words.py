"""Times, sizes, text and links: the small things that every page is made of."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from scraper.explore import charts, highlight, prose, words
from scraper.explore.links import followable, is_sha256
from scraper.explore.turns import Queue, _expensive


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        (
            "2026-03-12T14:05:09Z",
            '<time datetime="2026-03-12T14:05:09Z" title="2026-03-12T14:05:09Z (UTC)">12 March 2026, 14:05</time>',
        ),
        ("2026-03-02", '<time datetime="2026-03-02" title="2026-03-02">2 March 2026</time>'),
        ("", ""),
        (None, ""),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_times_are_in_words(given_: str | None, shown: str) -> None:
    assert words.when(given_) == Markup(shown)


def test_sizes_are_in_words() -> None:
    sizes = [words.size(count) for count in (None, 0, 1, 1023, 1024, 48_000, 1_500_000, 5 * 1024**4)]
    assert sizes == ["", "0 bytes", "1 byte", "1023 bytes", "1.0 KB", "47 KB", "1.4 MB", "5120 GB"]


def test_a_share_is_neither_none_nor_all_where_there_are_some() -> None:
    shares = [bar.percent for bar in charts.bars([("kept", 2119, None), ("withheld", 9, None), ("due", 0, None)])]
    assert shares == ["> 99 %", "< 1 %", "0 %"]
    assert [bar.percent for bar in charts.bars([("kept", 3, None)])] == ["100 %"]


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/pdf", "page"),
        (None, "page"),
        ("image/tiff", "page"),
        ("application/vnd.ms-excel", "sheet"),
        ("application/vnd.oasis.opendocument.spreadsheet", "sheet"),
        ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "slide"),
        ("application/zip", "part"),
    ],
)
def test_what_a_file_is_divided_into(media_type: str | None, name: str) -> None:
    assert words.part(media_type) == name


def test_states_not_known_here_are_shown_as_they_are() -> None:
    assert (words.state("rejected"), words.state("sent_by_pigeon"), words.state(None)) == (
        "Refused",
        "Sent by pigeon",
        "Not known",
    )


def test_control_characters_become_signs() -> None:
    assert words.harmless("a\x00b\u202ec\r\nd\te\u200f") == "a\u2400b\u27e6U+202E\u27e7c\nd\te\u200f"
    assert words.harmless(None) == ""
    assert words.harmless(7) == 7


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=1", "http://example.org", "HTTPS://EXAMPLE.ORG", "mailto:a@example.org"]
)
def test_what_may_be_followed(url: str) -> None:
    assert followable(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:x",
        "data:text/html,x",
        "//example.org",
        "/here",
        "http:x",
        "file:///etc",
        "http://[",
        "",
        None,
    ],
)
def test_what_may_not(url: str | None) -> None:
    assert followable(url) is None


def test_hashes_are_known() -> None:
    assert is_sha256("0" * 64)
    assert not is_sha256("0" * 63)
    assert not is_sha256("A" * 64)
    assert not is_sha256(7)


WRAPPED = (
    "This is a paragraph that was broken by a mail program near its seventy-\n"
    "second column as they do, and it should flow as one where there is room\n"
    "for it.\n\nYours,\nThe team\n- one item of a list that is quite long but stands on a line of its own\n- another"
)


def test_lines_broken_by_mail_programs_flow() -> None:
    flowing = prose.reflowed(WRAPPED)
    assert "seventy- second column" in flowing
    assert "room for it.\n\nYours,\nThe team\n- one" in flowing
    assert "own\n- another" in flowing


@given(st.text(alphabet=st.sampled_from("ab >-\n."), max_size=300))
def test_flowing_changes_no_letter(text: str) -> None:
    flowing = prose.reflowed(text)
    assert len(flowing) == len(text)
    assert flowing.split() == text.split()


def test_links_stand_where_they_stood() -> None:
    text = "See https://example.org/a and javascript:x and https://example.org/a again"
    spans = prose.spans(text, ["https://example.org/a", "javascript:x", "https://example.org/a", "https://elsewhere.example"])
    assert [text[start:end] for start, end, _ in spans] == ["https://example.org/a"] * 2
    html = prose.marked(text, 0, len(text), spans)
    assert html.count('<a href="https://example.org/a" rel="nofollow noopener noreferrer ugc">') == 2
    assert "javascript:x" in html.striptags()


@given(st.text(max_size=200))
def test_marked_text_is_the_text(text: str) -> None:
    shown = re.sub(r"<[^>]*>", "", prose.marked(text, 0, len(text)))
    assert Markup(shown).unescape() == words.harmless(text)


@pytest.mark.parametrize(
    "mask",
    ["[email address]", "[mobile number]", "[FOI #12 email]", "[Anytown Council request email]", "[name removed]", "[REDACTED]"],
)
def test_masks_are_marked(mask: str) -> None:
    text = f"Write to {mask} now [1]"
    assert prose.marked(text, 0, len(text)) == Markup(f'Write to <span class="masked">{mask}</span> now [1]')


@given(st.text(max_size=200), st.text(max_size=20))
def test_highlighted_text_is_the_text(text: str, query: str) -> None:
    html, count = highlight.marked(text, highlight.pattern(query))
    assert html.count("<mark>") == count
    shown = html.replace(Markup("<mark>"), "").replace(Markup("</mark>"), "")
    assert Markup(shown).unescape() == words.harmless(text)


def test_months_without_requests_are_columns_of_nothing() -> None:
    chart = charts.months([("2023-11", 3), ("2024-02", 1)], "Requests")
    assert chart.rows == [("2023-11", 3), ("2023-12", 0), ("2024-01", 0), ("2024-02", 1)]
    assert chart.ticks == ("2023-11", "2024-01", "2024-02")
    assert chart.drawn.count("<rect") == 2
    assert charts.months([], "Requests").drawn == ""


def test_many_years_are_columns_by_year() -> None:
    chart = charts.months([("2001-01", 1), ("2001-05", 2), ("2024-02", 4)], "Requests")
    assert chart.rows[0] == ("2001", 3)
    assert len(chart.rows) == 24


def test_bars_are_drawn_to_the_longest() -> None:
    drawn = charts.bars([("<a>", 30, None), ("b", 10, None)])
    assert [(bar.label, bar.number, bar.share) for bar in drawn] == [("<a>", 30, 75.0), ("b", 10, 25.0)]
    assert 'width="33.33"' in drawn[1].drawn
    assert charts.bars([]) == []


@pytest.mark.parametrize(
    ("path", "expensive"),
    [
        ("/", False),
        ("/-/static/app.css", False),
        ("/robots.txt", False),
        ("/archive/-/request/1", False),
        ("/archive/-/bytes/00", False),
        ("/archive/-/search", True),
        ("/archive/-/search.csv", False),  # takes a turn for each portion by itself
        ("/archive", True),
        ("/archive/messages", True),
        ("/archive/messages.csv", True),
    ],
)
def test_what_waits_its_turn(path: str, expensive: bool) -> None:
    assert _expensive(path, "/") is expensive
    assert _expensive("/base" + path, "/base/") is expensive


def test_a_full_queue_sends_people_away() -> None:
    async def play() -> list[bool]:
        queue = Queue(places=1, waiting_at_most=1, wait_s=60)
        first = await queue.enter()
        second = asyncio.ensure_future(queue.enter())
        await asyncio.sleep(0)
        third = await queue.enter()
        queue.leave()
        return [first, await second, third]

    assert asyncio.run(play()) == [True, True, False]


def test_nobody_waits_for_ever() -> None:
    async def play() -> tuple[bool, bool]:
        queue = Queue(places=1, waiting_at_most=5, wait_s=0)
        return await queue.enter(), await queue.enter()

    assert asyncio.run(play())[1] is False
