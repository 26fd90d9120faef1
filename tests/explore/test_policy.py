"""What a browser is told it may do: on every page, ours and Datasette's own."""

import asyncio
import base64
import hashlib
import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from datasette.app import Datasette

from scraper.explore import policy as policies
from scraper.explore.turns import Queue

from .making import SHA
from .reading import active, get, page, policy, words

OURS = [
    "/",
    "/dogs/-/",
    "/dogs/-/request/1",
    "/dogs/-/request/9",
    "/dogs/-/request/77",
    "/dogs/-/authority/1",
    "/dogs/-/batch/4",
    "/dogs/-/user/1",
    f"/dogs/-/file/{SHA['answer.pdf']}?q=dogs",
    "/dogs/-/changes",
    "/dogs/-/changes?run=1",
    "/dogs/-/health",
    "/dogs/-/about",
    "/dogs/-/nothing",
]
DATASETTES = [
    "/dogs",
    "/dogs/requests",
    "/dogs/requests?_facet=display_state",
    "/dogs/requests/1",
    "/dogs/messages?_search=dogs",
    "/dogs/request_summary",
    "/dogs?sql=select+1+as+one",
    "/dogs?sql=select+nothing+from+nowhere",
    "/dogs/no_such_table",
    "/-/settings",
    "/-/versions.json",
    "/dogs/requests.json",
    "/dogs/requests.csv",
]


@pytest.mark.parametrize("path", OURS)
def test_our_pages_have_the_strict_policy_and_need_nothing_else(dogs: Datasette, path: str) -> None:
    answer = get(dogs, path)
    assert policy(answer) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "frame-src": "'self'",
    }
    assert active(BeautifulSoup(answer.text, "lxml")) == []


@pytest.mark.parametrize("path", [*OURS, *DATASETTES, "/robots.txt", f"/dogs/-/bytes/{SHA['page.html']}", "/-/static/app.css"])
def test_every_answer_has_the_guarding_headers(dogs: Datasette, path: str) -> None:
    headers = get(dogs, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", DATASETTES)
def test_datasettes_own_scripts_run_by_their_hash_alone(dogs: Datasette, path: str) -> None:
    answer = get(dogs, path)
    scripts = policy(answer)["script-src"].split()
    assert "'unsafe-inline'" not in scripts
    assert "'unsafe-eval'" not in scripts
    if "html" in answer.headers["content-type"]:
        assert _not_allowed(answer.text, scripts) == []


def test_the_page_of_an_interrupted_query_is_known_too(filled_archive: Path) -> None:
    datasette = Datasette([str(filled_archive)], settings={"sql_time_limit_ms": 20})
    endless = "with+recursive+n(x)+as+(select+1+union+all+select+x%2B1+from+n)+select+count(*)+from+n"
    answer = get(datasette, f"/dogs?sql={endless}")
    assert "took too long" in answer.text
    assert "<script>" in answer.text
    assert _not_allowed(answer.text, policy(answer)["script-src"].split()) == []


def _not_allowed(text: str, sources: list[str]) -> list[str]:
    """Inline scripts of a page whose hash its policy does not name."""
    inline = [str(script.string) for script in BeautifulSoup(text, "html.parser").find_all("script") if not script.get("src")]
    return [script for script in inline if f"'sha256-{_digest(script)}'" not in sources]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_a_script_that_is_not_datasettes_has_no_hash() -> None:
    assert _digest("alert(1)") not in policies.datasettes_own()


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("create table t (id)").connection.close()
    datasette = Datasette([str(other)])
    left = get(datasette, "/other")
    assert "content-security-policy" not in left.headers
    assert "<html>" in left.text
    assert "wdtk-archive" not in left.text
    assert get(datasette, "/robots.txt").status_code == 404
    assert get(datasette, "/other/-/request/1").status_code == 404
    assert "other" in get(datasette, "/").text


def test_crawlers_are_kept_out(dogs: Datasette) -> None:
    answer = get(dogs, "/robots.txt")
    assert answer.text == "User-agent: *\nDisallow: /\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_who_may_not_see_the_database_sees_no_page_of_it(filled_archive: Path) -> None:
    datasette = Datasette([str(filled_archive)], metadata={"databases": {"dogs": {"allow": {"id": "root"}}}})
    for path in ("/", "/dogs/-/request/1", f"/dogs/-/bytes/{SHA['answer.pdf']}", "/dogs/-/about"):
        assert get(datasette, path).status_code == 403, path


@pytest.mark.parametrize("path", ["/", "/dogs/-/request/1", "/dogs/-/user/1", "/dogs/-/health", "/dogs/-/search?q=dogs"])
def test_who_may_not_write_sql_sees_that_of_our_pages_without_links(dogs: Datasette, filled_archive: Path, path: str) -> None:
    closed = Datasette([str(filled_archive)], settings={"default_allow_sql": False})
    opened = Datasette([str(filled_archive)], settings={"default_allow_sql": False}, metadata={"allow_sql": True})
    assert get(closed, "/dogs?sql=select+1").status_code == 403
    shown = {name: page(datasette, path) for name, datasette in {"dogs": dogs, "closed": closed, "opened": opened}.items()}
    links = {name: [link for link in soup.select("a") if "?sql=" in str(link["href"])] for name, soup in shown.items()}
    assert [words(link) for link in links["opened"]] == [words(link) for link in links["dogs"]] != []
    assert links["closed"] == []
    told = [words(each) for each in shown["closed"].select(".sql summary")[1:]]
    assert told == [words(link) for link in shown["dogs"].select(".sql a")]
    statements = [str(statement.string) for statement in shown["closed"].select(".sql pre")]
    given = [parse_qs(urlsplit(str(link["href"])).query)["sql"][0] for link in shown["dogs"].select(".sql a")]
    assert [statement.split() for statement in statements] == [statement.split() for statement in given]
    assert active(shown["closed"]) == []


def test_values_stand_beside_the_sql_that_nobody_may_change(filled_archive: Path) -> None:
    closed = Datasette([str(filled_archive)], settings={"default_allow_sql": False})
    told = [words(each) for each in page(closed, "/dogs/-/user/1").select(".sql p")]
    assert "with :id = 1, :limit = 26, :offset = 0" in told


def test_pages_are_found_under_a_base_url(filled_archive: Path) -> None:
    datasette = Datasette([str(filled_archive)], settings={"base_url": "/archive/"})
    answer = get(datasette, "/dogs/-/request/1")  # Datasette's client puts the base before it
    assert answer.url.path == "/archive/dogs/-/request/1"
    assert answer.status_code == 200
    found = BeautifulSoup(answer.text, "lxml").find_all(["a", "link", "script", "iframe"])
    links = {str(link.get("href") or link.get("src")) for link in found}
    inner = {link for link in links if link.startswith("/")}
    assert inner
    assert all(link.startswith("/archive/") for link in inner)


def test_numbers_and_names_in_tables_lead_to_our_pages(dogs: Datasette) -> None:
    def links(path: str) -> set[str]:
        return {str(link["href"]) for link in BeautifulSoup(get(dogs, path).text, "lxml").select("table.rows-and-columns td a")}

    assert {"/dogs/-/request/1", "/dogs/-/authority/1", "/dogs/-/user/1", "/dogs/-/batch/4"} <= links("/dogs/requests")
    assert {"/dogs/-/request/1#incoming-2", "/dogs/-/request/1"} <= links("/dogs/messages")
    assert f"/dogs/-/file/{SHA['answer.pdf']}" in links("/dogs/files")
    assert f"/dogs/-/file/{SHA['answer.pdf']}" in links("/dogs/attachments")
    assert "/dogs/-/authority/2" in links("/dogs/authorities")
    assert "/dogs/-/request/1" in links("/dogs?sql=select+request_id+from+messages")
    assert links("/dogs?sql=select+'x'+as+request_id,+'y'+as+sha256,+'z'+as+anchor") == set()


def test_datasettes_pages_lead_to_ours(dogs: Datasette) -> None:
    menu = BeautifulSoup(get(dogs, "/dogs/requests").text, "lxml").select(".nav-menu a")
    assert {"/dogs/-/", "/dogs/-/search", "/dogs/-/health", "/dogs/-/about"} <= {str(link["href"]) for link in menu}
    in_sight = page(dogs, "/dogs/requests").select("header .ours")
    assert [(link.text, link["href"]) for link in in_sight] == [("Read the archive", "/dogs/-/"), ("Search", "/dogs/-/search")]


@pytest.mark.parametrize("path", ["/dogs", "/dogs/requests", "/dogs/requests/1", "/dogs?sql=select+1+as+one"])
def test_datasettes_pages_say_their_language_and_have_our_style(dogs: Datasette, path: str) -> None:
    soup = BeautifulSoup(get(dogs, path).text, "lxml")
    assert soup.html is not None
    assert soup.html["lang"] == "en"
    assert soup.select('link[href$="/wdtk-archive/explore.css"]') != []
    assert soup.select('script[type="module"][src$="/wdtk-archive/datasette.js"]') != []
    assert '<html lang="en">' in get(dogs, "/dogs/no_such_table").text


@pytest.mark.parametrize(
    ("path", "status"), [("/dogs?sql=selec", 400), ("/dogs.db", 403), ("/dogs/no_such_table", 404), ("/no", 404)]
)
def test_an_error_of_datasettes_has_our_style_and_a_way_back(dogs: Datasette, path: str, status: int) -> None:
    soup = page(dogs, path, status)
    styles = {str(link["href"]) for link in soup.find_all("link", rel="stylesheet")}
    assert "/-/static-plugins/wdtk-archive/explore.css" in styles
    assert soup.select_one("header .crumbs a")["href"] == "/"  # type: ignore[index]


def test_tables_keep_their_facets_and_json(dogs: Datasette) -> None:
    facets = json.loads(get(dogs, "/dogs/requests.json?_facet=display_state").text)["facet_results"]["display_state"]["results"]
    assert {facet["value"]: facet["count"] for facet in facets} == {
        "waiting_classification": 1,
        "successful": 1,
        "waiting_response": 1,
    }


def test_side_by_side_pages_are_whole(dogs: Datasette) -> None:
    async def ask() -> list[int]:
        answers = await asyncio.gather(*(dogs.client.get(path) for path in OURS * 3))
        return [answer.status_code for answer in answers]

    codes = {path: code for path, code in zip(OURS * 3, asyncio.run(ask()), strict=True) if code != 200}
    assert codes == {"/dogs/-/request/9": 410, "/dogs/-/request/77": 404, "/dogs/-/nothing": 404}


def test_the_settings_for_a_public_server_take_hold(filled_archive: Path) -> None:
    """Those that docs/exploring.md names: a value that is Datasette's default would not."""
    text = (Path(__file__).parents[2] / "docs" / "exploring.md").read_text(encoding="utf-8")
    command = text[text.index("--setting default_allow_sql") :].split("\n\n")[0]
    given = [line.split()[1:3] for line in command.replace("\\", "").splitlines()]
    wanted = {name: {"on": True, "off": False}.get(value, value) for name, value in given}
    wanted = {name: value if isinstance(value, bool) else int(value) for name, value in wanted.items()}
    assert len(wanted) == 7
    shown = get(Datasette([str(filled_archive)], settings=wanted), "/-/settings.json").json()
    assert wanted.items() <= shown.items()


def test_a_crowd_is_asked_to_come_back(dogs: Datasette, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(queue: Queue) -> bool:
        return False

    monkeypatch.setattr(Queue, "enter", full)
    busy = get(dogs, "/dogs/requests")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "10")
    assert busy.headers["x-content-type-options"] == "nosniff"
    assert get(dogs, "/dogs/-/request/1").status_code == 200
    assert get(dogs, "/-/static/app.css").status_code == 200
