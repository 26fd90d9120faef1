"""DOC of Word 97 to 2003. What tracked changes struck out is among its words; where there is such, its note says so."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from importlib.metadata import version

import legacy_doc
import olefile
from legacy_doc.exceptions import LegacyDocError

from ..limits import MIB
from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"legacy-doc {version('legacy-doc')}"
STRUCK = "passages that tracked changes struck out are among its words"
_SECTOR = 512
_FLAGS, _TABLE_1, _PLCF_BTE_CHPX = 0x0A, 0x0200, 0xFA
"""In the header of the stream WordDocument: where its flags are, which names the table stream, and where its runs are told."""
_DELETED = 0x0800
_OPERANDS = (1, 1, 2, 4, 2, 2, None, 3)
"""Bytes of an operand, by the highest three bits of a property's code; None where its first byte tells."""
_NO_WORDS = (".doc extraction produced no text", "Legacy .doc file does not contain readable text ranges")


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    try:
        limits = legacy_doc.ExtractionOptions(max_file_bytes=100 * MIB, max_text_bytes=options.limits.text)
        # Some programs leave the last sector short.
        found = legacy_doc.extract_text(data + bytes(-len(data) % _SECTOR), options=limits)
    except LegacyDocError as error:
        if str(error) in _NO_WORDS:
            return Text([], METHOD)
        if "ncrypt" in str(error):
            raise Encrypted("needs a password") from None
        raise Unreadable(f"DOC: {error}") from None
    return Text([page(found.text).strip()], METHOD, note=STRUCK if _has_struck(data) else None)


def _has_struck(data: bytes) -> bool:
    """Whether a run of characters is marked as deleted ([MS-DOC] 2.6.1, sprmCFRMarkDel)."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            words = container.openstream("WordDocument").read()
            (flags,) = struct.unpack_from("<H", words, _FLAGS)
            table = container.openstream("1Table" if flags & _TABLE_1 else "0Table").read()
        start, size = struct.unpack_from("<II", words, _PLCF_BTE_CHPX)
        count = (min(size, len(table)) - 4) // 8
        for (number,) in struct.iter_unpack("<I", table[start + 4 * (count + 1) :][: 4 * count]):
            sheet = words[(number & 0x3FFFFF) * _SECTOR :][:_SECTOR]
            if any(map(_marks_deleted, _properties(sheet))):
                return True
    except (OSError, struct.error, IndexError):  # damaged: nothing is known of it
        return False
    return False


def _properties(sheet: bytes) -> Iterator[bytes]:
    """The changes of properties that the runs of one page of runs (ChpxFkp) have."""
    runs = sheet[-1]
    for place in set(sheet[4 * (runs + 1) :][:runs]) - {0}:
        size = sheet[2 * place]
        yield sheet[2 * place + 1 :][:size]


def _marks_deleted(changes: bytes) -> bool:
    at = 0
    while at + 2 < len(changes):
        (code,) = struct.unpack_from("<H", changes, at)
        if code == _DELETED and changes[at + 2]:
            return True
        size = _OPERANDS[code >> 13]
        at += 2 + (size if size is not None else 1 + changes[at + 2])
    return False
