"""Whether a PDF has a script in it. A browser's viewer runs it when the file is opened, whatever policy we send along.

Chromium 156 shows the dialog of ``app.alert`` under ``sandbox`` and ``default-src 'none'`` (seen November 2026), and
shows no PDF at all in a frame that is in a sandbox. So such a file is only saved. An entry ``/JS`` is what every script
of a PDF hangs on; it stands in the open or in a stream of packed objects. Where a stream cannot be looked into, a
script is taken to be in it: the mistake is then a file that must be saved to be read.
"""

from __future__ import annotations

import re
import zlib

LARGEST = 64 * 1024 * 1024
"""Bytes of a PDF, and of a stream in it, that are looked through; in a larger one there may be a script."""

# A name may be written with #4A for J. What follows is the script itself, or a reference to it.
_SCRIPT = re.compile(rb"/(?:J|#4[Aa])(?:S|#53)(?=[\0\t\n\f\r ]*[(<%0-9])|/XFA(?=[\0\t\n\f\r ]*[\[%0-9])")
_PACKED = re.compile(rb"/ObjStm\b")
_HIDDEN = re.compile(rb"/(?=[A-Za-z]*#)(?:[ObjStm]|#[46-7][0-9A-Fa-f]|#53){6}\b")
_STREAM = re.compile(rb"stream\r?\n")


def may_run(content: bytes) -> bool:
    """Whether the PDF has a script, or something into which this cannot look."""
    if len(content) > LARGEST or _SCRIPT.search(content) or _HIDDEN.search(content):
        return True
    return any(_packs_script(content, found.start()) for found in _PACKED.finditer(content))


def _packs_script(content: bytes, at: int) -> bool:
    start = _STREAM.search(content, at)
    if start is None:
        return False
    described = content[content.rfind(b"obj", 0, at) : start.start()]
    if described.count(b"Decode") != 1 or b"/FlateDecode" not in described:
        return True
    try:
        unpacked = zlib.decompressobj().decompress(memoryview(content)[start.end() :], LARGEST)
    except zlib.error:
        return True
    return len(unpacked) == LARGEST or _SCRIPT.search(unpacked) is not None
