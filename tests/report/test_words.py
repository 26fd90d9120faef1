"""Numbers and times as a tired person reads them."""

from __future__ import annotations

import pytest

from scraper.report.words import WIDTH, Sheet, count, moment, printable, share, size, span


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 3, "33 %"),
        (1499, 1500, "99.9 %"),
        (999_999, 1_000_000, "99.9 %"),
        (1, 1_000_000, "below 0.1 %"),
        (1, 200, "0.5 %"),
        (110, 100, "110.0 %"),
        (0, 0, "none"),
    ],
)
def test_a_share_is_whole_or_nothing_only_where_it_is(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


def test_counts_agree_with_their_nouns() -> None:
    assert [count(1, "page"), count(0, "page"), count(1204, "page")] == ["1 page", "0 pages", "1,204 pages"]
    assert count(2, "batch", "batches") == "2 batches"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (7_444_889, "7.1 MiB"), (3 * 1024**4, "3.0 TiB")],
)
def test_sizes(number: int, said: str) -> None:
    assert size(number) == said


def test_times_are_words_and_name_their_zone() -> None:
    assert moment("2026-11-02T01:05:09Z") == "Monday 2 November 2026, 01:05 UTC"
    assert span("2026-11-22T01:00:00Z", "2026-11-22T03:12:59Z") == "Sunday 22 November 2026, 01:00 to 03:12 UTC (2 h 12 min)"
    assert span("2026-11-22T01:00:00Z", "2026-11-22T01:00:09Z") == "Sunday 22 November 2026, 01:00 UTC (9 s)"
    night = "Sunday 22 November 2026, 23:00 to Monday 23 November 2026, 01:00 UTC (2 h 0 min)"
    assert span("2026-11-22T23:00:00Z", "2026-11-23T01:00:00Z") == night


def test_a_clock_that_was_set_back_is_no_negative_time() -> None:
    assert span("2026-11-22T23:00:00Z", "2026-11-22T22:00:00Z").endswith("(0 s)")


def test_nothing_of_a_site_is_a_command_to_a_terminal() -> None:
    assert printable("a\x1b[2Jb\r\nc") == "a\N{REPLACEMENT CHARACTER}[2Jb" + 2 * "\N{REPLACEMENT CHARACTER}" + "c"
    sheet = Sheet("x\x1b]0;y\x07")
    sheet.section("S").add("l", "\x1b[31m")
    assert "\x1b" not in sheet.text() + sheet.markdown()


def sheet() -> Sheet:
    made = Sheet("OK: all is well.")
    made.section("Nothing")
    found = made.section("Found")
    found.add("Requests", "12 new, " + "some more words to fill the line " * 3)
    found.add("", "and this goes with it")
    return made


def test_text_fits_eighty_columns_and_leaves_empty_sections_out() -> None:
    lines = sheet().text().splitlines()
    assert lines[:4] == [
        "OK: all is well.",
        "",
        "Found",
        "  Requests  12 new, some more words to fill the line some more words to fill the",
    ]
    assert lines[-1] == "            and this goes with it"
    assert max(map(len, lines)) <= WIDTH


def test_markdown_is_a_list_and_shows_what_stands_there() -> None:
    made = sheet()
    made.section("Failed").add("request_html", "li.attachment a[href] <script> *all* `x`")
    text = made.markdown()
    assert text.startswith("**OK: all is well.**\n\n## Found\n\n- Requests: 12 new,")
    assert "\n  - and this goes with it\n" in text
    assert r"- request_html: li.attachment a\[href\] \<script\> \*all\* \`x\`" in text
