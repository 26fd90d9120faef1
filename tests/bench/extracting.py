"""PDF pages a second that one worker of `wdtk extract` reads, beside pypdfium2 alone in a loop over the same files.

Two sets of files: those of the site, small ones of a page or two, where what is done for each file weighs most; and
longer ones, made here. The job is the whole of it: bytes from the folder, a child process, text into the archive and
its index.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import time
import zlib
from contextlib import closing
from pathlib import Path
from random import Random

import pypdfium2 as pdfium

from scraper.archive.store import Archive
from scraper.text.extract import extract
from scraper.text.limits import READING
from scraper.text.pool import local
from scraper.text.supervised import child_of_this_thread, close_children, read_supervised
from tests.archive.making import SITE
from tests.text.making import pdf_of, stream

from .bench import Bench
from .figure import Figure, spread
from .vocabulary import Prose

PASSES = 5
GOAL = 0.8
_CLOCKS = ("one worker", "two workers")
LONG_FILES, LONG_PAGES, LONG_LINES = 24, 40, 52
LINE_CHARACTERS = 85


def measure(bench: Bench) -> list[Figure]:
    return [
        *_figures(bench, "PDF files of the site", _of_the_site(bench)),
        *_figures(bench, f"PDF files of {LONG_PAGES} pages", _long_ones()),
    ]


def _figures(bench: Bench, name: str, files: list[bytes]) -> list[Figure]:
    """By processor seconds, which other programs of the machine disturb least, and by the clock.

    Each pass measures all ways after each other. Starting a child is left out: one serves thousands of files.
    """
    folder = bench.scratch / f"extracting {len(files)}"
    _prepare(folder, files)
    pages = sum(map(_alone, files))
    rates: dict[str, list[float]] = {way: [] for way in ("alone", "worker", "job", "alone by the clock", *_CLOCKS)}
    for _ in range(PASSES):
        began, clock = time.process_time(), time.perf_counter()
        for data in files:
            _alone(data)
        rates["alone"].append(pages / (time.process_time() - began))
        rates["alone by the clock"].append(pages / (time.perf_counter() - clock))
        pid = _started()
        before = _seconds(pid)
        read_supervised(files, READING, None)
        rates["worker"].append(pages / (_seconds(pid) - before))
        close_children()
        for workers, way in enumerate(_CLOCKS, 1):
            spent, wall = _job(folder, len(files), workers)
            rates[way].append(pages / wall / workers)
            if workers == 1:
                rates["job"].append(pages / spent)
    return [
        _figure(f"{len(files)} {name}, a worker", rates["worker"], rates["alone"], GOAL),
        _figure(f"{len(files)} {name}, the whole job, writing included", rates["job"], rates["alone"]),
        _figure(f"{len(files)} {name}, the job by the clock", rates[_CLOCKS[0]], rates["alone by the clock"], GOAL),
        _figure(f"{len(files)} {name}, each of two workers by the clock", rates[_CLOCKS[1]], rates["alone by the clock"]),
    ]


def _figure(label: str, mine: list[float], alone: list[float], goal: float | None = None) -> Figure:
    ratio = statistics.median(one / other for one, other in zip(mine, alone, strict=True))
    met = (f">= {goal}", ratio >= goal) if goal is not None else ("", None)
    return Figure(f"extract: {label}", f"{spread(mine)} pages/s", f"{spread(alone)} pages/s alone", ratio, *met)


def _started() -> int:
    """The process that reads for this thread, started and warm."""
    read_supervised([b"words"], READING, None)
    return child_of_this_thread(READING).pid


def _seconds(pid: int) -> float:
    """Processor seconds of a process, as the kernel tells them (to a hundredth)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _prepare(folder: Path, files: list[bytes]) -> None:
    """An archive to which all these files are due. Nobody looks at their names here."""
    folder.mkdir()
    with Archive.open(folder / "due.db", SITE, str(folder / "files")) as archive, archive.transaction() as db:
        for number, data in enumerate(files):
            sha256 = f"{number * 2654435761 % 2**32:08x}{number:056x}"
            place = archive.files.path(sha256)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            db.execute("insert into files (sha256, size) values (?, ?)", (sha256, len(data)))


def _job(folder: Path, count: int, workers: int) -> tuple[float, float]:
    """Processor seconds of all processes, and seconds by the clock, on an archive made anew."""
    shutil.copy(folder / "due.db", folder / "archive.db")
    with Archive.open(folder / "archive.db", files=str(folder / "files")) as archive, local(workers) as pool:
        # Each worker is still starting its child when the next is asked for.
        pids = [one.result() for one in [pool.executor.submit(_started) for _ in range(workers)]]
        own, children, clock = time.process_time(), sum(map(_seconds, pids)), time.perf_counter()
        done = extract(archive, pool, lambda: "2026-01-01T00:00:00Z")
        clock = time.perf_counter() - clock
        spent = time.process_time() - own + sum(map(_seconds, pids)) - children
    assert len(set(pids)) == workers, pids
    assert done.statuses["extracted"] == count, done.statuses
    return spent, clock


def _alone(data: bytes) -> int:
    """Reads every page, and gives their number."""
    with closing(pdfium.PdfDocument(data)) as document:
        for sheet in document:
            words = sheet.get_textpage()
            words.get_text_range()
            words.close()
            sheet.close()
        return len(document)


def _of_the_site(bench: Bench) -> list[bytes]:
    archive = bench.whole_archive()
    with closing(sqlite3.connect(archive)) as db:
        rows = db.execute("select sha256 from files where media_type = 'application/pdf' order by id").fetchall()
    root = archive.with_suffix(".files")
    files = [(root / sha256[:2] / sha256[2:4] / sha256).read_bytes() for (sha256,) in rows]
    found = read_supervised(files, READING, None)
    return [data for data, outcome in zip(files, found, strict=True) if outcome.status == "extracted"]


def _long_ones() -> list[bytes]:
    """PDF files as a report of an office is: pages full of lines."""
    prose = Prose(Random(1), 2000)
    made = []
    for number in range(LONG_FILES):
        objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
        kids = []
        for page in range(LONG_PAGES):
            lines = prose.text(600, f"File {number}, page {page}").replace("\n", " ").encode("ascii", "replace")
            cut = [lines[at : at + LINE_CHARACTERS] for at in range(0, len(lines), LINE_CHARACTERS)][:LONG_LINES]
            shown = b"BT /F 11 Tf 14 TL 50 790 Td " + b" ".join(b"(%s) Tj T*" % line for line in cut) + b" ET"
            kids.append(b"%d 0 R" % (len(objects) + 1))
            contents = len(objects) + 2
            objects.append(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>" % contents
            )
            objects.append(stream(zlib.compress(shown), b"/Filter/FlateDecode"))
        objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), LONG_PAGES)
        made.append(pdf_of(objects))
    return made
