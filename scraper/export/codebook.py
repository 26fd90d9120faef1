"""The codebook: every exported table and column with its type and meaning, from metadata.yml, as Markdown and HTML.

`python -m scraper.export.codebook` writes docs/codebook.md; a test compares.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from ..archive.schema import statements
from ..metadata import ARCHIVE, metadata, study_tables
from ..study.tables import TABLES as STUDY_TABLES
from ..study.tables import VIEWS as STUDY_VIEWS
from .tables import INTERNAL, Column, Kind, Table, tables_of

TYPES = {
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.TEXT: "text",
    Kind.TIME: "time, UTC: YYYY-MM-DDTHH:MM:SSZ",
    Kind.DATE: "date: YYYY-MM-DD",
    Kind.BOOLEAN: "0 or 1",
    Kind.BLOB: "bytes",
}
SAMPLE = {
    "request_id": "The request drawn (requests.id).",
    "stratum_size": "Requests in its stratum, of those that the export would have held without the sample.",
    "stratum_sampled": "How many of them were drawn.",
    "probability": "Chance of each to be drawn: stratum_sampled / stratum_size.",
    "weight": "Requests that it stands for: 1 / probability. Weight every count and mean by it.",
}
_RECORD = {
    "WARC-Target-URI": "Address of the page or file on the site.",
    "WARC-Date": "When it was asked for (UTC).",
    "WARC-Payload-Digest": "SHA-256 of the body.",
    "WARC-Record-ID": "Made of the fetch's number in the archive and the body's SHA-256, so that it is always the same.",
}
RECORDS = {
    "responses": "One row per record: an answer of the site, with its status, its headers and its body as it was read.",
    "revisits": "One row per record: a later fetch of the same bytes, or another address of them; it refers to their response.",
}
QUERY = "query"
"""The table that `--sql` makes."""


class Meaning(NamedTuple):
    """What a table and its columns mean, as metadata.yml says."""

    text: str
    source: str
    columns: Mapping[str, str]


def meaning(name: str) -> Meaning:
    """Raises KeyError for a table that nobody has described."""
    if name == "sample":
        return Meaning("One row per request drawn by --sample. Other columns name its stratum.", "drawn by the export", SAMPLE)
    if name in RECORDS:
        return Meaning(RECORDS[name], "the site, through the archive's raw pages and files", _RECORD)
    if name == QUERY:
        return Meaning(f"The rows of the query in {QUERY}.sql.", "a query of whoever made this export", {})
    described: dict[str, Any] = metadata()["databases"][ARCHIVE]["tables"].get(name) or study_tables()[name]
    return Meaning(described["description"], described.get("source", "made by wdtk study"), described.get("columns", {}))


def column_meaning(table: Table, column: Column) -> str:
    return meaning(table.name).columns.get(column.name, "Names the stratum." if table.name == "sample" else "")


def records() -> tuple[Table, ...]:
    """What a web archive holds, in place of tables."""
    return tuple(Table(name, tuple(Column(header, Kind.TEXT, True) for header in _RECORD), ()) for name in RECORDS)


def all_tables() -> tuple[Table, ...]:
    """What an export of an archive that was studied may hold."""
    db = sqlite3.connect(":memory:")
    try:
        for statement in statements():
            db.execute(statement)
        for name, columns in STUDY_TABLES.items():
            db.execute(f"create table {name} ({columns})")
        for name, query in STUDY_VIEWS.items():
            db.execute(f"create view {name} as {query}")
        return tables_of(db)
    finally:
        db.close()


def markdown(tables: Iterable[Table], title: str) -> str:
    out = [f"# {title}\n", _text(metadata()["description"]) + "\n"]
    for table in tables:
        what = meaning(table.name)
        out += [f"## {table.name}\n", _text(what.text) + "\n", f"Source: {_text(what.source)}." + _key(table) + "\n"]
        out += ["| column | type | meaning |", "|---|---|---|"]
        for column in table.columns:
            out.append(f"| {column.name} | {_type(column)} | {_text(column_meaning(table, column))} |")
        out.append("")
    return "\n".join(out)


def html(tables: Iterable[Table], title: str) -> str:
    """The same as a page of its own that loads nothing."""
    parts: list[Markup] = [Markup("<p>{}</p>").format(metadata()["description"])]
    for table in tables:
        what = meaning(table.name)
        rows = Markup("\n").join(
            Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>').format(
                column.name, _type(column), column_meaning(table, column)
            )
            for column in table.columns
        )
        parts.append(
            Markup(
                '<h2 id="{name}">{name}</h2>\n<p>{text}</p>\n<p class="source">Source: {source}.{key}</p>\n<div class="wide" '
                'tabindex="0" role="region" aria-label="Columns of {name}"><table><thead><tr><th scope="col">Column</th>'
                '<th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>\n<tbody>{rows}</tbody></table></div>'
            ).format(name=table.name, text=what.text, source=what.source, key=_key(table), rows=rows)
        )
    body = Markup("\n").join(parts)
    return str(_PAGE.format(title=title, style=_STYLE, body=body))


_STYLE = Markup(
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "h1,h2,td{overflow-wrap:anywhere}table{border-collapse:collapse;width:100%;min-width:38rem}"
    "th,td{border:1px solid;border-color:GrayText;padding:.3rem .5rem;text-align:left;vertical-align:top}"
    "th[scope=row]{font-family:ui-monospace,monospace;font-weight:600}.wide{overflow-x:auto}:root{color-scheme:light dark}"
)
_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
""")


def _type(column: Column) -> str:
    refers = f", refers to {column.refers[0]}.{column.refers[1]}" if column.refers else ""
    return TYPES[column.kind] + refers


def _key(table: Table) -> str:
    if not table.key:
        return ""
    return f" Rows are told apart by {', '.join(table.key)}." if not table.is_view else f" Sorted by {', '.join(table.key)}."


def _text(text: str) -> str:
    """Text within a line of Markdown, and within a cell."""
    return str(escape(" ".join(text.split()))).replace("|", "\\|").replace("*", "\\*").replace("&#39;", "'").replace("&#34;", '"')


def of_project() -> str:
    """docs/codebook.md."""
    left_out = "\n".join(f"- `{name}`: {why}" for name, why in INTERNAL.items())
    return (
        markdown(all_tables(), "Codebook") + f"\n## What no export holds\n\n{left_out}\n\n"
        "These are the archive's own housekeeping. Nothing that the site said is in them alone.\n"
    )


if __name__ == "__main__":
    from pathlib import Path

    (Path(__file__).parents[2] / "docs" / "codebook.md").write_text(of_project(), encoding="utf-8")
