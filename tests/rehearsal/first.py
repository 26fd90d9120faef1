"""The archive that the first night finds: what a crawl of the whole site would have left, made without a network."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from scraper.archive import follows
from scraper.archive.agenda import Want
from scraper.archive.keep import Keeper
from scraper.archive.runs import begin, finish
from scraper.archive.store import Archive
from scraper.config import utc_text
from scraper.pages import read
from scraper.records import Capture, FileOnDisk, PageKind, PageRef
from scraper.urls import Site, build, segment
from tests.replica import World
from tests.replica.site import Site as ReplicaSite

WEEKS = 4
"""Over how many weeks before the first night the visits of the crawl are spread."""


def first_archive(path: Path, world: World, base: str) -> None:
    """Archives the world as it is now, every page and file, and follows everything.

    Each page goes through `Keeper.keep` as in a crawl. Its time is our own: the last weeks before the world's now.
    """
    with Archive.open(path, Site(base)) as archive:
        archive.db.execute("pragma synchronous = off")  # nobody pulls the plug of a rehearsal's beginning
        crawl = _Crawl(archive, world, base)
        requests = list(crawl.requests())
        start = world.now - timedelta(weeks=WEEKS)
        for place, pages in enumerate(requests):
            crawl.keep(pages, start + timedelta(weeks=WEEKS) * place / len(requests))
        crawl.keep([PageRef(PageKind.AUTHORITIES_CSV, ""), *sorted(crawl.others)], world.now)
        finish(archive, crawl.run, "ok", utc_text(world.now), crawl.pages)
        follows.add(archive, ["everything"], utc_text(world.now), None)
        archive.wipe()


class _Crawl:
    def __init__(self, archive: Archive, world: World, base: str) -> None:
        self.archive, self.world = archive, world
        self.replica = ReplicaSite(world, base, lambda: world.now)
        self.run = begin(archive, "crawl", "crawl everything", (), utc_text(world.now - timedelta(weeks=WEEKS)), {})
        self.keeper = Keeper(archive, self.run.id)
        self.others: set[PageRef] = set()
        """Annotators and batches, which many requests name."""
        self.pages = 0

    def requests(self) -> Iterator[list[PageRef]]:
        """Where each request begins: readable ones with their JSON, other numbers with themselves."""
        for number in range(1, max(self.world.requests) + 1):
            request = self.world.requests.get(number)
            if request is not None and request.readable:
                slug = segment(request.url_title)
                yield [PageRef(PageKind.REQUEST_JSON, slug), PageRef(PageKind.REQUEST_HTML, slug)]
            else:
                yield [PageRef(PageKind.REQUEST_ID, str(number))]

    def keep(self, pages: list[PageRef], at: datetime) -> None:
        """Keeps pages, and the files and so on that they need."""
        queue = deque(pages)
        while queue:
            ref = queue.popleft()
            capture = self._capture(ref, utc_text(at))
            reading = read(capture, self.archive.site)
            self.keeper.keep(capture, reading, self.run.job, [Want(need) for need in reading.needs])
            self.pages += 1
            queue += [need for need in reading.needs if need.kind is PageKind.ATTACHMENT]
            self.others |= {need for need in reading.needs if need.kind in (PageKind.USER_JSON, PageKind.BATCH)}

    def _capture(self, ref: PageRef, at: str) -> Capture:
        url = build(self.archive.site, ref)
        answer = self.replica.answer(url.removeprefix(self.archive.site.base))
        headers = [(name.lower(), value) for name, value in answer.headers.items()]
        headers += [("content-type", answer.content_type)] if answer.body else []
        if ref.kind is not PageKind.ATTACHMENT or answer.status != 200:
            return Capture(ref, url, answer.status, tuple(headers), answer.body, at, 1)
        path = self.archive.files.temporary() / "download"
        path.write_bytes(answer.body)
        file = FileOnDisk(str(path), hashlib.sha256(answer.body).hexdigest(), len(answer.body), answer.body[:4096])
        return Capture(ref, url, 200, tuple(headers), b"", at, 1, file)
