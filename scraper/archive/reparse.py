"""Reading all kept pages again with today's parsers, as if they had just come."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from ..pages import read
from ..records import Capture, PageKind, PageRef, Reading, UnreadablePage
from ..urls import Site
from .keep import Keeper
from .threads import find_request

AT_ONCE = 64
"""Pages handed to the readers together; bounds what is in memory."""
ORDER = (PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON, PageKind.AUTHORITIES_CSV, PageKind.REQUEST_HTML)


@dataclass(slots=True)
class Reparsed:
    """What reading again did: pages read, pages that now say something else, and those that cannot be read."""

    pages: int = 0
    differing: int = 0
    unreadable: list[str] = field(default_factory=list)


def reparse(keeper: Keeper, now: str, workers: int) -> Reparsed:
    """Reads every kept page again, newest first within its kind; `now` is UTC text.

    An authority or user that many pages tell of is taken from the newest of them.
    """
    done, told = Reparsed(), set[tuple[str, int]]()
    site = keeper.archive.site
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for kind in ORDER:
            captures = _captures(keeper, kind)
            while batch := list(islice(captures, AT_ONCE)):
                readings = pool.map(_read, batch, [site] * len(batch), chunksize=8)
                for capture, reading in zip(batch, readings, strict=True):
                    done.pages += 1
                    if reading.outcome != "content":
                        done.unreadable.append(f"{capture.url}: {reading.reason}")
                    elif not _refused_since(keeper, capture.ref) and keeper.reread(capture, reading, now, told):
                        done.differing += 1
    return done


def _captures(keeper: Keeper, kind: PageKind) -> Iterator[Capture]:
    for row, body in keeper.captures.kept(kind):
        headers = (("content-type", row["content_type"]),) if row["content_type"] else ()
        yield Capture(PageRef(kind, row["page_key"]), row["url"], row["status"], headers, body, row["requested_at"])


def _read(capture: Capture, site: Site) -> Reading:
    try:
        return read(capture, site)
    except UnreadablePage as error:
        return Reading("unreadable", reason=str(error))


def _refused_since(keeper: Keeper, ref: PageRef) -> bool:
    if ref.kind not in (PageKind.REQUEST_JSON, PageKind.REQUEST_HTML):
        return False
    row = find_request(keeper.archive.db, ref.key)
    return row is None or row["withheld_at"] is not None
