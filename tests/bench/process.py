"""Child processes, and what each of them costs.

Run as a module it is such a child: `python -m tests.bench.process FILE ARGUMENT...` is `wdtk ARGUMENT...`, and writes
its peak memory to FILE. The system's own figure (`ru_maxrss`) would not do: a child starts with its parent's peak.
"""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Spent(NamedTuple):
    """Seconds of a whole process, from its start to its end: on the wall, and of the processor (user and system)."""

    wall_s: float
    cpu_s: float


class ChildFailed(Exception):
    """A measured process ended with an error; the message has its last words."""


def environment(scratch: Path) -> dict[str, str]:
    """For children: no settings or proxies of the person who measures, and a pace of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WDTK_") and "proxy" not in name.lower()}
    return {**kept, "WDTK_STATE_DIR": str(scratch / "state")}


def run(words: tuple[str, ...], env: Mapping[str, str]) -> Spent:
    """Runs Python with these arguments to its end. Raises ChildFailed where that is not a good one."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            raise ChildFailed(f"{' '.join(words)} ended with {child.returncode}:\n{said.read().decode(errors='replace')[-2000:]}")
    return Spent(wall_s, usage.ru_utime + usage.ru_stime)


def _peak_bytes() -> int:
    """The most memory that this process has had resident."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None, "the kernel does not tell the peak of memory"
    return int(found[1]) * 1024


def _main() -> None:
    out, *words = sys.argv[1:]
    atexit.register(lambda: Path(out).write_text(str(_peak_bytes())))
    from scraper.cli import main

    sys.argv = ["wdtk", *words]
    main()


if __name__ == "__main__":
    _main()
