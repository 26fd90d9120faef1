"""PDF: the words of its text layer, page by page; where there is none and it is wanted, recognised from the page's image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..registry import Options
from ..result import Encrypted, Text, Unreadable, has_words, page

METHOD = f"pypdfium2 {pdfium.version.PYPDFIUM_INFO.version}"
DRAWN = 20
"""So many curves on a page without a word: its letters were drawn, not written."""
DPI = 250
POINTS = 72
_FORM_DEPTH = 3


def read(data: bytes, options: Options) -> Text:
    """Raises Encrypted, and Unreadable where it is damaged beyond what its reader mends."""
    with _opened(data) as document:
        count = len(document)
        if options.languages is not None:
            return _recognised(document, count, options)
        pages: list[str] = []
        images = size = 0
        for number in range(min(count, options.limits.pages)):
            text, image = _read_page(document, number)
            pages.append(text)
            images += image
            size += len(text)
            if size > options.limits.text:
                break
    found = Text(pages, METHOD, count)
    if any(map(has_words, pages)):
        if images:
            found.note = f"{images:,} of {count:,} pages are images without text"
    elif images:
        found.status = "no_text_layer"
    if len(pages) < count:
        found.note = f"cut: only the first {len(pages):,} of {count:,} pages were read"
    return found


@contextmanager
def _opened(data: bytes) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
            raise Encrypted("needs a password") from None
        raise Unreadable(f"PDF: {error}") from None
    try:
        yield document
    finally:
        document.close()


def _read_page(document: pdfium.PdfDocument, number: int) -> tuple[str, bool]:
    """A page's text, and whether it has none because all that is on it is drawn."""
    try:
        sheet = document[number]
    except pdfium.PdfiumError:
        return "", False  # one page that is damaged; the others may be read
    try:
        words = sheet.get_textpage()
        try:
            # What lies beyond the edge of the page too: half words would be left at it otherwise.
            # pdfium marks a hyphen at a line's end, where a word goes on in the next line, with U+FFFE.
            text = page(words.get_text_range()).replace("\ufffe\n", "").replace("\ufffe", "")
        finally:
            words.close()
        return text, not has_words(text) and _is_drawn(sheet)
    finally:
        sheet.close()


def _is_drawn(sheet: pdfium.PdfPage) -> bool:
    curves = 0
    for thing in sheet.get_objects(max_depth=_FORM_DEPTH):
        if thing.type in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_SHADING):
            return True
        curves += thing.type == pdfium_c.FPDF_PAGEOBJ_PATH
        if curves >= DRAWN:
            return True
    return False


def _recognised(document: pdfium.PdfDocument, count: int, options: Options) -> Text:
    from ..recognising import method, recognise

    assert options.languages is not None
    pages = []
    for number in range(min(count, options.limits.ocr_pages)):
        sheet = document[number]
        width, height = sheet.get_size()
        area = max(width, 1.0) * max(height, 1.0) / POINTS**2
        dpi = min(DPI, (options.limits.ocr_pixels / area) ** 0.5)
        image = sheet.render(scale=dpi / POINTS, grayscale=True).to_pil()
        sheet.close()
        pages.append(recognise(image, options.languages, dpi))
    note = f"cut: only the first {len(pages):,} of {count:,} pages were recognised" if len(pages) < count else None
    return Text(pages, method(options.languages), count, status="ocr" if any(map(has_words, pages)) else "empty", note=note)
