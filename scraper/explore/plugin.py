"""The Datasette plugin, loaded by its entry point wherever this package is installed.

It makes plain ``datasette archive.db`` show what `wdtk serve` shows: an archive is known by its tables, described by
metadata.yml under whatever name its file has, and served with the settings below. A Datasette without an archive
is left alone.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from datasette import hookimpl
from markupsafe import Markup

from ..metadata import ARCHIVE, SQLAR, SQLAR_MEANING, metadata, study_tables
from . import archives, cells, pages, policy, turns
from .links import Links

if TYPE_CHECKING:
    from datasette.app import Datasette

PACKAGE = "wdtk-archive"
STUDIED = "study_state"
"""A table that an archive has once it was studied."""

SETTINGS: dict[str, int | bool] = {
    # 862 ms for a table page of a million rows with it, 41 ms without (measured November 2026).
    "suggest_facets": False,
    # The raw database holds captured pages, and what awaits confirmation of its withdrawal.
    "allow_download": False,
    # Threads are long: a page of a hundred whole messages is megabytes.
    "default_page_size": 50,
    "truncate_cells_html": 500,
    # Counting and faceting a million rows takes longer than Datasette's 1,000 and 200 ms; it is one person's own machine.
    "sql_time_limit_ms": 5_000,
    "facet_time_limit_ms": 1_000,
    # A CSV of a query ends here without a word, a CSV of a table does not.
    "max_returned_rows": 10_000,
    # 0 is no limit: a longer CSV would otherwise break off.
    "max_csv_mb": 0,
}
"""Where they differ from Datasette 0.65's own. A value given with --setting wins, unless it is Datasette's default."""

COPIED_SETTINGS = {
    "default_page_size": "page_size",
    "max_returned_rows": "max_returned_rows",
    "sql_time_limit_ms": "sql_time_limit_ms",
}
"""Settings that Datasette copies to attributes of its own before any plugin runs."""

_described: WeakKeyDictionary[Datasette, dict[str, Any]] = WeakKeyDictionary()


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Finds the archives among the databases and makes ready for them."""

    async def prepare() -> None:
        if names := await archives.find(datasette):
            _apply_settings(datasette)
            studied = {name for name in names if STUDIED in await datasette.databases[name].table_names()}
            packed = {name for name in names if SQLAR in await datasette.databases[name].table_names()}
            _described[datasette] = _describe(datasette, names, studied, packed)

    return prepare


@hookimpl
def get_metadata(datasette: Datasette) -> dict[str, Any]:
    """metadata.yml, each archive under its own name. What `-m` gives comes on top of it."""
    return _described.get(datasette, {})


@hookimpl
def extra_css_urls(datasette: Datasette) -> list[str]:
    """Our style sheet, where there is an archive."""
    return [datasette.urls.static_plugins(PACKAGE, "explore.css")] if datasette in _described else []


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Our pages."""
    return pages.routes()


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[policy.ASGI], policy.ASGI]:
    """Headers on every answer, and a queue before what is expensive."""
    return lambda app: policy.guarded(datasette, turns.limited(datasette, app))


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Datasette) -> Markup | None:
    """Numbers and names in Datasette's tables lead to our pages."""
    return cells.rendered(datasette, database, table, row, column, value)


@hookimpl
def menu_links(datasette: Datasette) -> list[dict[str, str]]:
    """From Datasette's own pages to ours. Each archive has its name where there are several."""
    names = archives.archives(datasette)
    return [
        {"href": address, "label": label if len(names) == 1 else f"{label}: {name}"}
        for name in names
        for link in (Links(datasette, name),)
        for address, label in (
            (link.home(), "Read the archive"),
            (link.page("search"), "Search"),
            (link.page("health"), "Health of the archive"),
            (link.page("about"), "About the data"),
        )
    ]


def _apply_settings(datasette: Datasette) -> None:
    """Datasette 0.65 has no public way for a plugin to set these; tests/explore fails when this one is gone."""
    from datasette.app import DEFAULT_SETTINGS  # it is half loaded while it loads its plugins

    for name, value in SETTINGS.items():
        if datasette.setting(name) != DEFAULT_SETTINGS[name]:
            continue
        datasette._settings[name] = value
        if name in COPIED_SETTINGS:
            setattr(datasette, COPIED_SETTINGS[name], value)


def _describe(datasette: Datasette, names: tuple[str, ...], studied: set[str], packed: set[str]) -> dict[str, Any]:
    """What metadata.yml says, for these archives. An `archive` described by the user's own `-m` stands for all of them."""
    ours = metadata()
    given = (datasette._metadata_local.get("databases") or {}).get(ARCHIVE)
    # Copied, each for itself: Datasette merges into what it is given.
    described = copy.deepcopy({key: value for key, value in ours.items() if key != "databases"})
    described["databases"] = {name: copy.deepcopy(given or ours["databases"][ARCHIVE]) for name in names}
    for name in studied:
        database = described["databases"][name]
        # The archive's own tables first, as in the codebook; what is described by the user stands.
        own = database.setdefault("tables", {})
        own.update({table: copy.deepcopy(told) for table, told in study_tables().items() if table not in own})
    for name in packed:
        described["databases"][name].setdefault("tables", {})[SQLAR] = dict(SQLAR_MEANING)
    return described
