"""The same work on a Dask cluster of two workers, each a process of its own on loopback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from scraper.cli import main

from .archives import several
from .test_extract import told


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_reads_what_this_machine_reads(scheduler: str, tmp_path: Path) -> None:
    several(tmp_path / "archive.db")
    shutil.copytree(tmp_path / "archive.files", tmp_path / "here.files")
    shutil.copy(tmp_path / "archive.db", tmp_path / "here.db")
    done = CliRunner().invoke(main, ["--archive", str(tmp_path / "archive.db"), "extract", "--scheduler", scheduler])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(main, ["--archive", str(tmp_path / "here.db"), "extract"]).exit_code == 0
    assert told(tmp_path / "archive.db") == told(tmp_path / "here.db")
    with closing(sqlite3.connect(tmp_path / "archive.db")) as db:
        assert db.execute("select count(*) from files where text_status = 'due'").fetchone()[0] == 0


@pytest.mark.slow  # as long as it waits for one
def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    several(tmp_path / "archive.db", 1)
    done = CliRunner().invoke(main, ["--archive", str(tmp_path / "archive.db"), "extract", "--scheduler", "tcp://127.0.0.1:9"])
    assert done.exit_code == 1
    assert done.stderr.startswith("wdtk: no Dask scheduler answers at tcp://127.0.0.1:9")
