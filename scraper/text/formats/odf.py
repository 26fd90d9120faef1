"""OpenDocument texts, presentations and drawings: paragraphs a line each, a presentation's slides as pages.

Notes and comments follow the page that they are on, a text's headers and footers its end, so that no sentence is torn.
"""

from __future__ import annotations

from lxml import etree

from ..packed import Words, local, opened, parse, part
from ..registry import Options
from ..result import Encrypted, Text, Unreadable, page

METHOD = f"lxml {etree.__version__}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SLIDE = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}page"
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_BESIDE = (f"{_TEXT}note", "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}annotation")
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_MARGINS = tuple(f"{_STYLE}{place}{which}" for place in ("header", "footer") for which in ("", "-left", "-first"))
_MOST_SPACES = 1000
_GAPS = {"tab": "\t", "line-break": "\n"}
_AFTER = {"table-cell": "\t", "table-row": "\n"}


class _Words(Words):
    """Words stand anywhere in a paragraph, between its elements too. What tracked changes took out is left out."""

    LEFT_OUT = frozenset({"tracked-changes", "note-citation"})

    def __init__(self) -> None:
        super().__init__()
        self.slides = 0
        self.beside: list[str] = []
        """Notes and comments of the page."""
        self.pages = [(self.words, self.beside)]
        self._torn: list[tuple[list[str], int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._silent or local(tag) in self.LEFT_OUT:
            self._silent += 1
            return
        self._within += tag in _PARAGRAPHS
        if tag in _BESIDE:
            self._torn.append((self.words, self._within))
            self.words, self._within = self.beside, 0
        elif tag == _SLIDE:
            self.slides += 1
            if self.slides > 1:
                self.words, self.beside = [], []
                self.pages.append((self.words, self.beside))
        elif tag == f"{_TEXT}s":
            count = attributes.get(f"{_TEXT}c", "1")
            self.data(" " * (min(int(count[:9]), _MOST_SPACES) if count.isdecimal() else 1))
        elif tag.startswith(_TEXT):
            self.data(_GAPS.get(local(tag), ""))

    def end(self, tag: str) -> None:
        if self._silent:
            self._silent -= 1
            return
        self._within -= tag in _PARAGRAPHS
        if tag in _BESIDE:
            self.words, self._within = self._torn.pop()
        gap = "\n" if tag in _PARAGRAPHS else _AFTER.get(local(tag))
        if gap is not None:
            if local(tag) in _AFTER and self.words and self.words[-1] in ("\n", "\t"):
                self.words.pop()
            self.words.append(gap)


class _Margins(_Words):
    """Headers and footers, which stand among a text's styles."""

    def __init__(self) -> None:
        super().__init__()
        self._margins = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._margins += tag in _MARGINS
        super().start(tag, attributes)

    def end(self, tag: str) -> None:
        self._margins -= tag in _MARGINS
        super().end(tag)

    def data(self, text: str) -> None:
        if self._margins:
            super().data(text)


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    with opened(data) as archive:
        if b"encryption-data" in (part(archive, "META-INF/manifest.xml") or b""):
            raise Encrypted("needs a password")
        xml, styles = part(archive, "content.xml"), part(archive, "styles.xml")
    if xml is None:
        raise Unreadable("OpenDocument: it has no content")
    found = parse(xml, _Words())
    pages = ["".join(words).strip() + "\n" + "".join(beside).strip() for words, beside in found.pages]
    if not found.slides and styles is not None:
        pages[-1] += f"\n{parse(styles, _Margins())}"
    return Text([page(words).strip() for words in pages], METHOD, found.slides or None)
