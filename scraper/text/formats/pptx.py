"""PPTX: slides in their order, hidden ones too, each with its speaker's notes, diagrams and comments."""

from __future__ import annotations

import re
import zipfile

from lxml import etree

from ..packed import REFERENCE, Elements, Words, opened, parse, part, related
from ..registry import Options
from ..result import Text, page

METHOD = f"lxml {etree.__version__}"
_SLIDE = re.compile(r"ppt/slides/slide(\d{1,9})\.xml")
_BESIDE = ("/notesSlides/", "/diagrams/data", "/comments/")
"""Where the words are of a slide's notes, diagrams (SmartArt) and comments."""
_PRESENTATION = "ppt/presentation.xml"


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable, Encrypted."""
    pages = []
    with opened(data) as archive:
        for name in _order(archive)[: options.limits.pages]:
            beside = [goal for goal in related(archive, name).values() if any(folder in goal for folder in _BESIDE)]
            parts = [part(archive, one) for one in (name, *beside)]
            pages.append(page("\n".join(str(parse(xml, Words())) for xml in parts if xml)))
    return Text(pages, METHOD, len(pages))


def _order(archive: zipfile.ZipFile) -> list[str]:
    """The slides as they are shown, then those that nothing shows, by number."""
    numbered = sorted((int(match[1]), match[0]) for match in map(_SLIDE.fullmatch, archive.namelist()) if match)
    names = dict.fromkeys(name for _, name in numbered)
    goals = related(archive, _PRESENTATION)
    listed = parse(part(archive, _PRESENTATION) or b"<none/>", Elements()).found
    shown = dict.fromkeys(goals.get(attributes.get(REFERENCE, ""), "") for name, attributes in listed if name == "sldId")
    return list(dict.fromkeys([*(name for name in shown if name in names), *names]))
