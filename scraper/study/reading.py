"""One request with everything that the study tables are made from, read from the archive's tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from .law import is_school, nation_of

SITE_ZONE = ZoneInfo("Europe/London")
"""The laws and the site count in days of the United Kingdom's clock."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the request's own log. `at` is UTC text."""

    id: int
    type: str
    at: str
    described_state: str | None
    calculated_state: str | None
    incoming_id: int | None = None
    outgoing_id: int | None = None

    @property
    def day(self) -> date:
        return local_day(self.at)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands now. `text` is what it adds, or all of it where that has not been told apart."""

    id: int
    anchor: str
    kind: str | None
    recorded_at: str | None
    text: str | None
    column: str = "new_text"
    """Which column `text` is from: `new_text` or `text`."""
    withheld: str | None = None
    files: int = 0
    """Attachments that are listed with it and are no image: logos and signatures say nothing."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file that a message brought, or of one within it; pages are parted by form feeds."""

    file_id: int
    sha256: str
    message_id: int
    anchor: str
    kind: str | None
    paged: bool
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the site says of a request, and its authority's nation and schoolness by its tags."""

    id: int
    authority_id: int | None
    batch_id: int | None
    law_used: str | None
    described_state: str | None
    display_state: str | None
    awaiting_description: int | None
    due_on: str | None
    last_seen_at: str
    nation: str | None
    school: bool
    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    files: list[FileText] = field(default_factory=list)


@lru_cache(maxsize=4096)
def local_day(at: str) -> date:
    """The day of a UTC time in the United Kingdom."""
    moment = datetime.fromisoformat(at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(SITE_ZONE).date()


_REQUESTS = """
    select r.id, r.authority_id, r.batch_id, r.law_used, r.described_state, r.display_state, r.awaiting_description,
      r.due_on, r.last_seen_at from requests r where r.withheld_at is null and r.id in ({ids}) order by r.id
"""
_EVENTS = """
    select request_id, id, event_type, created_at, described_state, calculated_state, incoming_message_id, outgoing_message_id
    from events where request_id in ({ids}) order by request_id, created_at, id
"""
_MESSAGES = """
    select m.request_id, m.id, m.anchor, m.kind, m.recorded_at, coalesce(m.new_text, m.text),
      case when m.new_text is null then 'text' else 'new_text' end, m.withheld,
      (select count(*) from attachments a where a.message_id = m.id and a.gone_at is null
         and coalesce(a.content_type, '') not like 'image/%'
         and lower(substr(coalesce(a.filename, ''), -4)) not in ('.png', '.jpg', 'jpeg', '.gif', '.bmp'))
    from messages m where m.request_id in ({ids}) and m.gone_at is null order by m.request_id, m.position, m.id
"""
_FILES = """
    with recursive held(request_id, message_id, anchor, kind, file_id) as (
      select m.request_id, m.id, m.anchor, m.kind, a.file_id from messages m join attachments a on a.message_id = m.id
      where m.request_id in ({ids}) and m.gone_at is null and a.gone_at is null and a.file_id is not null
      {within}
    )
    select h.request_id, h.file_id, f.sha256, h.message_id, h.anchor, h.kind, f.page_count is not null, t.text
    from held h join files f on f.id = h.file_id join file_texts t on t.file_id = f.id
    order by h.request_id, h.message_id, h.file_id
"""
_WITHIN = """union select h.request_id, h.message_id, h.anchor, h.kind, x.file_id
      from held h join file_members x on x.parent_id = h.file_id where x.file_id is not null"""


def read(db: sqlite3.Connection, request_ids: Sequence[int], texts: bool = True) -> Iterator[Request]:
    """The requests of these numbers that are not withheld, in their order; `texts` whether files' texts are wanted."""
    ids = ", ".join(str(int(number)) for number in request_ids)
    found = {}
    for row in db.execute(_REQUESTS.format(ids=ids)):
        found[row[0]] = row
    tags: dict[int, list[tuple[str, str]]] = defaultdict(list)
    wanted = ", ".join(str(number) for number in {row[1] for row in found.values() if row[1] is not None})
    for authority, name, value in db.execute(
        f"select authority_id, name, value from authority_tags where authority_id in ({wanted})"
    ):
        tags[authority].append((name, value))
    requests = {number: Request(*(*row, nation_of(tags[row[1]]), is_school(tags[row[1]]))) for number, row in found.items()}
    for row in db.execute(_EVENTS.format(ids=ids)):
        if row[0] in requests:
            requests[row[0]].events.append(Event(*row[1:]))
    for row in db.execute(_MESSAGES.format(ids=ids)):
        if row[0] in requests:
            requests[row[0]].messages.append(Message(*row[1:]))
    if texts:
        within = _WITHIN if _has_members(db) else ""
        for row in db.execute(_FILES.format(ids=ids, within=within)):
            if row[0] in requests:
                requests[row[0]].files.append(FileText(*row[1:]))
    yield from requests.values()


def _has_members(db: sqlite3.Connection) -> bool:
    """Archives made before files within files were known have no such table until they are next opened for writing."""
    return db.execute("select 1 from sqlite_master where name = 'file_members'").fetchone() is not None
