"""A file's bytes: whole, in ranges, and never as anything that could run."""

import sqlite3
from pathlib import Path

import pytest
from datasette.app import Datasette

from scraper.explore.raw import Asked, CannotMeet, asked, disposition, safe_name

from .making import FILES, IDS, PDF, SHA
from .reading import get, policy


def address(name: str, query: str = "") -> str:
    return f"/dogs/-/bytes/{SHA[name]}{query}"


@pytest.mark.parametrize("name", ["answer.pdf", "page.html", "drawing.svg", "picture.png", "note.txt", "unknown", "inner.txt"])
def test_the_bytes_are_those_kept(dogs: Datasette, name: str) -> None:
    answer = get(dogs, address(name))
    assert answer.status_code == 200
    assert answer.content == FILES[name][0]
    assert answer.headers["content-length"] == str(len(FILES[name][0]))
    assert answer.headers["etag"] == f'"{SHA[name]}"'
    assert answer.headers["cache-control"] == "private, max-age=3600"


@pytest.mark.parametrize(
    ("name", "shown", "content_type"),
    [
        ("answer.pdf", "inline", "application/pdf"),
        ("picture.png", "inline", "image/png"),
        ("note.txt", "inline", "text/plain; charset=utf-8"),
        ("page.html", "attachment", "application/octet-stream"),
        ("drawing.svg", "attachment", "application/octet-stream"),
        ("unknown", "attachment", "application/octet-stream"),
    ],
)
def test_only_what_cannot_run_is_shown(dogs: Datasette, name: str, shown: str, content_type: str) -> None:
    headers = get(dogs, address(name)).headers
    assert headers["content-disposition"] == f"{shown}; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert headers["content-type"] == content_type
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["answer.pdf", "page.html", "drawing.svg", "picture.png", "note.txt", "unknown"])
def test_everything_is_in_a_sandbox(dogs: Datasette, name: str) -> None:
    directives = policy(get(dogs, address(name)))
    assert directives["sandbox"] == ""
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'self'"
    assert "script-src" not in directives


def test_any_file_can_be_saved(dogs: Datasette) -> None:
    headers = get(dogs, address("answer.pdf", "?download=1")).headers
    assert headers["content-disposition"].startswith("attachment; ")
    assert headers["content-type"] == "application/octet-stream"
    assert "sandbox" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", (0, 9)),
        ("bytes=100-", (100, len(PDF) - 1)),
        ("bytes=-7", (len(PDF) - 7, len(PDF) - 1)),
        ("bytes=10-999999999", (10, len(PDF) - 1)),
        (f"bytes={len(PDF) - 1}-", (len(PDF) - 1, len(PDF) - 1)),
    ],
)
def test_a_range_is_sent_alone(dogs: Datasette, header: str, part: tuple[int, int]) -> None:
    answer = get(dogs, address("answer.pdf"), headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == PDF[part[0] : part[1] + 1]
    assert answer.headers["content-range"] == f"bytes {part[0]}-{part[1]}/{len(PDF)}"
    assert answer.headers["content-length"] == str(part[1] - part[0] + 1)


@pytest.mark.parametrize("header", [f"bytes={len(PDF)}-", "bytes=99999999-100000000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(dogs: Datasette, header: str) -> None:
    answer = get(dogs, address("answer.pdf"), headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(PDF)}"
    assert answer.content == b""


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=9-2", "lines=1-2", "bytes=", "bytes=a-b"])
def test_a_range_that_is_none_brings_the_whole(dogs: Datasette, header: str) -> None:
    answer = get(dogs, address("answer.pdf"), headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, PDF)


def test_a_range_of_another_file_brings_the_whole(dogs: Datasette) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert get(dogs, address("answer.pdf"), headers=headers).status_code == 200
    assert get(dogs, address("answer.pdf"), headers=headers | {"If-Range": f'"{SHA["answer.pdf"]}"'}).status_code == 206


def test_what_the_browser_has_is_not_sent_again(dogs: Datasette) -> None:
    answer = get(dogs, address("answer.pdf"), headers={"If-None-Match": f'"x", "{SHA["answer.pdf"]}"'})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("name", ["gone.pdf", "orphan.txt"])
def test_bytes_that_nothing_shows_any_more_are_not_given(dogs: Datasette, name: str) -> None:
    """They are still on the disk: a withdrawal takes the row first and the bytes after."""
    assert get(dogs, address(name)).status_code == 404
    assert get(dogs, address(name).replace("bytes", "file")).status_code == 404


@pytest.mark.parametrize(
    "column", ["update requests set withheld_at = '2024-01-01T00:00:00Z'", "update messages set gone_at = '2024-01-01T00:00:00Z'"]
)
def test_bytes_of_what_is_withheld_are_not_given(filled_archive: Path, tmp_path: Path, column: str) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    db = sqlite3.connect(copy)
    db.execute(column)
    db.commit()
    db.close()
    (tmp_path / "dogs.files").symlink_to(filled_archive.with_suffix(".files"))
    for name in ("answer.pdf", "inner.txt"):
        assert get(Datasette([str(copy)]), address(name)).status_code == 404


def test_bytes_that_are_not_on_the_disk_are_said_to_be_missing(filled_archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    answer = get(Datasette([str(copy)]), address("answer.pdf"))
    assert answer.status_code == 404
    assert "not on this server" in answer.text


def test_the_folder_can_be_named(filled_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    mine = {"plugins": {"wdtk-archive": {"files": str(filled_archive.with_suffix(".files"))}}}
    assert get(Datasette([str(copy)], metadata=mine), address("answer.pdf")).content == PDF
    monkeypatch.setenv("WDTK_FILES", str(filled_archive.with_suffix(".files")))
    assert get(Datasette([str(copy)]), address("answer.pdf")).content == PDF


@pytest.mark.parametrize(
    "path",
    [
        "/dogs/-/bytes/../../dogs.db",
        "/dogs/-/bytes/..%2f..%2fdogs.db",
        "/dogs/-/bytes/%2e%2e/%2e%2e/etc/passwd",
        f"/dogs/-/bytes/{SHA['answer.pdf']}/../x",
        f"/dogs/-/bytes/{SHA['answer.pdf'].upper()}",
        f"/dogs/-/bytes/{SHA['answer.pdf'][:63]}",
        f"/dogs/-/bytes/{'0' * 64}",
        "/dogs/-/bytes/" + "0" * 63 + "%00",
    ],
)
def test_no_other_path_leads_to_a_file(dogs: Datasette, path: str) -> None:
    answer = get(dogs, path, follow_redirects=True)
    assert answer.status_code == 404
    assert b"SQLite format" not in answer.content


def test_the_answer_is_streamed_from_open_bytes(dogs: Datasette) -> None:
    assert IDS["answer.pdf"] == 1
    assert get(dogs, address("answer.pdf")).headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ('a"; filename="b.html', "a_; filename=_b.html"),
        ("line\r\nSet-Cookie: x=1.pdf", "line__Set-Cookie_ x=1.pdf"),
        ("\u202efdp.exe", "_fdp.exe"),
        ("nul\x00.txt", "nul_.txt"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_names_of_strangers_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_name_is_given_twice() -> None:
    assert disposition("Ünï café.pdf", inline=False) == (
        "attachment; filename=\"_n_ caf_.pdf\"; filename*=UTF-8''%C3%9Cn%C3%AF%20caf%C3%A9.pdf"
    )


def test_ranges_of_an_empty_file() -> None:
    assert asked("bytes=5-1", 10) is None
    assert asked("bytes=2-3", 10) == Asked(2, 3)
    with pytest.raises(CannotMeet):
        asked("bytes=0-", 0)


def test_a_pdf_with_a_script_is_only_saved(filled_archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dogs.db"
    copy.write_bytes(filled_archive.read_bytes())
    place = tmp_path / "dogs.files" / SHA["answer.pdf"][:2] / SHA["answer.pdf"][2:4] / SHA["answer.pdf"]
    place.parent.mkdir(parents=True)
    place.write_bytes(b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >> endobj")
    served = Datasette([str(copy)])
    answer = get(served, address("answer.pdf"))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "This PDF is not shown here" in answer.text
    saved = get(served, address("answer.pdf", "?download=1"))
    assert (saved.status_code, saved.content) == (200, place.read_bytes())
    assert saved.headers["content-disposition"].startswith("attachment; ")
