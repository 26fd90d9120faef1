"""What a capture is, before anything is read from it: content, or one of the things that must never be kept as such.

The order matters: a challenge can come with any status, and only a refusal in the site's own layout says that
something is withheld (site-contract.md sections 0, 1 and 7).
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from ..records import Capture, Moved, PageKind, Reading, UnreadablePage, Withheld
from ..urls import Site, recognise
from .files import is_download
from .markup import attribute, classes, content_of, controller_of, decode, parse, tags
from .text import shown, storable

_CHALLENGE = re.compile(
    r"""id=["']challenge-|_cf_chl_opt|/cdn-cgi/challenge-platform|cf-browser-verification"""
    r"""|_Incapsula_Resource|awsWafCookieDomainList|captcha-delivery\.com|id=["']?anubis_"""
)
"""Marks of the pages with which Cloudflare, Imperva, AWS, DataDome and Anubis stand before a site."""
_OWN_HEAD = re.compile(r"""<meta\s[^<>]*name=["']csrf-param["']""")
_PLAIN_REFUSAL = "Directory listing not allowed"
"""What the site itself says, in no other language, to an attachment's address without a file name (section 7)."""
_JSON = frozenset({PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON, PageKind.VERSION})
_CHALLENGE_STATUSES = frozenset({200, 202, 403, 405, 429, 503})
_SUSPECT = ("error-page", "password", "attachment_masks")


def outcome_of(capture: Capture, site: Site) -> Reading | None:
    """The reading of a capture that is no content; None where its kind's reader is to read it."""
    if capture.status == 304:
        return Reading("not_modified", reason="304")
    text = _html(capture)
    own = text is not None and _is_own(text)
    if _is_challenge(capture, text, own):
        return Reading("challenge", reason=f"{capture.status}: the site or its edge asks for proof of a browser, or refuses")
    if 300 <= capture.status < 400:
        return _redirect(capture, site)
    if capture.status in (404, 406, 410):
        return Reading("missing", Withheld("missing", None), reason=str(capture.status))
    if capture.status == 403:
        return _refusal(capture, text if own else None)
    if capture.status not in (200, 204):
        return Reading("failed", reason=f"status {capture.status}")
    if capture.status == 204 and capture.ref.kind is PageKind.ATTACHMENT:
        return Reading("failed", reason="status 204")
    if text is not None and own:
        return _other_page(capture, text)
    return None


def _html(capture: Capture) -> str | None:
    """The text of a capture that is a page, as far as it is at hand (of a file the first bytes), None for others."""
    file = capture.file
    if capture.status == 200 and capture.ref.kind is PageKind.ATTACHMENT and is_download(capture):
        return None
    body = capture.body or (file.head if file is not None else b"")
    served_as_html = "html" in (capture.header("content-type") or "").lower()
    return decode(body) if served_as_html or body.lstrip()[:1] == b"<" else None


def _is_own(text: str) -> bool:
    """Whether a page has Alaveteli's layout. Of one that is cut after its first bytes only the head can tell."""
    return controller_of(text) is not None or ("</html" not in text and _OWN_HEAD.search(text) is not None)


def _is_challenge(capture: Capture, text: str | None, own: bool) -> bool:
    if capture.header("cf-mitigated"):
        return True
    if own:
        return False
    if text is not None and capture.status in _CHALLENGE_STATUSES and _CHALLENGE.search(text):
        return True
    return capture.status == 403 and not _is_bare_refusal(capture)


def _is_bare_refusal(capture: Capture) -> bool:
    """The site's own refusals without a page: JSON with nothing in it, and one plain sentence for attachments."""
    content_type = capture.header("content-type") or ""
    if capture.ref.kind in _JSON:
        return not capture.body and "json" in content_type
    return capture.ref.kind is PageKind.ATTACHMENT and decode(capture.body).strip() == _PLAIN_REFUSAL


def _redirect(capture: Capture, site: Site) -> Reading:
    location = storable(capture.header("location") or "")
    if not location:
        return Reading("failed", reason=f"status {capture.status} without a location")
    try:
        goal = urljoin(capture.url, location)
        path = urlsplit(goal).path
    except ValueError:
        return Reading("failed", reason=f"status {capture.status} to a location that is no address")
    target = recognise(site, goal)
    reason = f"{capture.status} to {goal}"
    if "/profile/sign_in" in path:
        reason = f"{capture.status} to the login page"
    elif path.startswith("/attachments/"):
        reason = f"{capture.status} to the page for files that are still being masked"
    return Reading("redirected", Moved(goal, target), reason=reason)


def _refusal(capture: Capture, text: str | None) -> Reading:
    reason = None
    if text is not None:
        content = content_of(text)
        soup = parse(capture.ref.kind, content) if content else None
        own = next((tag for tag in tags(soup) if _is_controller(classes(tag))), None) if soup else None
        paragraphs = [shown(tag) for tag in tags(own) if tag.name == "p"] if own is not None else []
        reason = " ".join(filter(None, paragraphs)) or None
    return Reading("withheld", Withheld("hidden", reason), reason="403 by the site itself")


def _is_controller(names: list[str]) -> bool:
    return any(name.startswith("controller_") for name in names)


def _other_page(capture: Capture, text: str) -> Reading | None:
    """A page of the site with status 200 that is another than asked for: an error, the login, a file's wait page."""
    if not any(mark in text for mark in _SUSPECT):
        return None
    content = content_of(text)
    if content is None:
        return None
    if controller_of(text) == "attachment_masks":
        return Reading("redirected", Moved(capture.url, None), reason="the page for files that are still being masked")
    for tag in tags(parse(capture.ref.kind, content)):
        if attribute(tag, "id") == "error-page":
            return Reading("failed", reason="an error page with status 200")
        if tag.name == "input" and attribute(tag, "type") == "password":
            return Reading("redirected", Moved(capture.url, None), reason="the login page with status 200")
    return None


def require_body(capture: Capture) -> None:
    """Raises UnreadablePage for an empty answer. Of all pages only the register may be empty (section 1)."""
    if not capture.body.strip() and capture.ref.kind not in (PageKind.ATTACHMENT, PageKind.AUTHORITIES_CSV, PageKind.ROBOTS):
        raise UnreadablePage(capture.ref.kind, "body", "empty")
