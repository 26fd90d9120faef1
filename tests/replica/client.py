"""Asking a server on loopback without following redirects, unzipping or guessing: what came is what is returned."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit


class Fetched(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def fetch(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Fetched:
    """One request. Raises http.client.HTTPException or OSError where the answer is torn or missing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=dict(headers or {}))
        response = connection.getresponse()
        body = response.read()
        return Fetched(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
    finally:
        connection.close()
