"""Attachments: which bytes are the file, and what they are."""

from __future__ import annotations

import io
import zipfile

import pytest

from scraper.pages import read
from scraper.pages.files import media_type_of
from scraper.records import Capture, Moved, StoredFile, UnreadablePage

from . import sample

PAGE = b"\xef\xbb\xbf <!-- x --><!DOCTYPE HTML><html><body>words</body></html>"


def zipped(*names: str, mimetype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


OPENXML = "application/vnd.openxmlformats-officedocument."
CASES = [
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n...", "image/png"),
    (b"\xff\xd8\xff\xe0..", "image/jpeg"),
    (b"RIFF....WEBP", "image/webp"),
    (b"{\\rtf1 x}", "text/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "application/x-ole-storage"),
    (b"\x78\x9f\x3e\x22...", "application/vnd.ms-tnef"),
    (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
    (zipped("a.txt", "word/b.txt"), "application/zip"),
    (zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"), OPENXML + "wordprocessingml.document"),
    (zipped("[Content_Types].xml", "xl/workbook.xml"), OPENXML + "spreadsheetml.sheet"),
    (zipped("[Content_Types].xml", "ppt/presentation.xml"), OPENXML + "presentationml.presentation"),
    (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    (PAGE, "text/html"),
    (b"a,b\n1,2\n", None),
    (b"", None),
]


@pytest.mark.parametrize(("data", "expected"), CASES)
def test_media_types_come_from_the_bytes(data: bytes, expected: str | None) -> None:
    assert media_type_of(data) == expected


def stored(capture: Capture) -> StoredFile:
    reading = read(capture, sample.SITE)
    assert reading.outcome == "content"
    assert isinstance(reading.record, StoredFile)
    return reading.record


def test_a_file_is_kept_with_both_its_types() -> None:
    capture = sample.file_capture(b"%PDF-1.4 ...")
    assert stored(capture) == StoredFile(capture.file, "application/pdf", "application/pdf")  # type: ignore[arg-type]
    assert stored(sample.file_capture(b"%PDF-1.4 ...", content_type="text/html")).media_type == "application/pdf"
    assert stored(sample.file_capture(b"words", "notes.txt", "text/plain")).media_type is None
    assert stored(sample.file_capture(PAGE, "page.HTM", "text/html")).media_type == "text/html"
    assert stored(sample.file_capture(b"<p>words", "page.html", "text/html")).media_type is None


def test_a_table_that_an_office_sent_as_html_under_a_spreadsheets_name_is_a_file() -> None:
    assert stored(sample.file_capture(PAGE, "spend.xls", "application/vnd.ms-excel")).media_type == "text/html"


@pytest.mark.parametrize(
    "capture",
    [
        sample.file_capture(PAGE, content_type="text/html", download=False),
        sample.file_capture(PAGE, content_type=None, download=False),
        sample.file_capture(PAGE, content_type="application/pdf", download=False),
        sample.file_capture(PAGE, content_type="text/html"),
        sample.file_capture(b"<p>fragment", content_type="text/html", download=False),
        sample.file_capture(PAGE, "page.html", "text/html", download=False),
        sample.file_capture(b"%PDF-1.4", url="https://foi.example/attachments/abc/done"),
    ],
)
def test_a_page_in_the_files_place_is_never_stored(capture: Capture) -> None:
    reading = read(capture, sample.SITE)
    assert reading.outcome == "redirected"
    assert reading.record == Moved(capture.url, None)
    assert reading.reason


def test_the_wait_page_as_it_comes_is_never_stored() -> None:
    body = sample.page("<h1>Processing</h1>", "attachment_masks").encode()
    for name in ("rota.pdf", "page.html"):
        assert read(sample.file_capture(body, name, "text/html", download=False), sample.SITE).outcome == "redirected"


def test_an_empty_file_is_told_from_one_that_was_emptied_on_the_way() -> None:
    assert stored(sample.file_capture(b"")).media_type is None
    with pytest.raises(UnreadablePage, match="body: empty"):
        read(sample.file_capture(b"", extra=(("etag", 'W/"abc"'),)), sample.SITE)
    with pytest.raises(UnreadablePage, match="body: empty"):
        read(sample.file_capture(b"", download=False), sample.SITE)
