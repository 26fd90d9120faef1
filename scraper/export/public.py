"""The public edition: what of an archive may be published, and in which words.

What is not named here is not in it. `docs/ethics.md` says what this protects from, and what it does not.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from itertools import chain

from .masking import Mask, gather
from .pseudonyms import Pseudonyms
from .spellings import ordinary_words
from .tables import Table

_THREAD = "(select request_id from main.messages where id = message_id)"


def _quoted(name: str) -> str:
    """A study table's quotation as SQL, but for spreadsheets, whose texts are left out."""
    return f"case when file_id in (select id from temp.spreadsheets) then '[spreadsheet]' else mask({name}, request_id) end"


def _thread_of_file(file_id: str) -> str:
    """The request of a file as SQL, also of a file within files; of several, that of the first attachment."""
    return (
        f"(with recursive holds(id) as (select {file_id} union select f.parent_id from main.file_members f "
        "join holds on f.file_id = holds.id) "
        "select m.request_id from holds join main.attachments a on a.file_id = holds.id join main.messages m "
        "on m.id = a.message_id where m.request_id in (select id from temp.chosen) order by a.id limit 1)"
    )


_PAGE = "(select value from main.archive_info where key = 'site') || '/request/' || id"
"""The address of a request by its number: the usual one has its title, and so may have a name."""

_KEPT = {
    "requests": "id authority_id batch_id law_used described_state display_state display_status awaiting_description prominence "
    "created_at updated_at due_on correspondence_closed first_seen_at last_seen_at last_changed_at withheld_at",
    "request_tags": "request_id name",
    "messages": "id request_id anchor kind position sent_at recorded_at delivery_status withheld first_seen_at "
    "last_changed_at gone_at",
    "attachments": "id message_id site_id part size_shown status file_id content_type fetched_at first_seen_at "
    "last_changed_at gone_at",
    "files": "id sha256 size media_type text_status text_method page_count extracted_at",
    "file_texts": "file_id",
    "file_members": "parent_id position file_id",
    "links": "message_id position",
    "events": "id request_id event_type created_at described_state calculated_state last_described_at incoming_message_id "
    "outgoing_message_id comment_id",
    "authorities": "id url_name name short_name home_page publication_scheme disclosure_log created_at updated_at requests_count "
    "requests_successful_count requests_not_held_count requests_overdue_count first_seen_at last_seen_at last_changed_at",
    "authority_tags": "authority_id name value",
    "users": "first_seen_at last_seen_at last_changed_at",
    "batches": "id authority_count first_seen_at last_seen_at last_changed_at",
    "runs": "id command started_at finished_at outcome http_requests pages_read requests_new requests_changed withheld failures "
    "ceiling_hits robots_sha256 software",
    "coverage": "run_id page_kind field pages filled",
    "site_totals": "run_id observed_at name value",
    "archive_info": "key value",
    "exemptions": "id request_id provision law engaged source message_id anchor message_kind file_id sha256 page offset length",
    "mentions": "id request_id authority_id batch_id lexicon term kind supplier source message_id anchor message_kind file_id "
    "sha256 page offset length",
    "outcomes": "request_id described_state display_state awaiting_description text_outcome agrees statements message_id anchor",
    "outcome_statements": "id request_id outcome source message_id anchor message_kind file_id sha256 page offset length",
}
"""Columns as they are: without strangers' words and what leads to a person's page. withheld_at and gone_at are NULL
throughout; views ask for them."""

_CHANGED = {
    "requests": {
        "title": "mask(title, id)",
        "user_id": "person(user_id)",
        "user_name": "requester(user_id, user_name)",
        "url": _PAGE,
    },
    "request_tags": {"value": "mask(value, request_id)"},
    "messages": {
        "author": "author(author, request_id)",
        "user_id": "person(user_id)",
        "text": "mask(text, request_id)",
        "new_text": "mask(new_text, request_id)",
        "withheld_reason": "mask(withheld_reason, request_id)",
    },
    "attachments": {
        "filename": f"mask(filename, {_THREAD})",
        "note": f"mask(note, {_THREAD})",
        "status_reason": f"mask(status_reason, {_THREAD})",
    },
    "file_texts": {"text": f"mask(text, {_thread_of_file('file_texts.file_id')})"},
    "file_members": {name: f"mask({name}, {_thread_of_file('file_members.parent_id')})" for name in ("path", "reason")},
    "links": {"url": f"mask(url, {_THREAD})", "shown_text": f"mask(shown_text, {_THREAD})"},
    "authorities": {"notes": "mask(notes, null)"},
    "users": {"id": "person(id)", "name": "requester(id, name)"},
    "batches": {"title": "mask(title, null)", "user_id": "person(user_id)"},
    "exemptions": {"cited": _quoted("cited"), "quote": _quoted("quote")},
    "mentions": {"cited": _quoted("cited"), "quote": _quoted("quote")},
    "outcomes": {
        "quote": "case when message_id in (select message_id from main.outcome_statements s where s.file_id in "
        "(select id from temp.spreadsheets)) then null else mask(quote, request_id) end"
    },
    "outcome_statements": {"cited": _quoted("cited"), "quote": _quoted("quote")},
}
"""Columns in other words: functions of `Public.prepare`."""

_WHOLE = frozenset({"deadlines", "clock_stops", "site_deadlines", "families", "family_members", "lexicons", "study_state"})
"""Tables of numbers, dates and the project's own words."""

LEFT_OUT = {
    "changes": "old values of what was changed or redacted",
    "withdrawals": "what the site withdrew",
    "captures": "addresses of pages, in which names may be",
    "ceiling_hits": "searches, in which names may be",
    "follows": "targets, which may be people",
}
"""Tables that are not in it, and why."""

_CONDITIONS = {
    "requests": "withheld_at is null",
    "messages": "gone_at is null",
    "attachments": "gone_at is null",
}
_SPREADSHEETS = """
    select id from main.files where media_type like 'application/vnd.ms-excel%' or media_type like '%spreadsheet%'
    union select file_id from main.attachments where file_id is not null and (lower(content_type) in
      ('text/csv', 'text/tab-separated-values') or lower(content_type) like '%excel%' or lower(content_type) like '%spreadsheet%'
      or lower(substr(filename, -4)) in ('.csv', '.tsv', '.tab', '.xls', '.ods', '.slk', '.dif')
      or lower(substr(filename, -5)) like '.xls_')
    union select file_id from main.file_members where file_id is not null and
      (lower(substr(path, -4)) in ('.csv', '.tsv', '.tab', '.xls', '.ods') or lower(substr(path, -5)) like '.xls_')"""
"""Told by bytes, and by name and served type: a CSV is plain text by its bytes."""

_SAID = {
    "email": "e-mail addresses",
    "phone": "telephone numbers",
    "ni_number": "National Insurance numbers",
    "postcode": "postcodes, cut to their district",
    "name": "names in texts",
    "author": "authors of messages",
}


_OF_PEOPLE = re.compile(r"requester|user|title|url|author(?!it)|name", re.IGNORECASE)
_LITERAL = re.compile(r"'[^']*[^\W\d_][^']*'")
"""With letters. A condition on names may have a part of one, which nothing else gives away: requester like 'Quill%'."""


class _Remembering:
    """Masks a cell, or gives what it gave for the last but counts it again: what a message adds is often all of it."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._last: tuple[object, ...] = ()
        self._gave: str | None = None
        self._counted: Counter[str] = Counter()

    def __call__(self, value: str | None, request_id: int | None) -> str | None:
        if (value, request_id) == self._last:
            self._mask.counts.update(self._counted)
            return self._gave
        before = self._mask.counts.copy()
        self._gave = self._mask.text(value, request_id)
        self._last, self._counted = (value, request_id), self._mask.counts - before
        return self._gave


ORDINARY_SAMPLE = 20_000
"""Texts from which it is told which words are ordinary, so that the name Will is not found in every will."""


class Public:
    """Safe to publish, as far as rules can tell. `key` makes the pseudonyms, and must not be published."""

    name = "public"
    hides = True

    def __init__(self, key: bytes, spreadsheets: bool = False) -> None:
        self._pseudonyms = Pseudonyms(key)
        self._spreadsheets = spreadsheets
        self._mask: Mask | None = None

    def prepare(self, db: sqlite3.Connection) -> None:
        """Raises sqlite3.Error where the archive cannot be read."""
        texts = db.execute(
            f"select text from main.messages where text is not null order by (id * 7919) % 1000003 limit {ORDINARY_SAMPLE}"
        )
        mask = self._mask = Mask(
            gather(
                self._pseudonyms,
                db.execute("select id, name, short_name from main.authorities order by id"),
                db.execute("select id, url_name, name from main.users order by id"),
                db.execute("select id, user_id, user_name, authority_id from main.requests order by id"),
                db.execute(
                    "select distinct request_id, kind, author, user_id, user_url_name from main.messages "
                    "where author is not null order by 1, 2, 3, 4, 5"
                ),
                ordinary_words(row[0] for row in chain(texts)),
            )
        )
        db.create_function("mask", 2, _Remembering(mask), deterministic=True)
        db.create_function("author", 2, mask.author, deterministic=True)
        db.create_function("person", 1, self._person, deterministic=True)
        db.create_function("requester", 2, self._requester, deterministic=True)
        db.execute("create temp table spreadsheets (id integer primary key)")
        if not self._spreadsheets:
            db.execute(f"insert into temp.spreadsheets {_SPREADSHEETS}")

    def _requester(self, user_id: int | None, name: str | None) -> str | None:
        return None if user_id is None and name is None else self._pseudonyms.requester(user_id, name)

    def _person(self, user_id: int | None) -> int | None:
        """A number in place of an account's, which leads to its page; the same as its pseudonym says in hexadecimal."""
        return None if user_id is None else int(self._pseudonyms.requester(user_id, None).partition("-")[2], 16)

    def shown(self, table: Table) -> dict[str, str] | None:
        if table.is_view or table.name in _WHOLE:
            return None
        return {**{name: name for name in _KEPT.get(table.name, "").split()}, **_CHANGED.get(table.name, {})}

    def condition(self, table: Table) -> str | None:
        if table.name == "file_texts":
            return "file_id not in (select id from temp.spreadsheets)"
        return _CONDITIONS.get(table.name)

    def said(self, text: str) -> str:
        assert self._mask is not None
        if _OF_PEOPLE.search(text):
            text = _LITERAL.sub("'[..]'", text)
        return Mask(self._mask.names).text(text) or ""  # no cell: it does not count

    def left_out(self, db: sqlite3.Connection) -> dict[str, int]:
        counts = {
            "texts of spreadsheets": "select count(*) from main.file_texts where file_id in (select id from temp.spreadsheets) "
            "and file_id in (select id from temp.chosen_files)",
            "messages that are gone from the site": "select count(*) from main.messages where gone_at is not null "
            "and id in (select id from temp.chosen_messages)",
            "files and attachments gone from the site": "select count(*) from main.attachments where gone_at is not null "
            "and message_id in (select id from temp.chosen_messages)",
            "accounts' words about themselves": "select count(*) from main.users where about_me is not null",
            "raw pages": "select count(*) from main.captures where body is not null",
            "files' bytes": "select count(*) from temp.chosen_files",
        }
        return {what: count for what, query in counts.items() if (count := db.execute(query).fetchone()[0])}

    def masked(self) -> dict[str, int]:
        assert self._mask is not None
        return {said: self._mask.counts[kind] for kind, said in _SAID.items() if self._mask.counts[kind]}
