"""PDFs that a browser would run: known by their scripts, wherever these stand."""

import zlib

import pytest

from scraper.explore.scripted import may_run

PLAIN = b"%PDF-1.7\n1 0 obj << /Type /Catalog /OpenAction [3 0 R /Fit] /JSize 3 >> endobj\n"
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def packed(content: bytes, described: bytes = b"/Filter /FlateDecode") -> bytes:
    return PLAIN + b"4 0 obj << /Type /ObjStm /N 1 /First 4 " + described + b" >> stream\r\n" + content + b"\nendstream endobj"


@pytest.mark.parametrize(
    ("content", "runs"),
    [
        (PLAIN, False),
        (PLAIN + SCRIPT, True),
        (PLAIN + b"<< /S /JavaScript /JS 7 0 R >>", True),
        (PLAIN + b"<< /S/JavaScript/JS<6170702e>>>", True),
        (PLAIN + b"<< /S /JavaScript /#4aS (x) >>", True),
        (PLAIN + b"<< /S /JavaScript /J#53%comment\n(x) >>", True),
        (PLAIN + b"<< /AcroForm << /XFA [ (config) 7 0 R ] >> >>", True),
        (packed(zlib.compress(b"4 0 << /Type /Font >>")), False),
        (packed(zlib.compress(b"4 0 " + SCRIPT)), True),
        (packed(b"4 0 << /Type /Font >>", b""), True),
        (packed(b"3420302053", b"/Filter [/ASCIIHexDecode /FlateDecode]"), True),
        (packed(b"encrypted"), True),
        (packed(zlib.compress(SCRIPT)).replace(b"ObjStm", b"Obj#53tm"), True),
        (packed(zlib.compress(bytes(80 * 1024 * 1024))), True),
    ],
)
def test_scripts_are_found(content: bytes, runs: bool) -> None:
    assert may_run(content) is runs
