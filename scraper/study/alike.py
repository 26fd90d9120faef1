"""Which signatures hang together: pairs that share a band and are similar, and what such pairs join. Pure."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from .signatures import BANDS, PERMUTATIONS, SIMILAR

Signatures = NDArray[np.uint8]
Places = NDArray[np.intp]

BY_CHANCE = 1 / 256
"""Values that are equal though what they stand for is not."""
FEWEST_EQUAL = int(np.ceil((SIMILAR + (1 - SIMILAR) * BY_CHANCE) * PERMUTATIONS))
BLOCK = 1 << 17
"""Pairs compared at a time: 16 MB."""


class Joined:
    """What has been joined so far, by places from 0 (union-find)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def groups(self) -> list[list[int]]:
        """Those of two and more, each in order."""
        found: dict[int, list[int]] = defaultdict(list)
        for place in range(len(self._parent)):
            found[self.root(place)].append(place)
        return [group for group in found.values() if len(group) > 1]


def join_alike(signatures: Signatures, fresh: NDArray[np.bool_], joined: Joined) -> None:
    """Joins what hangs together by similar pairs of which at least one is fresh; of the others it is known already.

    What comes out does not depend on the order, and so not on what was fresh when.
    """
    whole = np.ascontiguousarray(signatures)
    _, first, place_in_first = np.unique(whole.view(f"V{PERMUTATIONS}").ravel(), return_index=True, return_inverse=True)
    equal = first[place_in_first]
    for place in np.flatnonzero(equal != np.arange(len(equal))).tolist():
        joined.join(place, int(equal[place]))
    # The first of equals stands for all of them.
    stands_for_fresh = np.zeros(len(equal), dtype=np.bool_)
    stands_for_fresh[equal[fresh]] = True
    kept = np.sort(first)
    keys = whole[kept].view("<u8")
    for band in range(BANDS):
        order = np.argsort(keys[:, band], kind="stable")
        in_order = keys[order, band]
        starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]])
        ends = np.r_[starts[1:], len(order)]
        several = ends - starts > 1
        for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
            _join_bucket(whole, kept[order[start:end]], stands_for_fresh, joined)


def _join_bucket(signatures: Signatures, bucket: Places, fresh: NDArray[np.bool_], joined: Joined) -> None:
    """Joins those that a band has in common, going on from each that was reached until nothing more is similar."""
    left = bucket
    while len(left) > 1 and fresh[left].any():
        roots = np.array([joined.root(place) for place in left.tolist()])
        waiting, left = left[roots == roots[0]], left[roots != roots[0]]
        while len(waiting) and len(left):
            size = max(1, BLOCK // len(left))
            block, waiting = waiting[:size], waiting[size:]
            alike = _alike(signatures, block, left) & (fresh[block][:, None] | fresh[left])
            reached = alike.any(axis=0)
            for place in left[reached].tolist():
                joined.join(int(block[0]), place)
            waiting, left = np.concatenate([waiting, left[reached]]), left[~reached]


def _alike(signatures: Signatures, some: Places, others: Places) -> NDArray[np.bool_]:
    equal = signatures[some][:, None, :] == signatures[others][None, :, :]
    found: NDArray[np.bool_] = np.count_nonzero(equal, axis=2) >= FEWEST_EQUAL
    return found


def shares(signatures: Signatures, one: int) -> NDArray[np.float64]:
    """Each signature's estimated share in common with that one, from 0 to 1."""
    equal: NDArray[np.float64] = (signatures == signatures[one]).mean(axis=1, dtype=np.float64)
    return np.clip((equal - BY_CHANCE) / (1 - BY_CHANCE), 0.0, 1.0)
