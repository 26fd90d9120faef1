"""One capture as a record of WARC 1.1: what was kept of the answer, and nothing that was not.

The bytes of a record follow from the capture alone, not from the clock or the machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import quote

from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PIECE = 1 << 20
LEVEL = 6
"""Of gzip."""
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
UNMODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
STANDARD = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, section 5.1)."""
_BREAKS = re.compile(r"[\r\n\0]+")
"""What a header's value cannot hold; whoever receives it takes a space instead (RFC 9110, section 5.5)."""
_NO_LONGER = frozenset(
    {"content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive", "trailer", "upgrade"}
)
"""Headers of the way a body travelled: here it is decoded and has a length of its own."""
_URI_SAFE = "!#$%&'()*+,/:;=?@[]_.-~"


class Headers(StatusAndHeaders):  # type: ignore[misc]  # warcio is untyped
    """The status line and headers of an answer as bytes. warcio would percent-encode what is not ASCII."""

    def __init__(self, block: bytes) -> None:
        super().__init__("", [("block", "")])
        self.block = block

    def compute_headers_buffer(self, header_filter: Any = None) -> None:
        self.headers_buff = self.block


@dataclass(frozen=True, slots=True)
class Visit:
    """A capture that is written, and the first one that brought the same bytes: itself, or an earlier one.

    `sha256` is of the bytes, `headers` the JSON of the archive, times are UTC text.
    """

    id: int
    source: int
    original: int
    unmodified: bool
    page_kind: str
    page_key: str
    url: str
    requested_at: str
    status: int
    content_type: str | None
    etag: str | None
    headers: str | None
    sha256: str
    original_url: str
    original_at: str

    @property
    def is_revisit(self) -> bool:
        return self.id != self.original


def uri(url: str) -> str:
    """An address as a URI: what may not stand in one is percent-encoded, everything else stays as it is."""
    return quote(url, safe=_URI_SAFE, errors="surrogatepass")


def http_block(visit: Visit, length: int | None) -> bytes:
    """The head of the answer: the status line made of the code, and the headers that were kept and still fit."""
    try:
        phrase = HTTPStatus(visit.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {visit.status} {phrase}".encode("ascii")]
    kept: dict[str, str] = json.loads(visit.headers) if visit.headers else {}
    for name, value in (("content-type", visit.content_type), ("etag", visit.etag), *kept.items()):
        if value is not None and _NAME.fullmatch(name) and name.lower() not in _NO_LONGER:
            lines.append(name.encode("ascii") + b": " + _wire(value))
    if length is not None:
        lines.append(b"content-length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _wire(value: str) -> bytes:
    """A value as it came: the archive holds each byte as one character. What came otherwise is UTF-8."""
    value = _BREAKS.sub(" ", value).strip()
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def response(builder: RecordBuilder, visit: Visit, site: str, payload: IO[bytes], length: int) -> ArcWarcRecord | None:
    """The record of an answer; None where the bytes are not those of `sha256`. Reads the payload once, then rewinds it."""
    block = http_block(visit, length)
    of_payload, of_block = hashlib.sha256(), hashlib.sha256(block)
    while piece := payload.read(PIECE):
        of_payload.update(piece)
        of_block.update(piece)
    if of_payload.hexdigest() != visit.sha256:
        return None
    payload.seek(0)
    fields = _fields(visit, site, "response") | {
        "WARC-Payload-Digest": f"sha256:{visit.sha256}",
        "WARC-Block-Digest": f"sha256:{of_block.hexdigest()}",
    }
    return builder.create_warc_record(
        fields["WARC-Target-URI"], "response", payload, length, warc_headers_dict=fields, http_headers=Headers(block)
    )


def revisit(builder: RecordBuilder, visit: Visit, site: str) -> ArcWarcRecord:
    """The record of a visit that brought what is written already, or that the site answered with 304."""
    block = http_block(visit, None)
    fields = _fields(visit, site, "revisit") | {
        "WARC-Profile": UNMODIFIED if visit.unmodified else IDENTICAL,
        "WARC-Refers-To": record_id(site, visit.original, "response", visit.original_at, visit.original_url, visit.sha256),
        "WARC-Refers-To-Target-URI": uri(visit.original_url),
        "WARC-Refers-To-Date": visit.original_at,
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
    }
    if not visit.unmodified:
        fields["WARC-Payload-Digest"] = f"sha256:{visit.sha256}"
    return builder.create_warc_record(fields["WARC-Target-URI"], "revisit", warc_headers_dict=fields, http_headers=Headers(block))


def warcinfo(builder: RecordBuilder, name: str, date: str, fields: dict[str, str]) -> ArcWarcRecord:
    """The record that a file begins with."""
    told = "|".join([name, date, *fields.values()])
    record = builder.create_warcinfo_record(name, fields)
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, told)}>")
    record.rec_headers.replace_header("WARC-Date", date)
    return record


def record_id(site: str, capture: int, kind: str, date: str, url: str, sha256: str) -> str:
    """The same for the same capture of the same bytes, wherever and whenever it is written."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, '|'.join((site, str(capture), kind, date, url, sha256)))}>"


def _fields(visit: Visit, site: str, kind: str) -> dict[str, str]:
    return {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id(site, visit.id, kind, visit.requested_at, visit.url, visit.sha256),
        "WARC-Date": visit.requested_at,
        "WARC-Target-URI": uri(visit.url),
    }


class Part:
    """One file: a gzip member for each record. `size` in bytes so far."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self.size = raw, 0

    def write(self, record: ArcWarcRecord) -> None:
        member = _Member(self._raw)
        WARCWriter(member, gzip=False, warc_version="1.1").write_record(record)
        self.size += member.size


class _Member:
    """What warcio writes a record to: its own compression has no choice of level."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self.size = raw, 0
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)

    def write(self, data: bytes) -> None:
        self._out(self._packer.compress(data))

    def flush(self) -> None:
        """Ends the member. warcio calls it once, at a record's end."""
        self._out(self._packer.flush())

    def _out(self, data: bytes) -> None:
        self._raw.write(data)
        self.size += len(data)
