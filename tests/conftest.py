"""What all tests share: nothing of the person who runs them gets in, and nothing gets out of the test's own folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No test is held to a time: on a busy machine an example may take long. The rest is as Hypothesis has it, here or in CI.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Locks and pace of hosts in a folder of the tests' own, and no settings from the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WDTK_")]:
            patch.delenv(name)
        patch.setenv("WDTK_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield
