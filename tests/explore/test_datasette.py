"""An archive in Datasette, in this process and in a real one."""

import asyncio
import json
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from datasette.app import Datasette

from scraper.explore.plugin import SETTINGS
from scraper.explore.serve import CannotServe, serve, serve_command
from scraper.metadata import metadata, metadata_path

from .making import add, request

TABLES: dict[str, dict[str, Any]] = metadata()["databases"]["archive"]["tables"]
SHOWN = [table for table, described in TABLES.items() if not described.get("hidden")]


def get(datasette: Datasette, path: str) -> Any:
    return asyncio.run(datasette.client.get(path))


@pytest.fixture(scope="module")
def served(archive: Path) -> Datasette:
    return Datasette([str(archive)])


@pytest.mark.parametrize("table", TABLES)
def test_every_table_opens_with_its_descriptions(served: Datasette, table: str) -> None:
    page = get(served, f"/councils/{table}")
    assert page.status_code == 200
    assert "metadata-description" in page.text
    if table != "request_summary":
        assert page.text.count("<dt>") == len(TABLES[table]["columns"])


def test_the_database_page_shows_what_is_not_hidden(served: Datasette) -> None:
    listed = get(served, "/councils.json").json()
    shown = {table["name"] for table in listed["tables"] if not table["hidden"]} | {view["name"] for view in listed["views"]}
    assert shown == set(SHOWN)
    assert {table["name"] for table in listed["tables"] if table["hidden"]} >= {
        "captures",
        "agenda",
        "requests_fts",
        "messages_fts_data",
    }


def test_the_title_is_ours(served: Datasette) -> None:
    page = get(served, "/")
    assert page.status_code == 200
    assert metadata()["title"] in page.text


@pytest.mark.parametrize("table", ["requests", "messages", "file_texts"])
def test_text_can_be_searched(served: Datasette, table: str) -> None:
    page = get(served, f"/councils/{table}?_search=council")
    assert page.status_code == 200
    assert 'name="_search"' in page.text
    assert "where search matches" in page.text


def test_the_style_sheet_is_served(served: Datasette) -> None:
    address = re.search(r'href="(/-/static-plugins/[^"]*explore\.css[^"]*)"', get(served, "/councils/requests").text)
    assert address is not None
    assert "column-descriptions" in get(served, address[1]).text


def test_settings_are_in_force(served: Datasette) -> None:
    assert SETTINGS.items() <= get(served, "/-/settings.json").json().items()
    assert served.page_size == 50
    assert served.max_returned_rows == 10_000
    assert served.sql_time_limit_ms == 5_000


def test_a_setting_of_the_users_own_wins(archive: Path) -> None:
    datasette = Datasette([str(archive)], settings={"default_page_size": 7})
    assert get(datasette, "/-/settings.json").json()["default_page_size"] == 7
    assert datasette.page_size == 7
    assert datasette.setting("suggest_facets") is False


@pytest.mark.parametrize("immutable", [False, True])
def test_the_raw_database_cannot_be_downloaded(archive: Path, immutable: bool) -> None:
    datasette = Datasette([], immutables=[str(archive)]) if immutable else Datasette([str(archive)])
    assert get(datasette, "/councils.db").status_code == 403
    assert "councils.db" not in get(datasette, "/councils").text


SET_ASIDE_PATHS = (
    "/councils/withdrawals.json?_shape=array",
    "/councils/withdrawals.csv",
    "/councils/withdrawals/1",
    "/councils/withdrawals/1.blob?_blob_column=set_aside",
    "/councils/withdrawals.json?_facet=set_aside",
    "/councils.json?sql=select+*+from+withdrawals&_shape=array",
    "/councils.json?sql=with+w(a,b)+as+(select+request_id,+SET_ASIDE+from+main.Withdrawals)+select+b||''+from+w&_shape=array",
    "/councils.json?sql=select+group_concat(cast(w.set_aside+as+text))+from+withdrawals+as+w&_shape=array",
)


@pytest.mark.parametrize("path", SET_ASIDE_PATHS)
def test_what_is_set_aside_is_read_by_nobody(archive: Path, tmp_path: Path, path: str) -> None:
    copy = tmp_path / "councils.db"
    with sqlite3.connect(archive) as source, sqlite3.connect(copy) as db:
        source.backup(db)
        request(db, 1, withheld_at="2024-06-01T03:00:00Z", withheld_kind="missing", authority_id=None, user_id=None)
        row = {"first_refused_at": "2024-06-01T03:00:00Z", "last_refused_at": "2024-06-01T03:00:00Z", "nights": 1}
        add(db, "withdrawals", request_id=1, set_aside=b"their words", **row)
        assert db.execute("select set_aside from withdrawals").fetchone() == (b"their words",)
    answer = get(Datasette([str(copy)]), path)
    assert answer.status_code == 200
    # As text or as base64 ("dGhlaXIg..."), and not even whether there is any.
    assert "their words" not in answer.text
    assert "dGhla" not in answer.text


def test_facets_are_not_suggested(served: Datasette) -> None:
    assert get(served, "/councils/requests.json").json()["suggested_facets"] == []


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("create table requests (id)").connection.close()
    datasette = Datasette([str(other)])
    assert get(datasette, "/-/settings.json").json()["suggest_facets"] is True
    assert metadata()["title"] not in get(datasette, "/").text


def test_descriptions_of_the_users_own_win(archive: Path) -> None:
    mine = {"title": "Mine", "databases": {"archive": {"tables": {"requests": {"description": "My requests"}}}}}
    datasette = Datasette([str(archive)], metadata=mine)
    assert "My requests" in get(datasette, "/councils/requests").text
    assert "Mine</title>" in get(datasette, "/").text


def test_the_command_is_plain_datasette() -> None:
    assert serve_command(Path("a.db"), "127.0.0.1", 8002, open_browser=True)[1:] == [
        *("-m", "datasette", "serve", "a.db", "--host", "127.0.0.1", "--port", "8002", "--open")
    ]


def test_plain_datasette_shows_the_same(archive: Path) -> None:
    """A real process, with `-m metadata.yml` and without."""

    def shown(path: str, *options: str) -> str:
        command = [sys.executable, "-m", "datasette", str(archive), *options, "--get", path]
        page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return re.sub(r"Queries took [\d.]+ms", "", page)

    for path in ("/councils/messages", "/-/settings.json"):
        assert shown(path) == shown(path, "-m", str(metadata_path()))
    assert json.loads(shown("/-/settings.json", "-m", str(metadata_path())))["allow_download"] is False


def test_serving_for_real(archive: Path) -> None:
    program = "import sys; from pathlib import Path; from scraper.explore.serve import serve; serve(Path(sys.argv[1]), port=0)"
    with subprocess.Popen([sys.executable, "-c", program, str(archive)], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = next(found[0] for line in process.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            with urlopen(f"{address}/councils/request_summary.json", timeout=30) as answer:
                assert json.load(answer)["columns"] == list(TABLES["request_summary"]["columns"])
        finally:
            process.terminate()


def test_what_cannot_be_served_says_so(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(CannotServe, match="there is no archive at"):
        serve(tmp_path / "none.db")
    with pytest.raises(CannotServe, match=r"text\.db is no archive"):
        serve(tmp_path / "text.db")
    with pytest.raises(CannotServe, match="no port 70000"):
        serve(archive, port=70_000)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotServe, match="cannot listen on 127"):
        serve(archive, port=taken.getsockname()[1])


def test_metadata_is_plain_yaml() -> None:
    assert yaml.safe_load(metadata_path().read_text())["databases"].keys() == {"archive"}
