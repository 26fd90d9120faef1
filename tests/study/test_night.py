"""A night ends with the study tables; whatever becomes of that, the night's own outcome stands, and the failure shows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crawl.command import rows, served, small_world, wdtk

STUDIED = "select count(*) from deadlines"


def test_a_night_studies_unless_told_not_to(tmp_path: Path) -> None:
    archive, world = tmp_path / "archive.db", small_world(12)
    with served(world) as site:
        assert wdtk(tmp_path, "crawl", "everything", "--follow", "--site", site.base).code == 0
        assert wdtk(tmp_path, "nightly", "--no-study").code == 0
        assert rows(archive, "select name from sqlite_master where name = 'deadlines'") == []
        done = wdtk(tmp_path, "nightly")
        assert (done.code, done.err) == (0, "")
        (count,) = rows(archive, "select count(*) from requests where withheld_at is null")
        assert rows(archive, STUDIED) == [count]
        assert f"study tables: {count[0]} requests made anew" in done.out
        said = "The names are withheld under section 40(2) of the Freedom of Information Act 2000."
        world.new_response(world.requests[1], said, [])
        assert wdtk(tmp_path, "nightly", "--recheck").code == 0
    assert rows(archive, "select request_id, provision from exemptions") == [(1, "FOIA s.40(2)")]


def test_what_goes_wrong_shows_and_the_night_stands(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with served(small_world(3)) as site:
        assert wdtk(tmp_path, "crawl", "everything", "--follow", "--site", site.base).code == 0
        assert wdtk(tmp_path, "nightly").code == 0
        with closing(sqlite3.connect(archive)) as db:
            db.execute("insert into lexicons values ('mine', '', 'terms: nothing')")
            db.commit()
        done = wdtk(tmp_path, "--quiet", "nightly")
        assert done.code == 1
        assert done.err.startswith("the study tables were not brought up to date: a lexicon has")
        assert "wdtk study makes up for it" in done.err
        assert rows(archive, "select outcome from runs order by id desc limit 1") == [("ok",)]
        (state,) = rows(archive, "select count(*) from study_state")
        assert state == (5,)
    # Where the night itself had trouble, that is its outcome: here the site is gone.
    done = wdtk(tmp_path, "--quiet", "nightly")
    assert "the study tables were not brought up to date" in done.err
    assert done.code == 3
