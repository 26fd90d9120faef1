"""What is read from one good file of every format, and which kind it is told to be, whatever it is called."""

from __future__ import annotations

import pytest

from scraper.text.limits import READING
from scraper.text.reading import read_file
from scraper.text.registry import Options
from scraper.text.result import Outcome

from . import making

OPTIONS = Options(READING)


def read(data: bytes) -> Outcome:
    return read_file(data, OPTIONS)


SMALL_XLSX = making.xlsx(making.cells(1, "Supplier", 12) + making.cells(3, "a\tb\nc", 0))
ODT = making.odf(
    "text",
    "<office:text><text:tracked-changes><text:p>struck</text:p></text:tracked-changes><text:h>Head</text:h>"
    '<text:p>one<text:span>two</text:span>three<text:s text:c="3"/>four<text:tab/>five<text:line-break/>six</text:p>'
    "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p>"
    "</table:table-cell></table:table-row></table:table></office:text>",
)
ODP = making.odf(
    "presentation",
    "<office:presentation><draw:page><text:p>first</text:p></draw:page><draw:page><text:p>second</text:p></draw:page>"
    "</office:presentation>",
)
ODS = making.odf(
    "spreadsheet",
    '<office:spreadsheet><table:table table:name="Costs"><table:table-row><table:table-cell office:value-type="string"><text:p>'
    "Supplier</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>",
)
TABLE = (
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)
DOCX = making.docx(
    making.paragraph("Dear Ann") + TABLE + "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>",
    footnotes_xml=f'<w:footnotes xmlns:w="{making._WORD}">{making.paragraph("A note")}</w:footnotes>',
    vbaProject_bin=b"Sub AutoOpen() evil",
)
RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Caf\'e9 \b costs\b0\par Second \u8364?5}"
HTML = (
    b"<!DOCTYPE html><html><head><meta charset=windows-1252><title>Costs</title><style>p{}</style></head><body><p>Caf\xe9 &amp; "
    b"co</p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table><div>end<br>line</div></body></html>"
)
ICS = b"BEGIN:VCALENDAR\r\nSUMMARY:Meeting\r\nEND:VCALENDAR\r\n"
OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize(
    ("data", "kind", "text", "pages"),
    [
        (making.pdf("First page", "Second page"), "application/pdf", "First page\fSecond page", 2),
        (DOCX, f"{OOXML}wordprocessingml.document", "Dear Ann\na\tb\nA note", None),
        (making.pptx("One", "Two", notes="Say this"), f"{OOXML}presentationml.presentation", "One\nSay this\fTwo", 2),
        (SMALL_XLSX, f"{OOXML}spreadsheetml.sheet", "Costs\nSupplier\t12\na b c\t0", 1),
        (making.xls("Supplier", 12.5), "application/vnd.ms-excel", "Costs\nSupplier\t12.5", 1),
        (
            making.xlsb("Supplier", 12.5),
            "application/vnd.ms-excel.sheet.binary.macroenabled.12",
            "Costs\nSupplier\t12.5",
            1,
        ),
        (ODS, f"{ODF}spreadsheet", "Costs\nSupplier", 1),
        (ODT, f"{ODF}text", "Head\nonetwothree   four\tfive\nsix\na\tb", None),
        (ODP, f"{ODF}presentation", "first\fsecond", 2),
        (RTF, "text/rtf", "Café costs\nSecond €5", None),
        (HTML, "text/html", "Costs\nCafé & co\na\tb\nend\nline", None),
        (b"BEGIN:VCALENDAR\r\nSUMMARY:Meeting\r\nEND:VCALENDAR\r\n", "text/calendar", ICS.decode().replace("\r", ""), None),
        (b"a,b\r\n1,2\r\n", "text/plain", "a,b\n1,2\n", None),
    ],
    ids="pdf docx pptx xlsx xls xlsb ods odt odp rtf html ics csv".split(),
)
def test_every_format_is_read(data: bytes, kind: str, text: str, pages: int | None) -> None:
    found = read(data)
    assert (found.status, found.media_type, found.page_count) == ("extracted", kind, pages)
    assert found.text is not None
    assert [line.rstrip() for line in found.text.strip().split("\n")] == [line.rstrip() for line in text.strip().split("\n")]
    assert found.method
    assert found.error is None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Café; £5 “quoted”".encode(), "Café; £5 “quoted”"),
        ("Café; £5 “quoted”".encode("cp1252"), "Café; £5 “quoted”"),
        ("Café £5".encode("utf-8-sig"), "Café £5"),
        ("Café £5".encode("utf-16"), "Café £5"),
        ("Plain letters, no mark".encode("utf-16-le"), "Plain letters, no mark"),
        ("Plain letters, no mark".encode("utf-16-be"), "Plain letters, no mark"),
        ("Café £5".encode("utf-32"), "Café £5"),
        (b"one\r\ntwo\rthree\x0cfour\x1b[31m", "one\ntwo\nthree\nfour[31m"),
        ("Žluťoučký kůň úpěl ďábelské ódy. Příliš žluťoučký kůň se škrábal na věž a díval se dolů. ".encode("cp1250") * 4, "kůň"),
    ],
    ids=["utf-8", "cp1252", "marked", "utf-16", "le", "be", "utf-32", "controls", "cp1250"],
)
def test_text_of_any_encoding_becomes_clean_unicode(data: bytes, text: str) -> None:
    found = read(data)
    assert (found.status, found.media_type) == ("extracted", "text/plain")
    assert text in (found.text or "")


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        (b"", "empty", "the file has no bytes"),
        (b" \r\n\t ", "empty", None),
        (making.pdf(""), "empty", None),
        (making.pdf("scan", drawn=True), "no_text_layer", None),
        (making.pptx(""), "empty", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "no_text_layer", None),
        (bytes(range(256)) * 3, "unsupported", "no reader for application/octet-stream"),
        (b"Rar!\x1a\x07\x00", "unsupported", "no reader for application/vnd.rar"),
        (making.ole({"PowerPoint Document": bytes(50)}), "unsupported", "no reader for application/vnd.ms-powerpoint"),
        (making.ole({"Anything": bytes(50)}), "unsupported", "no reader for application/x-ole-storage"),
        (making.encrypted_pdf(), "encrypted", "needs a password"),
        (making.ole({"EncryptedPackage": bytes(50), "EncryptionInfo": bytes(9)}), "encrypted", "needs a password"),
        (making.locked_xls(), "encrypted", "needs a password"),
        (making.locked_doc(), "encrypted", "needs a password"),
        (making.ole({"Workbook": bytes(range(1, 256)) * 3}), "failed", "spreadsheet: Cannot detect file format"),
        (making.ole({"WordDocument": bytes(600)})[:183], "failed", "OLE: cut off, there are 183 bytes of it"),
        (b"\x78\x9f\x3e\x22" + bytes(60), "unsupported", "no reader for application/vnd.ms-tnef"),
        (making.locked(making.docx(making.paragraph("secret"))), "encrypted", "needs a password"),
        (making.locked(making.zipped({"a.txt": "secret", "b.txt": "more"})), "encrypted", "every member needs a password"),
        (making.odf("text", "<office:text/>", "<m:encryption-data/>"), "encrypted", "needs a password"),
    ],
)
def test_files_without_a_text_say_which_sort_they_are(data: bytes, status: str, error: str | None) -> None:
    found = read(data)
    assert (found.status, found.text, found.error) == (status, None, error)


def test_pages_that_are_images_are_counted_beside_those_with_words() -> None:
    both = making.pdf("words", "words").replace(b"BT /F 12 Tf 50 700 Td (words) Tj ET", b"q 500 0 0 700 50 50 cm /I Do Q    ", 1)
    found = read(both)
    assert (found.status, found.text, found.page_count) == ("extracted", "\fwords", 2)
    assert found.error == "1 of 2 pages are images without text"


MAIL = """From: =?utf-8?q?Ann_=C3=85sker?= <ann@example.org>
To: foi@council.example
Subject: Costs
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Caf=E9 costs
--c
Content-Type: text/html

<p>the same in HTML</p>
--c--
--b
Content-Type: application/octet-stream; name="../../x.csv"
Content-Transfer-Encoding: base64

YSxiCg==
--b
Content-Type: message/rfc822

Subject: Inner
From: b@example.org
To: c@example.org

inner words
--b--
"""


def test_a_mail_gives_its_words_and_its_attachments() -> None:
    found = read(MAIL.encode())
    assert (found.status, found.media_type) == ("extracted", "message/rfc822")
    assert found.text == "From: Ann Åsker <ann@example.org>\nTo: foi@council.example\nSubject: Costs\n\nCafé costs"
    first, second = found.members
    assert (first.path, first.data) == ("../../x.csv", b"a,b\n")
    assert second.data is not None
    assert read(second.data).text == "From: b@example.org\nTo: c@example.org\nSubject: Inner\n\ninner words"


def test_an_outlook_mail_gives_its_words_and_its_attachments() -> None:
    inner = making.msg("Inner", "inner words")
    outer = making.msg("Costs £ 2025", "Dear Ann\r\nsee below", [("costs.csv", b"a,b\n1,2\n"), ("Inner", inner)])
    found = read(making.ole(outer))
    assert (found.status, found.media_type) == ("extracted", "application/vnd.ms-outlook")
    lines = (found.text or "").split("\n")
    assert lines[:5] == ["From: An Officer", "To: Ann Asker", "Date: 2020-11-16 11:33:20 UTC", "Subject: Costs £ 2025", ""]
    assert lines[5:9] == ["Dear Ann", "see below", "", "Attached mail: Inner"]
    assert lines[-1] == "inner words"
    assert [(member.path, member.data) for member in found.members] == [("costs.csv", b"a,b\n1,2\n")]


def test_a_zip_gives_its_names_plain_texts_and_members() -> None:
    found = read(making.zipped({"a/b.txt": "plain words", "c.pdf": making.pdf("in a PDF"), "empty/": ""}))
    assert (found.status, found.text) == ("extracted", "a/b.txt\nplain words\fc.pdf")
    assert [(member.path, member.reason) for member in found.members] == [("a/b.txt", None), ("c.pdf", None)]
    assert found.members[1].data == making.pdf("in a PDF")


def test_the_name_of_a_member_is_shown_and_harmless() -> None:
    name = "..\\..\\\u202egnp.exe\r\n/etc/passwd" + "x" * 2000
    (member,) = read(making.zipped({name: "words"})).members
    assert member.path is not None
    assert not set(member.path) & set("\u202e\r\n\0")
    assert len(member.path) == 1000


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\n" * 100 + making.pdf("late"), "application/pdf"),
        (making.pdf("both") + making.zipped({"a": "b"}), "application/pdf"),
        (b"GIF89a/*" + bytes(30) + b"*/=1;alert(1)", "image/gif"),
        (b"<html><body>called costs.pdf</body></html>", "text/html"),
        (b"Note: this is no mail\nTo: nobody\n\nwords", "text/plain"),
    ],
    ids=["late pdf", "pdf+zip", "gif+js", "html", "no mail"],
)
def test_the_kind_is_told_from_the_bytes(data: bytes, kind: str) -> None:
    assert read(data).media_type == kind
