"""One archive of the recorded site's first day, made once and copied by the tests that go on from it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.recorded import copy_archive
from tests.recorded_site import RecordedSite, wdtk

OURS = {"first_seen_at", "last_seen_at", "last_changed_at", "fetched_at", "observed_at", "gone_at", "withheld_at", "extracted_at"}
"""Columns that say when we looked; they differ between two crawls of one site."""
BOOKKEEPING = {"captures", "runs", "agenda", "site_totals", "dictionaries", "_sqlite_migrations", "archive_info", "coverage"}
LIKEWISE = {"follows", "withdrawals", "visit_rates", "ceiling_hits", "changes", "study_state"}
"""What runs leave that say when and how they went."""


@dataclass(frozen=True)
class FirstDay:
    """An archive of the whole site after one crawl, what the site was asked for, and the port it had."""

    archive: Path
    asked: list[tuple[str, object]]
    port: int

    def copy(self, folder: Path) -> Path:
        """The archive and its files, to be changed at will."""
        goal = folder / "archive.db"
        copy_archive(self.archive, goal)
        return goal


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    archive = tmp_path_factory.mktemp("recorded") / "archive.db"
    with RecordedSite(day=1) as site:
        done = wdtk("--archive", str(archive), "crawl", "everything", "--follow", "--site", site.base)
        assert done.returncode == 0, done.stderr
        return FirstDay(archive, [(path, status) for path, status, _ in site.log], site.port)


def content(archive: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that says something of the site, without our own ids and times."""
    db = sqlite3.connect(archive)
    tables = [
        name
        for (name,) in db.execute("select name from sqlite_master where type = 'table' and sql not like 'create virtual%'")
        if "_fts" not in name and name not in BOOKKEEPING | LIKEWISE
    ]
    told = {}
    for table in tables:
        columns = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in OURS]
        if table in ("messages", "files", "request_tags"):
            columns = [column for column in columns if column != "id"]
        if "sha256" in columns:  # the file's own name; its number is ours
            columns = [column for column in columns if column != "file_id"]
        query = f"select {', '.join(columns)} from {table}"
        if table == "attachments":
            columns = [f"a.{column}" for column in columns if column not in ("id", "message_id", "file_id")]
            query = (
                f"select m.anchor, f.sha256, {', '.join(columns)} from attachments a "
                "join messages m on m.id = a.message_id left join files f on f.id = a.file_id"
            )
        elif table == "links":
            query = "select m.anchor, l.position, l.url, l.shown_text from links l join messages m on m.id = l.message_id"
        elif table == "file_texts":
            query = "select f.sha256, t.text from file_texts t join files f on f.id = t.file_id"
        elif table == "file_members":
            query = (
                "select p.sha256, m.position, m.path, m.reason, f.sha256 from file_members m "
                "join files p on p.id = m.parent_id left join files f on f.id = m.file_id"
            )
        told[table] = sorted(db.execute(query).fetchall(), key=repr)
    told["withdrawals"] = db.execute(
        "select request_id, nights, withdrawn_at is not null, set_aside is not null from withdrawals order by 1"
    ).fetchall()
    told["changes"] = sorted(
        db.execute(
            "select request_id, table_name, case when table_name in ('messages', 'attachments') then '' else row_key end, "
            "column_name, case when column_name like '%\\_at' escape '\\' then '' else old_value end, "
            "case when column_name like '%\\_at' escape '\\' then '' else new_value end from changes"
        ).fetchall(),
        key=repr,
    )
    db.close()
    return told


def counts(archive: Path) -> dict[str, int]:
    """Rows of every table."""
    db = sqlite3.connect(archive)
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
    found = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}
    db.close()
    return found
