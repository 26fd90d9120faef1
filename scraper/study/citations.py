"""Finding and normalising citations of the information laws' provisions in a text. Pure, and linear in its length.

A head ("section", "s.", "regs", "exemption" ...) is followed by a list of numbers with paragraphs, which is read by a
small scanner and not by one expression: "31(1)(a), (b) and 40(2)" are three citations. The law is the one named right
after or before; the nearest in a row of joined citations; else, where the words around speak of disclosure, that of
the request. docs/study.md has the rules and how well they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .provision_lists import Provision, read_list
from .provisions import AFTER, BEFORE, OTHER_AFTER, OTHER_BEFORE, OTHER_SHORT, SAME_ACT, SCOTTISH, STATUTES, THE_ACT, Statute

HEAD = re.compile(
    r"(?<![\w-])(?:(?P<reg>regulations?|regu-\s{0,2}lations?|regs?\.?|rr?\.?(?=\s?\d)|rheoliad(?:au)?)|(?P<word>sections?|sections?/|"
    r"sub-?section|sec-\s{0,2}tions?|sect[1l]ons?|sect?s?\.?|adran(?:nau)?)"
    r"|(?P<short>ss?\.?(?=\s?\d)|§{1,2})|(?P<plain>exemptions?|exceptions?|FOIA|FOI|EIRs?)(?=\s(?:at\s|under\s|in\s)?\d))"
    r"(?:\(s\))?\s{0,3}(?:at\s|under\s|in\s)?(?=\d)",
    re.IGNORECASE,
)
NUMBERS_ALONE = re.compile(r"(?<=\bat )(?=\d\d\(\d[A-Z]?\) (?:of|FOI))")
"""A citation without any word before it: "the exemption at 43(2) of the FOIA"."""
_NUMBER_AFTER_HEAD = re.compile(r"\d(?!on)(?<=[^\W\d].|[\s.§/)].)")
LONGEST_HEAD = 24
"""Characters: "regulations(s)   under " has 23."""
SUBSECTION = re.compile(
    r"\bsub-?section\s\(?(?P<sub>\d[A-Z]?)\)?\sof\s(?:section|s\.?)\s?(?P<number>\d{1,2})(?!\d)|"
    r"\b(?:section|s\.?)\s?(?P<number2>\d{1,2}),?\ssub-?section\s\(?(?P<sub2>\d[A-Z]?)\)?",
    re.IGNORECASE,
)
_SUB = re.compile(r"[Ss][Uu][Bb]-?[Ss][Ee][Cc]")
CONTEXT = re.compile(
    r"exempt|except(?:ed|ions?\b)|withh[eo]ld|redact|disclos|\bFOI|\bEIR|freedom of information|refus|neither confirm|"
    r"confirm (?:n?or|and) deny|"
    r"appropriate limit|cost limit|vexatious|manifestly|public interest|data protection principle|commercial interests|"
    r"comply with your|"
    r"third part(?:y|ies) personal|personal (?:data|information)|\b(?:is|are) engaged|otherwise accessible|law enforcement",
    re.IGNORECASE,
)
RELIANCE = re.compile(
    r"\b(?:appl(?:y|ies|ied|ying|icable)|rel(?:y|ies|ied|ying|iance|iant)|engaged|claim(?:s|ed|ing)?|cit(?:e|es|ed|ing)|"
    r"invok(?:e|es|ed)|"
    r"(?:have|had|has|been) (?:\w+ )?used|use of|consider(?:ed)?)\b",
    re.IGNORECASE,
)
"""Words that stand beside provisions by which something is refused; too common to look for far away."""
BESIDE = 45
PROCEDURE = re.compile(
    r"\bthe (?:2000 |2002 )?Act\b|\bFOI|freedom of information|advice and assistance|refusal notice|"
    r"information commissioner|\bEIR|"
    r"environmental information|internal review|right(?:s)? of access|entitle|comply until|neither confirm",
    re.IGNORECASE,
)
AROUND = 220
"""Characters on each side in which the words that a bare number needs are looked for."""
NEAR = 110
LONGEST_QUOTE = 400
MOST = 2000
"""Citations read of one text; none that people write has so many."""
_JOINED = re.compile(
    r"\s*(?:\([^()\n]{1,60}\))?\s*(?:,|;|and|&|or|/|,\s*and|read with|together with)?\s*(?:the\s+)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A provision cited at [start, end) of the text."""

    provision: str
    start: int
    end: int
    statute: Statute
    number: int

    @property
    def can_refuse(self) -> bool:
        return self.number in self.statute.refusing and not self.provision.startswith(self.statute.weighing)


@dataclass(slots=True)
class _Head:
    start: int
    end: int
    regulation: bool
    weak: bool
    items: list[Provision]
    law: str | None = None
    """A law's name, `other`, `act` (the request's own), or None where nothing near says."""


def citations(text: str, law: str | None) -> list[Citation]:
    """The provisions a text cites, in their order. `law` is the request's (FOIA, FOISA, EIR, EISR) or None.

    A bare "section 12" is read as the request's law's; under the Regulations, as the Act's of the same country.
    """
    heads = list(_heads(text))
    _name_laws(text, heads)
    scottish = law in ("FOISA", "EISR")
    told = [_statute(text, head, scottish) for head in heads]
    # A bare number with paragraphs, or one that can refuse, beside one that is known is of the same law.
    known = [(head.start, statute) for head, statute in zip(heads, told, strict=True) if statute is not None]
    found = []
    for head, statute in zip(heads, told, strict=True):
        statute = statute or _neighbour(head, known)
        if statute is None:
            continue
        for item in head.items:
            if 1 <= item.number <= statute.last:
                found.append(Citation(f"{statute.name} {statute.unit}{item.text}", item.start, item.end, statute, item.number))
    return sorted(found, key=lambda one: one.start)


def _heads(text: str) -> Iterator[_Head]:
    taken = 0
    count = 0
    subsections = {match.start(): match for match in SUBSECTION.finditer(text)} if _SUB.search(text) else {}
    for match in subsections.values():
        number = int(match["number"] or match["number2"])
        sub = match["sub"] or match["sub2"]
        yield _Head(match.start(), match.end(), False, False, [Provision(number, f"{number}({sub})", match.start(), match.end())])
    spans = [(m.start(), m.end()) for m in subsections.values()]
    for match in _places(text):
        start = match.start()
        if start < taken or any(a <= start < b for a, b in spans):
            continue
        items, stop = read_list(text, match.end())
        if not items:
            continue
        count += len(items)
        if count > MOST:
            return
        groups = match.groupdict()
        law_word = (groups.get("plain") or "").upper()
        regulation = bool(groups.get("reg")) or law_word.startswith(("EXCEPTION", "EIR"))
        if law_word.startswith("EXEMPTION") and items[0].number <= 13 and "(4)" in items[0].text:
            regulation = True
        weak = bool(groups.get("short") or groups.get("plain") or (groups.get("reg") or "").lower().startswith("r."))
        head = _Head(start, stop, regulation, weak, items)
        if law_word in ("FOIA", "FOI", "EIR", "EIRS"):
            head.law = "EIR" if law_word.startswith("EIR") else "FOIA"
        taken = stop
        yield head


def _places(text: str) -> Iterator[re.Match[str]]:
    """Heads, and numbers without one. Each ends at a digit, so only what stands before digits is looked at."""
    looked = 0
    for digit in _NUMBER_AFTER_HEAD.finditer(text):
        at = digit.start()
        head = HEAD.search(text, max(looked, at - LONGEST_HEAD), at + 1)
        if head is not None:
            yield head
        elif text.startswith("at ", max(0, at - 3)) and (alone := NUMBERS_ALONE.match(text, at)):
            yield alone
        looked = at


def _name_laws(text: str, heads: list[_Head]) -> None:
    """Gives each head the law named beside it, and rows of joined heads the law named at their end."""
    heads.sort(key=lambda head: head.start)
    last_other = -1
    for head in heads:
        if head.law is None:
            head.law = _beside(text, head)
        if head.law == "same":
            head.law = "other" if last_other >= 0 and head.start - last_other < AROUND else "act"
        if head.law == "other":
            last_other = head.start
    for earlier, later in zip(reversed(heads[:-1]), reversed(heads[1:]), strict=True):
        between = text[earlier.end : later.start]
        unnamed = earlier.law is None and later.law is not None and earlier.regulation == later.regulation
        if unnamed and len(between) < 90 and _JOINED.fullmatch(between):
            earlier.law = later.law


def _beside(text: str, head: _Head) -> str | None:
    if SAME_ACT.match(text, head.end):
        return "same"
    if THE_ACT.match(text, head.end):
        return "act"
    after = AFTER.match(text, head.end)
    if after and not re.match(r"\s+and\s+Data\s+Protection", text[after.end() : after.end() + 30]):
        return str(after.lastgroup)
    before_text = text[max(0, head.start - 90) : head.start]
    if OTHER_SHORT.match(text, head.end) or OTHER_AFTER.match(text, head.end):
        return "other"
    before = BEFORE.search(before_text)
    if before:
        return str(before.lastgroup)
    return "other" if OTHER_BEFORE.search(before_text) else None


def _statute(text: str, head: _Head, scottish: bool) -> Statute | None:
    """The statute a head's numbers belong to; None where they are not of these laws."""
    if head.law == "other":
        return None
    if head.law in STATUTES:
        named = STATUTES[head.law]
        # Scottish offices call their own Regulations the EIRs, too; these numbers refuse in those alone.
        if scottish and named.name == "EIR" and all(item.number in (10, 11) for item in head.items):
            named = STATUTES["EISR"]
        if named.regulations == head.regulation:
            return named
        # "Section 39 ... EIR": the name belongs to something else in the sentence.
        if head.regulation and not named.regulations:
            return None
    default = "EIR" if head.regulation else "FOIA"
    if scottish:
        default = SCOTTISH[default]
    elif head.regulation and re.search(r"Environmental\s+Information\s+\(Scotland\)|\bEISR", text):
        default = "EISR"
    statute = STATUTES[default]
    if head.law == "act":
        return statute
    return statute if _speaks_of_it(text, head, statute) else None


def _neighbour(head: _Head, known: list[tuple[int, Statute]]) -> Statute | None:
    if head.law is not None:
        return None
    near = (statute for at, statute in known if abs(at - head.start) < AROUND and statute.regulations == head.regulation)
    statute = next(near, None)
    detailed = any("(" in item.text for item in head.items)
    return statute if statute and (detailed or all(item.number in statute.refusing for item in head.items)) else None


def _speaks_of_it(text: str, head: _Head, statute: Statute) -> bool:
    """Whether the words around a bare number are those of information law."""
    reach = NEAR if head.weak else AROUND
    around = text[max(0, head.start - reach) : head.start] + " " + text[head.end : head.end + reach]
    refusing = all(item.number in statute.refusing for item in head.items)
    detailed = any("(" in item.text for item in head.items)
    if statute.regulations:
        named = re.search(r"\bEI\(?S?\)?Rs?\b|[Ee]nvironmental [Ii]nformation|Gwybodaeth Amgylcheddol", text) is not None
        return named or (refusing and detailed and (CONTEXT.search(around) is not None or len(text) < AROUND))
    if refusing:
        beside = text[max(0, head.start - BESIDE) : head.start] + " " + text[head.end : head.end + BESIDE]
        rested_on = RELIANCE.search(around if detailed and not head.weak else beside)
        return CONTEXT.search(around) is not None or rested_on is not None
    return PROCEDURE.search(around) is not None
