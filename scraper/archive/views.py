"""The archive's views, as data: what is worked out from its tables each time it is asked for."""

from __future__ import annotations

_WORKING_DAY = (
    "(cast(julianday({0}) - 2415020.5 as integer) / 7 * 5 + min(cast(julianday({0}) - 2415020.5 as integer) % 7 + 1, 5))"
)
"""Mondays to Fridays from Monday 1 January 1900 up to a date."""


def _working_days(start: str, end: str) -> str:
    return f"{_WORKING_DAY.format(f'date({end})')} - {_WORKING_DAY.format(f'date({start})')}"


NOT_CATEGORIES = (
    "defunct",
    "not_apply",
    "eir_only",
    "foi_no",
    "signpost",
    "missing_email",
    "site_administration",
    "not_many_requests",
)
"""Tags that say how an authority stands, not what it is (site-contract.md section 6)."""

VIEWS: dict[str, str] = {
    "request_summary": f"""
        select r.id, r.url, r.title, r.authority_id, a.name as authority,
          (select t.name from authority_tags t where t.authority_id = r.authority_id and t.value = ''
             and t.name not in ({", ".join(f"'{tag}'" for tag in NOT_CATEGORIES)}) order by t.name limit 1) as authority_category,
          r.user_id, r.user_name as requester, r.batch_id, r.law_used, r.described_state, r.display_state,
          r.awaiting_description, r.created_at, r.due_on, m.first_response_at, m.last_response_at,
          cast(julianday(date(m.first_response_at)) - julianday(date(r.created_at)) as integer) as days_to_first_response,
          {_working_days("r.created_at", "m.first_response_at")} as working_days_to_first_response,
          cast(julianday(date(m.last_response_at)) - julianday(date(r.created_at)) as integer) as days_to_last_response,
          {_working_days("r.created_at", "m.last_response_at")} as working_days_to_last_response,
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
        where r.withheld_at is null
    """,
}
