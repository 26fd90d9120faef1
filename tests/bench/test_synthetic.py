"""The synthetic archive is an archive, and the same whenever it is made."""

import sqlite3
from pathlib import Path

import pytest

from .synthetic import FILES_PER_REQUEST, MESSAGES_PER_REQUEST, WITHHELD_EVERY, Size, cached

SIZE = Size(300, seed=7)
TABLES = ("requests", "messages", "events", "files", "file_texts", "attachments", "batches", "authority_tags", "changes")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cached(SIZE, tmp_path_factory.mktemp("synthetic"))


def test_it_is_as_large_as_was_asked(archive: Path) -> None:
    with sqlite3.connect(archive) as db:
        count = {table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}
        withheld = db.execute("select count(*) from requests where withheld_at is not null and title is null").fetchone()[0]
    assert count["requests"] == 300
    assert count["messages"] == count["events"] == 300 * MESSAGES_PER_REQUEST
    assert count["files"] == 300 * FILES_PER_REQUEST
    assert withheld == 300 // WITHHELD_EVERY


def test_it_is_sound(archive: Path) -> None:
    with sqlite3.connect(archive) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert db.execute("pragma foreign_key_check").fetchall() == []
        for table in ("requests", "messages", "file_texts"):
            db.execute(f"insert into {table}_fts({table}_fts, rank) values ('integrity-check', 1)")
        # All that was dropped for speed is there again.
        kinds = dict(db.execute("select type, count(*) from sqlite_master where sql is not null group by type"))
    assert kinds["trigger"] == 9
    assert kinds["index"] > 30


def test_words_are_as_frequent_as_words_are(archive: Path) -> None:
    with sqlite3.connect(archive) as db:
        db.execute("create virtual table temp.words using fts5vocab('main', 'messages_fts', 'row')")
        found = db.execute("select term, cnt from words order by cnt desc").fetchall()
        lengths = [row[0] for row in db.execute("select length(new_text) from messages where new_text is not null order by 1")]
    assert found[0][0] == "the"
    assert 4 < found[0][1] / found[9][1] < 6
    assert len(found) > 5_000
    assert 500 < lengths[len(lengths) // 2] < 1_100


def test_the_same_seed_makes_the_same_archive(archive: Path, tmp_path: Path) -> None:
    again = cached(SIZE, tmp_path)
    assert again.name == archive.name
    with sqlite3.connect(archive) as one, sqlite3.connect(again) as other:
        for table in TABLES:
            assert one.execute(f"select * from {table}").fetchall() == other.execute(f"select * from {table}").fetchall()
    assert [path.name for path in tmp_path.glob("*unfinished*")] == []


def test_it_is_made_once(archive: Path) -> None:
    made = archive.stat().st_mtime_ns
    assert cached(SIZE, archive.parent) == archive
    assert archive.stat().st_mtime_ns == made
