"""`wdtk export --recheck`: what the site withdrew since the last night is not exported, and no answer means no export."""

from __future__ import annotations

from pathlib import Path

from tests.crawl.command import rows, served, small_world, wdtk


def test_what_was_withdrawn_meanwhile_is_not_exported(tmp_path: Path) -> None:
    with served(small_world(6)) as replica:
        assert wdtk(tmp_path, "crawl", "everything", "--site", replica.base, "--follow").code == 0
        number = rows(tmp_path / "archive.db", "select max(id) from requests")[0][0]
        replica.world.requests[number].prominence = "hidden"
        done = wdtk(tmp_path, "export", "csv", str(tmp_path / "out"), "--recheck")
        assert done.code == 0, done.err
        assert rows(tmp_path / "archive.db", "select count(*) from requests where withheld_at is not null")[0][0] == 1
    summary = (tmp_path / "out" / "request_summary.csv").read_text(encoding="utf-8")
    assert f"\n{number}," not in summary
    assert summary.count("\n") == 6


def test_a_site_that_does_not_answer_means_no_export(tmp_path: Path) -> None:
    with served(small_world(3)) as replica:
        assert wdtk(tmp_path, "crawl", "everything", "--site", replica.base, "--follow").code == 0
    done = wdtk(tmp_path, "export", "csv", str(tmp_path / "out"), "--recheck")
    assert done.code == 3
    assert "nothing was exported" in done.err
    assert not (tmp_path / "out").exists()
