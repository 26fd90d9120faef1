"""Mails (EML): the headers that a reader is shown, and the body; attachments are files of their own."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message

from ..gathering import Gathered
from ..registry import Options
from ..result import Member, Text, Unreadable, page
from .html import words_of
from .plain import decode_as

METHOD = f"email of Python {platform.python_version()}"
HEADERS = ("From", "To", "Cc", "Date", "Subject")
_PARTS = 2000
"""More parts than any mail has."""


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable."""
    gathered, bodies = Gathered(options.limits), list[str]()
    try:
        # The modern policy raises on headers that it cannot parse; this one hands them over as they are.
        message = message_from_bytes(data, policy=policy.compat32)
        parts = list(_parts(message))
        for part in parts:
            if _is_attachment(part):
                if not gathered.wants_more(len(parts)):
                    break
                gathered.add(Member(_filename(part), *_bytes_of(part)))
            else:
                bodies.append(_words(part))
    except (MessageError, RecursionError) as error:
        raise Unreadable(f"mail: {error}") from None
    head = [f"{name}: {_header(message, name)}" for name in HEADERS if message[name] is not None]
    return Text([page("\n".join([*head, "", *bodies])).strip()], METHOD, members=gathered.members)


def _parts(message: Message) -> Iterator[Message]:
    """The parts that are no containers, in order. Of alternatives only one: plain text, or else the last."""
    waiting, seen = [message], 0
    while waiting and seen < _PARTS:
        part = waiting.pop()
        seen += 1
        payload = part.get_payload()
        if part.get_content_maintype() != "multipart" or not isinstance(payload, list):
            yield part
            continue
        inner = [one for one in payload if isinstance(one, Message)]
        if part.get_content_subtype() == "alternative" and inner:
            plain = [one for one in inner if one.get_content_type() == "text/plain"]
            inner = plain[:1] or inner[-1:]
        waiting += reversed(inner)


def _is_attachment(part: Message) -> bool:
    if part.get_content_type() not in ("text/plain", "text/html"):
        return True
    return part.get_content_disposition() == "attachment" or _filename(part) is not None


def _bytes_of(part: Message) -> tuple[bytes | None, str | None]:
    """What is attached, or why it cannot be had."""
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload, None
    inner = part.get_payload()
    if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], Message):
        try:
            return inner[0].as_bytes(), None
        except (UnicodeError, MessageError, LookupError, KeyError, TypeError, ValueError) as error:
            return None, f"a mail within that cannot be unpacked: {error}"
    return None, "a part that cannot be unpacked"


def _words(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "replace")
    text = decode_as(data, part.get_content_charset() or "")
    return words_of(text) if part.get_content_type() == "text/html" else text


def _header(message: Message, name: str) -> str:
    return _decoded(str(message[name]))


def _filename(part: Message) -> str | None:
    try:
        name = part.get_filename()
    except (UnicodeError, LookupError, ValueError, TypeError):
        return "?"  # it has a name that cannot be read
    return _decoded(name) if name else None


def _decoded(value: str) -> str:
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (HeaderParseError, UnicodeError, LookupError, ValueError):
        return " ".join(value.split())
