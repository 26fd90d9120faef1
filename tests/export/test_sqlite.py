"""The export as a database: every value, key and index of the archive's, packed tight, and the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from datasette.app import Datasette

from scraper.archive.files import FileStore
from scraper.archive.sqlar import name_of, open_file
from scraper.archive.store import Archive
from scraper.cli import main
from scraper.export import packing
from scraper.export.making import Exported, Order, export
from scraper.export.opened import Edition, Research, opened
from scraper.export.selection import CannotExport, Sample, Selection
from scraper.export.sqlite import write_sqlite
from scraper.export.tables import Table
from scraper.study.build import build
from scraper.study.tables import MADE
from tests.explore.making import FILES, SHA, add, filled
from tests.explore.reading import get, page, words

SHELL = shutil.which("sqlite3")
needs_shell = pytest.mark.skipif(SHELL is None, reason="the sqlite3 shell is not installed")


class Hiding(Research):
    """An edition that hides something: columns, whole tables, and letters of every text."""

    name = "public"
    hides = True

    def prepare(self, db: sqlite3.Connection) -> None:
        db.create_function("mask", 1, lambda text: text and text.replace("dog", "[..]"), deterministic=True)

    def shown(self, table: Table) -> dict[str, str] | None:
        if table.name in ("changes", "captures", "withdrawals", "ceiling_hits", "follows"):
            return {}
        columns = {column.name: column.name for column in table.columns if column.name not in ("html", "url_title")}
        return {name: f"mask({value})" if name in ("text", "new_text") else value for name, value in columns.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filled archive, studied, with an empty file and a message that adds what is no beginning of its text."""
    path = filled(tmp_path_factory.mktemp("archive") / "archive.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("update messages set text = 'before' || char(0) || 'after', own_length = 8 where id = 6")
        empty = hashlib.sha256(b"").hexdigest()
        add(db, "files", id=90, sha256=empty, size=0, media_type=None, text_status="empty")
        place = FileStore.beside(path, None).path(empty)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"")
        db.commit()
    with Archive.open(path) as opened_archive:
        build(opened_archive, tuple(MADE), "2024-06-02T00:00:00Z")
    return path


def make(archive: Path, goal: Path, edition: Edition | None = None, **more: Any) -> Exported:
    selection = more.pop("selection", Selection())
    order = Order("sqlite", edition or Research(), selection, **more)
    return export(archive, FileStore.beside(archive, None), goal, order, write_sqlite, False, lambda *_: None)


@pytest.fixture(scope="module")
def goal(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("goal") / "export"
    make(archive, path, with_files=True)
    return path


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


def said(path: Path, *words: str) -> str:
    """What the sqlite3 shell says."""
    assert SHELL is not None
    done = subprocess.run([SHELL, "-readonly", "-batch", str(path), *words], capture_output=True, text=True, check=True)
    return done.stdout


def compare(archive: Path, database: Path, edition: Edition | None = None, selection: Selection | None = None) -> int:
    """Compares every row of every table and view; how many rows there are."""
    found = 0
    with opened(archive, edition or Research(), selection or Selection()) as source:
        for table in source.tables:
            expected = sorted(source.db.execute(source.values(table)), key=repr)
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            assert sorted(rows(database, f"select {names} from {table.name}"), key=repr) == expected, table.name
            found += len(expected)
    return found


def sound(database: Path) -> None:
    assert rows(database, "pragma integrity_check") == [("ok",)]
    assert rows(database, "pragma foreign_key_check") == []
    # FTS5's check is a write: on a copy in memory.
    with closing(sqlite3.connect(":memory:")) as copy, closing(sqlite3.connect(database)) as db:
        db.backup(copy)
        for (name,) in copy.execute("select name from sqlite_master where sql like 'create virtual table%'").fetchall():
            copy.execute(f"insert into {name}({name}, rank) values ('integrity-check', 1)")


def test_every_value_is_the_archives(archive: Path, goal: Path) -> None:
    database = goal / "archive.db"
    assert compare(archive, database) > 70
    sound(database)
    assert rows(database, "select group_concat(name) from (select name from sqlite_master where type = 'view' order by 1)") == [
        ("batch_answers,batch_comparison,council_systems,request_summary",)
    ]
    assert rows(database, "select count(*) from messages where own_text is not null or own_length is not null") == [(2,)]
    assert rows(database, "pragma freelist_count") == [(0,)]
    assert rows(database, "pragma journal_mode") == [("delete",)]
    assert rows(database, "pragma page_size") == [(8192,)]
    assert rows(database, "pragma application_id") == [(int.from_bytes(b"wdtk", "big"),)]


@needs_shell
def test_another_reader_finds_the_same(archive: Path, goal: Path) -> None:
    database = goal / "archive.db"
    assert said(database, "pragma integrity_check; pragma foreign_key_check") == "ok\n"
    with opened(archive, Research(), Selection()) as source:
        for table in source.tables:
            columns = [column for column in table.columns if column.name not in ("text", "new_text")]
            each = ", '|', ".join(f"quote({column.name})" for column in columns).replace(", '|', ", " || '|' || ")
            query = f"select {each} from {table.name} order by 1"
            assert said(database, query) == "".join(f"{row[0]}\n" for row in source.db.execute(query)), table.name


def test_nothing_of_the_housekeeping_is_in_it(archive: Path, goal: Path) -> None:
    there = {row[0] for row in rows(goal / "archive.db", "select name from sqlite_master where type = 'table'")}
    assert not there & {
        "agenda",
        "dictionaries",
        "forgotten",
        "visit_rates",
        "files_to_delete",
        "study_requests",
        "_sqlite_migrations",
    }
    assert not {"body", "dictionary_id"} & {row[1] for row in rows(goal / "archive.db", "pragma table_info(captures)")}
    assert rows(goal / "archive.db", "select url, reason from captures") == rows(archive, "select url, reason from captures")


def test_keys_and_indexes_are_the_archives(archive: Path, goal: Path) -> None:
    def shape(path: Path, table: str) -> Any:
        columns = [(row[1], row[2], row[3], row[5]) for row in rows(path, f"pragma table_xinfo({table})")]
        indexes = {
            (tuple(part[2] for part in rows(path, f'pragma index_info("{row[1]}")')), row[2])
            for row in rows(path, f"pragma index_list({table})")
            if row[3] != "pk"
        }
        return columns, indexes, {row[2:5] for row in rows(path, f"pragma foreign_key_list({table})")}

    for table in ("requests", "attachments", "links", "request_tags", "events", "users", "deadlines", "mentions", "runs"):
        ours, theirs = shape(goal / "archive.db", table), shape(archive, table)
        assert {(name, kind, key) for name, kind, _, key in ours[0]} == {(name, kind, key) for name, kind, _, key in theirs[0]}
        assert ours[1:] == theirs[1:], table
    assert (("anchor",), 1) in shape(goal / "archive.db", "messages")[1]
    assert (("sha256",), 1) in shape(goal / "archive.db", "files")[1]


@pytest.mark.parametrize(
    "selection",
    [Selection((("request", "2"),)), Selection(where="id in (1, 2)"), Selection(sample=Sample(2, "1", ("year",)))],
    ids=["request", "where", "sample"],
)
def test_what_is_narrowed_is_whole_in_itself(archive: Path, tmp_path: Path, selection: Selection) -> None:
    done = make(archive, tmp_path / "export", selection=selection, with_files=True)
    database = tmp_path / "export" / "archive.db"
    compare(archive, database, selection=selection)
    sound(database)
    with opened(archive, Research(), selection) as source:
        chosen = {name_of(row[0]) for row in source.db.execute("select sha256 from files")}
    assert {row[0] for row in rows(database, "select name from sqlar")} == chosen
    assert done.rows["sqlar"] == len(chosen)
    for path in ("", "health", "search?q=dogs", *(f"request/{row[0]}" for row in rows(database, "select id from requests"))):
        assert get(Datasette([str(database)]), f"/archive/-/{path}").status_code == 200, path


def test_the_same_archive_gives_the_same_bytes(archive: Path, goal: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "again", with_files=True)
    names = sorted(path.name for path in goal.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    for name in names:
        assert (goal / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_a_query_alone(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "export", sql="select law_used as law, count(*) as n from requests group by 1")
    database = tmp_path / "export" / "archive.db"
    assert rows(database, "select * from query") == rows(archive, "select law_used, count(*) from requests group by 1")
    assert rows(database, "select count(*) from sqlite_master") == [(1,)]


def test_datasette_is_told_what_it_would_find_itself(goal: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "datasette", "inspect", "archive.db"], cwd=goal, capture_output=True, text=True, check=True
    )
    assert (goal / "inspect-data.json").read_text() == told.stdout
    described = yaml.safe_load((goal / "metadata.yml").read_text())["databases"]["archive"]
    held = {row[0] for row in rows(goal / "archive.db", "select name from sqlite_master where type in ('table', 'view')")}
    assert {name for name in held if "_fts" not in name} == set(described["tables"])
    for name, table in described["tables"].items():
        if name != "sqlar":
            assert set(table["columns"]) == {row[1] for row in rows(goal / "archive.db", f"pragma table_xinfo({name})")}, name


def test_its_sums_are_right(goal: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=goal, check=True)
    assert f"{hashlib.sha256((goal / 'archive.db').read_bytes()).hexdigest()}  archive.db\n" in (goal / "SHA256SUMS").read_text()


@needs_shell
def test_the_shell_unpacks_the_folder_itself(archive: Path, goal: Path, tmp_path: Path) -> None:
    listed = said(goal / "archive.db", "select name from sqlar").split()
    assert SHELL is not None
    subprocess.run([SHELL, str(goal / "archive.db"), "-Ax"], cwd=tmp_path, check=True)
    store = archive.with_suffix(".files")
    kept = {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept
    assert sorted(listed) == sorted(kept)
    assert len(kept) == len(FILES) + 1


def test_files_are_packed_only_where_it_pays(goal: Path) -> None:
    packed = dict(rows(goal / "archive.db", "select name, length(data) < sz from sqlar"))
    assert packed[name_of(SHA["answer.pdf"])] == 1
    assert packed[name_of(SHA["picture.png"])] == 0
    assert packed[name_of(SHA["note.txt"])] == 0
    assert rows(goal / "archive.db", "select distinct mode, mtime from sqlar") == [(0o100644, 0)]


@pytest.fixture
def mine(archive: Path, tmp_path: Path) -> Path:
    """An archive of the test's own, with its own folder."""
    shutil.copy(archive, tmp_path / "archive.db")
    shutil.copytree(archive.with_suffix(".files"), tmp_path / "archive.files")
    return tmp_path / "archive.db"


def test_large_files_go_through_the_disk_in_pieces(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than a piece, and what is packed larger than is held in memory, comes out whole."""
    monkeypatch.setattr(packing, "CHUNK", 1000)
    monkeypatch.setattr(packing, "IN_MEMORY", 10)
    contents = {"text/plain": b"".join(b"%d, " % number for number in range(9000)), "image/png": bytes(range(256)) * 30}
    for number, (media_type, content) in enumerate(contents.items(), 900):
        sha256 = hashlib.sha256(content).hexdigest()
        place = FileStore.beside(mine, None).path(sha256)
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        with closing(sqlite3.connect(mine)) as db:
            add(db, "files", id=number, sha256=sha256, size=len(content), media_type=media_type)
            db.commit()
    make(mine, mine.parent / "export", with_files=True)
    shutil.rmtree(mine.parent / "archive.files")
    for content in contents.values():
        sha256 = hashlib.sha256(content).hexdigest()
        with open_file(FileStore(mine.parent / "none"), mine.parent / "export" / "archive.db", sha256) as file:
            assert file.read() == content


def test_what_cannot_be_in_it_is_counted(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FileStore.beside(mine, None).path(SHA["note.txt"]).unlink()
    monkeypatch.setattr(packing, "LARGEST", len(FILES["answer.pdf"][0]) - 1)
    done = make(mine, mine.parent / "export", with_files=True)
    assert done.left_out == {packing.TOO_LARGE: 1, packing.MISSING: 1}
    assert packing.MISSING in (mine.parent / "export" / "methods.md").read_text()
    names = {row[0] for row in rows(mine.parent / "export" / "archive.db", "select name from sqlar")}
    assert not {name_of(SHA["note.txt"]), name_of(SHA["answer.pdf"])} & names
    assert len(names) == len(FILES) + 1 - 2


@pytest.mark.parametrize("name", ["answer.pdf", "picture.png", "note.txt"])
@pytest.mark.parametrize("change", ["other", "longer", "shorter"])
def test_bytes_that_were_not_kept_are_not_exported(mine: Path, name: str, change: str) -> None:
    place = FileStore.beside(mine, None).path(SHA[name])
    content = place.read_bytes()
    place.write_bytes({"other": b"!" + content[1:], "longer": content + b"!", "shorter": content[:-1]}[change])
    with pytest.raises(CannotExport, match=r"wdtk check"):
        make(mine, mine.parent / "export", with_files=True)
    assert not (mine.parent / "export").exists()


def test_keys_that_lead_nowhere_are_told(mine: Path) -> None:
    with closing(sqlite3.connect(mine)) as db:
        db.execute("delete from authorities where id = 2")
        db.commit()
    with pytest.raises(
        CannotExport, match=r"1 rows of requests belong to rows of authorities that are not there; see wdtk check"
    ):
        make(mine, mine.parent / "export")


def test_an_edition_that_hides(archive: Path, tmp_path: Path) -> None:
    edition = Hiding()
    make(archive, tmp_path / "export", edition)
    database = tmp_path / "export" / "archive.db"
    compare(archive, database, edition)
    sound(database)
    assert rows(database, "select distinct html, url_title from messages, requests") == [(None, None)]
    assert rows(database, "select * from messages_fts where messages_fts match 'dogs'") == []
    assert b"seven dogs" not in database.read_bytes()
    described = yaml.safe_load((tmp_path / "export" / "metadata.yml").read_text())["databases"]["archive"]["tables"]
    assert described["messages"]["columns"]["html"] == "Not in this edition: always NULL."
    assert described["changes"]["description"] == "Not in this edition: always empty."


def test_the_pages_of_an_edition_that_hides(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "export", Hiding())
    served = Datasette([str(tmp_path / "export" / "archive.db")])
    sought = ["", "request/1", "authority/1", "batch/4", "user/1", "search?q=team", "about", f"file/{SHA['answer.pdf']}"]
    for path in sought:
        assert get(served, f"/archive/-/{path}").status_code == 200, path
    assert words(page(served, "/archive/-/health").select_one("main")).count("not in this edition") == 3
    for path in ("changes", "changes?run=1"):
        assert "Changes are not in this edition" in words(page(served, f"/archive/-/{path}", 404).select_one("main"))
    queries = json.loads(get(served, "/archive.json").text)["queries"]
    for query in queries:
        assert get(served, f"/archive/{query['name']}.json").status_code == 200, query["name"]


def test_files_of_an_edition_that_hides_are_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="files cannot be masked"):
        make(archive, tmp_path / "export", Hiding(), with_files=True)
    assert not (tmp_path / "export").exists()


def wdtk(archive: Path, *given: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--archive", str(archive), "export", "sqlite", *given])
    return done.exit_code, done.output


def test_the_command(archive: Path, tmp_path: Path) -> None:
    code, output = wdtk(archive, str(tmp_path / "export"), "--with-files", "--target", "request:1")
    assert code == 0, output
    assert output.startswith(f"{tmp_path / 'export'}: 1 requests, ")
    assert "sqlite3 ../archive.db -Ax" in (tmp_path / "export" / "README.md").read_text()


@pytest.mark.parametrize("name", ["copy.db", "copy.sqlite", "copy.sqlite3"])
def test_a_database_s_name_is_for_a_backup(archive: Path, tmp_path: Path, name: str) -> None:
    assert wdtk(archive, str(tmp_path / name))[0] == 0
    assert rows(tmp_path / name, "select count(*) from agenda") == rows(archive, "select count(*) from agenda")
    for more in (["--with-files"], ["--target", "request:1"], ["--min-age", "3"], ["--key", "key"], ["--edition", "public"]):
        code, output = wdtk(archive, str(tmp_path / name), "--force", *more)
        assert code == 2
        assert f"{more[0]} needs a folder: {name} would be a backup" in " ".join(output.split())


@pytest.mark.parametrize(
    ("more", "told"), [(["--edition", "public"], "files cannot be masked"), (["--sql", __file__], "--sql takes their place")]
)
def test_files_that_cannot_be_given_are_a_usage_error(archive: Path, tmp_path: Path, more: list[str], told: str) -> None:
    code, output = wdtk(archive, str(tmp_path / "export"), "--with-files", *more)
    assert code == 2
    assert told in " ".join(output.split())
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "words", [("status",), ("report",), ("check",), ("study",), ("export", "csv", "again"), ("crawl", "everything"), ("reparse",)]
)
def test_an_export_is_not_taken_for_an_archive(tmp_path: Path, words: tuple[str, ...]) -> None:
    archive = filled(tmp_path / "archive.db")
    assert CliRunner().invoke(main, ["--archive", str(archive), "export", "sqlite", str(tmp_path / "out")]).exit_code == 0
    path = tmp_path / "out" / "archive.db"
    before = path.read_bytes()
    done = CliRunner().invoke(main, ["--archive", str(path), *[word.replace("again", str(tmp_path / "again")) for word in words]])
    assert done.exit_code == 1, done.output
    assert "is an export: it can be read and served" in done.output
    assert path.read_bytes() == before
