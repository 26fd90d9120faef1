"""What a rehearsal measured, beside its goals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .ledger import Sort
from .nights import STAGES, Rehearsal

SAME_NIGHT_GOAL = 0.98
"""Of the changes that a list shows."""
RATIO_GOAL = 1.5
"""As many changes that no list shows, within the rehearsal, as round-robin visits find."""
BOUND, COST_GOAL = 2.04, 2.3
"""Requests for each changed thread that the lists named, its new files apart: JSON, HTML and a row, one of 25 of a list."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Changes that could be found, and how many were: the same night, or ever."""

    all: int
    same_night: int
    found: int

    @property
    def share(self) -> float:
        return self.same_night / self.all if self.all else 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    listed: Tally
    hidden: Tally
    calendar: Tally
    hidden_kinds: dict[str, Tally]
    threads: int
    """Changed threads that the lists brought home, once for each night."""
    files: int
    """New files that came with them."""
    nights: int
    spent: Counter[str]

    @property
    def cost(self) -> float:
        """Requests for each changed thread that the lists named, its new files apart."""
        return (self.spent["lists"] + self.spent["threads the lists named"]) / max(1, self.threads)


def measure(rehearsal: Rehearsal) -> Measured:
    ledger = rehearsal.ledger

    def tally(kind: str | None, *sorts: Sort) -> Tally:
        changes = [change for change in ledger.of(*sorts) if kind in (None, change.kind)]
        same = sum(change.found == change.night for change in changes)
        return Tally(len(changes), same, sum(change.found is not None for change in changes))

    return Measured(
        tally(None, "listed"),
        tally(None, "hidden"),
        tally(None, "calendar"),
        {kind: tally(kind, "hidden", "calendar") for kind in sorted({change.kind for change in ledger.of("hidden", "calendar")})},
        sum(night.threads for night in rehearsal.nights),
        sum(change.files for change in ledger.of("listed") if change.found is not None),
        len(rehearsal.nights),
        sum((night.spent for night in rehearsal.nights), Counter[str]()),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `met` is None where there is no goal."""

    what: str
    goal: str
    values: tuple[str, ...]
    met: bool | None = None


def compare(ranked: Measured, round_robin: Measured, budget: int) -> list[Row]:
    """The table: what was measured with our visits, and with round-robin visits, beside the goals."""
    both = (ranked, round_robin)
    ratio = ranked.hidden.found / max(1, round_robin.hidden.found)
    rows = [
        Row("changes that a list shows", "", tuple(f"{m.listed.all:,}" for m in both)),
        Row(
            "  found the same night",
            f">= {SAME_NIGHT_GOAL:.0%}",
            tuple(f"{m.listed.share:.1%}" for m in both),
            ranked.listed.share >= SAME_NIGHT_GOAL,
        ),
        Row("  found by the end", "", tuple(f"{m.listed.found:,}" for m in both)),
        Row("changes that no list shows", "", tuple(f"{m.hidden.all:,}" for m in both)),
        Row("  found by the end", "", tuple(f"{m.hidden.found:,}" for m in both)),
        Row("  as many as round-robin finds", f">= {RATIO_GOAL}", (f"{ratio:.2f}", ""), ratio >= RATIO_GOAL),
        Row("changes that the calendar made", "", tuple(f"{m.calendar.all:,}" for m in both)),
        Row("  found the same night", "", tuple(f"{m.calendar.share:.1%}" for m in both)),
        Row("threads brought home through lists", "", tuple(f"{m.threads:,}" for m in both)),
        Row(
            f"  requests for each (least {BOUND})",
            f"<= {COST_GOAL}",
            tuple(f"{m.cost:.2f}" for m in both),
            ranked.cost <= COST_GOAL,
        ),
        Row("  new files with them, apart", "", tuple(f"{m.files:,}" for m in both)),
        Row("requests a night", f"<= {budget}", tuple(f"{m.spent.total() / m.nights:.0f}" for m in both)),
    ]
    rows += [Row(f"  {stage}", "", tuple(f"{m.spent[stage] / m.nights:.1f}" for m in both)) for stage in STAGES]
    kinds = sorted({*ranked.hidden_kinds, *round_robin.hidden_kinds})
    rows.append(Row("found by the end, by kind", "", ("", "")))
    for kind in kinds:
        tallies = [m.hidden_kinds.get(kind) for m in both]
        rows.append(Row(f"  {kind}", "", tuple(f"{t.found} of {t.all}" if t else "" for t in tallies)))
    return rows


def table(rows: list[Row], heads: tuple[str, ...]) -> str:
    lines = [f"{'':40}{'goal':>10}" + "".join(f"{head:>16}" for head in heads)]
    for row in rows:
        mark = {None: "", True: "  met", False: "  NOT MET"}[row.met]
        lines.append(f"{row.what:40}{row.goal:>10}" + "".join(f"{value:>16}" for value in row.values) + mark)
    return "\n".join(line.rstrip() for line in lines)
