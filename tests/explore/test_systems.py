"""Which authority names which supplier's system: the page, by value, and what strangers put into it."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from datasette.app import Datasette

from scraper.archive.store import Archive
from scraper.explore.systems import _marked
from scraper.study.build import build

from .making import SHA, SITE, filled, message, request
from .reading import active, get, page, words

NOW = "2024-06-02T03:00:00Z"
LEXICON = """
name: systems
terms:
  - {term: Xantura, kind: supplier, supplier: Xantura, source: made up}
  - {term: OneView, kind: system, supplier: Xantura, source: made up}
  - {term: "Odd <b>One</b>", kind: system, supplier: "O'Dd & Sons", variants: [oddone], source: made up}
  - {term: Algorithm, kind: use, source: made up}
"""
ANSWER = "We use <script>alert(1)</script> OneView by Xantura. Xantura is paid yearly.\n\nNo algorithm decides."


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = filled(tmp_path_factory.mktemp("systems") / "dogs.db")
    lexicon = path.with_name("systems.yml")
    lexicon.write_text(LEXICON, encoding="utf-8")
    with closing(sqlite3.connect(path)) as db:
        db.execute("update messages set text = ?, own_text = null where id = 7", (ANSWER,))
        db.execute("update file_texts set text = 'A first page.' || char(12) || 'The OddOne is from OneView.'")
        db.execute("update files set page_count = 2 where text_status = 'extracted'")
        request(db, 4, title="Acknowledged", batch_id=4, authority_id=2)
        message(db, 20, 4, "outgoing-20", "request", 1, text="Do you use OneView by Xantura?")
        text = "Thank you for your request, which we received today. You will receive an answer within 20 working days."
        message(db, 21, 4, "incoming-21", "response", 2, text=text)
        request(db, 5, title="Nothing", batch_id=4, authority_id=2)
        message(db, 22, 5, "incoming-22", "response", 2, text="We hold no information about this, and have no supplier.")
        db.commit()
    with Archive.open(path) as opened:
        build(opened, (), NOW, lexicons=[str(lexicon)])
    return path


@pytest.fixture(scope="module")
def systems(archive: Path) -> Datasette:
    return Datasette([str(archive)])


def passages(soup: BeautifulSoup) -> list[list[str]]:
    """The cells of the table; a quotation with its marks taken out."""
    rows = soup.select("table.passages tbody tr")
    return [[" ".join(cell.get_text("" if cell.q else " ").split()) for cell in row.find_all(["th", "td"])] for row in rows]


def after(soup: BeautifulSoup, heading: str) -> list[str]:
    """The authorities listed under a heading."""
    following = soup.select_one(f"#{heading}").find_next(["ul", "h2"])  # type: ignore[union-attr]
    return [words(link) for link in following.select("a")] if following.name == "ul" else []  # type: ignore[union-attr]


def test_every_passage_is_quoted_with_its_source(systems: Datasette) -> None:
    soup = page(systems, "/dogs/-/systems")
    assert words(soup.select_one(".lead")) == "2 authorities name 3 terms in 7 places."
    in_file, in_thread = "in the file, page 2 on the site", "in the thread on the site 12 January 2024"
    odd, one, xantura = "Odd <b>One</b> system of O'Dd & Sons", "OneView system of Xantura", "Xantura supplier of Xantura"
    file, letter = "The OddOne is from OneView.", "We use <script>alert(1)</script> OneView by Xantura."
    assert passages(soup) == [
        ["Anytown Council", odd, file, f"{in_file} 2 January 2024"],
        ["Anytown Council", one, file, f"{in_file} 2 January 2024"],
        ["Othertown Council", odd, file, f"{in_file} 12 January 2024"],
        ["Othertown Council", one, letter, in_thread],
        ["Othertown Council", one, file, f"{in_file} 12 January 2024"],
        ["Othertown Council", xantura, f"{letter} and 1 further place", in_thread],
    ]
    assert [words(mark) for mark in soup.select("td.wide mark")] == [
        "OddOne",
        "OneView",
        "OddOne",
        "OneView",
        "OneView",
        "Xantura",
    ]
    rows = soup.select("table.passages tbody tr")
    assert [link["href"] for link in rows[3].find_all("td")[-1].find_all("a")] == [
        "/dogs/-/request/2#incoming-7",
        f"{SITE}/request/request_2#incoming-7",
    ]
    assert rows[1].find_all("td")[-1].a["href"] == f"/dogs/-/file/{SHA['answer.pdf']}?q=OneView&page=2#passage"
    assert active(soup) == []
    assert "not a fact" in words(soup.select_one(".hint"))


def test_a_long_quotation_is_cut_around_the_words() -> None:
    quote = "word " * 100 + "OneView" + " <b>" * 100
    shown = str(_marked(quote, "OneView"))
    assert shown == "… " + "word " * 39 + "<mark>OneView</mark>" + " &lt;b&gt;" * 49 + " …"
    assert str(_marked("short OneView", "OneView")) == "short <mark>OneView</mark>"


def test_sources_lead_somewhere(systems: Datasette) -> None:
    soup = page(systems, "/dogs/-/systems?batch=4")
    for link in {str(tag["href"]) for tag in soup.select("main a[href^='/']")}:
        parts = urlsplit(link)
        answer = get(systems, parts._replace(fragment="").geturl())
        assert answer.status_code == 200, link
        if parts.fragment and parts.path != "/dogs/-/systems":
            assert BeautifulSoup(answer.text, "lxml").find(id=parts.fragment) is not None, link


def test_terms_are_counted_by_authority(systems: Datasette) -> None:
    soup = page(systems, "/dogs/-/systems")
    drawn = {words(row.th): [words(cell) for cell in row.select(".num")] for row in soup.select("table.bars tbody tr")}
    assert drawn == {"Odd <b>One</b>": ["2", "100 %"], "OneView": ["2", "100 %"], "Xantura": ["1", "50 %"]}


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("kind=supplier", {"Xantura"}),
        ("kind=use", {"Algorithm"}),
        ("supplier=O%27Dd+%26+Sons", {"Odd <b>One</b>"}),
        ("term=OneView&authority=1", {"OneView"}),
        ("authority=1", {"OneView", "Odd <b>One</b>"}),
        ("lexicon=systems&kind=supplier", {"Xantura"}),
        ("lexicon=none", set()),
        ("batch=4&kind=supplier", {"Xantura"}),
        ("page=2", set()),
        ("supplier=%27%3B+drop+table+mentions", set()),
    ],
)
def test_what_it_is_narrowed_to(systems: Datasette, query: str, terms: set[str]) -> None:
    soup = page(systems, f"/dogs/-/systems?{query}")
    assert {words(row.td.a) for row in soup.select("table.passages tbody tr")} == terms
    for name, value in ((field["name"], field["value"]) for field in soup.select("input[type=hidden]")):
        assert f"{name}={value}" in query


@pytest.mark.parametrize("query", ["batch=none", "batch=99", "batch=1e3", "authority=77", "kind=person", "page=0"])
def test_what_there_is_not(systems: Datasette, query: str) -> None:
    assert get(systems, f"/dogs/-/systems?{query}").status_code == 404


def test_a_batch_also_shows_who_named_none_and_who_did_not_answer(systems: Datasette) -> None:
    soup = page(systems, "/dogs/-/systems?batch=4&kind=supplier")
    links = [str(link["href"]) for link in soup.select("#unnamed ~ ul a")]
    # Anytown's answer brings files that name a system but no supplier; the acknowledgement is no answer.
    assert after(soup, "unnamed") == ["Anytown Council", "Othertown Council"]
    assert after(soup, "silent") == ["Anytown Council", "Othertown Council"]
    assert links == ["/dogs/-/request/1", "/dogs/-/request/5", "/dogs/-/request/3", "/dogs/-/request/4"]
    assert "2 requests of 5 here; an acknowledgement" in words(soup.main)
    assert after(page(systems, "/dogs/-/systems?batch=4"), "unnamed") == ["Othertown Council"]


def test_without_the_clock_any_response_is_an_answer(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "dogs.db"
    other.write_bytes(archive.read_bytes())
    with closing(sqlite3.connect(other)) as db:
        for view in ("batch_answers", "batch_comparison"):
            db.execute(f"drop view {view}")
        db.execute("drop table deadlines")
        db.commit()
    soup = page(Datasette([str(other)]), "/dogs/-/systems?batch=4")
    assert [str(link["href"]) for link in soup.select("#silent ~ ul a")] == ["/dogs/-/request/3"]
    assert "acknowledgement" not in words(soup.main)


@pytest.mark.parametrize(("query", "places"), [("", 7), ("?kind=supplier", 2), ("?kind=use", 1), ("?batch=4&authority=1", 2)])
def test_the_csv_has_every_place(systems: Datasette, query: str, places: int) -> None:
    soup = page(systems, f"/dogs/-/systems{query}")
    link = next(tag for tag in soup.select("main a") if words(tag) == "All places as CSV")
    rows = list(csv.DictReader(io.StringIO(get(systems, str(link["href"])).text)))
    assert len(rows) == places
    assert all(row["quote"] for row in rows)


def test_the_sql_behind_it_gives_the_same(systems: Datasette) -> None:
    soup = page(systems, "/dogs/-/systems?batch=4&kind=system")
    link = next(tag for tag in soup.select(".sql a") if words(tag) == "Passages, authority by authority")
    path, _, query = str(link["href"]).partition("?")
    rows = get(systems, f"{path}.json?{query}&_shape=array").json()
    assert len(rows) == len(passages(soup)) == 5


def test_the_codebook_begins_with_the_archives_own_tables(systems: Datasette) -> None:
    shown = [words(heading.code) for heading in page(systems, "/dogs/-/about").find_all("h3") if heading.code]
    assert shown[0] == "request_summary"
    assert shown.index("archive_info") < shown.index("mentions")


def test_an_archive_that_was_not_studied_says_what_to_run(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/systems")
    assert words(soup.pre) == "wdtk study mentions"


def test_what_is_withheld_meanwhile_is_not_shown(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "dogs.db"
    other.write_bytes(archive.read_bytes())
    with closing(sqlite3.connect(other)) as db:
        db.execute("update requests set withheld_at = ? where id = 2", (NOW,))
        db.execute("update messages set withheld = 'hidden' where id = 2")
        db.commit()
    soup = page(Datasette([str(other)]), "/dogs/-/systems?batch=4")
    assert passages(soup) == []
    assert after(soup, "unnamed") == ["Anytown Council", "Othertown Council"]


def test_start_and_batch_lead_here(systems: Datasette) -> None:
    for path, link in (("/dogs/-/", "/dogs/-/systems"), ("/dogs/-/batch/4", "/dogs/-/systems?batch=4")):
        assert link in [str(tag["href"]) for tag in page(systems, path).select("main a")]
