"""`wdtk study`."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..archive.store import Archive, ArchiveError
from ..config import Clock
from ..study.tables import NAMES
from .shared import LISTED_PROBLEMS, Shared

if TYPE_CHECKING:
    from ..study.build import Told
    from ..study.codings import Imported


WORKERS = os.cpu_count() or 1


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAME]...")
@click.option("--rebuild", is_flag=True, help="Make the tables anew, whatever changed.")
@click.option("--lexicon", "lexicons", multiple=True, metavar="NAME|FILE", help="Look for this lexicon's terms too, from now on.")
@click.option("--codings", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take a CSV of labels in.")
@click.option("--workers", type=click.IntRange(min=1), default=WORKERS, show_default=True, help="Processes.")
@click.pass_obj
def study(
    shared: Shared, /, names: tuple[str, ...], rebuild: bool, lexicons: tuple[str, ...], codings: Path | None, workers: int
) -> None:
    """Make the tables for research, or bring them up to date: deadlines, exemptions, mentions, outcomes, families.

    \b
    wdtk study
    wdtk study deadlines --rebuild
    wdtk study --lexicon algorithmic-systems     then: select * from council_systems
    wdtk study --codings labels.csv              labels go to codings.db beside the archive

    What each value means and how well the rules do is in docs/study.md. Only what changed since the last time is made
    anew; nothing is half made if it is stopped.
    """
    # Numpy and its kind take half a second to load, which no other command needs.
    from ..study.build import build
    from ..study.codings import BadCodings, import_codings
    from ..study.lexicon import BadLexicon

    now = Clock.from_environment().now_text()
    try:
        with shared.open() as archive:
            if codings is not None:
                _say_codings(shared, import_codings(shared.archive, archive.db, codings, now))
                return
            wanted = names or (("mentions",) if lexicons else ())
            told = build(archive, wanted, now, rebuild=rebuild, lexicons=lexicons, workers=workers, progress=_progress(shared))
            archive.wipe()
    except (BadLexicon, BadCodings) as error:
        raise ArchiveError(str(error)) from None
    if shared.as_json:
        click.echo(json.dumps(asdict(told), indent=2))
        return
    _say(shared, told)


def study_after_night(shared: Shared, archive: Archive) -> bool:
    """Brings the study tables up to date with what the night brought; whether that went well.

    Whatever becomes of it, the night's own report stands: what went wrong is said in one line.
    """
    from ..study.build import build
    from ..study.lexicon import BadLexicon

    try:
        told = build(archive, (), Clock.from_environment().now_text(), workers=WORKERS, progress=_progress(shared))
        archive.wipe()
    except (ArchiveError, BadLexicon, BrokenProcessPool, OSError, sqlite3.Error) as error:
        click.echo(f"the study tables were not brought up to date: {error}; wdtk study makes up for it", err=True)
        return False
    if not shared.as_json:
        shared.say(f"study tables: {max(told.requests.values()):,} requests made anew")
    return True


def _progress(shared: Shared) -> Callable[[int, int], None]:
    wanted = sys.stderr.isatty() and not shared.quiet and not shared.as_json

    def show(done: int, total: int) -> None:
        if wanted:
            click.echo(f"\r{done:,} of {total:,} requests" + ("\r\x1b[K" if done == total else ""), err=True, nl=False)

    return show


def _say(shared: Shared, told: Told) -> None:
    for name, requests in told.requests.items():
        anew = ", all anew" if name in told.rebuilt else ""
        shared.say(f"{name}: {requests:,} requests{anew}")
    for table, rows in told.rows.items():
        shared.say(f"{rows:>12,} rows in {table}")


def _say_codings(shared: Shared, done: Imported) -> None:
    if shared.as_json:
        click.echo(json.dumps(asdict(done), indent=2))
        return
    shared.say(f"{done.labels:,} labels taken in")
    for anchor in done.unknown[:LISTED_PROBLEMS]:
        click.echo(f"note: the archive has no message {anchor}", err=True)
    if len(done.unknown) > LISTED_PROBLEMS:
        click.echo(f"note: nor {len(done.unknown) - LISTED_PROBLEMS:,} others", err=True)
    for one in done.agreements:
        alpha = "not to be told" if one.alpha is None else f"{one.alpha:.3f}"
        shared.say(f"{one.variable}: {one.labels:,} labels, {one.shared:,} messages by two or more; Krippendorff's alpha {alpha}")
