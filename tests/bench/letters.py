"""A copy of a synthetic archive whose responses say what responses say, so that the study tables have something to find.

Invented words cite no law, name no supplier and are never alike. Here each response begins with one of a few letters
(shares after what requests come to in `synthetic`), receipts are nothing but their letter, the requests of a batch are
alike, and some files name a supplier's system.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

RECEIPT = (
    "Dear requester,\n\nThank you for your request for information, which {authority} received and logged under the reference "
    "below. It is being dealt with under the Freedom of Information Act 2000 and you will receive an answer within 20 working "
    "days. If we need anything else from you in order to find the information we shall write to you again.\n\nOur reference: "
    "FOI/{number}\n\nInformation Desk, {authority}"
)
REVIEW = "If you are unhappy with how this was handled you may ask for an internal review within 40 working days.\n\n"
HELD = (
    "Dear requester,\n\nI can confirm that {authority} holds the information. Please find it attached to this letter. " + REVIEW
)
EXEMPT = (
    "Dear requester,\n\n{authority} holds the information. The names of its junior staff are withheld under section 40(2) of the "
    "Freedom of Information Act 2000, since they are personal data of third parties, and the prices under section 43(2), since "
    "the public interest in keeping them back is the greater. The rest of the information is set out below.\n\n"
)
NOT_HELD = (
    "Dear requester,\n\n{authority} does not hold the information you asked for. Under section 16 of the Act we are obliged "
    "to give advice, and suggest that you write to the department.\n\n"
)
TOO_DEAR = (
    "Dear requester,\n\nTo find all of this would take more than 18 hours and so exceed the appropriate limit. {authority} "
    "therefore refuses your request under section 12(1) FOIA. You could narrow it down to one year.\n\n"
)
MORE_TIME = (
    "Dear requester,\n\n{authority} needs more time to weigh the public interest under section 30(1)(a) and section 31(1)(a), "
    "(b) and expects to answer within a further 20 working days.\n\n"
)
QUESTION = "Dear requester,\n\nCould you please clarify which years you mean? Until we hear from you the clock is stopped.\n\n"
SYSTEMS = (
    "Dear requester,\n\n{authority} uses OneView by Xantura for its early help service, and Risk Based Verification by "
    "Coactiva for housing benefit until March. We do not use machine learning otherwise.\n\n"
)
LETTERS = ((5, RECEIPT), (5, HELD), (3, EXEMPT), (2, NOT_HELD), (2, TOO_DEAR), (1, MORE_TIME), (1, QUESTION), (1, SYSTEMS))
"""Share in twenty, letter."""
SYSTEM = " The Early Help Profiling System of Xantura and Capita One were tested; predictive analytics came later. "
FILES_WITH_SYSTEM = 40
"""Every so manieth file names one."""


def lettered(archive: Path, copy: Path) -> Path:
    """Copies the archive and writes the letters into the copy. Its search indexes are left as they were."""
    shutil.copyfile(archive, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute("pragma journal_mode = off")
        db.execute("pragma synchronous = off")
        for name, sql in db.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall():
            assert sql
            db.execute(f"drop trigger {name}")
        db.execute("begin")
        db.executemany("update messages set text = ?, own_text = null where id = ?", list(_responses(db)))
        db.execute(_SAME_REQUESTS)
        db.execute(
            "update file_texts set text = substr(text, 1, 900) || ? || substr(text, 901) where file_id % ? = 0",
            (SYSTEM, FILES_WITH_SYSTEM),
        )
        # A visit a second, as a crawl makes them: an update begins with the newest second of the last one.
        db.execute("update requests set last_seen_at = strftime('%Y-%m-%dT%H:%M:%SZ', '2026-10-01', '+' || id || ' seconds')")
        db.execute("update files set extracted_at = strftime('%Y-%m-%dT%H:%M:%SZ', '2026-10-01', '+' || id || ' seconds')")
        db.execute("commit")
        db.execute("pragma journal_mode = wal")
    return copy


def visit_again(archive: Path, requests: int, seed: int) -> None:
    """As a night does: so many requests are seen again, each with one message that has come or changed."""
    with closing(sqlite3.connect(archive)) as db:
        numbers = [row[0] for row in db.execute("select id from requests where withheld_at is null")]
        chosen = Random(seed).sample(numbers, requests)
        (last,) = db.execute("select max(last_seen_at) from requests").fetchone()
        db.executemany(
            "update messages set own_text = null, text = text || ' A word more.' where id = "
            "(select max(id) from messages where request_id = ? and kind = 'response' and text is not null)",
            [(number,) for number in chosen],
        )
        db.executemany(
            "update requests set last_seen_at = strftime('%Y-%m-%dT%H:%M:%SZ', ?, ?) where id = ?",
            [(last, f"+{second} seconds", number) for second, number in enumerate(chosen, 3600)],
        )
        db.commit()


_SAME_REQUESTS = """
    update messages set own_text = null, text = (
      select first.text from messages first where first.position = 1 and first.request_id = (
        select min(other.id) from requests other join requests own on own.batch_id = other.batch_id
        where own.id = messages.request_id and other.withheld_at is null))
    where position = 1 and text is not null and request_id in (select id from requests where batch_id is not null)
"""


def _responses(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    letters = [letter for share, letter in LETTERS for _ in range(share)]
    found = db.execute(
        "select m.id, m.new_text, a.name from messages m join requests r on r.id = m.request_id "
        "join authorities a on a.id = r.authority_id where m.kind = 'response' and m.text is not null"
    )
    for number, text, authority in found:
        # A number's own letter, in no order that goes with the thread's.
        letter = letters[number * 7919 % 104729 % len(letters)]
        written = letter.format(authority=authority, number=number)
        yield (written if letter is RECEIPT else written + text), number
