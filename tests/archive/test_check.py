"""Every planted fault is found, and mended where it can be; the next crawl brings back what was lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.archive.check import Damage, examine, repair
from scraper.archive.store import ArchiveBusy, ArchiveError, lock_archive
from scraper.cli import main
from tests.crawl.command import content, served, small_world, wdtk
from tests.replica import Replica

NOW = "2026-06-16T02:00:00Z"
REQUESTS = 104
"""Enough for a dictionary to be trained."""

Plant = Callable[[sqlite3.Connection, Path], object]


@pytest.fixture(scope="module")
def site() -> Iterator[Replica]:
    with served(small_world(REQUESTS)) as replica:
        yield replica


@pytest.fixture(scope="module")
def crawled(site: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawled")
    done = wdtk(folder, "crawl", "everything", "--site", site.base)
    assert done.code == 0, done.err
    return folder / "archive.db"


@pytest.fixture
def archive(crawled: Path, tmp_path: Path) -> Path:
    shutil.copy(crawled, tmp_path / "archive.db")
    shutil.copytree(crawled.with_suffix(".files"), tmp_path / "archive.files")
    return tmp_path / "archive.db"


def plant(archive: Path, *faults: Plant) -> None:
    """Spoils an archive behind its back, foreign keys or not."""
    db = sqlite3.connect(archive, isolation_level=None)
    for fault in faults:
        fault(db, archive.with_suffix(".files"))
    db.close()


def kinds(found: list[Damage]) -> set[str]:
    return {damage.kind for damage in found}


# ---- the faults -----------------------------------------------------------------------------------------------------


def a_file(db: sqlite3.Connection, files: Path, number: int = 1) -> Path:
    sha256: str = db.execute("select sha256 from files order by id limit 1 offset ?", (number,)).fetchone()[0]
    return files / sha256[:2] / sha256[2:4] / sha256


def missing_file(db: sqlite3.Connection, files: Path) -> None:
    a_file(db, files).unlink()


def changed_file(db: sqlite3.Connection, files: Path) -> None:
    path = a_file(db, files, 2)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def torn_file(db: sqlite3.Connection, files: Path) -> None:
    path = a_file(db, files, 3)
    path.write_bytes(path.read_bytes()[:-5])


def orphan_file(db: sqlite3.Connection, files: Path) -> None:
    path = files / "ab" / "cd" / ("abcd" + "0" * 60)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"whose is this?")


def half_written_file(db: sqlite3.Connection, files: Path) -> None:
    (files / "tmp").mkdir(exist_ok=True)
    (files / "tmp" / "download").write_bytes(b"%PDF-1.7 and then the light went")


def unowned_file(db: sqlite3.Connection, files: Path) -> None:
    number = db.execute("select id from files order by id limit 1 offset 4").fetchone()[0]
    db.execute("update attachments set file_id = null, status = 'unavailable' where file_id = ?", (number,))


def deletion_left(db: sqlite3.Connection, files: Path) -> None:
    db.execute("insert into files_to_delete (sha256) values (?)", ("cd" * 32,))


def stored_without_file(db: sqlite3.Connection, files: Path) -> None:
    number = db.execute("select id from files order by id limit 1 offset 5").fetchone()[0]
    db.execute("update attachments set file_id = null where file_id = ?", (number,))


def changed_capture(db: sqlite3.Connection, files: Path) -> None:
    number, body = db.execute("select id, body from captures where page_kind = 'request_html' and body is not null").fetchone()
    db.execute("update captures set body = ? where id = ?", (body[:40] + bytes([body[40] ^ 4]) + body[41:], number))


def another_body(db: sqlite3.Connection, files: Path) -> None:
    db.execute("update captures set body_sha256 = ? where page_kind = 'request_json' and page_key = 'question_7'", ("0" * 64,))


def old_body(db: sqlite3.Connection, files: Path) -> None:
    columns = ", ".join(row[1] for row in db.execute("pragma table_info(captures)") if row[1] != "id")
    db.execute(f"insert into captures ({columns}) select {columns} from captures where page_kind = 'user_json' limit 1")


def damaged_dictionary(db: sqlite3.Connection, files: Path) -> None:
    number, data = db.execute("select id, data from dictionaries where page_kind = 'request_html'").fetchone()
    db.execute("update dictionaries set data = ? where id = ?", (data[:9] + b"\xff" * 9 + data[18:], number))


def lost_dictionary(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from dictionaries where page_kind = 'request_json'")


def orphan_message(db: sqlite3.Connection, files: Path) -> None:
    db.execute(
        "insert into messages (request_id, anchor, first_seen_at, last_changed_at) values (99999, 'incoming-99999', ?, ?)",
        (NOW, NOW),
    )
    db.execute(
        "insert into attachments (message_id, status, first_seen_at, last_changed_at) select max(id), 'due', ?, ? from messages",
        (NOW, NOW),
    )


def orphan_attachment(db: sqlite3.Connection, files: Path) -> None:
    db.execute(
        "insert into attachments (message_id, status, first_seen_at, last_changed_at) values (99999, 'due', ?, ?)", (NOW, NOW)
    )


def orphan_link(db: sqlite3.Connection, files: Path) -> None:
    db.execute("insert into links (message_id, position, url, shown_text) values (99998, 1, 'http://a.example/', 'a')")


def lost_row_of_a_file(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from files where id = (select id from files order by id limit 1 offset 6)")


def lost_request(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from requests where url_title = 'question_8'")


def lost_thread(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from requests where url_title = 'question_9'")
    db.execute("update captures set body = null, dictionary_id = null where page_key = 'question_9'")


def lost_authority(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from authorities")


def stale_search(db: sqlite3.Connection, files: Path) -> None:
    trigger = db.execute("select sql from sqlite_master where name = 'messages_fts_update'").fetchone()[0]
    db.execute("drop trigger messages_fts_update")
    db.execute("update messages set text = text || ' unheard' where id = 5")
    db.execute(trigger)
    db.execute("update messages set text = replace(text, ' unheard', '') where id = 5")


def emptied_search(db: sqlite3.Connection, files: Path) -> None:
    db.execute("insert into requests_fts(requests_fts) values ('delete-all')")


def agenda_hole(db: sqlite3.Connection, files: Path) -> None:
    db.execute("delete from agenda where page_key = 'question_11' and page_kind = 'request_html'")
    db.execute("delete from agenda where page_key = 'question_12' and page_kind = 'request_json'")


def lost_visit(db: sqlite3.Connection, files: Path) -> None:
    db.execute("update agenda set last_capture_id = 99999 where page_key = 'question_13'")


def file_not_due(db: sqlite3.Connection, files: Path) -> None:
    number = db.execute("select id from files order by id limit 1 offset 7").fetchone()[0]
    db.execute("update attachments set status = 'due', file_id = null where file_id = ?", (number,))


def lost_index(db: sqlite3.Connection, files: Path) -> None:
    db.execute("drop index messages_request_id")


def lost_trigger(db: sqlite3.Connection, files: Path) -> None:
    db.execute("drop trigger messages_fts_update")


def other_view(db: sqlite3.Connection, files: Path) -> None:
    db.execute("drop view request_summary")
    db.execute("create view request_summary as select 1 as id")


def other_mode(db: sqlite3.Connection, files: Path) -> None:
    assert db.execute("pragma journal_mode = delete").fetchone()[0] == "delete"


FAULTS: list[tuple[Plant, set[str]]] = [
    (missing_file, {"missing_file"}),
    (changed_file, {"changed_file"}),
    (torn_file, {"torn_file"}),
    (orphan_file, {"orphan_file"}),
    (half_written_file, {"half_written"}),
    (unowned_file, {"unowned_file"}),
    (deletion_left, {"deletion"}),
    (stored_without_file, {"attachment", "unowned_file"}),
    (changed_capture, {"capture"}),
    (another_body, {"capture"}),
    (old_body, {"old_capture"}),
    (damaged_dictionary, {"dictionary"}),
    (lost_dictionary, {"dictionary", "orphan_row"}),
    (orphan_message, {"orphan_row"}),
    (orphan_attachment, {"orphan_row"}),
    (orphan_link, {"orphan_row"}),
    (lost_row_of_a_file, {"orphan_row", "orphan_file"}),
    (lost_request, {"orphan_row", "lost_request", "agenda_hole"}),
    (lost_thread, {"orphan_row", "agenda_hole"}),
    (lost_authority, {"orphan_row"}),
    (stale_search, {"search"}),
    (emptied_search, {"search"}),
    (agenda_hole, {"agenda_hole"}),
    (lost_visit, {"orphan_row"}),
    (file_not_due, {"agenda_hole", "unowned_file"}),
    (lost_index, {"schema"}),
    (lost_trigger, {"schema"}),
    (other_view, {"schema"}),
    (other_mode, {"journal_mode"}),
]


def test_a_sound_archive_is_called_sound(archive: Path) -> None:
    before = archive.read_bytes()
    assert examine(archive, None, quick=False) == []
    assert archive.read_bytes() == before
    assert repair(archive, None, quick=False, now=NOW) == ([], [])
    told = CliRunner().invoke(main, ["--archive", str(archive), "check"])
    assert (told.exit_code, told.output) == (0, "the archive is sound\n")


@pytest.mark.parametrize(("fault", "found"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_planted_fault_is_found_and_mended(archive: Path, fault: Plant, found: set[str]) -> None:
    plant(archive, fault)
    seen = examine(archive, None, quick=False)
    assert kinds(seen) == found
    assert all(damage.mendable and not damage.leftover for damage in seen)
    mended, left = repair(archive, None, quick=False, now=NOW)
    assert mended
    assert left == []
    assert examine(archive, None, quick=False) == []


@pytest.mark.parametrize("faults", [[fault for fault, _ in FAULTS if fault is not lost_dictionary], [lost_dictionary]])
def test_the_next_crawl_brings_back_what_was_lost(archive: Path, crawled: Path, site: Replica, faults: list[Plant]) -> None:
    """All the faults at once, mended, and crawled: the archive is what it was, and no change is reported."""
    plant(archive, *faults)
    told = CliRunner().invoke(main, ["--archive", str(archive), "--json", "check", "--repair"])
    answer = json.loads(told.output)
    assert (told.exit_code, answer["sound"], answer["damage"]) == (0, True, [])
    assert len(answer["mended"]) >= len(faults)
    done = wdtk(archive.parent, "crawl", "everything", "--site", site.base)
    assert done.code == 0, done.err
    assert examine(archive, None, quick=False) == []
    now, before = content(archive), content(crawled)
    assert now["changes"] == []
    assert {table: rows for table, rows in now.items() if table != "coverage"} == {
        table: rows for table, rows in before.items() if table != "coverage"
    }
    kept = "select page_kind, page_key from captures where body is not null and page_kind like 'request%' order by 1, 2"
    with closing(sqlite3.connect(archive)) as one, closing(sqlite3.connect(crawled)) as other:
        assert one.execute(kept).fetchall() == other.execute(kept).fetchall()


def test_a_night_fetches_first_what_was_mended(archive: Path, site: Replica) -> None:
    """With a budget for less than half of the threads."""
    plant(archive, missing_file, changed_capture, another_body)
    assert repair(archive, None, quick=False, now=NOW)[1] == []
    assert wdtk(archive.parent, "follow", "everything").code == 0
    done = wdtk(archive.parent, "nightly", "--budget", "40", "--site", site.base, WDTK_NOW="2026-06-16T03:00:00Z")
    assert done.code == 0, done.err
    with closing(sqlite3.connect(archive)) as db:
        assert db.execute("select count(*) from agenda where due_at is not null and reason = 'visit'").fetchall() == [(0,)]
        assert db.execute("select distinct status from attachments").fetchall() == [("stored",)]
        kept = "select count(*) from captures where body is not null and page_kind in ('request_html', 'request_json')"
        assert db.execute(kept).fetchall() == [(2 * REQUESTS,)]


def test_a_quick_check_looks_into_no_file_and_no_raw_page(archive: Path) -> None:
    plant(archive, changed_file, torn_file, changed_capture)
    assert kinds(examine(archive, None, quick=True)) == {"torn_file"}


def test_what_a_killed_run_leaves_is_no_damage(archive: Path) -> None:
    plant(
        archive,
        half_written_file,
        orphan_file,
        deletion_left,
        lambda db, files: db.execute(
            "insert into runs (command, started_at, settings, software) values ('c', ?, '{}', '')", [NOW]
        ),
    )
    found = examine(archive, None, quick=False)
    assert {(damage.kind, damage.leftover) for damage in found} == {
        ("half_written", True),
        ("orphan_file", True),
        ("deletion", True),
    }
    told = CliRunner().invoke(main, ["--archive", str(archive), "check"])
    assert told.exit_code == 0
    assert "left over: tmp/download" in told.output
    assert len(repair(archive, None, quick=False, now=NOW)[0]) == 3
    assert examine(archive, None, quick=False) == []


# ---- what cannot be mended ------------------------------------------------------------------------------------------


def overwrite(archive: Path, at: int, data: bytes) -> None:
    with archive.open("r+b") as file:
        file.seek(at)
        file.write(data)


def lost_beginning(archive: Path) -> None:
    overwrite(archive, 0, b"\0" * 100)


def lost_pages(archive: Path) -> None:
    overwrite(archive, 8192 * 3, b"\xff" * 8192 * 6)


def truncated(archive: Path) -> None:
    with archive.open("r+b") as file:
        file.truncate(archive.stat().st_size // 16384 * 8192)


def emptied(archive: Path) -> None:
    archive.write_bytes(b"")


@pytest.mark.parametrize("ruin", [lost_beginning, lost_pages, truncated, emptied])
def test_a_ruined_database_is_damage_that_a_backup_mends(archive: Path, ruin: Callable[[Path], None]) -> None:
    ruin(archive)
    ruined = archive.read_bytes()
    for words in (["check"], ["check", "--repair"]):
        told = CliRunner().invoke(main, ["--archive", str(archive), *words])
        assert told.exit_code == 5, told.output
        assert "restore a backup (docs/nightly.md)" in told.output
        assert "Traceback" not in told.output
    assert archive.read_bytes() == ruined


def newer_version(db: sqlite3.Connection, files: Path) -> None:
    db.execute("insert into _sqlite_migrations select 99, migration_set, '999-later', applied_at from _sqlite_migrations limit 1")


def lost_column(db: sqlite3.Connection, files: Path) -> None:
    db.execute("alter table requests drop column due_on")


def no_folder(db: sqlite3.Connection, files: Path) -> None:
    shutil.rmtree(files)


def strange_file(db: sqlite3.Connection, files: Path) -> None:
    (files / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    ("fault", "kind", "advice"),
    [
        (newer_version, "schema", "install that version"),
        (lost_column, "schema", "restore a backup"),
        (no_folder, "files_folder", "bring it back"),
        (strange_file, "strange_file", "move it away"),
    ],
)
def test_what_cannot_be_mended_says_what_to_do(archive: Path, fault: Plant, kind: str, advice: str) -> None:
    plant(archive, lambda db, files: db.execute("drop view request_summary") if fault is lost_column else None, fault)
    mended, left = repair(archive, None, quick=False, now=NOW)
    told = next(damage for damage in left if damage.kind == kind and not damage.mendable)
    assert advice in told.what
    assert mended == []
    assert CliRunner().invoke(main, ["--archive", str(archive), "check"]).exit_code == 5


def test_an_index_that_does_not_fit_is_built_anew(archive: Path) -> None:
    """For a moment the index is said to hold nothing, so that a change passes it by."""

    def rewrite(db: sqlite3.Connection, files: Path, old: str, new: str) -> None:
        db.execute("pragma writable_schema = on")
        db.execute("update sqlite_master set sql = replace(sql, ?, ?) where name = 'messages_kind'", (old, new))

    partial = "(kind) where kind = 'nothing'"
    plant(archive, lambda db, files: rewrite(db, files, "(kind)", partial))
    plant(archive, lambda db, files: db.execute("update messages set kind = 'followup' where kind = 'response' and id < 9"))
    plant(archive, lambda db, files: rewrite(db, files, partial, "(kind)"))
    assert [(damage.kind, damage.where) for damage in examine(archive, None, quick=False)] == [("index", "messages_kind")]
    assert repair(archive, None, quick=False, now=NOW)[1] == []
    assert examine(archive, None, quick=False) == []


def test_no_archive_and_a_busy_one_are_no_damage(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive at"):
        examine(tmp_path / "none.db", None, quick=False)
    sqlite3.connect(tmp_path / "other.db").execute("create table t (a)").connection.close()
    with pytest.raises(ArchiveError, match="a database, but no archive"):
        examine(tmp_path / "other.db", None, quick=False)
    lock = lock_archive(archive)
    with pytest.raises(ArchiveBusy):
        examine(archive, None, quick=False)
    assert wdtk(archive.parent, "check").code == 75
    lock.release()
    assert wdtk(archive.parent, "check").code == 0
