"""The study tables, as data: columns, indexes and views; each name of `wdtk study` with the tables it makes.

All are derived: `wdtk study --rebuild` drops and makes them anew. Columns are described in metadata.yml. What is
withdrawn leaves them by `scraper.archive.derived`, which lists them.
"""

from __future__ import annotations

_WHERE = """
        source text not null,
        message_id integer not null references messages(id),
        anchor text not null,
        message_kind text,
        file_id integer,
        sha256 text,
        page integer,
        offset integer not null,
        length integer not null,
        cited text not null,
        quote text not null"""
"""Where a quotation stands: substr(text, offset + 1, length) is what `cited` has with its white space folded. No foreign
key on the file: its row goes before these do."""

TABLES: dict[str, str] = {
    "study_state": """
        name text primary key,
        method text not null,
        seen_until text,
        files_until text,
        finished_at text not null,
        requests integer not null,
        software text not null
    """,
    "study_requests": """
        request_id integer not null references requests(id),
        name text not null,
        primary key (request_id, name)
    """,
    "lexicons": """
        name text primary key,
        sha256 text not null,
        yaml text not null
    """,
    "deadlines": """
        request_id integer primary key references requests(id),
        law text,
        nation text,
        school integer not null,
        sent_event_id integer,
        sent_on text,
        started_event_id integer,
        started_on text,
        due_on text,
        nation_due_on text,
        very_late_on text,
        first_response_event_id integer,
        first_response_on text,
        first_response_nature text,
        response_event_id integer,
        response_anchor text,
        response_nature text,
        responded_on text,
        working_days integer,
        late_by integer,
        standing text,
        as_of text not null,
        clarifications integer not null,
        extension_event_id integer,
        extended_on text,
        review_event_id integer,
        review_asked_on text,
        review_due_on text,
        review_answer_event_id integer,
        review_answered_on text,
        review_working_days integer
    """,
    "clock_stops": """
        request_id integer not null references requests(id),
        position integer not null,
        asked_event_id integer not null,
        asked_on text not null,
        answered_event_id integer,
        answered_on text,
        primary key (request_id, position)
    """,
    "site_deadlines": """
        request_id integer not null references requests(id),
        kind text not null,
        source text not null,
        site_date text not null,
        computed_date text,
        reason text not null,
        primary key (request_id, kind, source)
    """,
    "exemptions": f"""
        id integer primary key,
        request_id integer not null references requests(id),
        provision text not null,
        law text not null,
        engaged integer not null,{_WHERE}
    """,
    "mentions": f"""
        id integer primary key,
        request_id integer not null references requests(id),
        authority_id integer references authorities(id),
        batch_id integer references batches(id),
        lexicon text not null,
        term text not null,
        kind text not null,
        supplier text,{_WHERE}
    """,
    "outcomes": """
        request_id integer primary key references requests(id),
        described_state text,
        display_state text,
        awaiting_description integer,
        text_outcome text,
        agrees integer,
        statements integer not null,
        message_id integer references messages(id),
        anchor text,
        quote text
    """,
    "outcome_statements": f"""
        id integer primary key,
        request_id integer not null references requests(id),
        outcome text not null,{_WHERE}
    """,
    "family_signatures": """
        message_id integer primary key references messages(id),
        request_id integer not null references requests(id),
        kind text not null,
        words integer not null,
        signature blob not null
    """,
    "families": """
        id integer primary key,
        kind text not null,
        messages integer not null,
        requests integer not null,
        authorities integer not null,
        batches integer not null,
        first_at text,
        last_at text
    """,
    "family_members": """
        message_id integer primary key references messages(id),
        request_id integer not null references requests(id),
        family_id integer not null,
        similarity real not null
    """,
}
"""Table name -> columns."""

WITHOUT_ROWID = frozenset({"study_requests", "clock_stops", "site_deadlines"})

INDEXES: dict[str, tuple[str, ...]] = {
    "deadlines": ("standing", "law"),
    "site_deadlines": ("reason",),
    "exemptions": ("request_id", "provision", "file_id", "message_id"),
    "mentions": ("request_id", "term", "file_id", "message_id", "authority_id", "batch_id"),
    "outcomes": ("text_outcome", "message_id"),
    "outcome_statements": ("request_id", "file_id", "message_id"),
    "family_signatures": ("request_id",),
    "family_members": ("family_id", "request_id"),
}

MADE: dict[str, tuple[str, ...]] = {
    "deadlines": ("deadlines", "clock_stops", "site_deadlines"),
    "exemptions": ("exemptions",),
    "mentions": ("mentions",),
    "outcomes": ("outcomes", "outcome_statements"),
    "families": ("family_signatures", "families", "family_members"),
}
"""Name of `wdtk study` -> the tables it makes."""
NAMES = tuple(MADE)
KEPT = ("study_state", "study_requests", "lexicons")
"""What the study remembers of itself."""

VIEWS: dict[str, str] = {
    "council_systems": """
        select a.id as authority_id, a.name as authority, m.kind, m.term, m.supplier, m.request_id, r.title as request,
          m.batch_id, m.message_kind, m.quote, m.page, m.sha256, m.source, m.offset, m.length, m.lexicon,
          r.url || '#' || m.anchor as link
        from mentions m join requests r on r.id = m.request_id left join authorities a on a.id = m.authority_id
        where m.message_kind = 'response' and m.kind in ('supplier', 'system') and r.withheld_at is null
    """,
    "batch_answers": """
        select r.batch_id, b.title as batch, r.id as request_id, a.name as authority, r.url, d.due_on, d.responded_on,
          d.working_days, d.late_by, d.standing, r.described_state, o.text_outcome, o.quote,
          (select group_concat(provision, '; ') from (select distinct provision from exemptions e
             where e.request_id = r.id and e.engaged order by provision)) as exemptions_engaged,
          f.family_id, s.messages as answers_in_family
        from requests r join batches b on b.id = r.batch_id left join authorities a on a.id = r.authority_id
        left join deadlines d on d.request_id = r.id left join outcomes o on o.request_id = r.id
        left join messages g on g.anchor = d.response_anchor left join family_members f on f.message_id = g.id
        left join families s on s.id = f.family_id
        where r.withheld_at is null
    """,
    "batch_comparison": """
        select b.id as batch_id, b.title, count(*) as requests, sum(d.responded_on is not null) as answered,
          sum(d.standing is 'answered_in_time') as in_time,
          sum(ifnull(d.standing, '') in ('answered_late', 'answered_very_late')) as late,
          sum(ifnull(d.standing, '') in ('overdue', 'very_overdue')) as overdue,
          round(avg(d.working_days), 1) as mean_working_days,
          min(d.working_days) as least_working_days, max(d.working_days) as most_working_days,
          sum(o.text_outcome is 'held') as held,
          sum(o.text_outcome is 'partly') as partly, sum(o.text_outcome is 'not_held') as not_held,
          sum(o.text_outcome is 'refused') as refused, sum(o.text_outcome is 'cost_limit') as cost_limit,
          sum(o.text_outcome is 'clarification') as clarification
        from requests r join batches b on b.id = r.batch_id left join deadlines d on d.request_id = r.id
        left join outcomes o on o.request_id = r.id
        where r.withheld_at is null group by b.id
    """,
}


def create(tables: tuple[str, ...]) -> list[str]:
    """The statements that make these tables and their indexes where they are not there yet."""
    made = []
    for table in tables:
        made.append(f"create table if not exists {table} ({TABLES[table]}){' without rowid' if table in WITHOUT_ROWID else ''}")
        for columns in INDEXES.get(table, ()):
            made.append(f"create index if not exists {table}_{columns.replace(', ', '_')} on {table}({columns})")
    return made
