"""Text out of markup: folding, and the one pass that gives a message's text, its clean HTML and its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

import nh3
from bs4.element import NavigableString, PageElement, Tag

from ..records import Link
from ..urls import Site

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_LISTS = {"ul", "ol", "li"}
_TABLES = {"table", "thead", "tbody", "tr", "td", "th"}
_KEPT = {"p", "blockquote", "pre", "code", "b", "i", "em", "strong"} | _LISTS | _TABLES
_BREAKS = {
    **dict.fromkeys(("p", "blockquote", "pre", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"), "\n\n"),
    **dict.fromkeys(("div", "li", "tr"), "\n"),
    **dict.fromkeys(("td", "th"), " "),
}
_DROPPED = {"script", "style", "template", "noscript", "svg", "img", "object", "iframe", "form"}
_DEPTH = 100
"""Tags nested deeper are left out of the HTML: the sanitiser's time grows with the square of the depth."""
_LINK_SCHEMES = ("http://", "https://", "mailto:")


def storable(text: str) -> str:
    """The text with what no UTF-8 database can hold (NUL, lone surrogates) replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def fold(text: str) -> str:
    """The text on one line: white space runs become one space, none at the ends."""
    return " ".join(text.split())


def shown(tag: Tag) -> str:
    """All text within a tag, on one line."""
    return fold(tag.get_text())


@dataclass(slots=True)
class Rendered:
    """What a part of a page shows. `attachments` and `notice` are the blocks left out of it, where there are any.

    `html` is None where paragraphs, line breaks and links are all the structure there is: `text` and `links` say the
    same then, and nearly every message of a site is so (site-contract.md section 4.5).
    """

    text: str | None = None
    html: str | None = None
    links: list[Link] = field(default_factory=list)
    attachments: Tag | None = None
    notice: Tag | None = None


def render(root: Tag, site: Site) -> Rendered:
    """The text, HTML and links of a message's body, without its attachments block, notices and fold links.

    Line structure is that of a browser: paragraphs are parted by an empty line, ``<br>`` ends a line, other white
    space folds. A link whose shown text the site cut (site-contract.md section 4.5) stands in `text` with its whole
    address. The HTML is rebuilt from what is walked over and then sanitised, so it holds nothing that is not shown.
    """
    result = Rendered()
    words: list[str] = []
    markup: list[str] = []
    structured = False
    stack: list[tuple[Iterator[PageElement], str, str]] = [(iter(root.contents), "", "")]
    while stack:
        children, words_after, markup_after = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            words.append(words_after)
            markup.append(markup_after)
        elif type(node) is NavigableString:
            line = _SPACE.sub(" ", node)
            words.append(line)
            markup.append(escape(line, quote=False))
        elif isinstance(node, Tag) and not _set_aside(node, result):
            name = node.name
            if name == "br":
                words.append("\n")
                markup.append("<br>")
            elif name == "a":
                _render_link(node, site, words, markup, result.links)
            else:
                gap, kept = _BREAKS.get(name, ""), name in _KEPT and len(stack) < _DEPTH
                structured |= kept and name != "p"
                words.append(gap)
                markup.append(f"<{name}>" if kept else "")
                stack.append((iter(node.contents), gap, f"</{name}>" if kept else ""))
    result.text = _lines("".join(words)) or None
    result.html = _sanitised("".join(markup)) if result.text and structured else None
    return result


def _set_aside(tag: Tag, result: Rendered) -> bool:
    """Whether a tag is no part of the text; remembers the blocks that are read elsewhere."""
    if tag.name in _DROPPED:
        return True
    names = tag.get("class")
    if not names:
        return False
    if "attachments" in names:
        result.attachments = tag
        return True
    if "hidden_attachment" in names:
        result.notice = tag
        return True
    return "unfold_link" in names


def _render_link(tag: Tag, site: Site, words: list[str], markup: list[str], links: list[Link]) -> None:
    seen, href = _SPACE.sub(" ", tag.get_text()), str(tag.get("href") or "").strip()
    if not href.lower().startswith(_LINK_SCHEMES):
        words.append(seen)
        markup.append(escape(seen, quote=False))
        return
    label = seen.strip()
    cut = label.endswith("...") and label[:-3] in href
    words.append(href if cut else seen)
    markup.append(f'<a href="{escape(href)}">{escape(seen, quote=False)}</a>')
    if not href.lower().startswith("mailto:") and not href.startswith(f"{site.base}/help/"):
        links.append(Link(href, label))


def _lines(text: str) -> str:
    text = re.sub(r" {2,}", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _sanitised(markup: str) -> str:
    clean = nh3.clean(
        markup,
        tags={*_KEPT, "br", "a"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    clean = re.sub(r" ?(<br>|</?(?:p|blockquote|pre|ul|ol|li|table|tr)>) ?", r"\1", clean)
    return clean.replace("<p></p>", "").strip()
