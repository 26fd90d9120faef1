"""An attachment's bytes: whether they are the file, and of which sort (site-contract.md section 7)."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..records import Capture, FileOnDisk, Moved, Reading, StoredFile, UnreadablePage
from ..urls import Site

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"BM", "image/bmp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"{\\rtf", "text/rtf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
    (0, b"BEGIN:VCARD", "text/vcard"),
)
"""Where in a file, which bytes, and what they say. A table of our own: the libraries that know more differ between
the versions of Python we support, and guess at text, where nothing can be known from the first bytes."""
_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_HTML_EXTENSIONS = frozenset({"html", "htm", "xhtml", "shtml", "mht", "mhtml"})


def media_type_of(head: bytes) -> str | None:
    """The media type that a file's first bytes tell, None where they do not tell."""
    found = next((kind for at, mark, kind in _SIGNATURES if head.startswith(mark, at)), None)
    if found == "application/zip":
        return _zip_type(head)
    if found is not None:
        return found
    return "text/html" if looks_like_html(head) else None


def looks_like_html(head: bytes) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    while start.startswith(b"<!--") and b"-->" in start:
        start = start.partition(b"-->")[2].lstrip()
    return start.startswith(_HTML_STARTS)


def _zip_type(head: bytes) -> str:
    """ZIP, or what an office suite packed in one: its members' names stand in the first bytes."""
    if head[30:38] == b"mimetype":
        kind = head[38 : 38 + int.from_bytes(head[18:22], "little")]
        if kind.startswith(b"application/") and kind.isascii() and len(kind) < 100:
            return kind.decode()
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head or b"docProps/" in head:
        places = [(head.find(mark), kind) for mark, kind in _OFFICE if mark in head]
        if places:
            return min(places)[1]
    return "application/zip"


def read_attachment(capture: Capture, site: Site) -> Reading:
    """The file, or `Moved` where a page of the site stands in its place.

    While the site still masks a file it leads to a page that says so (HTML, 200). A file always comes with
    ``Content-Disposition: attachment`` and the type of its name's extension; an HTML page under any other name, or
    without that header, is not the file. Raises UnreadablePage for an empty answer that has the mark of a full one,
    ValueError for a capture without a file, which the crawl never makes.
    """
    file = capture.file
    if file is None:
        raise ValueError(f"a capture of {capture.ref} with status 200 has no file")
    if file.size == 0 and not _truly_empty(capture):
        raise UnreadablePage(capture.ref.kind, "body", "empty")
    if _is_page(capture, file):
        return Reading("redirected", Moved(capture.url, None), reason="a page of the site in the file's place")
    media_type = media_type_of(file.head)
    return Reading("content", StoredFile(file, media_type, capture.header("content-type")))


def _truly_empty(capture: Capture) -> bool:
    """Empty files exist. The site gives any body but an empty one an ETag, so one emptied on the way still has it."""
    return capture.header("etag") is None and is_download(capture)


def is_download(capture: Capture) -> bool:
    """Whether the site sent the answer as a file to be saved, as it does every attachment and no page."""
    return (capture.header("content-disposition") or "").lower().startswith("attachment")


def _is_page(capture: Capture, file: FileOnDisk) -> bool:
    if urlsplit(capture.url).path.startswith("/attachments/"):
        return True
    name = capture.ref.key.rpartition("/")[2]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    served_as_html = "html" in (capture.header("content-type") or "").lower()
    html = looks_like_html(file.head) or (served_as_html and media_type_of(file.head) is None and file.size > 0)
    if not html:
        return False
    if extension in _HTML_EXTENSIONS:
        return not is_download(capture)
    # Offices do send tables as HTML under the name of a spreadsheet; the site then labels and serves them as such.
    return served_as_html or not is_download(capture)
