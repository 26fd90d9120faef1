"""Authority, batch, user, file, changes, health, about and the start: what they say, by value."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from datasette.app import Datasette

from scraper.metadata import metadata

from .making import SHA, add, message, request
from .reading import get, page, words


def bars(soup: BeautifulSoup, title: str) -> dict[str, str]:
    """A bar chart's counts, by its caption."""
    for table in soup.select("table.bars"):
        if words(table.caption) == title:
            return {words(row.th): words(row.td) for row in table.select("tbody tr")}
    raise AssertionError(f"no chart {title}")


def listed(soup: BeautifulSoup, heading: str) -> list[str]:
    """The titles in the list that follows a heading."""
    found = next(tag for tag in soup.find_all(["h2"]) if words(tag) == heading)
    following = found.find_next(["ol", "ul"])
    return [words(link) for link in following.select("li > a:first-child, li > p > a:first-child")]  # type: ignore[union-attr]


def test_the_start_says_what_there_is(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/")
    assert [words(card) for card in soup.select(".card")] == [
        "3 requests",
        "8 messages",
        "9 attachments",
        "2 authorities asked, of 2 known",
        "1 batch",
    ]
    assert listed(soup, "Newest requests") == ["Silence", "Dogs in Othertown", "Dogs in <b>Anytown</b>"]
    assert listed(soup, "Newest responses")[0] == "Dogs in Othertown"
    assert bars(soup, "Requests by state") == {
        "Awaiting classification": "1",
        "Awaiting response": "1",
        "Successful": "1",
    }
    assert soup.select_one("form[role=search]")["action"] == "/dogs/-/search"  # type: ignore[index]


def test_the_start_is_the_front_page_where_it_is_all_there_is(dogs: Datasette, filled_archive: Path, archive: Path) -> None:
    assert words(page(dogs, "/").h1) == metadata()["title"]
    assert "2 authorities asked" in words(page(dogs, "/").main)
    both = Datasette([str(filled_archive), str(archive)])
    assert {"/dogs", "/councils"} <= {str(link.get("href")) for link in page(both, "/").find_all("a")}
    assert get(dogs, "/.json").json()["dogs"]["name"] == "dogs"


def test_an_empty_archive_has_all_its_pages(archive: Path) -> None:
    datasette = Datasette([str(archive)])
    for path in ("", "changes", "changes?page=2", "health", "about"):
        assert get(datasette, f"/councils/-/{path}").status_code == 200, path


def test_an_authority(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/authority/1")
    assert words(soup.h1) == "Anytown Council ( AC )"
    assert "2 requests in this archive; half of those answered got a first response within 1 day." in words(
        soup.select_one(".lead")
    )
    assert bars(soup, "How they stand") == {"Awaiting classification": "1", "Awaiting response": "1"}
    assert bars(soup, "Time to the first response") == {"up to 7 days": "1", "no response yet": "1"}
    assert listed(soup, "Longest open") == ["Silence"]
    assert listed(soup, "Batches it was part of") == ["Dogs everywhere"]
    assert listed(soup, "Requests, newest first") == ["Silence", "Dogs in <b>Anytown</b>"]
    assert words(soup.select_one(".columns-chart + .ticks")) == "2024-01"
    assert soup.select_one(".columns-chart")["aria-label"] == "Requests by month, 2024-01 to 2024-01; at most 2"  # type: ignore[index]


def test_a_batch(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/batch/4")
    assert words(soup.select_one(".lead")) == (
        "One question to 3 authorities, by Ann Asker . 3 requests of it are in this archive; 1 without any answer."
    )
    rows = [[words(cell) for cell in row.find_all(["th", "td"])] for row in soup.select(".tall tbody tr")]
    assert rows == [
        ["Anytown Council", "Awaiting classification", "1", "6"],
        ["Anytown Council", "Awaiting response", "no answer", ""],
        ["Othertown Council", "Successful", "10", "1"],
    ]
    answers = [words(card) for card in soup.select(".answers > li")]
    assert len(answers) == 2
    assert answers[1].endswith("There are seven dogs.")
    assert "How many dogs are there" not in answers[0]
    assert listed(soup, "Who did not answer") == ["Anytown Council"]
    assert listed(soup, "Files that came")[0] == "answer.pdf"


def test_a_user(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/user/1")
    assert words(soup.h1) == "Ann Asker"
    assert "3 requests in this archive" in words(soup.select_one(".lead"))
    assert listed(soup, "Batches") == ["Dogs everywhere"]
    neil = page(dogs, "/dogs/-/user/2")
    assert [str(link["href"]) for link in neil.select("ol.requests a")] == ["/dogs/-/request/1#comment-4"]


def test_a_file_with_its_text_page_by_page(dogs: Datasette) -> None:
    soup = page(dogs, f"/dogs/-/file/{SHA['answer.pdf']}")
    assert words(soup.h1) == "answer.pdf"
    assert [(part["id"], words(part.select_one(".text"))) for part in soup.select(".filetext .page")] == [
        ("page-1", "First page about dogs."),
        ("page-2", "Second page about cafés & <i>cats</i>."),
    ]
    assert listed(soup, "Where it is attached") == ["Dogs in <b>Anytown</b>", "Dogs in Othertown"]
    assert soup.select("mark") == []


@pytest.mark.parametrize(
    ("query", "marks"),
    [
        ("dog", ["dogs"]),
        ("CAFE", ["cafés"]),
        ('"second page"', ["page", "Second", "page"]),
        ("cats NOT dogs", ["dogs", "cats"]),
        ("<script>", []),
        ("i", ["i", "i"]),
        ("...", []),
    ],
)
def test_words_sought_are_marked(dogs: Datasette, query: str, marks: list[str]) -> None:
    answer = get(dogs, f"/dogs/-/file/{SHA['answer.pdf']}", params={"q": query})
    soup = BeautifulSoup(answer.text, "lxml")
    assert [words(mark) for mark in soup.select("mark")] == marks
    assert words(soup.select_one(".count")).startswith(f"{len(marks)} place")


@pytest.mark.parametrize(
    ("query", "landing"),
    [
        ("q=page", ("page-1", "mark", "page")),
        ("q=page&page=2", ("page-2", "mark", "page")),
        ("q=dogs&page=2", ("page-2", "span", "")),
        ("q=nothing", ("page-1", "span", "")),
    ],
)
def test_a_link_to_a_passage_lands_on_it_or_on_its_page(dogs: Datasette, query: str, landing: tuple[str, str, str]) -> None:
    soup = page(dogs, f"/dogs/-/file/{SHA['answer.pdf']}?{query}")
    [passage] = soup.select("#passage")
    around = passage.find_parent("section", class_="page")
    assert around is not None
    assert (around["id"], passage.name, words(passage)) == landing


def test_what_is_in_a_file_and_what_it_is_in(dogs: Datasette) -> None:
    outer = page(dogs, f"/dogs/-/file/{SHA['unknown']}")
    assert [words(item) for item in outer.find("h2", string="What it contains").find_next("ul").select("li")] == [  # type: ignore[union-attr]
        "folder/inner.txt Text · 12 bytes",
        "secret.txt not kept: encrypted",
    ]
    inner = page(dogs, f"/dogs/-/file/{SHA['inner.txt']}")
    assert words(inner.h1) == "inner.txt"
    assert words(inner.select_one("h2 + ul.plain li")) == "unknown Unknown type · 3 bytes · as folder/inner.txt"
    assert f"/dogs/-/file/{SHA['unknown']}" in {str(link["href"]) for link in inner.select("main a")}


def test_an_archive_of_before_the_members(filled_archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    db = sqlite3.connect(copy)
    db.execute("drop table file_members")
    db.commit()
    db.close()
    datasette = Datasette([str(copy)])
    assert get(datasette, f"/dogs/-/file/{SHA['unknown']}").status_code == 200
    assert get(datasette, f"/dogs/-/file/{SHA['inner.txt']}").status_code == 404


def test_a_long_text_is_shown_in_parts(filled_archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    db = sqlite3.connect(copy)
    text = "\f".join(f"{number} " + "word " * 9_000 for number in range(1, 31))
    db.execute("update file_texts set text = ?", (text,))
    db.commit()
    db.close()
    datasette = Datasette([str(copy)])

    def shown(query: str) -> list[str]:
        soup = page(datasette, f"/dogs/-/file/{SHA['answer.pdf']}{query}")
        return [str(part["id"]) for part in soup.select(".filetext .page")]

    assert shown("")[0] == "page-1"
    assert len(shown("")) == 7
    assert "page-20" in shown("?page=20")
    assert shown("?page=999")[-1] == "page-30"
    assert shown("?page=x") == shown("")


def test_nights(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/changes")
    assert words(soup.select_one(".night .meta")) == "nightly · failures · 2 new requests · 1 changed · 0 withheld"
    assert {words(item) for item in soup.select(".night li")} == {"message: text 1", "request: state 1"}
    night = page(dogs, "/dogs/-/changes?run=1")
    assert [words(item) for item in night.select(".changes li")] == [
        "message incoming-2 , text: 2 words added, 12 removed",
        "request, state: Awaiting response → Awaiting classification",
    ]
    assert page(dogs, "/dogs/-/changes?run=5", 404)
    assert page(dogs, "/dogs/-/changes?run=x", 404)


def test_a_night_has_its_new_requests_and_messages(filled_archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        read = {"run_id": 1, "page_kind": "request_html", "outcome": "changed", "url": "x"}
        for number in (1, 4, 5):
            add(db, "captures", page_key=f"request_{number}", requested_at="2024-06-01T03:10:00Z", **read)
        that_night, later = "2024-06-01T03:10:00Z", "2024-06-02T03:10:00Z"
        request(db, 4, title="Cats", first_seen_at=that_night)
        message(db, 30, 4, "outgoing-30", "request", 1, first_seen_at=that_night)
        request(db, 5, title="Of the night after", first_seen_at=later)
        message(db, 31, 1, "incoming-31", "response", 6, first_seen_at=that_night)
        message(db, 32, 1, "incoming-32", "response", 7, first_seen_at=that_night, text=None, withheld="hidden")
        message(db, 33, 1, "incoming-33", "response", 8, first_seen_at=later)
    night = page(Datasette([str(path)]), "/dogs/-/changes?run=1")
    assert listed(night, "New requests") == ["Cats"]
    assert listed(night, "New messages in requests known before") == ["Response in Dogs in <b>Anytown</b>"]
    assert [str(link["href"]) for link in night.select("#messages + ol a")] == ["/dogs/-/request/1#incoming-31"]


def test_health(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/health")
    tables = {region["aria-label"]: [words(row) for row in region.select("tbody tr")] for region in soup.select("[role=region]")}
    assert tables["Completeness"] == ["Requests 3 4 75.0 % 1 June 2024, 03:00"]
    assert tables["Runs"] == ["1 June 2024, 03:00 nightly failures 0 0 2 1 0 1 0"]
    assert "500 from the site" in tables["Failures"][0]
    assert bars(soup, "Attachments") == {"Kept": "8", "Withheld by the site": "1"}
    assert bars(soup, "Text of the files")["Scans without text"] == "1"
    assert "query=dogs" in words(soup.main)


def test_about_has_the_codebook(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/about")
    shown = {words(heading.code) for heading in soup.find_all("h3") if heading.code}
    tables = metadata()["databases"]["archive"]["tables"]
    assert shown == {name for name, table in tables.items() if not table.get("hidden")}
    requests = next(part for part in soup.select("section[aria-labelledby=table-requests]"))
    assert [words(name) for name in requests.select("dt")] == list(tables["requests"]["columns"])


@pytest.mark.parametrize(
    "path",
    ["authority/77", "batch/77", "user/77", f"file/{'0' * 64}", "authority/1?page=0", "user/1?page=x", "batch/4?page=9999999999"],
)
def test_what_is_not_there_is_not_found(dogs: Datasette, path: str) -> None:
    assert page(dogs, f"/dogs/-/{path}", 404).select_one("header.top")


@pytest.mark.parametrize(
    "path", ["", "authority/1", "batch/4", "user/1", f"file/{SHA['answer.pdf']}", "changes?run=1", "health", "about"]
)
def test_the_sql_behind_each_page_runs(dogs: Datasette, path: str) -> None:
    links = {str(link["href"]) for link in page(dogs, f"/dogs/-/{path}").find_all("a") if "?sql=" in str(link.get("href"))}
    assert links
    for link in links:
        assert get(dogs, link).status_code == 200, link


@pytest.mark.parametrize(
    "path", ["", "request/1", "authority/1", "batch/4", "user/1", f"file/{SHA['answer.pdf']}", "changes", "health", "about"]
)
def test_pages_have_landmarks_and_headings_in_order(dogs: Datasette, path: str) -> None:
    soup = page(dogs, f"/dogs/-/{path}")
    assert soup.html is not None
    assert soup.html["lang"] == "en"
    assert [len(soup.find_all(name)) for name in ("main", "h1")] == [1, 1]
    assert soup.select_one("a.skip")["href"] == "#content"  # type: ignore[index]
    levels = [int(tag.name[1]) for tag in soup.find_all(["h1", "h2", "h3", "h4"])]
    assert all(later - before <= 1 for before, later in pairwise(levels))
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))


def test_a_page_that_needs_too_long_says_so(filled_archive: Path) -> None:
    datasette = Datasette([str(filled_archive)])
    assert get(datasette, "/dogs/-/health").status_code == 200
    datasette.sql_time_limit_ms = -1000  # over before it begins
    soup = page(datasette, "/dogs/-/health", 503)
    assert words(soup.h1) == "This took too long"
