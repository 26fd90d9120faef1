"""Whether a cited provision is relied on, or merely mentioned. Pure.

Read from the sentence of the citation: words that take the reliance back, make it a condition or belong to somebody
else (a requester's plea, a right of appeal, statistics) win; then words of reliance; a sentence with neither borrows
from the next, then from the one before it. Provisions by which nothing can be refused are never engaged.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .citations import Citation

_BREAK = re.compile(
    r"[.!?](?=\s|$)(?<!\b[sS].)(?<!\bss.)(?<!\b[rR].)(?<!\b[Rr]eg.)(?<!\b[Rr]egs.)(?<!\b[Ss]ec.)(?<!\b[Ss]ect.)(?<!\bNo.)|"
    r"\n\s*\n"
)
"""The mark first: an expression that begins with it is looked for several times faster than one that looks back."""
REACH = 700
"""Characters on each side in which a sentence's ends are looked for."""

_TAKEN_BACK = re.compile(
    r"\bno longer (?:\w+ ){0,2}?(?:rel(?:y|ied|ying)|appl(?:y|ies|ied)|exempt|engaged|cit)|\b(?:do|does|did|is|are|was|"
    r"were|has|have|had|would|will|can) ?(?:not|n't|n\u2019t) "
    r"(?:been )?(?:\w+ ){0,2}?(?:appl(?:y|ied|icable|ying)|rel(?:y|ied|ying)|engaged?|relevant|considered|"
    r"exempt\b(?! from the duty)|used|need|obliged to consider|"
    r"exemptions)|\bnot obliged to consider\b|\bneither\b(?! confirm)(?!,? admit)|\bno need to consider\b|"
    r"\b(?:incorrectly|wrongly|mistakenly|previously|originally|initially) "
    r"(?:been )?(?:appl|cit|rel|used|claim|withh|refus)|\bin error\b|\bnot upheld?\b|\bnot relied\b|\bwithdraw(?:n|s|"
    r"ing)? (?:our|its|the) (?:reliance|application|use)\b|"
    r"\bconsidered but\b|\bbut (?:decided|concluded|found|determined) that (?:it|they|this) (?:do|does|did) not\b|"
    r"\bhad refused\b|\brelied on (?:[\w().]+ ){1,4}at the time\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:may|might|could|would) (?:also |then |be able to |have to |need to |have |be |possibly )*(?:refus|appl|exempt|"
    r"engag|consider|rel(?:y|ied)|be exempt|relevant|withh|charge)|"
    r"\ballows? (?:a |an |the |us |public )*(?:public )?authorit|\ballow authorities\b|\b(?:provides?|sets?|says?|"
    r"states?|explains?|describes?|defines?|lists?|"
    r"protects|covers|concerns) (?:that |out |an? |the |for |how )*(?:exemption for|public authorit|authorit|"
    r"high threshold|relations|general|exemptions|what)\b|"
    r"\b(?:guidance|guide|advice|training|information) (?:on|about) (?:the )?(?:use of )?(?:section|s\.|regulation)|"
    r"\bto (?:claim|rely on|engage|apply|use) (?:section|s\.|regulation|this)|\bwere this\b|\bhad (?:you|this|we)\b|"
    r"\bas an example\b|\bfor example\b|\bsuch as\b|"
    r"\bif (?:we|the|you|your|it|this|any)\b|\bPart II\b|\b(?:Scottish|English) equivalent\b|\bcannot be (?:withheld|"
    r"refused)\b",
    re.IGNORECASE,
)
_SOMEBODY_ELSE = re.compile(
    r"\b(?:I|we) (?:would |will |do |also |wish to |must |have to )*(?:ask|request|urge|challenge|dispute|disagree|"
    r"appeal|complain|contest|question)\b|\bmy (?:complaint|appeal|request|view)\b|"
    r"\byour (?:use|reliance|application|refusal|claim|decision to (?:use|apply|rely)|citing)\b|"
    r"\byou (?:have )?(?:not )?(?:told|cited|relied|rely|claim|refused|applied|asked how)\b|"
    r"\bits use of\b|\bplease (?:do not|don't|conduct|reconsider|explain|review)\b|\bhow (?:many|often)\b|"
    r"\bnumber of (?:requests|times|refusals)\b|\bmay I remind\b|"
    r"\bdid you refuse\b|\banother (?:council|authority|body)\b|\bdecision notice\b|\bCommissioner (?:decided|found|"
    r"ruled|has (?:decided|found))\b|\bany refusal\b|\bother (?:councils|authorities)\b",
    re.IGNORECASE,
)
_RELIANCE = re.compile(
    r"\bwithh(?:eld|old|olding|olds)\b|\bredact(?:ed|ing|ions?)?\b|\bexempt(?:s|ed|ions?)?\b|\bexcept(?:ed|s(?= (?:the|"
    r"this|that|such)\b)|ions?)\b|"
    r"\b(?:otherwise|reasonably|already) (?:accessible|available)\b|\bmanifestly unreasonable\b|"
    r"\brefus(?:e|es|ed|ing|al)\b|\bappl(?:y|ies|ied|ying|ication)\b|"
    r"\bengage[ds]?\b|\brel(?:y|ied|ying|iance|ies)\b|\bneither confirms? nor den(?:y|ies)\b|\bremoved\b|\bsuppress(?:ed|"
    r"ion)\b|\bnot (?:being )?(?:disclos|provid|releas|compl|obliged)|"
    r"\bby virtue of\b|\bpursuant to\b|\bin (?:line|accordance) with\b|\btaken out\b|\bheithrio\b|\bgwrthod\w*|"
    r"\bberthnasol\b|\binvok|\bcit(?:e|ed|ing)\b|\bdeclin(?:e|ed|ing)\b|"
    r"\bprohibited\b|\bdo(?:es)? not hold\b|\bnot held\b|\buphold\b|\bvexatious\b|\bexceed\w* the\b|\b(?:have|has|are|"
    r"been) used\b|\bunder (?:section|s\.?\s?\d|regulation|sections)|"
    r"\brefers\b|\bmaintain(?:ed|ing)\b|\bfavou?rs?\b|\bis met\b|\bare met\b|\bprivilege\b|\bis issued\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^\W*(?:[\w:]+ ){0,3}$")


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around [start, end) begins and ends, within REACH characters."""
    first = max(0, start - REACH)
    begin = first
    for match in _BREAK.finditer(text, first, start):
        begin = match.end()
    after = _BREAK.search(text, end, min(len(text), end + REACH))
    return begin, after.end() if after else min(len(text), end + REACH)


def engaged(text: str, citation: Citation) -> bool:
    """Whether the writer relies on the provision to refuse, withhold or stop."""
    if not citation.can_refuse:
        return False
    begin, end = sentence(text, citation.start, citation.end)
    own = _verdict(_clause(text, begin, end, citation))
    if own is not None:
        return own
    following = sentence(text, end, min(len(text), end + 1)) if end < len(text) else None
    if following is not None:
        told = _verdict(text[following[0] : following[1]])
        if told is not None:
            return told
    if begin > 0:
        before = sentence(text, max(0, begin - 2), max(0, begin - 1))
        return _verdict(text[before[0] : before[1]]) or False
    return False


@lru_cache(maxsize=10_000)
def _verdict(words: str) -> bool | None:
    words = " ".join(words.split())
    if _TAKEN_BACK.search(words) or _CONDITION.search(words) or _SOMEBODY_ELSE.search(words):
        return False
    return True if _RELIANCE.search(words) else None


_TURN = re.compile(r";\s|,? but (?:only )?|, only |, so |\bof which\b| and so |,\s(?=(?:we|I) )", re.IGNORECASE)
_IF = re.compile(r"\W*if\b", re.IGNORECASE)


def _clause(text: str, begin: int, end: int, citation: Citation) -> str:
    """The part of the sentence that the citation stands in, where a `but` or `only` turns it."""
    turns = [match.start() for match in _TURN.finditer(text, begin, end)]
    left = max((turn for turn in turns if turn < citation.start), default=begin)
    right = min((turn for turn in turns if turn >= citation.end), default=end)
    part = text[left:right]
    if _IF.match(text, begin):
        return text[begin:end]
    # "sections 30 and 31 were considered but only 31 applied", "we cited it but no longer rely on it"
    return part if _verdict(part) is not None else text[begin:end]
