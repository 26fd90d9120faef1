"""A Scrapy response as the record that pages are read from."""

from __future__ import annotations

from scrapy.http import Response

from ..records import Capture, PageRef


def capture_of(response: Response, ref: PageRef) -> Capture:
    """The capture of a response that came through `handler.PoliteHandler`; other responses raise KeyError."""
    meta = response.meta
    return Capture(
        ref=ref,
        url=response.url,
        status=response.status,
        headers=meta["wire_headers"],
        body=response.body,
        requested_at=meta["requested_at"],
        duration_ms=meta["duration_ms"],
        file=meta.get("file"),
    )
