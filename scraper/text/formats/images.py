"""Images: there is no text in them but what can be recognised."""

from __future__ import annotations

import io
import math
import warnings
from importlib.metadata import version

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ..registry import Options
from ..result import Text, Unreadable, has_words

METHOD = f"Pillow {version('pillow')}"
SCAN_DPI = 200
"""Taken for images that do not say how large they are meant to be."""

LARGER = 4
"""So many times the pixels that are recognised an image may have (A3 at 600 dpi has 70 million): it is made smaller first."""


def read(data: bytes, options: Options) -> Text:
    """Raises Unreadable where OCR is wanted and the image is damaged or too large."""
    if options.languages is None:
        return Text([], METHOD, status="no_text_layer")
    from ..recognising import method, recognise

    Image.MAX_IMAGE_PIXELS = LARGER * options.limits.ocr_pixels
    pages: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                for frame in ImageSequence.Iterator(image):
                    if len(pages) >= options.limits.ocr_pages:
                        break
                    shown, dpi = _smaller(ImageOps.exif_transpose(frame), _dpi(frame), options.limits.ocr_pixels)
                    pages.append(recognise(shown, options.languages, dpi))
    except (
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise Unreadable(f"image: {error}") from None
    words = any(map(has_words, pages))
    return Text(pages, method(options.languages), len(pages), status="ocr" if words else "empty")


def _smaller(image: Image.Image, dpi: float, pixels: int) -> tuple[Image.Image, float]:
    """The image with no more than so many pixels, and its resolution."""
    by = math.ceil(math.sqrt(image.width * image.height / pixels))
    return (image.convert("L").reduce(by), dpi / by) if by > 1 else (image, dpi)


def _dpi(image: Image.Image) -> float:
    told = image.info.get("dpi")
    value = float(told[0]) if isinstance(told, tuple) and told else 0.0
    return value if 70 <= value <= 1200 else SCAN_DPI
