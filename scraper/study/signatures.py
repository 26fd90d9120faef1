"""MinHash signatures of messages, with the permutations of the `datasketch` library. Pure.

A message is the set of its runs of five words, case, numbers and punctuation aside (a template's dates, references and
amounts differ from letter to letter). 128 permutations estimate how much two sets share (Jaccard), give or take 0.04
at 0.8. Of each least value the low 8 bits are kept, which are equal by chance once in 256 (Li and König, "b-Bit Minwise
Hashing", 2010). 16 bands of 8 find a pair that shares 0.9 with a chance of 99.99 %, 0.8 with 95 %, and 0.5 with 6 %: in
bands of 4, the letters that have nothing in common but an office's standing paragraphs met each other by the
ten thousand. Every pair found is then compared by the whole signature.
"""

from __future__ import annotations

import re
import zlib

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

PERMUTATIONS, BANDS = 128, 16
BAND_BYTES = PERMUTATIONS // BANDS
SHINGLE = 5
FEWEST_WORDS = 12
"""Shorter messages say too little to be told apart: thanks, and acknowledgements of one line."""
MOST_WORDS = 4000
SIMILAR = 0.8

_WORD = re.compile(r"[^\W\d_]+")
_PARTED = "".join(letter if letter.isalpha() else " " for letter in map(chr, range(128)))
_MIX = np.uint64(0x9E3779B97F4A7C15)


def _as_they_are(runs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The library hashes item by item; here all runs of a message are one item, and hashed already."""
    return runs


_PROTOTYPE = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_as_they_are, scheme="affine32")
MOST_KNOWN = 500_000


class _Hashes(dict[str, bytes]):
    """Word -> the four bytes of its hash, worked out once: most words are said again."""

    def __missing__(self, word: str) -> bytes:
        if len(self) >= MOST_KNOWN:
            self.clear()
        made = self[word] = zlib.crc32(word.encode()).to_bytes(4, "little")
        return made


_hashes = _Hashes()


def signature(text: str) -> tuple[int, bytes] | None:
    """How many words a text has, and its signature (128 numbers of 8 bits); None where it is too short."""
    lower = text.lower()
    words = (lower.translate(_PARTED).split() if lower.isascii() else _WORD.findall(lower))[:MOST_WORDS]
    if len(words) < FEWEST_WORDS:
        return None
    hashes = np.frombuffer(b"".join(map(_hashes.__getitem__, words)), dtype="<u4").astype(np.uint64)
    runs = hashes[: len(words) - SHINGLE + 1]
    for place in range(1, SHINGLE):
        runs = (runs * _MIX) ^ hashes[place : len(words) - SHINGLE + 1 + place]
    runs = (runs * _MIX) >> np.uint64(32)
    sketch = _PROTOTYPE.copy()
    sketch.update_batch([runs])
    return len(words), sketch.hashvalues.astype(np.uint8).tobytes()


def read_signatures(blobs: list[bytes]) -> NDArray[np.uint8]:
    """Signatures as rows."""
    return np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(-1, PERMUTATIONS)
