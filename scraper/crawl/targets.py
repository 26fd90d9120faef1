"""What a person may ask for, and the pages where looking for it begins."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from ..archive.agenda import Want
from ..records import PageKind, PageRef
from ..urls import VIEWS, ListQuery, Site, recognise, segment
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
    if text.startswith("/"):
        return _of_url(site.base + text, site)
    if text.startswith(f"{site.host}/"):
        return _of_url(f"{urlsplit(site.base).scheme}://{text}", site)
    kind, colon, name = text.partition(":")
    if not colon or kind not in KINDS or not name.strip():
        forms = ", ".join([*KINDS.values(), *PLAIN])
        raise BadTarget(f"{text!r} is no target. A target is an address of the site, or one of: {forms}")
    return _checked(Target(kind, name.strip()))


def _checked(target: Target) -> Target:
    """The target. Raises BadTarget where the site could not understand its name, or would understand something else."""
    kind, name = target.kind, target.name
    if kind == "batch" and not (name.isascii() and name.isdecimal()):
        raise BadTarget(f"a batch has a number, as in its address /info_request_batch/1024; not {name!r}")
    if kind in ("authority", "user", "tag") and (not name.isprintable() or set(name) & set(' /"()')):
        example = {"authority": "luton_borough_council", "user": "jane_doe", "tag": "local_council"}[kind]
        raise BadTarget(f"{kind}:{name}: use the name as the site's addresses have it, such as {kind}:{example}")
    if kind == "search":
        if name.startswith(("NOT ", "-")):
            raise BadTarget("a search cannot begin with NOT: the site answers with an error; put a word before it")
        if not _balanced(name):
            raise BadTarget(f"search:{name}: a parenthesis or a quotation mark is left open, or closed too often")
    return target


def _balanced(query: str) -> bool:
    depth = 0
    for character in re.sub(r'"[^"]*"', "", query):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0 or character == '"':
            return False
    return depth == 0


def _of_url(url: str, site: Site) -> Target:
    ref = recognise(site, url)
    if ref is None:
        raise BadTarget(f"{url} is no page of {site.base} that can be archived: a request, authority, user, batch or list is")
    if ref.kind is PageKind.LIST:
        query = ListQuery.of_key(ref.key).query
        return _without_days(_checked(Target("search", query)) if query else Target("everything"), url)
    if ref.kind is PageKind.AUTHORITIES_CSV:
        return Target("authorities")
    if ref.kind not in _OF_PAGE:
        raise BadTarget(f"{url} holds no requests")
    name = unquote(ref.key.partition("?")[0].partition("/")[0])
    view = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    if ref.kind is PageKind.AUTHORITY_HTML and view in VIEWS:
        return Target("search", " ".join([f"requested_from:{name}", *(f"latest_status:{state}" for state in VIEWS[view])]))
    return _checked(Target(_OF_PAGE[ref.kind], name))


def _without_days(target: Target, url: str) -> Target:
    """The target of a list's address. Raises BadTarget where it is one of certain days, with how to say them."""
    asked = dict(parse_qsl(urlsplit(url).query))
    days = [("--since", asked.get("request_date_after")), ("--until", asked.get("request_date_before"))]
    if not any(day for _, day in days):
        return target
    options = " ".join(f"{option} {_iso(day)}" for option, day in days if day)
    raise BadTarget(f"{url} is a list of certain days; give them as options: {shlex.quote(target.text)} {options}")


def _iso(day: str) -> str:
    """A day as the site's forms write it (DD/MM/YYYY), as our options want it; as it is where it is neither."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", day.strip())
    return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else day


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
