"""Scans and images, recognised by the real tesseract."""

from __future__ import annotations

import io
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from scraper.cli import main
from scraper.text import recognising
from scraper.text.limits import RECOGNISING, Limits
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


def with_roofs(words: str) -> Image.Image:
    """A line with circumflexes, which the font that comes with Pillow lacks."""
    plain = "".join(unicodedata.normalize("NFD", letter)[0] for letter in words)
    image, font = picture(plain), ImageFont.load_default(60)
    for at, (letter, bare) in enumerate(zip(words, plain, strict=True)):
        if letter != bare:
            middle = 40 + font.getlength(plain[:at]) + font.getlength(bare) / 2
            ImageDraw.Draw(image).line([(middle - 10, 56), (middle, 46), (middle + 10, 56)], fill=0, width=5)
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


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_pages_that_lie_on_their_side_or_head_are_turned(turned: int) -> None:
    languages, _ = recognising.languages()
    image = picture(*["Cyngor Sir answered the request"] * 12).rotate(turned, expand=True)
    found = read_file(saved("PNG", image, dpi=(200, 200)), Options(RECOGNISING, languages))
    assert found.text is not None
    assert found.text.split("\n")[0] == "Cyngor Sir answered the request"


def test_a_large_image_is_made_smaller_and_a_larger_one_says_why_it_is_not_read() -> None:
    languages, _ = recognising.languages()
    data = saved("PNG", picture("Council spending").resize((3000, 600)), dpi=(300, 300))
    limits = replace(RECOGNISING, ocr_pixels=600_000)
    assert str(read_file(data, Options(limits, languages)).text).split() == ["Council", "spending"]
    found = read_file(data, Options(replace(limits, ocr_pixels=400_000), languages))
    assert (found.status, str(found.error).split(" exceeds")[0]) == ("failed", "image: Image size (1800000 pixels)")


@pytest.mark.skipif("cym" not in recognising.available(), reason="tesseract's Welsh is not installed")
def test_welsh_is_recognised_beside_english() -> None:
    languages, missing = recognising.languages()
    assert (languages, missing) == ("eng+cym", None)
    found = read_file(saved("PNG", with_roofs("Mae'r tân ar lan y môr"), dpi=(300, 300)), Options(RECOGNISING, languages))
    assert str(found.text).replace("\u2019", "'") == "Mae'r tân ar lan y môr"
    assert str(found.method).endswith(" eng+cym")
