"""The recorded genuine site, served on loopback by its own replay server inside the test process."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORDINGS = ROOT.parent / "shared" / "recordings"


def _replay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recorded_replay", RECORDINGS / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class RecordedSite:
    """One day of the recording. `log` has a (path, status, headers) for each request received.

    `on_request` is called with the number of requests received so far, before each is answered.
    """

    def __init__(self, day: int, port: int = 0, faults: list[dict[str, Any]] | None = None) -> None:
        self.day, self.port, self.faults = day, port, faults or []
        self.log: list[tuple[str, object, dict[str, str]]] = []
        self.on_request: Callable[[int], None] = lambda number: None
        self.base = ""

    def __enter__(self) -> RecordedSite:
        replay, site = _replay(), self

        class Handler(replay.Handler):  # type: ignore[name-defined,misc]
            # Headers and body go out in two writes: with Nagle's algorithm each answer waits 40 ms for an ACK.
            disable_nagle_algorithm = True
            faults = self.faults
            latency = 0.0

            def _serve(self) -> None:
                site.on_request(len(site.log) + 1)
                super()._serve()

            def _note(self, status: object) -> None:
                site.log.append((self.path, status, dict(self.headers)))

            do_GET = do_HEAD = do_POST = _serve

        self._server = replay.Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        Handler.site = replay.Site(replay.Recording(RECORDINGS / f"day{self.day}.sqlite"), self.base, volatile=True)
        # `_fault` reads the list through the module's own class.
        replay.Handler.faults = self.faults
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def wdtk(*words: str, env: dict[str, str] | None = None, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "scraper", *words],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def fidelity(archive: Path, day: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Compares an archive with the truth of the recorded site's own database."""
    return subprocess.run(
        [sys.executable, str(RECORDINGS / "fidelity.py"), str(archive), "--day", str(day), *words],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
