"""The labelled passages, their halves, and how well the rules do on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from scraper.study.citations import citations
from scraper.study.engaged import engaged

PASSAGES = Path(__file__).parent / "passages"
WAYS = Path(__file__).parent / "ways_of_citing.yml"


@dataclass(frozen=True)
class Passage:
    text: str
    law: str
    cites: dict[str, bool]
    """Provision -> whether it is engaged."""

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(self.text.encode()).hexdigest()[0] not in "01234567"


def _labels(cited: str) -> dict[str, bool]:
    return {one.strip()[:-1]: one.strip()[-1] == "+" for one in cited.split(";") if one.strip()}


def passages() -> Iterator[Passage]:
    for path in sorted(PASSAGES.glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for one in document["passages"]:
            yield Passage(one["t"], document["law"], _labels(one["c"]))


def ways_of_citing() -> Iterator[Passage]:
    """Those that came later, one by one: no half, and no measure."""
    for one in yaml.safe_load(WAYS.read_text(encoding="utf-8"))["passages"]:
        yield Passage(one["t"], one["law"], _labels(one["c"]))


@dataclass
class Score:
    right: int = 0
    wrong: int = 0
    missed: int = 0
    engaged_right: int = 0
    engaged_wrong: int = 0
    engaged_missed: int = 0
    passages: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)

    @property
    def engaged_precision(self) -> float:
        return self.engaged_right / (self.engaged_right + self.engaged_wrong)

    @property
    def engaged_recall(self) -> float:
        return self.engaged_right / (self.engaged_right + self.engaged_missed)


def found_in(passage: Passage) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for one in citations(passage.text, passage.law):
        found[one.provision] = found.get(one.provision, False) or engaged(passage.text, one)
    return found


def score(held_out: bool) -> Score:
    total = Score()
    for passage in passages():
        if passage.held_out != held_out:
            continue
        total.passages += 1
        found = found_in(passage)
        total.right += len(found.keys() & passage.cites.keys())
        total.wrong += len(found.keys() - passage.cites.keys())
        total.missed += len(passage.cites.keys() - found.keys())
        relied = {name for name, is_engaged in found.items() if is_engaged}
        truly = {name for name, is_engaged in passage.cites.items() if is_engaged}
        total.engaged_right += len(relied & truly)
        total.engaged_wrong += len(relied - truly)
        total.engaged_missed += len(truly - relied)
        if found != passage.cites:
            total.mistakes.append(f"{passage.text}\n    labelled {passage.cites}\n    found    {found}")
    return total
