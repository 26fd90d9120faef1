CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE TABLE archive_info (
        key text primary key,
        value text not null
    );
CREATE TABLE authorities (
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
        first_seen_at text not null, last_seen_at text not null, last_changed_at text not null
    );
CREATE TABLE authority_tags (
        authority_id integer not null references authorities(id),
        name text not null,
        value text not null,
        primary key (authority_id, name, value)
    ) without rowid;
CREATE TABLE users (
        id integer primary key,
        url_name text not null,
        name text,
        about_me text,
        first_seen_at text not null, last_seen_at text not null, last_changed_at text not null
    );
CREATE TABLE batches (
        id integer primary key,
        title text,
        user_id integer references users(id),
        authority_count integer,
        first_seen_at text not null, last_seen_at text not null, last_changed_at text not null
    );
CREATE TABLE requests (
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
        first_seen_at text not null, last_seen_at text not null, last_changed_at text not null,
        withheld_at text,
        withheld_kind text,
        withheld_reason text
    );
CREATE TABLE request_tags (
        request_id integer not null references requests(id),
        name text not null,
        value text not null,
        primary key (request_id, name, value)
    ) without rowid;
CREATE TABLE events (
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
    );
CREATE TABLE messages (
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
    );
CREATE TABLE files (
        id integer primary key,
        sha256 text not null unique,
        size integer not null,
        media_type text,
        text_status text not null default 'due',
        text_method text,
        page_count integer,
        text_error text,
        extracted_at text
    );
CREATE TABLE file_texts (
        file_id integer primary key references files(id),
        text text not null
    );
CREATE TABLE file_members (
        parent_id integer not null references files(id),
        position integer not null,
        path text,
        file_id integer references files(id),
        reason text,
        primary key (parent_id, position)
    ) without rowid;
CREATE TABLE attachments (
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
    );
CREATE TABLE links (
        message_id integer not null references messages(id),
        position integer not null,
        url text not null,
        shown_text text not null,
        primary key (message_id, position)
    ) without rowid;
CREATE TABLE runs (
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
    );
CREATE TABLE dictionaries (
        id integer primary key,
        page_kind text not null,
        trained_at text not null,
        data blob not null
    );
CREATE TABLE captures (
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
    );
CREATE TABLE changes (
        id integer primary key,
        run_id integer references runs(id),
        observed_at text not null,
        request_id integer references requests(id),
        table_name text not null,
        row_key text not null,
        column_name text not null,
        old_value text,
        new_value text
    );
CREATE TABLE agenda (
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
    );
CREATE TABLE follows (
        target text primary key,
        added_at text not null,
        note text,
        listed_until text,
        swept_until text
    );
CREATE TABLE withdrawals (
        request_id integer primary key references requests(id),
        first_refused_at text not null,
        first_run_id integer references runs(id),
        last_refused_at text not null,
        last_run_id integer references runs(id),
        nights integer not null,
        set_aside blob,
        withdrawn_at text
    );
CREATE TABLE forgotten (
        kind text not null,
        key_sha256 text not null,
        forgotten_at text not null,
        note text,
        primary key (kind, key_sha256)
    ) without rowid;
CREATE TABLE visit_rates (
        state text not null,
        age text not null,
        visits integer not null,
        changed integer not null,
        days real not null,
        primary key (state, age)
    ) without rowid;
CREATE TABLE ceiling_hits (
        run_id integer not null references runs(id),
        page_key text not null,
        observed_at text not null,
        primary key (run_id, page_key)
    );
CREATE TABLE site_totals (
        run_id integer not null references runs(id),
        observed_at text not null,
        name text not null,
        value integer not null,
        primary key (run_id, name)
    );
CREATE TABLE coverage (
        run_id integer not null references runs(id),
        page_kind text not null,
        field text not null,
        pages integer not null,
        filled real not null,
        primary key (run_id, page_kind, field)
    ) without rowid;
CREATE TABLE files_to_delete (
        sha256 text primary key,
        aside integer not null default 0
    );
CREATE INDEX authorities_url_name on authorities(url_name);
CREATE INDEX authorities_name on authorities(name);
CREATE INDEX authority_tags_name on authority_tags(name);
CREATE INDEX users_url_name on users(url_name);
CREATE INDEX users_name on users(name);
CREATE INDEX batches_user_id on batches(user_id);
CREATE INDEX requests_url_title on requests(url_title);
CREATE INDEX requests_authority_id on requests(authority_id);
CREATE INDEX requests_user_id on requests(user_id);
CREATE INDEX requests_batch_id on requests(batch_id);
CREATE INDEX requests_law_used on requests(law_used);
CREATE INDEX requests_described_state on requests(described_state);
CREATE INDEX requests_display_state on requests(display_state);
CREATE INDEX requests_created_at on requests(created_at);
CREATE INDEX requests_prominence on requests(prominence);
CREATE INDEX requests_withheld_at on requests(withheld_at);
CREATE INDEX request_tags_name on request_tags(name);
CREATE INDEX events_request_id on events(request_id);
CREATE INDEX events_event_type on events(event_type);
CREATE INDEX events_created_at on events(created_at);
CREATE INDEX messages_request_id on messages(request_id);
CREATE INDEX messages_user_id on messages(user_id);
CREATE INDEX messages_kind on messages(kind);
CREATE INDEX messages_sent_at on messages(sent_at);
CREATE INDEX messages_user_url_name on messages(user_url_name);
CREATE INDEX files_text_status on files(text_status);
CREATE INDEX files_media_type on files(media_type);
CREATE INDEX file_members_file_id on file_members(file_id);
CREATE INDEX attachments_message_id on attachments(message_id);
CREATE INDEX attachments_file_id on attachments(file_id);
CREATE INDEX attachments_status on attachments(status);
CREATE INDEX captures_run_id on captures(run_id);
CREATE INDEX captures_dictionary_id on captures(dictionary_id);
CREATE INDEX changes_run_id on changes(run_id);
CREATE INDEX changes_observed_at on changes(observed_at);
CREATE INDEX changes_request_id on changes(request_id);
CREATE INDEX changes_table_name_column_name on changes(table_name, column_name);
CREATE INDEX agenda_reason_priority_due_at on agenda(reason, priority, due_at);
CREATE INDEX agenda_last_capture_id on agenda(last_capture_id);
CREATE INDEX site_totals_name on site_totals(name);
CREATE INDEX captures_kept on captures(page_kind, page_key) where body is not null;
CREATE VIRTUAL TABLE requests_fts using fts5(title, content='requests', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER requests_fts_insert after insert on requests begin insert into requests_fts(rowid, title) values (new.id, new.title); end;
CREATE TRIGGER requests_fts_delete after delete on requests begin insert into requests_fts(requests_fts, rowid, title) values ('delete', old.id, old.title); end;
CREATE TRIGGER requests_fts_update after update of title on requests when old.title is not new.title begin insert into requests_fts(requests_fts, rowid, title) values ('delete', old.id, old.title);insert into requests_fts(rowid, title) values (new.id, new.title); end;
CREATE VIRTUAL TABLE messages_fts using fts5(text, content='messages', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER messages_fts_insert after insert on messages begin insert into messages_fts(rowid, text) values (new.id, new.text); end;
CREATE TRIGGER messages_fts_delete after delete on messages begin insert into messages_fts(messages_fts, rowid, text) values ('delete', old.id, old.text); end;
CREATE TRIGGER messages_fts_update after update of text on messages when old.text is not new.text begin insert into messages_fts(messages_fts, rowid, text) values ('delete', old.id, old.text);insert into messages_fts(rowid, text) values (new.id, new.text); end;
CREATE VIRTUAL TABLE file_texts_fts using fts5(text, content='file_texts', content_rowid='file_id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER file_texts_fts_insert after insert on file_texts begin insert into file_texts_fts(rowid, text) values (new.file_id, new.text); end;
CREATE TRIGGER file_texts_fts_delete after delete on file_texts begin insert into file_texts_fts(file_texts_fts, rowid, text) values ('delete', old.file_id, old.text); end;
CREATE TRIGGER file_texts_fts_update after update of text on file_texts when old.text is not new.text begin insert into file_texts_fts(file_texts_fts, rowid, text) values ('delete', old.file_id, old.text);insert into file_texts_fts(rowid, text) values (new.file_id, new.text); end;
CREATE VIEW request_summary as 
        select r.id, r.url, r.title, r.authority_id, a.name as authority,
          (select t.name from authority_tags t where t.authority_id = r.authority_id and t.value = ''
             and t.name not in ('defunct', 'not_apply', 'eir_only', 'foi_no', 'signpost', 'missing_email', 'site_administration', 'not_many_requests') order by t.name limit 1) as authority_category,
          r.user_id, r.user_name as requester, r.batch_id, r.law_used, r.described_state, r.display_state,
          r.awaiting_description, r.created_at, r.due_on, m.first_response_at, m.last_response_at,
          cast(julianday(date(m.first_response_at)) - julianday(date(r.created_at)) as integer) as days_to_first_response,
          (cast(julianday(date(m.first_response_at)) - 2415020.5 as integer) / 7 * 5 + min(cast(julianday(date(m.first_response_at)) - 2415020.5 as integer) % 7 + 1, 5)) - (cast(julianday(date(r.created_at)) - 2415020.5 as integer) / 7 * 5 + min(cast(julianday(date(r.created_at)) - 2415020.5 as integer) % 7 + 1, 5)) as working_days_to_first_response,
          cast(julianday(date(m.last_response_at)) - julianday(date(r.created_at)) as integer) as days_to_last_response,
          (cast(julianday(date(m.last_response_at)) - 2415020.5 as integer) / 7 * 5 + min(cast(julianday(date(m.last_response_at)) - 2415020.5 as integer) % 7 + 1, 5)) - (cast(julianday(date(r.created_at)) - 2415020.5 as integer) / 7 * 5 + min(cast(julianday(date(r.created_at)) - 2415020.5 as integer) % 7 + 1, 5)) as working_days_to_last_response,
          coalesce(m.responses, 0) as responses, coalesce(m.followups, 0) as followups,
          coalesce(m.internal_reviews, 0) as internal_reviews, coalesce(m.annotations, 0) as annotations,
          coalesce(f.attachments, 0) as attachments, coalesce(m.withheld, 0) + coalesce(f.withheld, 0) as withheld_parts,
          r.last_seen_at
        from requests r
        left join authorities a on a.id = r.authority_id
        left join (
          select request_id, min(case when kind = 'response' then recorded_at end) as first_response_at,
            max(case when kind = 'response' then recorded_at end) as last_response_at,
            sum(kind = 'response') as responses, sum(kind = 'followup') as followups,
            sum(kind = 'internal_review') as internal_reviews, sum(kind = 'annotation') as annotations,
            sum(withheld is not null) as withheld
          from messages where gone_at is null group by request_id
        ) m on m.request_id = r.id
        left join (
          select g.request_id, count(*) as attachments, sum(t.status = 'withheld') as withheld
          from attachments t join messages g on g.id = t.message_id
          where t.gone_at is null and g.gone_at is null group by g.request_id
        ) f on f.request_id = r.id
        where r.withheld_at is null;
insert into _sqlite_migrations values (1, 'wdtk-archive', '001-first', '2026-01-01 00:00:00+00:00');
