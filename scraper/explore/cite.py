"""How to cite a request, as text and as BibTeX."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "^": r"\textasciicircum{}",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "%": r"\%",
}


class Citation(NamedTuple):
    text: str
    bibtex: str
    permalink: str


def request(row: sqlite3.Row, permalink: str) -> Citation:
    """A citation of a request. `row` has the columns of `requests`, and `authority`, its name."""
    author = row["user_name"] or "Requester not named"
    title = row["title"] or "Untitled request"
    site = urlsplit(row["url"]).netloc
    made = row["created_at"]
    year = made[:4] if made else "n.d."
    to = f"Freedom of information request to {row['authority']}" if row["authority"] else "Freedom of information request"
    stop = "" if title.endswith((".", "?", "!")) else "."
    text = (
        f"{author} ({_long(made) or 'n.d.'}). {title}{stop} {to}, no. {row['id']}, {site}. {row['url']} "
        f"(archived {_long(row['last_seen_at'])}: {permalink})"
    )
    fields = {
        "author": "{" + _tex(author) + "}",
        "title": "{" + _tex(title) + "}",
        "year": year,
        "howpublished": f"{_tex(to)}, no. {row['id']}, {_tex(site)}",
        "url": re.sub(r"[{}\\\s]", "", row["url"]),
        "urldate": row["last_seen_at"][:10],
        "note": "Archived copy: \\url{" + re.sub(r"[{}\\\s]", "", permalink) + "}",
    }
    return Citation(text, _entry(f"foi-request-{row['id']}", fields), permalink)


def archive(title: str, row: sqlite3.Row, permalink: str) -> Citation:
    """A citation of the whole archive. `row` has `site`, `last_run_at`, `requests` and `software`."""
    site = urlsplit(row["site"] or "").netloc
    last = row["last_run_at"]
    text = (
        f"{title} ({_long(last) or 'n.d.'}). Archive of {row['requests']:,} freedom of information requests from {site}, "
        f"made with {row['software'] or 'wdtk-archive'}. {permalink}"
    )
    fields = {
        "title": "{" + _tex(title) + "}",
        "year": last[:4] if last else "n.d.",
        "howpublished": f"Archive of {row['requests']} freedom of information requests from {_tex(site)}",
        "note": f"Made with {_tex(row['software'] or 'wdtk-archive')}; state of {_long(last) or 'n.d.'}",
        "url": re.sub(r"[{}\\\s]", "", permalink),
    }
    return Citation(text, _entry("foi-archive", fields), permalink)


def _entry(key: str, fields: dict[str, str]) -> str:
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}\n}}"


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))


def _long(moment: str | None) -> str:
    if not moment:
        return ""
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {day:%B} {day.year}"
