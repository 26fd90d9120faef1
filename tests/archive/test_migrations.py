"""Every archive there has ever been can be opened, and is then like a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from scraper.archive.check import examine, repair
from scraper.archive.migrations import migrations
from scraper.archive.shape import expected, shape
from scraper.archive.store import Archive, ArchiveError
from scraper.cli import main
from scraper.urls import Site

from .schemas import FOLDER, file_of, newest, steps

STORED = sorted(FOLDER.glob("*.sql"))
SITE = "http://127.0.0.1:1"

HOW = (
    "the archive's schema is not the one stored for step {step}. If that step is in a release, leave it as it is and add a new "
    "one to scraper/archive/migrations.py. Then write its schema down: python -m tests.archive.schemas"
)


def archive_of(schema: Path, folder: Path) -> Path:
    """An archive as the version that wrote `schema` made it, with a request in it."""
    path = folder / "archive.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.executescript(schema.read_text())
        db.execute("insert into archive_info (key, value) values ('site', ?)", (SITE,))
        db.execute(
            "insert into requests (id, url_title, title, url, first_seen_at, last_seen_at, last_changed_at) "
            "values (7, 'roads', 'About roads', ?, ?, ?, ?)",
            (f"{SITE}/request/roads", *["2026-06-15T00:00:00Z"] * 3),
        )
        for kind in ("request_json", "request_html"):
            db.execute(
                "insert into agenda (page_kind, page_key, reason, priority) values (?, 'roads', 'visit', 3)",
                (kind,),
            )
        db.commit()
    return path


def test_the_newest_schema_is_stored() -> None:
    step = steps()[-1]
    assert file_of(step).is_file(), HOW.format(step=step)
    assert file_of(step).read_text() == newest(), HOW.format(step=step)


def test_every_step_has_its_schema() -> None:
    assert [file_of(step) for step in steps()] == STORED


@pytest.mark.parametrize("schema", STORED, ids=lambda path: path.stem)
def test_an_archive_of_every_version_becomes_like_a_new_one(schema: Path, tmp_path: Path) -> None:
    path = archive_of(schema, tmp_path)
    with Archive.open(path) as archive:
        assert archive.site == Site(SITE)
        assert shape(archive.db) == expected()
        assert [tuple(row) for row in archive.db.execute("select id, title from requests")] == [(7, "About roads")]
        found = archive.db.execute("select rowid from requests_fts where requests_fts match 'road'")
        assert [row[0] for row in found] == [7]
    assert examine(path, None, quick=False) == []


def test_a_new_archive_has_the_expected_shape(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", Site(SITE)) as archive:
        assert shape(archive.db) == expected()


@pytest.fixture
def next_step() -> Iterator[None]:
    """A step that a later version might take."""

    @migrations(name="999-later")
    def later(db: Database) -> None:
        db.execute("alter table follows add column colour text")
        db.execute("create index follows_colour on follows(colour)")

    expected.cache_clear()
    yield
    migrations._migrations.pop()
    expected.cache_clear()


def test_a_check_waits_for_the_upgrade_and_a_repair_does_it(tmp_path: Path, next_step: None) -> None:
    path = archive_of(STORED[-1], tmp_path)
    with pytest.raises(ArchiveError, match="an older version made"):
        examine(path, None, quick=False)
    assert repair(path, None, quick=False, now="2026-06-16T00:00:00Z") == ([], [])
    assert examine(path, None, quick=False) == []


def test_the_next_crawl_takes_the_step_too(tmp_path: Path, next_step: None) -> None:
    path = archive_of(STORED[-1], tmp_path)
    with Archive.open(path) as archive:
        assert shape(archive.db) == expected()
        assert archive.db.execute("select colour from follows").fetchall() == []


def test_an_archive_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = archive_of(STORED[-1], tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("insert into _sqlite_migrations values (99, ?, '999-later', '2027-01-01')", (migrations.name,))
        db.commit()
    told = CliRunner().invoke(main, ["--archive", str(path), "check"])
    assert told.exit_code == 5
    assert "a newer version of this software made it (steps 999-later); install that version" in told.output
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="a newer version of this software made"):
        Archive.open(path)
    assert path.read_bytes() == before
