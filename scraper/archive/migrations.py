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


def unknown_steps(db: Database) -> list[str]:
    """Steps that a newer version of this software took; this one must leave such an archive alone."""
    ours = {step.name for step in migrations.pending(Database(memory=True))}
    return [step.name for step in migrations.applied(db) if step.name not in ours]
