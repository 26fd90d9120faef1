"""An archive's people, for tests of masking. None of them exists."""

# ruff: noqa: RUF001

from __future__ import annotations

from scraper.export.masking import Mask, gather
from scraper.export.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(bytes(range(32)))
AUTHORITIES = [(1, "Luton Borough Council", "LBC"), (2, "Department for Hats", "DfH")]
USERS = [
    (1, "jo_bloggs", "Jo Bloggs"),
    (2, "zoe_o_brien", "Zoë O'Brien"),
    (3, "jean_luc_picardy", "Jean-Luc Picardy"),
    (4, "zaphod", "Zaphod"),
    (5, "will", "Will"),
    (6, "sam_twice", "Sam Twice"),
    (7, "sam_twice_2", "Sam Twice"),
    (8, "li_xiaolong", "李小龍"),
    (9, "sir_hugo_plumley_mbe", "Sir Hugo Plumley MBE"),
    (10, "council_tax", "Council Tax"),
    (11, "mueller", "Jörg Müller (Account suspended)"),
    (12, "theresa_may", "Theresa May"),
]
REQUESTS = [
    (100, 1, "Jo Bloggs", 1),
    (101, 2, "Zoë O'Brien", 2),
    (102, 4, "Zaphod", 1),
    (103, 5, "Will", 1),
    (104, 6, "Sam Twice", 1),
    (105, None, "Una Nowhere", 2),
    (106, None, "An anonymous user", 2),
    (107, 12, "Theresa May", 1),
]
MESSAGES = [
    (100, "request", "Jo Bloggs", 1, "jo_bloggs"),
    (100, "response", "Jane Clerkson, Luton Borough Council", None, None),
    (101, "response", "Jane Clerkson, Department for Hats", None, None),
    (102, "response", "FOI Team, Luton Borough Council", None, None),
    (102, "response", "Luton Borough Council", None, None),
    (104, "response", "O’HARA, Siân (Legal), Luton Borough Council", None, None),
    (104, "annotation", "Jo Bloggs", None, "jo_bloggs"),
]

JO = PSEUDONYMS.requester(1, None)
ZOE = PSEUDONYMS.requester(2, None)
JANE = PSEUDONYMS.official(1, "Jane Clerkson")
JANE_OF_HATS = PSEUDONYMS.official(2, "Jane Clerkson")


def mask() -> Mask:
    """A new mask over these people."""
    return Mask(gather(PSEUDONYMS, AUTHORITIES, USERS, REQUESTS, MESSAGES, {"council", "tax"}))
