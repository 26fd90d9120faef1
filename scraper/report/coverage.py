"""How often each field of each page kind was filled, run by run: what tells that a site's markup has moved.

A page that lacks what its kind must have is unreadable, and says so by itself. What a page may lack is what is
measured here. The unit is the page, because the messages of one page stand or fall together: a page counts by the
share of its rows (messages, attachments) in which the field is filled, and `filled` adds those shares up.

Runs differ in what they read: one night brings new requests, another old ones. So a field is measured where the site
has reason to show it: a due date only while an answer is awaited, delivery only of recent messages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..records import PageKind

RECENT_DAYS = 60
"""Old messages were sent before the site logged deliveries."""
NO_ROWS = "no row"
"""The reason of a capture of a list without a row."""
ROWS = "rows"
"""The field of a list that shows any; which lists do depends on what was looked for (`alarms` asks otherwise)."""


class Coverage(NamedTuple):
    """`filled` of `pages` pages had the field, a page with several rows counting by its share of them."""

    page_kind: str
    field: str
    pages: int
    filled: float


@dataclass(frozen=True, slots=True)
class _Group:
    """Fields told by one sort of row. `rows` joins it to `page`; an expression is 1, 0, or NULL where it has no say."""

    kind: PageKind
    rows: str
    fields: Mapping[str, str]


def _filled(*columns: str, prefix: str = "") -> dict[str, str]:
    return {prefix + column: f"x.{column} is not null" for column in columns}


def _messages(kind: str) -> str:
    return f"join messages x on x.request_id = page.id and x.anchor like '{kind}-%' and x.gone_at is null and x.withheld is null"


_OF_REQUEST = "join requests x on x.id = page.id"
_STILL = "(x.gone_at is null or x.gone_at >= page.started_at)"
_AWAITED = "x.display_state in ('waiting_response', 'waiting_response_overdue')"
_LOST_BATCH = (
    "exists (select 1 from changes h where h.run_id = :run and h.request_id = page.id and h.table_name = 'requests' "
    "and h.column_name = 'batch_id' and h.new_value is null)"
)
_RECENT = f"julianday(page.seen_at) - julianday(x.sent_at) <= {RECENT_DAYS}"

_REQUEST_JSON = (
    "title authority_id user_id law_used described_state display_status awaiting_description prominence created_at updated_at"
)
_GROUPS = (
    _Group(
        PageKind.REQUEST_JSON,
        _OF_REQUEST,
        {**_filled(*_REQUEST_JSON.split()), "events": "exists (select 1 from events e where e.request_id = page.id)"},
    ),
    _Group(
        PageKind.REQUEST_JSON,
        "join requests r on r.id = page.id join authorities x on x.id = r.authority_id",
        _filled("name", "created_at", "requests_count", prefix="authority."),
    ),
    # What kind a message is, the events of the JSON say.
    _Group(
        PageKind.REQUEST_JSON,
        "join messages x on x.request_id = page.id and x.gone_at is null",
        {"messages.kind": "x.kind is not null"},
    ),
    _Group(
        PageKind.REQUEST_HTML,
        _OF_REQUEST,
        {
            **_filled("user_name", "display_state"),
            "due_on": f"case when {_AWAITED} then x.due_on is not null end",
            "batch_id": f"case when x.batch_id is not null then 1 when {_LOST_BATCH} then 0 end",
        },
    ),
    _Group(PageKind.REQUEST_HTML, _messages("incoming"), _filled("author", "sent_at", "text", prefix="incoming.")),
    _Group(
        PageKind.REQUEST_HTML,
        _messages("outgoing"),
        {
            **_filled("author", "sent_at", "text", prefix="outgoing."),
            "outgoing.delivery_status": f"case when {_RECENT} then x.delivery_status is not null end",
        },
    ),
    _Group(
        PageKind.REQUEST_HTML,
        _messages("comment"),
        _filled("author", "user_url_name", "sent_at", "text", prefix="annotation."),
    ),
    # A selector that finds nothing does not fail: what stood on the page is simply gone.
    _Group(
        PageKind.REQUEST_HTML,
        f"join messages x on x.request_id = page.id and {_STILL}",
        {"messages.still_shown": "x.gone_at is null"},
    ),
    _Group(
        PageKind.REQUEST_HTML,
        f"join messages m on m.request_id = page.id and m.gone_at is null join attachments x on x.message_id = m.id and {_STILL}",
        {"attachments.still_shown": "x.gone_at is null"},
    ),
    _Group(
        PageKind.REQUEST_HTML,
        "join messages m on m.request_id = page.id join attachments x on x.message_id = m.id and x.gone_at is null "
        "and x.status <> 'withheld'",
        _filled("filename", "part", "url", "size_shown", prefix="attachments."),
    ),
)

# A cross join keeps its order: by the run's captures, then by the index of url_title. The planner cannot know that the
# other way round is a call of `slug` for each pair.
_PAGES = """
    with page as materialized (
      select r.id, max(c.requested_at) as seen_at, min(u.started_at) as started_at
      from captures c join runs u on u.id = c.run_id
      cross join requests r on r.url_title = slug(c.page_key) and r.withheld_at is null
      where c.run_id = :run and c.page_kind = :kind and c.outcome in ('changed', 'unchanged') group by r.id
    )
"""


def record(db: sqlite3.Connection, run_id: int) -> None:
    """Measures a run and writes it to the table `coverage`, inside the caller's transaction."""
    db.execute("delete from coverage where run_id = ?", (run_id,))
    db.executemany(
        "insert into coverage (run_id, page_kind, field, pages, filled) values (?, ?, ?, ?, ?)",
        [(run_id, *found) for found in measure(db, run_id)],
    )


def measure(db: sqlite3.Connection, run_id: int) -> list[Coverage]:
    """The coverage of each field that a run's pages could have told. `db` is `source.prepared`."""
    found = [*_of_threads(db, run_id), *_of_register(db, run_id), *_of_users(db, run_id), *_of_files(db, run_id)]
    return [one for one in [*found, *_of_lists(db, run_id)] if one.pages > 0]


def _of_threads(db: sqlite3.Connection, run_id: int) -> Iterator[Coverage]:
    for group in _GROUPS:
        shares = ", ".join(f"avg({told}) as f{number}" for number, told in enumerate(group.fields.values()))
        sums = ", ".join(f"count(f{number}), total(f{number})" for number in range(len(group.fields)))
        query = f"{_PAGES}, share as (select {shares} from page {group.rows} group by page.id) select {sums} from share"
        row = db.execute(query, {"run": run_id, "kind": group.kind}).fetchone()
        for number, field in enumerate(group.fields):
            yield Coverage(group.kind, field, row[2 * number], row[2 * number + 1])


def _of_register(db: sqlite3.Connection, run_id: int) -> Iterator[Coverage]:
    """all-authorities.csv is one page: its rows count as pages. Of authorities in the JSON too, the JSON told last."""
    read_at = db.execute(
        "select min(requested_at) from captures where run_id = ? and page_kind = ? and outcome in ('changed', 'unchanged')",
        (run_id, PageKind.AUTHORITIES_CSV),
    ).fetchone()[0]
    columns = ("home_page", "notes", "publication_scheme", "disclosure_log", "created_at", "updated_at")
    counts = ", ".join(f"count({column})" for column in columns)
    row = db.execute(
        f"select count(*), {counts} from authorities where last_seen_at >= ? and requests_count is null", (read_at,)
    ).fetchone()
    for number, column in enumerate(columns, 1):
        yield Coverage(PageKind.AUTHORITIES_CSV, column, row[0], float(row[number]))


def _of_users(db: sqlite3.Connection, run_id: int) -> Iterator[Coverage]:
    row = db.execute(
        "select count(distinct u.id), count(distinct case when u.name is not null then u.id end) from captures c "
        "cross join users u on u.url_name = slug(c.page_key) "
        "where c.run_id = ? and c.page_kind = ? and c.outcome in ('changed', 'unchanged')",
        (run_id, PageKind.USER_JSON),
    ).fetchone()
    yield Coverage(PageKind.USER_JSON, "name", row[0], float(row[1]))


def _of_files(db: sqlite3.Connection, run_id: int) -> Iterator[Coverage]:
    """Whether the files that were asked for came; robots.txt's word is not the site's."""
    row = db.execute(
        "select count(*), total(outcome in ('changed', 'unchanged', 'not_modified')) from "
        "(select outcome, max(id) from captures where run_id = ? and page_kind = ? and status is not null group by page_key)",
        (run_id, PageKind.ATTACHMENT),
    ).fetchone()
    yield Coverage(PageKind.ATTACHMENT, "file", row[0], row[1])


def _of_lists(db: sqlite3.Connection, run_id: int) -> Iterator[Coverage]:
    """First pages of lists: further ones are asked for on the word of an estimate, and may be empty."""
    rows = db.execute(
        "select page_kind, count(*), total(reason is not ?) from captures where run_id = ? "
        "and page_kind in (?, ?, ?) and outcome in ('changed', 'unchanged') and page_key not like '%page=%' group by page_kind",
        (NO_ROWS, run_id, PageKind.LIST, PageKind.AUTHORITY_HTML, PageKind.BATCH),
    )
    for kind, pages, filled in rows:
        yield Coverage(kind, ROWS, pages, filled)
