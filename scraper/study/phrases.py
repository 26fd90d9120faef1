"""What refusal notices and covering letters say of an outcome, as data: phrases, and words that they cannot be without. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OUTCOMES = ("held", "not_held", "refused", "partly", "cost_limit", "clarification")
HELD, NOT_HELD, REFUSED, PARTLY, COST_LIMIT, CLARIFICATION = OUTCOMES


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase, in lower case. `words` are such that a text with the phrase has one of each set, and one of the `parts`.

    A part begins with a whole word.

    `after` must stand in the 70 characters before it: searching for the rare end of a phrase first, and then for what
    it is said of, takes a tenth of the time. What a `weak` one says counts where nothing is refused: "I confirm that we
    hold the information" opens refusals, too.
    """

    outcome: str
    words: tuple[frozenset[str], ...]
    parts: tuple[str, ...]
    phrase: re.Pattern[str]
    after: re.Pattern[str] | None = None
    weak: bool = False
    alone: frozenset[str] = field(init=False)
    """Parts that are a word and nothing else."""
    leads: tuple[tuple[str, str, tuple[str, ...]], ...] = field(init=False)
    """Of the others: the first word, the same with what follows it, and how they go on."""

    def __post_init__(self) -> None:
        leads: dict[tuple[str, str], list[str]] = {}
        alone = set()
        for part in self.parts:
            word, end, rest = re.split(r"(\W|$)", part, maxsplit=1)
            if end:
                leads.setdefault((word, word + end), []).append(rest)
            else:
                alone.add(word)
        object.__setattr__(self, "alone", frozenset(alone))
        object.__setattr__(self, "leads", tuple((*lead, tuple(rests)) for lead, rests in leads.items()))

    def may_be_in(self, lower: str, present: frozenset[str]) -> bool:
        """Whether the phrase can be in a text in lower case that has these words: a look that costs little."""
        for words in self.words:
            if words.isdisjoint(present):
                return False
        if not self.parts or not self.alone.isdisjoint(present):
            return True
        for word, lead, rests in self.leads:
            if word in present:
                at = lower.find(lead)
                while at >= 0:
                    if lower.startswith(rests, at + len(lead)):
                        return True
                    at = lower.find(lead, at + 1)
        return False


def _words(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in sets)


_THINGS = (
    r"information|data|documents?|records?|material|reports?|names?|details|figures|e-?mails?|files?|answers?|cop(?:y|ies)|"
    r"correspondence|minutes|papers|statistics|trace|footage|recordings?"
)
_MATTER = re.compile(rf"\b(?:{_THINGS})\b[^.!?\n]{{0,50}}$")
_PART = re.compile(
    r"\b(?:some|parts?|elements?|portions?|certain|the remaind?er|the rest)(?: \w+)? (?:of )?(?:the |this |that |"
    r"your )?(?:\w+ )?(?:information|data|documents?|report|request|records?|details)\b[^.!?\n]{0,30}$|"
    r"\b(?:the remaind?er|the rest|the others?) $"
)
RULES = (
    Rule(
        COST_LIMIT,
        _words("limit threshold ceiling hours excessive 12"),
        ("limit", "threshold", "ceiling", "18", "24", "eighteen", "twenty", "excessive cost", "section 12"),
        re.compile(
            r"\b(?:exceed(?:s|ed|ing)?|(?:in )?excess of|over|above|beyond|more than) the (?:£?[\d,]+ (?:hours? )?|"
            r"18[- ]hours? |"
            r"appropriate |statutory |fees? |costs? |time ){1,2}(?:limit|threshold|ceiling)\b|"
            r"\b(?:tak(?:e|es|ing)|requir(?:e|es|ing)|exceed(?:s|ing)?|go|need)\b(?: \w+){0,2}? (?:longer than|more than|"
            r"over|beyond|"
            r"in excess of|exceed) (?:the )?(?:18|24|eighteen|twenty[- ]four)(?: working)? hours\b|\bexcessive costs?\b|"
            r"\brefus(?:e|es|ed|al|ing)\b[^.!?\n]{0,40}\bsection 12\b(?! ?\(?[3-9])|"
            r"\bsection 12\b(?:\([12]\))?(?: (?:of the|foia|foisa|act)){0,2} (?:therefore |also )?(?:applies|is engaged)\b"
        ),
    ),
    Rule(
        NOT_HELD,
        _words("not nothing longer don doesn didn", "hold record collect retain keep have held falls exist exists"),
        (
            *("not hold", "not record", "not collect", "not retain", "not keep", "not held", "not have", "not currently "),
            *(
                "not actually ",
                "not itself ",
                "not ourselves ",
                "nothing that",
                "no longer",
                "don",
                "doesn",
                "didn",
                "not information",
            ),
        ),
        re.compile(
            r"\b(?:do|does|did)(?: not|n['\u2019]t) (?:currently |actually |itself |ourselves )?(?:(?:hold|record|collect|"
            r"retain|keep)"
            r" (?:any |the |this |that |these |such |your |recorded |all |an? |information|data|records?|statistics|"
            r"figures|copies|it\b|them\b)|have (?:any |the |this |such )?(?:information|data|records?|documents?)\b)|"
            r"\bnot held by (?:the|this|us|our)\b|\binformation not held\b|\bnothing that falls within\b|"
            r"\bno longer (?:exists?|holds?|retains?|held)\b|\bnot information (?:that |which )?(?:\w+ ){1,2}holds?\b"
        ),
    ),
    Rule(
        NOT_HELD,
        _words("not", "held recorded collected kept retained"),
        ("is not ", "are not ", "was not ", "were not "),
        re.compile(r"\b(?:is|are|was|were) not (?:\w+ )?(?:held|recorded|collected|kept|retained)\b"),
        _MATTER,
    ),
    Rule(
        NOT_HELD,
        _words("no nil nothing", "hold holds held have has is are found located recorded was were return"),
        (
            *("no recorded", "no relevant", "no such", "no further", "no other", "no information", "no data", "no record"),
            *("no document", "no copies", "no trace", "no correspondence", "no papers", "no statistics", "no recording"),
            *("nil", "nothing was", "nothing has"),
        ),
        re.compile(
            r"\b(?:holds?|keeps?|found|located|have|has|there (?:is|are|was|were)) no (?:recorded |relevant |such |"
            r"further |other )?"
            r"(?:information|data|records?|documents?|copies|trace|correspondence|papers|statistics|recordings?)\b"
            r"(?! (?:of (?:having )?receiv|to suggest|about when|as to when))|"
            r"\bno (?:recorded |relevant |such )?(?:information|records?|data|documents?|copies|papers) (?:is |are |was |"
            r"were |has been |"
            r"have been |could be )?(?:held|found|located|recorded|identified|traced)\b|"
            r"\bno such \w+ (?:is|was|were|has|have|exists?)\b|\bnil return\b|\bnothing (?:was|has been) (?:found|located)\b"
        ),
    ),
    Rule(
        PARTLY,
        _words("part partly partially some"),
        (),
        re.compile(
            r"\bpart(?:ly|ially)? (?:disclos|releas|refus|exempt|withh|upheld|provid|success)\w{0,10}|"
            r"\b(?:uphold|upheld)\b(?: \w+){0,3} in part\b|"
            r"\b(?:provide|release|disclose|give|supply)(?: you)?(?: with)? (?:some|part|parts) of (?:the|what|your)\b"
        ),
    ),
    Rule(
        PARTLY,
        _words("redact redacted redaction redactions removed blacked obscured"),
        (),
        re.compile(
            r"\bin redacted form\b|\bwith (?:some |appropriate |certain )?redactions?\b|\b(?:has|have) been redacted\b|"
            r"\bwe have redacted\b|\bredacted (?:version|cop)|"
            r"\b(?:names?|data|details|signatures?|addresses|information)\b[^.!?\n]{0,40} (?:has|have) been (?:removed|"
            r"blacked out|"
            r"obscured)\b"
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
    Rule(REFUSED, _words("withheld"), (), re.compile(r"\b(?:is|are|being|been|be) (?:therefore |also )?withheld\b")),
    Rule(
        REFUSED,
        _words(
            "withheld withhold withholding withholds neither vexatious manifestly disclose release comply exempt refusal "
            "provide "
            "given disclosed released provided releasing disclosing providing supply supplied share maintaining"
        ),
        (
            *(
                "withheld",
                "withhold",
                "withholding",
                "withholds",
                "neither confirm",
                "confirm nor",
                "vexatious",
                "manifestly",
                "not able",
                "not going",
                "not obliged",
            ),
            *(
                "unable to",
                "exempt ",
                "refusal notice",
                "decline",
                "declines",
                "declining",
                "cannot be ",
                "not be ",
                "cannot ",
                "not to ",
                "not prepared ",
            ),
            *("not required ", "not willing ", "not being ", "favours maintaining"),
        ),
        re.compile(
            r"\bneither confirms? nor den(?:y|ies)\b|\b(?:is|are|to be|as) (?:vexatious|manifestly unreasonable)\b|"
            r"\bnot (?:able|going|obliged|required|prepared|willing) to (?:disclose|release|comply|supply|share)\b|"
            r"\bunable to (?:disclose|release)\b|\bcannot (?:disclose|release|share)\b|"
            r"\b(?:decided|concluded|decision|resolved) (?:is )?not to (?:disclose|release|provide|supply|publish)\b|"
            r"\b(?:we|i|council|authority|trust|department) (?:are |am |is |have |has )?(?:decided to )?withh(?:old|"
            r"olding|eld)\b|\bwithholds\b|\b(?:is|are) (?:therefore |also )?exempt (?:from disclosure )?(?:under|"
            r"by virtue of|in "
            r"accordance with)\b|\b(?:is|as|constitutes|issue) (?:a|an|the|our|your|my)(?: \w+)? refusal notice\b|"
            r"\bdeclin(?:e|es|ing) (?:to (?:provide|disclose|release)|(?:your|this|"
            r"the) request)\b|"
            r"\b(?:cannot|will not|should not) be (?:given out|disclosed|released|provided|disclosing|releasing|providing)\b|"
            r"\b(?:is|are) not being (?:disclosed|released|provided)\b|\bdecision to withhold\b|"
            r"\bfavours maintaining the exemption\b"
        ),
    ),
    Rule(
        CLARIFICATION,
        _words("clarify specify clarification until narrow know tell confirm explain detail details unclear broad vague hold"),
        (),
        re.compile(
            r"\b(?:please|could you|can you|would you|kindly|need you to|grateful if you (?:could|"
            r"would)) (?:\w+ ){0,2}?(?:clarify|"
            r"specify|narrow|(?:tell|let) (?:me|us) (?:know )?(?:what|which|whether)|explain what|confirm (?:what|which|"
            r"whether)|"
            r"provide (?:us with |me with )?(?:more|further) details?)\b|"
            r"\b(?:require|need|seek|request)(?:ing|s)? (?:\w+ ){0,3}?clarification\b|\bneed to know (?:what|which|whether)\b|"
            r"\buntil (?:we (?:have )?receive|you (?:have )?(?:provide|clarif))\w{0,10}|"
            r"\b(?:unclear|not clear) (?:about|what|which|whether)\b|\brequest (?:\w+ )?(?:on hold|too (?:broad|vague|"
            r"general|wide))\b"
        ),
    ),
    Rule(
        HELD,
        _words(
            "attach attached enclose enclosed see found accessed downloaded viewed obtained response find published below "
            "granted released disclosed provided complied disclose release accompanies accompany full"
        ),
        (
            *(
                "attach",
                "attached",
                "enclose",
                "enclosed",
                "see below",
                "see our",
                "can be ",
                "response is",
                "will find ",
                "can find ",
                "published ",
            ),
            *("find below", "table below", "list below", "figures below", "answer below", "answers below", "information below"),
            *("full", "accompany", "accompanies", "now released", "now disclose", "now release", "now being "),
        ),
        re.compile(
            r"\b(?:find|see) (?:the )?(?:attached|enclosed)\b|\bplease (?:find|see) below\b|"
            r"\b(?:i|we) (?:have )?(?:attach(?:ed)?|enclosed?)\b|"
            r"\bcan be (?:found|accessed|downloaded|viewed|obtained) (?:at|on|via|here|in|from|through)\b|"
            r"\bsee (?:below|our (?:response|answer))\b|"
            r"\bresponse is (?:as follows|below)\b|\b(?:attached|enclosed) (?:is|are)\b|"
            r"\b(?:is|are) (?:now )?(?:attached|enclosed)\b|\byou (?:will|can) find (?:\w+ ){0,2}?(?:attached|"
            r"enclosed|below|with this|figures|information|data|answers?)\b|\bprovide the information below\b|"
            r"\b(?:is|are) (?:already )?published (?:at|on)\b|"
            r"\battached (?:\w+ ){1,2}(?:contains?|shows?|lists?|gives?|provides?|details?|includes?|sets? out)\b|"
            r"\b(?:table|list|figures|answers?) below (?:gives?|shows?|sets? out|lists?|contains?|provides?)\b|"
            r"\b(?:granted|disclosed?|released?|provided|complied with) in full\b|\baccompan(?:y|ies) this\b|"
            r"\bnow (?:being )?(?:released|disclosed|(?:disclose|release)\b(?: the| all))"
        ),
    ),
    Rule(
        HELD,
        _words("is are", "attached enclosed follows set provided given below shown listed available"),
        ("attached", "enclosed", "follows", "set out", "provided", "given", "below", "shown", "listed", "available "),
        re.compile(
            r"\b(?:is|are) (?:\w+ )?(?:attached|enclosed|as follows|set out|provided|given|shown|listed|below|"
            r"available (?:on|at|from|via|in|here))\b"
        ),
        _MATTER,
    ),
    Rule(
        HELD,
        (),
        ("q1", "question 1", "response:", "answer:", "answers:"),
        re.compile(
            r"\b(?:q|question) ?\d{1,2} ?[.:)] ?(?:£?\d|(?:yes|no|none|nil|one|two|three|four|five|six|see (?:above|below|"
            r"attached))\b)|"
            r"\b(?:response|answer)s?: (?:£?\d|yes\b|no\b)"
        ),
    ),
    Rule(
        HELD,
        _words("confirm hold holds there total"),
        (
            *("can confirm", "do confirm", "there are", "there is", "there were", "there was", "there have", "total"),
            *("hold the", "hold this", "hold all", "hold requested", "hold information"),
            *("holds the", "holds this", "holds all", "holds requested", "holds information"),
        ),
        re.compile(
            r"\b(?:can|do) confirm (?:that )?(?:\w+ ){1,4}?(?:holds?|does hold|do hold)\b(?! no)|"
            r"\b(?:we|council|trust|authority|university|force|department) (?:do |does )?holds? (?:the |this |"
            r"all (?:of )?the )?"
            r"(?:requested )?information\b|\b(?:there (?:are|is|were|was|have been)|a total of) £?\d"
        ),
        weak=True,
    ),
)
"""The telling ones first."""
