"""The lists that tell what happened to what is followed, since they were last read to their end."""

from __future__ import annotations

from datetime import date, timedelta

from ..archive.agenda import Agenda, Want
from ..archive.follows import Follow
from ..archive.store import Archive
from ..config import Config
from ..records import PageKind, PageRef
from ..urls import ListQuery, segment
from .targets import parse

VARIETIES = ("sent", "response", "followup_sent", "comment")
"""Each collapses to one row a request by itself; together they could pass 500 in a day (site-contract.md section 2.4)."""
OVERLAP = timedelta(days=1)
"""Windows reach back so far: UTC days against the site's, and the lag of its search index."""


def seeds(follow: Follow, config: Config) -> list[Want]:
    """The lists that tell what happened to a followed target since they were last read."""
    target = parse(follow.target, config.site)
    match target.kind:
        case "everything":
            register = Want(PageRef(PageKind.AUTHORITIES_CSV, ""))
            return [register, *searches(config, follow, *(f"variety:{variety}" for variety in VARIETIES))]
        case "authorities":
            return [Want(PageRef(PageKind.AUTHORITIES_CSV, ""))]
        case "authority":
            return [Want(PageRef(PageKind.AUTHORITY_HTML, segment(target.name)), expand=True)]
        case "user":
            return searches(config, follow, f"requested_by:{target.name}")
        case "tag":
            return searches(config, follow, f"tag:{target.name}")
        case "search":
            return searches(config, follow, f"({target.name})")
        case "batch":
            return [Want(PageRef(PageKind.BATCH, target.name), expand=True)]
        case _:
            return []


def searches(config: Config, follow: Follow, *queries: str) -> list[Want]:
    """Searches over the days since a target's lists were last read, with a day of overlap."""
    since = date.fromisoformat(follow.listed_until or follow.added_at[:10]) - OVERLAP
    until = config.clock.now().date() + timedelta(days=1)
    return [Want(ListQuery(query, since.isoformat(), until.isoformat()).ref, expand=True) for query in queries]


def drop_unread(archive: Archive, seeds: list[Want]) -> None:
    """Drops the searches that the night before did not come to: tonight's reach back to where it had read all of them."""
    unread = "reason = 'nightly' and page_kind = 'list' and due_at is not null"
    with archive.transaction() as db:
        keys = {row[0] for row in db.execute(f"select page_key from agenda where {unread}")}
        for key in keys - {want.ref.key for want in seeds}:
            Agenda(db).drop(PageRef(PageKind.LIST, key))
