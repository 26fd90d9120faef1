"""Killing a command at random moments, and going on with it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading

from tests.recorded_site import ROOT, RecordedSite


def kill_and_go_on(site: RecordedSite, command: list[str], kills: int, undisturbed: int, seed: int, env: dict[str, str]) -> int:
    """Runs `wdtk COMMAND` with SIGKILL at random requests of `undisturbed`, then to its end; returns the kills that struck.

    A kill comes up to 30 ms after its request reached the site: within the answer, the transaction, or between two.
    """
    dice = random.Random(seed)
    moments = sorted(dice.sample(range(5, undisturbed - 5), kills))
    struck = 0
    for moment in [*moments, None]:
        process = subprocess.Popen(
            [sys.executable, "-m", "scraper", *command],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

        def strike(number: int, moment: int | None = moment, pid: int = process.pid) -> None:
            if number == moment:
                threading.Timer(dice.uniform(0, 0.03), os.kill, (pid, signal.SIGKILL)).start()

        site.on_request = strike
        output, _ = process.communicate(timeout=900)
        struck += process.returncode == -signal.SIGKILL
        if moment is None:
            assert process.returncode == 0, output.decode()
    site.on_request = lambda number: None
    return struck
