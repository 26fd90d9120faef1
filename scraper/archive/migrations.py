"""How an archive's schema came to be, step by step. A released step is never edited; a change is a new step."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from .schema import statements

migrations = Migrations("wdtk-archive")


@migrations(name="001-first")
def first(db: Database) -> None:
    """The first schema. Tables stand before the first row, so that no row can shape them."""
    for statement in statements():
        db.execute(statement)
