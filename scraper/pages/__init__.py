"""Bytes in, records out: `read` turns a capture into a reading, and does nothing else.

No I/O, no clock, no state: the same capture gives the same reading in any process. One module reads each sort of
page; `READERS` says which. What is not content is told apart first, in `classify`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..records import Capture, PageKind, Reading, UnreadablePage
from ..urls import Site
from .authority import read_authorities_csv, read_authority_html, read_authority_json
from .batch import read_batch
from .classify import outcome_of, require_body
from .files import read_attachment
from .lists import read_list
from .request_html import read_request_html
from .request_json import read_request_json
from .user import read_user_json
from .version import read_version

__all__ = ["READERS", "read"]


def _read_number(capture: Capture, site: Site) -> Reading:
    raise UnreadablePage(capture.ref.kind, "location", "an answer of its own where only a redirect is due")


def _read_robots(capture: Capture, site: Site) -> Reading:
    """robots.txt says nothing that is archived; whoever fetches obeys it."""
    return Reading("content")


READERS: Mapping[PageKind, Callable[[Capture, Site], Reading]] = {
    PageKind.REQUEST_JSON: read_request_json,
    PageKind.REQUEST_HTML: read_request_html,
    PageKind.REQUEST_ID: _read_number,
    PageKind.REQUEST_EVENT: _read_number,
    PageKind.ATTACHMENT: read_attachment,
    PageKind.AUTHORITY_JSON: read_authority_json,
    PageKind.AUTHORITY_HTML: read_authority_html,
    PageKind.AUTHORITIES_CSV: read_authorities_csv,
    PageKind.USER_JSON: read_user_json,
    PageKind.BATCH: read_batch,
    PageKind.LIST: read_list,
    PageKind.VERSION: read_version,
    PageKind.ROBOTS: _read_robots,
}


def read(capture: Capture, site: Site) -> Reading:
    """What a capture says.

    Raises UnreadablePage, naming the page kind and the selector or key, for a page that lacks what its kind must
    have. Raises ValueError for the capture of an attachment with status 200 that names no file, a mistake of whoever
    made it. Raises nothing else, whatever the bytes.
    """
    reading = outcome_of(capture, site)
    if reading is not None:
        return reading
    require_body(capture)
    return READERS[capture.ref.kind](capture, site)
