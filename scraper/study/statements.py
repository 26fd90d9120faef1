"""What a response's words say of the outcome: held, not held, refused, partly, cost limit, clarification. Pure.

Rules are phrases of English refusal notices and covering letters; a phrase counts only where its sentence does not
make it a condition, a question or a right ("whether we hold", "may refuse", "if the information is exempt").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .words import words_of

OUTCOMES = ("held", "not_held", "refused", "partly", "cost_limit", "clarification")
HELD, NOT_HELD, REFUSED, PARTLY, COST_LIMIT, CLARIFICATION = OUTCOMES


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase, in lower case. `words` are such that a text with the phrase has one of each set; so are the `parts`.

    `after` must stand in the 70 characters before it: searching for the rare end of a phrase first, and then for what
    it is said of, takes a tenth of the time.
    """

    outcome: str
    words: tuple[frozenset[str], ...]
    parts: tuple[str, ...]
    phrase: re.Pattern[str]
    after: re.Pattern[str] | None = None


def _words(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in sets)


_MATTER = re.compile(
    r"\b(?:information|data|documents?|records?|material|reports?|names?|details|figures|emails?|file|answers?)\b[^.!?\n]{0,50}$"
)
_PART = re.compile(
    r"\b(?:some|parts?|elements?|portions?|certain|the remaind?er|the rest)(?: \w+)? (?:of )?(?:the |this |that |"
    r"your )?(?:\w+ )?"
    r"(?:information|data|documents?|report|request|records?|details)\b[^.!?\n]{0,30}$"
)
RULES = (
    Rule(
        COST_LIMIT,
        _words("limit threshold ceiling hours"),
        (),
        re.compile(
            r"\bexceeds? the (?:£?\d+ |\d+ hours? )?(?:appropriate |cost |statutory |18[- ]hour )(?:cost )?(?:limit|"
            r"threshold|ceiling)\b|"
            r"\b(?:in excess of|over|above|beyond) the (?:appropriate|cost|18[- ]hour|£\d+) (?:limit|threshold)\b|"
            r"\btake (?:longer|more) than 18 hours\b"
        ),
    ),
    Rule(
        NOT_HELD,
        _words("not nothing longer", "hold record collect retain keep held falls exist exists"),
        (
            "not hold",
            "not record",
            "not collect",
            "not retain",
            "not keep",
            "not held",
            "not currently ",
            "not actually ",
            "not itself ",
            "not ourselves ",
            "nothing that",
            "no longer",
        ),
        re.compile(
            r"\b(?:do|does|did) not (?:currently |actually |itself |ourselves )?(?:hold|record|collect|retain|keep) "
            r"(?:any |the |this |that |these |such |your |recorded |all |an? |information|data|records?|statistics|"
            r"figures|copies|it\b|them\b)|"
            r"\bnot held by (?:the|this|us|our)\b|\binformation not held\b|\bnothing that falls within\b|"
            r"\bno longer exists?\b"
        ),
    ),
    Rule(
        NOT_HELD,
        _words("not", "held recorded collected"),
        ("is not ", "are not "),
        re.compile(r"\b(?:is|are) not (?:\w+ )?(?:held|recorded|collected)\b"),
        _MATTER,
    ),
    Rule(
        NOT_HELD,
        _words("no", "hold holds held found located recorded"),
        ("no recorded", "no relevant", "no such", "no further", "no other", "no information", "no data", "no record"),
        re.compile(
            r"\bholds? no (?:recorded |relevant |such |further |other )?(?:information|data|records?)\b|"
            r"\bno (?:recorded |relevant |such )?"
            r"(?:information|records?|data) (?:is |are |was |were )?(?:held|found|located|recorded)\b"
        ),
    ),
    Rule(
        PARTLY,
        _words("part partly partially"),
        (),
        re.compile(r"\bpart(?:ly|ially)? (?:disclos|releas|refus|exempt|withh|upheld|provid)\w{0,10}"),
    ),
    Rule(
        PARTLY,
        _words("redact redacted redaction redactions"),
        (),
        re.compile(
            r"\bin redacted form\b|\bwith (?:some |appropriate |certain )?redactions?\b|\b(?:has|have) been redacted\b|"
            r"\bwe have redacted\b|\bredacted (?:version|cop)"
        ),
    ),
    Rule(
        PARTLY,
        _words("exempt withheld redacted refused held"),
        ("exempt", "withheld", "redacted", "refused", "not held"),
        re.compile(r"\b(?:is|are|has been|have been|was|were) (?:being )?(?:exempt|withheld|redacted|refused|not held)\b"),
        _PART,
    ),
    Rule(
        REFUSED,
        _words("refuse refuses refusing refused"),
        (),
        re.compile(
            r"\brefus(?:e|es|ing|ed) (?:to (?:comply|disclose|provide|release)|your request|this request|the request|"
            r"disclosure)\b|"
            r"\brequest (?:\w+ )?(?:is|has been|must be|is being) (?:therefore |hereby )?refused\b"
        ),
    ),
    Rule(
        REFUSED,
        _words("exempt"),
        (),
        re.compile(r"\b(?:is|are|has been|have been) (?:therefore |also |being )?exempt\b"),
        _MATTER,
    ),
    Rule(REFUSED, _words("withheld"), (), re.compile(r"\b(?:is|are|being|been) (?:therefore |also )?withheld\b")),
    Rule(
        REFUSED,
        _words(
            "withheld withhold withholding withholds neither vexatious manifestly disclose release comply exempt refusal provide "
            "given disclosed released provided"
        ),
        (
            *("withh", "neither confirm", "vexatious", "manifestly", "not able", "not going", "not obliged", "unable to"),
            *("exempt ", "refusal notice", "declin", "cannot be ", "not be "),
        ),
        re.compile(
            r"\bneither confirms? nor den(?:y|ies)\b|\b(?:is|are|to be) (?:vexatious|manifestly unreasonable)\b|"
            r"\bnot (?:able|going|obliged) to (?:disclose|release|comply)\b|\bunable to (?:disclose|release)\b|"
            r"\b(?:we|i|council|authority|trust|department) (?:are |am |is |have |has )?(?:decided to )?withh(?:old|"
            r"olding|eld)\b|\bwithholds\b|\b(?:is|are) (?:therefore |also )?exempt (?:from disclosure )?(?:under|by virtue of|in "
            r"accordance with)\b|\brefusal notice\b|\bdeclin(?:e|es|ing) to (?:provide|disclose|release)\b|"
            r"\b(?:cannot|will not) be (?:given out|disclosed|released|provided)\b"
        ),
    ),
    Rule(
        CLARIFICATION,
        _words("clarify specify clarification until"),
        (),
        re.compile(
            r"\b(?:please|could you|can you|would you|kindly|need you to|grateful if you could) (?:\w+ ){0,2}?(?:clarify|"
            r"specify)\b|"
            r"\b(?:require|need|seek|request)(?:ing|s)? (?:\w+ ){0,3}?clarification\b|"
            r"\buntil (?:we (?:have )?receive|you (?:have )?(?:provide|clarif))\w{0,10}"
        ),
    ),
    Rule(
        HELD,
        _words("attach attached enclose enclosed see confirm found accessed downloaded viewed response find published below"),
        ("attach", "enclos", "see below", "see our", "confirm ", "can be ", "response is", "will find ", "published ", "below"),
        re.compile(
            r"\b(?:find|see) (?:the )?(?:attached|enclosed)\b|\b(?:i|we) (?:have )?(?:attach(?:ed)?|enclosed?)\b|"
            r"\b(?:can|do) confirm (?:that )?(?:\w+ ){1,4}?(?:holds?|does hold|do hold)\b(?! no)|"
            r"\bcan be (?:found|accessed|downloaded|viewed) (?:at|on|via|here)\b|\bsee (?:below|our (?:response|answer))\b|"
            r"\bresponse is (?:as follows|below)\b|\b(?:attached|enclosed) (?:is|are)\b|"
            r"\b(?:is|are) (?:now )?(?:attached|enclosed)\b|\byou will find (?:\w+ ){0,2}?(?:attached|"
            r"enclosed|below|with this)\b|\bprovide the information below\b|"
            r"\b(?:is|are) (?:already )?published (?:at|on)\b"
        ),
    ),
    Rule(
        HELD,
        _words("is are", "attached enclosed follows set provided given below shown listed"),
        ("attached", "enclosed", "follows", "set out", "provided", "given", "below", "shown", "listed"),
        re.compile(r"\b(?:is|are) (?:\w+ )?(?:attached|enclosed|as follows|set out|provided|given|shown|listed|below)\b"),
        _MATTER,
    ),
)
"""The telling ones first."""
_CONDITION = re.compile(
    r"\b(?:if|whether|where|unless|may|might|could|should|would|when|wherever|entitled|right to|how many|any)\b[^.!?\n]{0,60}$"
)
_NOT = re.compile(r"\b(?:not|never|no longer|nor)\b[^.!?,\n]{0,15}$")
MOST = 60
"""Statements kept of one document."""
LONGEST = 40_000
"""Characters of a document that are read: a covering letter is shorter, a report speaks of other things."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An outcome said at [start, end) of the text."""

    outcome: str
    start: int
    end: int


def statements(text: str) -> Iterator[Statement]:
    """What a text says of the outcome, in order of the rules."""
    text = text[:LONGEST]
    lower = text.lower()
    present = words_of(lower)
    if len(lower) != len(text):
        # A few letters of other alphabets grow: their case is left, so that places stay true.
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    lower = lower.replace("\n", " ").replace("\f", " ")
    count = 0
    for rule in RULES:
        if any(words.isdisjoint(present) for words in rule.words):
            continue
        if rule.parts and not any(part in lower for part in rule.parts):
            continue
        for match in rule.phrase.finditer(lower):
            before = lower[max(0, match.start() - 70) : match.start()]
            if rule.after is not None and not rule.after.search(before):
                continue
            if rule.outcome != CLARIFICATION and _CONDITION.search(before):
                continue
            if rule.outcome in (REFUSED, COST_LIMIT, HELD) and _NOT.search(before):
                continue
            yield Statement(rule.outcome, match.start(), match.end())
            count += 1
            if count == MOST:
                return


def combined(outcomes: set[str]) -> str | None:
    """One outcome of all that a response says: what is given and refused is partly; a refusal's ground before the refusal."""
    given, kept = HELD in outcomes, outcomes & {NOT_HELD, REFUSED, COST_LIMIT}
    if PARTLY in outcomes or (given and kept and kept != {COST_LIMIT}):
        return PARTLY
    for outcome in (COST_LIMIT, REFUSED, NOT_HELD, HELD, CLARIFICATION):
        if outcome in outcomes:
            return outcome
    return None
