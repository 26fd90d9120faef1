"""What the site withdraws leaves the study tables too, in the run that finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.archive.derived import BY_REQUEST
from tests.crawl.command import rows, served, small_world, wdtk

SAID = "The names are withheld under section 40(2) of the Freedom of Information Act 2000."


CRAWL = ("crawl", "request:1")
NIGHT = ("nightly", "--recheck", "--no-study")
"""It ends before the study would make the tables anew: what is withdrawn is gone from them already."""


@pytest.mark.parametrize(("what", "how"), [("message", CRAWL), ("request", CRAWL), ("message", NIGHT), ("request", NIGHT)])
def test_rows_go_with_what_they_quote(tmp_path: Path, what: str, how: tuple[str, ...]) -> None:
    archive, world = tmp_path / "archive.db", small_world()
    answer, _ = (world.new_response(world.requests[number], SAID, []) for number in (1, 2))
    with served(world) as replica:
        assert wdtk(tmp_path, "crawl", "everything", "--follow", "--site", replica.base).code == 0
        assert wdtk(tmp_path, "study").code == 0
        assert rows(archive, "select request_id, provision, engaged from exemptions order by 1") == [
            (1, "FOIA s.40(2)", 1),
            (2, "FOIA s.40(2)", 1),
        ]
        world.hide(answer if what == "message" else world.requests[1], reason="It names somebody.")
        again = wdtk(tmp_path, *how, *(("--site", replica.base) if how is CRAWL else ()))
        assert again.code == (0 if what == "message" or how is NIGHT else 4), again.err
    for table in BY_REQUEST:
        assert rows(archive, f"select count(*) from {table} where request_id = 1") == [(0,)], table
    assert rows(archive, "select request_id, provision from exemptions") == [(2, "FOIA s.40(2)")]
    assert wdtk(tmp_path, "check").code == 0
