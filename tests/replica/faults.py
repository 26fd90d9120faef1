"""What can go wrong on the way. A fault is ``{"match": REGEX on path and query, "kind": K, "times": N or None, ...}``.

Faults are tried in order; `times` (default None: for ever) counts down. Kinds, with their further keys:

==================  =================================================================================================
status              `status`, optional `retry_after` (seconds): an error page with that status
drop                the connection closes before a byte of the answer
truncate            half of the body, then the connection closes
slow                `seconds` before the answer
stall               half of the body, then `seconds` before the rest
challenge           403 with the page and headers of a content delivery network that doubts us
empty               the right headers, no body
page                the answer that `path` gets, such as the login page
moved               302 to `location`
html                200 with an HTML page that is none of the site's
wait, self          302 to the wait page of the masking queue, or to the same address
gzip_bomb           a body that unzips to `size` bytes of zeros (default 256 MiB)
big                 a body of `size` bytes (default 200 MiB), streamed, with its length in the header; in chunks without
                    one where `declared` is false
redirect_loop       302 to ever new addresses that match the fault again
wrong_type          the right body under `type` (default application/octet-stream)
malformed_json      the first half of the body under its right length
no_correspondence   the page without its left column's classes and ids, as after a change of markup
invalid_utf8        bytes that are no UTF-8 at the beginning of a thread's first message
robots_503          503 for /robots.txt (`match` is not needed)
==================  =================================================================================================
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Iterator
from functools import lru_cache

from .site import HTML, Answer

Fault = dict[str, object]

KINDS = frozenset(
    "status drop truncate slow stall challenge empty page moved html wait self gzip_bomb big redirect_loop wrong_type "
    "malformed_json no_correspondence invalid_utf8 robots_503".split()
)
_DOUBT = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    b'<div id="challenge-error-text">Turn on JavaScript and cookies to go on</div></body></html>'
)
_MEBIBYTE = bytes(1024 * 1024)


class Faults:
    """The faults still to come. `list` may be changed by tests at any time."""

    def __init__(self) -> None:
        self.list: list[Fault] = []
        self._guard = threading.Lock()

    def take(self, target: str) -> Fault | None:
        """The fault for an address, counted. Raises ValueError for an unknown kind."""
        with self._guard:
            for fault in self.list:
                kind = str(fault.get("kind"))
                if kind not in KINDS:
                    raise ValueError(f"no such fault: {kind!r}")
                pattern = str(fault.get("match", r"^/robots\.txt" if kind == "robots_503" else ""))
                times = fault.get("times")
                if times != 0 and re.search(pattern, target):
                    if isinstance(times, int):
                        fault["times"] = times - 1
                    return fault
        return None


def number(fault: Fault, key: str, default: float) -> float:
    value = fault.get(key, default)
    if not isinstance(value, int | float):
        raise ValueError(f"{key} of a fault must be a number: {value!r}")
    return value


@lru_cache(maxsize=4)
def bomb(size: int) -> bytes:
    """Gzip that unzips to `size` zeros (whole mebibytes), a thousandth as long itself."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(_MEBIBYTE) for _ in range(size // len(_MEBIBYTE))]) + packer.flush()


def stream(size: int) -> Iterator[bytes]:
    """`size` bytes that begin like a PDF."""
    head = b"%PDF-1.4\n"[:size]
    yield head
    left = size - len(head)
    while left > 0:
        piece = _MEBIBYTE[:left]
        left -= len(piece)
        yield piece


def spoilt(fault: Fault, target: str, base: str, answer: Answer) -> Answer:
    """The answer as the fault leaves it. Kinds that concern the connection alone change nothing here."""
    match str(fault["kind"]):
        case "status" | "robots_503":
            status = int(number(fault, "status", 503))
            headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
            return Answer(status, b"<h1>Out of order</h1>", HTML, headers)
        case "challenge":
            return Answer(403, _DOUBT, HTML, {"Server": "cloudflare", "cf-mitigated": "challenge", "CF-RAY": "8f0000000000-LHR"})
        case "empty":
            return Answer(answer.status, b"", answer.content_type, answer.headers)
        case "gzip_bomb" | "big":
            return Answer(answer.status, b"", answer.content_type, _bare(answer))
        case "moved":
            return Answer(302, b"", HTML, {"Location": str(fault["location"])})
        case "html":
            return Answer(200, b"<!DOCTYPE html><html><body><p>Something else</p></body></html>", HTML)
        case "wait":
            return Answer(302, b"", HTML, {"Location": f"{base}/attachments/MS0tMDAwMDAwMDA/wait?referer=MS0tMDAwMDAwMDA"})
        case "self":
            return Answer(302, b"", HTML, {"Location": base + target})
        case "redirect_loop":
            stem, _, count = target.partition("loop=")
            joint = "" if count else "&" if "?" in stem else "?"
            return Answer(302, b"", HTML, {"Location": f"{base}{stem}{joint}loop={int(count or 0) + 1}"})
        case "wrong_type":
            return Answer(answer.status, answer.body, str(fault.get("type", "application/octet-stream")), _bare(answer))
        case "malformed_json":
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.content_type, _bare(answer))
        case "no_correspondence":
            body = re.sub(
                rb'(class|id)="(?:left_column|outgoing|incoming|comment_in_request|correspondence)[^"]*"',
                rb'\1="renamed"',
                answer.body,
            )
            return Answer(answer.status, body, answer.content_type, _bare(answer))
        case "invalid_utf8":
            head, found, thread = answer.body.partition(b'id="left_column"')
            body = head + found + thread.replace(b"<p>", b"<p>\xff\xfe\xc3(", 1)
            return Answer(answer.status, body, answer.content_type, _bare(answer))
    return answer


def _bare(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "ETag"}
