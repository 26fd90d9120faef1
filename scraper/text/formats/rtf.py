"""RTF: what is written, without its formatting and embedded objects; headers, footers, notes and comments where they stand.

striprtf passes by whatever is beside the body, and takes what tracked changes struck out for words in force. So the names of
such groups are changed before it sees them.
"""

from __future__ import annotations

import re
from importlib.metadata import version

from striprtf.striprtf import rtf_to_text

from ..registry import Options
from ..result import Text, Unreadable, page

METHOD = f"striprtf {version('striprtf')}"
_DAMAGED = (ValueError, KeyError, IndexError, LookupError, TypeError, AttributeError, OverflowError)

_CONTROL = re.compile(
    r"\\[\\{}]|[{}]|(?:\\\*)?\\(?:(?P<beside>footnote|annotation|header[lrf]?|footer[lrf]?|shptxt|dptxbxtext)|(?P<around>shp|shpinst)"
    r"|(?P<deleted>deleted))(?![a-z0-9-])"
)

_PICTURE = re.compile(r"(?:[0-9a-fA-F]{64,}\s*){4,}")
"""Bytes as digits: striprtf looks at each of them, which takes a minute for a letter with photographs."""


def _in_the_body(rtf: str) -> tuple[str, bool]:
    """The same with what is beside the body made paragraphs of it, and what tracked changes struck out made comments.

    And whether it is cut off: groups of it do not end.
    """
    groups: list[bool] = []  # for each that is open, whether it is beside the body

    def said(control: re.Match[str]) -> str:
        if control["beside"]:
            groups[-1:] = [True]
            return r"\par"
        if control["around"]:
            return ""
        if control["deleted"]:
            return r"\comment"
        if control[0] == "{":
            groups.append(False)
        elif control[0] == "}" and groups and groups.pop():
            return r"\par}"
        return control[0]

    changed = _CONTROL.sub(said, _PICTURE.sub("", rtf))
    return changed, bool(groups) and r"\bin" not in rtf


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable."""
    try:
        # RTF is ASCII; what is beyond belongs to the code page that it names.
        rtf, is_cut = _in_the_body(data.decode("latin-1"))
        words = rtf_to_text(rtf, encoding="cp1252", errors="replace")
    except _DAMAGED as error:
        raise Unreadable(f"RTF: {error}") from None
    return Text([page(words).strip()], METHOD, note="cut off: it does not end" if is_cut else None)
