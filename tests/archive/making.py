"""Small hand-made records, and an archive to keep them in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scraper.archive.agenda import Job
from scraper.archive.keep import Keeper, Kept
from scraper.archive.store import Archive
from scraper.archive.withdraw import TWO_NIGHTS, Rule, settle
from scraper.records import (
    Attachment,
    Authority,
    AuthorityCounts,
    Capture,
    Event,
    FileOnDisk,
    Message,
    PageKind,
    PageRef,
    Reading,
    Request,
    StoredFile,
    Thread,
    User,
    Withheld,
)
from scraper.urls import Site

SITE = Site("http://127.0.0.1:9")
AUTHORITY = Authority(7, "anytown", "Anytown Council", None, None, None, None, None, None, None, (), AuthorityCounts(1, 0, 0, 0))


def user(number: int = 3, name: str = "Ann Asker") -> User:
    return User(number, f"user_{number}", name, None)


def event(number: int, kind: str, message: int, at: str = "2024-01-02T10:00:00Z") -> Event:
    incoming, outgoing, comment = ((message if kind in kinds else None) for kinds in (("response",), _OUTGOING, ("comment",)))
    return Event(number, kind, at, None, None, None, incoming, outgoing, comment)


_OUTGOING = ("sent", "followup_sent", "send_error", "resent")


def request(number: int, slug: str, title: str, events: Sequence[Event] = (), asker: User | None = None) -> Request:
    times = ("2024-01-02T10:00:00Z", "2024-01-03T10:00:00Z")
    asker = asker or user()
    return Request(
        number, slug, title, AUTHORITY, asker, "foi", "waiting_response", False, "normal", "Awaiting", *times, (), tuple(events)
    )


def message(
    anchor: str, text: str | None, author: str = "Ann Asker", files: Sequence[Attachment] = (), position: int = 1
) -> Message:
    return Message(anchor, position, author, None, "2024-01-02T10:00:00Z", text, None, None, None, None, tuple(files))


def attachment(slug: str, incoming: int, part: int, name: str) -> Attachment:
    url = f"{SITE.base}/request/{slug}/response/{incoming}/attach/{part}/{name}"
    return Attachment(f"attachment-{incoming}{part}", part, name, url, "1K", None, "due", None)


def thread(slug: str, *messages: Message, state: str = "waiting_response") -> Thread:
    return Thread(slug, "Ann Asker", state, None, None, None, messages)


@dataclass
class Making:
    """An archive under construction: each `keep` is a visit, a minute after the last, or when `now` says."""

    archive: Archive
    job: Job = field(default_factory=lambda: Job("crawl test", "2026-01-01T00:00:00Z", 0))
    minute: int = 0

    def __post_init__(self) -> None:
        self.archive.db.execute(
            "insert into runs (id, command, started_at, settings, software) values (1, 'crawl', '', '{}', '')"
        )
        self.keeper = Keeper(self.archive, 1)

    @classmethod
    def at(cls, path: Path) -> Making:
        return cls(Archive.open(path, SITE))

    def now(self) -> str:
        self.minute += 1
        return f"2026-01-{1 + self.minute // 1440:02}T{self.minute // 60 % 24:02}:{self.minute % 60:02}:00Z"

    def keep(self, ref: PageRef, reading: Reading, body: bytes = b"", status: int = 200, file: FileOnDisk | None = None) -> Kept:
        capture = Capture(ref, f"{SITE.base}/{ref.key}", status, (), body, self.now(), 5, file)
        return self.keeper.keep(capture, reading, self.job)

    def json(self, record: Request, body: bytes = b"{}") -> Kept:
        return self.keep(PageRef(PageKind.REQUEST_JSON, record.url_title), Reading("content", record), body)

    def html(self, record: Thread, body: bytes = b"<html>") -> Kept:
        return self.keep(PageRef(PageKind.REQUEST_HTML, record.url_title), Reading("content", record), body)

    def file(self, slug: str, incoming: int, part: int, name: str, content: bytes) -> Kept:
        path = self.archive.files.temporary() / "download"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        on_disk = FileOnDisk(str(path), digest, len(content), content[:4096])
        ref = PageRef(PageKind.ATTACHMENT, f"{slug}/response/{incoming}/attach/{part}/{name}")
        return self.keep(ref, Reading("content", StoredFile(on_disk, "text/plain", "text/plain")), file=on_disk)

    def refuse(self, ref: PageRef, kind: str = "hidden", reason: str | None = None) -> Kept:
        status = {"hidden": 403, "missing": 404}[kind]
        outcome = {"hidden": "withheld", "missing": "missing"}[kind]
        return self.keep(ref, Reading(outcome, Withheld(kind, reason)), status=status)  # type: ignore[arg-type]

    def settle(self, healthy: bool = True, rule: Rule = TWO_NIGHTS) -> list[int]:
        with self.archive.transaction() as db:
            return settle(db, self.keeper.captures, SITE, self.job, 1, healthy, rule, self.now())
