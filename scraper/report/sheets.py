"""The facts in words. The first line alone says whether somebody has to get up."""

from __future__ import annotations

from .archive import ArchiveFacts, Complete, Due, Fresh, RunLine
from .failures import Failure
from .run import Changed, Files, RunFacts, Taken
from .words import Section, Sheet, count, moment, share, size, span

SHOWN = 5
"""How many of a kind are named, states and requests; failures, alarms and follows are named up to four times as many."""
MANY = 4 * SHOWN

MESSAGES = {
    "request": ("request", "requests"),
    "followup": ("follow-up", "follow-ups"),
    "internal_review": ("internal review", "internal reviews"),
    "response": ("response", "responses"),
    "annotation": ("annotation", "annotations"),
}
"""messages.kind, as one says it of one and of many."""

ADVICE = {
    "blocked": "Do not try again at once. If it happens again, write to the site's people; docs/nightly.md says more.",
    "failures": "What could not be had is asked for again by the next run. An alarm or an unreadable page means that the "
    "site has changed: look for a newer version of this software, or report it.",
    "interrupted": "Nothing is lost: the same command goes on where this run stopped.",
    "budget": "The same command goes on where this run stopped.",
}


# ---- a run ----------------------------------------------------------------------------------------------------------


def run_sheet(facts: RunFacts) -> Sheet:
    """The report of a run."""
    sheet = Sheet(_headline(facts))
    _asked(sheet.section("Asked"), facts)
    alarms = sheet.section("Alarms")
    for number, alarm in enumerate(facts.alarms[:MANY], 1):
        alarms.add(f"{number}.", alarm.text)
    # Pages that could not be read are alarms, and said above.
    _failed(sheet.section("Failed"), [one for one in facts.failures if one.outcome != "unreadable" or not one.given_up])
    _found(sheet.section("Found"), facts)
    if any(_taken_away(facts.taken)):
        _taken(sheet.section("Withdrawn by the site"), facts.taken)
    _missed(sheet.section("Lists cut at 500 rows"), facts.ceiling_hits)
    if facts.now is not None:
        now = sheet.section(f"The archive, {moment(facts.now.at)}")
        _complete(now, facts.now.complete)
        _fresh(now, facts.now.fresh)
        _due(now, facts.now.due)
    return sheet


def _headline(facts: RunFacts) -> str:
    name = f"run {facts.id} ({facts.job})"
    match facts.outcome:
        case "ok":
            return f"OK: {name} did all that it was asked to."
        case "budget":
            left = f"; {count(facts.pages_left, 'page')} left" if facts.pages_left else ""
            well = f"FAILED IN PART: {name}: {_wrong(facts)}. It" if facts.alarms else f"OK: {name}"
            return f"{well} stopped early: {facts.ended or 'the budget of requests is used up'}{left}."
        case "blocked":
            return f"BLOCKED: {name}: {facts.ended or _refusal(facts.failures)}."
        case "failures":
            return f"FAILED IN PART: {name}: {_wrong(facts)}."
        case "interrupted":
            return f"INTERRUPTED: {name}: {facts.ended or 'stopped from outside'}."
        case _:
            return f"NOT FINISHED: {name} has no end: it still runs, or it was killed. The same command goes on with it."


def _wrong(facts: RunFacts) -> str:
    given_up = sum(one.given_up for one in facts.failures)
    wrong = [count(len(facts.alarms), "alarm")] if facts.alarms else []
    wrong += [f"{count(given_up, 'page')} not had"] if given_up else []
    wrong += [f"{count(len(facts.ceiling_hits), 'list')} cut"] if facts.ceiling_hits else []
    told = ", ".join(wrong) or "a page that was asked for is not there, or lists nothing"
    return f"{told}, accepted since" if facts.accepted_at else told


def _refusal(failed: list[Failure]) -> str:
    """What blocked a run that says nothing of it: a challenge, or failures one after another."""
    challenge = next((one for one in failed if one.outcome == "challenge"), None)
    if challenge is not None:
        return f"the site asked for proof of a browser, or refused, at {challenge.example}"
    worst = next((one for one in failed if one.given_up), None)
    return f"pages failed one after another, such as {worst.example}: {worst.reason}" if worst else "the site refused"


def _asked(section: Section, facts: RunFacts) -> None:
    section.add("For", facts.job)
    if facts.resumed:
        section.add("Goes on with", f"a job begun on {moment(facts.job_started_at)}")
    end = facts.finished_at
    section.add("When", span(facts.started_at, end) if end else f"since {moment(facts.started_at)}, without an end")
    of_budget = (
        f" of a budget of {facts.budget:,} ({share(facts.http_requests, facts.budget)})" if facts.budget else ", no budget"
    )
    at_least = "" if end else "at least "
    section.add("HTTP requests", f"{at_least}{facts.http_requests:,}{of_budget}; {count(facts.pages_read, 'page')} read")
    if facts.pages_left and facts.outcome != "ok":
        section.add("Left", f"{count(facts.pages_left, 'page')} of this job")
    cost = facts.cost
    if cost.per_thread is not None and cost.least is not None:
        threads = count(cost.threads, "new or changed thread")
        section.add("Cost", f"{cost.per_thread:.2f} requests for each of {threads}; {cost.least:.2f} is the least it could be")
    advice = "failures" if facts.alarms and facts.outcome == "budget" else facts.outcome
    if advice in ADVICE and not facts.accepted_at:
        section.add("What to do", ADVICE[advice])


def _failed(section: Section, failed: list[Failure]) -> None:
    for one in failed[:MANY]:
        about = f"{one.field}: {one.reason}" if one.field else one.reason
        mended = one.pages - one.given_up
        later = "had on another try" if not one.given_up else f"{mended:,} of them had on another try" if mended else "given up"
        section.add(one.page_kind, f"{count(one.pages, 'page')} {one.outcome}: {about} ({later})")
        section.add("", f"such as {one.example}")
    if len(failed) > MANY:
        section.add("", f"and {len(failed) - MANY:,} more sorts of failure, in the table captures")


def _found(section: Section, facts: RunFacts) -> None:
    changed = facts.changed
    section.add("Requests", f"{facts.requests_new:,} new, {changed.requests:,} changed, of {facts.requests_seen:,} looked at")
    if changed.answered:
        section.add("Answered", f"{count(changed.answered, 'request')} got a response")
    _changed(section, changed)
    _files(section, facts.files)
    if facts.not_there:
        section.add("Not there", f"{count(facts.not_there, 'address', 'addresses')} led nowhere (404)")


def _changed(section: Section, changed: Changed) -> None:
    if changed.state_changed:
        section.add("State changed", count(changed.state_changed, "request"))
    for before, after, number in changed.states[:SHOWN]:
        section.add("", f"{number:,}: {before or 'none'} to {after or 'none'}")
    if len(changed.states) > SHOWN:
        section.add("", f"and {count(len(changed.states) - SHOWN, 'other change')} of state")
    if changed.messages:
        section.add("New messages", _messages(changed.messages))
    for label, number, one in (
        ("Edited", changed.edited, "message"),
        ("Renamed", changed.renamed, "request"),
        ("Replaced", changed.files_replaced, "file"),
    ):
        if number:
            section.add(label, count(number, one))


def _files(section: Section, files: Files) -> None:
    said = [f"{files.fetched:,} fetched ({size(files.fetched_bytes)})"] if files.fetched else []
    said += [f"{files.unchanged:,} as before"] if files.unchanged else []
    said += [f"{files.not_had:,} not to be had"] if files.not_had else []
    if said:
        section.add("Files", ", ".join(said))


def _taken_away(taken: Taken) -> list[int]:
    messages, files = taken.messages_gone + taken.messages_withheld, taken.files_gone + taken.files_withheld
    return [len(taken.refused), len(taken.confirmed), len(taken.back), messages, files]


def _taken(section: Section, taken: Taken) -> None:
    if taken.refused:
        section.add("Refused", f"{_numbered(taken.refused)}: set aside until a second healthy night confirms it")
    if taken.confirmed:
        section.add("Confirmed", f"{_numbered(taken.confirmed)}: erased here too")
    if taken.back:
        section.add("Shown again", _numbered(taken.back))
    for label, gone, withheld, one in (
        ("Messages", taken.messages_gone, taken.messages_withheld, "message"),
        ("Files", taken.files_gone, taken.files_withheld, "file"),
    ):
        said = [f"{count(gone, one)} gone"] if gone else []
        said += [f"{count(withheld, one)} withheld"] if withheld else []
        if said:
            section.add(label, ", ".join(said))


def _numbered(requests: list[int]) -> str:
    """Requests by number: their titles may be what was withdrawn."""
    named = ", ".join(str(number) for number in requests[:SHOWN]) + (", ..." if len(requests) > SHOWN else "")
    return f"{count(len(requests), 'request')} (number {named})"


def _missed(section: Section, keys: list[str]) -> None:
    for key in keys[:MANY]:
        section.add("/list", f"{key}: it could not be split further, requests may be missing")
    if len(keys) > MANY:
        section.add("", f"and {len(keys) - MANY:,} more, in the table ceiling_hits")


# ---- an archive -----------------------------------------------------------------------------------------------------


def archive_sheet(facts: ArchiveFacts) -> Sheet:
    """How an archive stands."""
    seen = f"last visited {moment(facts.last_seen_at)}" if facts.last_seen_at else "nothing fetched yet"
    sheet = Sheet(f"{count(facts.requests, 'request')} of {facts.site}; {seen}.")
    _holds(sheet.section("Holds"), facts)
    _complete(sheet.section("Complete"), facts.complete)
    _fresh(sheet.section("Fresh"), facts.fresh)
    states = sheet.section("States of requests")
    for state, number in facts.states.items():
        states.add(state, f"{number:,} ({share(number, facts.requests)})")
    _away(sheet.section("Withdrawn"), facts)
    _due(sheet.section("Due"), facts.due)
    follows = sheet.section("Followed")
    for target, until in list(facts.follows.items())[:MANY]:
        follows.add(target, f"lists read up to {until}" if until else "from the next night on")
    if len(facts.follows) > MANY:
        follows.add("", f"and {len(facts.follows) - MANY:,} more")
    _last_runs(sheet.section("Last runs"), facts)
    return sheet


def _holds(section: Section, facts: ArchiveFacts) -> None:
    section.add(
        "Where", f"{facts.path}: {size(facts.database_bytes)}, and {count(facts.files, 'file')} of {size(facts.files_bytes)}"
    )
    others = [count(facts.authorities, "authority", "authorities"), count(facts.users, "account")]
    section.add("Requests", ", ".join([f"{facts.requests:,}", *others, count(facts.batches, "batch", "batches")]))
    if facts.messages:
        section.add("Messages", f"{sum(facts.messages.values()):,}: {_messages(facts.messages)}")
    if facts.attachments:
        section.add("Attachments", f"{sum(facts.attachments.values()):,}: {_list(facts.attachments)}")
    if facts.file_texts:
        section.add("Text of files", _list(facts.file_texts))


def _away(section: Section, facts: ArchiveFacts) -> None:
    gone = facts.withdrawn
    for label, number, text in (
        ("Refused", gone.waiting, f"{count(gone.waiting, 'request')}: set aside until a second healthy night confirms it"),
        ("Confirmed", gone.requests, f"{count(gone.requests, 'request')}, erased here too"),
        ("Messages", gone.messages, f"{count(gone.messages, 'message')} gone from threads that are still shown"),
        ("Files", gone.files, f"{count(gone.files, 'file')} gone from threads that are still shown"),
        ("Forgotten", gone.forgotten, f"{gone.forgotten:,} removed by our own hand"),
    ):
        if number:
            section.add(label, text)


def _last_runs(section: Section, facts: ArchiveFacts) -> None:
    for run in facts.runs:
        section.add(f"run {run.id}", _run_line(run))
    healthy = facts.last_healthy
    section.add("Last healthy", f"run {healthy.id}, {moment(healthy.started_at)}" if healthy else "none yet")


def _run_line(run: RunLine) -> str:
    end = run.outcome or "no end"
    requests = f"{run.http_requests:,} HTTP requests, " if run.finished_at else ""
    return f"{end}: {run.job}, {moment(run.started_at)}; {requests}{run.requests_new:,} new"


# ---- what both say --------------------------------------------------------------------------------------------------


def _complete(section: Section, complete: list[Complete]) -> None:
    for one in complete:
        section.add(
            one.what.capitalize(), f"{one.held:,} of the {one.stated:,} that the site counts ({share(one.held, one.stated)})"
        )
    if complete:
        section.add("", f"counted by the site on {moment(complete[0].stated_at)}")


def _fresh(section: Section, fresh: Fresh) -> None:
    if fresh.threads == 0:
        return
    within = ", ".join(f"{share(number, fresh.threads)} within {days} days" for days, number in fresh.within.items())
    section.add("Verified", f"{within} (of {count(fresh.threads, 'thread')})")
    if fresh.oldest_at is not None:
        section.add("Longest ago", moment(fresh.oldest_at))


def _due(section: Section, due: Due) -> None:
    pages = {"now": due.now, "within a day": due.within_a_day, "within a week": due.within_a_week, "later": due.later}
    said = [f"{number:,} {when}" for when, number in pages.items() if number]
    section.add("Pages due", ", ".join(said) or "none")
    for job, number in due.jobs.items():
        section.add("", f"{number:,} of them left by: {job}")
    if due.files:
        section.add("Files to fetch", f"{due.files:,}")
    if due.unread_files:
        section.add("Files without text", f"{due.unread_files:,}")


def _messages(kinds: dict[str, int]) -> str:
    return ", ".join(count(number, *MESSAGES.get(kind, (kind, kind))) for kind, number in kinds.items())


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())
