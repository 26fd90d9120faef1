"""Reading a list of provision numbers after its head: "31(1)(a), (b) and 40(2)". Pure; each character is read once."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provision:
    """A number with its paragraphs, as `40(3A)(a)`, standing at [start, end) of the text."""

    number: int
    text: str
    start: int
    end: int


_NUMBER = re.compile(r"(22a|\d{1,3}[A-Z]?)(?![\d%£]|(?!and|or|of)[a-z]{2}|\.\d\d|,\d{3}|[/-]\d{3})")
"""Not a share, an amount or a reference ("FOI 21/4302"), nor the middle of a word that was read badly ("sect1on")."""
_LOOSE = re.compile(r"[ .]{1,2}(\d)\s?(?=\(?[a-z](?:\)|\b))")
_LOOSE_LETTER = re.compile(r"([a-h])\b(?!\s[a-z])|([a-h])(?=\s+(?:of|and|or)\b)")
_PARAGRAPH = re.compile(r"\s{0,2}\(\s?(\d{1,2}[A-Z]?|[a-z]|[ivx]{1,4})\s?\)")
_JOIN = re.compile(
    r"\s{0,2}(?:,\s{0,2}(?:and|or|&)|,|;|and/or|and|or|&|/|\+|a(?:c)?(?=\s\d)|"
    r",?\s{0,2}(?:(?:(?:when\s)?read|taken|together|along|in\sconjunction)\s){1,2}with(?=\s\d{1,2}[A-Z]?\s?\()|"
    r",?\s{0,2}(?:by\svirtue\sof|via|as\swell\sas)(?=\s\d{1,2}[A-Z]?\s?\())"
    r"\s{0,3}(?:also\s)?(?=[\d(])",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s{0,2}(?:-|\u2013|\u2014|to)\s{0,2}(?=[\d(])")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_UNIT = re.compile(r"\s*(?:hours?|days?|working|years?|%|months?|staff|incidents?|people|phases?)\b", re.IGNORECASE)


def read_list(text: str, start: int) -> tuple[list[Provision], int]:
    """The provisions listed from `start`, and where the list ends; none where no number stands there."""
    found: list[Provision] = []
    at, path = start, _Path()
    end = start
    ranged = False
    while True:
        begun = at
        number = _NUMBER.match(text, at)
        if number:
            if found and _UNIT.match(text, number.end()):
                break
            at = path.begin(number[1], number.end(), text)
        elif not (found and text.startswith("(", at)):
            break
        at, items = path.paragraphs(text, at, begun, number is not None, ranged)
        if not items:
            break
        found += items
        end = at
        join, spread = _JOIN.match(text, at), _RANGE.match(text, at)
        if join is None and spread is None:
            break
        at = (join or spread).end()  # type: ignore[union-attr]
        ranged = join is None
    return found, end


class _Path:
    """The paragraphs that the next bracket continues: after `31(1)(a)`, `(b)` is `31(1)(b)`."""

    def __init__(self) -> None:
        self.number = ""
        self.tokens: list[tuple[str, str]] = []

    def begin(self, number: str, end: int, text: str) -> int:
        # A nought that was read as a letter: no provision of these laws has an O.
        self.number, self.tokens = number.upper().replace("O", "0"), []
        # "35 1 (a)", "38 1 b" and "12.4(b)": brackets left out.
        loose = _LOOSE.match(text, end)
        if loose is None:
            return end
        self.tokens = [("digit", loose[1])]
        letter = _LOOSE_LETTER.match(text, loose.end())
        if letter is None:
            return loose.end()
        self.tokens.append(("letter", letter[1] or letter[2]))
        return letter.end()

    def paragraphs(self, text: str, at: int, begun: int, numbered: bool, ranged: bool) -> tuple[int, list[Provision]]:
        """Reads brackets from `at`; a second one of the same kind as the last begins a further provision."""
        made: list[Provision] = []
        fresh = numbered
        first = True
        while bracket := _PARAGRAPH.match(text, at):
            kind = self._kind(bracket[1])
            kinds = [one for one, _ in self.tokens]
            if kind in kinds:
                if fresh:
                    made.append(self._made(begun, at))
                    begun = bracket.start()
                place = kinds.index(kind)
                if ranged and first:
                    made += self._between(place, kind, bracket[1], begun, bracket.end())
                self.tokens = self.tokens[:place]
            self.tokens.append((kind, bracket[1]))
            at = bracket.end()
            fresh, first = True, False
        if fresh:
            made.append(self._made(begun, at))
        return at, made

    def _between(self, place: int, kind: str, last: str, start: int, end: int) -> list[Provision]:
        """What a range of paragraphs leaves out: (a)-(d) has (b) and (c) between."""
        before = self.tokens[place][1]
        scale = _ROMAN if kind == "roman" else tuple("abcdefghijklmnopqrstuvwxyz") if kind == "letter" else ()
        if before not in scale or last not in scale:
            return []
        head = self.tokens[:place]
        return [
            Provision(self._value, self._written([*head, (kind, token)]), start, end)
            for token in scale[scale.index(before) + 1 : scale.index(last)]
        ]

    def _kind(self, token: str) -> str:
        if token[0].isdigit():
            return "digit"
        kinds = [kind for kind, _ in self.tokens]
        if len(token) > 1 or (token in ("i", "v", "x") and "letter" in kinds and self.tokens[-1][1] not in ("h", "u", "w")):
            return "roman"
        return "letter"

    @property
    def _value(self) -> int:
        return int(re.sub(r"\D", "", self.number))

    def _written(self, tokens: list[tuple[str, str]]) -> str:
        return self.number + "".join(f"({token})" for _, token in tokens)

    def _made(self, start: int, end: int) -> Provision:
        return Provision(self._value, self._written(self.tokens), start, end)
