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
from scraper.text.limits import Limits
from scraper.text.reading import read_file
from scraper.text.registry import Options
from tests.archive.making import Making

from . import making
from .archives import add, read_all

pytestmark = [
    pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed"),
    pytest.mark.slow,
]


_GRAY = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8/Width %d/Height %d"


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


def scanned(words: str, *layers: str) -> bytes:
    """A PDF with a scanned page between pages that have a text layer."""
    image = picture(words)
    first, *others = layers
    return making.pdf(first, None, *others, image=making.stream(image.tobytes(), _GRAY % image.size))


def kept(made: Making) -> list[tuple[str, str | None, str | None]]:
    rows = made.archive.db.execute(
        "select text_status, text, text_error from files left join file_texts on file_id = files.id order by files.id"
    )
    return [(status, text and text.strip(), error) for status, text, error in rows]


LACKING = "1 of 3 pages are images without text"


@pytest.mark.parametrize("earlier", [False, True])
def test_of_a_pdf_with_scanned_pages_among_others_only_those_are_recognised(made: Making, earlier: bool) -> None:
    add(made, 1, scanned("Scanned letter", "written layer", "last layer"), making.pdf("whole"))
    languages, _ = recognising.languages()
    if earlier:
        assert dict(read_all(made.archive).statuses) == {"extracted": 2}
        assert kept(made)[0] == ("extracted", "written layer\f\flast layer", LACKING)
    done = read_all(made.archive, languages=languages)
    assert (done.files, done.statuses["ocr"]) == (1 if earlier else 2, 1)
    assert kept(made) == [("ocr", "written layer\fScanned letter\flast layer", None), ("extracted", "whole", None)]
    method, pages = made.archive.db.execute("select text_method, page_count from files where text_status = 'ocr'").fetchone()
    assert pages == 3
    assert method.startswith("pypdfium2 ")
    assert "; tesseract " in method
    assert method.endswith(" on page 2")
    assert read_all(made.archive, languages=languages).files == 0


def test_images_without_words_leave_a_pdf_as_it_was(made: Making) -> None:
    add(made, 1, scanned("", "written layer", "last layer"))
    languages, _ = recognising.languages()
    assert dict(read_all(made.archive, languages=languages).statuses) == {"extracted": 1}
    assert kept(made) == [
        ("extracted", "written layer\f\flast layer", "no words were recognised in 1 of 3 pages, which are images")
    ]
    assert read_all(made.archive, languages=languages).files == 0


def test_a_text_layer_outlives_a_tesseract_that_fails(made: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "tesseract"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    add(made, 1, scanned("Scanned letter", "written layer", "last layer"))
    assert dict(read_all(made.archive, languages="eng").statuses) == {"extracted": 1}
    failed = f"{LACKING}; to recognise them failed: tesseract ended with 3: broken"
    assert kept(made) == [("extracted", "written layer\f\flast layer", failed)]
    assert read_all(made.archive, languages="eng").files == 0


def test_the_scanned_pages_of_a_long_pdf_are_recognised_to_a_limit() -> None:
    languages, _ = recognising.languages()
    image = making.stream(picture("Again").tobytes(), _GRAY % picture("Again").size)
    found = read_file(making.pdf(None, "written", None, None, image=image), Options(Limits(ocr_pages=2), languages))
    assert found.text is not None
    assert [page.strip() for page in found.text.split("\f")] == ["Again", "written", "Again", ""]
    assert found.status == "ocr"
    assert found.error == "cut: only the first 2 of 3 scanned pages were recognised"
    assert (found.method or "").endswith(" on pages 1, 3")


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
