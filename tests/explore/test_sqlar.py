"""One file is the whole archive: its pages, and the files' bytes out of the database itself."""

import hashlib
import io
import json
import shutil
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasette.app import Datasette

from scraper.archive.files import FileStore
from scraper.archive.sqlar import CHUNK, TABLE, name_of, open_file
from scraper.explore import scripted
from scraper.export.making import Order, export
from scraper.export.opened import Research
from scraper.export.sqlite import write_sqlite

from .making import FILES, PDF, SHA, SITE
from .reading import get, page, policy, words

SOUGHT = [
    "",
    "request/1",
    "request/2",
    "request/9",
    "authority/1",
    "batch/4",
    "user/1",
    "changes",
    "changes?run=1",
    "health",
    "about",
]
SOUGHT += ["search?q=dogs", "search?q=second+page&in=files", "search.csv?q=dogs", "search.json?q=dogs"]
SOUGHT += [f"file/{SHA[name]}" for name in FILES] + [f"bytes/{SHA[name]}" for name in FILES]


@pytest.fixture(scope="module")
def original(filled_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filled archive under the name that its export has."""
    path = tmp_path_factory.mktemp("original") / "archive.db"
    with sqlite3.connect(filled_archive) as source, sqlite3.connect(path) as copy:
        source.backup(copy)
    path.with_suffix(".files").symlink_to(filled_archive.with_suffix(".files"))
    return path


@pytest.fixture(scope="module")
def exported(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    goal = tmp_path_factory.mktemp("exported") / "export"
    order = Order("sqlite", Research(), with_files=True)
    export(original, FileStore.beside(original, None), goal, order, write_sqlite, False, lambda *_: None)
    return goal


@pytest.fixture(scope="module")
def served(exported: Path) -> Datasette:
    """As the export's README says."""
    inspected = json.loads((exported / "inspect-data.json").read_text())
    described = yaml.safe_load((exported / "metadata.yml").read_text())
    return Datasette([], immutables=[str(exported / "archive.db")], inspect_data=inspected, metadata=described)


@pytest.mark.parametrize("path", SOUGHT)
def test_every_page_is_the_archives(original: Path, served: Datasette, path: str) -> None:
    ours, theirs = get(served, f"/archive/-/{path}"), get(Datasette([str(original)]), f"/archive/-/{path}")
    assert (ours.status_code, ours.headers["content-type"]) == (theirs.status_code, theirs.headers["content-type"])
    assert ours.content == theirs.content


def test_the_pages_that_are_asked_for_are_there(served: Datasette) -> None:
    missing = {path for path in SOUGHT if get(served, f"/archive/-/{path}").status_code == 404}
    assert missing == {f"{kind}/{SHA[name]}" for kind in ("file", "bytes") for name in ("gone.pdf", "orphan.txt")}


def test_the_canned_queries_run(served: Datasette) -> None:
    names = list(served.metadata("databases")["archive"]["queries"])
    assert len(names) >= 20
    for name in names:
        assert get(served, f"/archive/{name}.json").status_code == 200, name


@pytest.mark.parametrize("name", ["answer.pdf", "page.html", "drawing.svg", "picture.png", "note.txt", "unknown"])
def test_bytes_from_the_database_have_the_same_headers(original: Path, served: Datasette, name: str) -> None:
    ours, theirs = (get(each, f"/archive/-/bytes/{SHA[name]}") for each in (served, Datasette([str(original)])))
    assert ours.content == FILES[name][0]
    assert ours.headers == theirs.headers
    assert ours.headers["x-content-type-options"] == "nosniff"
    assert policy(ours)["sandbox"] == ""


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-9", 206, PDF[:10]),
        ("bytes=100-", 206, PDF[100:]),
        ("bytes=-7", 206, PDF[-7:]),
        (f"bytes={len(PDF)}-", 416, b""),
        ("bytes=9-2", 200, PDF),
    ],
)
def test_a_range_of_what_is_packed(served: Datasette, exported: Path, header: str, status: int, part: bytes) -> None:
    with sqlite3.connect(exported / "archive.db") as db:
        length, size = db.execute("select length(data), sz from sqlar where name = ?", (name_of(SHA["answer.pdf"]),)).fetchone()
    assert length < size == len(PDF)
    answer = get(served, f"/archive/-/bytes/{SHA['answer.pdf']}", headers={"Range": header})
    assert (answer.status_code, answer.content) == (status, part)


def test_the_table_of_bytes_is_not_shown_whole(served: Datasette) -> None:
    """A page of it would take fifty files into memory."""
    assert get(served, "/archive/sqlar").status_code == 403
    assert "sqlar" not in words(page(served, "/archive").select_one("body"))


def pack(path: Path, content: bytes, data: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    with sqlite3.connect(path) as db:
        db.execute(TABLE.replace("create table", "create table if not exists"))
        db.execute("insert into sqlar values (?, 33188, 0, ?, ?)", (name_of(sha256), len(content), data))
    return sha256


def opened(path: Path, sha256: str) -> Any:
    return open_file(FileStore.beside(path, None), path, sha256)


LONG = b"".join(b"%09d\n" % number for number in range(200_000))


@pytest.mark.parametrize("content", [b"", b"x", PDF, LONG], ids=["empty", "one", "pdf", "long"])
@pytest.mark.parametrize("packed", [False, True])
def test_reading_to_and_fro_is_as_in_a_file(tmp_path: Path, content: bytes, packed: bool) -> None:
    path = tmp_path / "archive.db"
    sha256 = pack(path, content, zlib.compress(content) if packed else content)
    with opened(path, sha256) as file, io.BytesIO(content) as model:
        assert file.seek(0, 2) == len(content)
        for start, length in ((0, 5), (len(content) // 2, CHUNK + 3), (1, 7), (len(content) - 3, 10), (0, -1), (len(content), 1)):
            file.seek(max(0, start))
            model.seek(max(0, start))
            assert file.read(length) == model.read(length)
            assert file.tell() == model.tell()


def test_the_folder_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    sha256 = pack(path, PDF, b"of the database")
    place = FileStore.beside(path, None).path(sha256)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"of the folder")
    with opened(path, sha256) as file:
        assert file.read() == b"of the folder"


@pytest.mark.parametrize("has_table", [False, True])
def test_what_is_in_neither_is_missing(tmp_path: Path, has_table: bool) -> None:
    with sqlite3.connect(tmp_path / "archive.db") as db:
        if has_table:
            db.execute(TABLE)
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "archive.db", SHA["answer.pdf"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (zlib.compress(LONG)[:-2000], "ends after"),
        (zlib.compress(LONG[:-9]), "ends after"),
        (b"\0" + zlib.compress(LONG), "is damaged"),
    ],
)
def test_damage_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    sha256 = pack(tmp_path / "archive.db", LONG, data)
    with opened(tmp_path / "archive.db", sha256) as file, pytest.raises(OSError, match=told):
        file.read()


def test_no_more_is_unpacked_than_was_said(tmp_path: Path) -> None:
    sha256 = pack(tmp_path / "archive.db", b"twenty letters here.", zlib.compress(b"twenty letters here." + bytes(10_000_000)))
    with opened(tmp_path / "archive.db", sha256) as file:
        assert file.read() == b"twenty letters here."


def test_a_pdf_with_a_script_is_only_saved(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    shutil.copy(exported / "archive.db", path)
    content = b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >> endobj" + bytes(5000)
    with sqlite3.connect(path) as db:
        db.execute(
            "update sqlar set sz = ?, data = ? where name = ?",
            (len(content), zlib.compress(content), name_of(SHA["answer.pdf"])),
        )
    served = Datasette([], immutables=[str(path)])
    assert get(served, f"/archive/-/bytes/{SHA['answer.pdf']}").status_code == 403
    assert get(served, f"/archive/-/bytes/{SHA['answer.pdf']}?download=1").content == content


def test_a_pdf_too_large_to_look_through_is_only_saved(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(exported / "archive.db", tmp_path / "archive.db")
    monkeypatch.setattr(scripted, "LARGEST", len(PDF) - 1)
    assert get(Datasette([str(tmp_path / "archive.db")]), f"/archive/-/bytes/{SHA['answer.pdf']}").status_code == 403


def test_an_export_without_files_says_so(original: Path, tmp_path: Path) -> None:
    goal = tmp_path / "export"
    export(original, FileStore.beside(original, None), goal, Order("sqlite", Research()), write_sqlite, False, lambda *_: None)
    answer = get(Datasette([str(goal / "archive.db")]), f"/archive/-/bytes/{SHA['answer.pdf']}")
    assert answer.status_code == 404
    assert "not on this server" in answer.text
    assert SITE in get(Datasette([str(goal / "archive.db")]), "/archive/-/request/1").text
