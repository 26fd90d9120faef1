"""Outlook's MSG: the same of a mail as `mail` gives. A mail attached to it is read in place, to a depth."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import olefile

from ..gathering import Gathered
from ..registry import Options
from ..result import Member, Text, Unreadable, page
from .html import words_of
from .plain import decode

METHOD = f"olefile {olefile.__version__}"
DEPTH = 5
_SUBJECT, _FROM, _FROM_ADDRESS, _TO, _CC, _BODY, _HTML = "0037", "0C1A", "0C1F", "0E04", "0E03", "1000", "1013"
_NAMES, _DATA = ("3707", "3704", "3001"), "3701"
"""Property tags of [MS-OXPROPS]: subject, sender's name and address, display to and cc, body; an attachment's names, data."""
_SENT = 0x0039
_ATTACHMENT = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_Path = tuple[str, ...]


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable."""
    gathered = Gathered(options.limits)
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            words = _Mail(container, gathered).words((), 0)
    except (OSError, ValueError, IndexError) as error:  # what olefile raises for damaged ones
        raise Unreadable(f"MSG: {error}") from None
    return Text([page(words).strip()], METHOD, members=gathered.members)


class _Mail:
    def __init__(self, container: olefile.OleFileIO, gathered: Gathered) -> None:
        self.container, self.gathered = container, gathered
        self.streams = [tuple(path) for path in container.listdir(streams=True, storages=False)]

    def words(self, at: _Path, depth: int) -> str:
        """Headers and body of the mail whose storage is at a path, and of the mails attached to it."""
        sender = " ".join(filter(None, (self._text(at, _FROM), self._text(at, _FROM_ADDRESS))))
        head = {"From": sender, "To": self._text(at, _TO), "Cc": self._text(at, _CC)}
        head |= {"Date": self._sent(at, depth), "Subject": self._text(at, _SUBJECT)}
        lines = [f"{name}: {value}" for name, value in head.items() if value]
        lines += ["", self._text(at, _BODY) or self._html(at)]
        names = sorted({path[len(at)] for path in self.streams if path[: len(at)] == at and _ATTACHMENT.fullmatch(path[len(at)])})
        for name in names:
            if not self.gathered.wants_more(len(names)):
                break
            lines += self._attached((*at, name), depth)
        return "\n".join(lines)

    def _attached(self, at: _Path, depth: int) -> list[str]:
        name = next(filter(None, (self._text(at, tag) for tag in _NAMES)), None)
        data = self._bytes(at, f"{_DATA}0102")
        if data is not None:
            self.gathered.add(Member(name, data))
            return []
        inner = (*at, f"__substg1.0_{_DATA}000D")
        if not any(path[: len(inner)] == inner for path in self.streams):
            self.gathered.add(Member(name, None, "has no bytes in this file"))
            return []
        if depth >= DEPTH:
            self.gathered.add(Member(name, None, "too deep"))
            return []
        return ["", f"Attached mail: {name or ''}".strip(), self.words(inner, depth + 1)]

    def _bytes(self, at: _Path, tag: str) -> bytes | None:
        path = (*at, f"__substg1.0_{tag}")
        if path not in self.streams:
            return None
        with self.container.openstream(list(path)) as stream:
            got: bytes = stream.read()
        return got

    def _text(self, at: _Path, tag: str) -> str:
        wide = self._bytes(at, f"{tag}001F")
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._bytes(at, f"{tag}001E")
        return decode(narrow)[0].rstrip("\0") if narrow is not None else ""

    def _html(self, at: _Path) -> str:
        html = self._bytes(at, f"{_HTML}0102")
        return words_of(decode(html)[0]) if html is not None else words_of(self._text(at, _HTML) or " ")

    def _sent(self, at: _Path, depth: int) -> str:
        """When it was sent, as ISO time; '' where it does not say. Fixed-length properties are 16 bytes each."""
        path = (*at, "__properties_version1.0")
        if path not in self.streams:
            return ""
        with self.container.openstream(list(path)) as stream:
            rows = stream.read()[24 if depth else 32 :]
        for start in range(0, len(rows) - 15, 16):
            if int.from_bytes(rows[start : start + 4], "little") == _SENT << 16 | 0x40:
                ticks = int.from_bytes(rows[start + 8 : start + 16], "little")
                try:
                    return (_EPOCH + timedelta(microseconds=ticks // 10)).strftime("%Y-%m-%d %H:%M:%S UTC")
                except OverflowError:
                    return ""
        return ""
