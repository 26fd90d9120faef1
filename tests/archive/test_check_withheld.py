"""What the site withholds is found wherever it is left, and taken out."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scraper.archive.check import examine, repair
from tests.crawl.command import served, small_world, wdtk
from tests.replica import NOW, Replica

REPAIRED = "2026-06-20T02:00:00Z"
SECRET = "words that nobody may read"


def crawl(folder: Path, site: Replica, days: int) -> None:
    now = (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = ("nightly",) if days else ("crawl", "everything", "--follow", "--site", site.base)
    done = wdtk(folder, *words, WDTK_NOW=now)
    assert done.code == 0, done.err


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One archive after its first crawl, after a night on which a request was hidden, and after the next."""
    world, made = small_world(), [tmp_path_factory.mktemp("night") for _ in range(3)]
    with served(world) as site:
        crawl(made[0], site, 0)
        with world.lock:
            world.hide(world.requests[1])
        for day in (1, 2):
            shutil.copytree(made[day - 1], made[day], dirs_exist_ok=True)
            crawl(made[day], site, day)
    return made


def copy_of(folder: Path, goal: Path) -> Path:
    shutil.copytree(folder, goal, dirs_exist_ok=True)
    assert examine(goal / "archive.db", None, quick=False) == []
    return goal / "archive.db"


@pytest.fixture
def shown(nights: list[Path], tmp_path: Path) -> Path:
    return copy_of(nights[0], tmp_path)


@pytest.fixture
def refused(nights: list[Path], tmp_path: Path) -> Path:
    """A request is set aside, and not confirmed."""
    return copy_of(nights[1], tmp_path)


@pytest.fixture
def withdrawn(nights: list[Path], tmp_path: Path) -> Path:
    archive = copy_of(nights[2], tmp_path)
    assert values(archive, "select withdrawn_at is not null from withdrawals") == [(1,)]
    return archive


def values(archive: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive)) as db:
        return db.execute(query).fetchall()


def plant(archive: Path, *statements: str) -> None:
    db = sqlite3.connect(archive, isolation_level=None)
    for statement in statements:
        assert db.execute(statement).rowcount > 0, statement
    db.close()


def found(archive: Path) -> set[str]:
    return {damage.kind for damage in examine(archive, None, quick=False)}


def is_mended(archive: Path) -> bool:
    return repair(archive, None, quick=False, now=REPAIRED)[1] == [] and examine(archive, None, quick=False) == []


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (f"update messages set text = '{SECRET}' where request_id = 1", "withheld_content"),
        (f"update requests set title = '{SECRET}' where id = 1", "withheld_content"),
        (
            f"update attachments set filename = '{SECRET}' where message_id in (select id from messages where request_id = 1)",
            "withheld_content",
        ),
        (f"insert into links select id, 1, 'http://a.example/', '{SECRET}' from messages where request_id = 1", "withheld_rows"),
        (f"insert into request_tags (request_id, name, value) values (1, '{SECRET}', '')", "withheld_rows"),
    ],
)
def test_content_of_a_refused_request_is_taken_out(refused: Path, statement: str, kind: str) -> None:
    plant(refused, statement)
    assert found(refused) == {kind}
    assert is_mended(refused)
    assert SECRET.encode() not in refused.read_bytes()


def test_a_refused_request_that_is_not_set_aside_is(refused: Path) -> None:
    plant(refused, "delete from withdrawals", "update requests set title = 'Here still', url_title = 'here' where id = 1")
    assert "not_set_aside" in found(refused)
    assert is_mended(refused)
    assert values(refused, "select title, url_title from requests where id = 1") == [(None, "")]
    assert values(refused, "select set_aside is not null from withdrawals") == [(1,)]
    due = "select due_at from agenda where page_kind = 'request_id' and page_key = '1'"
    assert values(refused, due) == [(REPAIRED,)]


def test_what_was_set_aside_and_cannot_be_unpacked_is_dropped(refused: Path) -> None:
    plant(refused, "update withdrawals set set_aside = substr(set_aside, 9)")
    assert {"set_aside"} <= found(refused)
    assert is_mended(refused)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("update withdrawals set set_aside = x'00'", "set_aside"),
        (
            f"insert into changes values (null, null, '2026-06-15T00:00:00Z', 1, 'requests', '1', 'url_title', null, '{SECRET}')",
            "not_erased",
        ),
        (f"update messages set html = '{SECRET}' where request_id = 1", "withheld_content"),
    ],
)
def test_what_is_left_of_a_withdrawn_request_is_taken_out(withdrawn: Path, statement: str, kind: str) -> None:
    plant(withdrawn, statement)
    assert kind in found(withdrawn)
    at = "select withdrawn_at from withdrawals"
    before = values(withdrawn, at)
    assert is_mended(withdrawn)
    assert SECRET.encode() not in withdrawn.read_bytes()
    assert values(withdrawn, at) == before


def test_a_raw_page_of_a_withdrawn_request_is_dropped(withdrawn: Path) -> None:
    plant(
        withdrawn,
        "update captures set page_key = 'question_0', body = (select body from captures where page_key = 'question_1' and "
        "page_kind = 'request_html' and body is not null), body_sha256 = (select body_sha256 from captures where page_key = "
        "'question_1' and page_kind = 'request_html' and body is not null) where id = "
        "(select min(id) from captures where page_kind = 'request_html' and page_key = '1')",
    )
    assert found(withdrawn) == {"old_page"}
    assert is_mended(withdrawn)


@pytest.mark.parametrize(
    "statement",
    [
        f"update messages set gone_at = '2026-06-15T00:00:00Z', text = '{SECRET}' where anchor like 'comment-%'",
        f"update messages set withheld = 'hidden', html = '{SECRET}' where anchor like 'comment-%'",
    ],
)
def test_content_of_what_is_gone_is_taken_out(shown: Path, statement: str) -> None:
    plant(shown, statement)
    assert found(shown) == {"withheld_content"}
    assert is_mended(shown)
    assert SECRET.encode() not in shown.read_bytes()
