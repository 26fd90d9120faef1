"""Krippendorff's alpha for nominal labels: how far coders agree beyond chance. Pure.

After Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: nominal data, any number of coders,
missing labels. The one maintained library for it is under the GPL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def nominal_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Alpha of the labels that each unit got, one per coder; units with fewer than two do not count.

    None where no unit has two labels, or all labels are the same: then there is nothing to disagree about.
    """
    coincidences: Counter[tuple[str, str]] = Counter()
    weighted: dict[tuple[str, str], float] = {}
    totals: dict[str, float] = {}
    for labels in units:
        count = len(labels)
        if count < 2:
            continue
        coincidences.clear()
        for place, one in enumerate(labels):
            for other_place, other in enumerate(labels):
                if place != other_place:
                    coincidences[one, other] += 1
        for pair, times in coincidences.items():
            weighted[pair] = weighted.get(pair, 0.0) + times / (count - 1)
            totals[pair[0]] = totals.get(pair[0], 0.0) + times / (count - 1)
    n = sum(totals.values())
    expected = sum(n_c * (n - n_c) for n_c in totals.values())
    if not expected:
        return None
    observed = sum(times for (one, other), times in weighted.items() if one != other)
    return 1.0 - (n - 1) * observed / expected
