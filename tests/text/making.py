"""Small files of every format, made in code, good and bad."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

OOXML = "http://schemas.openxmlformats.org"
_WORD = f"{OOXML}/wordprocessingml/2006/main"
_DRAWING = f"{OOXML}/drawingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(members: dict[str, bytes | str], compress: bool = True) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, archive.compression)
    return packed.getvalue()


def locked(archive: bytes) -> bytes:
    """A ZIP whose members all claim to be encrypted."""
    data = bytearray(archive)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = data.find(mark)
        while found >= 0:
            data[found + at] |= 1
            found = data.find(mark, found + 4)
    return bytes(data)


# ---- PDF ------------------------------------------------------------------------------------------------------------


def pdf_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, from 1; the first is its catalogue."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), more, content)


_IMAGE = b"/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8"


def pdf(
    *pages: str | None, drawn: bool = False, trailer: bytes = b"", image: bytes = stream(b"\x00\xff\xff\x00", _IMAGE)
) -> bytes:
    """A PDF with a line of text on each page; an image in its place where that is None, or `drawn`."""
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        image,
    ]
    for number, words in enumerate(pages):
        resources = b"/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>"
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s/Contents %d 0 R>>" % (resources, 6 + 2 * number))
        shown = b"q 500 0 0 100 50 500 cm /I Do Q"
        if words is not None and not drawn:
            shown = b"BT /F 12 Tf 50 700 Td (%s) Tj ET" % words.encode("latin-1")
        objects.append(stream(shown))
    return pdf_of(objects, trailer)


_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def encrypted_pdf() -> bytes:
    """A PDF that asks for a password: the standard handler, revision 2."""
    owner, identity = _rc4(hashlib.md5(_PAD).digest()[:5], (b"secret" + _PAD)[:32]), b"0123456789abcdef"
    key = hashlib.md5((b"secret" + _PAD)[:32] + owner + struct.pack("<i", -4) + identity).digest()[:5]
    user = _rc4(key, _PAD)
    rules = b"/Encrypt<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>/ID[<%s><%s>]"
    return pdf("kept from you", trailer=rules % tuple(part.hex().encode() for part in (owner, user, identity, identity)))


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def deflated_zeros(mib: int) -> bytes:
    """Some MiB of zeros, packed: one packed MiB, as often, between zlib's head and checksum."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((mib << 20) % 65521 << 16 | 1).to_bytes(4, "big")
    return b"\x78\xda" + block * mib + b"\x03\x00" + checksum


def bomb_pdf(mib: int) -> bytes:
    """A page whose content is some MiB of zeros, packed twice."""
    inner = deflated_zeros(mib)
    packed = zlib.compress(inner, 9)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
    content = stream(packed, b"/Filter[/FlateDecode/FlateDecode]")
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content])


def endless_pdf() -> bytes:
    """A tree of pages that leads back to itself, and claims two thousand million of them."""
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 2 0 R 3 0 R]/Count 2000000000>>",
            b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 2 0 R]/Count 1000000000>>",
        ]
    )


# ---- office ---------------------------------------------------------------------------------------------------------

TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def docx(body: str, **beside: bytes | str) -> bytes:
    """A DOCX of paragraphs in WordprocessingML (``<w:p><w:r><w:t>...``); `beside` are further parts of word/."""
    xml = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    parts = {f"word/{name.replace('_', '.')}": content for name, content in beside.items()}
    return zipped({"[Content_Types].xml": TYPES, "word/document.xml": xml, **parts})


def paragraph(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def pptx(*slides: str, notes: str = "") -> bytes:
    """Slides that are shown in the opposite order of their files; the notes are the first shown one's."""
    relation = f'xmlns="{OOXML}/package/2006/relationships"'
    count = len(slides)

    def page(words: str) -> str:
        return f'<p:sld xmlns:p="x" xmlns:a="{_DRAWING}"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>'

    reference = f'xmlns:r="{OOXML}/officeDocument/2006/relationships"'
    listed = "".join(f'<p:sldId r:id="r{number}"/>' for number in range(1, count + 1))
    targets = "".join(
        f'<Relationship Id="r{number}" Target="slides/slide{count + 1 - number}.xml"/>' for number in range(1, count + 1)
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": TYPES,
        "ppt/presentation.xml": f'<p:presentation xmlns:p="x" {reference}>{listed}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": f"<Relationships {relation}>{targets}</Relationships>",
    }
    parts |= {f"ppt/slides/slide{count - number}.xml": page(words) for number, words in enumerate(slides)}
    if notes:
        to_notes = '<Relationship Id="n" Target="../notesSlides/notesSlide1.xml"/>'
        parts[f"ppt/slides/_rels/slide{count}.xml.rels"] = f"<Relationships {relation}>{to_notes}</Relationships>"
        parts["ppt/notesSlides/notesSlide1.xml"] = page(notes)
    return zipped(parts)


def xlsx(rows: str, dimension: str = "A1:B2", **beside: bytes) -> bytes:
    """One sheet called Costs, its rows in SpreadsheetML."""
    main, relations = f"{OOXML}/spreadsheetml/2006/main", f"{OOXML}/officeDocument/2006/relationships"
    package = f"{OOXML}/package/2006/relationships"
    book = (
        f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="Costs" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    to_sheet = f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
    to_book = f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/>'
    sheet = f'<worksheet xmlns="{main}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships xmlns="{package}">{to_book}</Relationships>',
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{to_sheet}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    return zipped({**parts, **{f"xl/{name.replace('_', '.')}": content for name, content in beside.items()}})


def xlsb(words: str, number: float) -> bytes:
    """The binary sort of XLSX ([MS-XLSB]): one sheet called Costs with a word and a number."""

    def record(kind: int, content: bytes = b"") -> bytes:
        told = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return told + bytes([len(content)]) + content

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    relations, package = f"{OOXML}/officeDocument/2006/relationships", f"{OOXML}/package/2006/relationships"
    bundle = record(0x9C, struct.pack("<II", 0, 1) + wide("r1") + wide("Costs"))
    book = record(0x83) + record(0x8F) + bundle + record(0x90) + record(0x84)
    cells = record(0x06, struct.pack("<II", 0, 0) + wide(words)) + record(0x05, struct.pack("<IId", 1, 0, number))
    rows = record(0x91) + record(0x00, struct.pack("<I", 0) + bytes(13)) + cells + record(0x92)
    sheet = record(0x81) + record(0x94, struct.pack("<IIII", 0, 0, 0, 1)) + rows + record(0x82)
    to_sheet = f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.bin"/>'
    return zipped(
        {
            "[Content_Types].xml": TYPES,
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{package}">{to_sheet}</Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def locked_xls() -> bytes:
    """A workbook of BIFF8 that needs a password: after its FILEPASS the rest is noise."""
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x05, 0, 0, 0, 0)
    protected, rc4 = struct.pack("<HH", 0x0086, 0), struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + bytes(range(48))
    return ole({"Workbook": begin + protected + rc4 + hashlib.sha256(b"noise").digest() * 20})


def locked_doc() -> bytes:
    """A document of Word 97 whose head says that the rest is encrypted ([MS-DOC] 2.5.2, fEncrypted)."""
    head = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0x0809, 0, 0x0300)
    noise = hashlib.sha256(b"noise").digest() * 20
    return ole({"WordDocument": head + noise, "1Table": noise})


def cells(row: int, *values: str | int) -> str:
    made = []
    for column, value in zip("ABCDEF", values, strict=False):
        kind, inner = ("n", f"<v>{value}</v>") if isinstance(value, int) else ("inlineStr", f"<is><t>{value}</t></is>")
        made.append(f'<c r="{column}{row}" t="{kind}">{inner}</c>')
    return f'<row r="{row}">{"".join(made)}</row>'


def xls(words: str, number: float) -> bytes:
    """A workbook of BIFF8 with a word and a number."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x05, 0, 0, 0, 0))
    name = b"Costs"
    globals_size = len(begin) + 4 + 8 + len(name) + 4
    bound = record(0x0085, struct.pack("<IBBBB", globals_size, 0, 0, len(name), 0) + name)
    end = record(0x000A, b"")
    label = record(0x0204, struct.pack("<HHHHB", 0, 0, 0, len(words), 0) + words.encode("latin-1"))
    value = record(0x0203, struct.pack("<HHHd", 0, 1, 0, number))
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + label + value + end
    return ole({"Workbook": begin + bound + end + sheet})


def odf(kind: str, body: str, manifest: str = "<m/>") -> bytes:
    """An OpenDocument file; its body in markup with the prefixes text, table, draw and office."""
    names = " ".join(f'xmlns:{name}="{_ODF}:{long}:1.0"' for name, long in _PREFIXES.items())
    content = f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    members: dict[str, bytes | str] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": content,
        "META-INF/manifest.xml": manifest,
    }
    return zipped(members, compress=False)


_PREFIXES = {"office": "office", "text": "text", "table": "table", "draw": "drawing"}

# ---- OLE containers -------------------------------------------------------------------------------------------------

Storage = dict[str, "bytes | Storage"]
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def _entries(root: Storage) -> list[list[object]]:
    """The directory: name, kind, right neighbour, first child, content. Neighbours form a chain, which is a tree too."""
    entries: list[list[object]] = [["Root Entry", 5, _FREE, _FREE, b""]]

    def add(storage: Storage, parent: int) -> None:
        before = None
        for name, content in storage.items():
            kind, data = (2, content) if isinstance(content, bytes) else (1, b"")
            entries.append([name, kind, _FREE, _FREE, data])
            number = len(entries) - 1
            if before is None:
                entries[parent][3] = number
            else:
                entries[before][2] = number
            before = number
            if not isinstance(content, bytes):
                add(content, number)

    add(root, 0)
    return entries


def ole(root: Storage) -> bytes:
    """A compound file ([MS-CFB], version 3) of streams and storages."""
    entries = _entries(root)
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(data: bytes) -> int:
        if not data:
            return _END
        first = len(sectors)
        pieces = [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), _END])
        return first

    mini, minifat = bytearray(), list[int]()
    places = []
    for _, kind, _, _, content in entries:
        assert isinstance(content, bytes)
        if kind != 2 or len(content) >= 4096:
            places.append(store(content))
            continue
        first, count = len(mini) // 64, -(-len(content) // 64)
        mini += content.ljust(64 * count, b"\0")
        minifat += [*range(first + 1, first + count), _END] if count else []
        places.append(first if count else _END)
    places[0] = store(bytes(mini))
    minifat_at = store(struct.pack(f"<{len(minifat)}I", *minifat).ljust(512, b"\xff")) if minifat else _END
    table = b""
    for (name, kind, right, child, content), place in zip(entries, places, strict=True):
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        wide = name.encode("utf-16-le")
        size = len(mini) if kind == 5 else len(content)
        table += wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide) + 2, kind, 1, _FREE, right, child)  # type: ignore[call-overload]
        table += bytes(16) + struct.pack("<IQQIQ", 0, 0, 0, place, size)
    directory = store(table.ljust(-(-len(table) // 512) * 512, b"\0"))
    fat_sectors = 1
    while (len(fat) + fat_sectors) * 4 > 512 * fat_sectors:
        fat_sectors += 1
    fat_at = len(fat)
    fat += [_FAT] * fat_sectors
    sectors += [struct.pack(f"<{len(fat)}I", *fat).ljust(512 * fat_sectors, b"\xff")]
    difat = [*range(fat_at, fat_at + fat_sectors)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    mini_sectors = 1 if minifat else 0
    head += struct.pack("<IIIIIIIII", 0, fat_sectors, directory, 0, 4096, minifat_at, mini_sectors, _END, 0)
    return head + struct.pack("<109I", *difat, *[_FREE] * (109 - len(difat))) + b"".join(sectors)


def msg(subject: str, body: str, attachments: Sequence[tuple[str, bytes | Storage]] = ()) -> Storage:
    """A mail as Outlook saves it: a storage, for `ole` or for another mail."""

    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    sent = struct.pack("<IIQ", 0x00390040, 6, 132_500_000_000_000_000)
    made: Storage = {
        "__properties_version1.0": bytes(32) + sent,
        "__substg1.0_0037001F": wide(subject),
        "__substg1.0_0C1A001F": wide("An Officer"),
        "__substg1.0_0E04001F": wide("Ann Asker"),
        "__substg1.0_1000001F": wide(body),
    }
    for number, (name, content) in enumerate(attachments):
        tag = "37010102" if isinstance(content, bytes) else "3701000D"
        made[f"__attach_version1.0_#{number:08X}"] = {"__substg1.0_3707001F": wide(name), f"__substg1.0_{tag}": content}
    return made
