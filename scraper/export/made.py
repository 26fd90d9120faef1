"""What an export came to: the record that its papers are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .facts import Facts
from .tables import Table


@dataclass(frozen=True, slots=True)
class Made:
    """What an export holds, for those who describe it. `rows` is table -> rows."""

    form: str
    edition: str
    facts: Facts
    tables: tuple[Table, ...]
    rows: Mapping[str, int]
    options: tuple[str, ...]
    """The command's own words after `wdtk export FORMAT`, without the destination and what does not change the data."""
    notes: tuple[str, ...]
    """Paragraphs of the format's own for the README: how its files are read."""
    left_out: Mapping[str, int]
    """What was left out -> how many."""
    masked: Mapping[str, int]
    """What was masked -> how often."""
    requests: int
    narrowed: bool


def title(made: Made) -> str:
    host = urlsplit(made.facts.site).netloc
    name = "Public Freedom of Information correspondence" if made.edition == "public" else "Freedom of Information correspondence"
    return f"{name} from {host}"


def date(made: Made) -> str | None:
    """The day of the data (UTC): of the archive's newest visit to the site."""
    return made.facts.last_at[:10] if made.facts.last_at else None
