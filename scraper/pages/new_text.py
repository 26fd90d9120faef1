"""What a message adds: its text less the earlier correspondence that it quotes.

How mail programs begin what they quote, in thirteen languages, is taken from mail-parser-reply: its tables of "On ...
wrote:" and "From: ... Sent: ..." lines. Its own cutting is not used, since it drops lines that nobody quoted, alters
white space, and takes time that grows with the square of the text. What is cut here is whole lines, and only where
their neighbours bear it out; when in doubt a line stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailparser_reply.constants import MAIL_LANGUAGES

_WROTE = tuple(
    re.compile(language["wrote_header"], re.IGNORECASE) for language in MAIL_LANGUAGES.values() if "wrote_header" in language
)
_WROTE_WELSH = re.compile(r"^(?:Ar|Ddydd|Dydd)\s.{4,200}ysgrifennodd.{0,150}:$", re.IGNORECASE)
_HEADERS = tuple(
    re.compile(language["from_header"], re.MULTILINE | re.IGNORECASE)
    for name, language in MAIL_LANGUAGES.items()
    if "from_header" in language and name != "david"
)
_HEADERS_WELSH = re.compile(
    r"(?:^[* ]*(?:O|Oddi wrth|Anfonwyd|At|I|Pwnc|Testun|Dyddiad|Copi|Cc):.*\n?){2}", re.MULTILINE | re.IGNORECASE
)

_QUOTED = re.compile(r"[ \t]*>")
_LABEL = re.compile(r"[* ]{0,4}[^\W\d_][^:\n]{0,24}:")
_RULE = re.compile(r"[ \t]*[-_=*]{5,}[ \t]*")
_SEPARATOR = re.compile(r"[ \t]*[-_=*]{2,}[ \t]*([^\W\d_][^\n]{2,80}?)[ \t]*[-_=*]{2,}[ \t]*")
_KNOWN_SEPARATOR = re.compile(r"original message|forwarded (?:message|by)|neges wreiddiol|neges a anfonwyd ymlaen", re.IGNORECASE)
_SENDER_OR_TIME = re.compile(r"[@<\[]|\d\d?[:.]\d\d")
_UNFINISHED = re.compile(r"[^\s.!?:;]\s*$")
_FOOTER = re.compile(
    r"/help/officers\b|/change_request/new\b|use this email address for all replies to this request|"
    r"This message and any reply that you make will be published",
    re.IGNORECASE,
)
"""In the lines that Alaveteli adds to what it sends. The addresses are the same in every language."""

_ANSWERS = r"(?:answers?|repl(?:y|ies)|respon(?:d|ses?)|comments?|highlighted|atebion|ateb|gweler)"
_COLOURED = r"(?:in-?line|in (?:red|blue|green|purple|bold|italics?|capitals)|mewn (?:coch|glas))"
_ANSWERS_BELOW = re.compile(
    rf"\b{_ANSWERS}\b[^.!?]{{0,80}}\b(?:{_COLOURED}\b|(?P<below>(?:below|beneath|underneath|isod)\b))|\b{_COLOURED}\b[^.!?]{{0,40}}\b{_ANSWERS}\b",
    re.IGNORECASE,
)
"""Who writes this answers between the lines of an earlier mail, where no mark tells them apart: colours are lost in text."""
_SIGNED_OFF = 600
"""Characters that may follow "see our answers below" if the answers are not among them."""

_TRIED = 200
"""So many lines that look like the start of a quote are looked at more closely: bounds the time for hostile texts."""
_WINDOW_CHARACTERS = 250
_BLOCK_LINES = 10
_FOOTER_LINES = 40
_WRAPPED_FROM = 50
"""Quotes are wrapped at 60 to 80 characters; a line that was cut there is not much shorter."""


def new_text(text: str) -> str:
    """The lines of a text that it does not quote, in their order; all of it where everything is quoted.

    Leading and trailing blank lines go, and of several blank lines together all but one.
    """
    lines = text.split("\n")
    quoted = [_QUOTED.match(line) is not None for line in lines]
    end = _mark_tail(lines, quoted)
    if end < len(lines) and _answers_below("\n".join(line for line, gone in zip(lines[:end], quoted, strict=False) if not gone)):
        quoted[end:] = [_QUOTED.match(line) is not None for line in lines[end:]]
    _mark_wrapped(lines, quoted)
    _mark_footers(lines[:end], quoted)
    kept = "\n".join(_without_gaps(line for line, gone in zip(lines, quoted, strict=True) if not gone))
    return kept if re.search(r"[^\W_]", kept) else text


def _answers_below(own: str) -> bool:
    """Whether a text says that its writer's answers stand in the earlier mail that follows it."""
    return any(found["below"] is None or len(own) - found.end() <= _SIGNED_OFF for found in _ANSWERS_BELOW.finditer(own))


def _mark_tail(lines: list[str], quoted: list[bool]) -> int:
    """Marks "On ... wrote:" lines, and everything from where an earlier mail was added whole; returns where that is."""
    tries = _TRIED
    for at, line in enumerate(lines):
        if quoted[at] or not line.strip() or tries <= 0:
            continue
        start = None
        if line.rstrip().endswith((":", "\uff1a")):
            tries -= 1
            start = _wrote(lines, quoted, at)
        if start is not None:
            quoted[start : at + 1] = [True] * (at + 1 - start)
            following = next((number for number in range(at + 1, len(lines)) if lines[number].strip()), len(lines))
            if following == len(lines) or quoted[following]:
                continue  # what is quoted has its marks
            if _SENDER_OR_TIME.search(" ".join(lines[start : at + 1])):
                return _mark_from(lines, quoted, start)
            quoted[start : at + 1] = [False] * (at + 1 - start)  # a sentence of the writer's own
        elif (separator := _SEPARATOR.fullmatch(line[:_WINDOW_CHARACTERS])) is not None:
            tries -= 1
            if _KNOWN_SEPARATOR.search(separator[1]) or _headers(lines, at + 1) >= 2:
                return _mark_from(lines, quoted, at)
        elif _LABEL.match(line):
            tries -= 1
            if _headers(lines, at) >= 3:
                return _mark_from(lines, quoted, at)
    return len(lines)


def _mark_from(lines: list[str], quoted: list[bool], at: int) -> int:
    """Marks everything from a line on, and the rule that stands before it."""
    while at > 0 and (not lines[at - 1].strip() or _RULE.fullmatch(lines[at - 1])):
        at -= 1
    quoted[at:] = [True] * (len(lines) - at)
    return at


def _wrote(lines: list[str], quoted: list[bool], at: int) -> int | None:
    """Where a line such as "On ... wrote:" begins that ends here, wrapped to three lines at most."""
    for start in range(at, max(at - 3, -1), -1):
        if quoted[start] or not lines[start].strip():
            return None
        joined = " ".join(line.strip() for line in lines[start : at + 1])
        if len(joined) > _WINDOW_CHARACTERS:
            return None
        if any(character.isdigit() for character in joined) and (
            _WROTE_WELSH.match(joined) or any(wrote.match(joined) for wrote in _WROTE)
        ):
            return start
    return None


def _headers(lines: list[str], at: int) -> int:
    """How many header lines of one language the block has that begins with one of them here; 0 where none does."""
    block = [line[:_WINDOW_CHARACTERS] for line in lines[at : at + _BLOCK_LINES] if line.strip()]
    if not block or not any(character.isdigit() for line in block for character in line):
        return 0
    labelled = [line for line in block if _LABEL.match(line)]
    if len(labelled) < 2 or labelled[0] != block[0]:
        return 0
    # The tables want two header lines at least: a line is one where, doubled, it satisfies them.
    return max(
        sum(header.match(f"{line}\n{line}") is not None for line in labelled) if header.match(f"{block[0]}\n{block[0]}") else 0
        for header in (*_HEADERS, _HEADERS_WELSH)
    )


def _mark_wrapped(lines: list[str], quoted: list[bool]) -> None:
    """Marks what was cut off quoted lines when they were wrapped, and lost its ``>``.

    Such lines stand between quoted lines without a gap, and each goes on with a sentence that the one before left open.
    """
    start = 0
    while start < len(lines):
        if quoted[start] or not lines[start].strip() or start == 0 or not quoted[start - 1]:
            start += 1
            continue
        end = start
        while end < len(lines) and not quoted[end] and lines[end].strip():
            end += 1
        if end == len(lines) or quoted[end]:
            for at in range(start, end):
                before = lines[at - 1]
                if len(before) < _WRAPPED_FROM or not _UNFINISHED.search(before[-20:]):
                    break
                quoted[at] = True
        start = end


def _mark_footers(lines: list[str], quoted: list[bool]) -> None:
    """Marks what the site itself adds beneath a message when it sends it, from rule to rule or paragraph by paragraph."""
    at = 0
    while at < len(lines):
        if _RULE.fullmatch(lines[at]):
            last = min(at + _FOOTER_LINES, len(lines))
            close = next((number for number in range(at + 1, last) if _RULE.fullmatch(lines[number])), None)
            if close is not None and any(_FOOTER.search(line) for line in lines[at:close]):
                quoted[at : close + 1] = [True] * (close + 1 - at)
                at = close + 1
                continue
        elif _FOOTER.search(lines[at]):
            while at < len(lines) and lines[at].strip():
                quoted[at] = True
                at += 1
        at += 1


def _without_gaps(lines: Iterator[str]) -> Iterator[str]:
    begun = gap = False
    for line in lines:
        if not line.strip():
            gap = begun
            continue
        if gap:
            yield ""
        yield line
        begun, gap = True, False
