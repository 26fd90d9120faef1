"""What a reader's browser may do with what we send: the headers of every answer while an archive is served.

Our own pages have neither inline script nor inline style. Datasette's have a few scripts, always the same: those are
allowed by their hashes, computed from the templates of the version that is installed, and no other. Its templates
also need inline styles; with no address to load from, styles can do no harm.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasette as datasette_package

from .archives import archives

if TYPE_CHECKING:
    from datasette.app import Datasette

ASGI = Callable[[Any, Any, Any], Awaitable[None]]

_COMMON = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
PAGE = f"{_COMMON}; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'"
"""For our pages."""

FILE = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""For a file that a stranger made: whatever it is, nothing in it runs, loads or leads anywhere. Chromium shows a PDF in
its viewer all the same (seen with 156, November 2026), and would run its scripts: scripted.py keeps those out. Where a
browser does not show it, it can be saved."""

_FACETS = ("DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;")
_INTERRUPTED = '\nlet ta = document.querySelector("textarea");\nta.style.height = ta.scrollHeight + "px";\n'
"""On the page that says that a query took too long; it is in no template."""


@cache
def datasettes_own() -> str:
    """The policy for Datasette's own pages."""
    sources = " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(map(_hash, _scripts())))
    return f"{_COMMON}; script-src 'self' {sources}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"


def _scripts() -> Iterator[str]:
    """Datasette's inline scripts: those of its templates that have nothing to fill in, and the few that we know."""
    for template in sorted((Path(datasette_package.__file__).parent / "templates").glob("*.html")):
        for script in re.findall(r"<script>(.*?)</script>", template.read_text(encoding="utf-8"), re.DOTALL):
            if "{{" not in script and "{%" not in script:
                yield script
    yield from (*_FACETS, _INTERRUPTED)


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def guarded(datasette: Datasette, app: ASGI) -> ASGI:
    """The application with the headers on every answer that does not bring its own."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start" and archives(datasette):
                message = {**message, "headers": _completed(message.get("headers", []))}
            await send(message)

        await app(scope, receive, with_headers if scope["type"] == "http" else send)

    return asgi


def _completed(headers: Any) -> list[tuple[bytes, bytes]]:
    made = list(headers)
    have = {name.lower() for name, _ in made}
    for name, value in (
        (b"content-security-policy", datasettes_own().encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
        (b"x-robots-tag", b"noindex, nofollow"),
    ):
        if name not in have:
            made.append((name, value))
    return made
