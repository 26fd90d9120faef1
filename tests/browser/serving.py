"""A real Datasette in a process of its own, and a bare server to which nobody must ever come."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20
RUNNING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@contextmanager
def served(*archives: Path) -> Iterator[str]:
    """``datasette archive.db -m metadata.yml`` on a free port; gives the address without a slash at its end."""
    command = [sys.executable, "-m", "datasette", "serve", *map(str, archives), "-m", str(ROOT / "metadata.yml"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if found := RUNNING.search(line):
                break
        else:
            raise AssertionError(f"Datasette did not start: {''.join(said)}")
        # Whatever it says later must not fill the pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield found[1]
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                # It waits for every answer that a browser still takes; a tab that is left open must not hold up all tests.
                process.kill()


class Lure:
    """A server that hostile text points to. `visits` are the paths that were asked for."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        self.base = ""


@contextmanager
def lure() -> Iterator[Lure]:
    made = Lure()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.visits.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: `visits` tells."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
