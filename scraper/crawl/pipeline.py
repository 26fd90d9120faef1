"""From an answer to the archive: reads it, and keeps it in one transaction."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from dataclasses import dataclass
from typing import Protocol, cast

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError
from scrapy.http import Response
from twisted.python.failure import Failure

from ..archive.agenda import Due
from ..archive.attachments import Refusal
from ..archive.store import ArchiveError
from ..archive.threads import NoSuchRequest
from ..config import Clock
from ..pages import read
from ..records import Capture, PageKind, Reading, UnreadablePage
from ..urls import Site
from .capture import capture_of
from .job import CrawlJob
from .refusals import BadAnswer, CrawlEnded, ForbiddenByRobots, TooLarge

log = logging.getLogger(__name__)

NO_DISK = (ConnectionError, TimeoutError, socket.gaierror)
"""Errors of the operating system that are the network's; all others are our machine's."""
OF_THE_PAGE = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError)
"""Errors of the database that one page's values make; all others are the database's own."""


@dataclass(frozen=True, slots=True)
class Page:
    """An item: a page that was asked for, what came, and what it says."""

    due: Due
    capture: Capture
    reading: Reading
    refused: Refusal | None = None
    """Why a file was not fetched, where that was our decision."""


def answered(response: Response, due: Due, site: Site) -> Page:
    """The item of an answer, whatever it is: a page that cannot be read is one that says so."""
    capture = capture_of(response, due.ref)
    try:
        return Page(due, capture, read(capture, site))
    except UnreadablePage as error:
        return Page(due, capture, Reading("unreadable", reason=str(error)))
    except Exception as error:  # noqa: BLE001 - one page must not end the run
        return Page(due, capture, our_mistake(capture, error))


def unanswered(failure: Failure, due: Due, clock: Clock) -> Page | None:
    """The item of a request that brought nothing; None where the crawl itself ended.

    Raises what our own machine refused: a full disk says nothing of the site.
    """
    error = failure.value
    assert error is not None
    if isinstance(error, CrawlEnded):
        return None
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
    if ends_the_crawl(error):
        if isinstance(error, OSError) and error.filename is None:
            error.filename = request.meta.get("to_disk")
        raise error
    capture = Capture(
        due.ref, request.url, 0, (), b"", request.meta.get("requested_at") or clock.now_text(), request.meta.get("duration_ms")
    )
    if isinstance(error, ForbiddenByRobots):
        refused = Refusal("skipped", "robots.txt forbids it")
        return Page(due, capture, Reading("withheld", reason=refused.reason), refused)
    reason = why(error, request.url)
    if isinstance(error, TooLarge) and due.ref.kind is PageKind.ATTACHMENT:
        return Page(due, capture, Reading("content", reason=reason), Refusal("too_large", reason))
    return Page(due, capture, Reading("unreadable" if isinstance(error, BadAnswer) else "failed", reason=reason))


def why(error: BaseException, url: str) -> str:
    """What went wrong, in one line without the address."""
    if isinstance(error, TooLarge):
        came = f"{error.size:,} bytes" if error.declared else "more came"
        return f"{came}, and at most {error.limit:,} bytes are kept"
    if isinstance(error, DownloadConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, CannotResolveHostError):
        return "there is no host of that name"
    if isinstance(error, DownloadFailedError):
        reasons: list[Failure] = getattr(error.__cause__, "reasons", [])
        said = "; ".join(reason.getErrorMessage() for reason in reasons) or str(error)
        return f"the connection broke off: {' '.join(said.split())}"
    text = " ".join(str(error).split()).removeprefix(url).lstrip(": ")
    return text or type(error).__name__


def ends_the_crawl(error: BaseException) -> bool:
    """Whether an error is of this machine's disk, memory or archive: no other page would fare better."""
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, OF_THE_PAGE)
    return isinstance(error, ArchiveError | MemoryError) or (isinstance(error, OSError) and not isinstance(error, NO_DISK))


def our_mistake(capture: Capture, error: Exception) -> Reading:
    """The reading of a page at which our own code fails. The log has the traceback."""
    log.error("%s: our mistake, please report it", capture.url, exc_info=error)
    return Reading("unreadable", reason=f"our mistake, please report it: {type(error).__name__}: {error}")


class Crawling(Protocol):
    """What the pipeline needs of a spider: its job, and the event that it waits for."""

    job: CrawlJob
    kept: asyncio.Event
    """Set when a page's transaction is over."""


class KeepPipeline:
    """Hands each item to the spider's job. What the archive or the disk refuses ends the crawl."""

    def __init__(self, spider: Crawling) -> None:
        self.spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepPipeline:
        return cls(cast(Crawling, crawler.spider))

    def process_item(self, item: Page) -> Page:
        try:
            self._keep(item)
        except Exception as error:  # noqa: BLE001 - kept, and raised when the crawl is over
            self.spider.job.crashed(error)
        finally:
            self.spider.kept.set()
        return item

    def _keep(self, item: Page) -> None:
        done, due, capture = self.spider.job.done, item.due, item.capture
        try:
            done(due, capture, item.reading, item.refused)
        except NoSuchRequest:
            done(due, capture, Reading("unreadable", reason="its JSON has not been read"))
        except Exception as error:
            if ends_the_crawl(error):
                raise
            done(due, capture, our_mistake(capture, error))
