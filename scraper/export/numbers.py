"""Finds telephone numbers, National Insurance numbers and postcodes in a folded text.

Each finder goes from what is rare (a leading zero, a digit) to what must stand around it, within a bounded distance, so
that no text, however made, takes it more than a time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .folding import Find

_BETWEEN = r"[ \t\r\n.\-()_*·]{0,3}"
_NUMBER = re.compile(
    rf"(?:\+(?<!\d[-.:,]\+){_BETWEEN}\d|0(?<!\d0)(?<!\d[-.:,]0)|44(?<!\d44)(?<!\d[-.:,]44)(?=[ .\-(1-9]))"
    rf"(?:{_BETWEEN}\d){{6,16}}"
)
_OPENED = re.compile(r"\(\s?$")
_GROUP = re.compile(r"\d+")
_DATE = re.compile(r"\d\d?([-. ])\d\d?\1(?:19|20)\d\d(?!\d)")
_CALLED = re.compile(
    r"(?:tel|phone|mob|fax|call|ring|dial|contact|number|whatsapp|ffon|symudol|\b[tmfd]\s?[:.])[^\n]{0,16}$", re.IGNORECASE
)
_MORE = re.compile(
    r"(?:\s?/\s?\d{1,6}(?!\d|[ .\-]{1,3}\d))*(?:[\s,;(-]{0,3}\b(?:ext(?:n|ension)?|x)[.:\s]{0,3}\d{1,6}(?!\d)\)?)?", re.IGNORECASE
)
_AMERICAN = re.compile(r"(?:\([2-9]\d\d\) ?\d{3}[ .-]|[2-9](?<![\w-][2-9])(?<!\d\.[2-9])\d\d([.-])\d{3}\1)\d{4}(?![\w-])")
_BRACED = re.compile(r"(?:\[0[1-9]\d{1,4}\] ?|0(?<![\w/-]0)(?<!\d\.0)[1-9]\d{2,4} ?/ ?)\d{3,4}[ -]?\d{3,4}(?![\w/])")
"""[01582] 900123 and 01582/900123."""
_NAMED = re.compile(
    r"ext(?<![^\W_]ext)(?:n|ension(?=[ :.]{1,2}(?!19|20)\d))?[.: ]{0,3}(?:no\.? ?|number ?)?\d{3,6}(?!\d)"
    r"|(?:tel(?:ephone)?|phone|mob(?:ile)?|fax)(?: ?(?:no|number)\b)?[.: ]{1,3}"
    r"(?!(?:19|20)\d\d(?!\d))([1-9](?:[ -]?\d){5,7})(?![ -]?\d)"
)
_HEX = re.compile(r"[0-9a-fA-F]{16,}")


def phones(plain: str) -> Iterator[Find]:
    """Numbers in national (leading 0), international (+, 00, 44) and American form, with their extensions.

    Digits may be parted by blanks, dots, hyphens and brackets. Without a word such as "Tel" before them the groups must
    be those of a telephone number: tables are full of small numbers, many with a leading zero.
    """
    at = 0
    while found := _NUMBER.search(plain, at):
        end = _end_of_number(plain, found)
        if end is None:
            # The next group may begin one.
            at = _GROUP.search(plain, found.start()).end()  # type: ignore[union-attr]
            continue
        opened = _OPENED.search(plain, max(0, found.start() - 2), found.start())
        start = opened.start() if opened and ")" in plain[found.start() : end] else found.start()
        more = _MORE.match(plain, end)
        at = max(end, more.end() if more else end)
        yield Find(start, at, "[phone]", "phone")
    for form in (_AMERICAN, _BRACED):
        for found in form.finditer(plain):
            yield Find(*found.span(), "[phone]", "phone")
    for found in _NAMED.finditer(plain.lower()):
        yield Find(*found.span(1 if found[1] else 0), "[phone]", "phone")


def _end_of_number(plain: str, found: re.Match[str]) -> int | None:
    start, said = found.start(), found[0]
    before, after = plain[start - 1 : start], plain[found.end() : found.end() + 1]
    hexadecimal = bool(before) and before in "abcdefABCDEF" and not _CALLED.search(plain, max(0, start - 10), start)
    if (said[0] != "+" and (before.isdigit() or hexadecimal)) or _DATE.match(said):
        return None
    groups = [(one[0], one.end() + start) for one in _GROUP.finditer(said)]
    if after.isdigit():  # the last group goes on
        whole = _GROUP.match(plain, groups[-1][1] - len(groups[-1][0]))
        groups[-1] = (whole[0], whole.end()) if whole else groups[-1]
    called = _CALLED.search(plain, max(0, start - 28), start) is not None
    digits = "".join(group for group, _ in groups)
    if "+" in said or digits.startswith(("00", "44")):
        lengths = _international(digits, "+" in said, groups)
    else:
        lengths = _national(digits, groups, called or plain[max(0, start - 2) : start].strip() == "(")
        if said[:2] == "0.":  # a fraction
            lengths = []
    length = 0
    ends = {}
    for group, end in groups:
        length += len(group)
        ends[length] = end
    if after.isalpha() and _HEX.match(plain, start):
        return None
    return next((ends[length] for length in lengths if length in ends), None)


def _international(digits: str, plus: bool, groups: list[tuple[str, int]]) -> list[int]:
    """How many digits the number may have, the likeliest first."""
    prefix = 0 if plus or not digits.startswith("00") else 2
    if digits.startswith("44", prefix):
        zero = digits[prefix + 2 : prefix + 3] == "0"
        apart = len(groups[0][0]) in (2, 12, 13) or groups[0][0].startswith("447")
        if not plus and not prefix and not (apart and digits[2 + zero : 3 + zero] in set("1235789")):
            return []
        own = prefix + 2 + zero
        return [own + 10, own + 9] + ([own + 7, own + 8] if plus else [])
    if not plus and (not prefix or len(groups[0][0]) < 3 or any(group[0] == "0" for group, _ in groups[1:2])):
        return []
    return list(range(min(prefix + 15, len(digits)), prefix + 7, -1))


def _national(digits: str, groups: list[tuple[str, int]], called: bool) -> list[int]:
    if digits[1:2] == "0":
        return []
    sizes = [len(group) for group, _ in groups]
    if called:
        return [11, 10, 9]
    if sizes[0] >= 9:
        return [11, 10]
    if sizes[0] >= 3:
        fitting: list[int] = []
        for length in (11, 10, 9):
            used, total = 0, 0
            while used < len(sizes) and total < length:
                total += sizes[used]
                used += 1
            if total == length and 2 <= used <= 5 and min(sizes[1:used]) >= 2:
                fitting.append(length)
        return fitting
    # 0 7700 900123, 07 700 900 123, or digit by digit: only where nothing follows.
    apart = sizes[0] == 2 or set(sizes) == {1} or min(sizes[1:]) >= 3
    spread = len(digits) == 11 and digits[1] in "12378" and apart
    return [11] if spread else []


_NI = re.compile(r"[\dO][\s.\-/_]{0,2}(?:[\dO][\s.\-/_]{0,2}){5}[A-Da-d](?![^\W_])")
_NI_BEFORE = re.compile(r"(?<![^\W_])([A-Za-z])\s?([A-Za-z])[\s.\-/_]{0,2}$")
_WORDS_BEFORE = frozenset("at on by as or an we my so he me us go am".split())


def ni_numbers(plain: str) -> Iterator[Find]:
    """Two letters, six digits, a letter from A to D; the prefixes that are never issued are told by their letters.

    QQ, which is never issued, is the one that forms and guidance use for examples, so it is masked too.
    """
    for found in _NI.finditer(plain):
        before = _NI_BEFORE.search(plain, max(0, found.start() - 6), found.start())
        if before is None or sum(one.isdigit() for one in found[0]) < 4:
            continue
        prefix = before[1] + before[2]
        first, second = before[1].upper(), before[2].upper()
        if prefix.upper() != "QQ" and (first in "DFIQUV" or second in "DFIOQUV"):
            continue
        if prefix in _WORDS_BEFORE and found[0][-1] == "a":  # "at 100000 a year"
            continue
        yield Find(before.start(), found.end(), "[NI number]", "ni_number")


_AREAS = frozenset(
    "AB AL B BA BB BD BF BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G"
    " GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL"
    " OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN"
    " WR WS WV YO ZE".split()
)
_INWARD = re.compile(
    r"[\dOI][ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2}(?![^\W_])(?<!I[a-z]{2})(?<!O[a-z]{2})(?<![IO][A-Z][a-z])(?<![IO][a-z][A-Z])"
)
_OUTWARD = re.compile(r"(?<![^\W_])(([A-Za-z]{1,2})[\dO][A-Za-z\d]?)[\s.\-_,+]{0,3}$")


def postcodes(plain: str) -> Iterator[Find]:
    """The inward half of each postcode: what stays is the district. O and I may stand for 0 and 1, in capitals."""
    for found in _INWARD.finditer(plain):
        outward = _OUTWARD.search(plain, max(0, found.start() - 9), found.start())
        if outward is None or outward[2].upper() not in _AREAS:
            continue
        if found[0][1:] in ("st", "nd", "rd", "th") and not outward[2].islower():  # "M1 1st floor"
            continue
        if found[0][0] in "OI" and outward.end(1) == outward.end():
            continue
        yield Find(outward.end(1), found.end(), " [..]", "postcode")
