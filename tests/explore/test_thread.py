"""A request's thread: everything that is known of it, in its place."""

import sqlite3
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from datasette.app import Datasette

from .making import SHA, SITE
from .reading import get, page, words


@pytest.fixture(scope="module")
def thread(dogs: Datasette) -> BeautifulSoup:
    return page(dogs, "/dogs/-/request/1")


def message(thread: BeautifulSoup, anchor: str) -> Tag:
    found = thread.find("article", id=anchor)
    assert isinstance(found, Tag)
    return found


def test_the_head_says_what_it_is(thread: BeautifulSoup) -> None:
    assert words(thread.h1) == "Dogs in <b>Anytown</b>"
    facts = {words(fact.dt): words(fact.dd) for fact in thread.select(".facts > div")}
    assert facts == {
        "Law": "Freedom of Information",
        "State": "Awaiting classification waiting_classification classified as Awaiting response waiting_response",
        "Due": "1 February 2024",
        "Batch": "Dogs everywhere",
        "Correspondence": "Closed",
        "Messages": "5",
        "As fetched": "1 June 2024, 03:04",
    }
    links = {words(link): link["href"] for link in thread.select("header.about a")}
    assert links["Anytown Council"] == "/dogs/-/authority/1"
    assert links["Ann Asker"] == "/dogs/-/user/1"
    assert links["Dogs everywhere"] == "/dogs/-/batch/4"
    assert links["Live page"] == f"{SITE}/request/request_1"


def test_messages_are_in_order_under_the_sites_own_anchors(thread: BeautifulSoup) -> None:
    shown = [article["id"] for article in thread.select("article.message")]
    assert shown == ["outgoing-1", "incoming-2", "incoming-3", "comment-4", "incoming-5"]
    assert message(thread, "incoming-2").select_one("a.permalink")["href"] == "#incoming-2"  # type: ignore[index]
    assert f'href="{SITE}/request/request_1#incoming-2"' in str(message(thread, "incoming-2"))


def test_a_message_says_who_and_when(thread: BeautifulSoup) -> None:
    response = message(thread, "incoming-2")
    assert words(response.h2) == "Response from The team, Anytown Council"
    time = response.find("time")
    assert isinstance(time, Tag)
    assert (time["datetime"], time["title"]) == ("2024-01-02T10:00:00Z", "2024-01-02T10:00:00Z (UTC)")
    assert words(time) == "2 January 2024, 10:00"
    assert "delivery: failed" in words(message(thread, "outgoing-1"))


def test_quotes_are_folded_and_nothing_is_lost(thread: BeautifulSoup) -> None:
    response = message(thread, "incoming-2")
    fold = response.select_one("details.quote")
    assert fold is not None
    assert not fold.has_attr("open")
    assert words(fold.summary) == "Quoted earlier message, 3 lines"
    assert words(fold.select_one(".text")) == "> Dear Council, > How many dogs are there? > Ann"
    assert words(response.select_one(".text")).startswith("Dear Ann, Please find our answer")


def test_what_the_site_masked_is_seen_as_such(thread: BeautifulSoup) -> None:
    assert words(message(thread, "incoming-2").select_one(".masked")) == "[email address]"


def test_links_are_the_safe_ones_alone(thread: BeautifulSoup) -> None:
    response = message(thread, "incoming-2")
    outward = {link["href"]: link["rel"] for link in response.select(".text a, .links a")}
    rel = ["nofollow", "noopener", "noreferrer", "ugc"]
    assert outward == {"https://example.org/a?b=1&c=2": rel, "https://example.org/elsewhere": rel}
    assert words(response.select_one(".links code")) == "javascript:alert(1)"


def test_withheld_and_vanished_messages_are_tombstones(thread: BeautifulSoup) -> None:
    assert "Contains personal data" in words(message(thread, "incoming-3").select_one(".tombstone"))
    assert "took this message down" in words(message(thread, "incoming-5").select_one(".tombstone"))


def test_attachments_tell_type_size_hash_and_text(thread: BeautifulSoup) -> None:
    listed = message(thread, "incoming-2").select(".files > li")
    assert len(listed) == 8
    pdf = listed[0]
    assert words(pdf.select_one(".file")) == f"answer.pdf PDF · 10 KB · {SHA['answer.pdf'][:10]}"
    assert pdf.a is not None
    assert pdf.a["href"] == f"/dogs/-/file/{SHA['answer.pdf']}"
    assert words(pdf.select_one(".excerpt")).startswith("First page about dogs.")
    frame = pdf.find("iframe")
    assert isinstance(frame, Tag)
    assert (frame["src"], frame["loading"]) == (f"/dogs/-/bytes/{SHA['answer.pdf']}", "lazy")
    assert [bool(item.find(["iframe", "img"])) for item in listed] == [True, False, False, True, False, False, False, False]
    assert "withheld by the site. Third party's data" in words(listed[6])
    assert "listed no longer" in words(listed[7])


def test_its_history_and_the_changes_seen(thread: BeautifulSoup) -> None:
    later = words(thread.select_one(".later"))
    assert "Response received" in later
    assert "message incoming-2 , text: 2 words added, 12 removed" in later
    assert "request, state: Awaiting response → Awaiting classification" in later


def test_it_can_be_cited(thread: BeautifulSoup) -> None:
    text = words(thread.find(id="cite-text"))  # type: ignore[arg-type]
    assert text.startswith(
        "Ann Asker (1 January 2024). Dogs in <b>Anytown</b>. Freedom of information request to Anytown Council, no. 1,"
    )
    assert f"{SITE}/request/request_1 (archived 1 June 2024: http://localhost/dogs/-/request/1)" in text
    assert "@misc{foi-request-1," in words(thread.find(id="cite-bibtex"))  # type: ignore[arg-type]


def test_a_title_that_asks_is_cited_without_a_stop(filled_archive: Path, tmp_path: Path) -> None:
    """And a quote at the very end of a text has one line more than line breaks."""
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        db.execute("update requests set title = 'How many dogs?' where id = 1")
        db.execute("update messages set text = rtrim(text, char(10)) where id = 2")
    thread = page(Datasette([str(path)]), "/dogs/-/request/1")
    assert "(1 January 2024). How many dogs? Freedom of information" in words(thread.find(id="cite-text"))  # type: ignore[arg-type]
    assert words(message(thread, "incoming-2").select_one("details.quote summary")) == "Quoted earlier message, 3 lines"


def test_the_sql_behind_it_runs(dogs: Datasette, thread: BeautifulSoup) -> None:
    links = [str(link["href"]) for link in thread.select(".sql a")]
    assert len(links) == 6
    for link in links:
        assert get(dogs, link).status_code == 200, link


def test_an_unknown_request_is_not_found(dogs: Datasette) -> None:
    assert words(page(dogs, "/dogs/-/request/77", 404).h1) == "This request is not in the archive"
    assert words(page(dogs, "/dogs/-/request/x", 404).h1) == "There is no such page"


def test_a_withdrawn_request_is_gone_with_its_reason(dogs: Datasette) -> None:
    shown = words(page(dogs, "/dogs/-/request/9", 410).main)
    assert "Request 9 is not shown" in shown
    assert "A court said so" in shown
    assert "21 May 2024" in shown


def test_new_text_decides_what_is_folded_where_it_is_known(filled_archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    db = sqlite3.connect(copy)
    db.execute("update messages set text = ?, own_text = ? where id = 2", ("Yes.\n\nDear Council,\nhow many\ndogs?", "Yes."))
    db.commit()
    db.close()
    response = message(page(Datasette([str(copy)]), "/dogs/-/request/1"), "incoming-2")
    assert [words(part) for part in response.select(".text")] == ["Yes.", "Dear Council, how many dogs?"]
    assert words(response.select_one("details.quote .text")) == "Dear Council, how many dogs?"
