"""Charts without a script: bars as inline SVG, words and numbers as HTML beside them.

SVG attributes and classes are all they use, so the strict policy holds, dark mode and print follow the style sheet, and
text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from .words import number


class Bar(NamedTuple):
    """One line of a bar chart: `share` is of all, in per cent; `drawn` the bar itself."""

    label: str
    number: int
    share: float
    drawn: Markup
    code: str | None

    @property
    def percent(self) -> str:
        """The share in words that say neither none nor all where there are some, or not all."""
        if 0 < self.share < 1:
            return "< 1 %"
        return "> 99 %" if 99 < self.share < 100 else f"{self.share:.0f} %"


class Columns(NamedTuple):
    """A column chart over time. `ticks` are labels to stand under it from left to right; `rows` its table."""

    drawn: Markup
    ticks: tuple[str, ...]
    rows: list[tuple[str, int]]
    highest: int


def bars(rows: Iterable[tuple[str, int, str | None]]) -> list[Bar]:
    """Horizontal bars in the order given, of (label, number, code of it or None)."""
    counted = list(rows)
    total = sum(count for _, count, _ in counted)
    longest = max((count for _, count, _ in counted), default=0)
    return [
        Bar(label, count, 100 * count / total if total else 0.0, _bar(100 * count / longest if longest else 0.0), code)
        for label, count, code in counted
    ]


def _bar(length: float) -> Markup:
    return Markup(
        '<svg class="bar-line" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="bar" width="{:.2f}" height="10"/></svg>'
    ).format(length)


def months(counts: Sequence[tuple[str, int]], what: str) -> Columns:
    """Counts by month ("2024-03") as columns, months without any among them; by year where there are more than 120."""
    filled = _filled(dict(counts))
    if len(filled) > 120:
        years: dict[str, int] = {}
        for month, count in filled:
            years[month[:4]] = years.get(month[:4], 0) + count
        filled = list(years.items())
    highest = max((count for _, count in filled), default=0)
    return Columns(_columns(filled, highest, what), _ticks([label for label, _ in filled]), filled, highest)


def _filled(counts: dict[str, int]) -> list[tuple[str, int]]:
    if not counts:
        return []
    first, last = (int(month[:4]) * 12 + int(month[5:7]) - 1 for month in (min(counts), max(counts)))
    names = [f"{at // 12}-{at % 12 + 1:02}" for at in range(first, last + 1)]
    return [(name, counts.get(name, 0)) for name in names]


def _columns(counts: Sequence[tuple[str, int]], highest: int, what: str) -> Markup:
    if not counts:
        return Markup("")
    step = 600 / len(counts)
    width = max(step * 0.8, 0.6)
    rects = Markup("").join(
        Markup('<rect class="bar" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"><title>{}: {}</title></rect>').format(
            at * step, 100 - 100 * count / highest, width, 100 * count / highest, label, number(count)
        )
        for at, (label, count) in enumerate(counts)
        if count
    )
    told = f"{what}, {counts[0][0]} to {counts[-1][0]}; at most {number(highest)}"
    return Markup(
        '<svg class="columns-chart" viewBox="0 0 600 100" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<line class="axis" x1="0" y1="100" x2="600" y2="100"/></svg>'
    ).format(told, rects)


def _ticks(labels: Sequence[str]) -> tuple[str, ...]:
    if len(labels) < 3:
        return tuple(labels)
    return (labels[0], labels[len(labels) // 2], labels[-1])
