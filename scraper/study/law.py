"""Which law and whose bank holidays a request falls under, told from its `law_used` and its authority's tags. Pure.

Tags are the site's: `scotland`, `wales` and `northern_ireland` where an authority has them, a GSS code's first letter
(`gss:S12000033`), and categories that WhatDoTheyKnow gives to bodies of one nation alone. Where nothing tells, the
nation is None; most authorities of the United Kingdom as a whole are such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

NATIONS: dict[str, tuple[str, ...]] = {
    "scotland": ("scotland", "assessor", "licensing_board", "vjb"),
    "northern_ireland": ("northern_ireland", "nhsni", "wma", "lib_board", "dpp"),
    "wales": ("wales", "nhswales", "chc", "trunk_road_agency"),
    "england": ("england",),
}
"""Nation -> tags of authorities that belong to it alone."""

_GSS = {"S": "scotland", "N": "northern_ireland", "W": "wales", "E": "england"}
_GSS_TAGS = frozenset({"gss", "statistical_geography"})


@dataclass(frozen=True, slots=True)
class Law:
    """A law's clock: `days` to answer, `very_late` as the site counts it, `review` days, and whose holidays count.

    `review` is the statute's (Scotland; the Regulations) or, for the Act of 2000, the section 45 code's 20 days.
    """

    name: str
    area: str
    days: int
    very_late: int
    review: int


LAWS = {
    "FOIA": Law("FOIA", "united_kingdom", 20, 40, 20),
    "FOISA": Law("FOISA", "scotland", 20, 40, 20),
    "EIR": Law("EIR", "united_kingdom", 20, 40, 40),
    "EISR": Law("EISR", "scotland", 20, 40, 20),
}
EMERGENCY_DAYS, EMERGENCY_FROM, EMERGENCY_UNTIL = 60, date(2020, 4, 7), date(2020, 5, 26)
"""What was answered under FOISA on these days, requests and reviews alike, had 60 working days (Coronavirus (Scotland) Act
2020, schedule 6, paragraphs 3 and 4). From 27 May 2020 all that was not answered yet was under the 20 days again, as if
they had never been more (Coronavirus (Scotland) (No.2) Act 2020, schedule 4, paragraph 11; the Scottish Information
Commissioner, "Covid-19 and FOI: Public authority questions answered", 2020). The Regulations were not changed."""
SCHOOL_DAYS = 60
"""Schools have 20 school days or 60 working days, whichever end first (SI 2004/3364 and 2010/2768); which days are
school days nobody publishes. The site calls them late after 20 working days and very late after 60."""


def days_allowed(law: Law, days: int, on: date) -> int:
    """The working days that an answer on a day had, or that one waited for on that day has, where the law says `days`."""
    return EMERGENCY_DAYS if law.name == "FOISA" and EMERGENCY_FROM <= on <= EMERGENCY_UNTIL else days


def nation_of(tags: Iterable[tuple[str, str]]) -> str | None:
    """The nation an authority belongs to, by its (name, value) tags; None where they do not tell or disagree."""
    found: set[str] = set()
    for name, value in tags:
        found.update(nation for nation, names in NATIONS.items() if name in names)
        if name in _GSS_TAGS and (nation := _GSS.get(value[:1].upper())):
            found.add(nation)
    return found.pop() if len(found) == 1 else None


def is_school(tags: Iterable[tuple[str, str]]) -> bool:
    """As the site tells: by the tag `school`."""
    return any(name == "school" for name, _ in tags)


def law_of(law_used: str | None, nation: str | None) -> Law | None:
    """The law of a request; None where the site names one that has no clock here."""
    scottish = nation == "scotland"
    if law_used == "foi":
        return LAWS["FOISA" if scottish else "FOIA"]
    if law_used == "eir":
        return LAWS["EISR" if scottish else "EIR"]
    return None
