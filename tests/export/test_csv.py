"""CSV: its form, that no spreadsheet computes anything, what is chosen, and that the folder is whole or absent."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections import Counter
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from scraper.cli import main
from scraper.export import csv_files
from scraper.export.csv_files import Form, safe
from scraper.export.making import write_csv
from scraper.export.selection import CannotExport, Sample, Selection, allot
from tests.explore.making import filled

from .studied import make, truth

ROOT = Path(__file__).parents[2]
SOFFICE = shutil.which("soffice")
needs_soffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (Debian: apt install libreoffice-calc)")
HOSTILE = [
    "=1+1", "+1+1", "-1+1", "@SUM(1,1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://127.0.0.1:9/\",\"click\")", "|1", "%1",
    "\t=1+1", "\r=1+1", "\n=1+1", "\r\n=1+1", " =1+1", "  \t=1+1", "\u00a0=1+1", "\u3000=1+1", "\ufeff=1+1", "\u200b=1+1",
    "\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff201+1", "'=1+1", "'", "''", "'plain", '"=1+1"', '"', 'a"b', "a,b", "a;=1+1",
    "a\n=1+1", "a\r\n=1+1", "plain", " plain", "",
]  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return filled(tmp_path / "archive.db")


@pytest.fixture
def hostile(archive: Path) -> Path:
    """An archive in which users say hostile things."""
    with closing(sqlite3.connect(archive)) as db:
        db.executemany(
            "insert into users (id, url_name, name, about_me, first_seen_at, last_seen_at, last_changed_at) "
            "values (?, ?, ?, 'x', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z')",
            [(1000 + number, f"u{number}", text) for number, text in enumerate(HOSTILE)],
        )
        db.commit()
    return archive


def wdtk(archive: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--archive", str(archive), "export", *words])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_of(folder: Path) -> list[str]:
    """What the hostile users are called in an export."""
    return [row["name"] for row in read(folder / "users.csv") if int(row["id"]) >= 1000]


# The form.


def test_the_form(hostile: Path, tmp_path: Path) -> None:
    make(hostile, tmp_path / "out", write_csv, "csv")
    data = (tmp_path / "out" / "users.csv").read_bytes()
    lines = data.split(b"\r\n")
    assert lines[0] == b"id,url_name,name,about_me,first_seen_at,last_seen_at,last_changed_at"
    assert b'1035,"u35","","x",2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z' in lines
    assert data.endswith(b"\r\n")
    assert not data.startswith(b"\xef\xbb\xbf")


def test_null_is_empty_and_an_empty_text_is_not(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "out", write_csv, "csv", sql="select null as a, '' as b, null as c")
    assert (tmp_path / "out" / "query.csv").read_bytes() == b'a,b,c\r\n,"",\r\n'


def test_the_way_back_is_exact(hostile: Path, tmp_path: Path) -> None:
    make(hostile, tmp_path / "out", write_csv, "csv")
    assert [name.removeprefix("'") for name in names_of(tmp_path / "out")] == HOSTILE
    make(hostile, tmp_path / "raw", write_csv, "csv", csv=Form(raw=True))
    assert names_of(tmp_path / "raw") == HOSTILE


def spelled_out(text: str) -> str:
    """The way back of --one-line."""
    codes = {"n": "\n", "r": "\r", "v": "\v", "f": "\f", "u0085": "\x85", "u2028": "\u2028", "u2029": "\u2029", "\\": "\\"}
    return re.sub(r"\\(u0085|u2028|u2029|[nrvf\\])", lambda found: codes[found[1]], text)


def lines_of(text: str) -> int:
    """Lines by every line end that Unicode has (annex 14); all of them are ended."""
    return len(re.findall(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text))


def test_one_line(hostile: Path, tmp_path: Path) -> None:
    make(hostile, tmp_path / "out", write_csv, "csv", csv=Form(one_line=True))
    for name, (_, rows) in truth(hostile).items():
        assert lines_of((tmp_path / "out" / f"{name}.csv").read_bytes().decode()) == len(rows) + 1, name
    assert [spelled_out(name).removeprefix("'") for name in names_of(tmp_path / "out")] == HOSTILE


TEXTS = st.text(st.one_of(st.sampled_from("=+-@|%'\"\t\r\n\\ ,;\x0b\x0c\x85\u2028\u2029\u00a0\u3000\ufeff\u200b\uff1d\uff20ab0"),
                          st.characters(exclude_categories=["Cs"])), max_size=12)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=8), raw=st.booleans(), one_line=st.booleans())
def test_any_text_comes_back(texts: list[str], raw: bool, one_line: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create table t (a text, b text)")
        db.executemany("insert into t values (?, ?)", [(text, text[::-1]) for text in texts])
        columns = tuple(csv_files.Column(name, csv_files.Kind.TEXT, False) for name in "ab")
        line = csv_files.line(columns, Form(raw, one_line))
        written = "".join(row[0].decode() for row in db.execute(f"select cast({line} as blob) from t order by rowid"))
    rows = list(csv.reader(StringIO(written, newline=""), strict=True))
    back = [[spelled_out(cell) if one_line else cell for cell in row] for row in rows]
    assert [[cell if raw else cell.removeprefix("'") for cell in row] for row in back] == [[text, text[::-1]] for text in texts]
    if not raw:
        assert not any(re.match(r"[ \u00a0\u3000\ufeff\u200b]*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20]", row[0]) for row in rows)
    if one_line:
        assert lines_of(written) == len(texts)


def test_what_needs_no_apostrophe_has_none() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        for text in ("plain", " plain", "", "1", "a=b", "[=", "]=", "^", "https://127.0.0.1/?a=b"):
            assert db.execute(f"select {safe('x')} from (select ? as x)", (text,)).fetchone() == (text,)


# What a spreadsheet makes of it.


def converted(path: Path, form: str, tmp_path: Path) -> Path:
    """The file as LibreOffice saves it after opening; commas part cells, UTF-8, formulas are evaluated where there are any."""
    assert SOFFICE is not None
    profile = (tmp_path / "profile").as_uri()
    words = [
        SOFFICE,
        "--headless",
        f"-env:UserInstallation={profile}",
        "--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,-1",
    ]
    done = subprocess.run(
        [*words, "--convert-to", form, "--outdir", str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    made = tmp_path / f"{path.stem}.{form}"
    assert made.exists(), done.stdout + done.stderr
    return made


def formulas(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        name = "content.xml" if path.suffix == ".ods" else "xl/worksheets/sheet1.xml"
        return re.findall(r"table:formula=\"([^\"]*)\"|<f[ >].*?</f>", file.read(name).decode())


@needs_soffice
@pytest.mark.slow
def test_libreoffice_computes_nothing(hostile: Path, tmp_path: Path) -> None:
    make(hostile, tmp_path / "out", write_csv, "csv")
    for form in ("xlsx", "ods"):
        book = converted(tmp_path / "out" / "users.csv", form, tmp_path)
        assert formulas(book) == []
        cells = [row[2] for row in CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()[1:]][-len(HOSTILE) :]
        for cell, text in zip(cells, HOSTILE, strict=True):
            # A workbook has only one sort of line end, and cannot tell an apostrophe that was typed from one in the text.
            given, wanted = (re.sub(r"\s+", " ", str(each)).lstrip("' ").rstrip() for each in (cell, text))
            assert given == wanted or (given, wanted) == ("", ""), text


@needs_soffice
@pytest.mark.slow
def test_libreoffice_would_compute_raw_cells(hostile: Path, tmp_path: Path) -> None:
    """So the test above can fail."""
    make(hostile, tmp_path / "out", write_csv, "csv", csv=Form(raw=True))
    assert formulas(converted(tmp_path / "out" / "users.csv", "ods", tmp_path)) != []


def test_raw_says_that_it_is_not_safe(hostile: Path, tmp_path: Path) -> None:
    assert wdtk(hostile, "csv", str(tmp_path / "out"), "--raw").exit_code == 0
    assert "**Not safe to open in a spreadsheet**" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


# What is chosen.


def test_a_query_of_many_rows(archive: Path, tmp_path: Path) -> None:
    query = tmp_path / "many.sql"
    query.write_text(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3210)\n"
        "select i, i / 2.0 as half, case when i % 3 then 'word ' || i else i end as mixed, null as none from n -- to the end"
    )
    done = wdtk(archive, "csv", str(tmp_path / "out"), "--sql", str(query))
    assert done.exit_code == 0, done.stderr
    rows = read(tmp_path / "out" / "query.csv")
    assert [int(row["i"]) for row in rows] == list(range(1, 3211))
    assert [float(row["half"]) for row in rows] == [number / 2 for number in range(1, 3211)]
    assert [row["mixed"] for row in rows[:3]] == ["word 1", "word 2", "3"]
    assert (tmp_path / "out" / "query.sql").read_bytes() == query.read_bytes()


@pytest.mark.parametrize(
    "sql",
    [
        "delete from requests",
        "insert into requests default values",
        "attach ':memory:' as other",
        "pragma user_version = 3",
        "pragma table_info(requests)",
        "select 1 as a; select 2 as b",
        "select 1 as a; delete from requests",
        "select 1 as a) union all select (2",
        "create temp table t (a)",
        "select nothing from requests",
        "",
        "select 1 as a, 2 as a union all select load_extension('x')",
        "select count(*) from requests",
    ],
)
def test_what_is_no_query_is_refused(archive: Path, tmp_path: Path, sql: str) -> None:
    query = tmp_path / "query.sql"
    query.write_text(sql)
    before = truth(archive)
    done = wdtk(archive, "csv", str(tmp_path / "out"), "--sql", str(query))
    assert (done.exit_code, "--sql: " in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.output
    assert not (tmp_path / "out").exists()
    assert truth(archive) == before


def test_a_condition_with_a_mistake_names_the_columns(archive: Path, tmp_path: Path) -> None:
    done = wdtk(archive, "csv", str(tmp_path / "out"), "--where", "titel = 'x'")
    assert done.exit_code == 1
    assert "no such column: titel" in done.stderr
    assert "title" in done.stderr.split("these columns:")[1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["request:1", "request:request_1"])
def test_a_target(archive: Path, tmp_path: Path, target: str) -> None:
    held = truth(archive)
    slugs = {row[0]: row[1] for row in held["requests"][1]}
    wanted = target if target == "request:1" else f"request:{slugs[1]}"
    done = wdtk(archive, "csv", str(tmp_path / "out"), "--target", wanted)
    assert done.exit_code == 0, done.stderr
    assert [row["id"] for row in read(tmp_path / "out" / "requests.csv")] == ["1"]
    assert {row["request_id"] for row in read(tmp_path / "out" / "messages.csv")} == {"1"}
    rows = held["messages"][1]
    assert [int(row["id"]) for row in read(tmp_path / "out" / "messages.csv")] == [row[0] for row in rows if row[1] == 1]


def test_a_sample(archive: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(archive)) as db:
        for number in range(100, 160):
            db.execute(
                "insert into requests (id, url_title, url, authority_id, created_at, first_seen_at, last_seen_at, "
                "last_changed_at) values (:id, 'r' || :id, 'http://127.0.0.1:9/x', 1, :at, :at, :at, :at)",
                {"id": number, "at": f"{2020 + number % 3}-01-01T00:00:00Z"},
            )
        db.commit()
    chosen = Selection(where="id >= 100", sample=Sample(12, "seed", ("year",)))
    make(archive, tmp_path / "one", write_csv, "csv", selection=chosen)
    make(archive, tmp_path / "again", write_csv, "csv", selection=chosen)
    other = Selection(where="id >= 100", sample=Sample(12, "other", ("year",)))
    make(archive, tmp_path / "other", write_csv, "csv", selection=other)
    rows, others = read(tmp_path / "one" / "sample.csv"), read(tmp_path / "other" / "sample.csv")
    assert contents(tmp_path / "one") == contents(tmp_path / "again")
    assert [row["request_id"] for row in rows] != [row["request_id"] for row in others]
    assert {row["request_id"] for row in rows} == {row["id"] for row in read(tmp_path / "one" / "requests.csv")}
    assert Counter(row["year"] for row in rows) == {"2020": 4, "2021": 4, "2022": 4}
    for year in ("2020", "2021", "2022"):
        assert sum(float(row["weight"]) for row in rows if row["year"] == year) == pytest.approx(20)
    assert {row["probability"] for row in rows} == {"0.2"}


@given(
    st.dictionaries(st.tuples(st.text("abc", min_size=1, max_size=3)), st.integers(1, 500), min_size=1, max_size=12), st.data()
)
def test_allotting(sizes: dict[tuple[object, ...], int], data: Any) -> None:
    wanted = data.draw(st.integers(1, sum(sizes.values())))
    shares = allot(wanted, sizes)
    assert sum(shares.values()) == wanted
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)
    if wanted >= len(sizes):
        assert min(shares.values()) >= 1
    assert allot(wanted, dict(reversed(sizes.items()))) == shares


# The folder.


def test_the_sums_are_of_every_file_and_right(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "out", write_csv, "csv")
    held = contents(tmp_path / "out")
    sums = dict(reversed(line.split("  ", 1)) for line in held.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in held.items()}


def test_the_same_archive_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert wdtk(archive, "csv", str(tmp_path / name)).exit_code == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_crate(archive: Path, tmp_path: Path) -> None:
    """RO-Crate 1.1: a descriptor about the root; everything that is named is described, and every file is there."""
    make(archive, tmp_path / "out", write_csv, "csv")
    crate = json.loads((tmp_path / "out" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    things = {thing["@id"]: thing for thing in crate["@graph"]}
    assert len(things) == len(crate["@graph"])
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    assert things["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = things[things["ro-crate-metadata.json"]["about"]["@id"]]
    assert root["@type"] == "Dataset"
    assert {"name", "description", "license"} <= root.keys()
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == set(contents(tmp_path / "out")) - {"ro-crate-metadata.json", "SHA256SUMS"}
    for part in parts:
        assert things[part]["@type"] == "File"
        assert int(things[part]["contentSize"]) == (tmp_path / "out" / part).stat().st_size


def test_what_exists_is_replaced_only_by_force(archive: Path, tmp_path: Path) -> None:
    assert wdtk(archive, "csv", str(tmp_path / "out")).exit_code == 0
    before = contents(tmp_path / "out")
    done = wdtk(archive, "csv", str(tmp_path / "out"), "--where", "id = 1")
    assert (done.exit_code, "--force replaces it" in done.stderr) == (1, True)
    assert contents(tmp_path / "out") == before
    assert wdtk(archive, "csv", str(tmp_path / "out"), "--where", "id = 1", "--force").exit_code == 0
    assert len(read(tmp_path / "out" / "requests.csv")) == 1


def test_what_is_no_export_is_not_replaced(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    done = wdtk(archive, "csv", str(home), "--force")
    assert (done.exit_code, "is not an earlier export" in done.stderr) == (1, True)
    assert contents(home) == {"thesis.txt": b"years of work"}


_SLOW = """
import os, signal, sys
from scraper.export import papers
papers.write_papers = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from scraper.cli import main
main(sys.argv[1:])
"""
"""A command that is killed when its data are written and nothing else is."""


@pytest.mark.parametrize("existing", [False, True])
def test_a_killed_export_leaves_the_old_one_or_none(archive: Path, tmp_path: Path, existing: bool) -> None:
    goal = tmp_path / "place" / "out"
    goal.parent.mkdir()
    if existing:
        make(archive, goal, write_csv, "csv")
    before = contents(goal)
    words = ["--archive", str(archive), "export", "csv", str(goal), "--where", "id = 1", "--force"]
    killed = subprocess.run(
        [sys.executable, "-c", _SLOW, *words], cwd=ROOT, env=dict(os.environ), capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = [path.name for path in goal.parent.iterdir() if path != goal]
    assert len(left) == 1, "the killed export had begun to write"
    assert (goal.parent / left[0] / "requests.csv").stat().st_size > 0
    assert goal.exists() == existing
    assert contents(goal) == before
    assert wdtk(archive, "csv", str(goal), "--force").exit_code == 0
    assert [path.name for path in goal.parent.iterdir()] == ["out"]


def test_an_export_that_fails_leaves_nothing(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(csv_files, "_write", fail)
    with pytest.raises(OSError, match="the disk is full"):
        make(archive, tmp_path / "out", write_csv, "csv")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="there is no archive at"):
        make(tmp_path / "none.db", tmp_path / "out", write_csv, "csv")
