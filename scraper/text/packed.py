"""ZIP containers and the XML in them, opened as if their maker meant harm: sizes are counted, not believed."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from lxml import etree

from .limits import MIB
from .result import Encrypted, Unreadable

PART_BYTES = 256 * MIB
"""No part of an office suite's file is read further than this."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, KeyError)
"""What opening or reading a member raises where the container is damaged or strange."""
_CHUNK = 1 << 16
_ENCRYPTED_FLAG = 1


@contextmanager
def opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Raises Unreadable where it is none."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGED as error:
        raise Unreadable(f"ZIP: {error}") from None
    with archive:
        yield archive


def content(archive: zipfile.ZipFile, member: zipfile.ZipInfo | str, limit: int) -> bytes | None:
    """A member's bytes, None where they are more than `limit`. Raises Encrypted, and what is in DAMAGED."""
    info = archive.getinfo(member) if isinstance(member, str) else member
    if is_encrypted(info):
        raise Encrypted("needs a password")
    if info.file_size > limit:
        return None
    got = bytearray()
    with archive.open(info) as file:
        while chunk := file.read(min(_CHUNK, limit + 1 - len(got))):
            got += chunk
            if len(got) > limit:
                return None
    return bytes(got)


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _ENCRYPTED_FLAG)


def part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """A part of an office suite's file; None where it has none of that name. Raises Unreadable, Encrypted."""
    if name not in archive.NameToInfo:
        return None
    try:
        got = content(archive, name, PART_BYTES)
    except DAMAGED as error:
        raise Unreadable(f"{name}: {error}") from None
    if got is None:
        raise Unreadable(f"{name} is larger than {PART_BYTES // MIB} MiB")
    return got


class Words:
    """Gathers the words of a part while it is parsed; no tree is built. Subclasses say where words and gaps are."""

    AFTER: ClassVar[dict[str, str]] = {"p": "\n", "br": "\n", "tab": "\t", "tc": "\t", "tr": "\n"}
    """What stands after an element, by its name without namespace."""
    TEXT: ClassVar[str] = "t"
    """The element that holds words."""
    LEFT_OUT: ClassVar[frozenset[str]] = frozenset()
    """Elements of whose words none are shown."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._within = self._silent = 0
        self._alternatives: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if self._silent or name in self.LEFT_OUT or (name == "Fallback" and self._said_already()):
            self._silent += 1
            return
        if name == "AlternateContent":
            self._alternatives.append(len(self.words))
        self._within += name == self.TEXT

    def _said_already(self) -> bool:
        """Whether a text box, say, was read in its newer form: files hold the same once more for older programs."""
        return bool(self._alternatives) and any(map(str.strip, self.words[self._alternatives[-1] :]))

    def end(self, tag: str) -> None:
        if self._silent:
            self._silent -= 1
            return
        name = local(tag)
        if name == "AlternateContent":
            self._alternatives.pop()
        self._within -= name == self.TEXT
        gap = self.AFTER.get(name)
        if gap is None:
            return
        if name in ("tc", "tr") and self.words and self.words[-1] in ("\n", "\t"):
            self.words.pop()  # of the last paragraph in a cell, the last cell in a row
        self.words.append(gap)

    def data(self, text: str) -> None:
        if self._within and not self._silent:
            self.words.append(text)

    def close(self) -> None:
        """lxml calls it at the end of the part."""

    def __str__(self) -> str:
        return "".join(self.words).strip()


class Elements:
    """The elements of a part in their order, as (name without namespace, attributes)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.found.append((local(tag), dict(attributes)))

    def close(self) -> None:
        """lxml calls it at the end of the part."""


REFERENCE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
"""The attribute by which an element of an OOXML part refers to another part."""

T = TypeVar("T", bound=Words | Elements)


def parse(xml: bytes, target: T) -> T:
    """Leads a target through a part. Raises Unreadable where that is no XML.

    Entities are not expanded, nothing is fetched, and the parser's own limits of depth and size hold.
    """
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"XML: {error}") from None
    return target


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def related(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """What a part of an OOXML file refers to within it: reference -> name of the part. Raises Unreadable, Encrypted."""
    folder, _, file = name.rpartition("/")
    xml = part(archive, f"{folder}/_rels/{file}.rels")
    found = {}
    for element, attributes in parse(xml or b"<none/>", Elements()).found:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            goal = attributes.get("Target", "")
            goal = goal.lstrip("/") if goal.startswith("/") else posixpath.normpath(f"{folder}/{goal}")
            found[attributes.get("Id", "")] = goal
    return found
