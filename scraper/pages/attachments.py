"""The attachments of a message, as its page lists them (site-contract.md sections 4.6, 4.7 and 5)."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from bs4.element import NavigableString, Tag

from ..records import Attachment, PageKind, UnreadablePage
from ..urls import Site, recognise
from .markup import attribute, classes, first, tags
from .text import fold, shown, storable

_FILE = re.compile(r"/attach/(\d{1,9})/([^/?#]+)")
_SITE_ID = re.compile(r"attachment-\d+")


def read_attachments(kind: PageKind, block: Tag, site: Site) -> tuple[Attachment, ...]:
    """The entries of a ``div.attachments``, in page order.

    Raises UnreadablePage for an entry that has neither a file nor a notice.
    """
    items = [tag for tag in tags(block) if tag.name == "li" and "attachment" in classes(tag)]
    if any(first(item, "attachment") for item in items):
        raise UnreadablePage(kind, "li.attachment", "one within another")
    return tuple(_attachment(kind, item, site) for item in items)


def own_files(message: Tag, anchor: str) -> set[int]:
    """The parts of a message's own files that anything in it links to.

    Where the list of attachments was renamed its files would look like gone, and gone files are deleted.
    """
    number = anchor.partition("-")[2]
    links = (attribute(tag, "href") or "" for tag in message.find_all("a"))
    found = (re.search(rf"/response/{number}/attach/(?:html/)?(\d{{1,9}})/", link) for link in links)
    return {int(match[1]) for match in found if match}


def _attachment(kind: PageKind, item: Tag, site: Site) -> Attachment:
    site_id = attribute(item, "id")
    site_id = site_id if _SITE_ID.fullmatch(site_id or "") else None
    notice = first(item, "hidden_attachment")
    if notice is not None:
        return Attachment(site_id, None, None, None, None, None, "withheld", shown(notice) or None)
    name, meta = first(item, "attachment__name"), first(item, "attachment__meta")
    filename = shown(name) or None if name is not None else None
    remark = next((tag for tag in tags(meta) if tag.name == "em"), None) if meta is not None else None
    note = shown(remark) or None if remark is not None else None
    file = _file_linked(item)
    if file is None:
        if note is None:
            raise UnreadablePage(kind, "li.attachment a[href]")
        # A file that the site has erased keeps its entry with a remark in place of its links.
        return Attachment(site_id, None, filename, None, None, note, "withheld", note)
    href, part, linked_name = file
    return Attachment(
        site_id=site_id,
        part=part,
        filename=filename or linked_name,
        url=_canonical(site, href),
        size_shown=_size(meta) if meta is not None else None,
        note=note,
        status="due",
        status_reason=None,
    )


def _file_linked(item: Tag) -> tuple[str, int, str] | None:
    """Address, part and file name of the entry's file; its HTML view (``/attach/html/``) is another thing."""
    for tag in tags(item):
        href = attribute(tag, "href") if tag.name == "a" else None
        if href and (found := _FILE.search(href)):
            return href, int(found[1]), storable(unquote(found[2]))
    return None


def _canonical(site: Site, href: str) -> str | None:
    """The file's address without parameters; None under a numeric request id, as sites before 0.45 have it."""
    ref = recognise(site, href)
    if ref is None or ref.kind is not PageKind.ATTACHMENT or ref.key.partition("/")[0].isdigit():
        return None
    return f"{site.base}{urlsplit(f'/request/{ref.key}').path}"


def _size(meta: Tag) -> str | None:
    """The size as shown ("47K"): the text that stands before the links."""
    return fold(" ".join(text for text in meta.children if type(text) is NavigableString)) or None
