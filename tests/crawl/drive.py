"""A crawl's job driven by hand over the bundled site, without Scrapy and without a network: for what concerns lists alone."""

from __future__ import annotations

from pathlib import Path

from scraper.archive.agenda import Due
from scraper.config import Config
from scraper.crawl.order import Order
from scraper.pages import read
from scraper.records import Capture, PageKind
from scraper.urls import Site, build
from tests.replica import World
from tests.replica.site import Site as Answers

SITE = Site("http://127.0.0.1:1")
LISTED = (PageKind.LIST, PageKind.BATCH, PageKind.AUTHORITIES_CSV)


class Drive:
    """Reads the lists that a target needs. Requests are not read: `found` has the slugs of those the lists made due."""

    def __init__(self, folder: Path, world: World, *targets: str) -> None:
        config = Config(SITE, archive=folder / "archive.db")
        order = Order.of(targets, config, None, None, attachments=False)
        self.asked: list[str] = []
        self.found: set[str] = set()
        answers = Answers(world, SITE.base, lambda: world.now)
        with order.open(config) as archive:
            self.job = order.begin(archive, config)
            while isinstance(due := self.job.next(), Due):
                if due.ref.kind in LISTED:
                    self._read(due, answers)
                else:
                    self._note_found()
            self.job.close("finished", len(self.asked))
            self.run = dict(archive.db.execute("select * from runs").fetchone())
            self.ceilings = [row[0] for row in archive.db.execute("select page_key from ceiling_hits")]

    def _note_found(self) -> None:
        """Takes all requests off the agenda at once: a transaction for each would be most of the time."""
        with self.job.archive.transaction() as db:
            self.found |= {row[0] for row in db.execute("select page_key from agenda where page_kind = 'request_json'")}
            db.execute(f"delete from agenda where page_kind not in ({', '.join('?' * len(LISTED))})", LISTED)

    def _read(self, due: Due, answers: Answers) -> None:
        url = build(SITE, due.ref)
        self.asked.append(url)
        answer = answers.answer(url.removeprefix(SITE.base))
        headers = (("content-type", answer.content_type),)
        capture = Capture(due.ref, url, answer.status, headers, answer.body, self.job.clock.now_text())
        self.job.done(due, capture, read(capture, SITE))
