"""What the commands share: options, exit codes, and errors as one line."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from ..archive.forget import NothingToForget
from ..archive.store import Archive, ArchiveBusy, ArchiveError
from ..config import TIMEOUT_S, BadConfig, Clock, Config, HostBusy, NotPermitted, size_of
from ..crawl.nightly import NothingFollowed
from ..crawl.targets import BadTarget
from ..urls import Site

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
        except (BadTarget, BadConfig, NothingFollowed, NothingToForget) as error:
            code, text = USAGE, str(error)
        except NotPermitted as error:
            code, text = USAGE, f"{error}. How to ask: docs/permission.md"
        except ArchiveError as error:
            code, text = ERROR, str(error)
        except sqlite3.Error as error:
            code, text = ERROR, f"the archive could not be read or written: {error}{_advice(error)}"
        except OSError as error:
            text = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
            code, text = ERROR, f"{text}{_advice(error)}"
        click.echo(f"wdtk: {text}", err=True)
        sys.exit(code)


_DISK_FULL = "; make room, then give the same command again: nothing that was kept is lost"
_ADVICE = {
    sqlite3.SQLITE_FULL: _DISK_FULL,
    sqlite3.SQLITE_IOERR: "; look after the disk, its room and its health, then run wdtk check",
    sqlite3.SQLITE_CORRUPT: "; wdtk check says what is damaged",
    sqlite3.SQLITE_NOTADB: "; wdtk check says what is damaged",
    sqlite3.SQLITE_BUSY: "; another program writes to it",
    sqlite3.SQLITE_READONLY: "; this user may not write there",
    sqlite3.SQLITE_CANTOPEN: "; this user may not write there",
}


def _advice(error: sqlite3.Error | OSError) -> str:
    """What to do when the machine fails and not the program."""
    if isinstance(error, OSError):
        return _DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return _ADVICE.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF, "")


def day(ctx: click.Context, param: click.Parameter, value: datetime | None) -> date | None:
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
            click.option(
                "--timeout",
                envvar="WDTK_TIMEOUT",
                type=click.FloatRange(min=0, min_open=True),
                default=TIMEOUT_S,
                show_default=True,
                help="Seconds that a page may take.",
            ),
            click.option("--language", envvar="WDTK_LANGUAGE", default="en", show_default=True, help="The site's main language."),
        ]
    ):
        command = option(command)
    return command


def config_of(shared: Shared, site: str | None, options: dict[str, Any]) -> Config:
    known = site_of(shared.archive) if site is None else None
    if site is None and known is None:
        raise BadConfig("which site? A new archive needs --site, such as --site https://www.whatdotheyknow.com")
    where = site_named(site) or known
    assert where is not None
    return Config(
        site=where,
        contact=options["contact"],
        permission=options["permission"],
        delay_s=options["delay"],
        budget=options["budget"],
        max_file_size=size_of(options["max_file_size"]),
        timeout_s=options["timeout"],
        language=options["language"],
        archive=shared.archive,
        files=shared.files,
        clock=Clock.from_environment(),
    )


def site_named(text: str | None) -> Site | None:
    try:
        return Site.of(text) if text is not None else None
    except ValueError as error:
        raise BadConfig(str(error)) from error


def site_of(path: Path) -> Site | None:
    """The site an archive is of, read without opening it for writing."""
    if not path.is_file():
        return None
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("select value from archive_info where key = 'site'").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ArchiveError(f"{path} is not an archive, or damaged: {error}; see wdtk check") from None
        return None
    finally:
        db.close()
    return Site(row[0]) if row else None


def list_problems(problems: list[str]) -> None:
    for problem in problems[:LISTED_PROBLEMS]:
        click.echo(f"problem: {problem}", err=True)
    if len(problems) > LISTED_PROBLEMS:
        click.echo(f"and {len(problems) - LISTED_PROBLEMS:,} more, in the table captures", err=True)
