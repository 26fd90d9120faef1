"""A measured figure, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("figure", "measured", "against", "ratio", "goal", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is what the goal is about; `met` is None where there is no goal."""

    name: str
    measured: str
    against: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.met is None else "met" if self.met else "MISSED"
        return (self.name, self.measured, self.against, "" if self.ratio is None else f"{self.ratio:.2f}", self.goal, verdict)


def table(figures: Sequence[Figure]) -> str:
    rows = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median, and in brackets the least and the greatest."""
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
