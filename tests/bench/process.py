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
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_LOOKS_EVERY_S = 0.1


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


class Peaks(NamedTuple):
    """Bytes: the most that the largest of some processes has had resident, and the most of all of them at one moment,
    what they share counted once (as far as looking every tenth of a second tells)."""

    largest: int
    together: int


def watched(words: tuple[str, ...], env: Mapping[str, str]) -> tuple[float, Peaks]:
    """Runs Python with these arguments to its end; seconds, and the memory of it and its children.

    Raises ChildFailed where the end is not a good one.
    """
    peaks = Peaks(0, 0)
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
        while True:
            try:
                code = child.wait(_LOOKS_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                looks = [_memory(number) for number in (child.pid, *_children(child.pid))]
                peaks = Peaks(max(peaks.largest, *(most for most, _ in looks)), max(peaks.together, sum(now for _, now in looks)))
        took = time.perf_counter() - began
        if code != 0:
            said.seek(0)
            raise ChildFailed(f"{' '.join(words)} ended with {code}:\n{said.read().decode(errors='replace')[-2000:]}")
    return took, peaks


def _children(process: int) -> list[int]:
    numbers: list[int] = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread ended meanwhile
            numbers += map(int, path.read_text().split())
    return numbers


def _memory(process: int) -> tuple[int, int]:
    """Bytes: the most that a process has had resident, and its share of what is resident now; none if it has ended."""
    try:
        status, share = (Path(f"/proc/{process}/{name}").read_text() for name in ("status", "smaps_rollup"))
    except OSError:
        return 0, 0
    most, now = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M), re.search(r"^Pss:\s+(\d+) kB$", share, re.M)
    return (int(most[1]) * 1024, int(now[1]) * 1024) if most and now else (0, 0)


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
