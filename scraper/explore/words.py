"""Times, sizes and codes in words, and text that stays text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from markupsafe import Markup, escape

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")

STATES = {
    "waiting_response": "Awaiting response",
    "waiting_response_overdue": "Delayed",
    "waiting_response_very_overdue": "Long overdue",
    "waiting_classification": "Awaiting classification",
    "waiting_clarification": "Waiting for clarification",
    "gone_postal": "Handled by post",
    "not_held": "Information not held",
    "rejected": "Refused",
    "partially_successful": "Partially successful",
    "successful": "Successful",
    "internal_review": "Awaiting internal review",
    "error_message": "Delivery error",
    "requires_admin": "Unusual response",
    "user_withdrawn": "Withdrawn by the requester",
    "attention_requested": "Reported for attention",
    "vexatious": "Vexatious",
    "not_foi": "Not an FOI request",
}
"""Codes of states as people say them. A site's own further codes are shown as they are."""

KINDS = {
    "request": "Request",
    "followup": "Follow-up",
    "internal_review": "Internal review requested",
    "response": "Response",
    "annotation": "Annotation",
}
LAWS = {"foi": "Freedom of Information", "eir": "Environmental Information Regulations"}


def harmless(value: object) -> object:
    """What may be printed: None as nothing, and control characters as signs that can be seen and do nothing.

    Bidirectional overrides would turn the words after them round, and a null byte ends some readers' text.
    """
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup) and _CONTROL.search(value):
        return _CONTROL.sub(_sign, value)
    return value


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x0D:
        return ""
    if code in (0x0B, 0x0C, 0x2028, 0x2029, 0x85):
        return "\n"
    if code < 0x20:
        return chr(0x2400 + code)
    return f"\u27e6U+{code:04X}\u27e7"


@lru_cache(maxsize=4096)
def when(value: str | None, clock: bool = True) -> Markup:
    """A time (UTC) or date as "12 March 2026, 14:05", with the exact one on hover. Empty where there is none."""
    if not value:
        return Markup("")
    try:
        if len(value) == 10:
            return _time(value, _day(date.fromisoformat(value)), value)
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return escape(value)
    words = _day(moment.date()) + (f", {moment:%H:%M}" if clock else "")
    return _time(value, words, f"{value} (UTC)")


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _time(exact: str, words: str, title: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, title, words)


def day(value: str | None) -> Markup:
    """The day alone of a time or date."""
    return when(value, clock=False)


def value(text: str) -> str | Markup:
    """A value of any column: a time or date in words, anything else as it is."""
    return when(text) if _MOMENT.fullmatch(text) else text


def size(count: int | None) -> str:
    """Bytes in words: "47 KB". Empty where not known."""
    if count is None:
        return ""
    if count < 1024:
        return f"{count} bytes" if count != 1 else "1 byte"
    amount = float(count)
    for unit in ("KB", "MB", "GB"):
        amount /= 1024
        if amount < 1024 or unit == "GB":
            break
    return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"


def as_class(code: str | None) -> str:
    """A code as part of a CSS class; "unknown" for what is no plain code."""
    return code if code and re.fullmatch(r"[a-z_]{1,40}", code) else "unknown"


def number(count: int | float | None) -> str:
    """A count with its thousands apart. Empty where not known."""
    return "" if count is None else f"{count:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 message", "2 messages"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def state(code: str | None) -> str:
    """A state in words; a code not known here in its own."""
    return STATES.get(code, code.replace("_", " ").capitalize()) if code else "Not known"


def kind(code: str | None) -> str:
    """A kind of message in words."""
    return KINDS.get(code, code) if code else "Message"


def law(code: str | None) -> str:
    """A law in words."""
    return LAWS.get(code, code.upper()) if code else ""


TYPES = {
    "application/pdf": "PDF",
    "application/msword": "Word (DOC)",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (DOCX)",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel (XLSX)",
    "application/vnd.ms-excel": "Excel (XLS)",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint (PPTX)",
    "application/vnd.oasis.opendocument.text": "OpenDocument text",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument spreadsheet",
    "application/vnd.ms-tnef": "Outlook container (TNEF)",
    "application/x-ole-storage": "Old Office file (OLE)",
    "application/vnd.ms-outlook": "Outlook message (MSG)",
    "application/zip": "ZIP",
    "application/rtf": "RTF",
    "message/rfc822": "E-mail",
    "text/calendar": "Calendar",
    "text/csv": "CSV",
    "text/html": "HTML",
    "text/plain": "Text",
    "text/rtf": "RTF",
    "image/jpeg": "JPEG image",
    "image/png": "PNG image",
    "image/gif": "GIF image",
    "image/svg+xml": "SVG",
    "image/webp": "WebP image",
    "image/tiff": "TIFF image",
}


_SHEETS = ("spreadsheet", "ms-excel")
_SLIDES = ("presentation", "ms-powerpoint")


def part(code: str | None) -> str:
    """What a file of this media type is divided into, in words."""
    known = code or ""
    if any(sign in known for sign in _SHEETS):
        return "sheet"
    if any(sign in known for sign in _SLIDES):
        return "slide"
    return "page" if known in ("", "application/pdf") or known.startswith("image/") else "part"


def media(code: str | None) -> str:
    """A media type in words; one not named here as it is."""
    return TYPES.get(code, code) if code else "Unknown type"
