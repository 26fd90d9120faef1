"""The archive's tables, indexes, search and views, as data.

Names are design.md's; what is added to them is said in docs/design.md. Every column is described in metadata.yml.
Ids are Alaveteli's own wherever it has one. None of this is edited once released: a new shape is a new migration
(`scraper.archive.migrations`), and these statements are the first.
"""

from __future__ import annotations

from .views import VIEWS

SEEN = "first_seen_at text not null, last_seen_at text not null, last_changed_at text not null"

TABLES: dict[str, str] = {
    "archive_info": """
        key text primary key,
        value text not null
    """,
    "authorities": f"""
        id integer primary key,
        url_name text not null,
        name text not null,
        short_name text,
        home_page text,
        notes text,
        publication_scheme text,
        disclosure_log text,
        created_at text,
        updated_at text,
        requests_count integer,
        requests_successful_count integer,
        requests_not_held_count integer,
        requests_overdue_count integer,
        {SEEN}
    """,
    "authority_tags": """
        authority_id integer not null references authorities(id),
        name text not null,
        value text not null,
        primary key (authority_id, name, value)
    """,
    "users": f"""
        id integer primary key,
        url_name text not null,
        name text,
        about_me text,
        {SEEN}
    """,
    "batches": f"""
        id integer primary key,
        title text,
        user_id integer references users(id),
        authority_count integer,
        {SEEN}
    """,
    "requests": f"""
        id integer primary key,
        url_title text not null,
        title text,
        authority_id integer references authorities(id),
        user_id integer references users(id),
        user_name text,
        batch_id integer references batches(id),
        law_used text,
        described_state text,
        display_state text,
        display_status text,
        awaiting_description integer,
        prominence text,
        created_at text,
        updated_at text,
        due_on text,
        correspondence_closed text,
        url text not null,
        {SEEN},
        withheld_at text,
        withheld_kind text,
        withheld_reason text
    """,
    "request_tags": """
        request_id integer not null references requests(id),
        name text not null,
        value text not null,
        primary key (request_id, name, value)
    """,
    "events": """
        id integer primary key,
        request_id integer not null references requests(id),
        event_type text not null,
        created_at text not null,
        described_state text,
        calculated_state text,
        last_described_at text,
        incoming_message_id integer,
        outgoing_message_id integer,
        comment_id integer
    """,
    "messages": """
        id integer primary key,
        request_id integer not null references requests(id),
        anchor text not null unique,
        kind text,
        position integer,
        author text,
        user_id integer references users(id),
        user_url_name text,
        sent_at text,
        recorded_at text,
        text text,
        own_length integer,
        own_text text,
        new_text text generated always as (coalesce(own_text, substr(text, 1, own_length), text)) virtual,
        html text,
        delivery_status text,
        withheld text,
        withheld_reason text,
        first_seen_at text not null,
        last_changed_at text not null,
        gone_at text
    """,
    "files": """
        id integer primary key,
        sha256 text not null unique,
        size integer not null,
        media_type text,
        text_status text not null default 'due',
        text_method text,
        page_count integer,
        text_error text,
        extracted_at text
    """,
    "file_texts": """
        file_id integer primary key references files(id),
        text text not null
    """,
    "file_members": """
        parent_id integer not null references files(id),
        position integer not null,
        path text,
        file_id integer references files(id),
        reason text,
        primary key (parent_id, position)
    """,
    "attachments": """
        id integer primary key,
        message_id integer not null references messages(id),
        site_id text,
        part integer,
        filename text,
        url text,
        size_shown text,
        note text,
        status text not null,
        status_reason text,
        file_id integer references files(id),
        content_type text,
        fetched_at text,
        first_seen_at text not null,
        last_changed_at text not null,
        gone_at text
    """,
    "links": """
        message_id integer not null references messages(id),
        position integer not null,
        url text not null,
        shown_text text not null,
        primary key (message_id, position)
    """,
    "runs": """
        id integer primary key,
        command text not null,
        started_at text not null,
        finished_at text,
        outcome text,
        http_requests integer not null default 0,
        pages_read integer not null default 0,
        requests_new integer not null default 0,
        requests_changed integer not null default 0,
        withheld integer not null default 0,
        failures integer not null default 0,
        ceiling_hits integer not null default 0,
        robots_sha256 text,
        contact text,
        permission text,
        settings text not null,
        software text not null
    """,
    "dictionaries": """
        id integer primary key,
        page_kind text not null,
        trained_at text not null,
        data blob not null
    """,
    "captures": """
        id integer primary key,
        run_id integer references runs(id),
        url text not null,
        page_kind text not null,
        page_key text not null,
        requested_at text not null,
        duration_ms integer,
        status integer,
        outcome text not null,
        reason text,
        content_type text,
        etag text,
        headers text,
        body_sha256 text,
        body blob,
        dictionary_id integer references dictionaries(id)
    """,
    "changes": """
        id integer primary key,
        run_id integer references runs(id),
        observed_at text not null,
        request_id integer references requests(id),
        table_name text not null,
        row_key text not null,
        column_name text not null,
        old_value text,
        new_value text
    """,
    "agenda": """
        page_kind text not null,
        page_key text not null,
        due_at text,
        reason text not null,
        attempts integer not null default 0,
        etag text,
        last_capture_id integer references captures(id),
        priority integer not null,
        expand integer not null default 0,
        primary key (page_kind, page_key)
    """,
    "follows": """
        target text primary key,
        added_at text not null,
        note text,
        listed_until text,
        swept_until text
    """,
    "withdrawals": """
        request_id integer primary key references requests(id),
        first_refused_at text not null,
        first_run_id integer references runs(id),
        last_refused_at text not null,
        last_run_id integer references runs(id),
        nights integer not null,
        set_aside blob,
        withdrawn_at text
    """,
    "forgotten": """
        kind text not null,
        key_sha256 text not null,
        forgotten_at text not null,
        note text,
        primary key (kind, key_sha256)
    """,
    "visit_rates": """
        state text not null,
        age text not null,
        visits integer not null,
        changed integer not null,
        days real not null,
        primary key (state, age)
    """,
    "ceiling_hits": """
        run_id integer not null references runs(id),
        page_key text not null,
        observed_at text not null,
        primary key (run_id, page_key)
    """,
    "site_totals": """
        run_id integer not null references runs(id),
        observed_at text not null,
        name text not null,
        value integer not null,
        primary key (run_id, name)
    """,
    "coverage": """
        run_id integer not null references runs(id),
        page_kind text not null,
        field text not null,
        pages integer not null,
        filled real not null,
        primary key (run_id, page_kind, field)
    """,
    "files_to_delete": """
        sha256 text primary key,
        aside integer not null default 0
    """,
}
"""Table name -> columns. Tables that others refer to come first."""

WITHOUT_ROWID = frozenset({"authority_tags", "request_tags", "links", "file_members", "forgotten", "visit_rates", "coverage"})
"""Tables that are their own primary key: no second copy of it beside them."""

INDEXES: dict[str, tuple[str, ...]] = {
    "authorities": ("url_name", "name"),
    "authority_tags": ("name",),
    "users": ("url_name", "name"),
    "batches": ("user_id",),
    "requests": (
        "url_title",
        "authority_id",
        "user_id",
        "batch_id",
        "law_used",
        "described_state",
        "display_state",
        "created_at",
        "prominence",
        "withheld_at",
    ),
    "request_tags": ("name",),
    "events": ("request_id", "event_type", "created_at"),
    "messages": ("request_id", "user_id", "kind", "sent_at", "user_url_name"),
    "files": ("text_status", "media_type"),
    "file_members": ("file_id",),
    "attachments": ("message_id", "file_id", "status"),
    "captures": ("run_id", "dictionary_id"),
    "changes": ("run_id", "observed_at", "request_id", "table_name, column_name"),
    "agenda": ("reason, priority, due_at", "last_capture_id"),
    "site_totals": ("name",),
}
"""Table -> the columns of each of its indexes: every foreign key, and all that we filter or facet by."""

SEARCH: dict[str, tuple[str, str]] = {
    "requests": ("id", "title"),
    "messages": ("id", "text"),
    "file_texts": ("file_id", "text"),
}
"""Table -> its row id and the column searched; the index is `<table>_fts`."""


def _search_statements(table: str, rowid: str, column: str) -> list[str]:
    """The full-text index of a column, kept in step by triggers that fire only when the text changes.

    Unguarded triggers tokenise every updated row anew: 1,500 rows/s against 74,000 (measured November 2026).
    """
    fts = f"{table}_fts"
    add = f"insert into {fts}(rowid, {column}) values (new.{rowid}, new.{column});"
    remove = f"insert into {fts}({fts}, rowid, {column}) values ('delete', old.{rowid}, old.{column});"
    options = f"content='{table}', content_rowid='{rowid}', tokenize='porter unicode61 remove_diacritics 2'"
    # Rows without a text are in the index too, with no word: FTS5's own check and rebuild count every row of the table.
    triggers = {
        "insert": (f"insert on {table}", add),
        "delete": (f"delete on {table}", remove),
        # One trigger does both: SQLite does not promise the order in which two would fire.
        "update": (f"update of {column} on {table} when old.{column} is not new.{column}", remove + add),
    }
    return [
        f"create virtual table {fts} using fts5({column}, {options})",
        *(f"create trigger {fts}_{name} after {when} begin {then} end" for name, (when, then) in triggers.items()),
    ]


def statements() -> list[str]:
    """Everything that makes an empty database an archive, in order."""
    made = [
        f"create table {name} ({columns}){' without rowid' if name in WITHOUT_ROWID else ''}" for name, columns in TABLES.items()
    ]
    for table, indexes in INDEXES.items():
        made += [f"create index {table}_{columns.replace(', ', '_')} on {table}({columns})" for columns in indexes]
    made.append("create index captures_kept on captures(page_kind, page_key) where body is not null")
    for table, (rowid, column) in SEARCH.items():
        made += _search_statements(table, rowid, column)
    made += [f"create view {name} as {query}" for name, query in VIEWS.items()]
    return made
