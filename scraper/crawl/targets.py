"""What a person may ask for, and the pages where looking for it begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ..archive.agenda import Want
from ..records import PageKind, PageRef
from ..urls import ListQuery, Site, recognise, segment
from .windows import FIRST_DAY

KINDS = {
    "request": "request:SLUG_OR_ID",
    "authority": "authority:NAME",
    "user": "user:NAME",
    "batch": "batch:ID",
    "tag": "tag:TAG",
    "search": "search:QUERY",
}
PLAIN = ("authorities", "everything")
_OF_PAGE = {
    PageKind.REQUEST_JSON: "request",
    PageKind.REQUEST_HTML: "request",
    PageKind.REQUEST_ID: "request",
    PageKind.ATTACHMENT: "request",
    PageKind.AUTHORITY_JSON: "authority",
    PageKind.AUTHORITY_HTML: "authority",
    PageKind.USER_JSON: "user",
    PageKind.BATCH: "batch",
}


class BadTarget(ValueError):
    """A target that cannot be understood, with those that can."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing asked for: its kind and its name, such as ``batch`` and ``1024``. `text` is its one spelling."""

    kind: str
    name: str = ""

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def parse(text: str, site: Site) -> Target:
    """A target as typed: ``kind:name``, a plain word, or any address of the site.

    Raises BadTarget for anything else, with the forms there are.
    """
    text = text.strip()
    if text in PLAIN:
        return Target(text)
    if "://" in text:
        return _of_url(text, site)
    kind, colon, name = text.partition(":")
    name = name.strip()
    if not colon or kind not in KINDS or not name:
        forms = ", ".join([*KINDS.values(), *PLAIN])
        raise BadTarget(f"no target: {text!r}. A target is an address of the site, or one of: {forms}")
    if kind == "batch" and not name.isdecimal():
        raise BadTarget(f"a batch has a number, as in its address /info_request_batch/1024; not {name!r}")
    if kind == "search" and name.startswith(("NOT ", "-")):
        raise BadTarget("a search cannot begin with NOT: the site answers with an error; put a word before it")
    if kind in ("authority", "user") and any(character.isspace() or character in '/"()' for character in name):
        raise BadTarget(f"{kind}:{name}: use the name in its address, such as {kind}:luton_borough_council")
    return Target(kind, name)


def _of_url(url: str, site: Site) -> Target:
    ref = recognise(site, url)
    if ref is None:
        raise BadTarget(f"{url} is no page of {site.base} that can be archived: a request, authority, user, batch or list is")
    if ref.kind is PageKind.LIST:
        query = ListQuery.of_key(ref.key)
        return Target("search", query.query) if query.query else Target("everything")
    if ref.kind is PageKind.AUTHORITIES_CSV:
        return Target("authorities")
    if ref.kind not in _OF_PAGE:
        raise BadTarget(f"{url} holds no requests")
    return Target(_OF_PAGE[ref.kind], ref.key.partition("?")[0].partition("/")[0])


def seeds(target: Target, today: date, since: date | None, until: date | None) -> list[Want]:
    """The first pages of a target. `since` and `until` are UTC days of events; `today` (UTC) ends an open window.

    One day more than today: the site's day may have begun before UTC's.
    """
    if target.kind == "request":
        kind = PageKind.REQUEST_ID if target.name.isdecimal() else PageKind.REQUEST_JSON
        return [Want(PageRef(kind, segment(target.name)))]
    if target.kind == "batch":
        return [Want(PageRef(PageKind.BATCH, target.name), expand=True)]
    if target.kind == "authorities":
        return [Want(PageRef(PageKind.AUTHORITIES_CSV, ""))]
    window = ListQuery(
        query=_TERMS[target.kind](target.name),
        after=since.isoformat() if since else FIRST_DAY,
        before=(until or today + timedelta(days=1)).isoformat(),
    )
    wants = [Want(window.ref, expand=True)]
    if target.kind == "everything":
        wants += [Want(PageRef(PageKind.AUTHORITIES_CSV, "")), Want(PageRef(PageKind.VERSION, ""))]
    return wants


def _searched(query: str) -> str:
    """A search as one group: a NOT outside parentheses would swallow the window (site-contract.md section 10)."""
    return f"({query})" if any(character.isspace() for character in query) else query


_TERMS = {
    # Each request has one event of being sent: the fewest rows that name them all (site-contract.md section 2.3).
    "everything": lambda _: "variety:sent",
    "authority": lambda name: f"requested_from:{name}",
    "user": lambda name: f"requested_by:{name}",
    "tag": lambda name: f"tag:{name}",
    "search": _searched,
}
