"""Every page of ours: its address and who makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Request, Response
from datasette.views.index import IndexView

from . import about, authority, batch, changes, file, health, home, raw, search, systems, thread, user
from .archives import archives
from .links import Links
from .visit import NotShown, Visit

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.database import Database

Show = Callable[[Visit], Awaitable[Response]]


class Page(NamedTuple):
    """`path` is a regular expression for what follows ``/{database}/-/``; its named groups are `Visit.path`."""

    path: str
    show: Show


PAGES: list[Page] = [
    Page(r"", home.show),
    Page(r"request/(?P<id>\d{1,18})", thread.show),
    Page(r"authority/(?P<id>\d{1,18})", authority.show),
    Page(r"batch/(?P<id>\d{1,18})", batch.show),
    Page(r"user/(?P<id>\d{1,18})", user.show),
    Page(r"file/(?P<sha256>[0-9a-f]{64})", file.show),
    Page(r"bytes/(?P<sha256>[0-9a-f]{64})", raw.show),
    Page(r"search", search.show),
    Page(r"search\.(?P<format>csv|json)", search.export),
    Page(r"systems", systems.show),
    Page(r"changes", changes.show),
    Page(r"health", health.show),
    Page(r"about", about.show),
]
"""A page is one line here, a module with its queries and a template that extends archive_base.html."""


def routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """For Datasette's `register_routes`. What is no page of ours ends in our own words, not in Datasette's."""
    nothing = Page(r".*", _nothing)
    ours = [(rf"/(?P<database>[^/]+)/-/{page.path}$", _view(page)) for page in [*PAGES, nothing]]
    # Datasette's own view of the front page looks for a format, which this address never has.
    return [(r"/(?P<format>(?!))?$", _front), (r"/robots\.txt$", _robots), *ours]


async def _front(request: Request, datasette: Datasette, send: Any) -> Response | None:
    """The start of the archive where it is all that is served; else Datasette's own list of databases."""
    served = [name for name in datasette.databases if name not in ("_internal", "_memory")]
    if served != list(archives(datasette)) or len(served) != 1:
        own: Response | None = await IndexView.as_view(datasette)(request, send)
        return own
    visit = await _allowed(datasette, datasette.databases[served[0]], request, {})
    return await _shown(Page("", home.show), visit)


async def _robots(datasette: Datasette) -> Response:
    """Keeps crawlers out: these are real people's words, and whoever looks for them finds them on the site itself."""
    if not archives(datasette):
        raise NotFound("404")
    return Response.text("User-agent: *\nDisallow: /\n")


def _view(page: Page) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request, datasette: Datasette) -> Response:
        return await _shown(page, await _visit(request, datasette))

    return view


async def _shown(page: Page, visit: Visit) -> Response:
    """The page, or the notice in its place."""
    try:
        return await page.show(visit)
    except NotShown as what:
        return visit.render("archive_notice.html", status=what.status, title=what.title, reason=what.reason)
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        reason = "It needed more time than this server gives a page. Ask for less, or try again later."
        return visit.render("archive_notice.html", status=503, title="This took too long", reason=reason)


async def _visit(request: Request, datasette: Datasette) -> Visit:
    """Raises NotFound where the database is none of ours, Forbidden where the reader may not see it."""
    path = dict(request.url_vars)
    route = tilde_decode(path.pop("database"))
    database = next((db for db in datasette.databases.values() if db.route == route), None)
    if database is None or database.name not in archives(datasette):
        raise NotFound(f"There is no archive named {route} here")
    return await _allowed(datasette, database, request, path)


async def _allowed(datasette: Datasette, database: Database, request: Request, path: dict[str, str]) -> Visit:
    await datasette.ensure_permissions(request.actor, [("view-database", database.name), "view-instance"])
    return Visit(datasette, database, request, Links(datasette, database.name), path)


async def _nothing(visit: Visit) -> Response:
    raise NotShown("There is no such page", "The address may be mistyped, or from another version of this archive.")
