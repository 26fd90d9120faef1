"""The schema of every migration step, as archives in the world have it: `NNN.sql` for the archive after step NNN.

`python -m tests.archive.schemas` writes the newest, after a step was added to scraper/archive/migrations.py. The others
are never written again: archives with those schemas exist.
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from scraper.archive.migrations import migrations

FOLDER = Path(__file__).parent


def steps() -> list[str]:
    """The names of all migration steps, in order."""
    return [step.name for step in migrations.pending(Database(memory=True))]


def file_of(step: str) -> Path:
    return FOLDER / f"{step.split('-')[0]}.sql"


def newest() -> str:
    """An empty archive of today's schema, as statements."""
    db = Database(memory=True)
    migrations.apply(db)
    made = [
        sql
        for name, sql in db.execute("select name, sql from sqlite_master where sql is not null order by rowid").fetchall()
        # What full-text indexes are made of is made with them.
        if not any(name.startswith(f"{table}_") for table in db.table_names() if table.endswith("_fts"))
        or sql.lower().startswith("create trigger")
    ]
    made += [
        f"insert into _sqlite_migrations values ({number}, '{migrations.name}', '{step}', '2026-01-01 00:00:00+00:00')"
        for number, step in enumerate(steps(), 1)
    ]
    db.close()
    return "".join(f"{statement};\n" for statement in made)
