"""Commands that only look."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict

import click

from ..archive.store import ArchiveError
from ..config import Clock
from ..report.alarms import accept
from ..report.archive import ArchiveFacts, archive_facts
from ..report.run import RunFacts, newest_run, run_facts
from ..report.sheets import archive_sheet, run_sheet
from ..report.source import look_into
from ..report.words import Sheet
from .shared import Shared


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, type=click.IntRange(min=1))
@click.option("--markdown", is_flag=True, help="Write Markdown, for mail.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")
@click.option("--accept", "accepted", is_flag=True, help="Its alarms are no fault: take what it found as usual from now on.")
@click.pass_obj
def report(shared: Shared, /, run_id: int | None, markdown: bool, as_json: bool, accepted: bool) -> None:
    """Say what a run did: the newest, or the one with number RUN.

    \b
    wdtk report
    wdtk report 12 --markdown
    """
    clock = Clock.from_environment()
    if accepted:
        with shared.open() as archive:
            accept(archive, run_id or newest_run(archive.db), clock.now_text())
    with closing(look_into(shared.archive)) as db:
        facts = run_facts(db, run_id or newest_run(db), clock.now())
    _show(run_sheet(facts), facts, markdown, as_json or shared.as_json)


@click.command()
@click.option("--markdown", is_flag=True, help="Write Markdown, for mail.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")
@click.pass_obj
def status(shared: Shared, /, markdown: bool, as_json: bool) -> None:
    """Say what the archive holds, how complete and fresh it is, and what is due.

    \b
    wdtk status
    """
    with closing(look_into(shared.archive)) as db:
        facts = archive_facts(db, shared.archive, Clock.from_environment().now())
    _show(archive_sheet(facts), facts, markdown, as_json or shared.as_json)


def _show(sheet: Sheet, facts: RunFacts | ArchiveFacts, markdown: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(facts), ensure_ascii=False, indent=2))
    else:
        click.echo(sheet.markdown() if markdown else sheet.text())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open a browser on it.")
@click.pass_obj
def serve(shared: Shared, host: str, port: int, open_browser: bool) -> None:
    """Explore the archive in Datasette.

    \b
    wdtk serve --port 8001 --open
    """
    from ..explore.serve import CannotServe
    from ..explore.serve import serve as serve_archive

    try:
        serve_archive(shared.archive, host, port, open_browser, shared.files)
    except CannotServe as error:
        raise ArchiveError(str(error)) from error
