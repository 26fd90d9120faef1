"""Parquet: types, folders of years, what cannot be held, and the same bytes each time. Values: test_readers.py."""

from __future__ import annotations

import hashlib
import importlib
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.export import parquet
from scraper.export.parquet import UNKNOWN_YEAR, write_parquet
from scraper.export.selection import CannotExport
from tests.explore.making import filled

from .studied import make, reading, truth


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return filled(tmp_path / "archive.db")


def change(archive: Path, *statements: str) -> None:
    with closing(sqlite3.connect(archive)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_types_and_descriptions(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "out", write_parquet, "parquet")
    schema = pq.read_schema(tmp_path / "out" / "users" / "part-0.parquet")
    assert schema.field("id").type == pa.int64()
    assert not schema.field("id").nullable
    assert schema.field("about_me").nullable
    assert schema.field("first_seen_at").type == pa.timestamp("us", tz="UTC")
    assert "(UTC)" in schema.field("first_seen_at").metadata[b"description"].decode()
    assert schema.metadata[b"description"].decode().startswith("One row per ")
    requests = pq.read_schema(next((tmp_path / "out" / "requests").rglob("*.parquet")))
    assert requests.field("due_on").type == pa.date32()
    assert requests.field("awaiting_description").type == pa.bool_()
    column = pq.ParquetFile(tmp_path / "out" / "users" / "part-0.parquet").metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


def test_every_table_and_row_is_there(archive: Path, tmp_path: Path) -> None:
    done = make(archive, tmp_path / "out", write_parquet, "parquet")
    held = truth(archive)
    assert done.rows == {name: len(rows) for name, (_, rows) in held.items()}
    for name, (_, rows) in held.items():
        found = sum(pq.ParquetFile(path).metadata.num_rows for path in (tmp_path / "out" / name).rglob("*.parquet"))
        assert found == len(rows), name


def test_years_are_the_requests(archive: Path, tmp_path: Path) -> None:
    ids = [row[0] for row in truth(archive)["requests"][1]]
    change(
        archive,
        f"update requests set created_at = '1999-12-31T23:59:59Z' where id = {ids[0]}",
        f"update requests set created_at = null where id = {ids[1]}",
    )
    make(archive, tmp_path / "out", write_parquet, "parquet")
    for name in ("requests", "request_summary"):
        assert pq.ParquetFile(tmp_path / "out" / name / "year=1999" / "part-0.parquet").read()["id"].to_pylist() == [ids[0]]
    unknown = pq.ParquetFile(tmp_path / "out" / "requests" / f"year={UNKNOWN_YEAR}" / "part-0.parquet").read()
    assert unknown["id"].to_pylist() == [
        row[0] for row in _query(archive, "select id from requests where created_at is null order by id")
    ]
    of_first = [row[0] for row in _query(archive, f"select id from messages where request_id = {ids[0]} order by id")]
    assert of_first
    messages = pq.ParquetFile(tmp_path / "out" / "messages" / "year=1999" / "part-0.parquet").read()
    assert messages["id"].to_pylist() == of_first


def _query(archive: Path, query: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(archive)) as db:
        return db.execute(query).fetchall()


def test_mixed_years_in_small_groups(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows whose years alternate, with room for next to nothing: each file holds its year's rows in order."""
    change(archive, "update requests set created_at = (2000 + id % 3) || '-06-01T00:00:00Z'")
    for name, value in {"PORTION_BYTES": 200, "GROUP_BYTES": 400, "HELD_BYTES": 500, "_LEAST_ROWS": 2}.items():
        monkeypatch.setattr(parquet, name, value)
    make(archive, tmp_path / "out", write_parquet, "parquet")
    expected = _query(archive, "select 2000 + request_id % 3, id from messages order by 1, id")
    given, groups = [], 0
    for path in sorted((tmp_path / "out" / "messages").rglob("*.parquet")):
        file = pq.ParquetFile(path)
        groups += file.num_row_groups
        given += [(int(path.parent.name.removeprefix("year=")), number) for number in file.read()["id"].to_pylist()]
    assert given == expected
    assert groups > len({year for year, _ in expected})


def test_a_table_without_rows_is_a_file_without_rows(archive: Path, tmp_path: Path) -> None:
    change(archive, "delete from request_tags", "delete from follows")
    make(archive, tmp_path / "out", write_parquet, "parquet")
    assert pq.read_metadata(tmp_path / "out" / "follows" / "part-0.parquet").num_rows == 0
    assert pq.read_metadata(tmp_path / "out" / "request_tags" / f"year={UNKNOWN_YEAR}" / "part-0.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("users", "first_seen_at", "'yesterday'", "'yesterday', which is not time"),
        ("users", "first_seen_at", "'2024-02-30T00:00:00Z'", "'2024-02-30T00:00:00Z', which is not time"),
        ("users", "first_seen_at", "'2024-02-03T00:00:00+01:00'", "which is not time"),
        ("users", "first_seen_at", "''", "'', which is not time"),
        ("requests", "due_on", "'2024-13-01'", "'2024-13-01', which is not date or NULL"),
        ("requests", "user_id", "'many'", "'many', which is not integer or NULL"),
        ("requests", "user_id", "1.5", "1.5, which is not integer or NULL"),
        ("requests", "awaiting_description", "2", "2, which is not boolean or NULL"),
        ("users", "about_me", "x'6162'", "b'ab', which is not text or NULL"),
        ("site_totals", "value", "'9'||'x'", "'9x', which is not integer"),
    ],
)
def test_what_does_not_fit_is_told(archive: Path, tmp_path: Path, table: str, column: str, value: str, told: str) -> None:
    change(
        archive,
        "insert or ignore into runs (id, command, started_at, settings, software) "
        "values (1, 'x', '2024-01-01T00:00:00Z', '{}', 'x')",
        "insert or ignore into site_totals (run_id, name, value, observed_at) values (1, 'x', 3, '2024-01-01T00:00:00Z')",
        f"update {table} set {column} = {value} where rowid = (select max(rowid) from {table})",
    )
    with pytest.raises(CannotExport) as error:
        make(archive, tmp_path / "out", write_parquet, "parquet")
    assert str(error.value).startswith(f"{table}.{column} of ")
    assert told in str(error.value)
    assert not (tmp_path / "out").exists()


def test_the_key_of_the_misfit_is_told(archive: Path, tmp_path: Path) -> None:
    number = _query(archive, "select max(id) from users")[0][0]
    change(archive, f"update users set last_seen_at = 'now' where id = {number}")
    with pytest.raises(CannotExport, match=f"^users.last_seen_at of id {number} is 'now', which is not time; "):
        make(archive, tmp_path / "out", write_parquet, "parquet")


def test_the_same_archive_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "one", write_parquet, "parquet")
    make(archive, tmp_path / "two", write_parquet, "parquet")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_is_large_is_in_several_files(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A footer is held until its file is closed, so files end after so many row groups."""
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)
    monkeypatch.setattr(parquet, "GROUPS_IN_A_FILE", 2)
    with reading(archive) as source:
        rows, sums = parquet.write_tables(source, tmp_path, lambda *_: None, by_year=True)
    parts = sorted((tmp_path / "events").rglob("part-1.parquet"))
    assert parts
    files = sorted(tmp_path.rglob("*.parquet"))
    assert {path.relative_to(tmp_path).as_posix() for path in files} == sums.keys()
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.relative_to(tmp_path).as_posix()] for path in files)
    assert {pq.read_metadata(path).num_row_groups for path in files} <= {0, 1, 2}
    held = sum(pq.read_metadata(path).num_rows for path in (tmp_path / "events").rglob("*.parquet"))
    assert held == rows["events"] == _query(archive, "select count(*) from events")[0][0]


def test_a_query(archive: Path, tmp_path: Path) -> None:
    sql = (
        "select 1 as one, 1.5 as half, 'a' as letter, '2024-01-02T03:04:05Z' as moment, '2024-01-02' as day, null as none, "
        "x'00' as bytes"
    )
    make(archive, tmp_path / "out", write_parquet, "parquet", sql=sql)
    table = pq.ParquetFile(tmp_path / "out" / "query" / "part-0.parquet").read()
    assert [str(field.type) for field in table.schema] == [
        "int64", "double", "string", "timestamp[us, tz=UTC]", "date32[day]", "string", "binary",
    ]  # fmt: skip
    assert table.num_rows == 1


def test_mixed_values_of_a_query_are_told(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match=r"query\.mixed of a row is 1, which is not text or NULL"):
        make(archive, tmp_path / "out", write_parquet, "parquet", sql="select 'a' as mixed union all select 1")


def test_without_pyarrow_the_command_says_what_to_install(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "scraper.export.parquet")
    done = CliRunner().invoke(main, ["--archive", str(archive), "export", "parquet", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "pip install 'wdtk-archive[parquet]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    importlib.import_module("scraper.export.parquet")


def test_the_command(archive: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--archive", str(archive), "export", "parquet", str(tmp_path / "out")])
    assert done.exit_code == 0, done.stderr
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "hive_partitioning" in readme
