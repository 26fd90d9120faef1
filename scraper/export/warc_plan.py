"""Which captures an archive still has the bytes of, and which of those may leave it.

A capture's row outlives its body: the newest body that changed what the archive says is kept for each page, and the
bytes of a file for as long as an attachment that is shown leads to it. A visit that brought those very bytes (the
same SHA-256) has them too. The answer stands in temporary tables, so that an archive of any size fits in memory:

`temp.warc_shown`   the pages and files that are shown, by a name, with their titles
`temp.warc_visits`  the captures in question
`temp.warc_plan`    those of them that have bytes: `source` is the capture whose row or file holds these, `original`
                    the first capture that brought them, `unmodified` says that the site answered 304
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys

from ..archive.captures import KEPT_KINDS
from ..urls import segment

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_TABLES = {
    "warc_shown": "name text not null, sha256 text not null, title text, primary key (name, sha256)) without rowid",
    "warc_visits": "id integer primary key, page text not null, page_kind text not null, outcome text not null, "
    "sha256 text, has_body integer not null, shown integer not null)",
    "warc_plan": "id integer primary key, source integer not null, original integer not null, unmodified integer not null)",
}
# A withdrawal may leave the row of a visit, with its address, and even the bytes, where another message has the same
# file. So a capture goes out only where something that is shown leads to it: by the request's address of today, since
# an older one is made of an older title, and by the file's name. Part numbers move without a change of the file.
# {requests} are those that are shown and wanted. Tables are of `main`: in an export their bare names may mean less.
_REQUESTS = "(select * from main.requests where withheld_at is null and url_title <> '' {narrowed})"
_SHOWN = (
    """
    insert or ignore into warc_shown
    select page_name(k.value, r.url_title), '', r.title
    from {requests} r join json_each('["request_html", "request_json"]') k order by r.id desc
    """,
    """
    insert or ignore into warc_shown
    select page_name('authority_json', url_name), '', name from main.authorities
    where url_name <> '' and (:everything or id in (select authority_id from {requests}))
    """,
    """
    insert or ignore into warc_shown
    select page_name('user_json', url_name), '', name from main.users
    where url_name <> '' and (:everything or id in (
        select user_id from {requests}
        union select m.user_id from main.messages m join {requests} r on r.id = m.request_id))
    """,
    """
    insert or ignore into warc_shown
    select page_name(value, ''), '', null from json_each('["authorities_csv", "version", "robots"]') where :everything
    """,
    """
    insert or ignore into warc_shown
    select * from (
        select page_name('attachment', substr(a.url, instr(a.url, '/request/') + 9)) as name, f.sha256, a.filename
        from main.attachments a join main.files f on f.id = a.file_id join main.messages m on m.id = a.message_id
        join {requests} r on r.id = m.request_id
        where a.status = 'stored' and a.gone_at is null and m.gone_at is null
    ) where name is not null
    """,
)
_VISITS = """
    insert into warc_visits
    select c.id, c.page_kind || ' ' || c.page_key, c.page_kind, c.outcome, c.body_sha256, c.body is not null,
           (c.url like 'http://%' or c.url like 'https://%')
           and exists (select 1 from warc_shown s where s.name = page_name(c.page_kind, c.page_key)
                       and s.sha256 = case c.page_kind when 'attachment' then c.body_sha256 else '' end)
    from main.captures c
    where :everything or exists (select 1 from warc_shown s where s.name = scope_name(c.page_kind, c.page_key))
"""
_WITH_BYTES = """
    insert into warc_plan
    with known as (
        select id, sha256, page_kind,
               max(case when has_body then id end) over (partition by page, sha256) as kept
        from warc_visits where shown and sha256 is not null
    )
    select id, coalesce(kept, id), min(id) over (partition by sha256), 0 from known
    where kept is not null or page_kind = 'attachment'
"""
# The site compares with what it last sent, which need not be the body that is kept.
_UNMODIFIED = """
    insert into warc_plan
    select v.id, p.source, p.original, 1 from warc_visits v join warc_plan p on p.id = (
        select max(b.id) from warc_visits b where b.page = v.page and b.id < v.id and b.sha256 is not null
        and b.outcome in ('changed', 'unchanged')
    ) where v.outcome = 'not_modified'
"""


def make_plan(db: sqlite3.Connection, narrowed: bool) -> None:
    """Fills the temporary tables. `narrowed` looks at the requests in `temp.chosen` alone.

    Of those go out their own two pages, their files, and the pages of their authorities and of the users they name, and none
    of the site as a whole.
    """
    drop_plan(db)
    db.create_function("page_name", 2, page_name, deterministic=True)
    db.create_function("scope_name", 2, scope_name, deterministic=True)
    for name, columns in _TABLES.items():
        db.execute(f"create temp table {name} ({columns}")
    requests = _REQUESTS.format(narrowed="and id in (select id from temp.chosen)" if narrowed else "")
    for statement in (*_SHOWN, _VISITS, "create index temp.warc_visits_page on warc_visits(page)", _WITH_BYTES, _UNMODIFIED):
        values = {"everything": not narrowed} if ":everything" in statement else {}
        db.execute(statement.format(requests=requests), values)


def drop_plan(db: sqlite3.Connection) -> None:
    for name in _TABLES:
        db.execute(f"drop table if exists temp.{name}")


def left_out(db: sqlite3.Connection) -> dict[str, int]:
    """How many of the captures in question have no bytes here, by why: see `warc.Written`."""
    kept = ", ".join(f"'{kind}'" for kind in sorted(KEPT_KINDS))
    query = f"""
        select case when v.outcome not in ('changed', 'unchanged') then v.outcome
                    when v.page_kind in ({kept}, 'attachment') then 'no_longer_kept' else 'never_kept' end as why, count(*)
        from warc_visits v where not exists (select 1 from warc_plan p where p.id = v.id) group by why order by why
    """
    return dict(db.execute(query).fetchall())


def page_name(kind: str, key: str | None) -> str | None:
    """What a page is known by here; a file by request, message and its own name. None where a file's key has another form."""
    if kind != "attachment":
        return f"{kind} {segment(key or '')}"
    parts = (key or "").split("/", 5)
    if len(parts) != 6:
        return None
    return f"{kind} {segment(parts[0])}/{parts[2]}/{segment(parts[5])}"


def scope_name(kind: str, key: str) -> str | None:
    """The name of the page that a capture belongs to: that of a file's request, otherwise its own."""
    return page_name("request_html", key.split("/")[0]) if kind == "attachment" else page_name(kind, key)


class Mentions:
    """Whether a page links to one of some requests, given by their slugs."""

    _LINK = re.compile(rb"/request/([^/?#\s\"'<>&\\]+)")

    def __init__(self, slugs: frozenset[bytes]) -> None:
        self.slugs = slugs

    @classmethod
    def of_withheld(cls, db: sqlite3.Connection) -> Mentions:
        """Requests that are set aside until a second night confirms that the site refuses them.

        The site links to a few similar requests beside each. Once the withdrawal is confirmed those pages' bodies go;
        until then they are shown nowhere.
        """
        rows = db.execute("select set_aside from main.withdrawals where set_aside is not null")
        slugs = set[str]()
        for (packed,) in rows:
            aside = json.loads(zstd.decompress(packed))
            renames = (change for change in aside["changes"] if change["column_name"] == "url_title")
            slugs |= {
                aside["requests"][0]["url_title"],
                *(change[side] for change in renames for side in ("old_value", "new_value")),
            }
        return cls(frozenset(form.encode() for slug in slugs if slug for form in (slug, segment(slug))))

    def are_in(self, body: bytes) -> bool:
        return bool(self.slugs) and any(found.removesuffix(b".json") in self.slugs for found in self._LINK.findall(body))
