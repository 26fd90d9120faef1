"""Which authority names which supplier's system: every passage quoted, with its source, and who named none.

Shows `mentions`, which `wdtk study` makes from lexicons: words that responses and their files use, not facts about them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from datasette.utils.asgi import Response
from markupsafe import Markup, escape

from . import charts
from .links import Links, Value
from .visit import NotShown, Query, Reader, Visit
from .words import harmless, part

PAGE = 50
TERMS = 25
AROUND = 200
"""Characters on each side of the named words that the page shows; tables and CSV have the whole quotation."""
MADE_BY = "mentions"
"""The table of the passages; an archive has it once it was studied."""

KINDS: dict[Value, str] = {"supplier": "Suppliers", "system": "Systems", "use": "Uses, such as an algorithm"}
"""Without one, suppliers and systems are shown: a use, such as an algorithm, is named by whoever denies to have one."""
FIELDS = ("batch", "lexicon", "kind", "supplier", "term", "authority")
NUMBERS = frozenset({"batch", "authority"})
_COLUMNS = {"batch": "batch_id", "authority": "authority_id"}

NAMED = """from mentions n
join requests r on r.id = n.request_id
join messages m on m.id = n.message_id
left join authorities a on a.id = n.authority_id
where n.message_kind = 'response' and +r.withheld_at is null and m.gone_at is null and m.withheld is null"""
"""Passages of answers that are shown: a request names what it asks about, which says nothing of the authority."""

HEAD = Query("When the passages were looked for", "select finished_at, requests from study_state where name = 'mentions'")
LEXICONS = Query("Word lists", "select name from lexicons order by name")
BATCH = Query("The batch", "select id, title, authority_count from batches where id = :batch")
AUTHORITY = Query("The authority", "select id, name from authorities where id = :authority")
BATCHES = Query(
    "Newest batches whose answers name a term",
    """select b.id, b.title
from batches b
where exists (select 1 from mentions n where n.batch_id = b.id)
order by b.id desc
limit 200""",
)
SUPPLIERS = Query(
    "Suppliers", "select distinct supplier from mentions where supplier is not null and message_kind = 'response' order by 1"
)


class Filters(NamedTuple):
    """What the passages are narrowed to: field -> value, only of those that are given; numbers as numbers."""

    values: Mapping[str, Value]

    @property
    def condition(self) -> str:
        made = [f"and n.{_COLUMNS.get(name, name)} = :{name}" for name in self.values]
        if "kind" not in self.values:
            made.append("and n.kind in ('supplier', 'system')")
        return "\n  ".join(["", *made])

    def csv(self, links: Links) -> str:
        """All of the rows from Datasette's own tables, streamed: a canned query would end at a number of rows."""
        columns = {_COLUMNS.get(name, name): value for name, value in self.values.items()}
        # The view has suppliers and systems alone, with names and links beside them.
        if self.values.get("kind") == "use":
            return links.table("mentions.csv", **columns, message_kind="response", _stream="on", _size="max")
        return links.table("council_systems.csv", **columns, _stream="on", _size="max")


class Row(NamedTuple):
    """A passage as it is shown. `source` leads to where it stands, `where` says what that is."""

    row: sqlite3.Row
    quote: Markup
    source: str
    where: str


async def show(visit: Visit) -> Response:
    """Raises NotShown (404) where a number is none, or names no batch or authority."""
    filters, page = _filters(visit.args), visit.page_number()
    found, asked = await visit.read(lambda reader: _read(reader, filters, page))
    if found is None:
        return visit.render("archive_systems.html", studied=False)
    rows = found.pop("rows")
    return visit.render(
        "archive_systems.html",
        asked,
        studied=True,
        filters=filters.values,
        csv=filters.csv(visit.links),
        rows=[_row(visit.links, row) for row in rows[:PAGE]],
        more=len(rows) > PAGE,
        page=page,
        by_term=_by_term(found.pop("terms"), found["counts"]["authorities"]),
        **found,
    )


def _filters(args: Mapping[str, str]) -> Filters:
    given: dict[str, Value] = {}
    for name in FIELDS:
        value = (args.get(name) or "").strip()[:200]
        if not value:
            continue
        if name in NUMBERS and not (value.isascii() and value.isdigit() and len(value) < 19):
            raise NotShown(f"There is no {name} of that number", f"{name.capitalize()} takes a number.")
        given[name] = int(value) if name in NUMBERS else value
    if given.get("kind", "use") not in KINDS:
        raise NotShown("There is no such kind of term", "Kinds are supplier, system and use.")
    return Filters(given)


def _read(reader: Reader, filters: Filters, page: int) -> dict[str, Any] | None:
    if not reader.has(MADE_BY):
        return None
    values = dict(filters.values)
    batch = reader.one(BATCH, batch=values["batch"]) if "batch" in values else None
    authority = reader.one(AUTHORITY, authority=values["authority"]) if "authority" in values else None
    if ("batch" in values and batch is None) or ("authority" in values and authority is None):
        raise NotShown("This is not in the archive")
    found: dict[str, Any] = {
        "batch": batch,
        "authority": authority,
        "made": reader.one(HEAD),
        "options": _options(reader, batch),
        "counts": reader.one(_counts(filters), **values),
        "terms": reader.rows(_terms(filters), **values),
        "rows": reader.rows(_passages(filters), **values, limit=PAGE + 1, offset=(page - 1) * PAGE),
        "silent": [],
        "unnamed": [],
        "in_batch": 0,
        "deadlines": reader.has("deadlines"),
    }
    if batch is not None:
        asked = reader.rows(_asked(reader, filters), **values)
        found["in_batch"] = len(asked)
        found["silent"] = [row for row in asked if not row["answered"]]
        found["unnamed"] = [row for row in asked if row["answered"] and not row["named"]]
    return found


def _options(reader: Reader, batch: sqlite3.Row | None) -> dict[str, list[tuple[Value, str]]]:
    """What can be chosen: field -> (value, words)."""
    batches = {row["id"]: row["title"] for row in ([batch] if batch else []) + reader.rows(BATCHES)}
    suppliers = [row["supplier"] for row in reader.rows(SUPPLIERS)]
    lexicons = [row["name"] for row in reader.rows(LEXICONS)]
    return {
        "batch": [(number, title or f"Batch {number}") for number, title in batches.items()],
        "kind": list(KINDS.items()),
        "supplier": [(name, name) for name in suppliers],
        "lexicon": [(name, name) for name in lexicons],
    }


def _counts(filters: Filters) -> Query:
    return Query(
        "How many",
        f"""select count(*) as passages, count(distinct n.authority_id) as authorities, count(distinct n.request_id) as requests,
  count(distinct n.term) as terms
{NAMED}{filters.condition}""",
    )


def _terms(filters: Filters) -> Query:
    return Query(
        "Terms by number of authorities",
        f"""select n.term, count(distinct n.authority_id) as authorities
{NAMED}{filters.condition}
group by n.term
having authorities > 0
order by 2 desc, 1
limit {TERMS}""",
    )


def _passages(filters: Filters) -> Query:
    """A term's first place in a message or file stands for all of its places there."""
    return Query(
        "Passages, authority by authority",
        f"""select min(n.id) as id, count(*) as places, n.authority_id, a.name as authority, n.kind, n.term, n.supplier,
  n.quote, n.cited, n.page, n.sha256, n.anchor,
  (select f.media_type from files f where f.id = n.file_id) as media_type, m.sent_at,
  r.id as request_id, r.title, r.url || '#' || n.anchor as live
{NAMED}{filters.condition}
group by n.request_id, n.message_id, n.file_id, n.lexicon, n.term
order by a.name is null, a.name, n.term, min(n.id)
limit :limit offset :offset""",
    )


def _asked(reader: Reader, filters: Filters) -> Query:
    """Every request of the batch: whether an answer came, and whether one names a term that is looked for."""
    answered = "exists (select 1 from messages x where x.request_id = r.id and +x.kind = 'response' and x.gone_at is null)"
    if reader.has("deadlines"):
        # Where the clock was read, it knows an acknowledgement from an answer.
        answered += """
    and not exists (select 1 from deadlines d where d.request_id = r.id and d.sent_on is not null and d.responded_on is null)"""
    own = filters.condition.replace("and n.batch_id = :batch", "")
    return Query(
        "Who answered, and who named a term",
        f"""select r.id, a.name as authority, r.display_state, r.described_state, {answered} as answered,
  exists (select 1 from mentions n join messages m on m.id = n.message_id
    where n.request_id = r.id and n.message_kind = 'response' and m.gone_at is null and m.withheld is null{own}) as named
from requests r
left join authorities a on a.id = r.authority_id
where r.batch_id = :batch and +r.withheld_at is null
order by a.name, r.id""",
    )


def _row(links: Links, row: sqlite3.Row) -> Row:
    if row["sha256"] is None:
        return Row(row, _marked(row["quote"], row["cited"]), links.request(row["request_id"], row["anchor"]), "in the thread")
    where = f"in the file, {part(row['media_type'])}\xa0{row['page']}" if row["page"] else "in the file"
    return Row(row, _marked(row["quote"], row["cited"]), links.file(row["sha256"], row["page"], row["cited"]), where)


def _marked(quote: str, cited: str) -> Markup:
    """The cited words marked, with what stands around them; a stranger's words stay words."""
    before, found, after = quote.partition(cited)
    if len(before) > AROUND:
        before = "… " + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + " …"
    mark = Markup("<mark>{}</mark>").format(harmless(found)) if found else Markup("")
    return escape(harmless(before)) + mark + escape(harmless(after))


def _by_term(rows: list[sqlite3.Row], authorities: int) -> list[charts.Bar]:
    """Terms as bars; shares are of the authorities that name any, so they do not add up."""
    drawn = charts.bars((row["term"], row["authorities"], None) for row in rows)
    return [bar._replace(share=100 * bar.number / authorities) for bar in drawn]
