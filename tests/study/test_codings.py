"""Files of labels as people's spreadsheets write them: taken in whole, or refused with the line and what is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scraper.archive.store import Archive
from scraper.study.codings import BadCodings, Imported, database_of, import_codings
from scraper.urls import Site

NOW = "2026-01-05T00:00:00Z"
GOOD = "anchor,coder,variable,label\nincoming-1,A,uses,yes\nincoming-1,B,uses,no\n"
KEPT = [("incoming-1", "A", "uses", "yes", None), ("incoming-1", "B", "uses", "no", None)]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db", Site("https://example.org")) as archive:
        yield archive


def take_in(archive: Archive, text: str | bytes) -> Imported:
    labels = archive.path.with_name("labels.csv")
    labels.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_codings(archive.path, archive.db, labels, NOW)


def kept(archive: Archive) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database_of(archive.path))) as codings:
        return codings.execute("select anchor, coder, variable, label, note from codings order by anchor, coder").fetchall()


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace(",", ", "),
        GOOD.replace("\n", "\r\n") + "\r\n,,,\r\n",
        GOOD.replace("anchor,coder", "Anchor,CODER"),
        "label,anchor,place,coder,variable\nyes,incoming-1,x,A,uses\nno,incoming-1,,B,uses\n",
    ],
)
def test_labels_are_read_as_spreadsheets_write_them(archive: Archive, text: str) -> None:
    assert take_in(archive, text).labels == 2
    assert kept(archive) == KEPT


def test_notes_and_quotes_are_kept(archive: Archive) -> None:
    take_in(archive, 'anchor,coder,variable,label,note\nincoming-1,A,uses,"yes, ""now""","two\nlines"\nincoming-1,B,uses,no\n')
    assert kept(archive) == [("incoming-1", "A", "uses", 'yes, "now"', "two\nlines"), ("incoming-1", "B", "uses", "no", None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column anchor, coder, variable, label"),
        ("anchor,coder,label\nincoming-1,A,yes\n", "has no column variable; it needs anchor, coder, variable, label"),
        (GOOD + "incoming-2,A,uses,\n", "line 4: label must be filled"),
        (GOOD + "incoming-2,A\n", "line 4: variable, label must be filled"),
        (GOOD + "incoming-2,A,uses,yes,perhaps\n", "line 4: 5 values for 4 columns; quote those with a ',' in them"),
        (GOOD + "incoming-1,A,uses,no\n", "line 4: A has labelled incoming-1 for uses already, in line 2"),
        (GOOD + 'incoming-2,A,uses,"yes\n', "line 4: unexpected end of data"),
        (GOOD.encode() + b"incoming-2,Ren\xe9,uses,yes\n", "line 4: not UTF-8; save it as CSV UTF-8"),
        (GOOD.encode("utf-16"), "line 1: not UTF-8; save it as CSV UTF-8"),
    ],
)
def test_faulty_files_are_refused_whole(archive: Archive, text: str | bytes, said: str) -> None:
    with pytest.raises(BadCodings) as refused:
        take_in(archive, text)
    assert said in str(refused.value)
    assert not database_of(archive.path).exists()


def test_what_the_archive_does_not_have_is_kept_and_told(archive: Archive) -> None:
    done = take_in(archive, GOOD)
    assert done.unknown == ["incoming-1"]
    assert kept(archive) == KEPT


def test_a_later_file_replaces_what_it_says_again(archive: Archive) -> None:
    take_in(archive, GOOD)
    assert take_in(archive, GOOD.replace("yes", "no")).agreements[0].labels == 2
    assert [row[3] for row in kept(archive)] == ["no", "no"]
