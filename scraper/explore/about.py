"""What the data is: the codebook from metadata.yml, the snapshot, how to cite it, and its known limits."""

from __future__ import annotations

from typing import Any, NamedTuple

from datasette.utils.asgi import Response

from . import cite
from .visit import Query, Reader, Visit

SNAPSHOT = Query(
    "The snapshot",
    """select (select value from archive_info where key = 'site') as site,
  (select count(*) from requests where withheld_at is null) as requests,
  (select count(*) from messages) as messages,
  (select count(*) from files) as files,
  (select min(started_at) from runs) as first_run_at,
  (select max(coalesce(finished_at, started_at)) from runs) as last_run_at,
  (select software from runs order by id desc limit 1) as software,
  (select min(created_at) from requests) as earliest,
  (select max(created_at) from requests) as latest""",
)


class Table(NamedTuple):
    """A table of the codebook; `columns` are (name, what it means)."""

    name: str
    description: str
    source: str
    columns: list[tuple[str, str]]


async def show(visit: Visit) -> Response:
    def work(reader: Reader) -> Any:
        return reader.one(SNAPSHOT)

    snapshot, asked = await visit.read(work)
    title = visit.datasette.metadata("title") or "Archive"
    return visit.render(
        "archive_about.html",
        asked,
        snapshot=snapshot,
        description=visit.datasette.metadata("description") or "",
        license=visit.datasette.metadata("license") or "",
        tables=codebook(visit),
        cited=cite.archive(title, snapshot, visit.base() + visit.links.home()),
    )


def codebook(visit: Visit) -> list[Table]:
    """Every table that is shown, with its columns, in the order of metadata.yml."""
    described = visit.datasette.metadata("tables", database=visit.database.name) or {}
    return [
        Table(name, table.get("description", ""), table.get("source", ""), list((table.get("columns") or {}).items()))
        for name, table in described.items()
        if not table.get("hidden")
    ]
