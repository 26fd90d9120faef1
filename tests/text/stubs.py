"""A child process whose reader of plain text does what the text says: what no file can be trusted not to do."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import time

from scraper.text import child
from scraper.text.formats import plain
from scraper.text.registry import Options
from scraper.text.result import Text

_honest = plain.read


def read(data: bytes, options: Options) -> Text:
    match data.decode().partition(" ")[0]:
        case "SPIN":
            while True:
                pass
        case "SLEEP":
            time.sleep(1000)
        case "ABORT":
            os.abort()
        case "SEGFAULT":
            ctypes.string_at(0)
        case "MEMORY":
            hoard = [bytearray(1 << 26) for _ in range(1 << 10)]
            return Text([str(len(hoard))], "stub")
        case "LEAVE":
            os._exit(0)
        case "RAISE":
            raise RuntimeError("nobody\nforesaw this")
        case "PRINT":
            print("an answer" * 100_000, flush=True)
        case "LARGE":
            return Text(["x" * (options.limits.text + 5)], "stub")
        case "FORGE":
            _forge(data[6:])
        case "SOCKET":
            return Text([_tried(lambda: socket.create_connection(("127.0.0.1", 9)))], "stub")
        case "NATIVE":
            libc = ctypes.CDLL(None, use_errno=True)
            return Text([f"socket {libc.socket(2, 1, 0)} errno {ctypes.get_errno()}"], "stub")
        case "WRITE":
            return Text([_tried(lambda: _write(os.environ.get("TMPDIR", "/tmp")))], "stub")
        case "OPEN":
            return Text([_tried(lambda: [os.open("/", os.O_RDONLY) for _ in range(5000)])], "stub")
        case "SECRETS":
            return Text([" ".join(sorted(os.environ))], "stub")
        case "PID":
            return Text([str(os.getpid())], "stub")
    return _honest(data, options)


def _forge(answer: bytes) -> None:
    """Speaks for the reader on its own pipe, as code that a file brought with it could."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, len(answer).to_bytes(8, "big") + answer)
        except OSError:
            continue
    time.sleep(1000)


def _tried(what: object) -> str:
    assert callable(what)
    try:
        what()
    except OSError as error:
        return f"refused: {type(error).__name__}"
    return "allowed"


def _write(folder: str) -> None:
    path = os.path.join(folder, f"stub-{os.getpid()}")
    try:
        with open(path, "wb", buffering=0) as file:
            written = 0
            while written < 8 << 20:
                written += file.write(bytes(1 << 20))
    finally:
        os.unlink(path)


plain.read = read
if __name__ == "__main__":
    assert sys.argv
    child.main()
