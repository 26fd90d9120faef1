"""The main job on real input: the recorded genuine site, crawled over HTTP, equal to its own database."""

from __future__ import annotations

import re
import sqlite3
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from protego import Protego

from tests.acceptance.conftest import FirstDay, content, counts
from tests.acceptance.kills import kill_and_go_on
from tests.recorded_site import RecordedSite, fidelity, wdtk
from tests.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.slow]


def test_every_public_fact_equals_the_sites_own_database(first_day: FirstDay) -> None:
    compared = fidelity(first_day.archive, 1)
    assert compared.returncode == 0, compared.stdout
    assert "100.0000 %" in compared.stdout


def test_no_page_twice_none_forbidden_and_no_waste(first_day: FirstDay) -> None:
    asked = [path for path, _ in first_day.asked]
    twice = {path: number for path, number in Counter(asked).items() if number > 1}
    assert twice == {}
    with RecordedSite(day=1) as site:
        rules = Protego.parse(urllib.request.urlopen(site.base + "/robots.txt").read().decode())
        assert [path for path in asked if not rules.can_fetch(site.base + path, "wdtk-archive")] == []
    # Two slugs of the recording look like actions: what is asked for is told by the whole path.
    ours = (
        r"/robots\.txt|/version\.json|/body/all-authorities\.csv|/list\?.*|/info_request_batch/\d+|/request/\d+|/user/[^/]+\.json"
        r"|/request/[^/]+\.json|/request/[^/]+\?unfold=1|/request/[^/]+/response/\d+/attach/\d+/[^/]+\?cookie_passthrough=1"
    )
    assert [path for path in asked if not re.fullmatch(ours, path)] == []

    db = sqlite3.connect(first_day.archive)
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
    backpage = sum(status == 301 for _, status in first_day.asked)
    handful = 5  # robots.txt, the register of authorities, version.json
    assert len(asked) <= 2 * requests + attachments + unnamed + lists + gaps + backpage + handful


def test_the_same_site_again_writes_captures_and_a_run(first_day: FirstDay, tmp_path: Path) -> None:
    archive = first_day.copy(tmp_path)
    before, rows = content(archive), counts(archive)
    with RecordedSite(day=1, port=first_day.port) as site:
        done = wdtk("--archive", str(archive), "crawl", "everything", "--site", site.base)
    assert done.returncode == 0, done.stderr
    after = counts(archive)
    assert {table for table in after if after[table] != rows[table]} <= {"captures", "runs", "site_totals", "coverage"}
    assert after["changes"] == 0
    assert content(archive) == before


def test_reading_the_kept_pages_again_changes_nothing(first_day: FirstDay, tmp_path: Path) -> None:
    archive = first_day.copy(tmp_path)
    before, rows = content(archive), counts(archive)
    done = wdtk("--archive", str(archive), "--json", "reparse")
    assert done.returncode == 0, done.stderr
    assert '"differing": 0' in done.stdout
    assert content(archive) == before
    assert {table for table in rows if counts(archive)[table] != rows[table]} == {"runs"}


def test_twenty_kills_lose_nothing(first_day: FirstDay, tmp_path: Path) -> None:
    """SIGKILL within a request, within a transaction, between two: at most one fetch more for each."""
    archive = tmp_path / "archive.db"
    undisturbed = len(first_day.asked)
    with RecordedSite(day=1, port=first_day.port) as site:
        command = ["--archive", str(archive), "--quiet", "crawl", "everything", "--follow", "--site", site.base]
        kills = kill_and_go_on(site, command, 20, undisturbed, 20261122, {})
        robots = sum(path == "/robots.txt" for path, _, _ in site.log)
        assert kills == 20
        assert len(site.log) - (robots - 1) <= undisturbed + kills
    assert content(archive) == content(first_day.archive)
    compared = fidelity(archive, 1)
    assert compared.returncode == 0, compared.stdout
