"""The codebook: docs/codebook.md is what the code makes of metadata.yml, and nothing exported lacks a meaning."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from scraper.archive.schema import TABLES
from scraper.export.codebook import all_tables, column_meaning, html, markdown, meaning, of_project
from scraper.export.tables import INTERNAL, RULES, Column, Kind, Table
from scraper.study.tables import TABLES as STUDY_TABLES


def test_the_one_in_docs_is_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs" / "codebook.md").read_text(encoding="utf-8")
    assert written == of_project(), "run python -m scraper.export.codebook"


def test_every_table_is_exported_or_said_to_be_internal() -> None:
    assert set(TABLES) | set(STUDY_TABLES) <= set(RULES) | set(INTERNAL)
    assert not set(RULES) & set(INTERNAL)


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.name)
def test_every_column_has_a_meaning_and_every_table_a_key(table: Table) -> None:
    assert meaning(table.name).text
    assert table.key
    for column in table.columns:
        assert column_meaning(table, column), column.name


def test_what_is_written_cannot_be_markup() -> None:
    table = Table("sample", (Column("<script>|x*", Kind.TEXT, False),), ())
    assert "<script>" not in html([table], "<b>title</b>").replace("<style>", "")
    assert "<b>" not in html([table], "<b>title</b>")


def test_the_page_is_whole_and_loads_nothing() -> None:
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not {name for name, _ in attrs} & {"src", "onload", "srcset"}

    Reader().feed(html(all_tables(), "Codebook"))
    assert tags.count("h2") == len(all_tables())
    assert not {"script", "link", "img", "iframe"} & set(tags)


def test_a_cell_of_markdown_stays_one_cell() -> None:
    lines = markdown(all_tables(), "Codebook").splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}
