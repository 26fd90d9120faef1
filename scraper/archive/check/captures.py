"""Raw pages: each kept body can be read back, and is what came."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator

from ...records import PageKind, PageRef
from ..store import Archive
from .damage import Damage, Mending, Room

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACKING_FAILS = (zstd.ZstdError, TypeError, ValueError)
"""What unpacking raises for bytes or a dictionary that are damaged."""
_FETCHED_ANEW = frozenset(
    {
        PageKind.REQUEST_JSON,
        PageKind.REQUEST_HTML,
        PageKind.AUTHORITY_JSON,
        PageKind.AUTHORITIES_CSV,
        PageKind.USER_JSON,
    }
)
"""The others (`robots`, `version`) are fetched by every run anyway."""


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Reads every kept body back; a quick check only counts them."""
    yield from _more_than_one(archive.db)
    if quick:
        return
    dictionaries: dict[int, zstd.ZstdDict | None] = {}
    lost: dict[int, int] = defaultdict(int)
    for number, data in archive.db.execute("select id, data from dictionaries"):
        dictionaries[number] = _dictionary(data)
    numbers = [row[0] for row in archive.db.execute("select id from captures where body is not null order by id")]
    for number in numbers:
        row = archive.db.execute("select * from captures where id = ?", (number,)).fetchone()
        dictionary = dictionaries.get(row["dictionary_id"])
        if row["dictionary_id"] is not None and dictionary is None:
            lost[row["dictionary_id"]] += 1
            continue
        problem = _problem(row, dictionary)
        if problem is not None:
            yield Damage("capture", f"captures {number}, {row['page_kind']} {row['page_key']}", problem, key=(number,))
    for number in {number for number, dictionary in dictionaries.items() if dictionary is None} | set(lost):
        what = f"cannot be used, nor can the {lost[number]:,} raw pages that need it be read"
        yield Damage("dictionary", f"dictionaries {number}", what, key=(number,))


def _dictionary(data: bytes) -> zstd.ZstdDict | None:
    """A dictionary that packs and unpacks, None where it is damaged."""
    try:
        dictionary = zstd.ZstdDict(data)
        probe = zstd.compress(b"probe", zstd_dict=dictionary)
        zstd.decompress(probe, zstd_dict=dictionary)
    except UNPACKING_FAILS:
        return None
    return dictionary


def _problem(row: sqlite3.Row, dictionary: zstd.ZstdDict | None) -> str | None:
    try:
        body = zstd.decompress(row["body"], zstd_dict=dictionary)
    except UNPACKING_FAILS as error:
        return f"its body cannot be unpacked ({error})"
    if row["body_sha256"] != hashlib.sha256(body).hexdigest():
        return "its body is not the one that came: another SHA-256"
    return None


def _more_than_one(db: sqlite3.Connection) -> Iterator[Damage]:
    for kind, key, number in db.execute(
        "select page_kind, page_key, max(id) from captures where body is not null group by 1, 2 having count(*) > 1"
    ).fetchall():
        what = "more than one body is kept: an older one may hold what the site has taken out"
        yield Damage("old_capture", f"{kind} {key}", what, key=(kind, key, number))


def _drop(mending: Mending, damage: Damage) -> str:
    with mending.archive.transaction():
        return _drop_bodies(mending, "id = ?", damage.key[0])


def _drop_older(mending: Mending, damage: Damage) -> str:
    with mending.archive.transaction() as db:
        db.execute(
            "update captures set body = null, dictionary_id = null, headers = null where page_kind = ? and page_key = ? "
            "and id <> ?",
            damage.key,
        )
    return "all but the newest dropped"


def _drop_dictionary(mending: Mending, damage: Damage) -> str:
    with mending.archive.transaction() as db:
        done = _drop_bodies(mending, "dictionary_id = ?", damage.key[0])
        db.execute("delete from dictionaries where id = ?", damage.key)
    return f"deleted; {done}"


def _drop_bodies(mending: Mending, where: str, value: str | int) -> str:
    rows = mending.db.execute(
        f"select c.page_kind, c.page_key, g.page_kind is not null as known from captures c left join agenda g "
        f"on g.page_kind = c.page_kind and g.page_key = c.page_key where c.{where} and c.body is not null",
        (value,),
    ).fetchall()
    mending.db.execute(f"update captures set body = null, dictionary_id = null, headers = null where {where}", (value,))
    due = [PageRef(PageKind(row["page_kind"]), row["page_key"]) for row in rows if row["known"]]
    due = [ref for ref in due if ref.kind in _FETCHED_ANEW]
    for ref in due:
        mending.due(ref)
    return f"{len(rows):,} bodies dropped, {len(due):,} pages due again"


CAPTURES = Room(find, {"capture": _drop, "old_capture": _drop_older, "dictionary": _drop_dictionary})
