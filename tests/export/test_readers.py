"""Every value of every table comes back from an export, by readers that share nothing with its writer."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
from frictionless import Package
from frictionless import validate as validated

from scraper.export.datapackage import write_datapackage
from scraper.export.making import write_csv
from scraper.export.parquet import write_parquet
from scraper.export.tables import Column, Kind, Table
from tests.recordings import needs_recordings

from .studied import Row, make, studied_archive, truth

pytestmark = [needs_recordings, pytest.mark.slow]

RSCRIPT = shutil.which("Rscript")
SQL_TYPES = {
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.TIME: "TIMESTAMP WITH TIME ZONE",
    Kind.DATE: "DATE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.BLOB: "BLOB",
}
Truth = dict[str, tuple[Table, list[Row]]]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied_archive(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def held(archive: Path) -> Truth:
    held = truth(archive)
    assert sum(len(rows) for _, rows in held.values()) > 40_000
    return held


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package has the files of the plain export, byte for byte: `test_a_package_holds_the_plain_files`."""
    goal = tmp_path_factory.mktemp("csv") / "all"
    make(archive, goal, write_csv, "csv")
    return goal


@pytest.fixture(scope="module")
def parquet(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    goal = tmp_path_factory.mktemp("parquet") / "all"
    make(archive, goal, write_parquet, "parquet")
    return goal


@pytest.fixture(scope="module")
def package(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    goal = tmp_path_factory.mktemp("package") / "all"
    make(archive, goal, write_datapackage, "datapackage")
    return goal


def back(text: str) -> str:
    return text.removeprefix("'")


def spelled(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)


def typed(column: Column, value: Any) -> Any:
    """The value that a typed reader should give."""
    if value is None:
        return None
    if column.kind is Kind.TIME:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if column.kind is Kind.DATE:
        return date.fromisoformat(value)
    return bool(value) if column.kind is Kind.BOOLEAN else value


def differing(given: list[Row], expected: list[Row]) -> list[tuple[int, Any, Any]]:
    """The first values that differ; short, where pytest would compare megabytes."""
    assert len(given) == len(expected)
    return [
        (number, str(one)[:200], str(other)[:200])
        for number, (row, wanted) in enumerate(zip(given, expected, strict=True))
        for one, other in zip(row, wanted, strict=True)
        if one != other or type(one) is not type(other)
    ][:5]


@pytest.fixture
def long_fields() -> Iterator[None]:
    """The csv module's limit is the process's, and other tests'."""
    before = csv.field_size_limit(1 << 30)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("long_fields")
def test_the_csv_module(folder: Path, held: Truth) -> None:
    assert {path.stem for path in folder.glob("*.csv")} == set(held)
    for name, (table, rows) in held.items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *lines = list(csv.reader(file, strict=True))
        assert header == [column.name for column in table.columns]
        assert differing([tuple(map(back, line)) for line in lines], [tuple(map(spelled, row)) for row in rows]) == [], name


def test_pandas(folder: Path, held: Truth) -> None:
    for name, (table, rows) in held.items():
        integers = [column.name for column in table.columns if column.kind in (Kind.INTEGER, Kind.BOOLEAN)]
        kinds = {column.name: "Int64" if column.name in integers else "str" for column in table.columns}
        frame = pandas.read_csv(folder / f"{name}.csv", dtype=kinds, keep_default_na=False, na_values=dict.fromkeys(integers, ""))
        assert len(frame) == len(rows)
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=False):
            given = frame[column.name].tolist()
            if column.name in integers:
                assert [None if value is pandas.NA else value for value in given] == list(values), (name, column.name)
            else:
                expected = [(spelled(value),) for value in values]
                assert differing([(back(value),) for value in given], expected) == [], (name, column.name)


def test_duckdb_tells_null_from_the_empty_text(folder: Path, held: Truth) -> None:
    texts = 0
    with duckdb.connect() as db:
        for name, (table, rows) in held.items():
            given = db.execute(
                f"select * from read_csv('{folder / name}.csv', header = true, all_varchar = true, delim = ',', quote = '\"', "
                "escape = '\"', nullstr = '', allow_quoted_nulls = false, max_line_size = 67108864, parallel = false)"
            ).fetchall()
            expected = [tuple(None if value is None else spelled(value) for value in row) for row in rows]
            assert differing([tuple(value and back(value) for value in row) for row in given], expected) == [], name
            assert len(table.columns) == (len(given[0]) if given else len(table.columns))
            texts += sum(value == "" for row in rows for value in row)
    assert texts > 0, "there is no empty text in the archive to be told from NULL"


def test_duckdb_on_parquet(parquet: Path, held: Truth) -> None:
    with duckdb.connect() as db:
        for name, (table, rows) in held.items():
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            query = f"select {columns} from read_parquet('{parquet / name}/**/*.parquet', hive_partitioning = true)"
            said = {row[0]: row[1] for row in db.execute(f"describe {query}").fetchall()}
            assert said == {column.name: SQL_TYPES[column.kind] for column in table.columns}
            # duckdb gives moments to Python only with a package of time zones.
            values = ", ".join(
                f"""strftime(timezone('UTC', "{column.name}"), '%Y-%m-%dT%H:%M:%SZ')"""
                if column.kind is Kind.TIME
                else f'"{column.name}"'
                for column in table.columns
            )
            given = db.execute(f"select {values} from ({query})").fetchall()
            expected = [
                tuple(
                    value if column.kind is Kind.TIME else typed(column, value)
                    for column, value in zip(table.columns, row, strict=True)
                )
                for row in rows
            ]
            assert differing(sorted(given, key=repr), sorted(expected, key=repr)) == [], name


def test_one_year_is_a_whole(parquet: Path, held: Truth) -> None:
    """Nothing of a year's tables names a row of another year."""
    requests, rows = held["requests"]
    made = [column.name for column in requests.columns].index("created_at")
    years = sorted({row[made][:4] for row in rows if row[made]})
    assert len(years) > 5
    with duckdb.connect() as db:
        for year in years:
            for name, key, other in [
                ("messages", "request_id", "requests"),
                ("attachments", "message_id", "messages"),
                ("links", "message_id", "messages"),
                ("events", "request_id", "requests"),
            ]:
                if (parquet / name / f"year={year}").exists():
                    lost = (
                        f"select count(*) from '{parquet}/{name}/year={year}/*.parquet' "
                        f"where {key} not in (select id from '{parquet}/{other}/year={year}/*.parquet')"
                    )
                    assert db.execute(lost).fetchone() == (0,), (name, year)
            made_then = db.execute(f"select distinct year(created_at) from '{parquet}/requests/year={year}/*.parquet'").fetchall()
            assert made_then == [(int(year),)]


def test_pandas_on_parquet(parquet: Path, held: Truth) -> None:
    for name in ("requests", "messages", "authorities", "files"):
        frame = pandas.read_parquet(parquet / name)
        assert len(frame) == len(held[name][1])
        assert ("year" in frame.columns) == (name in ("requests", "messages"))
        assert str(frame["first_seen_at" if "first_seen_at" in frame else "extracted_at"].dtype) == "datetime64[us, UTC]"


def test_frictionless(package: Path) -> None:
    report = validated(str(package / "datapackage.json"))
    assert report.valid, [(task.name, error.message) for task in report.tasks for error in task.errors][:5]
    described = json.loads((package / "datapackage.json").read_text())
    keys = sum(len(each["schema"].get("foreignKeys", [])) for each in described["resources"])
    assert keys >= 20


def plain(value: Any) -> Any:
    """What frictionless gives, without the apostrophe, and with numbers as Python has them."""
    return back(value) if isinstance(value, str) else float(value) if isinstance(value, Decimal) else value


def test_frictionless_gives_every_value(package: Path, held: Truth) -> None:
    described = Package(str(package / "datapackage.json"))
    for name in ("requests", "events", "request_tags", "batches", "outcomes", "coverage"):
        table, rows = held[name]
        given = [tuple(map(plain, row.to_list())) for row in described.get_resource(name).read_rows()]
        expected = [tuple(map(typed, table.columns, row)) for row in rows]
        # By the package, an empty text that is not required is a missing one.
        optional = [not column.required for column in table.columns]
        expected = [
            tuple(None if may and value == "" else value for may, value in zip(optional, row, strict=True)) for row in expected
        ]
        assert differing(given, expected) == [], name


def test_a_package_holds_the_plain_files(package: Path, folder: Path) -> None:
    for path in folder.glob("*.csv"):
        assert (package / path.name).read_bytes() == path.read_bytes()


@pytest.mark.skipif(RSCRIPT is None, reason="R is not installed (Debian: apt install r-base-core)")
def test_r(folder: Path, held: Truth) -> None:
    assert RSCRIPT is not None
    script = Path(__file__).with_name("read.R")
    done = subprocess.run([RSCRIPT, "--vanilla", str(script), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    given: dict[tuple[str, str], list[str]] = {}
    for line in done.stdout.splitlines():
        name, column, *told = line.split("\t")
        given[name, column] = told
    expected = {
        (name, column.name): _as_r_tells(column, [row[place] for row in rows])
        for name, (table, rows) in held.items()
        for place, column in enumerate(table.columns)
    }
    assert {key: told for key, told in given.items() if told != expected.get(key)} == {}
    assert given.keys() == expected.keys()


def _as_r_tells(column: Column, values: list[Any]) -> list[str]:
    """Rows, class, NULLs, and a sum over the values: seconds, days, the number itself, or characters."""
    there = [typed(column, value) for value in values if value is not None]
    empty = len(values) - len(there)
    if column.kind is Kind.TIME:
        return [str(len(values)), "POSIXct", str(empty), str(sum(int(value.timestamp()) for value in there))]
    if column.kind is Kind.DATE:
        return [str(len(values)), "Date", str(empty), str(sum((value - date(1970, 1, 1)).days for value in there))]
    if column.kind in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN) and there:  # R has no type for a column without values
        kind = "numeric" if column.kind is Kind.NUMBER else "integer"
        return [str(len(values)), kind, str(empty), f"{sum(there):.0f}"]
    # read.csv takes the empty text for what is not there.
    characters = sum(len(value) for value in there)
    return [str(len(values)), "character", str(len(values) - sum(value != "" for value in there)), str(characters)]
