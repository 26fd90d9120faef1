"""Words in images, by tesseract: a program of its own, which gets a picture and hands back text."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from functools import cache

from PIL import Image

from .result import Unreadable, page

WANTED = ("eng", "cym")
"""English and Welsh."""


class NoTesseract(Exception):
    """Tesseract, or its English, is not installed. The message says what to install."""


def languages() -> tuple[str, str | None]:
    """Tesseract's languages that are used here (``eng+cym``), and what is missing, in words.

    Raises NoTesseract.
    """
    if shutil.which("tesseract") is None:
        raise NoTesseract("--ocr needs tesseract: install tesseract-ocr, tesseract-ocr-eng and tesseract-ocr-cym")
    listed = available()
    if "eng" not in listed:
        raise NoTesseract("--ocr needs tesseract's English: install tesseract-ocr-eng")
    have = [language for language in WANTED if language in listed]
    missing = None if len(have) == len(WANTED) else "Welsh is not recognised: install tesseract-ocr-cym"
    return "+".join(have), missing


def method(languages: str) -> str:
    """What recognised a text, with its version."""
    return f"tesseract {_version()} {languages}"


def available() -> list[str]:
    """What tesseract has data for; nothing where it is not installed."""
    if shutil.which("tesseract") is None:
        return []
    return subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False).stdout.split()  # noqa: S607


@cache
def _segmentation() -> str:
    """Tesseract's mode: pages that lie on their side or head are turned, where its data for that (`osd`) are installed."""
    return "1" if "osd" in available() else "3"


@cache
def _version() -> str:
    told = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S607
    return told.split("\n", 1)[0].removeprefix("tesseract").strip()


def recognise(image: Image.Image, languages: str, dpi: float) -> str:
    """The words of one image. Raises Unreadable where tesseract fails on it."""
    packed = io.BytesIO()
    image.convert("L").save(packed, "PNG", compress_level=1)
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", languages, "--dpi", str(round(dpi)), "--psm", _segmentation()],  # noqa: S607
        input=packed.getvalue(),
        capture_output=True,
        # One thread: other files are read beside this one.
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=False,
    )
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise Unreadable(f"tesseract ended with {done.returncode}: {told}")
    return page(done.stdout.decode("utf-8", "replace").replace("\f", "")).strip()
