"""DOC of Word 97 to 2003."""

from __future__ import annotations

from importlib.metadata import version

import legacy_doc
from legacy_doc.exceptions import LegacyDocError

from ..limits import MIB
from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"legacy-doc {version('legacy-doc')}"
_SECTOR = 512
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
    return Text([page(found.text).strip()], METHOD)
