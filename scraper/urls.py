"""Every Alaveteli address we know, both ways: build it from a page's kind and key, and recognise it.

Addresses are those of site-contract.md section 1. A key is what is left of an address when the kind is known:

=================  =====================================================  ========================================
kind               key                                                    path
=================  =====================================================  ========================================
request_json       slug                                                   /request/<slug>.json
request_html       slug                                                   /request/<slug>?unfold=1
request_id         number                                                 /request/<number>
request_event      number                                                 /request_event/<number>
attachment         <slug>/response/<incoming id>/attach/<part>/<name>     /request/<key>, name percent-encoded
authority_json     url_name                                               /body/<url_name>.json
authority_html     url_name[?page=N]                                      /body/<url_name>[?page=N]
authorities_csv    ''                                                     /body/all-authorities.csv
user_json          url_name                                               /user/<url_name>.json
batch              id[?page=N]                                            /info_request_batch/<id>[?page=N]
list               see `ListQuery`                                        /list?...
version            ''                                                     /version.json
robots             ''                                                     /robots.txt
=================  =====================================================  ========================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from .records import PageKind, PageRef

SEGMENT_SAFE = "!$&'()*+,;=:@-._~"
"""What Rails leaves as it is in a path segment (RFC 3986 pchar)."""

LIST_PAGES = 20
"""Alaveteli refuses page 21 of any list (site-contract.md section 2.2)."""
LIST_ROWS = 25
"""Requests on a full page of a list."""

VIEWS = {
    "successful": ("successful", "partially_successful"),
    "unsuccessful": ("rejected", "not_held"),
    "awaiting": (
        "waiting_response",
        "waiting_clarification",
        "internal_review",
        "gone_postal",
        "error_message",
        "requires_admin",
    ),
}
"""The states behind each view of a list (site-contract.md section 2.2)."""

_FIXED = {
    PageKind.AUTHORITIES_CSV: "/body/all-authorities.csv",
    PageKind.VERSION: "/version.json",
    PageKind.ROBOTS: "/robots.txt",
}
_LOCALE = re.compile(r"^/[a-z]{2}(?:_[A-Z]{2})?(?=/)")
_ATTACHMENT = re.compile(r"^/request/([^/]+)/response/([0-9]{1,18})/attach/(?:html/)?([0-9]{1,9})/([^/]+)$")
_OLD_ATTACHMENT_VIEW = re.compile(r"/attach/html/")


class Site(NamedTuple):
    """The address of one Alaveteli site, such as ``https://www.whatdotheyknow.com``."""

    base: str

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    @classmethod
    def of(cls, url: str) -> Site:
        """The site an address belongs to.

        Raises ValueError where the text is no http or https address.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not a web address: {url!r} (a site looks like https://www.whatdotheyknow.com)")
        host = parts.hostname.rstrip(".")
        if ":" in host:
            host = f"[{host}]"
        port = "" if parts.port in (None, 80 if parts.scheme == "http" else 443) else f":{parts.port}"
        return cls(f"{parts.scheme}://{host}{port}")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A search of `/list`: Xapian terms and a window of event days (UTC, both ends included), one page of it.

    Both dates are always sent or none: one alone is completed by the site in a way that matches nothing
    (site-contract.md section 10).
    """

    query: str = ""
    after: str | None = None
    before: str | None = None
    page: int = 1

    def __post_init__(self) -> None:
        if (self.after is None) != (self.before is None):
            raise ValueError("a window of /list needs both of its days")

    @property
    def key(self) -> str:
        pairs = [("query", self.query)] if self.query else []
        if self.after is not None and self.before is not None:
            pairs += [("request_date_after", self.after), ("request_date_before", self.before)]
        if self.page != 1:
            pairs.append(("page", str(self.page)))
        return urlencode(pairs)

    @property
    def ref(self) -> PageRef:
        return PageRef(PageKind.LIST, self.key)

    @classmethod
    def of_key(cls, key: str) -> ListQuery:
        pairs = dict(parse_qsl(key))
        return cls(
            query=pairs.get("query", ""),
            after=pairs.get("request_date_after"),
            before=pairs.get("request_date_before"),
            page=int(pairs.get("page", "1")),
        )

    def turn(self, page: int) -> ListQuery:
        return replace(self, page=page)

    def narrowed(self, *terms: str) -> ListQuery:
        return replace(self, query=" ".join(filter(None, (self.query, *terms))), page=1)


class AttachmentKey(NamedTuple):
    slug: str
    incoming_id: int
    part: int
    filename: str
    """Percent-encoded, as linked."""

    @classmethod
    def of(cls, key: str) -> AttachmentKey:
        slug, _, number, _, part, filename = key.split("/", 5)
        return cls(slug, int(number), int(part), filename)


def segment(text: str) -> str:
    """A path segment, encoded once: what is encoded already stays, what is not is encoded."""
    return quote(unquote_to_bytes(text), safe=SEGMENT_SAFE)


def build(site: Site, ref: PageRef) -> str:
    """The address to ask for a page. Attachments carry the parameter that the site's own links have (section 7)."""
    kind, key = ref
    if kind in _FIXED:
        return site.base + _FIXED[kind]
    if kind is PageKind.LIST:
        return f"{site.base}/list?{key}" if key else f"{site.base}/list"
    if kind is PageKind.ATTACHMENT:
        return f"{site.base}/request/{key}?cookie_passthrough=1"
    name, _, query = key.partition("?")
    name, query = segment(name), "?" + query if query else ""
    match kind:
        case PageKind.REQUEST_JSON:
            return f"{site.base}/request/{name}.json"
        case PageKind.REQUEST_HTML:
            return f"{site.base}/request/{name}?unfold=1"
        case PageKind.REQUEST_ID:
            return f"{site.base}/request/{name}"
        case PageKind.REQUEST_EVENT:
            return f"{site.base}/request_event/{name}"
        case PageKind.AUTHORITY_JSON:
            return f"{site.base}/body/{name}.json"
        case PageKind.AUTHORITY_HTML:
            return f"{site.base}/body/{name}{query}"
        case PageKind.USER_JSON:
            return f"{site.base}/user/{name}.json"
        case PageKind.BATCH:
            return f"{site.base}/info_request_batch/{name}{query}"
        case _:
            raise ValueError(f"no address for {ref}")


def request_url(site: Site, slug: str, anchor: str | None = None) -> str:
    """The address a person would cite: the request's page, at a message where an anchor is given."""
    return f"{site.base}/request/{segment(slug)}" + (f"#{anchor}" if anchor else "")


def recognise(site: Site, url: str) -> PageRef | None:
    """The page behind an address of this site, relative or absolute; None for any other address.

    Folds the forms in which one page is linked: language prefix, trailing slash, fragment, tracking parameters,
    ``unfold``, http for https, a host's trailing dot (field.md section 6). An address of a file's HTML view is
    recognised as the file.
    """
    try:
        parts = urlsplit(url.strip())
        if parts.netloc and Site.of(f"{parts.scheme or 'https'}://{parts.netloc}").host != Site.of(site.base).host:
            return None
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https"):
        return None
    path = _LOCALE.sub("", parts.path)
    path = path.rstrip("/") or "/"
    for kind, fixed in _FIXED.items():
        if path == fixed:
            return PageRef(kind, "")
    query = dict(parse_qsl(parts.query))
    page = (
        f"?page={int(query['page'])}" if re.fullmatch(r"[1-9][0-9]{0,5}", query.get("page", "")) and query["page"] != "1" else ""
    )
    if found := _ATTACHMENT.match(path):
        name = found[4].removesuffix(".html") if _OLD_ATTACHMENT_VIEW.search(path) else found[4]
        return PageRef(PageKind.ATTACHMENT, f"{segment(found[1])}/response/{found[2]}/attach/{found[3]}/{segment(name)}")
    if found := re.match(r"^/request/([0-9]{1,18})(?:\.json)?$", path):
        return PageRef(PageKind.REQUEST_ID, found[1])
    if found := re.match(r"^/request/([^/]+?)(\.json)?(?:/(?:new|details))?$", path):
        return PageRef(PageKind.REQUEST_JSON if found[2] else PageKind.REQUEST_HTML, segment(found[1]))
    if found := re.match(r"^/request_event/([0-9]{1,18})$", path):
        return PageRef(PageKind.REQUEST_EVENT, found[1])
    if found := re.match(r"^/info_request_batch/([0-9]{1,18})$", path):
        return PageRef(PageKind.BATCH, found[1] + page)
    if found := re.match(r"^/body/([^/]+?)(\.json)?(?:/(?:all|successful|unsuccessful|awaiting))?$", path):
        if found[1] in ("list", "all-authorities.csv"):
            return None
        name = segment(found[1])
        return PageRef(PageKind.AUTHORITY_JSON, name) if found[2] else PageRef(PageKind.AUTHORITY_HTML, name + page)
    if found := re.match(r"^/user/([^/]+?)(?:\.json)?(?:/(?:profile|requests|wall))?$", path):
        return PageRef(PageKind.USER_JSON, segment(found[1]))
    return _recognise_list(path, query)


def _recognise_list(path: str, query: dict[str, str]) -> PageRef | None:
    """`/list`, its views and its tags, as the search that finds the same requests."""
    found = re.match(r"^/list(?:/([^/]+))?(?:/([^/]+))?$", path)
    if not found:
        return None
    view = next((part for part in found.groups() if part in VIEWS), None)
    tag = found[1] if found[1] not in (None, "all", "recent", *VIEWS) else None
    terms = [query.get("query", "")] + ([f"tag:{tag}"] if tag else [])
    terms += [f"latest_status:{state}" for state in VIEWS[view]] if view else []
    after, before = query.get("request_date_after"), query.get("request_date_before")
    both = bool(after and before)
    return ListQuery(" ".join(filter(None, terms)), after if both else None, before if both else None).ref
