"""The Retry-After header (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime


def retry_after_s(value: str | None, date: str | None, now: float) -> float | None:
    """The seconds a site asks us to wait, at least 0; None where it does not ask or what it says cannot be read.

    `value` is the header, seconds or an HTTP date; a date is counted from the answer's own Date header (`date`), so
    that two clocks need not agree, else from `now`, in seconds since the epoch.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = _timestamp(text)
    if until is None:
        return None
    sent = _timestamp((date or "").strip())
    return max(0.0, until - (now if sent is None else sent))


def _timestamp(text: str) -> float | None:
    try:
        when = parsedate_to_datetime(text)
        return (when.replace(tzinfo=UTC) if when.tzinfo is None else when).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
