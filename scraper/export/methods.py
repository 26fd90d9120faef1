"""methods.md: text for a paper's methods section, and the facts that a reviewer asks for."""

from __future__ import annotations

from collections.abc import Mapping

from .. import __version__
from .made import Made, title

JOBS_LISTED = 40
_OUTCOMES = {
    "ok": "finished",
    "budget": "ended by its budget",
    "blocked": "stopped: the site refused or challenged",
    "failures": "finished with failures",
    "interrupted": "interrupted",
}
_LIMITS = """## Known limits

- States (successful, refused ...) are what requesters or volunteers chose, often never or wrongly. The site itself warns that
  classifications are noisy.
- The site shows what it shows on the day of the visit: what was hidden or redacted before is not here, and what was
  withdrawn since the visit still is, until the next.
- Texts of files are what programs read out of them (files.text_method); scans have none unless characters were recognised.
- Study tables are worked out by rules (docs/study.md of wdtk-archive has them, and how well they do); a mention is words, not
  a fact."""
_ENDINGS = ("failed", "unreadable", "challenge", "withheld", "missing")


def text(made: Made) -> str:
    facts = made.facts
    parts = [
        f"# Methods: {title(made)}",
        "## To paste\n\n" + _paragraph(made),
        "## What was asked of the site\n\n" + _asked(made),
        "## How complete it is\n\n" + _complete(made),
        "## What is in this export\n\n" + _held(made),
    ]
    if made.left_out or made.masked:
        parts.append("## What was left out and masked\n\n" + _left_out(made))
    parts.append(_LIMITS)
    software = "\n".join(f"- {each}" for each in facts.software) or "- not recorded"
    parts.append(f"## Software\n\nExported with wdtk-archive {__version__}. Archived with:\n\n{software}")
    return "\n\n".join(parts) + "\n"


def _paragraph(made: Made) -> str:
    facts = made.facts
    counts = made.rows
    runs, fetched = sum(each.runs for each in facts.asked), sum(each.http_requests for each in facts.asked)
    said = [
        (
            f"We archived public correspondence from {facts.site} with wdtk-archive {__version__}, "
            f"between {_day(facts.first_at)} and {_day(facts.last_at)} (UTC), in {_many(runs, 'run')} "
            f"that made {fetched:,} HTTP requests, under the site's robots.txt."
        )
    ]
    of = "The data set" + (" (a selection, see below)" if made.narrowed else "")
    held = [f"{made.requests:,} requests"]
    held += [
        f"{counts[name]:,} {what}"
        for name, what in (("messages", "messages"), ("attachments", "attachments"), ("files", "distinct files"))
        if name in counts
    ]
    said.append(f"{of} holds {', '.join(held)}.")
    for what, have, stated, at in facts.stated[:1]:
        said.append(
            f"On {_day(at)} the site counted {stated:,} {what}; the archive held {have:,} of that sort "
            f"({_percent(have, stated)})."
        )
    if facts.ceiling_hits:
        said.append(
            f"{len(facts.ceiling_hits):,} of the site's lists were longer than it shows, so that requests in them may be missing."
        )
    if made.edition == "public":
        said.append("Names of requesters and officials were replaced by pseudonyms, and addresses and telephone numbers masked.")
    return " ".join(said)


def _asked(made: Made) -> str:
    asked = made.facts.asked
    if not asked:
        return "Nothing: no run of this archive asked a site."
    rows = ["| job | runs | first | last | HTTP requests | how they ended |", "|---|---:|---|---|---:|---|"]
    for each in asked[:JOBS_LISTED]:
        ended = "; ".join(f"{_OUTCOMES.get(name, name)}: {count:,}" for name, count in sorted(each.outcomes.items()))
        rows.append(
            f"| `{cell(each.job)}` | {each.runs:,} | {each.first_at} | {each.last_at} | {each.http_requests:,} | {ended} |"
        )
    more = f"\n\nand {len(asked) - JOBS_LISTED:,} other jobs, see the table runs." if len(asked) > JOBS_LISTED else ""
    return "\n".join(rows) + more


def _complete(made: Made) -> str:
    facts = made.facts
    lines = [
        f"- {what}: {have:,} of the {stated:,} that the site counted on {at} (UTC): {_percent(have, stated)}."
        for what, have, stated, at in facts.stated
    ] or ["- The site's own counts were never read, so how complete this is cannot be said."]
    if facts.stated:
        lines.append("- A site counts what everybody may find; an archive of chosen targets holds a part of that.")
    if facts.seen[0]:
        lines.append(f"- Requests were last read between {facts.seen[0]} and {facts.seen[1]} (UTC).")
    hits = "; ".join(f"`{cell(each)}`" for each in facts.ceiling_hits)
    lines.append(f"- Lists longer than the site shows, in the newest run that met one: {hits or 'none'}.")
    endings = ", ".join(f"{name}: {facts.captures[name]:,}" for name in _ENDINGS if facts.captures.get(name))
    lines.append(f"- Fetches of all runs that brought no content: {endings or 'none'}.")
    unfinished = ", ".join(f"{name}: {count:,}" for name, count in facts.unfinished.items())
    lines.append(f"- Attachments whose bytes are not held, other than those the site withholds: {unfinished or 'none'}.")
    lines.append(f"- Alarms that runs raised (fields missing from pages, sudden losses): {facts.alarms:,}.")
    lines.append(
        f"- Requests that the site withholds now: {facts.withheld:,}, of them withdrawn for good here: {facts.withdrawn:,}. "
        f"Removed by the archive's operator: {facts.forgotten:,}."
    )
    texts = ", ".join(f"{name}: {count:,}" for name, count in facts.text_status.items())
    lines.append(f"- Files by the state of their text: {texts or 'no files'}.")
    return "\n".join(lines)


def _held(made: Made) -> str:
    words = " ".join(made.options)
    rows = "\n".join(f"| {name} | {count:,} |" for name, count in made.rows.items())
    how = f"    wdtk export {made.form} DEST{' ' + words if words else ''}"
    what = "A selection of the archive" if made.narrowed else "All of the archive"
    return f"{what}, {made.edition} edition, made by\n\n{how}\n\n| table | rows |\n|---|---:|\n{rows}"


def _left_out(made: Made) -> str:
    parts = []
    if made.left_out:
        parts.append("Left out:\n\n" + _list(made.left_out))
    if made.masked:
        parts.append("Masked or replaced, by sort, counted in every cell where it was done:\n\n" + _list(made.masked))
    if made.edition == "public":
        parts.append(
            "Pseudonyms are made with a keyed hash; whoever holds the key can tell who is who, and so can whoever looks "
            "a request up on the site or searches for its words. Names spelled in ways that nobody foresaw, and people "
            "who are neither requester nor official, may still be named."
        )
    return "\n\n".join(parts)


def _list(counts: Mapping[str, int]) -> str:
    return "\n".join(f"- {what}: {count:,}" for what, count in counts.items())


def cell(text: str) -> str:
    """A stranger's words within a cell of a table and within backticks."""
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _day(moment: str | None) -> str:
    return moment[:10] if moment else "a day that was not recorded"


def _percent(have: int, stated: int) -> str:
    return f"{100 * have / stated:.1f} %" if stated else "of none"
