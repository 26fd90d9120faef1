"""PDF: the words of its text layer, page by page; of a page that has none, where wanted, those recognised in its image."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..registry import Options
from ..result import SCANS, Encrypted, Text, Unreadable, has_words, page

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
        pages: list[str] = []
        images: list[int] = []
        size = damaged = 0
        for number in range(min(count, options.limits.pages)):
            text = _read_page(document, number)
            pages.append(text or "")
            if text is None:
                damaged += 1
            elif not has_words(text) and _is_drawn(document, number):
                images.append(number)
            size += len(pages[-1])
            if size > options.limits.text:
                break
        if damaged == len(pages):
            raise Unreadable("PDF: none of its pages can be read")
        layered = any(map(has_words, pages))
        found = Text(pages, METHOD, count)
        notes = [f"cut: only the first {len(pages):,} of {count:,} pages were read"] if len(pages) < count else []
        notes += [f"{damaged:,} of {count:,} pages are damaged and could not be read"] if damaged else []
        if images and options.languages is not None:
            notes += _recognise(document, found, images, layered, options)
        elif images and layered:
            notes.append(f"{len(images):,} of {count:,} {SCANS}")
        elif images:
            found.status = "no_text_layer"
    found.note = "; ".join(notes) or None
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


def _read_page(document: pdfium.PdfDocument, number: int) -> str | None:
    """A page's text; None where that page is damaged: the others may be read.

    By pdfium's own functions: what pypdfium2 wraps around them costs time for each page, and looks for a page's first
    character by recursion, which ends at the thousandth that is none.
    """
    sheet = pdfium_c.FPDF_LoadPage(document, number)
    words = pdfium_c.FPDFText_LoadPage(sheet) if sheet else None
    try:
        if not words:
            return None
        count = max(pdfium_c.FPDFText_CountChars(words), 0)
        # What lies beyond the edge of the page too: half words would be left at it otherwise.
        units = (ctypes.c_ushort * (count + 1))()
        written = pdfium_c.FPDFText_GetText(words, 0, count, units)
        text = bytes(memoryview(units)[: max(written - 1, 0)]).decode("utf-16-le", "ignore")
    finally:
        if words:
            pdfium_c.FPDFText_ClosePage(words)
        if sheet:
            pdfium_c.FPDF_ClosePage(sheet)
    # pdfium marks a hyphen at a line's end, where a word goes on in the next line, with U+FFFE.
    return page(text).replace("\ufffe\n", "").replace("\ufffe", "")


def _is_drawn(document: pdfium.PdfDocument, number: int) -> bool:
    curves = 0
    sheet = document[number]
    try:
        for thing in sheet.get_objects(max_depth=_FORM_DEPTH):
            if thing.type in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_SHADING):
                return True
            curves += thing.type == pdfium_c.FPDF_PAGEOBJ_PATH
            if curves >= DRAWN:
                return True
    finally:
        sheet.close()
    return False


def _recognise(document: pdfium.PdfDocument, found: Text, images: list[int], layered: bool, options: Options) -> list[str]:
    """Puts words in the place of images, and says in the text's method and status which; returns what is to be noted.

    `images` are numbers of pages, from 0; `layered` says whether other pages have a text layer, which stays as it is.
    """
    from ..recognising import method, recognise

    assert options.languages is not None
    tried, notes = images[: options.limits.ocr_pages], []
    for number in tried:
        sheet = document[number]
        width, height = sheet.get_size()
        area = max(width, 1.0) * max(height, 1.0) / POINTS**2
        dpi = min(DPI, (options.limits.ocr_pixels / area) ** 0.5)
        image = sheet.render(scale=dpi / POINTS, grayscale=True).to_pil()
        sheet.close()
        found.pages[number] = recognise(image, options.languages, dpi)
    recognised = sum(has_words(found.pages[number]) for number in tried)
    if recognised or not layered:
        found.status = "ocr" if recognised else "empty"
    found.method = method(options.languages)
    if layered:
        found.method = f"{METHOD}; {found.method} on {_numbered(tried)}"
        if not recognised:
            notes.append(f"no words were recognised in {len(tried):,} of {len(found.pages):,} pages, which are images")
    if len(tried) < len(images):
        notes.append(f"cut: only the first {len(tried):,} of {len(images):,} scanned pages were recognised")
    return notes


def _numbered(pages: list[int]) -> str:
    """Numbers of pages, from 0, in words, from 1: ``pages 2-4, 7``."""
    spans: list[list[int]] = []
    for number in pages:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = ", ".join(f"{first + 1}-{last + 1}" if last > first else f"{first + 1}" for first, last in spans)
    return f"{'page' if len(pages) == 1 else 'pages'} {told}"
