"""Which of the databases that a Datasette serves are archives: found once, at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..metadata import ARCHIVE_TABLES

if TYPE_CHECKING:
    from datasette.app import Datasette

_found: WeakKeyDictionary[Datasette, tuple[str, ...]] = WeakKeyDictionary()


def archives(datasette: Datasette) -> tuple[str, ...]:
    """Names of the archives; none before `find` has run."""
    return _found.get(datasette, ())


async def find(datasette: Datasette) -> tuple[str, ...]:
    """Looks for archives among the databases: they are known by their tables."""
    names = [name for name, db in datasette.databases.items() if set(await db.table_names()) >= ARCHIVE_TABLES]
    _found[datasette] = tuple(names)
    return _found[datasette]
