"""What is a person's name, as far as spelling tells: display names of accounts, and what a response's sender calls itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .folding import fold

_WORD = re.compile(r"[^\W\d_]+|\d+")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame lady lord rev revd reverend cllr councillor capt captain col major sgt"
    " hon judge".split()
)
_AFTER_NAMES = frozenset(
    "esq jnr jr snr sr phd dphil msc bsc ba ma mba llb llm obe mbe cbe kcb mvo kbe dbe qc kc mp msp ms mla frs fcca aca"
    " acca cipfa dpo".split()
)
_NO_PERSON = frozenset(
    # Offices, mailboxes, roles and the words they are made of; English and some Welsh.
    "access account accounts act adran advice advisor adviser agency all and applicant applications assistant association"
    " audit authority board body borough business campaign care cabinet centre central chief city civil clerk college"
    " colleague colleagues commission commissioner committee communications community company compliance complaints"
    " constabulary coordinator co ordinator corporate correspondence council councils county customer customerservices"
    " cyngor data democratic department dept deputy desk development digital direct director directorate disclosure"
    " disclosures district do donotreply eir email emails enquiries enquiry enterprise environment environmental equality"
    " estates exec executive external fees feedback finance fire foi foia foidesk foirequests for force foundation free"
    " freedom from general governance government gp group gwybodaeth headteacher head health help helpdesk help highways"
    " home hospital house housing hr hub human info information infogov infogovernance inbox inc infrastructure inquiries"
    " institute internal it justice lab lead legal library licensing limited local ltd mail mailbox mailer management"
    " manager media member ministry minister monitoring national network new nhs no noreply not of office officer officers"
    " official ombudsman on online operations ordinary our parish parking partnership pensions performance permanent person"
    " planning plc police policy post postmaster practice press primary privacy private procurement project protection"
    " public publications publication records registrar registry reply report requester request requests research resources"
    " response responses review reviews revenue rights road roads safety sar school schools secondary secretary secretariat"
    " section security senior service services sir madam social society solicitor solicitors staff standards statistics"
    " strategy strategic subject support system systems tax team the theatre to town trading transparency transport treasury"
    " tribunal trust trustees tim unit university user users web webmaster whom with works you your your yours sirs"
    " gentlemen ladies everyone folks friend friends there again both anonymous unknown requestor enquirer".split()
)
_PLACEHOLDER = re.compile(r"\[?(?:an )?(?:anonymous(?: user)?|external person|name removed|unknown|anon|user)\]?")
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]{0,80}[)\]]\s*")


@lru_cache(maxsize=50_000)
def words(name: str) -> tuple[str, ...]:
    """A name's words, folded and small; an apostrophe or a hyphen parts words."""
    return tuple(_WORD.findall(fold(name)))


def is_placeholder(name: str | None) -> bool:
    """Whether the site put this where there is no name."""
    return name is None or not words(name) or _PLACEHOLDER.fullmatch(fold(name).strip()) is not None


def core(name: str) -> str:
    """A name without titles, letters after it and asides, given names first; as written otherwise.

    `SMITH, Dr Jane (Legal)` is `Jane SMITH`. What has nothing left, such as `Dr Foster`, keeps its last word.
    """
    name = _ASIDE.sub(" ", name).strip()
    first, comma, second = name.partition(",")
    if comma and second.strip() and words(second)[:1] and words(second)[0] not in _AFTER_NAMES:
        name = f"{second.strip()} {first.strip()}"
    elif comma:
        name = first
    kept = name.split()
    while len(kept) > 1 and "".join(words(kept[0])) in _TITLES:
        kept = kept[1:]
    while len(kept) > 1 and "".join(words(kept[-1])) in _AFTER_NAMES:
        kept = kept[:-1]
    return " ".join(kept)


def is_person(name: str) -> bool:
    """Whether a name may be a person's: one to five words, none of them an office's, no digits."""
    said = words(name)
    return 0 < len(name.split()) <= 5 and len(name) <= 80 and not _NO_PERSON.intersection(said) and not re.search(r"[\d@/]", name)


def official(author: str, bodies: Iterable[str]) -> tuple[str, str] | None:
    """Of a response's author line, the person and what follows; None where it names an office or the authority alone.

    The site writes "NAME, AUTHORITY" or "AUTHORITY". `bodies` are the authority's name and short name.
    """
    name, rest = author, ""
    known = [body for body in bodies if body]
    for body in known:
        if author.endswith(f", {body}"):
            name, rest = author[: -len(body) - 2], author[-len(body) - 2 :]
            break
        if author == body:
            return None
    else:
        # Renamed since, perhaps. Commas are rare in names.
        name, comma, after = author.partition(",")
        rest = comma + after
    said = words(name)
    if not is_person(core(name)) or any(said == words(body) for body in known):
        return None
    letters = "".join(said)
    if len(said) == 1 and (name.isupper() or name.islower() or any(letters in fold(body).replace(" ", "") for body in known)):
        return None  # an abbreviation or a mailbox
    return name, rest
