"""Addresses of our pages, and of the SQL behind them. Every link on a page is made here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from datasette.app import Datasette

Value = str | int | float | None

FOLLOWED = frozenset({"http", "https", "mailto"})
"""What a stranger's link may lead to. Everything else is shown as text."""


class Links:
    """The addresses of one archive's pages, under whatever `base_url` Datasette has."""

    def __init__(self, datasette: Datasette, database: str) -> None:
        self.site_home = str(datasette.urls.instance())
        self.database = str(datasette.urls.database(database))
        self._pages = f"{self.database}/-/"

    def home(self) -> str:
        return self._pages

    def request(self, request_id: int, anchor: str | None = None) -> str:
        """A request's thread; `anchor` is a message's own, such as ``incoming-12``."""
        return f"{self._pages}request/{request_id}{f'#{anchor}' if anchor else ''}"

    def numbered(self, page: str, number: int) -> str:
        """The page of a request, authority, batch or user."""
        return f"{self._pages}{page}/{number}"

    def authority(self, authority_id: int) -> str:
        return f"{self._pages}authority/{authority_id}"

    def batch(self, batch_id: int) -> str:
        return f"{self._pages}batch/{batch_id}"

    def user(self, user_id: int) -> str:
        return f"{self._pages}user/{user_id}"

    def file(self, sha256: str, page: int | None = None, q: str | None = None) -> str:
        """A file's page; `page` (from 1) is the one to land on, `q` the words to mark: then it lands on the first of them."""
        given = {key: value for key, value in (("q", q), ("page", page)) if value}
        query = f"?{urlencode(given)}" if given else ""
        fragment = "#passage" if q else f"#page-{page}" if page else ""
        return f"{self._pages}file/{sha256}{query}{fragment}"

    def bytes(self, sha256: str, download: bool = False) -> str:
        """A file's own bytes; with `download` always to be saved and never shown."""
        return f"{self._pages}bytes/{sha256}{'?download=1' if download else ''}"

    def page(self, name: str, **query: Value) -> str:
        """One of the pages that an archive has once: search, systems, changes, health, about. Values of None are left out."""
        given = {key: value for key, value in query.items() if value is not None}
        return f"{self._pages}{name}{f'?{urlencode(given)}' if given else ''}"

    def table(self, name: str, **filters: Value) -> str:
        """Datasette's page of a table or view, filtered by columns."""
        return f"{self.database}/{name}{f'?{urlencode(filters)}' if filters else ''}"

    def sql(self, sql: str, values: Mapping[str, Value] | None = None) -> str:
        """Datasette's page of a query, with its bound values filled in."""
        given = {key: "" if value is None else value for key, value in (values or {}).items()}
        return f"{self.database}?{_encoded(sql)}{f'&{urlencode(given)}' if given else ''}"


@lru_cache(maxsize=512)
def _encoded(sql: str) -> str:
    return urlencode({"sql": sql})


def is_sha256(value: object) -> bool:
    """Whether it is a SHA-256 in hexadecimal as the archive writes it."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def followable(url: str | None) -> str | None:
    """An address that may stand in a link, or None: strangers wrote it, and `javascript:` is an address too."""
    if not url or any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in FOLLOWED or not (parts.netloc or parts.scheme.lower() == "mailto"):
        return None
    return url
