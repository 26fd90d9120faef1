"""A night ends with reading the files it brought; whatever becomes of that, the night's own outcome stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crawl.command import served, small_world, wdtk


def statuses(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return {row[0] for row in db.execute("select distinct text_status from files")}


def test_a_night_reads_its_files_unless_told_not_to(tmp_path: Path) -> None:
    with served(small_world(12)) as site:
        assert wdtk(tmp_path, "crawl", "everything", "--follow", "--site", site.base).code == 0
        assert statuses(tmp_path) == {"due"}
        assert wdtk(tmp_path, "nightly", "--no-extract").code == 0
        assert statuses(tmp_path) == {"due"}
        done = wdtk(tmp_path, "nightly")
    assert (done.code, done.err) == (0, "")
    assert "due" not in statuses(tmp_path)
    assert "files read in" in done.out


@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["loud", "quiet"])
def test_what_goes_wrong_with_files_is_said_and_the_night_stands(quiet: tuple[str, ...], tmp_path: Path) -> None:
    with served(small_world(12)) as site:
        assert wdtk(tmp_path, "crawl", "everything", "--follow", "--site", site.base).code == 0
        for path in (tmp_path / "archive.files").rglob("*"):
            if path.is_file():
                path.unlink()
        done = wdtk(tmp_path, *quiet, "nightly")
    assert done.code == 0
    assert "the text of files was not read to the end" in done.err
    assert "wdtk extract goes on with it" in done.err
