"""The job: every file due ends in one status, what is in files becomes files, and a killed run loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.archive import texts
from scraper.archive.store import Archive
from scraper.cli import main
from scraper.records import PageKind, PageRef
from scraper.text import supervised
from scraper.text.extract import Extracted, extract
from scraper.text.pool import local
from tests.archive.making import Making

from . import making
from .archives import NOW, add, mixed, read_all, several, show_again, without_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Making]:
    made = Making.at(tmp_path / "archive.db")
    yield made
    made.archive.close()


def told(path: Path) -> list[tuple[object, ...]]:
    """All that the archive says of its files, without its own numbers."""
    with closing(sqlite3.connect(path)) as db:
        files = db.execute(
            "select f.sha256, f.size, f.media_type, text_status, text_method, page_count, text_error, t.text from files f "
            "left join file_texts t on t.file_id = f.id order by 1"
        ).fetchall()
        members = db.execute(
            "select p.sha256, m.position, m.path, f.sha256, m.reason from file_members m join files p on p.id = m.parent_id "
            "left join files f on f.id = m.file_id order by 1, 2"
        ).fetchall()
    return [*files, *members]


def on_disk(path: Path) -> set[str]:
    return {file.name for file in path.with_suffix(".files").rglob("*") if file.is_file()}


def wdtk(path: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--archive", str(path), *words])
    return done.exit_code, done.stdout, done.stderr


def test_every_file_and_what_is_in_it_is_read_once(made: Making) -> None:
    add(made, 1, making.pdf("One", "Two"), mixed(1), b"\x00\x01 binary", b"")
    done = read_all(made.archive)
    assert (done.files, dict(done.statuses)) == (8, {"extracted": 6, "unsupported": 1, "empty": 1})
    db = made.archive.db
    row = db.execute("select * from files where page_count = 2").fetchone()
    assert (row["text_status"], row["media_type"], row["extracted_at"]) == (
        "extracted",
        "application/pdf",
        "2026-02-01T00:00:00Z",
    )
    assert row["text_method"].startswith("pypdfium2 ")
    assert db.execute("select text from file_texts where file_id = ?", (row["id"],)).fetchone()[0] == "One\fTwo"
    members = db.execute(
        "select m.position, m.path, t.text from file_members m join files p on p.id = m.parent_id join file_texts t "
        "on t.file_id = m.file_id order by p.id, m.position"
    ).fetchall()
    assert [tuple(one) for one in members] == [
        (1, "a.pdf", "page words 1"),
        (2, "b.txt", "plain words 1"),
        (3, "c.zip", "deep.txt\ndeep words 1"),
        (1, "deep.txt", "deep words 1"),
    ]
    hits = db.execute("select rowid from file_texts_fts where file_texts_fts match 'deep'").fetchall()
    assert len(hits) == 2
    assert read_all(made.archive).files == 0


def test_the_same_member_in_two_files_is_one_file(made: Making) -> None:
    shared = making.pdf("shared")
    add(made, 1, making.zipped({"a.pdf": shared}), making.zipped({"b.pdf": shared, "c.txt": "x"}), shared)
    read_all(made.archive)
    rows = made.archive.db.execute("select count(*) from files where media_type = 'application/pdf'").fetchone()
    assert rows[0] == 1
    assert made.archive.db.execute("select count(distinct file_id) from file_members where path <> 'c.txt'").fetchone()[0] == 1


def test_files_in_files_end_at_a_depth(made: Making) -> None:
    nested = b"the innermost words"
    for level in range(9):
        nested = making.zipped({f"level{level}": nested})
    add(made, 1, nested)
    done = read_all(made.archive)
    assert dict(done.statuses) == {"extracted": texts.DEPTH + 1}
    reasons = made.archive.db.execute("select reason from file_members where file_id is null").fetchall()
    assert [row[0] for row in reasons] == [f"too deep: {texts.DEPTH} files in one another are opened, no more"]


def test_an_attachment_unpacks_to_so_much_and_no_more(made: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "FAMILY", 6)
    inner = [making.zipped({f"{number}-{at}.txt": f"words {number} {at}" for at in range(3)}) for number in range(3)]
    add(made, 1, making.zipped({f"{number}.zip": data for number, data in enumerate(inner)}))
    read_all(made.archive)
    db = made.archive.db
    assert db.execute("select count(*) from files").fetchone()[0] == 6
    left = db.execute("select count(*), min(reason) from file_members where file_id is null").fetchone()
    assert tuple(left) == (7, "too much: this attachment holds more than is unpacked")


def test_a_zip_that_holds_itself_is_read_once_and_released(made: Making) -> None:
    """No such ZIP is built here: the archive is told that it read one."""
    add(made, 1, making.zipped({"a.txt": "words"}))
    read_all(made.archive)
    db = made.archive.db
    db.execute("update file_members set file_id = parent_id")
    db.execute("delete from file_texts where file_id = 2")
    db.execute("delete from files where id = 2")
    assert read_all(made.archive, again=("extracted",)).files == 2
    db.execute("insert into file_members (parent_id, position, path, file_id) values (1, 2, 'self.zip', 1)")
    made.html(without_files(1))
    assert db.execute("select count(*) from files").fetchone()[0] == 0
    assert db.execute("select count(*) from file_members").fetchone()[0] == 0


def test_again_reads_anew_and_lets_go_of_members_that_are_no_more(made: Making) -> None:
    add(made, 1, making.zipped({"a.txt": "words"}))
    read_all(made.archive)
    db = made.archive.db
    db.execute("insert into files (sha256, size, text_status) values (?, 3, 'empty')", ("ab" * 32,))
    db.execute("insert into file_members (parent_id, position, path, file_id) select 1, 2, 'old', max(id) from files")
    assert dict(read_all(made.archive, again=("extracted",)).statuses) == {"extracted": 2}
    assert db.execute("select group_concat(path) from file_members").fetchone()[0] == "a.txt"
    assert db.execute("select count(*) from files").fetchone()[0] == 2
    assert db.execute("select 1 from archive_info where key = 'wipe_due'").fetchone() is None


# ---- withdrawal, forgetting, checking -------------------------------------------------------------------------------


def test_what_is_withdrawn_takes_its_members_along(made: Making) -> None:
    add(made, 1, mixed(1))
    add(made, 2, making.zipped({"b.txt": "plain words 1", "own.txt": "kept words"}))
    read_all(made.archive)
    made.html(without_files(1))
    made.archive.wipe()
    db = made.archive.db
    kept = {row[0] for row in db.execute("select text from file_texts")}
    assert kept == {"b.txt\nplain words 1\fown.txt\nkept words", "plain words 1", "kept words"}
    assert db.execute("select count(*) from file_members").fetchone()[0] == 2
    disk = b"".join(path.read_bytes() for path in made.archive.path.parent.rglob("*") if path.is_file())
    assert b"deep words" not in disk
    assert b"page words" not in disk
    assert wdtk_check(made) == 0


def wdtk_check(made: Making) -> int:
    made.archive.close()
    code, _, err = wdtk(made.archive.path, "check")
    made.archive = Archive.open(made.archive.path)
    assert code == 0, err
    return code


def test_what_is_set_aside_comes_back_with_its_members(made: Making) -> None:
    add(made, 1, mixed(1))
    read_all(made.archive)
    path = made.archive.path
    before, files = told(path), on_disk(path)
    made.refuse(PageRef(PageKind.REQUEST_HTML, "request_1"), reason="personal data")
    assert [row for row in told(path) if row[0]] == []
    assert {file.name for file in (path.with_suffix(".files") / "aside").iterdir()} == files
    show_again(made, 1)
    assert told(path) == before
    assert made.archive.db.execute("select count(*) from files where text_status = 'due'").fetchone()[0] == 0
    made.refuse(PageRef(PageKind.REQUEST_HTML, "request_1"), reason="personal data")
    made.minute += 2880
    made.refuse(PageRef(PageKind.REQUEST_ID, "1"))
    made.job = type(made.job)(made.job.reason, "2026-01-02T00:00:00Z", 0)
    assert made.settle() == [1]
    made.archive.files.finish_deletions(made.archive.db)
    assert on_disk(path) == set()


def test_a_forgotten_file_takes_what_holds_it_and_never_comes_back(made: Making) -> None:
    add(made, 1, mixed(1), making.pdf("another"))
    add(made, 2, making.zipped({"x.txt": "deep words 1", "y.txt": "its neighbour"}))
    read_all(made.archive)
    path = made.archive.path
    sha256 = made.archive.db.execute(
        "select f.sha256 from files f join file_texts t on t.file_id = f.id where t.text = 'deep words 1'"
    ).fetchone()[0]
    made.archive.close()
    code, said, err = wdtk(path, "forget", f"file:{sha256}", "--yes")
    assert code == 0, err
    assert sha256 in said
    disk = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    assert b"deep words" not in disk
    assert {row[7] for row in told(path) if len(row) > 5} == {"another"}
    made.archive = Archive.open(path)
    made.keeper = type(made.keeper)(made.archive, 1)
    add(made, 3, making.zipped({"x.txt": "deep words 1", "z.txt": "new neighbour"}))
    read_all(made.archive)
    rows = made.archive.db.execute("select path, file_id is null, reason from file_members").fetchall()
    assert [tuple(row) for row in rows] == [(None, 1, "removed by this archive's operator"), ("z.txt", 0, None)]


def test_a_member_that_is_lost_is_found_and_read_anew(made: Making) -> None:
    add(made, 1, mixed(1))
    read_all(made.archive)
    path = made.archive.path
    before = told(path)
    made.archive.close()
    with closing(sqlite3.connect(path)) as db:
        sha256 = db.execute("select f.sha256 from files f join file_members m on m.file_id = f.id where m.path = 'a.pdf'")
        made.archive.files.path(sha256.fetchone()[0]).unlink()
        lost = db.execute("select file_id from file_members where path = 'deep.txt'").fetchone()[0]
        db.execute("delete from file_texts where file_id = ?", (lost,))
        db.execute("delete from files where id = ?", (lost,))
        db.commit()
    code, _, err = wdtk(path, "check")
    assert code == 5
    assert "missing_file" in err
    assert "file_members.file_id" in err
    code, said, _ = wdtk(path, "check", "--repair")
    assert code == 0, said
    assert wdtk(path, "extract")[0] == 0
    assert told(path) == before
    assert wdtk(path, "check")[0] == 0
    made.archive = Archive.open(path)


# ---- killed, and the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "number"), [("between", 1), ("between", 17), ("within", 1), ("within", 9)])
def test_a_killed_run_loses_nothing(where: str, number: int, tmp_path: Path) -> None:
    several(tmp_path / "archive.db")
    shutil.copytree(tmp_path / "archive.files", tmp_path / "whole.files")
    shutil.copy(tmp_path / "archive.db", tmp_path / "whole.db")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.text.killed", str(tmp_path / "archive.db"), where, str(number)], cwd=ROOT
    )
    assert killed.returncode == -signal.SIGKILL
    code, _, err = wdtk(tmp_path / "archive.db", "check")
    assert code == 0, err
    assert wdtk(tmp_path / "archive.db", "extract")[0] == 0
    assert wdtk(tmp_path / "whole.db", "extract")[0] == 0
    assert told(tmp_path / "archive.db") == told(tmp_path / "whole.db")
    code, _, err = wdtk(tmp_path / "archive.db", "check")
    assert (code, err) == (0, "")


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    several(tmp_path / "archive.db", 2)
    code, said, err = wdtk(tmp_path / "archive.db", "extract", "--workers", "1")
    assert (code, err) == (0, "")
    assert said.startswith("14 files read in ")
    assert said.endswith(" s: 14 extracted\n")
    assert wdtk(tmp_path / "archive.db", "extract")[1] == "no file is due\n"


def test_files_that_cannot_be_read_are_listed_and_no_error(tmp_path: Path) -> None:
    made = Making.at(tmp_path / "archive.db")
    add(made, 1, b"PK\x03\x04 torn", making.pdf("fine"), making.encrypted_pdf())
    made.archive.close()
    code, said, _ = wdtk(tmp_path / "archive.db", "--json", "extract")
    answer = json.loads(said)
    assert (code, answer["statuses"]) == (0, {"extracted": 1, "failed": 1, "encrypted": 1})
    assert answer["reasons"]["encrypted: needs a password"] == 1
    assert len(answer["problems"]) == 1


def test_bytes_that_are_missing_end_the_run_with_what_to_do(tmp_path: Path) -> None:
    several(tmp_path / "archive.db", 1)
    victim = next(
        path for path in (tmp_path / "archive.files").rglob("*") if path.is_file() and path.read_bytes()[:5] == b"%PDF-"
    )
    victim.unlink()
    code, _, err = wdtk(tmp_path / "archive.db", "extract")
    assert code == 1
    assert victim.name in err
    assert "wdtk check --repair" in err


def test_a_nightly_that_is_busy_keeps_extract_away(tmp_path: Path) -> None:
    several(tmp_path / "archive.db", 1)
    with Archive.open(tmp_path / "archive.db"):
        code, _, err = wdtk(tmp_path / "archive.db", "extract")
    assert code == 75
    assert "another run" in err


def test_a_run_that_is_broken_off_waits_for_no_file(made: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "PROGRAM", "tests.text.stubs")
    add(made, 1, b"words", b"SLEEP")

    def interrupt(done: Extracted) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), local(2) as pool:
        extract(made.archive, pool, lambda: NOW, progress=interrupt)
    monkeypatch.undo()
    assert read_all(made.archive).files == 1
    assert made.archive.db.execute("select count(*) from archive_info where key = 'extracting'").fetchone()[0] == 0


def test_no_child_is_left_behind(made: Making) -> None:
    add(made, 1, making.pdf("words"))
    read_all(made.archive)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert [pid for pid in children if b"scraper.text.child" in Path(f"/proc/{pid}/cmdline").read_bytes()] == []
