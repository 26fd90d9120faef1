"""Killing a command at random moments, and going on with it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading

from tests.recorded_site import ROOT, RecordedSite


class _Strike:
    """Kills a process, once, some time after a request that it made."""

    def __init__(self, moment: int | None, pid: int, after_s: float) -> None:
        self.moment, self.pid, self.after_s, self.struck = moment, pid, after_s, False

    def __call__(self, number: int) -> None:
        # Not only at the moment itself: it may have passed before the process killed last was dead.
        if self.moment is not None and number >= self.moment and not self.struck:
            self.struck = True
            threading.Timer(self.after_s, os.kill, (self.pid, signal.SIGKILL)).start()


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

        site.on_request = _Strike(moment, process.pid, dice.uniform(0, 0.03))
        output, _ = process.communicate(timeout=900)
        struck += process.returncode == -signal.SIGKILL
        if moment is None:
            assert process.returncode == 0, output.decode()
    site.on_request = lambda number: None
    return struck
