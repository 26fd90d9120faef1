"""A backup: a whole, consistent copy of the database while a crawl writes, or none at all."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scraper.archive.check import examine
from scraper.archive.store import ArchiveBusy, lock_archive
from scraper.cli import main
from scraper.export.backup import CannotExport, back_up
from tests.crawl.command import ROOT, content, rows, served, small_world, wdtk
from tests.replica import Replica

ABOUT_FILES = {"missing_file", "files_folder"}


@pytest.fixture(scope="module")
def site() -> Iterator[Replica]:
    with served(small_world(40)) as replica:
        yield replica


@pytest.fixture(scope="module")
def crawled(site: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawled")
    done = wdtk(folder, "crawl", "everything", "--site", site.base)
    assert done.code == 0, done.err
    return folder / "archive.db"


def everything(path: Path) -> list[str]:
    """The database as statements."""
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_copy_is_the_archive_and_leaves_it_as_it_was(crawled: Path, tmp_path: Path) -> None:
    before = crawled.read_bytes()
    told = CliRunner().invoke(main, ["--archive", str(crawled), "--json", "export", "sqlite", str(tmp_path / "copy.db")])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == {
        "path": str(tmp_path / "copy.db"),
        "bytes": (tmp_path / "copy.db").stat().st_size,
        "pages": rows(tmp_path / "copy.db", "pragma page_count")[0][0],
    }
    assert everything(tmp_path / "copy.db") == everything(crawled)
    assert crawled.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]


def test_copies_made_during_a_crawl_are_consistent(site: Replica, tmp_path: Path) -> None:
    """One copy after another while a real crawl writes: each is what the archive was at one moment."""
    archive = tmp_path / "archive.db"
    command = [sys.executable, "-m", "scraper", "--archive", str(archive), "--quiet", "crawl", "everything", "--site", site.base]
    copies: list[Path] = []
    with subprocess.Popen(command, cwd=ROOT) as crawl:
        while crawl.poll() is None:
            goal = tmp_path / f"copy{len(copies)}.db"
            with suppress(CannotExport):  # at the very beginning there is no archive yet
                back_up(archive, goal)
                copies.append(goal)
    assert crawl.returncode == 0
    counts = []
    for copy in copies:
        if rows(copy, "select count(*) from archive_info")[0][0]:
            assert {damage.kind for damage in examine(copy, None, quick=False)} <= ABOUT_FILES
        # Page and rows commit together: every request's JSON that was read has its request, and the other way round.
        read = rows(copy, "select count(*) from captures where page_kind = 'request_json' and outcome = 'changed'")
        assert read == rows(copy, "select count(*) from requests")
        counts.append(read[0][0])
    assert counts == sorted(counts)
    assert len(set(counts)) > 3
    back_up(archive, tmp_path / "last.db")
    assert content(tmp_path / "last.db") == content(archive)


def test_a_copy_keeps_no_writer_waiting_and_does_not_begin_anew(crawled: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    shutil.copy(crawled, archive)
    with closing(sqlite3.connect(archive)) as db:
        db.execute("create table ballast (data blob)")
        db.execute("insert into ballast select randomblob(1000000) from (select 1 from agenda limit 80)")
        db.commit()
    told: list[tuple[int, int]] = []

    def write(done: int, total: int) -> None:
        told.append((done, total))
        with closing(sqlite3.connect(archive, timeout=0)) as db:
            db.execute("insert into follows (target, added_at) values (?, '2026-06-15T00:00:00Z')", (f"authority:{len(told)}",))
            db.commit()

    done = back_up(archive, tmp_path / "copy.db", progress=write)
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == (done.pages, done.pages)
    assert rows(tmp_path / "copy.db", "select count(*) from follows") == [(0,)]
    assert rows(archive, "select count(*) from follows") == [(len(told),)]


def test_an_existing_file_is_replaced_only_by_force(crawled: Path, tmp_path: Path) -> None:
    goal = tmp_path / "copy.db"
    goal.write_text("somebody's thesis")
    told = CliRunner().invoke(main, ["--archive", str(crawled), "export", "sqlite", str(goal)])
    assert (told.exit_code, told.output) == (1, f"wdtk: {goal} exists; --force replaces it\n")
    assert goal.read_text() == "somebody's thesis"
    told = CliRunner().invoke(main, ["--archive", str(crawled), "export", "sqlite", str(goal), "--force"])
    assert told.exit_code == 0
    assert everything(goal) == everything(crawled)


def test_what_lay_beside_a_replaced_database_does_not_get_into_the_copy(crawled: Path, tmp_path: Path) -> None:
    """The log of a database whose process died is read by whoever opens that name next."""
    goal = tmp_path / "copy.db"
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.execute("pragma journal_mode = wal")
        old.execute("create table old (a)")
        old.commit()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{tmp_path}/old.db{suffix}", f"{goal}{suffix}")
    assert Path(f"{goal}-wal").stat().st_size > 0
    back_up(crawled, goal, force=True)
    assert everything(goal) == everything(crawled)


@pytest.mark.parametrize(
    ("goal", "text"),
    [("archive.db", "is the archive itself"), ("folder", "is a folder"), ("none/copy.db", "does not exist")],
)
def test_what_is_no_place_for_a_copy_is_refused(crawled: Path, tmp_path: Path, goal: str, text: str) -> None:
    shutil.copy(crawled, tmp_path / "archive.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotExport, match=text):
        back_up(tmp_path / "archive.db", tmp_path / goal, force=True)
    assert everything(tmp_path / "archive.db") == everything(crawled)


def test_no_archive_is_copied_under_a_run_that_writes_it(crawled: Path, tmp_path: Path) -> None:
    shutil.copy(crawled, tmp_path / "other.db")
    lock = lock_archive(tmp_path / "other.db")
    with pytest.raises(ArchiveBusy):
        back_up(crawled, tmp_path / "other.db", force=True)
    lock.release()
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("data", [b"", b"no database at all" * 99])
def test_what_is_no_archive_is_not_copied(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "text.db").write_bytes(data)
    with pytest.raises(CannotExport, match=r"no archive|cannot be read"):
        back_up(tmp_path / "text.db", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]


def test_a_damaged_archive_gives_no_copy(crawled: Path, tmp_path: Path) -> None:
    archive, goal = tmp_path / "archive.db", tmp_path / "copy.db"
    shutil.copy(crawled, archive)
    with archive.open("r+b") as file:
        file.seek(8192 * 3)
        file.write(b"\xff" * 8192 * 6)
    goal.write_text("yesterday's")
    with pytest.raises((CannotExport, sqlite3.DatabaseError)):
        back_up(archive, goal, force=True)
    assert goal.read_text() == "yesterday's"
    assert not list(tmp_path.glob("*.part*"))


def test_a_restored_backup_goes_on(crawled: Path, site: Replica, tmp_path: Path) -> None:
    """Backup, loss, restore: as docs/nightly.md says, database first, then the folder."""
    back_up(crawled, tmp_path / "archive.db")
    shutil.copytree(crawled.with_suffix(".files"), tmp_path / "archive.files")
    assert examine(tmp_path / "archive.db", None, quick=False) == []
    done: Any = wdtk(tmp_path, "crawl", "everything", "--site", site.base)
    assert done.code == 0, done.err
    assert {name: told for name, told in content(tmp_path / "archive.db").items() if name != "coverage"} == {
        name: told for name, told in content(crawled).items() if name != "coverage"
    }
