"""What the measurements share: the site, a folder for what they write, and one archive of the whole site."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from .process import Spent, environment, run
from .site import Answers, Ground, served

Row = tuple[str, str, str]


@dataclass(slots=True)
class Bench:
    """`scratch` is an empty folder on the disk that is measured with. `archive` is of the last whole crawl."""

    ground: Ground
    scratch: Path
    pairs: int
    archive: Path | None = None
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = environment(self.scratch)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def crawl(self, base: str, name: str, *options: str) -> tuple[Path, Spent]:
        """Crawls the served site into a new archive; gives the archive and what it cost."""
        archive = self.scratch / name / "archive.db"
        archive.parent.mkdir()
        return archive, run(command(archive, base, *options), self.env)

    def whole_archive(self) -> Path:
        """An archive of the whole site; crawled now where no measurement has left one."""
        if self.archive is None:
            self.say("crawling the site once")
            with served(self.ground.command, self.env) as base:
                self.archive, _ = self.crawl(base, "whole")
        return self.archive

    def answers(self) -> tuple[Answers, list[Row]]:
        """The site's answers without a network, and the pages of the whole crawl in their order: kind, key and path."""
        with closing(sqlite3.connect(self.whole_archive())) as db:
            base = db.execute("select value from archive_info where key = 'site'").fetchone()[0]
            rows = db.execute("select page_kind, page_key, url from captures order by id").fetchall()
        return self.ground.answers(base), [(kind, key, url[len(base) :]) for kind, key, url in rows]


def command(archive: Path, base: str, *options: str) -> tuple[str, ...]:
    return ("-m", "scraper", "--quiet", "--archive", str(archive), "crawl", "everything", "--site", base, *options)


def addresses(archive: Path) -> Iterator[str]:
    """All that a crawl asked for, in its order."""
    with closing(sqlite3.connect(archive)) as db:
        for (url,) in db.execute("select url from captures order by id"):
            yield url
