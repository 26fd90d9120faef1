"""What a response is for the clock: an acknowledgement, a question back, more time, or an answer. Pure.

The rules look at the words that open a message, and at whether it brings files; they are for English. When in doubt
a response is an answer, so that nobody is called late who may have answered.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .reading import Message

ACKNOWLEDGEMENT, CLARIFICATION, EXTENSION, SUBSTANTIVE, WITHHELD = (
    "acknowledgement",
    "clarification",
    "extension",
    "substantive",
    "withheld",
)

LONGEST_ACKNOWLEDGEMENT = 3000
"""Characters. Acknowledgements with the usual paragraphs on the law, the fees and the review stay below."""

_RECEIPT = re.compile(
    r"\backnowledg(?:e|es|ing|ement)\b|\b(?:has|have) (?:now )?been (?:received|logged|passed|forwarded|allocated)\b|"
    r"\b(?:we|i) (?:have|has|can confirm (?:that )?(?:we|i) have) (?:now )?(?:received|logged)\b|"
    r"\bconfirm(?:s|ation of)? (?:the )?receipt\b|\breceipt of your\b|\bauto(?:matic(?:ally)?|mated)?[ -]?(?:reply|response|"
    r"generated|acknowledg\w*|e-?mail)\b|\bout of (?:the )?office\b|\bis being (?:dealt with|processed|considered)\b|"
    r"\bthank(?: |s for |ing )you for (?:your|contacting|the) (?:[\w-]+ ){0,6}(?:request|e-?mail|enquiry|message|letter|us)\b|"
    r"\bthank you for (?:your|contacting|the)\b|\bmae eich cais\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:will|shall|aim to|should|intend to|hope to|expect to) (?:\w+ ){0,3}?(?:respond|reply|receive|answer|"
    r"be (?:answered|dealt|"
    r"provided|processed|sent|issued|contacted|in touch)|contact you|provide you with|send you|get back|deal with|process)\b|"
    r"\b(?:within|by|no later than|not later than|up to) (?:the )?(?:next )?(?:20|twenty|40|"
    r"forty)(?:th)? ?(?:\(?\d*\)? )?working days?\b|"
    r"\bour reference\b|\breference (?:number )?(?:is|for)\b|\bdo not reply\b|\bunmonitored\b|\bnot monitored\b|"
    r"\bout of (?:the )?office\b|\bauto(?:matic(?:ally)?|mated)[ -]",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"\b(?:please )?(?:find|see) (?:the )?(?:attached|enclosed|below|response)\b|\battached (?:is|are|please|document|"
    r"to this|file|letter)\b|"
    r"\b(?:our|the|my) (?:response|answer|reply)s? (?:to your [\w ]{1,40})?(?:is|are) (?:\w+ )?(?:as follows|set out|"
    r"below|attached|provided)\b|"
    r"\bin (?:response|reply|answer) to your (?:\w+ ){0,6}(?:request|questions?|enquiry|e-?mail|letter|queries)\b|"
    r"\b(?:do|does|did) not hold\b|\b(?:is|are) not held\b|\bnot held by\b|\bno information held\b|\bis (?:exempt|"
    r"refused|withheld)\b|"
    r"\b(?:are|been) (?:exempt|refused|withheld)\b|\bexempt(?:ion)? (?:from disclosure )?under\b|\brefus(?:e|ing|"
    r"al)(?:d)? (?:of )?your\b|\bexceeds? the appropriate\b|"
    r"\bappropriate limit\b|\bi can (?:now )?(?:confirm|advise|provide) (?!that (?:we|i|the \w+) (?:have|has) received|"
    r"receipt)|"
    r"\bthe (?:requested )?information (?:you (?:have )?requested )?is (?:\w+ )?(?:as follows|below|available|"
    r"published)\b|\bas follows\b|"
    r"\bcan be (?:found|viewed|downloaded|accessed) (?:at|on|here|via)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\b(?:please|could you|can you|would you|kindly|you to|need to|grateful if you) (?:\w+ ){0,3}?(?:clarify|specify|"
    r"be more specific)\b|"
    r"\b(?:seek|require|need|request|ask for|asking for|requesting|await(?:ing)?)(?:ing)? (?:\w+ ){0,4}?clarification\b|"
    r"\bsection 1\(3\)|\bregulation 9\(2\)|\b(?:clock|time ?limit|request) (?:\w+ ){0,4}?(?:stopped|paused|(?:put )?on hold)\b|"
    r"\bfurther (?:information|details?) (?:from you|(?:is|are) (?:needed|required) (?:from you )?to identify)\b",
    re.IGNORECASE,
)
_MORE_TIME = re.compile(
    r"\bextend(?:ing|ed)? (?:the |this |our |your |that )?(?:\w+ ){0,3}?(?:time|deadline|period|limit)\b|"
    r"\bextension (?:of|to) (?:the )?(?:time|deadline|"
    r"\d+|statutory)\b|\bsection 10\(3\)|\bregulation 7\(1\)|\b(?:need|require|requires|taking|take) (?:additional|more|"
    r"further|longer) time\b|"
    r"\bfurther (?:20|twenty) working days\b|\b(?:further|additional|more) time (?:to|is) (?:consider|needed|required|"
    r"assess|complete)\b",
    re.IGNORECASE,
)
_READ = 6000
"""Characters from the start that are looked at."""


def nature(message: Message, described: str | None = None) -> str:
    """What a response is. `described` is the state that somebody gave at it, if any.

    A response that was called a request for clarification is one. Otherwise: with files, or with words that give or
    refuse information, it is an answer; words that ask for clarification or for more time, or that acknowledge and
    promise, make it what they say. A response whose text is withheld is called so: nobody can tell.
    """
    if described == "waiting_clarification":
        return CLARIFICATION
    if message.text is None:
        return WITHHELD
    if message.files or described in ("successful", "partially_successful", "not_held", "rejected"):
        return SUBSTANTIVE
    return _by_words(message.text)


@lru_cache(maxsize=256)
def _by_words(whole: str) -> str:
    """Told from the words alone. Several tables ask about the same message, one after the other."""
    text = " ".join(whole[:_READ].split())
    answers = _ANSWER.search(text) is not None
    if not answers and _QUESTION.search(text):
        return CLARIFICATION
    if not answers and _MORE_TIME.search(text):
        return EXTENSION
    short = len(whole) <= LONGEST_ACKNOWLEDGEMENT
    if short and not answers and _RECEIPT.search(text[:1500]) and (_PROMISE.search(text) or len(text) < 600):
        return ACKNOWLEDGEMENT
    return SUBSTANTIVE
