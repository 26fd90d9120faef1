"""Archives with files in them, for the tests of the job."""

from __future__ import annotations

from pathlib import Path

from scraper.archive.store import Archive
from scraper.records import Attachment, Thread
from scraper.text.extract import Extracted, extract
from scraper.text.pool import local
from tests.archive.making import Making, attachment, event, message, request, thread

from . import making

NOW = "2026-02-01T00:00:00Z"


def add(made: Making, number: int, *contents: bytes) -> None:
    """A request with one response that has these files."""
    show_again(made, number, len(contents))
    for part, content in enumerate(contents, 2):
        made.file(f"request_{number}", number * 10, part, f"file{part}.bin", content)


def show_again(made: Making, number: int, files: int = 1) -> None:
    """The two pages of such a request."""
    slug, base = f"request_{number}", number * 10
    made.json(request(number, slug, f"Request {number}", [event(base, "sent", base), event(base + 1, "response", base)]))
    made.html(_shown(number, [attachment(slug, base, part, f"file{part}.bin") for part in range(2, 2 + files)]))


def without_files(number: int) -> Thread:
    """The page of such a request once the site has taken its files out."""
    return _shown(number, [])


def _shown(number: int, files: list[Attachment]) -> Thread:
    answered = message(f"incoming-{number * 10}", "answered", "Officer", files, 2)
    return thread(f"request_{number}", message(f"outgoing-{number * 10}", "asked"), answered)


def read_all(archive: Archive, again: tuple[str, ...] = (), languages: str | None = None) -> Extracted:
    with local(2) as pool:
        return extract(archive, pool, lambda: NOW, languages, again)


def mixed(number: int) -> bytes:
    """A ZIP with a PDF, a text, and a ZIP with a text."""
    inner = making.zipped({"deep.txt": f"deep words {number}"})
    return making.zipped({"a.pdf": making.pdf(f"page words {number}"), "b.txt": f"plain words {number}", "c.zip": inner})


def several(path: Path, requests: int = 8) -> None:
    made = Making.at(path)
    for number in range(1, requests + 1):
        add(made, number, making.pdf(f"letter {number}"), mixed(number), making.docx(making.paragraph(f"report {number}")))
    made.archive.close()
