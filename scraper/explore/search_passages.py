"""What a search shows of each hit: the passage, with the words marked, and where it leads.

Strangers wrote the passages. FTS5 puts two random strings around the words it found, which nobody can have written
beforehand; the text is escaped, and only then do those strings become ``<mark>``.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from .search_engine import Index, Search
from .search_filters import Where
from .visit import Query, Reader
from .words import harmless

OPEN, CLOSE = secrets.token_hex(16), secrets.token_hex(16)
_MARKED = re.compile(f"{OPEN}(.*?){CLOSE}", re.S)
SNIPPET_WORDS = 40
LONG_TEXT = 200_000
"""Letters. FTS5 takes 10 ms for the snippet of such a text, and 800 ms for one ten times as long, where the word is common
(measured November 2026). In longer ones the passage is looked for here, with less knowledge of endings."""
AROUND = 120

_REQUEST = """r.id as request_id, r.title, r.url, r.authority_id, a.name as authority, r.user_name as requester,
  coalesce(r.display_state, r.described_state) as state"""


class Passage(NamedTuple):
    """A hit as it is shown. `passage` has its words between OPEN and CLOSE; `page` is the page of the file, from 1."""

    row: sqlite3.Row
    passage: str
    page: int | None = None

    @property
    def marked(self) -> Markup:
        """The passage as markup in which nothing is markup but the marks."""
        return marked(self.passage)

    @property
    def plain(self) -> str:
        return " ".join(self.passage.replace(OPEN, "").replace(CLOSE, "").split())


def marked(text: str) -> Markup:
    clean = str(escape(harmless(" ".join(text.split()))))
    return Markup(_MARKED.sub(r"<mark>\1</mark>", clean).replace(OPEN, "").replace(CLOSE, ""))  # noqa: S704 - escaped above


def passages(reader: Reader, index: Index, search: Search, ids: Sequence[int], terms: Sequence[str]) -> list[Passage]:
    """The passages of these hits, in this order; `terms` are the words looked for."""
    query, values = _query(index, search), {**search.filters.values(), "match": search.match, "ids": json.dumps(list(ids))}
    if search.has_prefix:
        values |= {"lowest": min(ids, default=0), "highest": max(ids, default=0)}
    rows = {row["id"]: row for row in reader.rows(query, **values, open=OPEN, close=CLOSE, words=SNIPPET_WORDS)}
    shown = [rows[each] for each in ids if each in rows]
    if index.where is not Where.FILES:
        return [Passage(row, row["passage"] or "") for row in shown]
    return [_in_file(row, terms) for row in shown]


def _query(index: Index, search: Search) -> Query:
    # Each row looked up in the index; or all matches between them gone through, where one look would cost as much as all.
    found = f"json_each(:ids) i\n  cross join {index.fts} x on x.rowid = i.value"
    if search.has_prefix:
        found = f"{index.fts} x\n  cross join json_each(:ids) i on i.value = +x.rowid and x.rowid between :lowest and :highest"
    if index.where is Where.TITLES:
        return Query(
            "The titles shown",
            f"""select r.id, r.created_at as at, {_REQUEST}, highlight(requests_fts, 0, :open, :close) as passage, :words as words
from {found}
  cross join requests r on r.id = i.value
  left join authorities a on a.id = r.authority_id
where requests_fts match :match""",
        )
    if index.where is Where.MESSAGES:
        return Query(
            "The messages shown",
            f"""select m.id, m.sent_at as at, m.anchor, m.kind, m.author, {_REQUEST},
  snippet(messages_fts, 0, :open, :close, '…', :words) as passage
from {found}
  cross join messages m on m.id = i.value
  cross join requests r on r.id = m.request_id
  left join authorities a on a.id = r.authority_id
where messages_fts match :match""",
        )
    name = "attachment.filename, null as within"
    if index.unpacked:
        name = """case when attachment.file_id = file.id then attachment.filename
    else (select p.path from file_members p where p.file_id = file.id order by p.parent_id limit 1) end as filename,
  case when attachment.file_id <> file.id then attachment.filename end as within"""
    return Query(
        "The files shown",
        f"""select file.id, message.sent_at as at, message.anchor, message.kind, message.author, {_REQUEST},
  file.sha256, file.media_type, file.text_status, file.page_count, {name}, attachment.url as file_url, content.text,
  case when length(content.text) <= {LONG_TEXT} then snippet(file_texts_fts, 0, :open, :close, '…', :words) end as passage
from {found}
  cross join files file on file.id = i.value
  cross join file_texts content on content.file_id = i.value
  cross join attachments attachment on attachment.id = (
    select t.id from {index.carriers}
    where f.id = i.value{search.filters.conditions(index.at)}
    order by m.sent_at desc limit 1)
  cross join messages message on message.id = attachment.message_id
  cross join requests r on r.id = message.request_id
  left join authorities a on a.id = r.authority_id
where file_texts_fts match :match""",
    )


def _in_file(row: sqlite3.Row, terms: Sequence[str]) -> Passage:
    text = row["text"]
    if row["passage"] is None:
        passage, start = _looked_for(text, terms)
    else:
        passage = row["passage"]
        before, _, after = passage.partition(OPEN)
        start = text.find((before + after.replace(OPEN, "").replace(CLOSE, "")).strip("…"))
        start += len(before.removeprefix("…")) if start >= 0 else 0
    # No form feed: a file without pages, or one page.
    page = text.count("\f", 0, start) + 1 if start >= 0 and "\f" in text else None
    return Passage(row, passage, page)


def _looked_for(text: str, terms: Sequence[str]) -> tuple[str, int]:
    """The passage around the first of the words that is found in a long text, and where it starts; -1 where none is."""
    for term in terms:
        # Without its ending, as the index has it: "refusals" also finds "refused".
        stem = re.escape(term.rstrip("*")[: max(4, len(term) - 3)])
        found = re.search(rf"\b{stem}\w*", text, re.I)
        if found:
            start, end = found.span()
            around = text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND]
            return f"…{around[0]}{OPEN}{around[1]}{CLOSE}{around[2]}…", start
    return "", -1
