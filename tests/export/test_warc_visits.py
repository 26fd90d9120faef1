"""WARC: what visits brought goes out as it was, what was withdrawn does not, and what is not here is counted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scraper.export.selection import CannotExport
from scraper.records import PageKind, PageRef, Reading
from tests.archive.making import attachment, event, message, request, thread

from .warcs import Read, begun, everything, export, page, read, with_files

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
UNMODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


def told(records: list[Read], kind: str) -> list[tuple[str, str, str]]:
    """(kind, time, time referred to or hash) of the records of a page."""
    return [
        (record.kind, record.date[11:16], record.refers_to[2][11:16] if record.refers_to[2] else record.sha256[:6])
        for record in records
        if record.url.endswith(kind)
    ]


def short(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:6]


def test_a_page_seen_again_is_a_revisit(tmp_path: Path) -> None:
    making = begun(tmp_path, "drains")
    ref = PageRef(PageKind.REQUEST_HTML, "drains")
    page(making, "drains", b"one")
    page(making, "drains", b"one")
    making.keep(ref, Reading("not_modified"), status=304)
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    records = [record for record in read(done.paths) if record.url == "http://127.0.0.1:9/drains"]
    assert [(record.kind, record.date[11:16], record.status, record.profile) for record in records[1:]] == [
        ("response", "00:02", "200", None),
        ("revisit", "00:03", "200", IDENTICAL),
        ("revisit", "00:04", "304", UNMODIFIED),
    ]
    first = records[1]
    assert [record.refers_to for record in records[2:]] == [(first.id, first.url, first.date)] * 2
    assert [record.digest for record in records[2:]] == [first.digest, None]


def test_an_older_body_is_counted_and_not_made_up(tmp_path: Path) -> None:
    """Seen, redacted, seen as it was at first: both visits with the bytes that are kept have them."""
    making = begun(tmp_path, "drains")
    for body in (b"one", b"two", b"one"):
        page(making, "drains", body)
    page(making, "drains", b"noise", "unreadable")
    # What the site compares with is not the page that is kept.
    making.keep(PageRef(PageKind.REQUEST_HTML, "drains"), Reading("not_modified"), status=304)
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert told(read(done.paths), "drains")[1:] == [
        ("response", "00:02", short(b"one")),
        ("revisit", "00:04", "00:02"),
        ("revisit", "00:06", "00:02"),
    ]
    assert done.left_out == {"no_longer_kept": 1, "unreadable": 1}
    assert b"two" not in everything(done.paths)


def test_a_304_to_a_body_that_is_not_kept_has_no_record(tmp_path: Path) -> None:
    making = begun(tmp_path, "drains")
    page(making, "drains", b"one")
    # The same words in other bytes, as when a page has a new token: nothing changed, so it is not kept.
    words = message("outgoing-1", "one")
    ref = PageRef(PageKind.REQUEST_HTML, "drains")
    making.keep(ref, Reading("content", thread("drains", words)), b"one, other token")
    making.keep(ref, Reading("not_modified"), status=304)
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert len(told(read(done.paths), "drains")) == 2
    assert done.left_out == {"no_longer_kept": 1, "not_modified": 1}


def test_a_304_before_the_page_changed_is_not_of_the_new_page(tmp_path: Path) -> None:
    making = begun(tmp_path, "drains")
    page(making, "drains", b"one")
    making.keep(PageRef(PageKind.REQUEST_HTML, "drains"), Reading("not_modified"), status=304)
    page(making, "drains", b"two")
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert told(read(done.paths), "drains")[1:] == [("response", "00:04", short(b"two"))]
    assert done.left_out == {"no_longer_kept": 1, "not_modified": 1}


def test_the_same_file_elsewhere_is_a_revisit(tmp_path: Path) -> None:
    with_files(tmp_path).archive.close()
    records = [record for record in read(export(tmp_path / "archive.db", tmp_path / "out").paths) if ".txt" in record.url]
    assert [record.kind for record in records] == ["response", "revisit"]
    assert records[1].refers_to == (records[0].id, records[0].url, records[0].date)
    alone = [record for record in read(export(tmp_path / "archive.db", tmp_path / "alone", [2]).paths) if ".txt" in record.url]
    assert [(record.kind, record.url) for record in alone] == [("response", records[1].url)]


def test_nothing_tells_of_a_request_that_the_site_refuses(tmp_path: Path) -> None:
    """From the first refusal: not its pages, nor the address of a file whose bytes another request has too."""
    making = with_files(tmp_path)
    file = attachment("drains", 11, 2, "drains.txt")
    words = message("incoming-11", "See the file, please.", files=[file])
    making.html(thread("drains", words), b'<a href="/request/secret-affair">similar</a>')
    before = making.archive.path
    making.refuse(PageRef(PageKind.REQUEST_HTML, "secret-affair"))
    making.archive.close()
    done = export(before, tmp_path / "out")
    assert b"secret-affair" not in everything(done.paths)
    assert done.left_out["mentions_withheld"] == 1
    assert [record.url for record in read(done.paths) if ".txt" in record.url] == [
        "http://127.0.0.1:9/drains/response/11/attach/2/drains.txt"
    ]
    with pytest.raises(CannotExport, match="no page that was asked for"):
        export(before, tmp_path / "chosen", [2])


def test_a_request_that_is_marked_is_left_out_whatever_the_archive_still_has(tmp_path: Path) -> None:
    making = with_files(tmp_path)
    making.archive.db.execute("update requests set withheld_at = '2026-01-01T00:00:00Z' where id = 2")
    making.archive.close()
    told = everything(export(tmp_path / "archive.db", tmp_path / "out").paths)
    assert b"secret-affair" not in told
    assert b"drains.txt" in told


def test_bytes_that_others_took_the_place_of_are_no_damage(tmp_path: Path) -> None:
    making = with_files(tmp_path)
    making.file("drains", 11, 2, "drains.txt", b"newer bytes")
    making.file("secret-affair", 12, 2, "secret-affair.txt", b"newer bytes")
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert b"the same bytes" not in everything(done.paths)
    assert done.left_out == {"no_longer_kept": 4}


def test_a_file_that_its_page_no_longer_shows_is_gone(tmp_path: Path) -> None:
    making = with_files(tmp_path)
    making.html(thread("secret-affair", message("incoming-12", "The file was removed.")), b"<p>redacted")
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert b"secret-affair.txt" not in everything(done.paths)
    assert b"drains.txt" in everything(done.paths)


def test_a_former_title_does_not_survive_in_an_address(tmp_path: Path) -> None:
    making = with_files(tmp_path)
    making.json(request(2, "renamed", "Renamed", [event(20, "response", 12)]), b'{"of": "renamed"}')
    file = attachment("renamed", 12, 2, "secret-affair.txt")
    making.html(thread("renamed", message("incoming-12", "See the file.", files=[file])), b"<p>renamed")
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert b"/secret-affair/" not in everything(done.paths)
    # The file's visit, and the bodies that newer ones took the place of.
    assert done.left_out["no_longer_kept"] > 1


def test_a_part_that_got_another_number_is_still_the_file(tmp_path: Path) -> None:
    making = with_files(tmp_path)
    file = attachment("drains", 11, 3, "drains.txt")
    making.html(thread("drains", message("incoming-11", "See the file.", files=[file])), b"<p>parsed anew")
    making.archive.close()
    records = read(export(tmp_path / "archive.db", tmp_path / "out").paths)
    assert "http://127.0.0.1:9/drains/response/11/attach/2/drains.txt" in {record.url for record in records}


@pytest.mark.parametrize("damage", ["missing", "other bytes"])
def test_damaged_bytes_are_counted_with_what_refers_to_them(tmp_path: Path, damage: str) -> None:
    making = with_files(tmp_path)
    digest = hashlib.sha256(b"the same bytes").hexdigest()
    path = making.archive.files.path(digest)
    making.archive.close()
    path.unlink() if damage == "missing" else path.write_bytes(b"something else")
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert done.left_out["damaged"] == 2
    assert not [record for record in read(done.paths) if ".txt" in record.url]


def test_a_damaged_page_is_counted(tmp_path: Path) -> None:
    making = begun(tmp_path, "drains", "roads")
    making.archive.db.execute("update captures set body = x'00112233' where page_key = 'drains'")
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert (done.responses, done.left_out) == (1, {"damaged": 1})
