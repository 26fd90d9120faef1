"""PPTX: slides in their order, each with its speaker's notes."""

from __future__ import annotations

import posixpath
import re
import zipfile

from lxml import etree

from ..packed import Elements, Words, opened, parse, part
from ..registry import Options
from ..result import Text, page

METHOD = f"lxml {etree.__version__}"
_SLIDE = re.compile(r"ppt/slides/slide(\d{1,9})\.xml")
_REFERENCE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PRESENTATION = "ppt/presentation.xml"


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    pages = []
    with opened(data) as archive:
        for name in _order(archive)[: options.limits.pages]:
            notes = [goal for goal in _related(archive, name).values() if "/notesSlides/" in goal]
            parts = [part(archive, one) for one in (name, *notes)]
            pages.append(page("\n".join(str(parse(xml, Words())) for xml in parts if xml)))
    return Text(pages, METHOD, len(pages))


def _order(archive: zipfile.ZipFile) -> list[str]:
    """The slides as they are shown, then those that nothing shows, by number."""
    numbered = sorted((int(match[1]), match[0]) for match in map(_SLIDE.fullmatch, archive.namelist()) if match)
    names = dict.fromkeys(name for _, name in numbered)
    goals = _related(archive, _PRESENTATION)
    listed = parse(part(archive, _PRESENTATION) or b"<none/>", Elements()).found
    shown = dict.fromkeys(goals.get(attributes.get(_REFERENCE, ""), "") for name, attributes in listed if name == "sldId")
    return list(dict.fromkeys([*(name for name in shown if name in names), *names]))


def _related(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """What a part refers to within its file: reference -> name of the part."""
    folder, _, file = name.rpartition("/")
    xml = part(archive, f"{folder}/_rels/{file}.rels")
    found = {}
    for element, attributes in parse(xml or b"<none/>", Elements()).found:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            goal = attributes.get("Target", "")
            goal = goal.lstrip("/") if goal.startswith("/") else posixpath.normpath(f"{folder}/{goal}")
            found[attributes.get("Id", "")] = goal
    return found
