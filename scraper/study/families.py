"""`families`: near-duplicate requests and near-duplicate responses, so that campaigns and template answers show.

A family is what hangs together by pairs that share at least SIMILAR of their runs of words (`alike`); `similarity` is a
member's to the family's earliest. Signatures are kept, and indexed by their bands: an update looks for the neighbours
of what is new alone, and for those of families that lost a member, which may have fallen apart. Nothing in it depends
on when a message came, so the families of many updates are those of one rebuild.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from .alike import Joined, join_alike, shares
from .quoting import Row
from .reading import Request
from .signatures import BAND_BYTES, BANDS, read_signatures, signature

METHOD = "families 2"
KINDS = ("request", "response")
MOST_FRESH = 0.1
"""Where more than this share of all messages is new, all is grouped anew: that is quicker than to look for neighbours."""
_AT_ONCE = 500


@dataclass(slots=True)
class Changed:
    """Messages with a signature that is new or another than before, and those whose signature went, with what it was."""

    fresh: set[int] = field(default_factory=set)
    gone: dict[int, bytes] = field(default_factory=dict)


def rows(request: Request) -> dict[str, list[Row]]:
    """Table -> rows: the signatures of a request's messages; families are made of all of them together."""
    found: list[Row] = []
    for message in request.messages:
        if message.kind in KINDS and message.text is not None:
            signed = signature(message.text)
            if signed is not None:
                found.append((message.id, request.id, message.kind, *signed))
    return {"family_signatures": found}


def keep(db: sqlite3.Connection, requests: Sequence[int], made: Iterable[tuple[Any, ...]], changed: Changed) -> None:
    """Writes the signatures of these requests where they are others than before, and notes which."""
    marks = ", ".join("?" * len(requests))
    select = f"select message_id, request_id, kind, words, signature from family_signatures where request_id in ({marks})"
    before = {row[0]: tuple(row) for row in db.execute(select, requests)}
    now = {row[0]: row for row in made}
    gone = [message for message, row in before.items() if now.get(message) != row]
    fresh = [row for message, row in now.items() if before.get(message) != row]
    db.executemany("delete from family_signatures where message_id = ?", [(message,) for message in gone])
    db.executemany("insert into family_signatures values (?, ?, ?, ?, ?)", fresh)
    changed.gone.update((message, before[message][4]) for message in gone)
    changed.fresh.update(row[0] for row in fresh)


def gather(db: sqlite3.Connection, visited: Sequence[int], changed: Changed, rebuild: bool) -> None:
    """Brings `families` and `family_members` up to date, inside the caller's transaction.

    `visited` are the requests whose rows were made anew: their numbers and times may be others too.
    """
    total = db.execute("select count(*) from family_signatures").fetchone()[0]
    if rebuild or len(changed.fresh) > total * MOST_FRESH:
        db.execute("delete from family_members")
        db.execute("delete from families")
        for kind in KINDS:
            found = db.execute("select message_id from family_signatures where kind = ?", (kind,))
            messages = [row[0] for row in found]
            _group(db, kind, messages, set(messages))
        touched = {row[0] for row in db.execute("select distinct family_id from family_members")}
    else:
        touched = _update(db, visited, changed)
    for band in range(BANDS):
        db.execute(f"create index if not exists family_band_{band} on family_signatures({_band(band)})")
    for family in sorted(touched):
        _describe(db, family)


def _band(band: int) -> str:
    """A band of a signature, in the words of the index: SQLite knows an indexed expression by them."""
    return f"substr(signature, {1 + band * BAND_BYTES}, {BAND_BYTES})"


def _update(db: sqlite3.Connection, visited: Sequence[int], changed: Changed) -> set[int]:
    """Groups what is new and what may have fallen apart; gives the families that are to be described anew."""
    broken, smaller = _broken(db, changed)
    # What was withdrawn took its members along.
    broken |= {row[0] for row in db.execute(_LOST)}
    left = {row[0] for row in _where(db, "select message_id from family_members where family_id in ({})", broken)}
    for table, column in (("family_members", "family_id"), ("families", "id")):
        db.executemany(f"delete from {table} where {column} = ?", [(family,) for family in broken])
    again = changed.fresh | left
    touched = {row[0] for row in _where(db, "select family_id from family_members where request_id in ({})", visited)}
    touched |= smaller - broken
    for kind in KINDS:
        select = f"select message_id, signature from family_signatures where kind = '{kind}' and message_id in ({{}})"
        own: dict[int, bytes] = dict(_where(db, select, again))
        near = set(own)
        for band in range(BANDS):
            at = slice(band * BAND_BYTES, (band + 1) * BAND_BYTES)
            for key in {blob[at] for blob in own.values()}:
                # The band is tried first; few messages of the other kind share it.
                found = db.execute(f"select message_id from family_signatures where {_band(band)} = ? and +kind = ?", (key, kind))
                near.update(row[0] for row in found)
        touched |= _group(db, kind, sorted(near), set(own))
    return touched


def _broken(db: sqlite3.Connection, changed: Changed) -> tuple[set[int], set[int]]:
    """Families that may have fallen apart, and those that only became smaller, which the members that went are taken out of.

    Where another member has the very signature that went, all that hung on the one still hangs on the other.
    """
    broken: set[int] = set()
    left: list[tuple[int]] = []
    members: dict[int, int] = dict(
        _where(db, "select message_id, family_id from family_members where message_id in ({})", changed.gone)
    )
    for message, family in members.items():
        sought = (changed.gone[message][:BAND_BYTES], changed.gone[message], family)
        equals = (row[0] for row in db.execute(_EQUALS, sought))
        if any(other not in changed.fresh for other in equals):
            left.append((message,))
        else:
            broken.add(family)
    db.executemany("delete from family_members where message_id = ?", left)
    # For the count of members to be found right.
    db.executemany("update families set messages = messages - 1 where id = ?", [(members[message],) for (message,) in left])
    return broken, {members[message] for (message,) in left}


_EQUALS = f"""
    select s.message_id from family_signatures s join family_members f on f.message_id = s.message_id
    where {_band(0).replace("signature", "s.signature")} = ? and s.signature = ? and +f.family_id = ?
"""
_LOST = """
    select id from families where messages <> (select count(*) from family_members m where m.family_id = families.id)
"""


def _group(db: sqlite3.Connection, kind: str, messages: Sequence[int], fresh: set[int]) -> set[int]:
    """Finds the families of the fresh among these messages, and writes who belongs to them; gives their numbers.

    `messages` holds all that share a band with a fresh one.
    """
    if not fresh:
        return set()
    places = {message: place for place, message in enumerate(messages)}
    known = _where(db, "select message_id, family_id from family_members where message_id in ({})", messages)
    family_of: dict[int, int] = dict(known)
    members: dict[int, list[int]] = defaultdict(list)
    for message, family in family_of.items():
        members[family].append(places[message])
    joined = Joined(len(messages))
    for together in members.values():
        for place in together[1:]:
            joined.join(together[0], place)
    blobs: dict[int, bytes] = dict(
        _where(db, "select message_id, signature from family_signatures where message_id in ({})", messages)
    )
    signatures = read_signatures([blobs.pop(message) for message in messages])
    join_alike(signatures, np.array([message in fresh for message in messages]), joined)
    touched: set[int] = set()
    for group in joined.groups():
        together = [messages[place] for place in group]
        families = {family_of[message] for message in together if message in family_of}
        new = [message for message in together if message not in family_of]
        if not new and len(families) == 1:
            continue
        family = min(families or together)
        db.executemany(
            "update family_members set family_id = ? where family_id = ?", [(family, old) for old in families - {family}]
        )
        db.executemany("delete from families where id = ?", [(old,) for old in families - {family}])
        db.executemany(
            "insert into family_members select message_id, request_id, ?, 0 from family_signatures where message_id = ?",
            [(family, message) for message in new],
        )
        touched.add(family)
    return touched


def _describe(db: sqlite3.Connection, family: int) -> None:
    """A family's number, counts and times, and how similar each member is to the earliest."""
    found = db.execute(_MEMBERS, (family,)).fetchall()
    db.execute("delete from families where id = ?", (family,))
    if len(found) < 2:
        db.execute("delete from family_members where family_id = ?", (family,))
        return
    earliest = found[0][0]
    similar = shares(read_signatures([row[3] for row in found]), 0).round(3).tolist()
    db.executemany(
        "update family_members set family_id = ?, similarity = ? where message_id = ?",
        [
            (earliest, share, message)
            for (message, before, *_), share in zip(found, similar, strict=True)
            if earliest != family or before != share
        ],
    )
    times = [row[7] for row in found if row[7] is not None]
    counted = [len({row[column] for row in found if row[column] is not None}) for column in (2, 4, 5)]
    values = (earliest, found[0][6], len(found), *counted, min(times, default=None), max(times, default=None))
    db.execute("insert into families values (?, ?, ?, ?, ?, ?, ?, ?)", values)


_MEMBERS = """
    select f.message_id, f.similarity, f.request_id, s.signature, r.authority_id, r.batch_id, s.kind, m.recorded_at
    from family_members f join family_signatures s on s.message_id = f.message_id
    join messages m on m.id = f.message_id join requests r on r.id = f.request_id
    where f.family_id = ? order by m.recorded_at is null, m.recorded_at, m.id
"""


def _where(db: sqlite3.Connection, select: str, numbers: Collection[int]) -> Iterator[Any]:
    """The rows of a select for many numbers, some hundreds at a time."""
    rest = iter(numbers)
    while some := tuple(islice(rest, _AT_ONCE)):
        yield from db.execute(select.format(", ".join("?" * len(some))), some)
