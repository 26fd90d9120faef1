"""The search page: what is found, where it leads, and that strangers' words stay words."""

import asyncio
import csv
import io
import sqlite3
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from bs4 import BeautifulSoup
from datasette.app import Datasette
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.archive.store import Archive
from scraper.explore import search_engine, search_passages
from scraper.urls import Site

from .making import SEEN, SHA, SITE, add, attachment, message, request
from .reading import active, get, page, words

HOSTILE = "<script>alert('zebra')</script> <mark>not ours</mark> \u202ezebra\u0000 & <img src=x onerror=alert(1)>"


def search(datasette: Datasette, **query: str) -> BeautifulSoup:
    return page(
        datasette, f"/dogs/-/search?{urlencode({'in' if name == 'where' else name: value for name, value in query.items()})}"
    )


def hits(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Words and address of each hit."""
    return [(words(link), str(link["href"])) for link in soup.select(".hit .title")]


def snippets(soup: BeautifulSoup) -> list[str]:
    return [words(snippet) for snippet in soup.select(".hit .snippet")]


def hints(soup: BeautifulSoup) -> str:
    return " ".join(words(hint) for hint in soup.select(".hint"))


def test_titles_messages_and_files_are_found(dogs: Datasette) -> None:
    assert hits(search(dogs, q="dogs", where="titles")) == [
        ("Dogs in Othertown", "/dogs/-/request/2"),
        ("Dogs in <b>Anytown</b>", "/dogs/-/request/1"),
    ]
    assert {address for _, address in hits(search(dogs, q="seven", where="messages"))} == {"/dogs/-/request/2#incoming-7"}
    everywhere = search(dogs, q="dogs")
    assert [words(heading) for heading in everywhere.select("section:has(.hits) h2")] == ["Titles 2", "Messages 5", "Files 1"]


def test_a_file_leads_to_the_page_of_the_passage(dogs: Datasette) -> None:
    sha256 = SHA["answer.pdf"]
    [(name, address)] = hits(search(dogs, q="cats"))
    assert name == "same answer.pdf , page 2"
    assert address == f"/dogs/-/file/{sha256}?q=cats&page=2#passage"
    assert hits(search(dogs, q="first page", where="files"))[0][1].endswith("&page=1#passage")
    landed = page(dogs, address)
    assert [words(mark) for mark in landed.select("#page-2 mark#passage")] == ["cats"]


def test_words_are_marked_and_nothing_else_is_markup(dogs: Datasette) -> None:
    found = search(dogs, q="cafes cats")
    assert [words(mark) for mark in found.select(".snippet mark")] == ["cafés", "cats"]
    assert snippets(found) == ["First page about dogs. Second page about cafés & <i> cats </i>."]
    assert active(found) == []


def test_strangers_words_stay_words(tmp_path: Path) -> None:
    path = tmp_path / "dogs.db"
    Archive.open(path, Site(SITE)).close()
    db = sqlite3.connect(path)
    add(db, "authorities", id=1, url_name="a", name=HOSTILE, **SEEN)
    add(db, "users", id=1, url_name="u", name=HOSTILE, **SEEN)
    request(db, 1, title=HOSTILE, user_name=HOSTILE)
    own = search_passages.OPEN + "zebra" + HOSTILE
    message(db, 1, 1, "incoming-1", "response", 1, text=own, author=HOSTILE)
    add(db, "files", id=1, sha256="0" * 64, size=1, media_type=HOSTILE)
    add(db, "file_texts", file_id=1, text=HOSTILE)
    attachment(db, 1, 1, HOSTILE, file_id=1)
    db.commit()
    db.close()
    for query in ("zebra", "script", "alert", HOSTILE, f"{HOSTILE} OR zebra"):
        found = search(Datasette([str(path)]), q=query, authority="zebra")
        assert active(found) == []
        assert found.select("main script, main img") == []
        assert {tag.name for tag in found.select(".snippet *")} <= {"bdi", "mark"}
        assert "not ours" not in [tag.text for tag in found.select("mark")]
    assert len(hits(found)) == 3
    assert "\u202e" not in str(found)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"authority": "2"}, {"incoming-7", "outgoing-6"}),
        ({"authority": "othertown"}, {"incoming-7", "outgoing-6"}),
        ({"authority": "nowhere"}, set()),
        ({"tag": "london_borough"}, {"outgoing-1", "incoming-2", "outgoing-8"}),
        ({"tag": "london_borough:5"}, set()),
        ({"requester": "Ann"}, {"outgoing-1", "incoming-2", "incoming-7", "outgoing-6", "outgoing-8"}),
        ({"requester": "2"}, set()),
        ({"batch": "4"}, {"outgoing-1", "incoming-2", "incoming-7", "outgoing-6", "outgoing-8"}),
        ({"law": "eir"}, set()),
        ({"state": "successful"}, {"incoming-7", "outgoing-6"}),
        ({"kind": "response"}, {"incoming-2", "incoming-7"}),
        ({"since": "2024-01-03"}, {"incoming-7", "outgoing-8"}),
        ({"until": "2024-01-02"}, {"outgoing-1", "incoming-2", "outgoing-6"}),
        ({"since": "2024-01-02", "until": "2024-01-02"}, {"incoming-2", "outgoing-6"}),
        ({"state": "successful", "kind": "response"}, {"incoming-7"}),
    ],
)
@pytest.mark.parametrize("common", [False, True])
def test_filters(
    dogs: Datasette, monkeypatch: pytest.MonkeyPatch, filters: dict[str, str], expected: set[str], common: bool
) -> None:
    """The same hits by each way of finding them."""
    if common:
        for name in ("RANKED_AT_MOST", "READ_AT_MOST", "GROUPED_AT_MOST"):
            monkeypatch.setattr(search_engine, name, 0)
    for query in ("dogs", "dog*"):
        found = search(dogs, q=query, where="messages", **filters)
        assert {address.partition("#")[2] for _, address in hits(found)} == expected
        assert words(found.select_one(".places li:nth-child(3)")).endswith(str(len(expected)))


@pytest.mark.parametrize("limits", [{}, {"RANKED_AT_MOST": 0, "GROUPED_AT_MOST": 0}, {"READ_AT_MOST": 0, "GROUPED_AT_MOST": 0}])
def test_files_are_filtered_by_type_and_by_where_they_came(
    dogs: Datasette, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(search_engine, name, value)
    assert len(hits(search(dogs, q="dogs", type="PDF"))) == 1
    assert hits(search(dogs, q="dogs", type="Presentations")) == []
    carried = search(dogs, q="dogs", where="files", authority="1")
    assert words(carried.select_one(".hit .title")) == "answer.pdf , page 1"
    assert hits(search(dogs, q="dogs", where="files", state="rejected")) == []


@pytest.mark.parametrize("common", [False, True])
def test_who_asks_from_outside_the_site_is_found_by_name(
    filled_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, common: bool
) -> None:
    if common:
        for name in ("RANKED_AT_MOST", "READ_AT_MOST", "GROUPED_AT_MOST"):
            monkeypatch.setattr(search_engine, name, 0)
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        request(db, 20, title="Dogs of the outside", user_id=None, user_name="Olive Outsider")
        message(db, 20, 20, "outgoing-20", "request", 1, author="Olive Outsider")
        request(db, 21, title="Dogs of nobody", user_id=None, user_name=None)
    served = Datasette([str(path)])
    assert hits(search(served, q="dogs", where="titles", requester="outsider")) == [("Dogs of the outside", "/dogs/-/request/20")]
    assert hits(search(served, q="dogs", where="messages", requester="Olive"))[0][1] == "/dogs/-/request/20#outgoing-20"
    assert hits(search(served, q="dogs", where="titles", requester="20")) == []
    assert len(hits(search(served, q="dogs", where="titles", requester="Ann Asker"))) == 2


def test_a_file_inside_another_is_found_with_its_message(filled_archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        inner = db.execute("select id from files where sha256 = ?", (SHA["inner.txt"],)).fetchone()[0]
        add(db, "file_texts", file_id=inner, text="packed words")
    served = Datasette([str(path)])
    for filters in ({}, {"authority": "1"}, {"state": "waiting_classification"}):
        found = search(served, q="packed", **filters)
        expected = ("folder/inner.txt in unknown", f"/dogs/-/file/{SHA['inner.txt']}?q=packed#passage")
        assert hits(found) == [expected]
        assert found.select_one('.hit a[href="/dogs/-/request/1#incoming-2"]') is not None
    assert hits(search(served, q="packed", authority="2")) == []


def test_order_by_date(dogs: Datasette) -> None:
    def anchors(**query: str) -> list[str]:
        return [address.partition("#")[2] for _, address in hits(search(dogs, q="dogs", where="messages", **query))]

    assert anchors(sort="newest") == ["incoming-7", "outgoing-8", "outgoing-6", "incoming-2", "outgoing-1"]
    assert anchors(sort="oldest") == ["outgoing-1", "incoming-2", "outgoing-6", "outgoing-8", "incoming-7"]


def test_very_common_words_come_newest_first_and_the_page_says_so(dogs: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANKED_AT_MOST", "READ_AT_MOST", "GROUPED_AT_MOST"):
        monkeypatch.setattr(search_engine, name, 0)
    found = search(dogs, q="dogs", where="messages")
    assert hits(found)[0][1].endswith("#incoming-7")
    assert "Too many messages match to rank them: the newest come first." in hints(found)
    assert words(found.select_one(".places li:nth-child(3)")) == "Messages 5"
    assert "this archive stored last" in hints(search(dogs, q="dog*", where="messages"))
    assert "this archive stored last" in hints(search(dogs, q="dogs", where="files"))


def test_hits_are_counted_by_authority_and_state(dogs: Datasette) -> None:
    found = search(dogs, q="dogs")
    groups = {words(item) for item in found.select(".groups li")}
    assert {"Anytown Council 4", "Othertown Council 4", "Successful 4"} <= groups
    narrowed = found.select_one('.groups a[href*="authority=2"]')
    assert narrowed is not None
    assert len(hits(page(dogs, str(narrowed["href"])))) == 4


def test_grouping_is_offered_where_it_would_take_long(dogs: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_engine, "GROUPED_AT_MOST", 0)
    offered = search(dogs, q="dogs").select_one('a[href*="groups=yes"]')
    assert offered is not None
    assert page(dogs, str(offered["href"])).select(".groups li") != []


@pytest.mark.parametrize("limits", [[], ["GROUPED_AT_MOST"], ["GROUPED_AT_MOST", "RANKED_AT_MOST"]])
def test_pages(filled_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: list[str]) -> None:
    """Read at once, ranked a page at a time, and walked from the newest on."""
    for name in limits:
        monkeypatch.setattr(search_engine, name, 0)
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        for number in range(100, 145):
            message(db, number, 2, f"incoming-{number}", "response", number, at="2024-02-01T00:00:00Z", text="zebra crossing")
    served = Datasette([str(path)])
    seen = set[str]()
    address = "/dogs/-/search?q=zebra&in=messages"
    for expected in (20, 20, 5):
        soup = page(served, address)
        found = hits(soup)
        assert len(found) == expected
        seen.update(link for _, link in found)
        older = soup.select_one('.pager a[rel="next"]')
        address = str(older["href"]) if older else ""
    assert address == ""
    assert len(seen) == 45
    assert hits(search(served, q="zebra", where="messages", page="9")) == []


@pytest.mark.parametrize("way", ["ranked", "newest"])
def test_all_hits_as_csv_and_json(dogs: Datasette, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "newest":
        monkeypatch.setattr("scraper.explore.search_export.ROWS_AT_A_TIME", 1)
    as_csv = get(dogs, "/dogs/-/search.csv?q=dogs")
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.headers["content-disposition"] == 'attachment; filename="search.csv"'
    rows = list(csv.DictReader(io.StringIO(as_csv.text, newline="")))
    as_json = get(dogs, "/dogs/-/search.json?q=dogs").json()
    assert [row["archive_url"] for row in rows] == [row["archive_url"] for row in as_json]
    assert [row["found_in"] for row in rows] == ["titles"] * 2 + ["messages"] * 5 + ["files"]
    seven = next(row for row in as_json if row["anchor"] == "incoming-7" and row["found_in"] == "messages")
    assert seven == {
        "found_in": "messages",
        "request_id": 2,
        "title": "Dogs in Othertown",
        "authority_id": 2,
        "authority": "Othertown Council",
        "requester": "Ann Asker",
        "state": "successful",
        "sent_at": "2024-01-12T10:00:00Z",
        "kind": "response",
        "author": "Ann Asker",
        "anchor": "incoming-7",
        "filename": None,
        "media_type": None,
        "sha256": None,
        "page": None,
        "passage": "There are seven dogs.",
        "url": f"{SITE}/request/request_2#incoming-7",
        "archive_url": "http://localhost/dogs/-/request/2#incoming-7",
    }
    file = as_json[-1]
    assert (file["page"], file["url"]) == (1, f"{SITE}/attach/7")
    assert file["archive_url"].startswith(f"http://localhost/dogs/-/file/{SHA['answer.pdf']}")
    assert file["archive_url"].endswith("#page-1")
    assert get(dogs, "/dogs/-/search.json?q=dogs&in=titles&authority=2").json()[0]["title"] == "Dogs in Othertown"
    assert get(dogs, "/dogs/-/search.json?q=nothing").json() == []


def test_an_export_of_nothing_says_why(dogs: Datasette) -> None:
    assert "no word to look for" in words(page(dogs, "/dogs/-/search.csv?q=...", 400).main)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "dogs.db"
    Archive.open(path, Site(SITE)).close()
    db = sqlite3.connect(path)
    add(db, "authorities", id=1, url_name="a", name="A", **SEEN)
    add(db, "users", id=1, url_name="u", name="U", **SEEN)
    request(db, 1, title=f"{start} dogs")
    db.commit()
    db.close()
    text = get(Datasette([str(path)]), "/dogs/-/search.csv?q=dogs").text
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row["title"] == f"'{start} dogs"
    assert get(Datasette([str(path)]), "/dogs/-/search.json?q=dogs").json()[0]["title"] == f"{start} dogs"


def test_the_first_page_shows_how(dogs: Datasette) -> None:
    soup = page(dogs, "/dogs/-/search")
    examples = [str(link["href"]) for link in soup.select("#how a")]
    assert len(examples) == 6
    for address in examples:
        assert not page(dogs, address).select("main > .hint")
    for field in soup.select("form input, form select"):
        if field.get("type") != "hidden":
            assert soup.select_one(f'label[for="{field["id"]}"]') is not None, field


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ('q="dogs', "A quotation mark is not closed"),
        ("q=NOT+dogs", "NOT needs a word to take away from"),
        ("q=...", "There is no word to look for"),
        ("q=dogs&since=yesterday", "“yesterday” is no date"),
        ("q=dogs&since=20240101", "write the date as 2024-03-31"),
        ("q=dogs&batch=dogs", "A batch is given by its number"),
        ("q=dogs&type=Dogs", "There is no such group of files"),
        ("q=dogs&in=titles&type=PDF", "look everywhere instead"),
        ("q=dogs&kind=response", "titles are left out"),
    ],
)
def test_a_mistake_gives_a_hint(dogs: Datasette, query: str, hint: str) -> None:
    assert hint in hints(page(dogs, f"/dogs/-/search?{query}"))


def test_what_takes_too_long_says_so(filled_archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr("scraper.explore.search.find", interrupted)
    soup = page(Datasette([str(filled_archive)]), "/dogs/-/search?q=dogs", 503)
    assert "This took too long" in hints(soup)
    assert soup.select_one('input[name="q"][value="dogs"]') is not None


def test_the_queries_behind_the_page_run(dogs: Datasette) -> None:
    links = search(dogs, q="dogs", state="successful").select(".sql a")
    assert len(links) > 5
    for link in links:
        assert get(dogs, str(link["href"]).replace("/dogs?", "/dogs.json?")).json()["ok"] is True


def test_nothing_withheld_is_found(dogs: Datasette) -> None:
    assert hits(search(dogs, q="court")) == []


@given(
    typed=st.text(max_size=80),
    field=st.sampled_from(
        ["authority", "tag", "requester", "batch", "law", "state", "since", "until", "kind", "type", "in", "sort", "page"]
    ),
    value=st.text(max_size=20),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_a_page(dogs: Datasette, typed: str, field: str, value: str) -> None:
    for query in (typed, f"dogs {typed}"):
        address = (
            f"/dogs/-/search?q={quote_plus(query.encode(errors='replace'))}&{field}={quote_plus(value.encode(errors='replace'))}"
        )
        answer = get(dogs, address)
        assert answer.status_code == 200


def test_a_long_text_is_looked_through_without_the_index(filled_archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "dogs.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as db:
        source.backup(db)
        text = "filler words \f" * (search_passages.LONG_TEXT // 10) + "they refused the <b>zebra</b> claims"
        db.execute("update file_texts set text = ?", (text,))
    found = search(Datasette([str(path)]), q="refusal")
    assert [words(mark) for mark in found.select("mark")] == ["refused"]
    assert hits(found)[0][0].endswith(f"page {text.count(chr(12)) + 1:,}")


def test_an_export_ends_when_its_reader_goes_away(dogs: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = _streamed(dogs, monkeypatch, stay=False)
    assert len(sent) < len(_streamed(dogs, monkeypatch, stay=True))


def _streamed(datasette: Datasette, monkeypatch: pytest.MonkeyPatch, stay: bool) -> list[dict[str, object]]:
    """What is sent to a reader who stays, or who leaves after asking."""
    monkeypatch.setattr("scraper.explore.search_export.ROWS_AT_A_TIME", 1)
    sent: list[dict[str, object]] = []
    scope = {"type": "http", "method": "GET", "path": "/dogs/-/search.csv", "raw_path": b"/dogs/-/search.csv"}
    scope |= {"query_string": b"q=dogs", "headers": [(b"host", b"localhost")], "scheme": "http", "http_version": "1.1"}

    async def receive() -> dict[str, str]:
        if stay:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, object]) -> None:
        sent.append(event)

    async def ask() -> None:
        await datasette.invoke_startup()
        await datasette.app()(scope, receive, send)

    asyncio.run(ask())
    return sent
