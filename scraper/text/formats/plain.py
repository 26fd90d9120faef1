"""Plain text of any sort and encoding: letters, CSV, calendars, business cards."""

from __future__ import annotations

import codecs
from importlib.metadata import version

import charset_normalizer

from ..kinds import utf16_without_mark
from ..registry import Options
from ..result import Text, page

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 32768
_LATIN, _BRITISH = "iso8859-1", "cp1252"
_OF_OUR_LANGUAGES = ["cp1252", "iso8859_15", "cp1250", "cp1251", "cp850", "mac_roman"]


def read(data: bytes, options: Options) -> Text:
    """Any bytes are a text in some encoding: raises nothing."""
    text, encoding = decode(data)
    return Text([page(text)], f"charset-normalizer {version('charset-normalizer')}: {encoding}")


def decode(data: bytes) -> tuple[str, str]:
    """The text, and the encoding it is taken to be in: its own mark, UTF-8 where it is that, or the likeliest."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        encoding = utf16_without_mark(data[:_SAMPLE]) or _likeliest(data)
        return data.decode(encoding, "replace"), encoding


def decode_as(data: bytes, charset: str) -> str:
    """The text in the encoding that a mail or page names, or in its own where it does not keep to that.

    ISO 8859-1 suits any bytes: what is UTF-8 is read as that, all else as Windows-1252, as browsers do, since who names
    the one uses the other's quotes and dashes.
    """
    try:
        name = codecs.lookup(charset).name
        if name == _LATIN and decode(data)[1] == "utf-8":
            name = "utf-8"
        return data.decode(_BRITISH if name == _LATIN else name)
    except (LookupError, UnicodeError, ValueError):
        return decode(data)[0]


def _likeliest(data: bytes) -> str:
    """The encoding that suits the part with the first letters beyond ASCII best; the British one where none does."""
    first = next((at for at, byte in enumerate(data) if byte > 127), 0)
    sample = data[max(0, first - _SAMPLE // 2) :][:_SAMPLE]
    # Among single-byte encodings nothing but letters tells; in a short text they tell little.
    best = charset_normalizer.from_bytes(sample, cp_isolation=_OF_OUR_LANGUAGES, enable_fallback=False).best()
    return best.encoding if best is not None and len(sample) > 200 else _BRITISH
