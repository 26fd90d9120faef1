"""What strangers wrote stays text, on every page, whatever they wrote and wherever they wrote it."""

import sqlite3
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from datasette.app import Datasette

from scraper.explore.breaks import LONGEST, breakable

from .making import IDS, SHA
from .reading import active, get

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)//http://example.org/",
    "</title></textarea></style></script><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "\u202etxt.exe\u2066\u2069 \x00\x1b[31m\x07",
    "<a href='javascript:alert(1)' style='position:fixed;inset:0'>x</a>",
    "<!--<base href=https://evil.example/>--><base href=https://evil.example/>",
    "&lt;script&gt;alert(1)&lt;/script&gt;<style>*{display:none}</style>",
    "A" * 5_000,
    "<mark>x</mark>\ud7ff\ufeff\u2028",
]
PAGES = [
    "/dogs/-/",
    "/dogs/-/request/1",
    "/dogs/-/request/9",
    "/dogs/-/authority/1",
    "/dogs/-/batch/4",
    "/dogs/-/user/1",
    "/dogs/-/user/2",
    f"/dogs/-/file/{SHA['answer.pdf']}",
    f"/dogs/-/file/{SHA['unknown']}",
    "/dogs/-/changes",
    "/dogs/-/changes?run=1",
    "/dogs/-/health",
]
TEXT = {"title", "alt", "aria-label", "content"}
"""Attributes that are read out and lead nowhere."""

WRITTEN = """
update requests set title = :it, user_name = :it, url = :it, described_state = :it, display_state = :it, law_used = :it,
  withheld_reason = :it, withheld_kind = :it;
update authorities set name = :it, short_name = :it, home_page = :it, notes = :it, disclosure_log = :it, url_name = :it;
update authority_tags set name = :it, value = :it;
update users set name = :it, about_me = :it;
update batches set title = :it;
update messages set author = :it, text = :it || char(10) || '> ' || :it || char(10) || '> ' || :it, withheld_reason = :it
  , delivery_status = :it where id <> 2;
update messages set author = :it, text = :it, delivery_status = :it where id = 2;
update links set url = :it, shown_text = :it;
update attachments set filename = :it, url = :it, note = :it, status_reason = :it, size_shown = :it;
update file_texts set text = :it || char(12) || :it;
update files set text_error = :it, text_method = :it, media_type = :it where sha256 <> :pdf;
update file_members set path = :it, reason = :it;
update events set event_type = :it where event_type <> 'response';
update changes set old_value = :it, new_value = :it, column_name = :it, table_name = :it where id = 2;
update runs set command = :it, outcome = :it, software = :it;
update captures set url = :it, reason = :it;
update ceiling_hits set page_key = :it
"""
"""Every column that anybody outside can have a hand in, and some that nobody should."""


@pytest.fixture(scope="module", params=range(len(HOSTILE)))
def attacked(
    request: pytest.FixtureRequest, filled_archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Datasette]:
    text = HOSTILE[request.param]
    copy = tmp_path_factory.mktemp("attacked") / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    db = sqlite3.connect(copy)
    for statement in WRITTEN.split(";"):
        db.execute(statement, {"it": text, "pdf": SHA["answer.pdf"]})
    db.commit()
    db.close()
    (copy.with_suffix(".files")).symlink_to(filled_archive.with_suffix(".files"))
    return text, Datasette([str(copy)])


def test_nothing_of_it_is_markup(attacked: tuple[str, Datasette]) -> None:
    _, datasette = attacked
    for path in PAGES:
        answer = get(datasette, path)
        assert answer.status_code in (200, 410), path
        soup = BeautifulSoup(answer.text, "lxml")
        assert active(soup) == [], path
        assert not soup.find_all(["img"], src="x"), path
        told = {str(value) for tag in soup.find_all(True) for name, value in tag.attrs.items() if name not in TEXT}
        assert not [value for value in told if "evil.example" in value], path
        for frame in soup.find_all(["iframe", "img"]):
            assert str(frame["src"]).startswith("/dogs/-/bytes/"), path


def test_no_control_character_reaches_a_reader(attacked: tuple[str, Datasette]) -> None:
    _, datasette = attacked
    for path in PAGES:
        found = {
            f"U+{ord(letter):04X}"
            for letter in get(datasette, path).text
            if letter in "\x00\x07\x1b\u202e\u2066\u2069\ufeff\u2028"
        }
        assert found == set(), path


def test_no_word_is_without_an_end(attacked: tuple[str, Datasette]) -> None:
    """Chromium takes half a minute for a page full of words of 10,000 letters."""
    _, datasette = attacked
    for path in (*PAGES, "/dogs/-/search?q=aa*", "/dogs/-/about"):
        soup = BeautifulSoup(get(datasette, path).text, "lxml")
        assert soup.body is not None
        longest = max((len(word) for text in soup.body.strings for word in text.split()), default=0)
        assert longest <= LONGEST, path


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a" * LONGEST, [LONGEST]),
        ("a" * (LONGEST + 1), [LONGEST, 1]),
        ("a" * (2 * LONGEST) + " b", [LONGEST, LONGEST + 2]),
        ("&amp;" * (LONGEST + 1), [5 * LONGEST, 5]),
        ("a" * LONGEST + "\u0301\u0302b", [LONGEST + 2, 1]),
        ("a" * (LONGEST - 1) + "\U0001f469\u200d\U0001f52cb", [LONGEST + 2, 1]),
        ("\u0301" * 3 * LONGEST, [3 * LONGEST]),
    ],
)
def test_a_long_word_may_be_broken_between_letters(text: str, pieces: list[int]) -> None:
    page = f'<head><title>{text}</title></head><body class="x"><a href="{"y" * 999}">{text}</a></body>'
    broken = breakable(page)
    assert broken.replace("<wbr>", "") == page
    assert broken.startswith(f"<head><title>{text}</title>")
    assert f'href="{"y" * 999}"' in broken
    shown = broken.rpartition('">')[2].removesuffix("</a></body>")
    assert [len(piece) for piece in shown.split("<wbr>")] == pieces


def test_it_can_be_read_as_text(attacked: tuple[str, Datasette]) -> None:
    text, datasette = attacked
    title = BeautifulSoup(get(datasette, "/dogs/-/request/1").text, "lxml").h1
    assert title is not None
    if text.isprintable():
        assert title.get_text() == text
    else:
        assert "\u27e6U+" in title.get_text()


def test_datasettes_tables_are_no_way_in_either(attacked: tuple[str, Datasette]) -> None:
    _, datasette = attacked
    for path in ("/dogs/requests", "/dogs/authorities", "/dogs/messages", "/dogs/users", "/dogs/files", "/dogs/requests/1"):
        soup = BeautifulSoup(get(datasette, path).text, "lxml")
        cells = soup.select("table.rows-and-columns td")
        assert cells, path
        for cell in cells:
            assert not cell.find_all(["script", "img", "svg", "iframe", "style", "base"]), path
            assert not [link for link in cell.find_all("a") if str(link.get("href")).strip().lower().startswith("javascript:")], (
                path
            )


def test_a_name_cannot_break_out_of_a_header(attacked: tuple[str, Datasette]) -> None:
    _, datasette = attacked
    answer = get(datasette, f"/dogs/-/bytes/{SHA['answer.pdf']}")
    assert answer.status_code == 200
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(("inline; filename=", "attachment; filename="))
    assert disposition.count('"') == 2
    assert disposition.isascii()
    assert len(disposition) < 1_500


def test_a_media_type_of_a_strangers_is_never_served(attacked: tuple[str, Datasette]) -> None:
    _, datasette = attacked
    assert IDS["page.html"] == 2
    assert get(datasette, f"/dogs/-/bytes/{SHA['page.html']}").headers["content-type"] == "application/octet-stream"
