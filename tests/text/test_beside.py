"""Words beside the body of office files, and what tracked changes took out of it, as LibreOffice and Word write them."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from scraper.text.formats.doc import STRUCK
from scraper.text.limits import READING
from scraper.text.reading import read_file
from scraper.text.registry import Options

from . import making

NOTE = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>foot</text:p></text:note-body></text:note>"
COMMENT = "<office:annotation><dc:creator xmlns:dc='d'>Ann</dc:creator><text:p>remark</text:p></office:annotation>"
BOX = (
    '<mc:AlternateContent xmlns:mc="m"><mc:Choice>{}</mc:Choice><mc:Fallback><w:p><w:r><w:t>old box</w:t></w:r></w:p>'
    "</mc:Fallback></mc:AlternateContent>"
)
MOVED = "<w:p><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>moved</w:t></w:r></w:moveTo></w:p>"


def words(data: bytes) -> str | None:
    return read_file(data, Options(READING)).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BOX.format(making.paragraph("new box")) + making.paragraph("after"), "new box\n\nafter"),
        (BOX.format("<w:drawing/>") + making.paragraph("after"), "old box\n\nafter"),
        (MOVED, "moved"),
        ("<w:p><w:del><w:r><w:delText>struck</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>", "new"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>", "hidden"),
    ],
)
def test_docx_boxes_are_read_once_and_changes_as_they_ended(body: str, text: str) -> None:
    found = words(making.docx(body))
    assert found is not None
    assert found.split() == text.split()


def test_notes_and_comments_of_an_odt_tear_no_sentence() -> None:
    data = making.odf("text", f"<office:text><text:p>Some{NOTE} words{COMMENT} more</text:p><text:p>End</text:p></office:text>")
    assert words(data) == "Some words more\nEnd\nfoot\nremark"


def test_slides_of_an_odp_keep_their_comments() -> None:
    pages = "".join(f"<draw:page>{COMMENT}<text:p>slide {number}</text:p></draw:page>" for number in (1, 2))
    assert words(making.odf("presentation", f"<office:presentation>{pages}</office:presentation>")) == (
        "slide 1\nremark\fslide 2\nremark"
    )


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (r"{\header\pard Head\par}Body{\footnote\pard a foot} goes on", "\nHead\n\nBody\na foot\n goes on"),
        (r"Kept {\deleted\revauthdel1 struck }new", "Kept new"),
        (r"Kept {\deleted0 not struck}", "Kept not struck"),
        (r"Text{\*\atnid AB}{\*\annotation{\*\atnref 1}remark}.", "Text\nremark\n."),
        (r"{\shp{\*\shpinst\shpleft1{\sp{\sn name}{\sv value}}{\shptxt in a box\par}}{\shprslt in a box}}", "\nin a box\n\n"),
        (r"a path: C:\\footnote\\deleted", r"a path: C:\footnote\deleted"),
        (r"closed twice}}{\footnote x}", "closed twice"),
    ],
)
def test_rtf_has_what_is_beside_the_body_and_not_what_was_struck_out(rtf: str, text: str) -> None:
    assert words(rb"{\rtf1\ansi " + rtf.encode() + b"}") == text.strip()


def with_parts(data: bytes, **parts: bytes) -> bytes:
    """A file of an office suite with more parts, under these names in `xl`."""
    packed = io.BytesIO(data)
    with zipfile.ZipFile(packed, "a") as archive:
        for name, content in parts.items():
            archive.writestr(f"xl/{name}", content)
    return packed.getvalue()


def test_a_sheet_has_its_comments_and_text_boxes() -> None:
    targets = "".join(f'<Relationship Id="{at}" Target="../{at}1.xml"/>' for at in ("comments", "drawings/drawing"))
    parts = {
        "worksheets/_rels/sheet1.xml.rels": f"<Relationships>{targets}</Relationships>".encode(),
        "comments1.xml": b"<comments><commentList><comment><text><t>why</t></text></comment></commentList></comments>",
        "drawings/drawing1.xml": b'<x><a:p xmlns:a="a"><a:r><a:t>boxed</a:t></a:r></a:p></x>',
    }
    book = making.xlsx(making.cells(1, "Supplier", 12))
    assert words(with_parts(book, **parts)) == "Costs\nSupplier\t12\nwhy\nboxed"
    broken = read_file(with_parts(book, **{**parts, "comments1.xml": b"<"}), Options(READING))
    assert (broken.status, broken.text) == ("extracted", "Costs\nSupplier\t12")
    assert str(broken.error).startswith("comments and text boxes could not be read: XML: ")


def doc(text: str, changes: bytes) -> bytes:
    """A DOC of Word 97 with one run of characters, whose properties are changed so ([MS-DOC] 2.5.1, 2.9.33, 2.8.25)."""
    start, runs_at = 1024, 2048
    header = bytearray(start)
    struct.pack_into("<HHHHHHH", header, 0, 0xA5EC, 0xC1, 0, 0x409, 0, 0x0200, 0xBF)
    struct.pack_into("<II", header, 0x18, start, start + len(text))
    struct.pack_into("<H", header, 32, 14)
    struct.pack_into("<H", header, 62, 22)
    struct.pack_into("<I", header, 0x4C, len(text))
    struct.pack_into("<H", header, 152, 93)
    pieces = struct.pack("<IIHIH", 0, len(text), 0, 2 * start | 0x40000000, 0)
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    runs = struct.pack("<III", start, start + len(text), runs_at // 512)
    struct.pack_into("<II", header, 0x01A2, 0, len(clx))
    struct.pack_into("<II", header, 0xFA, len(clx), len(runs))
    sheet = bytearray(512)
    struct.pack_into("<IIB", sheet, 0, start, start + len(text), 100)
    sheet[200 : 201 + len(changes)] = bytes((len(changes),)) + changes
    sheet[511] = 1
    stream = (bytes(header) + text.encode()).ljust(runs_at, b"\0") + bytes(sheet)
    return making.ole({"WordDocument": stream.ljust(8192, b"\0"), "1Table": (clx + runs).ljust(4096, b"\0")})


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (b"", None),
        (b"\x00\x08\x01", STRUCK),
        (b"\x00\x08\x00", None),
        # A size and a property of several bytes before it.
        (b"\x43\x4a\x18\x00\x47\xca\x02\x00\x08\x00\x08\x01", STRUCK),
        (b"\x47\xca\x03\x00\x08\x01", None),
    ],
)
def test_a_doc_says_that_it_holds_struck_out_words(changes: bytes, note: str | None) -> None:
    found = read_file(doc("Kept and struck out words of a letter", changes), Options(READING))
    assert (found.status, found.text, found.error) == ("extracted", "Kept and struck out words of a letter", note)


def test_an_rtf_that_was_cut_off_says_so() -> None:
    found = read_file(rb"{\rtf1\ansi Dear {\b Ann", Options(READING))
    assert (found.status, found.text, found.error) == ("extracted", "Dear Ann", "cut off: it does not end")


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", b"it\x92s \x93so\x94", "it\u2019s \u201cso\u201d"),
        ("iso-8859-1", "T\u0177".encode(), "T\u0177"),
        ("ISO-8859-1", b"Caf\xe9 \x81", "Caf\xe9 \ufffd"),
        ("us-ascii", "T\u0177".encode(), "T\u0177"),
        ("utf-8", b"Caf\xe9", "Caf\xe9"),
        ("x-nonsense", b"Caf\xe9", "Caf\xe9"),
        ("zip", b"words", "words"),
    ],
)
def test_a_mail_or_page_that_names_the_wrong_encoding_is_read_all_the_same(charset: str, body: bytes, text: str) -> None:
    head = f"From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n\n"
    assert words(head.encode() + body) == f"From: a@example.org\nSubject: x\n\n{text}"
    assert words(f'<!DOCTYPE html><html><meta charset="{charset}"><body>'.encode() + body + b"</body></html>") == text


def test_a_pdf_says_which_pages_are_damaged_and_reads_the_others() -> None:
    whole = making.pdf("first", "second", "third")
    found = read_file(whole.replace(b"[5 0 R 7 0 R 9 0 R]", b"[5 0 R 1 0 R 9 0 R]"), Options(READING))
    assert (found.status, found.text, found.page_count) == ("extracted", "first\f\fthird", 3)
    assert found.error == "1 of 3 pages are damaged and could not be read"
    found = read_file(making.pdf("only").replace(b"[5 0 R]", b"[1 0 R]"), Options(READING))
    assert (found.status, found.error) == ("failed", "PDF: none of its pages can be read")
