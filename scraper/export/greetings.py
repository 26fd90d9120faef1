"""Names that a letter's form gives away, whether or not anybody knows them: after "Dear", and below "Yours sincerely"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .folding import BARRIER, Find
from .names import NAME, Thread
from .people import is_person, words

_NAME_WORD = r"[A-Z][^\W\d_]*(?:['\-][^\W\d_]+){0,3}\.?"
_SMALL = r"(?:(?:de|da|di|du|la|le|van|von|der|den|ap|ab|ferch|bin|ibn|al|el|y)[ \t]+){0,2}"
_NAMES = rf"{_NAME_WORD}(?:[ \t]{{1,3}}{_SMALL}{_NAME_WORD}){{0,3}}"
_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Rev|Cllr|Councillor|MR|MRS|MS|MISS|DR)\b\.?[ \t]{0,3})"
_QUOTED = r"[ \t>|*]{0,12}"

_VALEDICTION = re.compile(
    r"(?:regards|sincerely|faithfully|truly|thanks|thank you|wishes|cheers|gywir|cofion(?: cynnes| gorau)?|dymuniadau gorau"
    r"|diolch(?: yn fawr)?(?: iawn)?)(?![^\W_])"
)
_SIGNED = re.compile(
    rf"[ \t]{{0,3}}(?:[,.!;:-]{{0,3}}[ \t]{{0,12}}(?:\r?\n{_QUOTED}){{1,6}}|,[ \t]{{1,3}})"
    rf"{_TITLE}?({_NAMES})(?=[ \t*]{{0,8}}(?:[\r\n,(]|$))"
)
_GREETING = re.compile(r"(?:dear|hi|hello|hey|annwyl|fao|attn|good morning|good afternoon)(?![^\W_])[ \t:,]{1,3}")
_GREETED = re.compile(rf"({_TITLE}{{0,2}})({_NAMES})(?=([ \t]{{0,3}}(?:[,:;.!\r\n-]|and\b|$))?)")
_TITLED = re.compile(rf"{_TITLE}({_NAMES})")


def greetings(plain: str, lower: str, thread: Thread) -> Iterator[Find]:
    """Names of one to four capitalised words in a greeting or a signature.

    Whose a name is the thread's people tell; else it is `NAME`. Where nobody is meant ("Dear Sir", a team), nothing is found.
    """
    for word in _VALEDICTION.finditer(lower):
        if signed := _SIGNED.match(plain, word.end()):
            yield from _find(plain, *signed.span(1), thread)
    for word in _GREETING.finditer(lower):
        if word.start() and lower[word.start() - 1].isalnum():
            continue
        greeted = _GREETED.match(plain, word.end())
        if greeted and (greeted[1] or greeted[3]):
            yield from _find(plain, *greeted.span(2), thread)
    if thread.parts:
        for titled in _TITLED.finditer(plain):
            if not plain[titled.start() - 1 : titled.start()].isalnum() and thread.parts.keys() & set(words(titled[1])):
                yield from _known(plain, *titled.span(1), thread)


def _find(plain: str, start: int, end: int, thread: Thread) -> Iterator[Find]:
    said = plain[start:end].rstrip(".")
    if BARRIER in said or not is_person(said):
        return
    meant = {thread.parts[word] for word in words(said) if word in thread.parts}
    yield Find(start, start + len(said), meant.pop() if len(meant) == 1 else NAME, "name")


def _known(plain: str, start: int, end: int, thread: Thread) -> Iterator[Find]:
    """After a title only as many words as are the person's: the next may begin something else."""
    for word in re.finditer(_NAME_WORD, plain[start:end]):
        if set(words(word[0])) <= thread.parts.keys():
            said = word[0].rstrip(".")
            yield from _find(plain, start + word.start(), start + word.start() + len(said), thread)
