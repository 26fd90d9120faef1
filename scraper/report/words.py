"""Numbers, times and sheets of paper: the same facts as text for a terminal or a mail, or as Markdown."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

WIDTH = 80
LABEL_WIDTH = 30
_MARKED = re.compile(r"([\\`*\[\]<>|])")


class Line(NamedTuple):
    """One fact. Without a label it goes on with the one above."""

    label: str
    text: str


@dataclass(slots=True)
class Section:
    title: str
    lines: list[Line] = field(default_factory=list)

    def add(self, label: str, text: str) -> None:
        self.lines.append(Line(label, text))


@dataclass(slots=True)
class Sheet:
    """A report: one line that says it all, and sections. Sections without a line are left out."""

    headline: str
    sections: list[Section] = field(default_factory=list)

    def section(self, title: str) -> Section:
        self.sections.append(Section(title))
        return self.sections[-1]

    def text(self) -> str:
        """Plain text, 80 columns; the first line is not broken, so that it can be a mail's subject."""
        parts = [printable(self.headline)]
        for section in filter(lambda section: section.lines, self.sections):
            width = min(LABEL_WIDTH, max(len(line.label) for line in section.lines))
            parts += ["", section.title]
            parts += [_wrapped(printable(line.text), f"  {line.label:<{width}}  ", " " * (width + 4)) for line in section.lines]
        return "\n".join(parts)

    def markdown(self) -> str:
        """Markdown, for mail and issue trackers."""
        parts = [f"**{_escaped(self.headline)}**"]
        for section in filter(lambda section: section.lines, self.sections):
            parts += ["", f"## {section.title}", ""]
            for label, text in section.lines:
                parts.append(f"- {_escaped(label)}: {_escaped(text)}" if label else f"  - {_escaped(text)}")
        return "\n".join(parts)


def _wrapped(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _escaped(text: str) -> str:
    return _MARKED.sub(r"\\\1", printable(text))


def printable(text: str) -> str:
    """What a site said may hold anything: nothing of it reaches a terminal as a command."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


# ---- numbers --------------------------------------------------------------------------------------------------------


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 page``, ``1,204 pages``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(part: float, whole: float) -> str:
    """A percentage that is 100 or 0 only where it is so."""
    if whole <= 0:
        return "none"
    percent = 100 * part / whole
    if part == whole or part == 0:
        return f"{percent:.0f} %"
    if percent < 0.1:
        return "below 0.1 %"
    if 99.9 < percent < 100:
        return "99.9 %"
    return f"{percent:.1f} %" if percent < 1 or percent > 99 else f"{percent:.0f} %"


def size(number: int) -> str:
    """Bytes, in units of 1,024."""
    amount, units = float(number), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" or amount >= 100 else f"{amount:.1f} {units[0]}"


# ---- times (UTC text) -----------------------------------------------------------------------------------------------

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()


def day(time: str) -> str:
    """``Sunday 22 November 2026``, of a UTC time or a date."""
    when = datetime.fromisoformat(time)
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(time: str) -> str:
    """``Sunday 22 November 2026, 01:00 UTC``."""
    return f"{day(time)}, {time[11:16]} UTC"


def span(start: str, end: str) -> str:
    """From one UTC time to another, the day told once where it is one day, and how long that was."""
    if start[:16] == end[:16]:
        return f"{moment(start)} ({duration(start, end)})"
    until = f"{end[11:16]} UTC" if start[:10] == end[:10] else moment(end)
    return f"{day(start)}, {start[11:16]} to {until} ({duration(start, end)})"


def duration(start: str, end: str) -> str:
    """``2 h 12 min``, ``4 s``; ``0 s`` where the clock was set back."""
    seconds = max(0, int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
