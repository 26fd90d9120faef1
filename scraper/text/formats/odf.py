"""OpenDocument texts, presentations and drawings: paragraphs a line each, a presentation's slides as pages."""

from __future__ import annotations

from lxml import etree

from ..packed import Words, local, opened, parse, part
from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"lxml {etree.__version__}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SLIDE = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}page"
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_MOST_SPACES = 1000
_GAPS = {"tab": "\t", "line-break": "\n"}
_AFTER = {"table-cell": "\t", "table-row": "\n"}


class _Words(Words):
    """Words stand anywhere in a paragraph, between its elements too. What tracked changes took out is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.slides = self._deleted = 0
        self.pages = [self.words]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._within += tag in _PARAGRAPHS
        self._deleted += tag == f"{_TEXT}tracked-changes"
        if tag == _SLIDE:
            self.slides += 1
            if self.slides > 1:
                self.words = []
                self.pages.append(self.words)
        elif tag == f"{_TEXT}s":
            count = attributes.get(f"{_TEXT}c", "1")
            self.data(" " * (min(int(count[:9]), _MOST_SPACES) if count.isdecimal() else 1))
        elif tag.startswith(_TEXT):
            self.data(_GAPS.get(local(tag), ""))

    def end(self, tag: str) -> None:
        self._deleted -= tag == f"{_TEXT}tracked-changes"
        gap = "\n" if tag in _PARAGRAPHS else _AFTER.get(local(tag))
        self._within -= tag in _PARAGRAPHS
        if gap is not None and not self._deleted:
            if local(tag) in _AFTER and self.words and self.words[-1] in ("\n", "\t"):
                self.words.pop()
            self.words.append(gap)

    def data(self, text: str) -> None:
        if self._within and not self._deleted:
            self.words.append(text)


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    with opened(data) as archive:
        if b"encryption-data" in (part(archive, "META-INF/manifest.xml") or b""):
            raise Encrypted("needs a password")
        xml = part(archive, "content.xml")
    if xml is None:
        raise Unreadable("OpenDocument: it has no content")
    found = parse(xml, _Words())
    return Text([page("".join(words)).strip() for words in found.pages], METHOD, found.slides or None)
