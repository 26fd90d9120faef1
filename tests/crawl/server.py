"""A small HTTP server on loopback whose answers are written out beforehand, well-behaved or not."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Literal


@dataclass
class Answer:
    """One answer. `body` may be pieces, made while they are sent; then `length` has to be given or the framing not be it.

    `cut` drops the connection after that many bytes of the body, `drop` before a byte of the answer, `hang` keeps it
    open without another byte until the server closes.
    """

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Callable[[], Iterable[bytes]] = b""
    length: int | None = None
    framing: Literal["length", "chunked", "close"] = "length"
    cut: int | None = None
    drop: bool = False
    hang: bool = False


@dataclass(frozen=True)
class Seen:
    """One request as it arrived: `connection` is the client's port, `at` seconds of the monotonic clock."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    connection: int
    at: float

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Server:
    """Serves `answers` by path and query: one answer for good, or a list of which the last stays.

    Without a robots.txt of its own it allows everything. What it was not told of is 404.
    """

    OPEN: ClassVar[Answer] = Answer(headers=[("Content-Type", "text/plain")], body=b"User-agent: *\nDisallow:\n")

    def __init__(self, answers: dict[str, Answer | list[Answer]] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {"/robots.txt": self.OPEN, **(answers or {})}
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with suppress(ssl.SSLError, ConnectionResetError):  # a client that does not trust us says so and leaves
                    super().handle()

            def do_GET(self) -> None:
                server.answer(self)

            do_POST = do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                return None

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def base(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [seen.target for seen in self.seen]

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.seen.append(Seen(http.command, http.path, tuple(http.headers.items()), http.client_address[1], time.monotonic()))
            scripted = self.answers.get(http.path, Answer(404, [("Content-Type", "text/html")], b"<html>none</html>"))
            if isinstance(scripted, list):
                scripted = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        try:
            self._send(http, scripted)
        except (BrokenPipeError, ConnectionResetError):
            http.close_connection = True  # the client gave up, which is what some tests are about

    def _send(self, http: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer.drop:
            self._drop(http)
            return
        pieces: Iterable[bytes] = [answer.body] if isinstance(answer.body, bytes) else answer.body()
        lines = [f"HTTP/1.1 {answer.status} Scripted"] + [f"{name}: {value}" for name, value in answer.headers]
        if answer.framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif answer.framing == "close":
            lines.append("Connection: close")
            http.close_connection = True
        elif answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(answer.body) if isinstance(answer.body, bytes) else answer.length}")
            if answer.length is not None:
                lines[-1] = f"Content-Length: {answer.length}"
        http.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        sent = 0
        for piece in pieces:
            if answer.cut is not None and sent + len(piece) >= answer.cut:
                self._write(http, answer, piece[: answer.cut - sent])
                if answer.hang:
                    break
                self._drop(http)
                return
            self._write(http, answer, piece)
            sent += len(piece)
        if answer.hang:
            http.wfile.flush()
            self.closing.wait()
            http.close_connection = True
        elif answer.framing == "chunked":
            http.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def _write(http: BaseHTTPRequestHandler, answer: Answer, piece: bytes) -> None:
        if piece:
            http.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece)

    @staticmethod
    def _drop(http: BaseHTTPRequestHandler) -> None:
        http.close_connection = True
        http.wfile.flush()
        http.connection.shutdown(socket.SHUT_RDWR)
