"""The index of a web archive: where in which file the answer of an address at a moment lies (CDXJ, compressed as ZipNum).

The lines are sorted by bytes and packed in blocks of some thousands; a short second index says where each block begins.
So a reader of an archive of millions of captures fetches that one, and a block for each address it looks up.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

from .warc import Entry

BLOCK_LINES = 3000
INDEX, SECOND = "index.cdx.gz", "index.idx"
_WWW = re.compile(r"^www\d*\.")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def sort_key(url: str) -> str:
    """An address turned about so that a site's pages sort together: ``com,example)/path?query`` (SURT).

    As the readers of such indexes make it: in lower case, without scheme, ``www`` and default port, the query sorted. What
    is no web address stays as it is.
    """
    try:
        parts = urlsplit(url.lower())
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        return url.lower()
    host = ",".join(reversed(_WWW.sub("", parts.hostname or "").split(".")))
    query = "&".join(sorted(parts.query.split("&")))
    return f"{host}{port}){parts.path.rstrip('/') or '/'}" + (f"?{query}" if query else "")


def line(entry: Entry) -> str:
    """A record's line of the index, without its end."""
    visit = entry.visit
    mime = (visit.content_type or "unk").partition(";")[0].strip()
    told = {
        "url": entry.url,
        "mime": "warc/revisit" if entry.record_type == "revisit" else mime,
        "status": str(visit.status),
        "digest": f"sha256:{visit.sha256}",
        "length": str(entry.length),
        "offset": str(entry.offset),
        "filename": entry.part,
    }
    return f"{sort_key(entry.url)} {re.sub('[^0-9]', '', visit.requested_at)} {json.dumps(told)}"


class Index:
    """Gathers lines and gives them back in order; in a temporary file of SQLite's, so that memory stays flat."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        self._db.execute("create table lines (line text not null)")
        self._db.execute("begin")

    def add(self, entry: Entry) -> None:
        self._db.execute("insert into lines values (?)", (line(entry),))

    def close(self) -> None:
        self._db.close()

    def write(self, out: IO[bytes]) -> list[str]:
        """Writes the blocks; returns the lines of the second index."""
        second = ["!meta 0 " + json.dumps({"format": "cdxj-gzip-1.0", "filename": INDEX})]
        offset = 0
        for block in self._blocks():
            packer = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)
            packed = packer.compress("".join(f"{each}\n" for each in block).encode()) + packer.flush()
            out.write(packed)
            told = {
                "offset": offset,
                "length": len(packed),
                "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}",
                "filename": INDEX,
            }
            key, moment, _ = block[0].split(" ", 2)
            second.append(f"{key} {moment} {json.dumps(told)}")
            offset += len(packed)
        return second

    def _blocks(self) -> Iterator[list[str]]:
        cursor = self._db.execute("select line from lines order by line")
        while rows := cursor.fetchmany(BLOCK_LINES):
            yield [row[0] for row in rows]
