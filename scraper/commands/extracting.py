"""`wdtk extract`, and the same at the end of a night."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from contextlib import AbstractContextManager

import click

from ..archive.store import Archive, ArchiveError
from ..config import Clock
from ..text.extract import Extracted
from ..text.extract import extract as extract_due
from ..text.pool import NoCluster, Pool, cluster, local
from ..text.supervised import CannotStart
from .shared import LISTED_PROBLEMS, Shared

WORKERS = os.cpu_count() or 1
STATUSES = ("extracted", "no_text_layer", "ocr", "empty", "unsupported", "encrypted", "failed")
_PROGRESS_S = 0.5


@click.command()
@click.option("--workers", type=click.IntRange(min=1), default=WORKERS, show_default=True, help="Files read at a time, here.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Read on a Dask cluster instead.")
@click.option("--ocr", is_flag=True, help="Recognise scans and images, with tesseract: some seconds a page.")
@click.option("--again", multiple=True, type=click.Choice(STATUSES), help="Read files of this status once more.")
@click.pass_obj
def extract(shared: Shared, /, workers: int, scheduler: str | None, ocr: bool, again: tuple[str, ...]) -> None:
    """Read the text of the files that have not been read yet, so that it can be searched.

    \b
    wdtk extract
    wdtk extract --ocr --workers 4
    wdtk extract --scheduler tcp://10.0.0.5:8786
    wdtk extract --again failed        after an update of this software

    Each file is read in a child process with limits and without a network: one that is damaged, or meant to do
    damage, ends with its reason in files.text_error, and the others go on. It can be stopped at any time; the same
    command goes on where it stopped. The archive is locked for writing meanwhile, so start it when no crawl is due.
    `wdtk nightly` ends with it (without --ocr).

    Exit code 0 also where files could not be read: that is their fault and not the run's.
    """
    languages, missing = _languages() if ocr else (None, None)
    if missing:
        click.echo(f"note: {missing}", err=True)
    with shared.open() as archive:
        done = _extract(shared, archive, cluster(scheduler) if scheduler else local(workers), languages, again)
    if shared.as_json:
        told = {"files": done.files, "seconds": round(done.seconds, 1), "statuses": done.statuses, "reasons": done.reasons}
        click.echo(json.dumps({**told, "problems": done.problems}, ensure_ascii=False, indent=2))
        return
    shared.say(_told(done))
    for reason, count in done.reasons.most_common(LISTED_PROBLEMS):
        shared.say(f"{count:>7,} {reason}")


def extract_after_night(shared: Shared, archive: Archive) -> None:
    """Reads what the night brought. Whatever becomes of it, the night's own report and exit code stand."""
    try:
        done = _extract(shared, archive, local(WORKERS), None, ())
    except (ArchiveError, OSError, sqlite3.Error) as error:
        click.echo(f"the text of files was not read to the end: {error}; wdtk extract goes on with it", err=True)
        return
    if done.files:
        shared.say(_told(done))


def _languages() -> tuple[str, str | None]:
    from ..text.recognising import NoTesseract, languages

    try:
        return languages()
    except NoTesseract as error:
        raise ArchiveError(str(error)) from None


def _extract(
    shared: Shared, archive: Archive, where: AbstractContextManager[Pool], languages: str | None, again: tuple[str, ...]
) -> Extracted:
    progress = _Progress(shared)
    try:
        with where as pool:
            return extract_due(archive, pool, Clock.from_environment().now_text, languages, again, progress.show)
    except (NoCluster, CannotStart) as error:
        raise ArchiveError(str(error)) from None
    finally:
        progress.clear()


class _Progress:
    """One line on a terminal, renewed twice a second; nothing elsewhere."""

    def __init__(self, shared: Shared) -> None:
        self._wanted = sys.stderr.isatty() and not shared.quiet and not shared.as_json
        self._shown = 0.0

    def show(self, done: Extracted) -> None:
        if self._wanted and time.monotonic() - self._shown >= _PROGRESS_S:
            self._shown = time.monotonic()
            click.echo(f"\r{done.files:,} files read", err=True, nl=False)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def _told(done: Extracted) -> str:
    if not done.files:
        return "no file is due"
    counts = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in done.statuses.most_common())
    return f"{done.files:,} files read in {done.seconds:,.1f} s: {counts}"
