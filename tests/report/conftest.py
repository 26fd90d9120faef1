"""A small site crawled by the real command, and an archive to write rows into by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scraper.archive.store import Archive
from scraper.report.source import prepared
from scraper.urls import Site
from tests.crawl.command import Done, wdtk
from tests.replica import NOW, NewFile, Replica, World

REQUESTS = 21
"""Enough pages for a share to say something, and one more."""


def council(requests: int = REQUESTS) -> World:
    """A council that has answered each request with a file; somebody remarked on the first."""
    world = World(NOW, "ready", 1)
    body = world.new_authority("Luton Example Council", [("local_council", None)])
    asker, reader = world.new_user("Ann Asker"), world.new_user("Rea Reader")
    for number in range(1, requests + 1):
        day = NOW - timedelta(days=50 - number)
        request = world.new_request(body, asker, f"Question {number}", f"Dear council,\n\nquestion {number}?", at=day)
        file = NewFile(f"answer {number}.txt", f"words of file {number}")
        world.new_response(request, f"Answer {number}.", [file], at=day + timedelta(days=9))
        world.set_state(request, "successful", at=day + timedelta(days=10))
    world.annotate(world.requests[1], reader, "Well asked.")
    return world


class Nights:
    """A world, the site that shows it, and the archive that watches it, whose clock is the world's."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.archive = world, folder / "archive.db"
        self.replica = Replica(world)
        self.base = self.replica.start()

    def wdtk(self, *words: str) -> Done:
        return wdtk(self.archive.parent, *words, WDTK_NOW=self.world.now.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def crawl(self, *words: str) -> Done:
        return self.wdtk("crawl", "everything", "--site", self.base, *words)

    def report(self, *words: str) -> dict[str, Any]:
        said = self.wdtk("report", *words, "--json")
        assert said.code == 0, said.err
        return said.told


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Nights]]:
    """Makes worlds with their archives, and ends their sites."""
    made: list[Nights] = []

    def make() -> Nights:
        made.append(Nights(council(), tmp_path_factory.mktemp("nights")))
        return made[-1]

    yield make
    for one in made:
        one.replica.stop()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Archive]:
    """An archive without a row; `tests.report.rows` writes some."""
    with Archive.open(tmp_path / "empty.db", Site("http://127.0.0.1:1")) as archive:
        prepared(archive.db)
        yield archive
