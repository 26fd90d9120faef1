"""MinHash signatures of messages, by the `datasketch` library, and the bands that find near duplicates. Pure.

A message is the set of its runs of five words, case, numbers and punctuation aside (a template's dates, references and
amounts differ from letter to letter). 64 permutations estimate how much two sets share (Jaccard), give or take 0.06
at 0.8; 16 bands of 4 find a pair that shares 0.8 with a chance of 99.98 %, one that shares 0.4 with 34 %, and every pair
found is then compared by the whole signature.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

import numpy as np
from datasketch import MinHash

PERMUTATIONS, BANDS = 64, 16
SHINGLE = 5
FEWEST_WORDS = 12
"""Shorter messages say too little to be told apart: thanks, and acknowledgements of one line."""
MOST_WORDS = 4000
SIMILAR = 0.8

_WORD = re.compile(r"[^\W\d_]+")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_PROTOTYPE = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=int, scheme="affine32")


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode())


def signature(text: str) -> tuple[int, bytes] | None:
    """How many words a text has, and its signature (64 little-endian uint32); None where it is too short."""
    words = _WORD.findall(text.lower())[:MOST_WORDS]
    if len(words) < FEWEST_WORDS:
        return None
    hashes = np.fromiter(map(_hash, words), dtype=np.uint64, count=len(words))
    runs = np.zeros(len(words) - SHINGLE + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for place in range(SHINGLE):
            runs = (runs * _MIX) ^ hashes[place : len(words) - SHINGLE + 1 + place]
        runs = (runs * _MIX) >> np.uint64(32)
    sketch = _PROTOTYPE.copy()
    sketch.update_batch(np.unique(runs).tolist())
    return len(words), np.asarray(sketch.hashvalues, dtype="<u4").tobytes()
