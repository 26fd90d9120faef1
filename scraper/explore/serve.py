"""`wdtk serve`: Datasette on one archive, on this machine alone unless told otherwise."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn

from ..metadata import ARCHIVE_TABLES


class CannotServe(Exception):
    """No archive to serve, or no port to serve it on. The message says what to do."""


def serve_command(archive: Path, host: str = "127.0.0.1", port: int = 8001, open_browser: bool = False) -> list[str]:
    """The command that serves an archive. The plugin brings settings and descriptions, so it is plain Datasette.

    Mutable, although nothing is written: with ``-i`` a file that a crawl writes gives stale rows or errors. `port` 0
    takes a free one.
    """
    command = [sys.executable, "-m", "datasette", "serve", str(archive), "--host", host, "--port", str(port)]
    return [*command, "--open"] if open_browser else command


def serve(
    archive: Path, host: str = "127.0.0.1", port: int = 8001, open_browser: bool = False, files: str | None = None
) -> NoReturn:
    """Becomes the Datasette process; `files` is where the attachments lie, beside the archive where it is None.

    Raises CannotServe where there is no archive or the port is taken.
    """
    _check_archive(archive)
    _check_port(host, port)
    if files:
        os.environ["WDTK_FILES"] = files
    command = serve_command(archive, host, port, open_browser)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is what we want


def _check_archive(archive: Path) -> None:
    if not archive.is_file():
        raise CannotServe(f"there is no archive at {archive}; the first crawl makes one: wdtk crawl TARGET --site URL")
    try:
        db = sqlite3.connect(f"{archive.resolve().as_uri()}?mode=ro", uri=True)
        try:
            tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        raise CannotServe(f"{archive} is no archive: {error}") from error
    if not tables >= ARCHIVE_TABLES:
        raise CannotServe(f"{archive} is a database, but no archive; give --archive another path")


def _check_port(host: str, port: int) -> None:
    """Told before Datasette starts: its web server would end with an exit code that means something else here."""
    if not 0 <= port <= 65535:  # getaddrinfo would take a larger one for another port
        raise CannotServe(f"there is no port {port}; give one from 1 to 65535, or 0 for a free one, with --port")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotServe(f"cannot listen on {host} port {port}: {error}; give another with --port") from error
