"""The main job on real input: the recorded genuine site, crawled over HTTP, equal to its own database."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from protego import Protego

from tests.recorded_site import ROOT, RecordedSite, fidelity, wdtk
from tests.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.slow, pytest.mark.xdist_group("recorded_site")]

OURS = {"first_seen_at", "last_seen_at", "last_changed_at", "fetched_at", "observed_at"}
"""Columns that say when we looked; they differ between two crawls of one site."""
BOOKKEEPING = {"captures", "runs", "agenda", "site_totals", "dictionaries", "_sqlite_migrations", "archive_info"}


def content(archive: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that says something of the site, without our own ids and times."""
    db = sqlite3.connect(archive)
    tables = [
        name
        for (name,) in db.execute("select name from sqlite_master where type = 'table' and sql not like 'create virtual%'")
        if "_fts" not in name and name not in BOOKKEEPING
    ]
    told = {}
    for table in tables:
        columns = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in OURS]
        if table == "messages":
            columns.remove("id")
        query = f"select {', '.join(columns)} from {table}"
        if table == "attachments":
            columns = [f"a.{column}" for column in columns if column not in ("id", "message_id", "file_id")]
            query = (
                f"select m.anchor, f.sha256, {', '.join(columns)} from attachments a "
                "join messages m on m.id = a.message_id left join files f on f.id = a.file_id"
            )
        elif table == "files":
            query = query.replace("id, ", "", 1)
        elif table == "links":
            query = "select m.anchor, l.position, l.url, l.shown_text from links l join messages m on m.id = l.message_id"
        told[table] = sorted(db.execute(query).fetchall(), key=repr)
    db.close()
    return told


def counts(archive: Path) -> dict[str, int]:
    db = sqlite3.connect(archive)
    tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
    found = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}
    db.close()
    return found


@pytest.fixture(scope="module")
def site() -> Iterator[RecordedSite]:
    with RecordedSite(day=1) as served:
        yield served


@pytest.fixture(scope="module")
def first(site: RecordedSite, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, object]]]:
    """An archive of the whole site after one crawl, and what the site was asked for."""
    archive = tmp_path_factory.mktemp("recorded") / "archive.db"
    done = wdtk("--archive", str(archive), "crawl", "everything", "--site", site.base)
    assert done.returncode == 0, done.stderr
    asked = [(path, status) for path, status, _ in site.log]
    site.log.clear()
    return archive, asked


def test_every_public_fact_equals_the_sites_own_database(first: tuple[Path, list[tuple[str, object]]]) -> None:
    compared = fidelity(first[0], 1)
    assert compared.returncode == 0, compared.stdout
    assert "100.0000 %" in compared.stdout


def test_no_page_twice_none_forbidden_and_no_waste(first: tuple[Path, list[tuple[str, object]]], site: RecordedSite) -> None:
    asked = [path for path, _ in first[1]]
    twice = {path: number for path, number in Counter(asked).items() if number > 1}
    assert twice == {}
    with RecordedSite(day=1) as other:
        import urllib.request

        rules = Protego.parse(urllib.request.urlopen(other.base + "/robots.txt").read().decode())
    assert [path for path in asked if not rules.can_fetch(site.base + path, "wdtk-archive")] == []
    # Two slugs of the recording look like actions: what is asked for is told by the whole path.
    ours = (
        r"/robots\.txt|/version\.json|/body/all-authorities\.csv|/list\?.*|/info_request_batch/\d+|/request/\d+|/user/[^/]+\.json"
        r"|/request/[^/]+\.json|/request/[^/]+\?unfold=1|/request/[^/]+/response/\d+/attach/\d+/[^/]+\?cookie_passthrough=1"
    )
    assert [path for path in asked if not re.fullmatch(ours, path)] == []

    db = sqlite3.connect(first[0])
    requests, attachments, top = db.execute(
        "select (select count(*) from requests), (select count(*) from attachments where url is not null), "
        "(select max(id) from requests)"
    ).fetchone()
    unnamed = db.execute(
        "select count(distinct user_url_name) from messages where kind = 'annotation' "
        "and user_id not in (select user_id from requests where user_id is not null)"
    ).fetchone()[0]
    db.close()
    lists = sum(path.startswith(("/list", "/info_request_batch")) for path in asked)
    gaps = top - requests
    backpage = sum(status == 301 for path, status in first[1])
    handful = 5  # robots.txt, the register of authorities, version.json
    assert len(asked) <= 2 * requests + attachments + unnamed + lists + gaps + backpage + handful


def test_the_same_site_again_writes_captures_and_a_run(first: tuple[Path, list[tuple[str, object]]], site: RecordedSite) -> None:
    archive, _ = first
    before, rows = content(archive), counts(archive)
    done = wdtk("--archive", str(archive), "crawl", "everything", "--site", site.base)
    assert done.returncode == 0, done.stderr
    after = counts(archive)
    grown = {table for table in after if after[table] != rows[table]}
    assert grown == {"captures", "runs", "site_totals"}
    assert after["changes"] == 0
    assert content(archive) == before


def test_reading_the_kept_pages_again_changes_nothing(first: tuple[Path, list[tuple[str, object]]]) -> None:
    archive, _ = first
    before, rows = content(archive), counts(archive)
    done = wdtk("--archive", str(archive), "--json", "reparse")
    assert done.returncode == 0, done.stderr
    assert content(archive) == before
    assert {table for table in rows if counts(archive)[table] != rows[table]} == {"runs"}


def test_twenty_kills_lose_nothing(
    first: tuple[Path, list[tuple[str, object]]], site: RecordedSite, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    """SIGKILL at random moments: within a request, within a transaction, between two; at most one fetch more for each."""
    archive, asked = first
    undisturbed = len(asked)
    killed = tmp_path / "archive.db"
    dice = random.Random(20261122)
    moments = sorted(dice.sample(range(5, undisturbed - 5), 20))
    command = [sys.executable, "-m", "scraper", "--archive", str(killed), "--quiet", "crawl", "everything", "--site", site.base]
    site.log.clear()
    kills = 0
    for moment in [*moments, None]:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def strike(number: int, moment: int | None = moment, pid: int = process.pid) -> None:
            if number == moment:
                threading.Timer(dice.uniform(0, 0.03), os.kill, (pid, signal.SIGKILL)).start()

        site.on_request = strike
        output, _ = process.communicate(timeout=900)
        kills += process.returncode == -signal.SIGKILL
        if moment is None:
            assert process.returncode == 0, output.decode()
    site.on_request = lambda number: None
    assert kills == len(moments)
    robots = sum(path == "/robots.txt" for path, _, _ in site.log)
    assert len(site.log) - (robots - 1) <= undisturbed + kills
    assert content(killed) == content(archive)
    compared = fidelity(killed, 1)
    assert compared.returncode == 0, compared.stdout
