"""The agenda: every request's two pages and every file that is due stand on it."""

from __future__ import annotations

from collections.abc import Iterator

from ...records import PageKind, PageRef
from ..store import Archive
from .damage import Damage, Mending, Room, file_ref


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Pages that nothing would fetch again."""
    db = archive.db
    for kind in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
        for (slug,) in db.execute(
            "select distinct url_title from requests where withheld_at is null and url_title not in "
            "(select page_key from agenda where page_kind = ?)",
            (kind,),
        ).fetchall():
            yield Damage("agenda_hole", f"{kind} {slug}", "is not on the agenda", key=(kind, slug))
    waiting = {row[0] for row in db.execute("select page_key from agenda where page_kind = 'attachment' and due_at is not null")}
    for (url,) in db.execute(
        "select a.url from attachments a join messages m on m.id = a.message_id join requests r on r.id = m.request_id "
        "where a.status = 'due' and a.gone_at is null and a.url is not null and r.withheld_at is null"
    ).fetchall():
        ref = file_ref(url)
        if ref.key not in waiting:
            yield Damage("agenda_hole", f"{ref.kind} {ref.key}", "a file is due, and no visit is planned", key=tuple(ref))
    for (slug,) in db.execute(
        "select page_key from agenda where page_kind = ? and etag is not null and page_key not in "
        "(select url_title from requests)",
        (PageKind.REQUEST_JSON,),
    ).fetchall():
        what = "counts as read, and there is no such request"
        yield Damage("agenda_hole", f"request_json {slug}", what, key=(PageKind.REQUEST_JSON, slug))


def _plan(mending: Mending, damage: Damage) -> str:
    kind, key = str(damage.key[0]), str(damage.key[1])
    with mending.archive.transaction():
        mending.due(PageRef(PageKind(kind), key))
    return "due now"


AGENDA = Room(find, {"agenda_hole": _plan})
