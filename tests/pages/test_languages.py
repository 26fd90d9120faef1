"""The recorded pages in seven other languages: what is read from them does not depend on the language."""

from __future__ import annotations

import dataclasses
import re

import pytest

from scraper.pages import read
from scraper.records import Batch, ListPage, Message, Thread
from tests.recordings import Recording, needs_recordings

pytestmark = needs_recordings
LANGUAGES = ("cy", "fr", "es", "de", "cs", "sv", "hr")


@pytest.fixture(scope="module")
def site() -> Recording:
    return Recording(1)


def _neutral(message: Message) -> Message:
    """A message without what the site itself translates: names of anonymous users and of authorities, and notices."""
    return dataclasses.replace(
        message,
        author=None,
        withheld_reason=None,
        attachments=tuple(dataclasses.replace(one, status_reason=None) for one in message.attachments),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_threads_read_the_same_in_every_language(site: Recording, language: str) -> None:
    paths = list(site.paths(f"/request/%?locale={language}&unfold=1"))
    assert len(paths) == 36
    names = 0
    for path in paths:
        there = read(site.capture(path), site.site)
        here = read(site.capture(path.partition("?")[0] + "?unfold=1"), site.site)
        assert there.outcome == here.outcome
        if not (isinstance(there.record, Thread) and isinstance(here.record, Thread)):
            continue
        assert there.needs == here.needs
        names += sum(a.author != b.author for a, b in zip(there.record.messages, here.record.messages, strict=True))
        neutral = [
            dataclasses.replace(one, user_name=None, messages=tuple(map(_neutral, one.messages)))
            for one in (there.record, here.record)
        ]
        assert neutral[0] == neutral[1]
    assert names <= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_read_the_same_in_every_language(site: Recording, language: str) -> None:
    def neutral(page: ListPage) -> list[tuple[object, ...]]:
        # An authority can have another url_name in another language; the Czech sentence for follow-ups has no time.
        return [(row.url_title, row.anchor, row.user_url_name, row.display_state) for row in page.rows]

    for path in ("/list?locale=L", "/list?locale=L&page=2", "/info_request_batch/1?locale=L"):
        there = read(site.capture(path.replace("=L", f"={language}")), site.site).record
        here = read(site.capture(re.sub(r"locale=L&?", "", path).rstrip("?")), site.site).record
        if isinstance(there, Batch) and isinstance(here, Batch):
            assert dataclasses.replace(there, members=here.members) == here
            there, here = there.members, here.members
        assert isinstance(there, ListPage)
        assert isinstance(here, ListPage)
        assert neutral(there) == neutral(here)
        assert (there.has_next, there.last_page) == (here.has_next, here.last_page)
        assert sum(row.event_at is None for row in there.rows) <= (2 if language == "cs" else 0)
