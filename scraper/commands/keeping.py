"""Commands that change or prove an archive without asking the site."""

from __future__ import annotations

import json
import os
import sys

import click

from ..archive.check import Damage, Mended, examine, repair
from ..archive.forget import forget
from ..archive.keep import Keeper
from ..archive.reparse import reparse as read_again
from ..archive.runs import begin, finish
from ..config import Clock
from .shared import DAMAGED, FAILURES, OK, Shared, list_problems


@click.command(name="forget")
@click.argument("target")
@click.option("--note", help="Why, in your own words.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget_target(shared: Shared, /, target: str, note: str | None, yes: bool) -> None:
    """Remove TARGET from every table, index, file and raw page, for good, and do not fetch it again.

    \b
    A TARGET is request:SLUG_OR_ID, message:incoming-12, file:SHA256, user:NAME,
    or the address of a request, a message in it, a file or a user.

    \b
    wdtk forget message:incoming-12 --note 'asked by mail, 2026-11-02'
    """
    with shared.open() as archive:
        if not yes:
            click.confirm(f"Remove {target} for good? It cannot be undone.", abort=True)
        gone = forget(archive, target, Clock.from_environment().now_text(), note)
        archive.wipe()
    shared.say(f"removed: {gone}")


@click.command()
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
        list_problems(done.unreadable)
    sys.exit(FAILURES if done.unreadable else OK)


@click.command()
@click.option("--repair", "mend", is_flag=True, help="Mend what can be mended.")
@click.option("--quick", is_flag=True, help="Look into no file and no raw page, only at sizes and keys.")
@click.pass_obj
def check(shared: Shared, mend: bool, quick: bool) -> None:
    """Prove the archive sound: keys, hashes of files and raw pages, search indexes, what is withheld, what is due.

    \b
    wdtk check
    wdtk check --repair      what is lost is fetched again by the next crawl

    Exit code 5 where damage is found, or left after a repair.
    """
    mended: list[Mended] = []
    if mend:
        mended, found = repair(shared.archive, shared.files, quick, Clock.from_environment().now_text())
    else:
        found = examine(shared.archive, shared.files, quick)
    damage = [one for one in found if not one.leftover]
    if shared.as_json:
        told = {"damage": [_damage(one) for one in found], "mended": [{**_damage(one), "done": done} for one, done in mended]}
        click.echo(json.dumps({"sound": not damage, **told}, ensure_ascii=False, indent=2))
    else:
        for one, done in mended:
            shared.say(f"mended: {one.kind}: {one.where}: {one.what}: {done}")
        for one in found:
            click.echo(f"{'left over' if one.leftover else one.kind}: {one.where}: {one.what}", err=True)
        _sum_up(shared, damage, mend)
    sys.exit(DAMAGED if damage else OK)


def _damage(one: Damage) -> dict[str, object]:
    return {"kind": one.kind, "where": one.where, "what": one.what, "mendable": one.mendable, "leftover": one.leftover}


def _sum_up(shared: Shared, damage: list[Damage], tried: bool) -> None:
    if not damage:
        shared.say("the archive is sound")
        return
    mendable = sum(one.mendable for one in damage)
    how = f"; wdtk check --repair mends {mendable:,}" if mendable and not tried else ""
    click.echo(f"{len(damage):,} damaged{how}", err=True)
