"""`wdtk export`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ..archive.files import FileStore
from ..crawl.targets import parse
from ..export.backup import back_up
from ..export.csv_files import Form
from ..export.making import Exported, Order, Writer, export, write_csv
from ..export.opened import Edition, Research
from ..export.selection import CannotExport, Sample, Selection
from ..export.sqlite import write_sqlite
from .shared import Shared, site_of

DATABASES = (".db", ".sqlite", ".sqlite3")
PUBLIC_AGE_DAYS = 90
_NOT_SAID = frozenset({"goal", "force", "key", "recheck"})
"""Options that change nothing in the data."""


@click.group("export")
def export_group() -> None:
    """Turn the archive into files for papers, programs and other archives.

    \b
    wdtk export csv luton --target batch:1024
    wdtk export parquet all --where "created_at >= '2020-01-01'"
    wdtk export sqlite backup.db

    DEST becomes a folder with the data, a README, the codebook, a text for the methods section of a paper, a citation
    and checksums. It is whole or absent, and the same archive and options give the same bytes.
    """


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every form."""
    age = f"Leave out requests with anything younger than this.  [default: {PUBLIC_AGE_DAYS} for public, else 0]"
    held = "All that the archive holds, or what is safe to publish."
    key = "What pseudonyms are made with; made where it is missing.  [default: beside the archive]"
    existing = click.Path(path_type=Path, exists=True, dir_okay=False)
    for option in reversed(
        [
            click.argument("goal", metavar="DEST", type=click.Path(path_type=Path)),
            click.option("--target", "targets", multiple=True, metavar="TARGET", help="Only its requests; several add up."),
            click.option("--where", metavar="SQL", help="Only requests of which this is true, on columns of request_summary."),
            click.option("--min-age", type=click.IntRange(min=0), metavar="DAYS", help=age),
            click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Draw so many of these requests."),
            click.option("--seed", default="1", show_default=True, help="The same seed draws the same sample."),
            click.option("--stratify", metavar="COLUMN,...", help="Draw from strata, such as authority_category,year."),
            click.option("--sql", type=existing, metavar="FILE", help="Export the rows of this query instead of tables."),
            click.option(
                "--edition", type=click.Choice(["research", "public"]), default="research", show_default=True, help=held
            ),
            click.option("--key", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=key),
            click.option("--spreadsheets", is_flag=True, help="In the public edition, texts of spreadsheets too."),
            click.option("--recheck", is_flag=True, help="Visit every thread first, as `wdtk nightly --recheck` does."),
            click.option("--force", is_flag=True, help="Replace DEST, an earlier export."),
        ]
    ):
        command = option(command)
    return command


def _said(shared: Shared) -> tuple[str, ...]:
    """The options that were given, as words of a command that gives the same export."""
    context = click.get_current_context()
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _NOT_SAID or context.get_parameter_source(name) in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
            continue
        value = context.params[name]
        if value is None or value is False:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            words.append(parameter.opts[0])
            if each is not True:
                words.append(each.name if isinstance(each, Path) else str(each))
    return tuple(f'"{word}"' if " " in word else word for word in words)


def _selection(shared: Shared, options: dict[str, Any], public: bool) -> Selection:
    if options["stratify"] and not options["sample"]:
        raise click.UsageError("--stratify needs --sample: how many?")
    targets: list[tuple[str, str]] = []
    if options["targets"]:
        site = site_of(shared.archive)
        if site is None:
            raise CannotExport(f"there is no archive at {shared.archive}; give its path with --archive")
        parsed = [parse(text, site) for text in options["targets"]]
        targets = [(target.kind, target.name) for target in parsed]
    sample = None
    if options["sample"]:
        by = tuple(name.strip() for name in (options["stratify"] or "").split(",") if name.strip())
        sample = Sample(options["sample"], options["seed"], by)
    age = options["min_age"] if options["min_age"] is not None else PUBLIC_AGE_DAYS if public else 0
    return Selection(tuple(targets), options["where"], age, sample)


def _export(shared: Shared, form: str, options: dict[str, Any], write: Writer, **more: Any) -> None:
    edition = _edition_of(shared, options)
    if options["recheck"]:
        _recheck(shared)
    order = Order(
        form=form,
        edition=edition,
        selection=_selection(shared, options, edition.hides),
        sql=options["sql"].read_text(encoding="utf-8") if options["sql"] else None,
        said=_said(shared),
        **more,
    )
    files = FileStore.beside(shared.archive, shared.files)
    done = export(shared.archive, files, options["goal"], order, write, options["force"], _progress(shared))
    _tell(shared, done)


def _recheck(shared: Shared) -> None:
    """Visits every thread before it is exported. Ends the command where the site did not answer for all of them."""
    from .site import nightly

    try:
        click.get_current_context().invoke(nightly, recheck=True)
    except SystemExit as ended:
        if ended.code:
            click.echo("wdtk: nothing was exported, since the recheck did not go well", err=True)
            raise


def _tell(shared: Shared, done: Exported) -> None:
    if shared.as_json:
        click.echo(json.dumps({**asdict(done), "path": str(done.path)}, ensure_ascii=False, indent=2))
        return
    rows = sum(done.rows.values())
    shared.say(f"{done.path}: {done.requests:,} requests, {rows:,} rows in {len(done.rows):,} tables, {done.bytes:,} bytes")
    for what, count in {**done.left_out, **done.masked}.items():
        shared.say(f"{count:>12,} {what}")


def _progress(shared: Shared) -> Callable[[str, int, int], None]:
    wanted = sys.stderr.isatty() and not shared.quiet and not shared.as_json
    shown = ""

    def show(what: str, done: int, total: int) -> None:
        nonlocal shown
        line = f"{100 * done // total if total else 100:3d} % {what}" if done < total else ""
        if wanted and line != shown:
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)
            shown = line

    return show


_raw = click.option("--raw", is_flag=True, help="Leave cells as they are that a spreadsheet would run as formulas.")
_one_line = click.option("--one-line", is_flag=True, help="Spell line ends out, so that every row is one line.")


def _edition_of(shared: Shared, options: dict[str, Any]) -> Edition:
    """Takes the edition's own options out of `options`."""
    edition, key, spreadsheets = (options.pop(name) for name in ("edition", "key", "spreadsheets"))
    if edition == "research":
        if spreadsheets:
            raise click.UsageError("--spreadsheets belongs to --edition public; the research edition has them")
        return Research()
    from ..export.pseudonyms import load_or_make_key
    from ..export.public import Public

    return Public(load_or_make_key(key or shared.archive.with_suffix(".key"), options["goal"]), spreadsheets)


@export_group.command("csv")
@_common
@_raw
@_one_line
@click.pass_obj
def csv(shared: Shared, /, raw: bool, one_line: bool, **options: Any) -> None:
    """One CSV file for each table, and request_summary.csv with a row for each request.

    \b
    wdtk export csv luton --target batch:1024
    wdtk export csv counts --sql counts.sql

    UTF-8, RFC 4180. Cells that a spreadsheet would run as a formula are made safe, and the README says how.
    """
    _export(shared, "csv", options, write_csv, csv=Form(raw, one_line))


@export_group.command("sqlite")
@_common
@click.option("--with-files", is_flag=True, help="With the files' bytes in it: one file is the whole archive.")
@click.pass_obj
def sqlite(shared: Shared, /, with_files: bool, **options: Any) -> None:
    """One SQLite database for Datasette or any program; or, where DEST ends in .db, a backup of the archive's own.

    \b
    wdtk export sqlite luton --target batch:1024 --with-files
    wdtk export sqlite backup/councils.db

    A backup is the database as it is now, while a crawl may be writing. The files beside it are not copied; they never
    change, so any copying tool does it.
    """
    goal = options["goal"]
    if goal.suffix in DATABASES:
        if said := (*_said(shared), *(["--key"] if options["key"] else [])):
            raise click.UsageError(f"{said[0]} needs a folder: {goal.name} would be a backup of all there is")
        _back_up(shared, goal, options["force"])
        return
    if with_files and options["edition"] == "public":
        raise click.UsageError("--with-files: files cannot be masked, so the public edition has none")
    if with_files and options["sql"]:
        raise click.UsageError("--with-files needs the tables of files, and --sql takes their place")
    _export(shared, "sqlite", options, write_sqlite, with_files=with_files)


def _back_up(shared: Shared, goal: Path, force: bool) -> None:
    done = back_up(shared.archive, goal, force)
    if shared.as_json:
        click.echo(json.dumps({"path": str(done.path), "bytes": done.bytes, "pages": done.pages}, indent=2))
    else:
        shared.say(f"{done.path}: {done.bytes:,} bytes, checked")


@export_group.command("parquet")
@_common
@click.pass_obj
def parquet(shared: Shared, /, **options: Any) -> None:
    """Typed Parquet files, parted by the year of the request, for DuckDB, Spark, pandas, Polars, R.

    \b
    wdtk export parquet all
    wdtk export parquet recent --where "created_at >= '2020-01-01'"

    Needs pyarrow: pip install 'wdtk-archive[parquet]'.
    """
    from ..export.parquet import write_parquet  # slow to import, and may not be installed

    _export(shared, "parquet", options, write_parquet)


@export_group.command("datapackage")
@_common
@click.option("--data", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="What the tables are in.")
@click.pass_obj
def datapackage(shared: Shared, /, data: str, **options: Any) -> None:
    """CSV or Parquet with datapackage.json, which tells programs what every column is (Frictionless Data Package).

    \b
    wdtk export datapackage councils --target tag:council
    """
    from ..export.datapackage import write_datapackage

    _export(shared, "datapackage", options, write_datapackage, data=data)


@export_group.command("warc")
@_common
@click.pass_obj
def warc(shared: Shared, /, **options: Any) -> None:
    """The pages and files as the site sent them: WARC 1.1, for other web archives.

    \b
    wdtk export warc pages --target batch:1024
    """
    from ..export.web import web_archive

    _export(shared, "warc", options, web_archive("warc"))


@export_group.command("wacz")
@_common
@click.pass_obj
def wacz(shared: Shared, /, **options: Any) -> None:
    """The same in one file with an index and a list of pages, to be opened in ReplayWeb.page.

    \b
    wdtk export wacz pages --target batch:1024
    """
    from ..export.web import web_archive

    _export(shared, "wacz", options, web_archive("wacz"))
