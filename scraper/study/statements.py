"""What a response's words say of the outcome: held, not held, refused, partly, cost limit, clarification. Pure.

Rules are phrases of English refusal notices and covering letters; a phrase counts only where its sentence does not
make it a condition, a question or a right ("whether we hold", "may refuse", "if the information is exempt").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OUTCOMES = ("held", "not_held", "refused", "partly", "cost_limit", "clarification")
HELD, NOT_HELD, REFUSED, PARTLY, COST_LIMIT, CLARIFICATION = OUTCOMES


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase, in lower case. `gate` are words of which the text must have one for the phrase to be looked for.

    `after` must stand in the 70 characters before it: searching for the rare end of a phrase first, and then for what
    it is said of, takes a tenth of the time.
    """

    outcome: str
    gate: tuple[str, ...]
    phrase: re.Pattern[str]
    after: re.Pattern[str] | None = None


_MATTER = re.compile(
    r"\b(?:information|data|documents?|records?|material|reports?|names?|details|figures|emails?|file)\b[^.!?\n]{0,50}$"
)
_PART = re.compile(
    r"\b(?:some|parts?|elements?|portions?|certain|the remaind?er|the rest)(?: \w+)? (?:of )?(?:the |this |that |"
    r"your )?(?:\w+ )?"
    r"(?:information|data|documents?|report|request|records?|details)\b[^.!?\n]{0,30}$"
)
RULES = (
    Rule(
        COST_LIMIT,
        ("limit", "18 hours", "18-hour"),
        re.compile(
            r"\bexceeds? the (?:£?\d+ |\d+ hours? )?(?:appropriate |cost |statutory |18[- ]hour )(?:cost )?(?:limit|"
            r"threshold|ceiling)\b|"
            r"\b(?:in excess of|over|above|beyond) the (?:appropriate|cost) limit\b|\btake (?:longer|more) than 18 hours\b"
        ),
    ),
    Rule(
        NOT_HELD,
        ("not ",),
        re.compile(
            r"\b(?:do|does|did) not (?:currently |actually |itself |ourselves )?(?:hold|record|collect|retain|keep) "
            r"(?:any |the |this |that |these |such |your |recorded |all |information|data|records?|it\b|them\b)|"
            r"\bnot held by (?:the|this|us|our)\b|\binformation not held\b"
        ),
    ),
    Rule(NOT_HELD, (" not ",), re.compile(r"\b(?:is|are) not (?:\w+ )?(?:held|recorded|collected)\b"), _MATTER),
    Rule(
        NOT_HELD,
        (" no ",),
        re.compile(
            r"\bholds? no (?:recorded |relevant |such |further |other )?(?:information|data|records?)\b|"
            r"\bno (?:recorded |relevant |such )?"
            r"(?:information|records?|data) (?:is |are |was |were )?(?:held|found|located|recorded)\b"
        ),
    ),
    Rule(PARTLY, ("part",), re.compile(r"\bpart(?:ly|ially)? (?:disclos|releas|refus|exempt|withh|upheld|provid)\w{0,10}")),
    Rule(
        PARTLY,
        ("redact",),
        re.compile(
            r"\bin redacted form\b|\bwith (?:some |appropriate |certain )?redactions?\b|\b(?:has|have) been redacted\b|"
            r"\bwe have redacted\b|\bredacted (?:version|cop)"
        ),
    ),
    Rule(
        PARTLY,
        ("exempt", "withheld", "redacted", "refused", "not held"),
        re.compile(r"\b(?:is|are|has been|have been|was|were) (?:being )?(?:exempt|withheld|redacted|refused|not held)\b"),
        _PART,
    ),
    Rule(
        REFUSED,
        ("refus",),
        re.compile(
            r"\brefus(?:e|es|ing|ed) (?:to (?:comply|disclose|provide|release)|your request|this request|the request|"
            r"disclosure)\b|"
            r"\brequest (?:\w+ )?(?:is|has been|must be|is being) (?:therefore |hereby )?refused\b"
        ),
    ),
    Rule(
        REFUSED,
        ("exempt",),
        re.compile(r"\b(?:is|are|has been|have been) (?:therefore |also |being )?exempt\b"),
        _MATTER,
    ),
    Rule(REFUSED, ("withheld",), re.compile(r"\b(?:is|are|being|been) (?:therefore |also )?withheld\b")),
    Rule(
        REFUSED,
        ("withh", "confirm", "vexatious", "manifestly", "not ", "unable"),
        re.compile(
            r"\bneither confirms? nor den(?:y|ies)\b|\b(?:is|are|to be) (?:vexatious|manifestly unreasonable)\b|"
            r"\bnot (?:able|going|obliged) to (?:disclose|release|comply)\b|\bunable to (?:disclose|release)\b|"
            r"\b(?:we|i|council|authority|trust|department) (?:are |am |is |have |has )?(?:decided to )?withh(?:old|"
            r"olding|eld)\b"
        ),
    ),
    Rule(
        CLARIFICATION,
        ("clarif", "specify", "until "),
        re.compile(
            r"\b(?:please|could you|can you|would you|kindly|need you to|grateful if you could) (?:\w+ ){0,2}?(?:clarify|"
            r"specify)\b|"
            r"\b(?:require|need|seek|request)(?:ing|s)? (?:\w+ ){0,3}?clarification\b|"
            r"\buntil (?:we (?:have )?receive|you (?:have )?(?:provide|clarif))\w{0,10}"
        ),
    ),
    Rule(
        HELD,
        ("attach", "enclos", "see ", "confirm ", "can be ", "response is"),
        re.compile(
            r"\b(?:find|see) (?:the )?(?:attached|enclosed)\b|\b(?:i|we) (?:have )?(?:attach(?:ed)?|enclosed?)\b|"
            r"\b(?:can|do) confirm (?:that )?(?:\w+ ){1,4}?(?:holds?|does hold|do hold)\b(?! no)|"
            r"\bcan be (?:found|accessed|downloaded|viewed) (?:at|on|via|here)\b|\bsee (?:below|our (?:response|answer))\b|"
            r"\bresponse is (?:as follows|below)\b"
        ),
    ),
    Rule(
        HELD,
        ("attached", "enclosed", "follows", "set out", "provided", "below", "shown", "listed"),
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
    if len(lower) != len(text):
        # A few letters of other alphabets grow: their case is left, so that places stay true.
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    lower = lower.replace("\n", " ").replace("\f", " ")
    count = 0
    for rule in RULES:
        if not any(word in lower for word in rule.gate):
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
