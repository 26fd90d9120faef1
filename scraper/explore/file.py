"""A file: its text page by page, what it is, and everywhere that the same bytes appear."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from datasette.utils.asgi import Response
from markupsafe import Markup

from . import highlight, raw
from .visit import NotShown, Query, Reader, Visit

SHOWN = 300_000
"""Characters of text on one page of ours. A longer text is shown from the page that is asked for."""

HEAD = Query("The file", "select * from files where sha256 = :sha256")
TEXT = Query("Its text", "select text from file_texts where file_id = :file_id")
PLACES = Query(
    "Where the same bytes are attached",
    """select t.filename, t.url, t.fetched_at, m.anchor, m.sent_at, m.author, r.id, r.title, a.name as authority
from attachments t
join messages m on m.id = t.message_id
join requests r on r.id = m.request_id
left join authorities a on a.id = r.authority_id
where t.file_id = :file_id and t.gone_at is null and +t.status = 'stored'
  and m.gone_at is null and m.withheld is null and +r.withheld_at is null
order by t.id
limit 201""",
)
MEMBERS = Query(
    "What it contains",
    """select m.position, m.path, m.reason, f.sha256, f.size, f.media_type
from file_members m
left join files f on f.id = m.file_id
where m.parent_id = :file_id
order by m.position
limit 1000""",
)
CONTAINERS = Query(
    "Files that contain it",
    """select m.path, f.id, f.sha256, f.size, f.media_type
from file_members m
join files f on f.id = m.parent_id
where m.file_id = :file_id
order by f.id
limit 100""",
)

STATUS = {
    "due": "Its text has not been read yet.",
    "no_text_layer": "It is a picture or a scan, without text. It has not been put through character recognition.",
    "ocr": "The text was recognised from pictures of pages and has errors.",
    "empty": "There is no text in it.",
    "unsupported": "There is no reader for this kind of file.",
    "encrypted": "It is encrypted, so its text cannot be read.",
    "failed": "Its text could not be read.",
}
"""What a reader should know of the text, by files.text_status."""


class Page(NamedTuple):
    """A page of the text, from 1; `cut` where only its beginning is shown, `hits` counts the words marked."""

    number: int
    html: Markup
    cut: bool
    hits: int


async def show(visit: Visit) -> Response:
    """Raises NotShown (404) where the archive shows no such file."""
    sha256 = visit.path["sha256"]
    found, asked = await visit.read(lambda reader: _read(reader, sha256))
    if found is None:
        raise NotShown("This file is not in the archive", "It may have been withdrawn by the site.")
    query = (visit.args.get("q") or "")[:200]
    text: str | None = found.pop("text")
    wanted = _first(visit.args.get("page"))
    pages = _pages(text, highlight.pattern(query), wanted)
    return visit.render(
        "archive_file.html",
        asked,
        status_words=STATUS.get(found["head"]["text_status"], ""),
        pages=pages,
        page_total=text.count("\f") + 1 if text else 0,
        hits=sum(page.hits for page in pages),
        # Where the words looked for are not on it after all, the link to the passage leads to the page.
        landing=None if any(page.hits for page in pages if page.number >= wanted) else wanted,
        query=query,
        **found,
    )


def _read(reader: Reader, sha256: str) -> dict[str, Any] | None:
    head = reader.one(HEAD, sha256=sha256)
    name = raw.live_name(reader, head["id"]) if head else None
    if head is None or name is None:
        return None
    reader.asked = reader.asked[:1]
    text = reader.one(TEXT, file_id=head["id"])
    members: list[sqlite3.Row] = []
    containers: list[tuple[sqlite3.Row, str]] = []
    places = reader.rows(PLACES, file_id=head["id"])
    if reader.has("file_members"):
        members = reader.rows(MEMBERS, file_id=head["id"])
        # A container may itself have been withdrawn: it is named only where it is shown.
        named = [(row, _name(reader, row["id"])) for row in reader.rows(CONTAINERS, file_id=head["id"])]
        containers = [(row, name) for row, name in named if name is not None]
    return {
        "head": head,
        "name": name,
        "text": text["text"] if text else None,
        "places": places,
        "members": members,
        "containers": containers,
    }


def _name(reader: Reader, file_id: int) -> str | None:
    """A name under which the archive shows a file, None where it does not; without leaving a query behind the page."""
    asked = len(reader.asked)
    name = raw.live_name(reader, file_id)
    del reader.asked[asked:]
    return name


def _first(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 7 else 1


def _pages(text: str | None, sought: Any, wanted: int) -> list[Page]:
    """The pages that fit, from the first where all do, else from the one before that wanted."""
    if not text:
        return []
    all_pages = text.split("\f")
    start = 0 if len(text) <= SHOWN else max(0, min(wanted, len(all_pages)) - 2)
    left = SHOWN
    made: list[Page] = []
    landed = False
    for number, page in enumerate(all_pages[start:], start + 1):
        if left <= 0:
            break
        here = not landed and number >= wanted
        html, count = highlight.marked(page[:left].strip("\n"), sought, here)
        landed = landed or (here and count > 0)
        made.append(Page(number, html, len(page) > left, count))
        left -= len(page)
    return made
