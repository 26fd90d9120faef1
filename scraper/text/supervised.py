"""A child process as its parent sees it: given a file, it answers within its limits or is killed.

One file's crash is that file's outcome and nobody else's: the next file gets a new child. A child that has served others
before may have been brought down by what they left behind, so the file is tried once more in a fresh one; what fails
there too is its own doing.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from .limits import MIB, READING, Limits
from .result import Member, Outcome, Status

FILES_EACH = 3000
"""A child is replaced after so many files: native libraries leak. Starting one takes a third of a second of a processor."""
PEAK_SHARE = 0.5
"""Or once it has held this share of its memory."""
START_S = 60
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(64 * MIB), "MALLOC_MMAP_THRESHOLD_": str(4 * MIB)}
"""glibc's: memory that a page needed is kept for the next. Given back and asked for again it took a quarter of the child's time
(115,000 page faults for 960 pages; measured November 2026)."""
PROGRAM = "scraper.text.child"
_MAX_HEAD = 64 << 20
_ROOT = Path(__file__).resolve().parents[2]


class CannotStart(Exception):
    """The child process does not start; the message has its last words."""


class _Gone(Exception):
    """The child died, or was killed, over a file. The message is the file's reason."""


class Child:
    """One child process. Not for use by several threads; its parent thread's end is its own."""

    def __init__(self, limits: Limits = READING) -> None:
        """Raises CannotStart."""
        self.served = 0
        self.spent = False
        """Whether it is to be replaced."""
        self.closed = False
        self._memory = limits.memory
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM, str(limits.memory), str(limits.open_files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # Nothing of the parent's environment, where passwords may be.
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": path, **_KEEP_MEMORY},
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for end in (self._in, self._out):
            os.set_blocking(end, False)
        self._unread = bytearray()
        self._unsent: deque[memoryview] = deque()
        self._wants_to_send = 0
        self._wait = selectors.DefaultSelector()
        self._wait.register(self._out, selectors.EVENT_READ)
        try:
            self.network = str(self._head(time.monotonic() + START_S)["network"])
        except _Gone:
            said = self._last_words()
            self.close()
            raise CannotStart(f"the process that reads files does not start: {said}") from None
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self, files: Sequence[bytes], limits: Limits, languages: str | None) -> Iterator[Outcome]:
        """The files' outcomes, one after another. Raises _Gone where the child did not live to tell the next.

        All are on their way to it at once, so that it need not wait between two; each file's clock starts when it has
        answered for the one before.
        """
        for data in files:
            order = json.dumps({"size": len(data), "limits": limits.as_json(), "languages": languages}).encode()
            self._unsent += [memoryview(len(order).to_bytes(8, "big") + order), memoryview(data)]
        for _ in files:
            until = time.monotonic() + limits.wall_s
            try:
                head = self._head(until)
                outcome = self._outcome(head, limits, until)
            except (ValueError, LookupError, TypeError):
                self.spent = True
                raise self._killed("its reader gave no proper answer") from None
            except _Gone:
                self.spent = True
                raise
            self.served += 1
            peak = head["peak"]
            assert isinstance(peak, int)
            self.spent = self.served >= FILES_EACH or peak > PEAK_SHARE * self._memory or bool(head["ends"])
            yield outcome

    def _outcome(self, head: dict[str, object], limits: Limits, until: float) -> Outcome:
        """What the child answered, which a hostile file may have dictated: taken only where it is of the agreed shape."""
        size, members = head["text"], head["members"]
        if not _is_proper(head) or not isinstance(members, list):
            raise self._killed("its reader gave no proper answer")
        # UTF-8 takes four bytes a character at most.
        if (isinstance(size, int) and size > 4 * limits.text) or sum(one[1] or 0 for one in members) > limits.members_size:
            raise self._killed("its text or members are larger than allowed")
        text = self._take(size, until).decode("utf-8", "replace") if isinstance(size, int) else None
        files = tuple(
            Member(path, None if count is None else bytes(self._take(count, until)), reason) for path, count, reason in members
        )
        told = {key: head[key] for key in ("status", "media_type", "method", "page_count", "error")}
        return Outcome(**told, text=text, members=files)  # type: ignore[arg-type]  # looked at in _is_proper

    def _head(self, until: float) -> dict[str, object]:
        size = int.from_bytes(self._take(8, until), "big")
        if size > _MAX_HEAD:
            raise self._killed("its answer is larger than allowed")
        head: dict[str, object] = json.loads(self._take(size, until))
        return head

    def _take(self, size: int, until: float) -> bytearray:
        while len(self._unread) < size:
            self._exchange(until)
        taken = self._unread[:size]
        del self._unread[:size]
        return taken

    def _exchange(self, until: float) -> None:
        """Waits until the child reads or says something, and lets it."""
        want = selectors.EVENT_WRITE if self._unsent else 0
        if want != self._wants_to_send:
            self._wants_to_send = want
            if want:
                self._wait.register(self._in, want)
            else:
                self._wait.unregister(self._in)
        left = until - time.monotonic()
        ready = self._wait.select(left) if left > 0 else []
        if not ready:
            raise self._killed("took too long")
        for key, _ in ready:
            if key.fd == self._out:
                got = os.read(self._out, 1 << 20)
                if not got:
                    raise self._died()
                self._unread += got
            else:
                self._send()

    def _send(self) -> None:
        try:
            while self._unsent:
                sent = os.write(self._in, self._unsent[0])
                if sent < len(self._unsent[0]):
                    self._unsent[0] = self._unsent[0][sent:]
                else:
                    self._unsent.popleft()
        except BlockingIOError:
            return  # it reads on when it has room
        except BrokenPipeError:
            self._unsent.clear()  # it died; its answers up to then, and its end, are still to be read

    def _killed(self, why: str) -> _Gone:
        self.kill()
        return _Gone(why)

    def _died(self) -> _Gone:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return _Gone("took too much processor time")
        if code == -signal.SIGALRM:
            return _Gone("took too long")
        if code < 0:
            return _Gone(f"its reader crashed ({signal.Signals(-code).name})")
        return _Gone(f"its reader ended with {code}")

    def kill(self) -> None:
        """Kills the child and what it started. It leads a session of its own, so its number is its group's."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Kills it, whatever it does."""
        self.closed = True
        self.kill()
        self._wait.close()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            assert pipe is not None
            pipe.close()


def _is_proper(head: dict[str, object]) -> bool:
    """Whether an answer has what it must have, of the types and within the bounds agreed on.

    Raises ValueError, LookupError, TypeError where it is far from that, or its words are no Unicode.
    """
    members = head["members"]
    counts = [head["text"], head["page_count"], *(one[1] for one in members)] if isinstance(members, list) else [-1]
    words = [head["media_type"], head["method"], head["error"]]
    words += [one[at] for one in members for at in (0, 2)] if isinstance(members, list) else []
    return (
        head["status"] in get_args(Status)
        and type(head["peak"]) is int
        and all(count is None or (type(count) is int and count >= 0) for count in counts)
        and all(word is None or (isinstance(word, str) and word.encode() is not None) for word in words)
    )


_own = threading.local()
_all: set[Child] = set()
_stopping = threading.Event()


def read_supervised(files: Sequence[bytes], limits: Limits, languages: str | None) -> list[Outcome]:
    """Reads files in this thread's child process, which is started where there is none. An outcome for each.

    Raises CannotStart. This is the whole of a worker's work, here or on a cluster.
    """
    done: list[Outcome] = []
    while len(done) < len(files):
        child = child_of_this_thread(limits)
        try:
            for outcome in child.read(files[len(done) :], limits, languages):
                done.append(outcome)
                if child.spent:
                    break
        except _Gone as gone:
            if child.served == 0:
                done.append(Outcome("failed", error=str(gone)))
        if child.spent:
            close_child()
    return done


def child_of_this_thread(limits: Limits) -> Child:
    """The child that reads for this thread; started where there is none. Raises CannotStart."""
    child: Child | None = getattr(_own, "child", None)
    if child is None or child.closed:
        child = _own.child = Child(limits)
        _all.add(child)
    # Only now: one that was being started is killed by nobody else.
    if _stopping.is_set():
        close_child()
        raise CannotStart("reading was broken off")
    return child


def close_child() -> None:
    """Ends this thread's child process, where there is one."""
    child: Child | None = getattr(_own, "child", None)
    if child is not None:
        _own.child = None
        _all.discard(child)
        child.close()


def break_off() -> None:
    """Kills the children of all threads, reading or not; none is started until they are closed."""
    _stopping.set()
    for child in list(_all):
        child.kill()


def close_children() -> None:
    """Ends the children of all threads of this process. None of them may be reading."""
    while _all:
        _all.pop().close()
    _stopping.clear()
