"""One visit to one of our pages: what was asked, reading the archive for it, and the page shown."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import jinja2
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from . import policy, words
from .breaks import breakable
from .links import Links, Value, followable

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.database import Database

T = TypeVar("T")


class NotShown(Exception):
    """There is no such page to show: `status` 404 (not here) or 410 (withdrawn), and words for the reader."""

    def __init__(self, title: str, reason: str = "", status: int = 404) -> None:
        super().__init__(title)
        self.title, self.reason, self.status = title, reason, status


class Query(NamedTuple):
    """A query of a page: what it tells, in words, and its SQL with named values.

    A plus before a column (``+withheld_at is null``) keeps SQLite from the column's index. An archive has no statistics,
    so SQLite takes an index on a column that is nearly always the same for a good one: the table of a batch took more
    than 5 s with it among 200,000 requests, and 20 ms without (measured November 2026).
    """

    title: str
    sql: str


class Asked(NamedTuple):
    """A query as it was run, for the links to the SQL behind a page."""

    query: Query
    values: Mapping[str, Value]


class Reader:
    """Reads within one read transaction, so that a page is of one moment; remembers what it ran."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.asked: list[Asked] = []

    def rows(self, query: Query, **values: Value) -> list[sqlite3.Row]:
        self.asked.append(Asked(query, values))
        return self._db.execute(query.sql, values).fetchall()

    def one(self, query: Query, **values: Value) -> sqlite3.Row | None:
        found = self.rows(query, **values)
        return found[0] if found else None

    def has(self, table: str) -> bool:
        """Whether the archive has a table: some come with later versions. Not one of the page's queries."""
        return self._db.execute("select 1 from sqlite_master where type = 'table' and name = ?", (table,)).fetchone() is not None


@dataclass
class Visit:
    """`database` is Datasette's, `path` holds the named parts of the address, `args` what stands after its ``?``."""

    datasette: Datasette
    database: Database
    request: Request
    links: Links
    path: dict[str, str]
    writes_sql: bool | None = None
    """Whether this reader may write SQL of their own (Datasette's permission ``execute-sql``); None before `read`."""

    @property
    def args(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.request.args
        return found

    async def read(self, work: Callable[[Reader], T]) -> tuple[T, list[Asked]]:
        """Runs `work` in one of Datasette's threads for queries, under its time limit.

        One trip for all queries of a page, where `Database.execute` would make one for each. Raises
        sqlite3.OperationalError where the time is up.
        """

        def in_thread(db: sqlite3.Connection) -> tuple[T, list[Asked]]:
            reader = Reader(db)
            db.execute("begin")
            try:
                with sqlite_timelimit(db, self.datasette.sql_time_limit_ms):
                    return work(reader), reader.asked
            finally:
                db.execute("rollback")

        if self.writes_sql is None:
            self.writes_sql = await self.datasette.permission_allowed(
                self.request.actor, "execute-sql", resource=self.database.name, default=True
            )
        done: tuple[T, list[Asked]] = await self.database.execute_fn(in_thread)
        return done

    def render(self, template: str, asked: list[Asked] | None = None, status: int = 200, **context: Any) -> Response:
        """The page; `asked` are the queries behind it."""
        shared = {
            "links": self.links,
            "asked": asked or [],
            "writes_sql": self.writes_sql,
            "sql_of": {item.query.title: item for item in asked or []},
            "database": self.database.name,
            "site_title": self.datasette.metadata("title") or "Archive",
            "static": str(self.datasette.urls.static_plugins("wdtk-archive", "")),
            "version": _version(),
            "template": template,
        }
        body = breakable(environment().get_template(template).render(shared | context))
        return Response.html(body, status=status, headers={"content-security-policy": policy.PAGE})

    def page_number(self) -> int:
        """Which page of a list is asked for (``?page=``), from 1. Raises NotShown where that is no number."""
        given = self.args.get("page") or "1"
        if not (given.isascii() and given.isdigit() and len(given) < 7 and int(given) > 0):
            raise NotShown("There is no such page", "Pages of a list are counted from 1.")
        return int(given)

    def base(self) -> str:
        """Scheme and host of this address, for links that are to be cited."""
        return f"{self.request.scheme}://{self.request.host}"


@cache
def environment() -> jinja2.Environment:
    """Our templates, compiled once. Everything is escaped, and nothing printed can hold a control character."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=words.harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(
        when=words.when,
        day=words.day,
        size=words.size,
        as_class=words.as_class,
        value=words.value,
        number=words.number,
        plural=words.plural,
        state=words.state,
        kind=words.kind,
        law=words.law,
        media=words.media,
        part=words.part,
        followable=followable,
    )
    return env


@cache
def _version() -> str:
    """What makes a browser fetch our static files anew once they have changed."""
    files = sorted((Path(__file__).parent / "static").iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]
