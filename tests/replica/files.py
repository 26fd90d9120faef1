"""Small genuine files made from text, with the standard library alone. The same text gives the same bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from html import escape

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "zip": "application/zip",
    "html": "text/html",
}
"""By extension: what the site serves a file as, and what it truly is for the kinds made here."""


def pdf(text: str) -> bytes:
    """A PDF of one page with an uncompressed text layer, a line of the page for each line of the text."""
    shown = []
    for line in text.splitlines() or [""]:
        plain = line.encode("latin-1", "replace").decode("latin-1")
        shown.append("(" + plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ") Tj T*")
    stream = ("BT /F1 10 Tf 14 TL 50 790 Td\n" + "\n".join(shown) + "\nET").encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def png(text: str) -> bytes:
    """A picture of 8 by 8 pixels whose colour comes from the text."""
    colour = zlib.crc32(text.encode()).to_bytes(4, "big")[:3]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + colour * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def docx(text: str) -> bytes:
    """The least that word processors open."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return _zipped(
        {
            "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
            "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'{head}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            f"<w:body>{paragraphs}</w:body></w:document>",
        }
    )


def csv(text: str) -> bytes:
    lines = [line for line in text.splitlines() if line]
    rows = [f'{number},"{line.replace(chr(34), chr(34) * 2)}"' for number, line in enumerate(lines, 1)]
    return "\r\n".join(["row,entry", *rows, ""]).encode()


@lru_cache(maxsize=4096)
def make(kind: str, text: str) -> bytes:
    """The bytes of a file of a kind (see `CONTENT_TYPES`) that says `text`. Raises KeyError for an unknown kind."""
    makers: dict[str, Callable[[str], bytes]] = {
        "pdf": pdf,
        "png": png,
        "docx": docx,
        "csv": csv,
        "txt": str.encode,
        "zip": lambda said: _zipped({"read me.txt": said}),
        "html": lambda said: f"<!DOCTYPE html><html><body><p>{escape(said)}</p></body></html>".encode(),
    }
    return makers[kind](text)


def censored(kind: str, content: bytes, text: str, replacement: str) -> bytes:
    """A file after a censor rule: texts are rewritten, PDFs keep their size, the rest stays (section 7)."""
    found = text.encode()
    if kind in ("txt", "csv", "html"):
        return content.replace(found, replacement.encode())
    if kind == "pdf":
        return content.replace(found, b"x" * len(found))
    return content
