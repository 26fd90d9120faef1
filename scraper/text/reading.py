"""One file's bytes to its outcome. Runs in a child process: what the bytes do to it is that process's own trouble."""

from __future__ import annotations

from .kinds import BINARY, OLE, kind_of
from .registry import Options, reader_of
from .result import Encrypted, Outcome, Status, Text, Unreadable, Unsupported, clean, has_words

_REASON_CHARACTERS = 300


def read_file(data: bytes, options: Options) -> Outcome:
    """What there is to read in a file. Raises whatever its reader did not foresee."""
    kind: str | None = None
    if not data:
        return Outcome("empty", error="the file has no bytes")
    try:
        kind = kind_of(data)
        reader = reader_of(kind)
        if reader is None:
            raise Unsupported(f"no reader for {kind}")
        return _outcome(kind, reader(data, options), options)
    except Encrypted as error:
        return Outcome("encrypted", _told(kind), error=reason(error))
    except Unsupported as error:
        return Outcome("unsupported", _told(kind), error=reason(error))
    except Unreadable as error:
        return Outcome("failed", _told(kind), error=reason(error))


def reason(error: BaseException) -> str:
    """An error in one short clean line."""
    words = " ".join(clean(str(error)).split()) or type(error).__name__
    return words[:_REASON_CHARACTERS]


def _told(kind: str | None) -> str | None:
    return None if kind in (BINARY, OLE) else kind


def _outcome(kind: str, found: Text, options: Options) -> Outcome:
    text, note = "\f".join(found.pages), found.note
    if len(text) > options.limits.text:
        text = text[: options.limits.text]
        note = f"cut: only the first {options.limits.text:,} characters are kept"
    words = has_words(text)
    status: Status
    if found.status is not None:
        status = found.status
    elif words:
        status = "extracted"
    else:
        status = "empty"
    kept = text if words and status in ("extracted", "ocr") else None
    return Outcome(status, kind, found.method, found.page_count, kept, note, tuple(found.members))
