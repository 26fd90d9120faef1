"""The `wdtk` command: options, messages, exit codes. What it does lives in the rooms it calls."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from . import __version__
from .archive.keep import Keeper
from .archive.reparse import reparse as read_again
from .archive.runs import begin, finish
from .archive.store import Archive, ArchiveBusy, ArchiveError
from .config import BadConfig, Clock, Config, NotPermitted
from .crawl.job import CrawlJob, describe
from .crawl.order import Order
from .crawl.refusals import HostBusy
from .crawl.targets import BadTarget
from .urls import Site

OK, ERROR, USAGE, BLOCKED, FAILURES, DAMAGED, BUSY = 0, 1, 2, 3, 4, 5, 75
EXIT_OF_RUN = {"ok": OK, "budget": OK, "blocked": BLOCKED, "failures": FAILURES, "interrupted": ERROR}
LISTED_PROBLEMS = 20

CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "WDTK", "max_content_width": 100}


@dataclass(slots=True)
class Shared:
    """Options of every command."""

    archive: Path
    files: str | None
    quiet: bool
    as_json: bool

    def say(self, text: str) -> None:
        if not self.quiet and not self.as_json:
            click.echo(text)

    def open(self, site: Site | None = None) -> Archive:
        return Archive.open(self.archive, site, self.files)


class Clean(click.Group):
    """Turns what a user can mend into one line and an exit code; anything else is our bug and shows its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ArchiveBusy, HostBusy) as error:
            code, text = BUSY, str(error)
        except (BadTarget, BadConfig) as error:
            code, text = USAGE, str(error)
        except NotPermitted as error:
            code, text = USAGE, f"{error}. How to ask: docs/permission.md"
        except ArchiveError as error:
            code, text = ERROR, str(error)
        except sqlite3.Error as error:
            code, text = ERROR, f"the archive could not be read or written: {error}"
        except OSError as error:
            code, text = ERROR, f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
        click.echo(f"wdtk: {text}", err=True)
        sys.exit(code)


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


def _day(ctx: click.Context, param: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def manners(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that touches a site."""
    for option in reversed(
        [
            click.option("--site", envvar="WDTK_SITE", help="The site, the first time: https://www.whatdotheyknow.com"),
            click.option("--contact", envvar="WDTK_CONTACT", help="A mail address or URL by which the site can reach you."),
            click.option("--permission", envvar="WDTK_PERMISSION", help="Who allowed this, and when."),
            click.option("--budget", envvar="WDTK_BUDGET", type=click.IntRange(min=1), help="At most so many HTTP requests."),
            click.option("--delay", envvar="WDTK_DELAY", type=click.FloatRange(min=0), help="Seconds between requests."),
            click.option(
                "--max-file-size",
                envvar="WDTK_MAX_FILE_SIZE",
                default="100M",
                show_default=True,
                help="Leave larger attachments out.",
            ),
            click.option("--language", envvar="WDTK_LANGUAGE", default="en", show_default=True, help="The site's main language."),
        ]
    ):
        command = option(command)
    return command


_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def _size(text: str) -> int:
    """Bytes of '500', '64K', '100M' or '1G'."""
    number, unit = (text[:-1], text[-1].upper()) if text and text[-1].upper() in "KMG" else (text, "")
    if not number.isdecimal() or int(number) == 0:
        raise click.BadParameter(f"{text!r} is no size; write 500K, 100M or 1G", param_hint="--max-file-size")
    return int(number) * _UNITS[unit]


def _config(shared: Shared, site: str | None, options: dict[str, Any]) -> Config:
    known = _site_of(shared.archive) if site is None else None
    if site is None and known is None:
        raise BadConfig("which site? A new archive needs --site, such as --site https://www.whatdotheyknow.com")
    try:
        where = Site.of(site) if site is not None else known
    except ValueError as error:
        raise BadConfig(str(error)) from error
    assert where is not None
    return Config(
        site=where,
        contact=options["contact"],
        permission=options["permission"],
        delay_s=options["delay"],
        budget=options["budget"],
        max_file_size=_size(options["max_file_size"]),
        language=options["language"],
        archive=shared.archive,
        files=shared.files,
        clock=Clock.from_environment(),
    )


def _site_of(path: Path) -> Site | None:
    """The site an archive is of, read without opening it for writing."""
    if not path.is_file():
        return None
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("select value from archive_info where key = 'site'").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        db.close()
    return Site(row[0]) if row else None


@main.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help="Only what happened from this day (UTC) on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help="Only what happened up to this day (UTC).")
@click.option("--no-attachments", is_flag=True, help="Leave the files out.")
@manners
@click.pass_obj
def crawl(
    shared: Shared,
    /,
    targets: tuple[str, ...],
    since: date | None,
    until: date | None,
    no_attachments: bool,
    site: str | None,
    **options: Any,
) -> None:
    """Archive TARGETS now. What was interrupted goes on where it stopped; the same command again looks anew.

    \b
    A TARGET is any address of the site, or one of
      request:SLUG_OR_ID   authority:NAME   user:NAME   batch:ID   tag:TAG
      search:QUERY         authorities      everything

    \b
    wdtk crawl batch:1024 --site https://www.whatdotheyknow.com \\
      --contact you@example.org --permission 'mySociety, mail of 2026-10-01'
    wdtk crawl authority:luton_borough_council --since 2026-01-01
    """
    config = _config(shared, site, options)
    order = Order.of(targets, config, since, until, not no_attachments)
    with order.open(config) as archive:
        job = order.begin(archive, config)
        if job.run.resumed:
            shared.say(f"going on with a crawl begun at {job.run.job.started_at}")
        code = run(shared, job)
    sys.exit(code)


def run(shared: Shared, job: CrawlJob) -> int:
    """Runs a job's spider to its end, says what it did, and returns the exit code."""
    from spiders.process import crawl_job  # Scrapy installs its reactor when it is imported
    from spiders.targets import TargetsSpider

    if not shared.quiet:
        logging.getLogger().setLevel(logging.WARNING)
    crawl_job(job, TargetsSpider, progress=not shared.quiet and not shared.as_json)
    if job.crash is not None:
        raise job.crash
    told = describe(job)
    outcome = job.ended_as or "interrupted"
    if shared.as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _tell(shared, job, told)
    return EXIT_OF_RUN[outcome]


def _list_problems(problems: list[str]) -> None:
    for problem in problems[:LISTED_PROBLEMS]:
        click.echo(f"problem: {problem}", err=True)
    if len(problems) > LISTED_PROBLEMS:
        click.echo(f"and {len(problems) - LISTED_PROBLEMS:,} more, in the table captures", err=True)


def _tell(shared: Shared, job: CrawlJob, told: dict[str, Any]) -> None:
    shared.say(
        f"{told['outcome']}: {told['pages_read']:,} pages read with {told['http_requests']:,} HTTP requests; "
        f"{told['requests_new']:,} new requests, {told['requests_changed']:,} changed, {told['withheld']:,} refused by the site"
    )
    if job.stopped:
        click.echo(f"stopped: {job.stopped}", err=True)
    _list_problems(job.problems)
    if told["pages_left"] and told["outcome"] != "ok":
        shared.say(f"{told['pages_left']:,} pages are left; the same command goes on with them")


@main.command()
@click.option(
    "--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True, help="Processes that read."
)
@click.pass_obj
def reparse(shared: Shared, workers: int) -> None:
    """Read all kept pages again with today's parsers, without asking the site.

    \b
    wdtk reparse
    """
    clock = Clock.from_environment()
    with shared.open() as archive:
        run_of_it = begin(archive, "reparse", "reparse", (), clock.now_text(), {"workers": workers})
        done = read_again(Keeper(archive, run_of_it.id), clock.now_text(), workers)
        finish(archive, run_of_it, "failures" if done.unreadable else "ok", clock.now_text(), 0)
    if shared.as_json:
        click.echo(json.dumps({"pages": done.pages, "differing": done.differing, "unreadable": done.unreadable}, indent=2))
    else:
        shared.say(f"{done.pages:,} kept pages read again; {done.differing:,} say something else now")
        _list_problems(done.unreadable)
    sys.exit(FAILURES if done.unreadable else OK)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open a browser on it.")
@click.pass_obj
def serve(shared: Shared, host: str, port: int, open_browser: bool) -> None:
    """Explore the archive in Datasette.

    \b
    wdtk serve --port 8001 --open
    """
    from .explore.serve import CannotServe
    from .explore.serve import serve as serve_archive

    try:
        serve_archive(shared.archive, host, port, open_browser)
    except CannotServe as error:
        raise ArchiveError(str(error)) from error
