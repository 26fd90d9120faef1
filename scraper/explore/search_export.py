"""All hits of a search as CSV or JSON, however many, sent while they are read.

One short query after another, each in its turn: none runs long enough to be cut off, a reader who takes long keeps nobody
waiting, and one who goes away costs one at most. The rows of each kind come in the order of the archive's own numbers,
the highest first.

Cells of the CSV that begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return have an apostrophe put before
them: a spreadsheet would take them for formulas, and strangers wrote them. The JSON has them as they are.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from .search_engine import Index, Search, by_number, indexes
from .search_filters import Where
from .search_passages import Passage, passages
from .turns import LINE, Downloads, busy
from .visit import Query, Reader, Visit

ROWS_AT_A_TIME = 200
COLUMNS = (
    "found_in request_id title authority_id authority requester state sent_at kind author anchor filename media_type sha256 "
    "page passage url archive_url"
).split()
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Export:
    """An answer that is made while it is sent. `asgi_send` is what Datasette asks of an answer."""

    def __init__(self, visit: Visit, search: Search, terms: tuple[str, ...], form: str) -> None:
        self.visit, self.search, self.terms, self.form = visit, search, terms, form

    async def asgi_send(self, send: Any) -> None:
        kind = "text/csv" if self.form == "csv" else "application/json"
        headers = {"content-type": f"{kind}; charset=utf-8", "content-disposition": f'attachment; filename="search.{self.form}"'}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        line: Downloads = self.visit.request.scope[LINE]
        if line.crowded:
            await busy(send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        gone = asyncio.ensure_future(_gone(self.visit.request.receive))
        rows = self._rows(line, gone)
        try:
            async for part in _csv(rows) if self.form == "csv" else _json(rows):
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _rows(self, line: Downloads, gone: asyncio.Future[None]) -> AsyncIterator[list[dict[str, Any]]]:
        """All hits, some at a time, until the reader is gone."""
        wanted = self.search.filters.places()
        async with line.turn():
            every = (await self.visit.read(indexes))[0]
        for index in every:
            before = 1 << 62
            while index.where in wanted:
                async with line.turn():
                    if gone.done():
                        return
                    (found, before), _ = await self.visit.read(partial(self._part, index=index, before=before))
                if not before:
                    break
                yield [self._row(index, each) for each in found]

    def _part(self, reader: Reader, index: Index, before: int) -> tuple[list[Passage], int]:
        search = self.search
        query = Query(
            f"Hits in {index.where} in the order of their numbers",
            f"select x.rowid from {by_number(index, search.filters)}\n  and x.rowid < :before order by x.rowid desc limit :many",
        )
        many = ROWS_AT_A_TIME * 10 if search.has_prefix else ROWS_AT_A_TIME
        rows = reader.rows(query, match=search.match, before=before, many=many, **search.filters.values())
        ids = [row[0] for row in rows]
        return passages(reader, index, search, ids, self.terms), min(ids, default=0)

    def _row(self, index: Index, hit: Passage) -> dict[str, Any]:
        row, links = hit.row, self.visit.links
        known = set(row.keys())
        anchor = row["anchor"] if "anchor" in known else None
        ours = links.request(row["request_id"], anchor)
        if index.where is Where.FILES:
            ours = links.file(row["sha256"], page=hit.page)
        filled = {
            **{name: row[name] for name in COLUMNS if name in known},
            "found_in": index.where.value,
            "sent_at": row["at"],
            "page": hit.page,
            "passage": hit.plain,
            "url": (row["file_url"] if index.where is Where.FILES else None) or f"{row['url']}{f'#{anchor}' if anchor else ''}",
            "archive_url": self.visit.base() + ours,
        }
        return {name: filled.get(name) for name in COLUMNS}


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


async def _csv(parts: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    async for rows in parts:
        made = io.StringIO()
        csv.writer(made).writerows([safe_cell(value) for value in row.values()] for row in rows)
        yield made.getvalue()


async def _json(parts: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    yield "["
    between = "\n"
    async for rows in parts:
        if not rows:
            continue
        yield between + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        between = ",\n"
    yield "\n]\n"


async def _gone(receive: Any) -> None:
    """Returns when the reader has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
