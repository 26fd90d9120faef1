"""Raw pages: what came, when, and the newest body that changed what the archive says.

Bodies are compressed with zstd. Once enough pages of a kind are kept a dictionary is trained on them, and is then
never changed: 7.4 KB for a thread's HTML against 13 KB gzipped (measured November 2026). Bodies of lists are not
kept: a list changes nothing the archive says, and it quotes other pages' messages, where a withdrawal would have to
be followed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator

from ..records import Capture, PageKind, PageRef
from ..urls import Site

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 10
TRAIN_AFTER = {PageKind.REQUEST_HTML: 100, PageKind.REQUEST_JSON: 100, PageKind.USER_JSON: 100, PageKind.AUTHORITY_JSON: 100}
"""How many kept pages of a kind train its dictionary."""
DICTIONARY_BYTES = {PageKind.REQUEST_HTML: 112 * 1024}
DEFAULT_DICTIONARY_BYTES = 16 * 1024
KEPT_KINDS = frozenset(
    {
        PageKind.REQUEST_JSON,
        PageKind.REQUEST_HTML,
        PageKind.AUTHORITY_JSON,
        PageKind.AUTHORITIES_CSV,
        PageKind.USER_JSON,
        PageKind.VERSION,
        PageKind.ROBOTS,
    }
)
"""Kinds whose bodies are kept. Files lie in the file store; lists quote other pages."""
USEFUL_HEADERS = (
    "content-language",
    "age",
    "date",
    "last-modified",
    "x-robots-tag",
    "location",
    "retry-after",
    "server",
)


class Captures:
    """Compresses, writes and reads back captures. One for each open archive: it holds the dictionaries."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._dictionaries: dict[int, zstd.ZstdDict] = {}
        self._by_kind: dict[str, tuple[int, zstd.ZstdDict]] = {}
        for row in db.execute("select id, page_kind, data from dictionaries"):
            self._remember(row["id"], row["page_kind"], row["data"])
        self._untrained = {
            kind: db.execute("select count(*) from captures where page_kind = ? and body is not null", (kind,)).fetchone()[0]
            for kind in TRAIN_AFTER
            if kind not in self._by_kind
        }

    def _remember(self, number: int, kind: str, data: bytes) -> None:
        dictionary = zstd.ZstdDict(data)
        self._dictionaries[number] = dictionary
        self._by_kind[kind] = (number, dictionary)

    def add(self, capture: Capture, outcome: str, reason: str | None, run_id: int | None, keep_body: bool) -> int:
        """Writes the row of one visit, inside the caller's transaction; returns its id.

        `keep_body` says that this body changed what the archive says: it replaces the one kept before.
        """
        kind, key = capture.ref
        body, dictionary_id = None, None
        digest = capture.file.sha256 if capture.file else hashlib.sha256(capture.body).hexdigest() if capture.body else None
        if keep_body and kind in KEPT_KINDS and capture.body:
            self.drop_bodies(capture.ref)
            body, dictionary_id = self._compress(kind, capture.body)
        headers = {name: value for name, value in capture.headers if name in USEFUL_HEADERS}
        cursor = self.db.execute(
            "insert into captures (run_id, url, page_kind, page_key, requested_at, duration_ms, status, outcome, reason, "
            "content_type, etag, headers, body_sha256, body, dictionary_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                capture.url,
                kind,
                key,
                capture.requested_at,
                capture.duration_ms,
                capture.status or None,
                outcome,
                reason,
                capture.header("content-type"),
                capture.header("etag"),
                json.dumps(headers, ensure_ascii=False) if headers else None,
                digest,
                body,
                dictionary_id,
            ),
        )
        if body is not None and kind in self._untrained:
            self._untrained[kind] += 1
            if self._untrained[kind] >= TRAIN_AFTER[kind]:
                self._train(kind)
        number = cursor.lastrowid
        assert number is not None
        return number

    def lacks_body(self, ref: PageRef) -> bool:
        """Whether no body is kept of a page of a kind that has one: what was damaged and dropped is kept anew."""
        if ref.kind not in KEPT_KINDS:
            return False
        return not self.db.execute(
            "select 1 from captures where page_kind = ? and page_key = ? and body is not null", tuple(ref)
        ).fetchone()

    def drop_bodies(self, ref: PageRef) -> None:
        """Forgets the kept body of a page: a newer one takes its place, or what it said was withdrawn."""
        self.db.execute(
            "update captures set body = null, dictionary_id = null, headers = null where page_kind = ? and page_key = ? "
            "and body is not null",
            tuple(ref),
        )

    def forget_request(self, slugs: Iterable[str], request_id: int, site: Site) -> None:
        """Forgets what the visits of a request's pages tell of it: bodies, and addresses, which are made of its title."""
        address = f"{site.base}/request/{request_id}"
        own = "page_kind in ('request_json', 'request_html') and page_key = ?"
        files = "page_kind = 'attachment' and page_key >= ? || '/' and page_key < ? || '0'"
        for slug in slugs:
            for where, names in ((own, (slug,)), (files, (slug, slug))):
                self.db.execute(
                    "update captures set body = null, dictionary_id = null, headers = null, body_sha256 = null, etag = null, "
                    f"url = ?, page_key = ? where {where}",
                    (address, str(request_id), *names),
                )
        self.db.execute("update captures set headers = null where page_kind = 'request_id' and page_key = ?", (str(request_id),))

    def drop_mentions(self, slugs: Iterable[str]) -> None:
        """Drops the kept bodies that link to requests, and has their pages fetched again.

        The site shows a few similar requests beside each. All kept pages of threads are looked through, once.
        """
        paths = b"|".join(re.escape(slug.encode()) for slug in sorted(slugs))
        mention = re.compile(rb"/request/(?:" + paths + rb")[^\w]")
        rows = self.db.execute(
            "select id, page_key from captures where page_kind = ? and body is not null", (PageKind.REQUEST_HTML,)
        )
        for row in rows.fetchall() if paths else ():
            try:
                body = self.body(row["id"])
            except (zstd.ZstdError, KeyError):
                body = None  # damaged: what it mentions cannot be told
            if body is None or mention.search(body):
                self.drop_bodies(PageRef(PageKind.REQUEST_HTML, row["page_key"]))
                self.db.execute(
                    "update agenda set due_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') where page_kind = ? and page_key = ?",
                    (PageKind.REQUEST_HTML, row["page_key"]),
                )

    def body(self, capture_id: int) -> bytes | None:
        """The kept body of a capture, None where it has none.

        Raises zstd.ZstdError where the stored bytes are damaged.
        """
        row = self.db.execute("select body, dictionary_id from captures where id = ?", (capture_id,)).fetchone()
        return None if row is None or row["body"] is None else self._inflate(row["body"], row["dictionary_id"])

    def kept(self, kind: PageKind) -> Iterator[tuple[sqlite3.Row, bytes]]:
        """Every kept page of a kind, newest first, with its body."""
        numbers = [
            row[0]
            for row in self.db.execute(
                "select id from captures where page_kind = ? and body is not null order by id desc", (kind,)
            )
        ]
        for number in numbers:
            row = self.db.execute("select * from captures where id = ?", (number,)).fetchone()
            if row is not None and row["body"] is not None:
                yield row, self._inflate(row["body"], row["dictionary_id"])

    def _compress(self, kind: str, body: bytes) -> tuple[bytes, int | None]:
        known = self._by_kind.get(kind)
        if known is None:
            return zstd.compress(body, level=LEVEL), None
        number, dictionary = known
        # Digested: made ready once and not for each page, 0.3 ms a page against 0.5 (November 2026).
        return zstd.compress(body, level=LEVEL, zstd_dict=dictionary.as_digested_dict), number

    def _inflate(self, body: bytes, dictionary_id: int | None) -> bytes:
        return zstd.decompress(body, zstd_dict=self._dictionaries[dictionary_id] if dictionary_id is not None else None)

    def _train(self, kind: PageKind) -> None:
        """Trains the kind's dictionary on the pages kept so far and compresses those again with it."""
        rows = self.db.execute("select id, body from captures where page_kind = ? and body is not null", (kind,)).fetchall()
        samples = [zstd.decompress(row["body"]) for row in rows]
        dictionary = zstd.train_dict(samples, DICTIONARY_BYTES.get(kind, DEFAULT_DICTIONARY_BYTES))
        cursor = self.db.execute(
            "insert into dictionaries (page_kind, trained_at, data) values (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?)",
            (kind, dictionary.dict_content),
        )
        number = cursor.lastrowid
        assert number is not None
        self._remember(number, kind, dictionary.dict_content)
        del self._untrained[kind]
        for row, sample in zip(rows, samples, strict=True):
            packed, _ = self._compress(kind, sample)
            self.db.execute("update captures set body = ?, dictionary_id = ? where id = ?", (packed, number, row["id"]))
