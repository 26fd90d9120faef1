"""The vocabulary: what a page can say, as frozen records.

A page is read into exactly one `Reading`. Records hold what the site said and nothing else: a field that the page
does not give is None. Times are UTC text ``YYYY-MM-DDTHH:MM:SSZ``, dates ``YYYY-MM-DD`` in the site's time zone,
ids are Alaveteli's own. One request is told by two pages: its JSON (`Request`, with events, authority and user) and
its HTML (`Thread`, with messages and attachments); the archive joins them by message id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple


class PageKind(StrEnum):
    """Every sort of page that is fetched. `scraper.urls` says which address and key each has."""

    REQUEST_JSON = "request_json"
    REQUEST_HTML = "request_html"
    REQUEST_ID = "request_id"
    REQUEST_EVENT = "request_event"
    ATTACHMENT = "attachment"
    AUTHORITY_JSON = "authority_json"
    AUTHORITY_HTML = "authority_html"
    AUTHORITIES_CSV = "authorities_csv"
    USER_JSON = "user_json"
    BATCH = "batch"
    LIST = "list"
    VERSION = "version"
    ROBOTS = "robots"


class PageRef(NamedTuple):
    """A page by its kind and key; `scraper.urls.build` gives the address."""

    kind: PageKind
    key: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One answer of the site, as it came.

    `body` is the decoded body (no transfer or content encoding); for an attachment it is empty and `file` names the
    bytes on disk. `headers` keeps the order and spelling of the wire, names in lower case. `requested_at` is UTC text.
    """

    ref: PageRef
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    requested_at: str
    duration_ms: int | None = None
    file: FileOnDisk | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, None where it was not sent."""
        return next((value for key, value in self.headers if key == name.lower()), None)


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """An attachment's bytes, complete and synced, in a temporary file of the archive's file store."""

    path: str
    sha256: str
    size: int
    head: bytes
    """The first 4,096 bytes: enough to tell a media type, or an HTML page in a file's place."""


# ---- what JSON and CSV say --------------------------------------------------------------------------------------


class Tag(NamedTuple):
    name: str
    value: str
    """'' where the tag has none."""


@dataclass(frozen=True, slots=True)
class AuthorityCounts:
    """The counters that only JSON gives; None where the site has not counted."""

    requests: int | None
    successful: int | None
    not_held: int | None
    overdue: int | None


@dataclass(frozen=True, slots=True)
class Authority:
    """A public authority, from its JSON, a request's JSON, or a row of all-authorities.csv (`counts` is then None)."""

    id: int
    url_name: str
    name: str
    short_name: str | None
    home_page: str | None
    notes: str | None
    publication_scheme: str | None
    disclosure_log: str | None
    created_at: str | None
    updated_at: str | None
    tags: tuple[Tag, ...]
    counts: AuthorityCounts | None


@dataclass(frozen=True, slots=True)
class User:
    id: int
    url_name: str
    name: str
    about_me: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a request's history. Ids are not in order of time (site-contract.md section 3.2)."""

    id: int
    event_type: str
    created_at: str
    described_state: str | None
    calculated_state: str | None
    last_described_at: str | None
    incoming_message_id: int | None
    outgoing_message_id: int | None
    comment_id: int | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a request's JSON says."""

    id: int
    url_title: str
    title: str
    authority: Authority
    user: User | None
    law_used: str | None
    described_state: str
    awaiting_description: bool
    prominence: str
    display_status: str | None
    """The state in the site's language: where it differs, the HTML, which has the state's code, has changed."""
    created_at: str
    updated_at: str
    tags: tuple[Tag, ...]
    events: tuple[Event, ...]


# ---- what a request's HTML says ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a message's text; `shown_text` is what a reader sees, which the site cuts after some 40 characters."""

    url: str
    shown_text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """An entry of a message's attachment list. A hidden one has only `site_id` and `status_reason`."""

    site_id: str | None
    """The list item's DOM id, such as ``attachment-4436``: changes when the site parses the mail anew."""
    part: int | None
    filename: str | None
    url: str | None
    """Canonical address, without ``cookie_passthrough``."""
    size_shown: str | None
    note: str | None
    status: Literal["due", "withheld"]
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message or an annotation as the page shows it.

    `text` is None where the page shows none (withheld, or a mail without a text part). `html` is None where the text
    and its links say the same, and that is nearly always. What kind of message it is and when the site recorded it
    are told by the JSON's events.
    """

    anchor: str
    """``incoming-12``, ``outgoing-7`` or ``comment-3``."""
    position: int
    author: str | None
    user_url_name: str | None
    sent_at: str | None
    text: str | None
    html: str | None
    delivery_status: str | None
    withheld: Literal["hidden", "requester_only"] | None
    withheld_reason: str | None
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """What a request's page says beyond its JSON."""

    url_title: str
    user_name: str | None
    display_state: str
    due_on: str | None
    correspondence_closed: Literal["authority_only", "closed"] | None
    batch_id: int | None
    messages: tuple[Message, ...]


# ---- lists and the rest -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a list of requests. `anchor` is the message of the event that put it there, where the link says so."""

    url_title: str
    anchor: str | None
    event_at: str | None
    authority_url_name: str | None
    user_url_name: str | None
    display_state: str | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of `/list`, of an authority or of a batch's members.

    `has_next` is the pager's word, made from an estimate: go on while rows come. `last_page` is the highest page
    number the pager shows (1 without a pager); 20 on page 1 says that the ceiling is near.
    """

    rows: tuple[ListRow, ...]
    has_next: bool
    last_page: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a batch: the batch and some of its members."""

    id: int
    title: str
    user_url_name: str | None
    authority_count: int | None
    members: ListPage


@dataclass(frozen=True, slots=True)
class AuthorityPage:
    """One page of an authority's requests, newest described first."""

    url_name: str
    requests_stated: int | None
    """The exact count of the page's header; None where the header has no number."""
    requests: ListPage


@dataclass(frozen=True, slots=True)
class AuthorityRegister:
    """all-authorities.csv: empty where the site has not written it yet (204)."""

    authorities: tuple[Authority, ...]


@dataclass(frozen=True, slots=True)
class SiteTotals:
    """/version.json: what the site counts of itself (site-contract.md section 2.9). Unknown keys are kept."""

    version: str | None
    counts: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """A redirect. `target` is None where the address is none of ours, such as the wait page of an attachment."""

    location: str
    target: PageRef | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment's bytes, complete. `media_type` is told from the bytes, None where they do not tell."""

    file: FileOnDisk
    media_type: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """The site's own refusal (403) of a request, message or attachment, or its absence (404)."""

    kind: Literal["hidden", "missing"]
    reason: str | None


Record = (
    Request
    | Thread
    | Authority
    | AuthorityPage
    | AuthorityRegister
    | User
    | Batch
    | ListPage
    | SiteTotals
    | Moved
    | StoredFile
    | Withheld
)

Outcome = Literal["content", "withheld", "missing", "redirected", "not_modified", "challenge", "unreadable", "failed"]
"""What a page turned out to be. ``content`` becomes ``changed`` or ``unchanged`` when the archive keeps it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one capture says.

    `record` is None for ``not_modified``, ``challenge`` and ``failed``. `reason` explains any outcome but
    ``content`` in one line. `needs` are pages without which the record is incomplete: a request's HTML after its
    JSON, its files after its HTML, an annotator's JSON, the batch it belongs to.
    """

    outcome: Outcome
    record: Record | None = None
    needs: tuple[PageRef, ...] = ()
    reason: str | None = None


class UnreadablePage(Exception):
    """A page lacks what its kind must have: the markup changed, or it is not the page it claims to be.

    Names the page kind and the selector or key, so that a changed site is an error and not an empty field.
    """

    def __init__(self, kind: PageKind, selector: str, problem: str = "not found") -> None:
        super().__init__(f"{kind} page: {selector}: {problem}")
        self.kind, self.selector, self.problem = kind, selector, problem
