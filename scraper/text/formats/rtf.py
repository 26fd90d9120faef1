"""RTF: what is written, without its formatting and embedded objects."""

from __future__ import annotations

from importlib.metadata import version

from striprtf.striprtf import rtf_to_text

from ..registry import Options
from ..result import Text, Unreadable, page

METHOD = f"striprtf {version('striprtf')}"
_DAMAGED = (ValueError, KeyError, IndexError, LookupError, TypeError, AttributeError, OverflowError)


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable."""
    try:
        # RTF is ASCII; what is beyond belongs to the code page that it names.
        words = rtf_to_text(data.decode("latin-1"), encoding="cp1252", errors="replace")
    except _DAMAGED as error:
        raise Unreadable(f"RTF: {error}") from None
    return Text([page(words).strip()], METHOD)
