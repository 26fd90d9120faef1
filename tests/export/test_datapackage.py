"""The data package claims no key that does not hold, and is valid. Values: test_readers.py."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from frictionless import validate as validated

from scraper.cli import main
from scraper.export.datapackage import write_datapackage
from scraper.export.selection import Sample, Selection
from tests.explore.making import filled

from .studied import make


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return filled(tmp_path / "archive.db")


def package(folder: Path) -> dict[str, dict[str, Any]]:
    """Resources by name."""
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return {each["name"]: each for each in described["resources"]}


def keys(resource: dict[str, Any]) -> set[str]:
    return {each["fields"][0] for each in resource["schema"].get("foreignKeys", [])}


def errors(folder: Path) -> list[str]:
    report = validated(str(folder / "datapackage.json"))
    return [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors] + [
        error.message for error in report.errors
    ]


@pytest.mark.parametrize("data", ["csv", "parquet"])
@pytest.mark.parametrize("selection", [Selection(), Selection(where="id = 1"), Selection(sample=Sample(2, "1"))])
def test_it_is_valid(archive: Path, tmp_path: Path, data: str, selection: Selection) -> None:
    make(archive, tmp_path / "out", write_datapackage, "datapackage", data=data, selection=selection)
    assert errors(tmp_path / "out") == []


def test_validation_would_notice(archive: Path, tmp_path: Path) -> None:
    """Rows lost, a value of another kind, a key that leads nowhere: what the test above rests on."""
    for name, spoil in {
        "lost": lambda text: text[: text.rindex("\r\n", 0, -2) + 2],
        "kind": lambda text: text.replace("\r\n", "\r\nmany", 1),
    }.items():
        make(archive, tmp_path / name, write_datapackage, "datapackage")
        path = tmp_path / name / "users.csv"
        path.write_bytes(spoil(path.read_bytes().decode()).encode())
        assert errors(tmp_path / name) != []


def test_what_a_resource_says(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "out", write_datapackage, "datapackage")
    resources = package(tmp_path / "out")
    messages = resources["messages"]
    content = (tmp_path / "out" / "messages.csv").read_bytes()
    assert (messages["path"], messages["bytes"]) == ("messages.csv", len(content))
    assert messages["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert messages["schema"]["primaryKey"] == ["id"]
    assert {"fields": ["request_id"], "reference": {"resource": "requests", "fields": ["id"]}} in messages["schema"][
        "foreignKeys"
    ]
    fields = {field["name"]: field for field in messages["schema"]["fields"]}
    assert fields["anchor"]["constraints"] == {"required": True, "unique": True}
    assert fields["sent_at"]["type"] == "datetime"
    assert "constraints" not in fields["sent_at"]
    requests = {field["name"]: field for field in resources["requests"]["schema"]["fields"]}
    assert requests["awaiting_description"]["trueValues"] == ["1"]
    assert requests["due_on"]["type"] == "date"
    summary = {field["name"]: field for field in resources["request_summary"]["schema"]["fields"]}
    assert summary["days_to_first_response"]["unit"] == "day"
    assert summary["working_days_to_first_response"]["unit"] == "working day"
    assert all(field.get("description") for each in resources.values() for field in each["schema"]["fields"])


def test_a_key_that_leads_nowhere_is_not_claimed(archive: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(archive)) as db:  # without foreign keys, as by a damaged archive
        db.execute("update messages set user_id = 999999 where id = (select max(id) from messages)")
        db.commit()
    make(archive, tmp_path / "out", write_datapackage, "datapackage")
    assert "user_id" not in keys(package(tmp_path / "out")["messages"])
    assert "request_id" in keys(package(tmp_path / "out")["messages"])
    assert "`messages.user_id`" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert errors(tmp_path / "out") == []


def test_an_empty_text_that_is_required_is_a_text(archive: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(archive)) as db:
        db.execute("insert into request_tags select id, 'without a value', '' from requests limit 1")
        db.commit()
    make(archive, tmp_path / "out", write_datapackage, "datapackage")
    field = next(field for field in package(tmp_path / "out")["request_tags"]["schema"]["fields"] if field["name"] == "value")
    assert field["missingValues"] == []
    assert errors(tmp_path / "out") == []


def test_a_query(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "out", write_datapackage, "datapackage", sql="select id, title from requests")
    assert set(package(tmp_path / "out")) == {"query"}
    assert errors(tmp_path / "out") == []


def test_the_same_archive_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = CliRunner().invoke(main, ["--archive", str(archive), "export", "datapackage", str(tmp_path / name)])
        assert done.exit_code == 0, done.stderr
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.is_file()} for name in ("one", "two")
    )
    assert "datapackage.json" in one
    assert one == two
