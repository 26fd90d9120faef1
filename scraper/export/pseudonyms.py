"""Names that stand for people: the same for the same person, and for nobody to turn back without the key.

A pseudonym is an HMAC-SHA256 of who the person is, by a key that stays with whoever makes the exports. Without the key
it cannot even be tried out whether a name belongs to a pseudonym, which a plain hash would allow.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ..archive.store import ArchiveError
from .folding import fold

KEY_BYTES = 32
DIGITS = 12
"""Hexadecimal digits of a pseudonym: 48 bits. Among 100,000 people the chance that any two share one is 1 in 56,000
(n * n / 2 / 2**48), among a million 1 in 560; eight digits would make it likelier than not at 77,000."""
PSEUDONYM = rf"(?:requester|official)-[0-9a-f]{{{DIGITS}}}"
"""A pattern for what this module writes."""
_WORDS = re.compile(r"[^\W_]+")


class KeyRefused(ArchiveError):
    """The key cannot be used. The message says why, and what to do."""


def load_or_make_key(path: Path, never_in: Path | None = None) -> bytes:
    """The key in the file, which is made, readable by its owner alone, where there is none.

    The file holds 32 random bytes as 64 hexadecimal digits, so that a copy can be kept on paper. `never_in` is where the
    export goes. Raises KeyRefused for a file in there, one that others may read, and one that holds no such key; a file
    that is wrong is never replaced, since pseudonyms of earlier exports hang on it. OSError where the disk fails.
    """
    if never_in is not None and path.resolve().is_relative_to(never_in.resolve()):
        raise KeyRefused(f"the key {path} would lie inside the export, and whoever has both has the names; keep it elsewhere")
    try:
        return _load(path)
    except FileNotFoundError:
        _make(path)
    return _load(path)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & 0o077:
            raise KeyRefused(
                f"others on this machine may read the key {path} (mode {mode:03o}); run chmod 600 {path}, and if somebody may "
                "have read it, delete it and export anew under another key"
            )
        said = file.read(4096)
    try:
        key = bytes.fromhex(said.decode("ascii").strip())
    except ValueError as error:
        raise KeyRefused(f"{path} holds no key; put the right file back, or give another path to begin a new key") from error
    if len(key) < KEY_BYTES:
        raise KeyRefused(
            f"the key {path} is too short ({len(key)} bytes, not {KEY_BYTES}); put the right file back, or give another path"
        )
    return key


def _make(path: Path) -> None:
    """Writes a new key whole or not at all; of two processes that do it at once, one's stays."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster; its key is read
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def normal_name(name: str) -> str:
    """A name as it is compared: folded, small letters, words parted by one blank."""
    return " ".join(_WORDS.findall(fold(name).replace("'", "")))


class Pseudonyms:
    """Gives pseudonyms by one key. An instance remembers what it gave; it writes the key nowhere."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise KeyRefused(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._short = lru_cache(maxsize=100_000)(self._hmac)

    def requester(self, user_id: int | None, name: str | None) -> str:
        """An account's by its number, whatever it calls itself; somebody's without an account by the name."""
        said = ("name", normal_name(name or "")) if user_id is None else ("user", str(user_id))
        return "requester-" + self._short(*said)

    def official(self, authority_id: int | None, name: str) -> str:
        """By authority and name: two people of one name in two councils are two people, in one council they are one."""
        return "official-" + self._short("official", str(authority_id or 0), normal_name(name))

    def fingerprint(self) -> str:
        """Tells, without giving anything away, whether two exports were made with one key."""
        return self._short("fingerprint")

    def _hmac(self, *parts: str) -> str:
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:DIGITS]
