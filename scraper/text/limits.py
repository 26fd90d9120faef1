"""What reading one file may cost, and how a child process binds itself to it.

Memory, files and processor time are bounded by the kernel (setrlimit); wall time by the parent, which kills, and by
an alarm in the child, should the parent be gone. The network is closed with a seccomp filter that refuses new
sockets. Where the kernel takes none, the child moves into a network namespace of its own, and where that is not
allowed either only Python code is held back (an audit hook): native code could then still open a socket.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import resource
import signal
import struct
import sys
from dataclasses import asdict, dataclass
from typing import Any

MIB = 1 << 20
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_status: int | None = None
"""This process's own /proc/self/status, where there is one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Bytes, seconds, counts."""

    memory: int = 1536 * MIB
    """Address space of the child, its libraries and the file itself included."""
    cpu_s: int = 60
    wall_s: int = 90
    text: int = 32 * MIB
    """Characters of text; what is beyond is cut, and `text_error` says so."""
    pages: int = 20_000
    members: int = 1000
    member_size: int = 100 * MIB
    members_size: int = 256 * MIB
    """All members of one file together."""
    open_files: int = 64
    ocr_pages: int = 300
    ocr_pixels: int = 40_000_000
    """Of one page or image."""

    def as_json(self) -> dict[str, int]:
        return asdict(self)


READING = Limits()
RECOGNISING = Limits(cpu_s=900, wall_s=1800)
"""With OCR: some seconds a page."""

_FILE_SIZE = MIB
"""The child writes to its pipe and its standard error alone."""
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# (AUDIT_ARCH of the kernel's headers, then the numbers of: socket, io_uring_setup)
_ARCHITECTURES = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
_X32 = 0x40000000


def bind_child(memory: int, open_files: int) -> str:
    """Binds this process for its life; returns how its network is closed: ``seccomp``, ``namespace`` or ``python``."""
    global _status
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE_SIZE),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_AS, memory),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)  # nobody may raise what they were given
        resource.setrlimit(what, (least, least))
    sys.addaudithook(_no_sockets)
    if sys.platform != "linux":
        return "python"
    # Now: a file may use up what may be open.
    _status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died in between, and no signal will come
        os.kill(os.getpid(), signal.SIGKILL)
    if _refuse_sockets(libc):
        return "seccomp"
    return "namespace" if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 else "python"


def begin_file(cpu_s: int, wall_s: int) -> None:
    """Starts the clocks of one file. Either of them kills the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_s, hard))
    # The parent kills a little earlier, and says so.
    signal.setitimer(signal.ITIMER_REAL, wall_s + 5)


def end_file() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def peak_memory() -> int:
    """The most memory that this process has held at once, in bytes.

    On Linux `ru_maxrss` begins with what the process that started this one had held: beside a large one every child
    would seem full after its first file.
    """
    if _status is not None and (found := _PEAK.search(os.pread(_status, 1 << 16, 0))):
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _no_sockets(event: str, args: tuple[Any, ...]) -> None:
    if event.startswith("socket."):
        raise PermissionError("a reader of files has no network")


def _refuse_sockets(libc: ctypes.CDLL) -> bool:
    """A filter in the kernel, for this process and all that it starts: socket() and io_uring_setup() fail with EPERM.

    It needs no privilege. False where this architecture is not known here, or the kernel refuses.
    """
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, *forbidden = known

    def step(code: int, jump_true: int, jump_false: int, value: int) -> bytes:
        return struct.pack("HBBI", code, jump_true, jump_false, value)

    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    count = len(forbidden)
    program = [
        step(load, 0, 0, 4),  # the architecture of the call
        step(equal, 1, 0, architecture),
        step(answer, 0, 0, kill),
        step(load, 0, 0, 0),  # its number
        step(at_least, count + 1, 0, _X32),
        *(step(equal, count - at, 0, number) for at, number in enumerate(forbidden)),
        step(answer, 0, 0, allow),
        step(answer, 0, 0, refuse),
    ]
    code = ctypes.create_string_buffer(b"".join(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filled = Program(len(program), ctypes.cast(code, ctypes.c_void_p))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(filled), 0, 0) == 0)
