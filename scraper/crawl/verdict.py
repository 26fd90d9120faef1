"""What a reading means for a crawl, beyond what its page says."""

from __future__ import annotations

from dataclasses import replace

from ..records import AuthorityPage, AuthorityRegister, Batch, ListPage, Moved, PageKind, PageRef, Reading, Withheld
from ..report.coverage import NO_ROWS


def verdict(ref: PageRef, status: int, reading: Reading) -> Reading:
    """The reading as a crawl takes it: odd redirects fail, and what is empty or missing says why."""
    reading = _told_if_empty(_odd_redirects_fail(ref, reading))
    if ref.kind is PageKind.ATTACHMENT and reading.record == Withheld("missing", None):
        return replace(reading, record=Withheld("missing", f"status {status}"))
    return reading


def leads_nowhere(reading: Reading, named: bool) -> str | None:
    """What to say of a page that should lead to requests and leads nowhere; None of any other.

    `named` says that a person asked for this very page, who may have misspelt it.
    """
    record = reading.record
    if reading.outcome == "missing":
        return "there is no such page" + ("; check the spelling" if named else "")
    if not named:
        return None
    if reading.outcome == "withheld":
        return f"nothing of it can be read: {reading.reason}"
    if isinstance(record, ListPage) and not record.rows:
        return "the site lists nothing here; check the spelling, and the dates"
    if isinstance(record, Batch) and not record.members.rows:
        return "the batch lists no requests"
    return None


def _odd_redirects_fail(ref: PageRef, reading: Reading) -> Reading:
    """Redirects that lead somewhere we know are pages of their own; any other is a page that was not had."""
    if reading.outcome != "redirected" or ref.kind is PageKind.ATTACHMENT or not isinstance(reading.record, Moved):
        return reading
    target = reading.record.target
    if ref.kind in (PageKind.REQUEST_ID, PageKind.REQUEST_EVENT) and target is not None and target.kind is PageKind.REQUEST_HTML:
        return reading
    if ref.kind in (PageKind.AUTHORITY_JSON, PageKind.AUTHORITY_HTML) and target is not None and target != ref:
        return reading
    return replace(reading, outcome="failed", record=None, reason=reading.reason or f"redirected to {reading.record.location}")


def _told_if_empty(reading: Reading) -> Reading:
    """A list without a row says so; whether that is right, the run's end asks (`scraper.report.alarms`)."""
    match reading.record:
        case (
            ListPage(rows=())
            | Batch(members=ListPage(rows=()))
            | AuthorityPage(requests=ListPage(rows=()))
            | AuthorityRegister(authorities=())
        ):
            return replace(reading, reason=NO_ROWS)
        case _:
            return reading
