"""The site over real HTTP on 127.0.0.1, with a log of what was asked and faults on demand."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

from .faults import Fault, Faults, bomb, number, spoilt, stream
from .model import ZONE
from .site import Answer, Site
from .world import World

_ZIPPED_FROM = 500


class LogEntry(NamedTuple):
    """A request that arrived. `status` is what was sent, or 'drop'; names of `headers` are in lower case."""

    method: str
    path: str
    status: int | str
    headers: dict[str, str]

    @property
    def cookie(self) -> str | None:
        """Set where a client keeps cookies, which no polite archiver does (section 1)."""
        return self.headers.get("cookie")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    replica: Replica

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: apart, each answer costs a delayed acknowledgement of 40 ms
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: the replica keeps its own log."""

    def do_GET(self) -> None:
        replica = self.server.replica
        if replica.latency:
            time.sleep(replica.latency)
        fault = replica.faults_to_come.take(self.path)
        kind = str(fault["kind"]) if fault else ""
        if kind == "drop":
            self._note("drop")
            self.close_connection = True
            return
        if fault and kind == "slow":
            time.sleep(number(fault, "seconds", 1))
        answer = replica.site.answer(str(fault["path"]) if fault and kind == "page" else self.path)
        if fault:
            answer = spoilt(fault, self.path, replica.base, answer)
        if answer.status == 200 and answer.headers.get("ETag", "-") == self.headers.get("If-None-Match"):
            answer = Answer(304, b"", answer.content_type, answer.headers, answer.cookie)
        self._note(answer.status)
        if fault and kind in ("gzip_bomb", "big"):
            self._flood(fault, answer)
        else:
            stall = number(fault, "seconds", 1) if fault and kind == "stall" else 0
            self._send(answer, truncated=kind == "truncate", stall=stall)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._note(404)
        self.close_connection = True
        self._send(Answer(404))

    def _head(self, answer: Answer, length: int | None, encoding: str = "") -> None:
        """Status and headers; without a length the body comes in chunks."""
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Vary", "Cookie, Accept-Encoding" if answer.zippable else "Cookie")
        self.send_header("Content-Language", "en")
        if answer.cookie:
            self.send_header("Set-Cookie", "locale=en; path=/; SameSite=Lax")
        for name, value in answer.headers.items():
            self.send_header(name, value.encode("ascii", "replace").decode())
        if encoding:
            self.send_header("Content-Encoding", encoding)
        if answer.status not in (204, 304):
            self.send_header("Content-Type", answer.content_type)
            if length is None:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, answer: Answer, truncated: bool = False, stall: float = 0) -> None:
        body = answer.body
        zipped = answer.zippable and len(body) > _ZIPPED_FROM and "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped:
            body = gzip.compress(body, 1, mtime=0)
        self._head(answer, len(body), "gzip" if zipped else "")
        if self.command == "HEAD" or answer.status in (204, 304):
            return
        if truncated:
            body = body[: len(body) // 2]
            self.close_connection = True
        if stall:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(stall)
            body = body[len(body) // 2 :]
        self.wfile.write(body)

    def _flood(self, fault: Fault, answer: Answer) -> None:
        size = int(number(fault, "size", 256 * 2**20 if fault["kind"] == "gzip_bomb" else 200 * 2**20))
        if fault["kind"] == "gzip_bomb":
            packed = bomb(size)
            self._head(answer, len(packed), "gzip")
            self.wfile.write(packed)
            return
        declared = fault.get("declared", True)
        self._head(answer, size if declared else None)
        for piece in stream(size):
            self.wfile.write(piece if declared else b"%x\r\n%s\r\n" % (len(piece), piece))
        if not declared:
            self.wfile.write(b"0\r\n\r\n")

    def _note(self, status: int | str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.replica.note(LogEntry(self.command, self.path, status, headers))


class Replica:
    """A world served on loopback.

    `with Replica(world) as base:` gives the address, such as ``http://127.0.0.1:40123``. `log` holds the requests
    received, `faults` those to come (see `tests.replica.faults`). `clock` gives the minute that pages print; hold
    `world.lock` while changing the world during a crawl.
    """

    def __init__(
        self,
        world: World,
        *,
        port: int = 0,
        faults: Iterable[Fault] = (),
        latency: float = 0.0,
        log_file: Path | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.world, self.port, self.latency, self.log_path = world, port, latency, log_file
        self.faults_to_come = Faults()
        self.faults_to_come.list.extend(faults)
        self.log: list[LogEntry] = []
        self.clock = clock or (lambda: datetime.now(UTC).astimezone(ZONE))
        self.base = ""
        self._guard = threading.Lock()
        self._log_file: IO[str] | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def faults(self) -> list[Fault]:
        return self.faults_to_come.list

    def start(self) -> str:
        """Listens on 127.0.0.1 and returns the address. Raises OSError where the port is taken."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.replica = self
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.site = Site(self.world, self.base, self.clock)
        self._log_file = self.log_path.open("a", encoding="utf-8") if self.log_path else None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self.base

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None
        if self._log_file:
            self._log_file.close()
            self._log_file = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def note(self, entry: LogEntry) -> None:
        with self._guard:
            self.log.append(entry)
            if self._log_file:
                wanted = ("user-agent", "from", "if-none-match", "cookie")
                said = {name.replace("-", "_"): entry.headers.get(name) for name in wanted}
                line = {"time": time.time(), "method": entry.method, "path": entry.path, "status": entry.status, **said}
                self._log_file.write(json.dumps(line) + "\n")
                self._log_file.flush()
