"""An archive as large as is asked for, of invented requests in words that are as frequent as words are.

`python -m tests.bench.synthetic [--requests N]` makes one and says where it lies. The same number and seed give the
same archive; it is kept in a folder (`WDTK_BENCH_DIR`), since a large one takes minutes to make.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from random import Random
from typing import Any

from scraper.archive.schema import SEARCH
from scraper.archive.store import Archive
from scraper.urls import Site
from tests.replica import words as replica

from .vocabulary import Prose, slugged

SITE = Site("http://127.0.0.1:9")
REQUESTS, SEED = 200_000, 1
MESSAGES_PER_REQUEST, FILES_PER_REQUEST = 5, 2
AUTHORITIES, REQUESTERS_PER_REQUEST = 640, 0.15
FROM, UNTIL = datetime(2008, 2, 22, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
MESSAGE_WORDS, FILE_WORDS = 120, 400
"""Medians; both are log-normal, so that a few are very long."""
WITHHELD_EVERY = 150
LAYOUT = 2
"""Counts up when an archive made earlier is no longer what this module makes."""

STATES = (
    # share, described_state, display_state, awaiting_description; shares after two samples of real requests (2019, 2025)
    (32, "successful", "successful", 0),
    (16, "partially_successful", "partially_successful", 0),
    (18, "waiting_response", "waiting_classification", 1),
    (12, "not_held", "not_held", 0),
    (8, "rejected", "rejected", 0),
    (7, "waiting_response", "waiting_response_very_overdue", 0),
    (2, "waiting_response", "waiting_response_overdue", 0),
    (1, "waiting_response", "waiting_response", 0),
    (1, "waiting_clarification", "waiting_clarification", 0),
    (1, "internal_review", "internal_review", 0),
    (1, "gone_postal", "gone_postal", 0),
    (1, "user_withdrawn", "user_withdrawn", 0),
)
MEDIA_TYPES = (
    (50, "application/pdf"),
    (18, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (12, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (12, "image/png"),
    (4, "image/jpeg"),
    (2, "text/html"),
    (2, "application/zip"),
)
TEXTLESS = {"image/png": "no_text_layer", "image/jpeg": "no_text_layer", "application/zip": "unsupported"}

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Size:
    requests: int = REQUESTS
    seed: int = SEED

    @property
    def name(self) -> str:
        return f"synthetic-{LAYOUT}-{self.requests}-{self.seed}.db"


def cached(size: Size, folder: Path | None = None) -> Path:
    """The archive of that size; made now where the folder does not have it."""
    folder = folder or Path(os.environ.get("WDTK_BENCH_DIR", "/tmp/wdtk-bench"))
    path = folder / size.name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        _clear(unfinished)
        build(unfinished, size)
        unfinished.rename(path)
        _clear(unfinished)
    return path


def _clear(path: Path) -> None:
    """Removes an archive that was not finished, and its lock."""
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()


def build(path: Path, size: Size) -> None:
    """Makes the archive. Indexes and search are built at the end, all at once, which is quicker than row by row."""
    Archive.open(path, SITE).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma journal_mode = off")
        db.execute("pragma synchronous = off")
        db.execute("pragma cache_size = -262144")
        later = [
            (kind, name, sql)
            for kind, name, sql in db.execute("select type, name, sql from sqlite_master where sql is not null").fetchall()
            if kind in ("index", "trigger")
        ]
        for kind, name, _ in later:
            db.execute(f"drop {kind} {name}")
        db.execute("begin")
        _Writer(db, size).write()
        for table in SEARCH:
            db.execute(f"insert into {table}_fts({table}_fts) values ('rebuild')")
        for _, _, sql in later:
            db.execute(sql)
        db.execute("commit")
        db.execute("pragma journal_mode = wal")


class _Writer:
    """Writes all rows, a table at a time, from one sequence of random numbers."""

    def __init__(self, db: sqlite3.Connection, size: Size) -> None:
        self.db, self.size, self.rng = db, size, Random(size.seed)
        self.prose = Prose(self.rng, sentences=min(300_000, 2_000 + size.requests * 2))
        self.seen = ("2026-11-01T00:00:00Z",) * 3
        self.people = [replica.person(self.rng) for _ in range(max(3, int(size.requests * REQUESTERS_PER_REQUEST)))]
        self.authorities: list[str] = []
        self.batches: dict[int, range] = {}
        self.threads: list[tuple[int, str, str, datetime, int, int]] = []
        """Of each request that is shown: number, authority, requester, when it was made, messages, its requester's number."""
        self.responses: list[tuple[int, str]] = []
        """Of each response: its message's number and when it came."""

    def write(self) -> None:
        self._authorities()
        self._users_and_batches()
        self._requests()
        self._messages()
        self._files()
        self._rest()

    def insert(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(columns.split(", ")))
        self.db.executemany(f"insert into {table} ({columns}) values ({marks})", rows)

    def _authorities(self) -> None:
        places = [start + end for end in replica.PLACE_ENDS for start in replica.PLACE_STARTS]
        chosen = self.rng.sample(
            [(f"{place} {sort}", tag) for sort, tag in replica.AUTHORITY_SORTS for place in places], AUTHORITIES
        )
        self.authorities = [name for name, _ in chosen]
        columns = "id, url_name, name, home_page, first_seen_at, last_seen_at, last_changed_at"
        slugs = [(name, slugged(name)) for name in self.authorities]
        rows = ((n, slug, name, f"https://{slug}.example.gov.uk", *self.seen) for n, (name, slug) in enumerate(slugs, 1))
        self.insert("authorities", columns, rows)
        tags = [(n, tag, "") for n, (_, tag) in enumerate(chosen, 1)]
        tags += [(n, "gss", f"E{n:08}") for n in range(1, AUTHORITIES + 1, 3)]
        tags += [(n, "defunct", "") for n in range(1, AUTHORITIES + 1, 40)]
        self.insert("authority_tags", "authority_id, name, value", tags)

    def _users_and_batches(self) -> None:
        columns = "id, url_name, name, first_seen_at, last_seen_at, last_changed_at"
        self.insert("users", columns, ((n, f"{slugged(name)}_{n}", name, *self.seen) for n, name in enumerate(self.people, 1)))
        first = 1
        while first < self.size.requests:
            first += self.rng.randint(200, 4_000)
            many = min(self.rng.choice((3, 10, 40, 150, 400)), self.size.requests - first)
            if many > 1:
                self.batches[len(self.batches) + 1] = range(first, first + many)
                first += many
        columns = "id, title, user_id, authority_count, first_seen_at, last_seen_at, last_changed_at"
        rows = (
            (n, self.prose.title(), self.rng.randint(1, len(self.people)), len(members) + 1, *self.seen)
            for n, members in self.batches.items()
        )
        self.insert("batches", columns, rows)

    def _requests(self) -> None:
        in_batch = {n: batch for batch, members in self.batches.items() for n in members}
        askers = dict(self.db.execute("select id, user_id from batches"))
        titles = dict(self.db.execute("select id, title from batches"))
        states = self.rng.choices(STATES, [state[0] for state in STATES], k=self.size.requests)
        counts = self._message_counts()
        span = (UNTIL - FROM).total_seconds()
        # A few ask for much and a few are asked much: both as 1/rank.
        asker_weights = list(accumulate(1 / (n + 20) for n in range(len(self.people))))
        asked_weights = list(accumulate(1 / (n + 30) for n in range(AUTHORITIES)))

        def rows() -> Iterator[Row]:
            for n in range(1, self.size.requests + 1):
                batch = in_batch.get(n)
                # More every year: half of all requests are of the last third of the time.
                at = FROM + timedelta(seconds=int(span * math.pow(n / (self.size.requests + 1), 0.6)))
                url = f"{SITE.base}/request/synthetic_{n}"
                if n % WITHHELD_EVERY == 0:
                    yield (n, f"synthetic_{n}", *[None] * 13, url, *self.seen, self.seen[0], "hidden", "Hidden by staff")
                    continue
                asker = askers[batch] if batch else self.rng.choices(range(1, len(self.people) + 1), cum_weights=asker_weights)[0]
                asked = self.rng.choices(range(1, AUTHORITIES + 1), cum_weights=asked_weights)[0]
                if batch:
                    asked = (n - self.batches[batch].start) % AUTHORITIES + 1
                _, described, display, awaiting = states[n - 1]
                title = titles[batch] if batch else self.prose.title()
                name = self.people[asker - 1]
                self.threads.append((n, self.authorities[asked - 1], name, at, next(counts), asker))
                law = "eir" if n % 20 == 7 else "foi"
                prominence = "backpage" if n % 500 == 3 else "normal"
                yield (
                    *(n, f"synthetic_{n}", title, asked, asker, name, batch, law, described, display, display.replace("_", " ")),
                    *(
                        awaiting,
                        prominence,
                        iso(at),
                        (at + timedelta(days=28)).date().isoformat(),
                        url,
                        *self.seen,
                        None,
                        None,
                        None,
                    ),
                )

        self.insert(
            "requests",
            "id, url_title, title, authority_id, user_id, user_name, batch_id, law_used, described_state, display_state, "
            "display_status, awaiting_description, prominence, created_at, due_on, url, first_seen_at, last_seen_at, "
            "last_changed_at, withheld_at, withheld_kind, withheld_reason",
            rows(),
        )

    def _message_counts(self) -> Iterator[int]:
        """Messages of each request that is shown, `MESSAGES_PER_REQUEST` for each of all requests together."""
        shown = self.size.requests - self.size.requests // WITHHELD_EVERY
        left = self.size.requests * MESSAGES_PER_REQUEST
        for behind in range(shown - 1, -1, -1):
            fair = left / (behind + 1)
            count = max(1, min(left - behind, round(self.rng.lognormvariate(math.log(fair) - 0.18, 0.6)))) if behind else left
            left -= count
            yield count

    def _messages(self) -> None:
        columns = "id, request_id, anchor, kind, position, author, user_id, sent_at, recorded_at, text, own_text, "
        columns += "delivery_status, withheld, withheld_reason, first_seen_at, last_changed_at"
        self.insert("messages", columns, self._message_rows())
        self.db.execute(
            "insert into events (id, request_id, event_type, created_at, incoming_message_id, outgoing_message_id, comment_id) "
            "select id, request_id, case kind when 'request' then 'sent' when 'response' then 'response' "
            "when 'annotation' then 'comment' else 'followup_sent' end, recorded_at, iif(kind = 'response', id, null), "
            "iif(kind in ('request', 'followup', 'internal_review'), id, null), iif(kind = 'annotation', id, null) from messages"
        )

    def _message_rows(self) -> Iterator[Row]:
        rng, prose, n = self.rng, self.prose, 0
        for request, authority, requester, made, count, asker in self.threads:
            at, before = made, ""
            for position in range(1, count + 1):
                n += 1
                kind = "request" if position == 1 else _KINDS[int(rng.random() * len(_KINDS))]
                if position > 1:
                    at += timedelta(seconds=int(rng.expovariate(1 / 1_200_000)))
                response = kind == "response"
                own = prose.text(MESSAGE_WORDS, f"Our reference: FOI-{request}-{position}")
                text = own
                if response and rng.random() < 0.3:
                    text = f"{own}\n\n" + "\n".join(f"> {line}" for line in before[:2_000].split("\n"))
                anchor = f"{'incoming' if response else 'comment' if kind == 'annotation' else 'outgoing'}-{n}"
                author, user = (f"Information Desk, {authority}", None) if response else (requester, asker)
                delivered = None if response or kind == "annotation" else "delivered"
                withheld, reason = (None, None)
                if n % 300 == 0:
                    text, own, withheld, reason = None, None, "hidden", "This message has been hidden."
                when = iso(at)
                if response:
                    self.responses.append((n, when))
                yield (
                    *(n, request, anchor, kind, position, author, user, when, when, text, own if own != text else None),
                    *(delivered, withheld, reason, self.seen[0], self.seen[0]),
                )
                before = own or ""

    def _files(self) -> None:
        rng, count = self.rng, self.size.requests * FILES_PER_REQUEST
        types = rng.choices([name for _, name in MEDIA_TYPES], [share for share, _ in MEDIA_TYPES], k=count)

        def files() -> Iterator[Row]:
            for n, kind in enumerate(types, 1):
                status = TEXTLESS.get(kind) or ("no_text_layer" if n % 11 == 0 else "extracted")
                size, pages = int(rng.lognormvariate(11, 1.3)), rng.randint(1, 12)
                yield n, digest(self.size.seed, n), size, kind, status, "synthetic", pages, self.seen[0]

        self.insert("files", "id, sha256, size, media_type, text_status, text_method, page_count, extracted_at", files())
        texts = self.db.execute("select id, page_count from files where text_status = 'extracted'").fetchall()
        rows = ((n, self.prose.pages(FILE_WORDS, pages, f"Document {n}")) for n, pages in texts)
        self.insert("file_texts", "file_id, text", rows)
        holders = sorted(rng.choices(self.responses, k=count + count // 20))

        def attachments() -> Iterator[Row]:
            for n, (message, when) in enumerate(holders, 1):
                # The first `count` have a file each; the rest carry one that an earlier response had too.
                file = n if n <= count else rng.randint(1, count)
                name, kind = f"document {file}", types[file - 1]
                url = f"{SITE.base}/request/synthetic/response/{message}/attach/{n}/document%20{file}"
                yield n, message, n, name, url, "10K", "stored", file, kind, when, self.seen[0], self.seen[0]

        columns = "id, message_id, part, filename, url, size_shown, status, file_id, content_type, "
        columns += "fetched_at, first_seen_at, last_changed_at"
        self.insert("attachments", columns, attachments())

    def _rest(self) -> None:
        self.insert(
            "runs",
            "id, command, started_at, finished_at, outcome, http_requests, pages_read, settings, software",
            [(1, "crawl", "2026-11-01T00:00:00Z", "2026-11-01T06:00:00Z", "ok", 1, 1, "{}", "synthetic")],
        )
        changed = islice(self.threads, 0, None, 20)
        rows = (
            (1, self.seen[0], thread[0], "requests", str(thread[0]), "described_state", "waiting_response", "successful")
            for thread in changed
        )
        self.insert("changes", "run_id, observed_at, request_id, table_name, row_key, column_name, old_value, new_value", rows)


_KINDS = ("response",) * 11 + ("followup",) * 6 + ("internal_review",) + ("annotation",) * 2


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(seed: int, number: int) -> str:
    return hashlib.sha256(f"{seed}-{number}".encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.synthetic", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    began = time.monotonic()
    path = cached(Size(args.requests, args.seed))
    print(f"{path}: {path.stat().st_size / 1e9:.2f} GB, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
