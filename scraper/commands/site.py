"""Commands that touch a site, and what they keep fresh."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click

from ..archive import follows
from ..archive.store import Archive, ArchiveError
from ..archive.withdraw import Rule
from ..config import Clock, check_may_touch
from ..crawl.job import CrawlJob, describe
from ..crawl.nightly import NightlyJob, begin_night
from ..crawl.order import Order
from ..crawl.targets import parse
from ..report.run import RunFacts, run_facts
from ..report.sheets import run_sheet
from ..report.source import prepared
from .extracting import extract_after_night
from .shared import ERROR, EXIT_OF_RUN, FAILURES, Shared, config_of, day, list_problems, manners, site_named
from .studying import study_after_night


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), callback=day, help="Only what happened from this day (UTC) on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), callback=day, help="Only what happened up to this day (UTC).")
@click.option("--no-attachments", is_flag=True, help="Leave the files out.")
@click.option("--follow", "followed", is_flag=True, help="Keep the targets fresh from now on, as `wdtk follow` does.")
@manners
@click.pass_obj
def crawl(
    shared: Shared,
    /,
    targets: tuple[str, ...],
    since: date | None,
    until: date | None,
    no_attachments: bool,
    followed: bool,
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
    config = config_of(shared, site, options)
    order = Order.of(targets, config, since, until, not no_attachments)
    with order.open(config) as archive:
        if followed:
            follows.add(archive, [target.text for target in order.targets], config.clock.now_text(), None)
        job = order.begin(archive, config)
        if job.run.resumed:
            shared.say(f"going on with a crawl begun at {job.run.job.started_at}")
        code = run(shared, job)
    sys.exit(code)


def run(shared: Shared, job: CrawlJob) -> int:
    """Runs a job's spider to its end, says what it did, and returns the exit code."""
    from spiders.nightly import NightlySpider
    from spiders.process import crawl_job  # Scrapy installs its reactor when it is imported
    from spiders.targets import TargetsSpider

    crawl_job(
        job, NightlySpider if isinstance(job, NightlyJob) else TargetsSpider, progress=not shared.quiet and not shared.as_json
    )
    facts = run_facts(prepared(job.archive.db), job.run.id, job.clock.now())
    outcome = job.ended_as or "interrupted"
    if shared.as_json:
        click.echo(json.dumps({**describe(job), "report": asdict(facts)}, ensure_ascii=False, indent=2))
    else:
        _tell(shared, job, facts)
    return FAILURES if job.alarms and outcome == "budget" else EXIT_OF_RUN[outcome]


def _tell(shared: Shared, job: CrawlJob, facts: RunFacts) -> None:
    """The run's report; and what went wrong on stderr, but for a person who has just read it."""
    shared.say(run_sheet(facts).text())
    if sys.stdout.isatty() and not shared.quiet:
        list_problems(job.nowhere)
        return
    if job.stopped:
        click.echo(f"stopped: {job.stopped}", err=True)
    for alarm in job.alarms:
        click.echo(f"alarm: {alarm.text}", err=True)
    list_problems(job.problems)


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option("--note", help="Why, in your own words.")
@click.option("--site", envvar="WDTK_SITE", help="The site, where the archive is new.")
@click.pass_obj
def follow(shared: Shared, /, targets: tuple[str, ...], note: str | None, site: str | None) -> None:
    """Keep TARGETS fresh with every `wdtk nightly`; without one, list what is followed.

    \b
    wdtk follow batch:1024 authority:luton_borough_council
    """
    with shared.open(site_named(site)) as archive:
        if targets:
            texts = [parse(text, archive.site).text for text in targets]
            new = follows.add(archive, texts, Clock.from_environment().now_text(), note)
            shared.say(f"{new} followed from now on, {len(texts) - new} followed before")
        listed = follows.follows(archive.db)
    if shared.as_json:
        click.echo(json.dumps([asdict(one) for one in listed], ensure_ascii=False, indent=2))
    elif not targets:
        for one in listed:
            click.echo(f"{one.target}\t{one.added_at}" + (f"\t{one.note}" if one.note else ""))
        if not listed:
            shared.say("nothing is followed yet: wdtk follow TARGET")


@click.command()
@click.argument("target")
@click.pass_obj
def unfollow(shared: Shared, /, target: str) -> None:
    """Keep TARGET fresh no longer. What was archived of it stays, and is still watched for withdrawals.

    \b
    wdtk unfollow batch:1024
    """
    with shared.open() as archive:
        text = parse(target, archive.site).text
        if not follows.remove(archive, text):
            raise ArchiveError(f"{text} is not followed; wdtk follow lists what is")
    shared.say(f"{text} is no longer followed")


def _until(text: str | None, clock: Clock) -> datetime | None:
    """The next time that this machine's clock shows HH:MM, in UTC."""
    if text is None:
        return None
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; write 06:30", param_hint="--until-time") from None
    now = clock.now().astimezone()
    # Each day's own offset: the clocks may change tonight.
    today = datetime.combine(now.date(), at).astimezone()
    return (today if today > now else datetime.combine(now.date() + timedelta(days=1), at).astimezone()).astimezone(UTC)


@click.command()
@click.option("--until-time", envvar="WDTK_UNTIL_TIME", metavar="HH:MM", help="Stop at this time, by this machine's clock.")
@click.option("--recheck", is_flag=True, help="Visit every thread, its page and its files, due or not.")
@click.option("--probe-events", is_flag=True, help="Also ask for event numbers one by one. Needs the site's express leave.")
@click.option("--no-extract", is_flag=True, help="Leave the text of new files to `wdtk extract`.")
@click.option("--no-study", is_flag=True, help="Leave the tables for research to `wdtk study`.")
@click.option("--withdraw-now", is_flag=True, help="Believe the site's refusals at once, without a second night.")
@click.option("--confirm-nights", type=click.IntRange(min=1), default=2, show_default=True, help="Nights that confirm a refusal.")
@click.option("--confirm-hours", type=click.FloatRange(min=0), default=20, show_default=True, help="Hours between two of them.")
@manners
@click.pass_obj
def nightly(
    shared: Shared,
    /,
    until_time: str | None,
    recheck: bool,
    probe_events: bool,
    no_extract: bool,
    no_study: bool,
    withdraw_now: bool,
    confirm_nights: int,
    confirm_hours: float,
    site: str | None,
    **options: Any,
) -> None:
    """Find what changed in all that is followed, follow withdrawals, and visit threads whose turn it is.

    Then the text of new files is read, and the tables for research are brought up to date.

    \b
    wdtk nightly --budget 5000 --until-time 06:30
    wdtk nightly --recheck        before an export
    """
    config = config_of(shared, site, options)
    rule = Rule(1, 0.0) if withdraw_now else Rule(confirm_nights, confirm_hours)
    check_may_touch(config)
    with Archive.open(config.archive, config.site, config.files) as archive:
        job = begin_night(archive, config, _until(until_time, config.clock), recheck, rule)
        job.probe_events = probe_events
        if job.run.resumed:
            shared.say(f"going on with the night begun at {job.run.job.started_at}")
        code = run(shared, job)
        if not no_extract:
            extract_after_night(shared, archive)
        if not no_study and not study_after_night(shared, archive):
            # The night's own trouble says more than this.
            code = code or ERROR
    sys.exit(code)
