"""Moments and days as the site writes them, turned into the text that records hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_OLD_FORM = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4})")
_BEYOND_THE_CALENDAR = re.compile(r"-\d{4,}-\d\d-\d\dT|0000-\d\d-\d\dT|\d{5,}-\d\d-\d\dT")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def utc(text: str) -> str:
    """A moment with its offset as UTC text ``YYYY-MM-DDTHH:MM:SSZ``, cut to the second.

    Takes ISO 8601 with ``T`` or a space, and the form of old JSON, ``2010/10/04 11:11:57 +0000``
    (site-contract.md section 3; field.md section 6). Raises ValueError for any other text, for a moment without an
    offset and for a year outside 1 to 9999.
    """
    if old := _OLD_FORM.fullmatch(text.strip()):
        text = f"{old[1]}-{old[2]}-{old[3]}T{old[4]}{old[5]}"
    moment = datetime.fromisoformat(text.strip().replace(" UTC", "+0000").replace(" +", "+").replace(" -", "-"))
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"beyond the calendar: {text!r}") from error
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def shown_utc(text: str) -> str | None:
    """Like `utc`, but None for a well-formed moment outside the years 1 to 9999.

    A response is shown with the Date header of its e-mail (site-contract.md section 4.4), which can hold anything:
    one absurd date must not make a whole thread unreadable.
    """
    return None if _BEYOND_THE_CALENDAR.match(text.strip()) else utc(text)


def day(text: str) -> str | None:
    """A date ``YYYY-MM-DD`` in the site's time zone; None where the text is no date alone."""
    if not _DAY.fullmatch(text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return None
