"""The laws whose provisions `exemptions` looks for, as data: their names in text, their numbers, what refuses. Pure.

Facts: Freedom of Information Act 2000 (sections 1 to 88), Freedom of Information (Scotland) Act 2002 (sections 1 to
76), Environmental Information Regulations 2004 (SI 2004/3391, regulations 1 to 21), Environmental Information
(Scotland) Regulations 2004 (SSI 2004/520, regulations 1 to 22).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statute:
    """A law: `unit` is how its provisions are written here, `last` the highest number, `refusing` what can refuse.

    `weighing` begins those paragraphs of a refusing provision that only say how it is weighed or explained.
    """

    name: str
    unit: str
    last: int
    refusing: frozenset[int]
    regulations: bool
    weighing: tuple[str, ...] = ()


STATUTES = {
    "FOIA": Statute("FOIA", "s.", 88, frozenset({12, 14, *range(21, 45)}), False),
    "FOISA": Statute("FOISA", "s.", 76, frozenset({12, 14, 17, 18, *range(25, 42)}), False),
    "EIR": Statute(
        "EIR",
        "r.",
        21,
        frozenset({6, 12, 13}),
        True,
        ("EIR r.12(1)", "EIR r.12(2)", "EIR r.12(9)", "EIR r.12(10)", "EIR r.12(11)"),
    ),
    "EISR": Statute("EISR", "r.", 22, frozenset({6, 10, 11}), True, ("EISR r.10(1)", "EISR r.10(2)", "EISR r.10(6)")),
}
SCOTTISH = {"FOIA": "FOISA", "EIR": "EISR"}

_YEAR = r"(?:,?\s*(?:2000|2002|2004))?"
NAMES: dict[str, str] = {
    "FOISA": r"(?:FOISA|FOI\s?\(\s?S(?:cotland)?\s?\)\s?A(?:ct)?|"
    r"(?:Freedom\s+of\s+Information|FOI)\s+\(Scotland\)\s+Act|2002\s+Act)",
    "EISR": r"(?:EI\s?\(S\)\s?Rs?|EISRs?|Environmental\s+Information\s+\(Scotland\)\s+Regulations|EIRs?\s+\(?Scotland\)?|"
    r"Scottish\s+EIRs?)",
    "EIR": r"(?:EIRs?|Environmental\s+Information\s+Regulations?|Rheoliadau\s+Gwybodaeth\s+Amgylcheddol)",
    "FOIA": r"(?:FOIA|FoIA|FOI\s+(?:Act|act)|(?:Freedom\s+of\s+Information|freedom\s+of\s+information)\s+(?:Act|act)|"
    r"FOI(?![-\w])|"
    r"Ddeddf\s+Rhyddid\s+Gwybodaeth|DRhG|2000\s+Act)",
}
"""Law -> its names in text; tried in this order, since the Scottish ones contain the others."""

ANY_NAME = "|".join(f"(?P<{law}>{names})" for law, names in NAMES.items())

AFTER = re.compile(
    rf"\s*(?:\([^()\n]{{1,60}}\)\s*)?(?:[-\u2013\u2014,:]\s*)?(?:(?:of|in|under|from|to|within)\s+|o['\u2019]r\s+|"
    rf"o\s+)?(?:[Tt]he\s+)?(?:{ANY_NAME}){_YEAR}"
)
"""The law named right after a provision."""
THE_ACT = re.compile(
    r"\s*(?:\([^()\n]{1,60}\)\s*)?(?:of|in|under|to)\s+(?:the|that|this)\s+(?:Act|Regulations)\b(?!\s+(?:19|20)\d\d)"
)
SAME_ACT = re.compile(r"\s*(?:of|in|under)\s+(?:the\s+same|that)\s+Act\b")
BEFORE = re.compile(
    rf"(?:{ANY_NAME}){_YEAR}[\s,:()\u2013\u2014-]*(?:(?:the|this)\s+)?(?:act\s+)?(?:exemptions?|exceptions?)?[\s:,(]*$"
)
"""The law named right before a provision."""
_WORD = r"(?:[A-Z][\w'\u2019.&-]*|and|of|the|for|to|in|on|etc\.?|\([A-Z][\w ,&]{2,60}\)),?"
OTHER_AFTER = re.compile(
    rf"\s*(?:\([^()\n]{{1,60}}\)\s*)?(?:,\s*)?(?:(?:of|in|under|to|contrary\s+to)\s+)?(?:the\s+)?(?:{_WORD}\s+){{1,16}}?"
    r"(?:Act|Acts|Regulations?|Order|Rules|Code|Directive|Measure|Convention)\b"
)
"""Another law named right after a provision."""
OTHER_SHORT = re.compile(
    r"\s*(?:of|in|under)?\s*(?:the\s+)?(?:UK\s+)?(?:GDPR|DPA|PACE|RIPA|TCPA|CRCA|Children|Mental\s+Health|Housing|"
    r"Care\s+Act)\b|"
    r"\s*(?:of|in|on|under)\s+(?:the|our|your|my|its|this|that)\s+(?:\w+\s+){0,2}(?:report|spreadsheet|form|contract|"
    r"constitution|policy|"
    r"guidance|document|agreement|minutes|lease|plan|strategy|handbook|scheme|workbook|table|website|map|road|list)\b|"
    r"\s+(?:of|in)\s+(?:Annex|Appendix|Part|Schedule)\b|"
    r"\s*(?:agreements?|enquir(?:y|ies)|inquir(?:y|ies)|assessments?|officers?|waivers?|consents?|works|authorit(?:y|"
    r"ies)|orders?|meetings?|"
    r"payments?|monies|contributions?|funding|investigations?|visits?|Road|Street)\b"
)
"""What a number that is no provision of these laws is followed by."""
OTHER_BEFORE = re.compile(
    r"\b(?:Act|Regulations|Order|Rules)\s+(?:19|20)\d\d[\s,:(]*$|"
    r"\b(?:paragraph|para|clause|article|table|schedule|annex|appendix|page|part\s+\d+,?|question|policy,|constitution,|"
    r"routes?|phase|unit|"
    r"sectors?|Samsung|Galaxy|refs?(?:erence)?:?)\s*$",
    re.IGNORECASE,
)
