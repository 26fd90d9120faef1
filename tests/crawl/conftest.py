"""What tests of the transport share: a scripted server, and crawls of it in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .server import Server

ROOT = Path(__file__).parents[2]

Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def crawl(server: Server, tmp_path: Path) -> Crawl:
    """Crawl paths of the server with the real transport; gives what `tests.crawl.child` tells.

    Runs of one test share a state folder, as runs of one user do.
    """

    def run(*paths: Any, **job: Any) -> dict[str, Any]:
        job = {"site": server.base, "paths": paths, **job}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.crawl.child"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "WDTK_STATE_DIR": str(tmp_path / "state"), **job.pop("env", {})},
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        told["log"] = done.stderr
        return told

    return run
