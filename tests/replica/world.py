"""The bundled site: `World.build` makes one, its methods change it, `truth` says what it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from .build import Story
from .moderation import Moderation
from .search import Index
from .truth import Truth, truth_of

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
DEMO_REQUESTS = 100


class World(Moderation):
    register_written = True
    """Whether the site's nightly job has written all-authorities.csv yet; until then it answers 204."""
    _index: Index | None = None

    @classmethod
    def build(
        cls,
        seed: int = 1,
        requests: int = DEMO_REQUESTS,
        *,
        now: datetime = NOW,
        masking: Literal["ready", "self", "wait"] = "ready",
        masking_hits: int = 1,
    ) -> World:
        """A site of `requests` requests. The same arguments give the same site, byte for byte.

        Two fifths of the requests, up to 400, are one batch. `now` is the site's clock (aware).
        """
        world = cls(now, masking, masking_hits)
        Story(world, seed, requests).tell()
        return world

    def index(self) -> Index:
        """The search index of the present revision."""
        if self._index is None or self._index.revision != self.revision:
            self._index = Index(self)
        return self._index

    def truth(self) -> Truth:
        """Every public fact, and what must be found nowhere, in the form of a recorded day's truth file."""
        return truth_of(self)
