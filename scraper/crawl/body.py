"""Bodies as they come in: undone of gzip, capped, and kept in memory or streamed to a file.

Scrapy's own decompression takes what it can of a torn gzip stream and calls it the page; here the end of a stream has
to be there.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Protocol

from scrapy.exceptions import ResponseDataLossError

from ..records import FileOnDisk
from .refusals import TooLarge, UndecodableBody

HEAD_BYTES = 4096
_PIECE = 256 * 1024
"""Bytes that are inflated at a time: what a bomb costs before its cap is looked at."""


class Sink(Protocol):
    """Where a body goes."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None:
        """All has come: make it last."""

    def discard(self) -> None:
        """It did not all come: leave nothing behind. Harmless after `close`, and when done twice."""


class MemorySink:
    def __init__(self) -> None:
        self._parts = BytesIO()

    def write(self, data: bytes) -> None:
        self._parts.write(data)

    def close(self) -> None:
        return None

    def discard(self) -> None:
        self._parts = BytesIO()

    @property
    def body(self) -> bytes:
        return self._parts.getvalue()


class FileSink:
    """A file at `path`, hashed and measured while it is written; synced when closed, removed when discarded."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.file: FileOnDisk | None = None
        self._out = open(path, "wb", buffering=0)  # noqa: SIM115  (closed by close() or discard())
        self._hash = hashlib.sha256()
        self._size = 0
        self._head = b""

    def write(self, data: bytes) -> None:
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._hash.update(data)
        self._size += len(data)
        view = memoryview(data)
        while view:
            view = view[self._out.write(view) :]

    def close(self) -> None:
        os.fsync(self._out.fileno())
        self._out.close()
        self.file = FileOnDisk(self.path, self._hash.hexdigest(), self._size, self._head)

    def discard(self) -> None:
        if self.file is None and not self._out.closed:
            self._out.close()
            os.unlink(self.path)


class Body:
    """One body on its way to its sink.

    `encoding` is the Content-Encoding; `limit` caps the bytes as kept, so a small bomb is no way round it. Raises
    UndecodableBody for any encoding but gzip.
    """

    def __init__(self, url: str, sink: Sink, limit: int, encoding: str) -> None:
        self._url, self._sink, self._limit = url, sink, limit
        self._size = 0
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise UndecodableBody(f"{url}: Content-Encoding {encoding[:50]!r}, which was not asked for")
        self._gunzip = _Gunzip() if "gzip" in encoding else None

    @property
    def proves_its_end(self) -> bool:
        """Whether a body without length tells by itself that it is whole."""
        return self._gunzip is not None

    def feed(self, data: bytes) -> None:
        """Take what came. Raises TooLarge, UndecodableBody, and OSError where it cannot be written."""
        if self._gunzip is None:
            self._write(data)
            return
        try:
            for piece in self._gunzip.feed(data):
                self._write(piece)
        except zlib.error as error:
            raise UndecodableBody(f"{self._url}: broken gzip: {error}") from error

    def finish(self) -> None:
        """All has come, says the transport. Raises ResponseDataLossError where the gzip stream ends early."""
        if self._gunzip is not None and not self._gunzip.complete:
            raise ResponseDataLossError(f"{self._url}: the gzip stream ends early")
        self._sink.close()

    def _write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge(self._url, self._size, self._limit, declared=False)
        self._sink.write(data)


class _Gunzip:
    """A gzip stream of one or more members, a piece at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._fed = False

    @property
    def complete(self) -> bool:
        """At the end of a member; a body of no bytes at all is complete too."""
        return self._member.eof or not self._fed

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._fed = True
            piece = self._member.decompress(data, _PIECE)
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece
