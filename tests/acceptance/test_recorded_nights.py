"""Two nights on the recorded genuine site: what changed is found, what was withdrawn is gone, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import FirstDay, content
from tests.acceptance.kills import kill_and_go_on
from tests.recorded_site import RecordedSite, fidelity, wdtk
from tests.recordings import needs_recordings

pytestmark = [needs_recordings, pytest.mark.slow]

FACTS = "requests,messages,events,attachments,authorities,users,batches"
NIGHT_2, NIGHT_3 = {"WDTK_NOW": "2026-11-23T03:00:00Z"}, {"WDTK_NOW": "2026-11-24T03:00:00Z"}


@pytest.fixture(scope="module")
def second_day(first_day: FirstDay, tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    """The archive after the night on day 2."""
    archive = first_day.copy(tmp_path_factory.mktemp("second"))
    with RecordedSite(day=2, port=first_day.port) as site:
        done = wdtk("--archive", str(archive), "nightly", env=NIGHT_2)
        assert done.returncode == 0, done.stderr
        return FirstDay(archive, [(path, status) for path, status, _ in site.log], site.port)


def test_one_night_finds_all_that_changed(second_day: FirstDay) -> None:
    compared = fidelity(second_day.archive, 2, "--only", FACTS)
    assert compared.returncode == 0, compared.stdout
    assert len({path for path, _ in second_day.asked}) == len(second_day.asked)


def test_the_next_night_confirms_what_was_withdrawn(second_day: FirstDay, tmp_path: Path) -> None:
    archive = second_day.copy(tmp_path)
    with RecordedSite(day=3, port=second_day.port):
        done = wdtk("--archive", str(archive), "nightly", env=NIGHT_3)
    assert done.returncode == 0, done.stderr
    compared = fidelity(archive, 3)
    assert compared.returncode == 0, compared.stdout


def test_fifty_kills_in_a_night_lose_nothing(first_day: FirstDay, second_day: FirstDay, tmp_path: Path) -> None:
    archive = first_day.copy(tmp_path)
    with RecordedSite(day=2, port=first_day.port) as site:
        command = ["--archive", str(archive), "--quiet", "nightly"]
        kills = kill_and_go_on(site, command, 50, len(second_day.asked), 20261123, NIGHT_2)
        assert kills == 50
    assert content(archive) == content(second_day.archive)
