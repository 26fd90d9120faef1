"""What the tests of the bundled site share: a visit to it, and places in it worth visiting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from .client import Fetched, fetch
from .model import File, Incoming, Request
from .server import Replica
from .world import World

CLOCK = datetime(2026, 6, 15, 10, 30, tzinfo=UTC)


class Visit:
    """A running replica with its world."""

    def __init__(self, replica: Replica) -> None:
        self.replica, self.world, self.base = replica, replica.world, replica.base

    def get(self, path: str, **headers: str) -> Fetched:
        return fetch(self.base + path, {name.replace("_", "-"): value for name, value in headers.items()})

    def rows(self, **params: str | int) -> list[str]:
        """The links of a list's rows, such as ``/request/empty_homes#incoming-7``."""
        return links(self.get("/list?" + urlencode(params)))

    def slugs(self, **params: str | int) -> set[str]:
        return {link.partition("#")[0].removeprefix("/request/") for n in range(1, 21) for link in self.rows(**params, page=n)}

    def goal(self, path: str) -> tuple[int, str]:
        got = self.get(path)
        return got.status, got.headers.get("location", "").removeprefix(self.base)


def links(page: Fetched) -> list[str]:
    return re.findall(r'<span class="head"><a href="([^"]+)"', page.text)


def answered(world: World, with_files: bool = False) -> tuple[Request, Incoming]:
    """A listed request of a user, with a visible answer."""
    for message in world.incoming.values():
        request = world.requests[message.request_id]
        plain = message.prominence == "normal" and not message.main_part_hidden and message.text is not None
        if (
            request.listed
            and request.user_id
            and plain
            and (not with_files or (message.files and all(file.public for file in message.files)))
        ):
            return request, message
    raise AssertionError("no such request")


def file_path(request: Request, message: Incoming, file: File) -> str:
    return f"/request/{request.url_title}/response/{message.id}/attach/{file.part}/{quote(file.filename)}"


@contextmanager
def visiting(seed: int = 1, requests: int = 100) -> Iterator[Visit]:
    """A visit to a site of its own, whose pages print a minute that stands still."""
    replica = Replica(World.build(seed, requests), clock=lambda: CLOCK)
    replica.start()
    try:
        yield Visit(replica)
    finally:
        replica.stop()
