"""What to look at in an archive: chosen by its content, so that no number of the recording stands in a test."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

SHOWN = "t.gone_at is null and t.status = 'stored' and m.gone_at is null and m.withheld is null and r.withheld_at is null"
CARRIED = f"""messages m join requests r on r.id = m.request_id join attachments t on t.message_id = m.id
join files f on f.id = t.file_id and {SHOWN}"""

QUOTED = f"""select r.id, m.anchor from {CARRIED} where m.kind = 'response' and f.media_type = 'application/pdf'
and m.text like '%' || char(10) || '> %' || char(10) || '> %' order by r.id limit 1"""
LONGEST = (
    "select request_id from messages where gone_at is null group by 1 having count(*) < 100 order by count(*) desc, 1 limit 1"
)
WITHHELD = "select request_id, anchor, withheld_reason from messages where withheld is not null order by id limit 1"
BATCH = "select batch_id from requests where batch_id is not null group by 1 order by count(*) desc limit 1"
AUTHORITY = "select authority_id from requests where withheld_at is null group by 1 order by count(*) desc, 1 limit 1"
USER = "select user_id from requests where withheld_at is null and batch_id is null group by 1 order by count(*) desc, 1 limit 1"
PAGED = f"""select distinct f.id, f.sha256, t.filename, f.page_count, x.text from {CARRIED} join file_texts x on x.file_id = f.id
where f.media_type = 'application/pdf' and f.page_count between 3 and 20 order by f.id"""


class Passage(NamedTuple):
    """A word that stands in one file, on one of its last pages, and nowhere else in the archive."""

    word: str
    sha256: str
    filename: str
    page: int
    page_count: int


def one(db: sqlite3.Connection, sql: str, *values: object) -> sqlite3.Row:
    """The first row. Fails where there is none: then there is nothing to test with."""
    row: sqlite3.Row | None = db.execute(sql, values).fetchone()
    assert row is not None, sql
    return row


def number(db: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(one(db, sql, *values)[0])


def matches(db: sqlite3.Connection, word: str) -> dict[str, int]:
    """In how many titles, messages and file texts the search index has it."""
    indexes = ("requests_fts", "messages_fts", "file_texts_fts")
    return {name: number(db, f"select count(*) from {name} where {name} match ?", f'"{word}"') for name in indexes}


def passage(db: sqlite3.Connection) -> Passage:
    for row in db.execute(PAGED):
        pages = row["text"].split("\f")
        for page, text in reversed(list(enumerate(pages[1:], 2))):
            for word in re.findall(r"\b[a-z]{7,}\b", text):
                if matches(db, word) == {"requests_fts": 0, "messages_fts": 0, "file_texts_fts": 1}:
                    return Passage(word, row["sha256"], row["filename"], page, row["page_count"])
    raise AssertionError("no word of the recorded files stands in one of them alone")


def common_word(db: sqlite3.Connection) -> str:
    """A word that some dozens of titles, messages and files have."""
    for row in db.execute("select text from messages where kind = 'response' and text is not null order by id"):
        for word in re.findall(r"\b[a-z]{6,}\b", row["text"]):
            counts = matches(db, word)
            if all(3 <= count <= 150 for count in counts.values()):
                return str(word)
    raise AssertionError("no word of the recording is in titles, messages and files")


def paths(db: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    """Every page of ours: a name for it -> its path and the status with which it answers."""
    place, thread = passage(db), one(db, QUOTED)
    shown = {
        "home": "/",
        "thread": f"/archive/-/request/{thread['id']}",
        "long-thread": f"/archive/-/request/{number(db, LONGEST)}",
        "withheld": f"/archive/-/request/{number(db, WITHHELD)}",
        "authority": f"/archive/-/authority/{number(db, AUTHORITY)}",
        "batch": f"/archive/-/batch/{number(db, BATCH)}",
        "user": f"/archive/-/user/{number(db, USER)}",
        "file": f"/archive/-/file/{place.sha256}?q={place.word}&page={place.page}",
        "systems": "/archive/-/systems",
        "uses": f"/archive/-/systems?kind=use&batch={number(db, BATCH)}",
        "changes": "/archive/-/changes",
        "night": "/archive/-/changes?run=1",
        "health": "/archive/-/health",
        "about": "/archive/-/about",
        "search": "/archive/-/search",
        "found": f"/archive/-/search?q={common_word(db)}",
        "narrowed": f"/archive/-/search?q={common_word(db)}&kind=response&in=messages&sort=newest",
        "nothing-found": "/archive/-/search?q=%22zzqx+zzqy",
    }
    missing = "/archive/-/request/999999999"
    return {name: (path, 200) for name, path in shown.items()} | {"missing": (missing, 404)}
