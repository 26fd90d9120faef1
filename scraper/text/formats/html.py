"""HTML: what a browser would show, as lines of text. No tree is built, so that no depth of nesting matters."""

from __future__ import annotations

import re

from lxml import etree

from ..registry import Options
from ..result import Text, Unreadable, page
from .plain import decode, decode_as

METHOD = f"lxml {etree.__version__}"
_CHARSET = re.compile(rb"<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_HIDDEN = frozenset({"script", "style", "template", "noscript", "svg", "object", "iframe", "head"})
_BLOCKS = frozenset(
    "address article aside blockquote br caption dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol option p pre section table tr ul".split()
)
_CELLS = frozenset({"td", "th"})


class _Shown:
    """The words as the parser comes upon them. What is in a hidden element stays out, its title excepted."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._hidden: list[str] = []
        self._title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        self._title = tag == "title" and self._hidden == ["head"]
        if tag in _BLOCKS:
            self.words.append("\n")

    def end(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag in _BLOCKS or tag == "title":
            self.words.append("\n")
            self._title = False
        elif tag in _CELLS:
            self.words.append("\t")

    def data(self, text: str) -> None:
        if not self._hidden or self._title:
            self.words.append(re.sub(r"[ \t\r\n\f]+", " ", text))

    def close(self) -> str:
        return "".join(self.words)


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable."""
    named = _CHARSET.search(data[:4096])
    # A mark at the beginning tells more than a name.
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    text = decode_as(data, named[1].decode()) if named is not None and not marked else decode(data)[0]
    return Text([page(words_of(text))], METHOD)


def words_of(markup: str) -> str:
    """The words that HTML shows. Raises Unreadable."""
    parser = etree.HTMLParser(target=_Shown(), encoding="utf-8", huge_tree=False, no_network=True)
    try:
        # Bytes: lxml takes no str that declares an encoding.
        parser.feed(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", markup).encode("utf-8", "replace"))
        text: str = parser.close()
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"HTML: {error}") from None
    text = re.sub(r" *\t *", "\t", text)
    text = re.sub(r"[ \t]*\n[ \n]*", "\n", re.sub(r" {2,}", " ", text))
    return text.strip()
