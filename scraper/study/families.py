"""`families`: near-duplicate requests and near-duplicate responses, so that campaigns and template answers show.

Signatures are made message by message (`signatures`) and kept; the families are found anew over all of them whenever
one changed, band by band with NumPy, since a message may join two families into one. A family is what hangs together
by pairs that share at least SIMILAR of their runs of words; `similarity` is a member's to the family's earliest.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .quoting import Row
from .reading import Request
from .signatures import BANDS, PERMUTATIONS, SIMILAR, signature

METHOD = "families 1"
KINDS = ("request", "response")
MOST_LEADERS = 40
"""Unlike messages in one band that are tried as the ones to compare with; chance meetings seldom are more."""

Signatures = NDArray[np.uint32]


def rows(request: Request) -> dict[str, list[Row]]:
    """Table -> rows: the signatures of a request's messages; families are made of all of them together."""
    found: list[Row] = []
    for message in request.messages:
        if message.kind in KINDS and message.text is not None:
            signed = signature(message.text)
            if signed is not None:
                found.append((message.id, request.id, message.kind, *signed))
    return {"family_signatures": found}


def gather(db: sqlite3.Connection) -> int:
    """Makes `families` and `family_members` anew from the signatures, inside the caller's transaction; how many."""
    db.execute("delete from family_members")
    db.execute("delete from families")
    made = 0
    for kind in KINDS:
        # The earliest first: a family's number is its earliest message's.
        known = db.execute(
            "select s.message_id, s.request_id, s.signature from family_signatures s join messages m on m.id = s.message_id "
            "where s.kind = ? order by m.recorded_at is null, m.recorded_at, m.id",
            (kind,),
        ).fetchall()
        if not known:
            continue
        signatures: Signatures = np.frombuffer(b"".join(row[2] for row in known), dtype="<u4").reshape(-1, PERMUTATIONS)
        for members in _together(signatures):
            first = members[0]
            shares = _shares(signatures, first, np.array(members))
            family = known[first][0]
            db.executemany(
                "insert into family_members (message_id, request_id, family_id, similarity) values (?, ?, ?, ?)",
                [
                    (known[one][0], known[one][1], family, round(float(share), 3))
                    for one, share in zip(members, shares, strict=True)
                ],
            )
            db.execute("insert into families values (?, ?, 0, 0, 0, 0, null, null)", (family, kind))
            made += 1
    db.execute(_COUNT)
    return made


_COUNT = """
    update families set (messages, requests, authorities, batches, first_at, last_at) = (
      select count(*), count(distinct f.request_id), count(distinct r.authority_id), count(distinct r.batch_id),
        min(m.recorded_at), max(m.recorded_at)
      from family_members f join messages m on m.id = f.message_id join requests r on r.id = f.request_id
      where f.family_id = families.id)
"""


def _together(signatures: Signatures) -> list[list[int]]:
    """Groups of two and more rows that hang together, each in order, by the first member's place."""
    parent = np.arange(len(signatures))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    width = PERMUTATIONS // BANDS
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * width : (band + 1) * width]).view(f"V{width * 4}").ravel()
        _, group, sizes = np.unique(part, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(sizes)
        for number in np.flatnonzero(sizes > 1):
            _join(signatures, order[ends[number] - sizes[number] : ends[number]], parent, root)
    found: dict[int, list[int]] = defaultdict(list)
    for one in range(len(signatures)):
        found[root(one)].append(one)
    return [members for members in found.values() if len(members) > 1]


def _join(signatures: Signatures, bucket: NDArray[np.intp], parent: NDArray[np.intp], root: Callable[[int], int]) -> None:
    """Joins those of a bucket that are similar to one of its leaders."""
    left = bucket
    for _ in range(MOST_LEADERS):
        if len(left) < 2:
            return
        leader, others = int(left[0]), left[1:]
        alike = _shares(signatures, leader, others) >= SIMILAR
        for one in others[alike]:
            first, second = sorted((root(leader), root(int(one))))
            parent[second] = first
        left = others[~alike]


def _shares(signatures: Signatures, one: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = (signatures[others] == signatures[one]).mean(axis=1, dtype=np.float64)
    return shares
