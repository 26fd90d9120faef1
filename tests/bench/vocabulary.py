"""Words that exist nowhere but here, as frequent as words are: the n-th occurs about once where the first does n times."""

from __future__ import annotations

import math
import re
from itertools import accumulate
from random import Random

COMMON = tuple(
    dict.fromkeys(
        "the to of and in that is for a be as this on by your have are with or information not we request it from any which "
        "you will please at our i has been council under an was response all if freedom act would can may public data section "
        "provide review internal authority held number cost time days years email letter office team service services were "
        "their they he she but its about who what when where how many more than other such these those there no yes".split()
    )
)
SYLLABLES = (
    "ba be bi bo bra cal car con cor da del den dor el en er fan fer fo gan gel gor ha hel in kel kor la lan ler li lo "
    "mar men mi mon na nel nor o pa pel per po qua ra ren ri ro sa sel ser si sta tan tel ter ti tor u val ven vor wen win yar"
).split()
WORDS = 60_000
SENTENCE_WORDS = (5, 24)
ZIPF_SHIFT, ZIPF_POWER = 2.7, 1.05
"""Mandelbrot's form of Zipf's law, with values usual for English."""


class Prose:
    """Sentences, made once; every text is another choice of them, so that a gigabyte of it takes seconds."""

    def __init__(self, rng: Random, sentences: int) -> None:
        self.rng = rng
        self.words = _words(rng)
        weights = list(accumulate((rank + ZIPF_SHIFT) ** -ZIPF_POWER for rank in range(len(self.words))))
        lengths = [rng.randint(*SENTENCE_WORDS) for _ in range(sentences)]
        drawn = iter(rng.choices(self.words, cum_weights=weights, k=sum(lengths)))
        self.sentences = [" ".join(next(drawn) for _ in range(length)).capitalize() + "." for length in lengths]
        self._mean = sum(SENTENCE_WORDS) / 2
        self._titles = rng.choices(self.words[len(COMMON) :], cum_weights=_shifted(weights), k=20_000)

    def title(self) -> str:
        """Two to seven words, none of the commonest."""
        start = int(self.rng.random() * (len(self._titles) - 8))
        return " ".join(self._titles[start : start + self.rng.randint(2, 7)]).capitalize()

    def text(self, median: int, last: str) -> str:
        """A text of about so many words, in paragraphs; the last line is given, and like no other."""
        return "\n\n".join([*self._paragraphs(median), last])

    def pages(self, median: int, count: int, first: str) -> str:
        """A file's text: as long whatever its number of pages, which form feeds part."""
        paragraphs = [first, *self._paragraphs(median)]
        breaks = {round(n * len(paragraphs) / count) for n in range(1, count)}
        return "".join(("\f" if n in breaks else "\n\n" if n else "") + text for n, text in enumerate(paragraphs))

    def _paragraphs(self, median: int) -> list[str]:
        random, sentences = self.rng.random, self.sentences
        left = round(median * math.exp(self.rng.gauss(0, 0.7)) / self._mean) + 1
        made = []
        while left > 0:
            start, many = int(random() * (len(sentences) - 4)), min(left, 1 + int(random() * 4))
            made.append(" ".join(sentences[start : start + many]))
            left -= many
        return made


def slugged(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _words(rng: Random) -> list[str]:
    """The common ones first, then the invented ones."""
    made = dict.fromkeys(COMMON)
    while len(made) < WORDS:
        made["".join(rng.choices(SYLLABLES, k=rng.choice((2, 3, 3, 4))))] = None
    return list(made)


def _shifted(weights: list[float]) -> list[float]:
    """Cumulative weights without those of the common words."""
    return [weight - weights[len(COMMON) - 1] for weight in weights[len(COMMON) :]]
