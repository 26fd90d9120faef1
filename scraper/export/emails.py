"""Finds e-mail addresses in a folded text.

It goes from each @, or what may stand for one, to what must stand on both sides of it, within a bounded distance, so that
no text, however made, takes it more than a time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .folding import BARRIER, Find

_BREAK = r"\.[ \t]{0,8}\r?\n[ \t>]{0,8}"
_DOT = r"(?:\.|[ \t]\.[ \t]?|\s{0,2}[\[({<]\s?(?:dot|\.)\s?[\])}>]\s{0,2}|\s{1,2}dot\s{1,2}|[-_]dot[-_])"
_LABEL = r"[^\W_](?:(?:(?![-_]dot[-_])[\w-]){0,61}[^\W_])?"
_DOMAIN = re.compile(
    rf"[\s>]{{0,4}}({_LABEL}(?:{_BREAK}{_LABEL})?(?:{_DOT}{_LABEL}){{0,8}}|\[[\da-f:.]{{3,45}}\])", re.IGNORECASE
)
_APART = re.compile(r"[ \t]\.[ \t]?")
_DOTS = re.compile(rf"{_BREAK}|{_DOT}", re.IGNORECASE)
_SPELLED_AT = re.compile(r"at(?<![^\W_]at)(?![^\W_])|\(\s?a\s?\)|\[\s?a\s?\]|\{\s?a\s?\}")
_AFTER_AT = re.compile(r"\s{0,2}[\])}>]|[-_*=~|](?=\s{0,2}\w)|(?=\s)")
_OPENS = re.compile(r"[\[({<]\s{0,2}$|[-_*=~|]$")
# From the @ backwards, so that it is anchored: the text before it is turned round.
_LOCAL_CHARACTER = r"[\w.!#$%&'*+/?^`~-]"
_LOCAL = re.compile(
    rf'[\s>]{{0,3}}(?:"[^"\n]{{1,64}}"|{_LOCAL_CHARACTER}{{1,128}}(?:(?:\s{{1,2}}tod\s{{1,2}}|\s?[\])}}>]\s?tod\s?[\[({{<]\s?){_LOCAL_CHARACTER}{{1,64}}){{0,4}})',
    re.IGNORECASE,
)
_FILE = frozenset("pdf doc docx xls xlsx csv txt rtf jpg jpeg png gif tif tiff zip html htm msg eml ppt pptx odt ods xml".split())


_TOPS = frozenset("uk com org net gov eu ie cymru wales scot london info biz edu".split())
_BEFORE_A_SITE = frozenset(
    "accessed accessible address available contained details displayed document documents download downloaded find found guidance"
    " held here hosted information link listed located online page pages policy posted published reached register report"
    " reported scheme seen set shown site sites stated stored strategy viewable viewed visit webpage website websites".split()
)
"""Words after which "at example.gov.uk" says where something is."""


def emails(plain: str, ordinary: frozenset[str] = frozenset()) -> Iterator[Find]:
    """Addresses, also with a spelled @ or dot, with blanks around them and broken over lines.

    A plain "at" makes an address only with a spelled dot after it, after something that is no word ("jo.bloggs at"), or
    after a word that is none of `ordinary` and before a known ending ("jo at example.gov.uk").
    """
    done = 0
    for at, end, spelled in _ats(plain):
        if at < done:
            continue
        domain = _DOMAIN.match(plain, end)
        local = _LOCAL.match(plain[max(done, at - 200) : at][::-1]) if domain else None
        if domain is None or local is None:
            continue
        if domain[1][0] == "[":
            done = domain.end()
            yield Find(at - local.end(), done, "[email]", "email")
            continue
        labels = _DOTS.split(domain[1])
        whole = domain.end()
        while labels and len(labels) > 1 and not (labels[-1].isalpha() or labels[-1].lower().startswith("xn--")):
            whole = plain.rindex(labels.pop(), 0, whole)
        start = at - local.end()
        said = plain[start:at]
        start += len(said) - len(said.lstrip("!#$%&'*+/?^`~.-"))
        if _is_address(plain[start:at], domain[1], labels, spelled, plain[at:end], ordinary):
            while whole > end and plain[whole - 1] in "-_. \t\r\n>(<[{":
                whole -= 1
            done = whole
            yield Find(start, whole, "[email]", "email")


def _ats(plain: str) -> list[tuple[int, int, bool]]:
    """Where an @ or what may stand for it begins and ends, and whether it is a mere word."""
    found: list[tuple[int, int, bool]] = []
    at = plain.find("@")
    while at >= 0:
        opens, closes = _OPENS.search(plain, max(0, at - 3), at), _AFTER_AT.match(plain, at + 1)
        if opens and closes and plain[opens.start()] in "[({<" and closes[0].strip():
            found.append((opens.start(), closes.end(), False))
        else:
            found.append((at, at + 1, False))
        at = plain.find("@", at + 1)
    for word in _SPELLED_AT.finditer(plain.lower()):
        if word[0][0] not in "aA":
            found.append((*word.span(), False))
            continue
        opens, closes = _OPENS.search(plain, max(0, word.start() - 3), word.start()), _AFTER_AT.match(plain, word.end())
        if closes is None:
            continue
        if opens and closes[0].strip():
            found.append((opens.start(), closes.end(), False))
        elif not closes[0] and plain[word.start() - 1 : word.start()].isspace():
            found.append((*word.span(), True))
    return sorted(found)


def _is_address(local: str, domain: str, labels: list[str], spelled: bool, at: str, ordinary: frozenset[str]) -> bool:
    said, local = local, local.strip()
    if not local or BARRIER in local or not any(one.isalnum() for one in local):
        return False
    last = labels[-1]
    ends_well = len(labels) > 1 and (last.lower().startswith("xn--") or (last.isalpha() and len(last) > 1))
    if spelled or at not in ("@",):
        if not ends_well or last.lower() in _FILE:
            return False
        if not spelled or re.search(r"\bdot\b", domain, re.IGNORECASE):
            return True
        looks_like_one = any(one in "._+" or one.isdigit() for one in local[1:-1]) or at == "AT"
        if local.isalpha() and last.lower() in _TOPS:
            looks_like_one |= local.lower() not in ordinary and local.lower() not in _BEFORE_A_SITE
        # "example . gov . uk": after a word's own blank a dot ends no sentence.
        written = _APART.sub(".", domain)
        return looks_like_one and not any(one.isspace() for one in written) and labels[0].lower() != "www"
    if labels[0].lower() == "www" and local != said:
        return False
    # Without a dot it is one inside an office's own system; a blank would make too much of it.
    return ends_well or (len(labels) == 1 and len(last) > 2 and last[0].isalpha() and any(one.isalpha() for one in local))
