"""Scans and images, recognised by the real tesseract."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from scraper.cli import main
from scraper.text import recognising
from tests.archive.making import Making

from . import making
from .archives import add, read_all

pytestmark = [
    pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed"),
    pytest.mark.slow,
]


def picture(*lines: str) -> Image.Image:
    image = Image.new("L", (1000, 120 * len(lines) + 80), 255)
    font = ImageFont.load_default(60)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((40, 40 + 120 * number), line, fill=0, font=font)
    return image


def saved(kind: str, image: Image.Image, **how: object) -> bytes:
    packed = io.BytesIO()
    image.save(packed, kind, **how)
    return packed.getvalue()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Making]:
    made = Making.at(tmp_path / "archive.db")
    yield made
    made.archive.close()


def test_scans_wait_for_ocr_and_then_are_read(made: Making) -> None:
    second = picture("Second page")
    add(
        made,
        1,
        saved("PNG", picture("Council spending")),
        saved("JPEG", picture("Parking fines")),
        saved("TIFF", picture("First page"), save_all=True, append_images=[second]),
        saved("PDF", picture("Scanned letter"), save_all=True, append_images=[second], resolution=150),
        saved("PNG", Image.new("L", (300, 300), 255)),
        making.pdf("has a text layer"),
    )
    assert dict(read_all(made.archive).statuses) == {"no_text_layer": 5, "extracted": 1}
    languages, _ = recognising.languages()
    assert dict(read_all(made.archive, languages=languages).statuses) == {"ocr": 4, "empty": 1}
    texts = [row[0] for row in made.archive.db.execute("select text from file_texts order by file_id")]
    assert texts == [
        "Council spending",
        "Parking fines",
        "First page\fSecond page",
        "Scanned letter\fSecond page",
        "has a text layer",
    ]
    row = made.archive.db.execute("select * from files where page_count = 2 order by id desc").fetchone()
    assert (row["text_status"], row["media_type"]) == ("ocr", "application/pdf")
    assert row["text_method"].startswith("tesseract ")
    assert read_all(made.archive, languages=languages).files == 0


def test_what_is_due_is_recognised_in_the_same_run(made: Making) -> None:
    add(made, 1, saved("PNG", picture("Council spending")), making.pdf("words"))
    path = made.archive.path
    made.archive.close()
    done = CliRunner().invoke(main, ["--archive", str(path), "extract", "--ocr"])
    assert done.exit_code == 0, done.output
    assert ": 1 extracted, 1 ocr\n" in done.stdout or ": 1 ocr, 1 extracted\n" in done.stdout
    made.archive = type(made.archive).open(path)


def test_images_that_are_damaged_or_too_large_fail(made: Making) -> None:
    whole = saved("PNG", picture("Council spending"))
    huge = saved("PNG", Image.new("1", (20_000, 20_000)))
    add(made, 1, whole[: len(whole) // 2], huge)
    languages, _ = recognising.languages()
    assert dict(read_all(made.archive, languages=languages).statuses) == {"failed": 2}


def test_without_tesseract_it_says_what_to_install(made: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    path = made.archive.path
    made.archive.close()
    done = CliRunner().invoke(main, ["--archive", str(path), "extract", "--ocr"])
    assert done.exit_code == 1
    assert "install tesseract-ocr" in done.stderr
    made.archive = type(made.archive).open(path)
