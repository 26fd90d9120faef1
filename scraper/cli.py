"""The `wdtk` command. Its verbs are in `scraper.commands`; what they do lives in the rooms they call."""

from __future__ import annotations

from pathlib import Path

import click

from . import __version__
from .commands import exporting, extracting, keeping, looking, site, studying
from .commands.shared import CONTEXT, Clean, Shared


@click.group(cls=Clean, context_settings=CONTEXT)
@click.option(
    "--archive",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("archive.db"),
    show_default=True,
    help="The archive.",
)
@click.option("--files", help="Where attachments lie.  [default: beside the archive]")
@click.option("--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for machines.")
@click.version_option(__version__, prog_name="wdtk")
@click.pass_context
def main(ctx: click.Context, archive: Path, files: str | None, quiet: bool, as_json: bool) -> None:
    """Archive public Freedom of Information correspondence from an Alaveteli site, such as WhatDoTheyKnow.

    Every option can come from the environment: WDTK_ARCHIVE, WDTK_CRAWL_SITE or WDTK_SITE, WDTK_CONTACT ...

    Exit codes: 0 fine; 1 error; 2 usage; 3 the site refused or challenged us, or its robots.txt could not be had;
    4 finished, but pages failed or could not be read; 5 damage found; 75 another run holds this archive or this host.
    """
    ctx.obj = Shared(archive, files, quiet, as_json)


for command in (
    site.crawl,
    site.nightly,
    site.follow,
    site.unfollow,
    looking.report,
    looking.status,
    looking.serve,
    extracting.extract,
    studying.study,
    keeping.check,
    exporting.export_group,
    keeping.reparse,
    keeping.forget_target,
):
    main.add_command(command)
