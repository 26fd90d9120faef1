"""docs/research.md does what it says: its commands and examples, one after the other, on the site that comes with the project."""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawl.command import rows, served, wdtk
from tests.replica.world import World

DOCS = Path(__file__).parents[2] / "docs"
REAL = "https://www.whatdotheyknow.com"


def commands() -> list[list[str]]:
    """The commands that stand in the guide, in order."""
    lines = [line[4:] for line in (DOCS / "research.md").read_text(encoding="utf-8").splitlines() if line.startswith("    ")]
    return [shlex.split(command) for command in "\n".join(lines).replace("\\\n", " ").splitlines()]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader did it all, but for looking and for labels."""
    folder = tmp_path_factory.mktemp("walked")
    (folder / "docs").symlink_to(DOCS)
    lexicon = str(DOCS / "examples" / "invented-systems.yml")
    with served(World.build(requests=120)) as replica:
        batch = str(next(iter(replica.world.batches)))
        for words in commands():
            said = [
                word.replace(REAL, replica.base).replace("1024", batch).replace("algorithmic-systems", lexicon) for word in words
            ]
            if said[0] != "wdtk" or "serve" in said or "--codings" in said:
                continue
            done = wdtk(folder, *said[1:])
            assert done.code == 0, (said, done.err)
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_command_of_the_guide_is_one_that_there_is() -> None:
    assert [words[0] for words in commands()].count("wdtk") >= 12
    assert {words[0] for words in commands()} == {"wdtk", "python", "Rscript"}


def test_the_table_names_systems_with_their_sources(walked: Path) -> None:
    table = read(walked / "who" / "query.csv")
    assert (
        len(table) == rows(walked / "councils.db", "select count(distinct authority || kind || term) from council_systems")[0][0]
    )
    assert len({row["authority"] for row in table}) > 5
    for row in table:
        assert row["term"].split()[0].lower() in row["quote"].lower()
        assert "/request/data_analytics_usage" in row["first_source"]
        assert "#incoming-" in row["first_source"]


def test_the_sample_is_of_the_batch_and_its_weights_add_up(walked: Path) -> None:
    drawn = read(walked / "to-code" / "sample.csv")
    assert len(drawn) == 40
    assert sum(float(row["weight"]) for row in drawn) == pytest.approx(
        rows(walked / "councils.db", "select count(*) from requests where batch_id is not null")[0][0]
    )


def test_the_python_example(walked: Path) -> None:
    script = str(DOCS / "examples" / "systems.py")
    done = subprocess.run([sys.executable, script, "systems"], cwd=walked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = len(read(walked / "systems" / "batch_answers.csv"))
    assert f"{asked} asked, " in done.stdout
    assert {row["term"] for row in read(walked / "who-uses-what.csv")} == {
        row["term"] for row in read(walked / "who" / "query.csv")
    }


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_r_example(walked: Path) -> None:
    script = str(DOCS / "examples" / "systems.R")
    done = subprocess.run(["Rscript", script, "systems"], cwd=walked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = len(read(walked / "systems" / "batch_answers.csv"))
    assert f"{asked} asked, " in done.stdout
    assert (walked / "systems.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_published_names_no_requester(walked: Path) -> None:
    names = [
        row[0] for row in rows(walked / "councils.db", "select distinct user_name from requests where user_name is not null")
    ]
    assert len(names) > 0
    for path in (walked / "published").rglob("*.*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert not [name for name in names if name.lower().encode() in data], path


def test_how_late_they_are_adds_up(walked: Path) -> None:
    late = read(walked / "late" / "query.csv")
    assert sum(int(row["requests"]) for row in late) == rows(walked / "councils.db", "select count(*) from request_summary")[0][0]
    assert all(int(row["late"]) <= int(row["requests"]) for row in late)
