"""Who we are and how we behave: site, contact, permission, pace, budgets, and the clock that decisions are made by."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from . import __version__
from .urls import Site

PRODUCT = "wdtk-archive"
"""The name robots.txt groups are matched against (RFC 9309, section 2.2.1)."""
PUBLIC_DELAY_S = 5.0
"""Seconds from one request to the next on a public host; a higher pace cannot be asked for (design.md section 5)."""
MAX_FILE_SIZE = 100 * 1024 * 1024
TIMEOUT_S = 60.0

_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_URL = re.compile(r"https?://[\w-]+(?:\.[\w-]+)+\S*", re.ASCII)
_HEADER_SAFE = re.compile(r"[\x20-\x7e]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


class BadConfig(ValueError):
    """A setting that makes no sense. The message says which, and what would."""


class NotPermitted(Exception):
    """A public site without a contact or a permission note. The message says what is missing and how to give it."""


class HostBusy(Exception):
    """Another process holds this host: two together would be faster than the pace."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time by which decisions are made and rows are dated; not the time by which we wait.

    With `start` it begins there and runs on, which rehearsals and tests use; without it is the real time.
    """

    start: datetime | None = None
    _began: float = field(default_factory=time.monotonic, compare=False, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Clock:
        """The clock that WDTK_NOW asks for: ISO time, UTC where it names no zone.

        Raises BadConfig where it is no such time.
        """
        text = (os.environ if environ is None else environ).get("WDTK_NOW", "").strip()
        if not text:
            return cls()
        try:
            start = datetime.fromisoformat(text)
            start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise BadConfig(f"WDTK_NOW is no ISO time: {text!r} (such as 2026-11-22T03:00:00Z)") from error
        return cls(start)

    def now(self) -> datetime:
        """The present time, aware, in UTC."""
        if self.start is None:
            return datetime.now(UTC)
        return self.start + timedelta(seconds=time.monotonic() - self._began)

    def now_text(self) -> str:
        return utc_text(self.now())


def utc_text(when: datetime) -> str:
    """A time as the archive writes it: ``YYYY-MM-DDTHH:MM:SSZ``, fractions cut.

    Raises ValueError for a time without a zone.
    """
    if when.tzinfo is None:
        raise ValueError(f"a time without a zone: {when!r}")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine: 127.0.0.0/8, ::1 or localhost itself.

    A name that merely resolves to such an address is not; nothing is looked up. No port.
    """
    host = host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Config:
    """One run's behaviour. Raises BadConfig for values that make no sense."""

    site: Site
    contact: str | None = None
    """A mail address or URL by which the site's people reach us."""
    permission: str | None = None
    """A note of who allowed this and when, such as ``mySociety, mail of 2026-10-01``."""
    delay_s: float | None = None
    """Seconds between requests, as asked for; `floor_s` is what holds."""
    budget: int | None = None
    """HTTP requests this run may make, robots.txt included; None for no limit."""
    max_file_size: int = MAX_FILE_SIZE
    """Bytes above which an attachment is not kept."""
    timeout_s: float = TIMEOUT_S
    """Seconds for a whole page, for an attachment's headers, and for any pause within an attachment. The site may
    take 10 to 20 s under re-indexing (site-contract.md section 9)."""
    file_timeout_s: float = 1800.0
    """Seconds for a whole attachment."""
    language: str = "en"
    """The site's main language: what we ask for, so that pages do not change language with the machine."""
    archive: Path = Path("archive.db")
    files: str | None = None
    """Folder or fsspec URL of the file store; None for the folder beside the archive."""
    clock: Clock = field(default_factory=Clock.from_environment, compare=False)

    def __post_init__(self) -> None:
        for name in ("delay_s", "timeout_s", "file_timeout_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise BadConfig(f"{name} must be a number of seconds, 0 or more, not {value!r}")
        if self.timeout_s == 0 or self.file_timeout_s == 0:
            raise BadConfig("a timeout of 0 seconds fetches nothing")
        if self.budget is not None and self.budget < 0:
            raise BadConfig(f"budget must be 0 or more requests, not {self.budget}")
        if self.max_file_size <= 0:
            raise BadConfig(f"max_file_size must be more than 0 bytes, not {self.max_file_size}")
        if not _LANGUAGE.fullmatch(self.language):
            raise BadConfig(f"language must be a code such as en or cy, not {self.language!r}")
        if self.contact is not None and (not _HEADER_SAFE.fullmatch(self.contact) or set(self.contact) & set("()")):
            raise BadConfig("contact goes into a header: plain ASCII without parentheses, please")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """What the WDTK_* variables say, for `scrapy crawl`; the command line reads the same names.

        Raises BadConfig where WDTK_SITE is missing or a value makes no sense.
        """
        environ = os.environ if environ is None else environ

        def number(name: str) -> float | None:
            text = environ.get(name, "").strip()
            try:
                return float(text) if text else None
            except ValueError as error:
                raise BadConfig(f"{name} must be a number, not {text!r}") from error

        def whole(name: str) -> int | None:
            text = environ.get(name, "").strip()
            try:
                return int(text) if text else None
            except ValueError as error:
                raise BadConfig(f"{name} must be a whole number, not {text!r}") from error

        if not environ.get("WDTK_SITE", "").strip():
            raise BadConfig("which site? Set WDTK_SITE, such as https://www.whatdotheyknow.com")
        try:
            site = Site.of(environ["WDTK_SITE"])
        except ValueError as error:
            raise BadConfig(f"WDTK_SITE: {error}") from error
        return cls(
            site=site,
            contact=environ.get("WDTK_CONTACT") or None,
            permission=environ.get("WDTK_PERMISSION") or None,
            delay_s=number("WDTK_DELAY"),
            budget=whole("WDTK_BUDGET"),
            max_file_size=size_of(environ.get("WDTK_MAX_FILE_SIZE") or str(MAX_FILE_SIZE)),
            timeout_s=number("WDTK_TIMEOUT") or TIMEOUT_S,
            language=environ.get("WDTK_LANGUAGE") or "en",
            archive=Path(environ.get("WDTK_ARCHIVE") or "archive.db"),
            files=environ.get("WDTK_FILES") or None,
            clock=Clock.from_environment(environ),
        )

    @property
    def loopback(self) -> bool:
        return is_loopback(urlsplit(self.site.base).hostname or "")

    @property
    def floor_s(self) -> float:
        """The least time from one request to the next: on a public host never below `PUBLIC_DELAY_S`."""
        asked = self.delay_s or 0.0
        return asked if self.loopback else max(PUBLIC_DELAY_S, asked)

    @property
    def mail(self) -> str | None:
        """The mail address in the contact, for the From header."""
        found = _MAIL.search(self.contact or "")
        return found[0] if found else None

    @property
    def user_agent(self) -> str:
        name = f"{PRODUCT}/{__version__}"
        return f"{name} (+{self.contact.strip()})" if self.contact and self.contact.strip() else name


def size_of(text: str) -> int:
    """Bytes of '500', '64K', '100M' or '1G'. Raises BadConfig for anything else."""
    found = re.fullmatch(r"([0-9]{1,15})([KMG]?)", text.strip().upper(), re.ASCII)
    if found is None or int(found[1]) == 0:
        raise BadConfig(f"{text!r} is no size of a file; write 500K, 100M or 1G")
    return int(found[1]) * {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}[found[2]]


def check_may_touch(config: Config) -> None:
    """Refuse a public site that nobody could complain about, or that nobody agreed to.

    Called before any connection and any look-up of a name. Loopback needs neither.
    Raises NotPermitted with what is missing and how to give it.
    """
    if config.loopback:
        return
    missing = []
    if not (_MAIL.search(config.contact or "") or _URL.search(config.contact or "")):
        missing.append("a contact the site can reach you by, a mail address or URL (--contact or WDTK_CONTACT)")
    if not (config.permission or "").strip():
        missing.append(
            "a note of who allowed this and when, such as 'mySociety, mail of 2026-10-01' (--permission or WDTK_PERMISSION)"
        )
    if missing:
        raise NotPermitted(f"{config.site.host} is a public site, and it was not asked. Missing: " + "; and ".join(missing))
