"""The job: files that are due, their bytes to the pool, what comes back to the one writer.

Nothing but the archive knows what is done: a run that is killed leaves the rest due, and the next goes on with it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace

from ..archive.store import Archive, ArchiveError
from ..archive.texts import FileRow, TextKeeper, extracting, noted, waiting, was_interrupted
from .limits import READING, RECOGNISING
from .pool import Pool
from .result import SCANS, Outcome, has_scans
from .supervised import read_supervised

AHEAD = 3
"""So many parcels of files a worker are under way, so that none waits for the next."""
AHEAD_BYTES = 256 << 20
"""Or so many bytes."""
PARCEL_FILES, PARCEL_BYTES = 16, 1 << 20
"""Small files travel together, and are kept in one transaction: handing over one costs as much as reading a page."""
_LISTED = 200


@dataclass(slots=True)
class Extracted:
    """What a run of the job did. `problems` are files that could not be read, with their reasons, the first ones."""

    files: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why files failed, or have no text, and how many."""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Job:
    archive: Archive
    pool: Pool
    languages: str | None
    statuses: tuple[str, ...]
    now: Callable[[], str]
    progress: Callable[[Extracted], None]
    done: Extracted = field(default_factory=Extracted)
    under_way: dict[Future[list[Outcome]], list[FileRow]] = field(default_factory=dict)
    after: int = 0
    partly_after: int | None = None
    """The last of the files handed out that earlier runs read but for pages that are images; None where none is left."""
    layers: dict[int, Outcome] = field(default_factory=dict)
    """The text layers of files whose images are being recognised, by the files' numbers."""


def extract(
    archive: Archive,
    pool: Pool,
    now: Callable[[], str],
    languages: str | None = None,
    again: tuple[str, ...] = (),
    progress: Callable[[Extracted], None] = lambda done: None,
) -> Extracted:
    """Reads every file that is due, and what comes out of them; `again` names statuses that are read once more.

    With `languages` (of tesseract) scans and images are recognised, those of earlier runs too, and pages that are images
    among others with a text layer, which stays. `now` gives UTC text.
    Raises CannotStart, ArchiveError where bytes are missing, OSError where the disk refuses; what was read by then is kept.
    """
    statuses = ("due", *(("no_text_layer",) if languages else ()), *again)
    job = _Job(archive, pool, languages, tuple(dict.fromkeys(statuses)), now, progress)
    if languages and "extracted" not in again and noted(archive.db, "extracted", SCANS, 0, 1):
        job.partly_after = 0
    if job.partly_after is None and not waiting(archive.db, job.statuses, 0, 1) and not was_interrupted(archive.db):
        return job.done
    began = time.monotonic()
    with extracting(archive, now()):
        try:
            _run(job)
        finally:
            for future in job.under_way:
                future.cancel()
    job.done.seconds = time.monotonic() - began
    return job.done


def _run(job: _Job) -> None:
    keeper = TextKeeper(job.archive)
    while True:
        _hand_out(job)
        if not job.under_way:
            return
        ready, _ = wait(job.under_way, return_when=FIRST_COMPLETED)
        for future in ready:
            rows, outcomes = job.under_way.pop(future), future.result()
            results: list[tuple[int, Outcome]] = []
            for row, outcome in zip(rows, outcomes, strict=True):
                if has_scans(outcome) and job.languages and not _is_scan(job, row):
                    if outcome.status != "no_text_layer":
                        job.layers[row.id] = outcome
                    _submit(job, [replace(row, status="no_text_layer")])
                    continue
                kept = _with_layer(job.layers.pop(row.id, None), outcome)
                results.append((row.id, kept))
                _count(job.done, row, kept)
            keeper.keep(results, job.now())
            job.progress(job.done)


def _hand_out(job: _Job) -> None:
    """Gives the pool what it can take. Members of what was read before are due too by now, with higher numbers."""
    free = AHEAD * job.pool.width - len(job.under_way)
    size = sum(row.size for rows in job.under_way.values() for row in rows)
    if free <= 0:
        return
    if job.partly_after is not None:
        _hand_out_partly(job, free)
        return
    rows = waiting(job.archive.db, job.statuses, job.after, free * PARCEL_FILES)
    each = -(-len(rows) // free)
    parcel: list[FileRow] = []
    for row in rows:
        if size and size + row.size > AHEAD_BYTES:
            break
        full = len(parcel) >= each or sum(one.size for one in parcel) + row.size > PARCEL_BYTES
        if parcel and (full or _is_scan(job, row) or _is_scan(job, parcel[0])):
            _submit(job, parcel)
            parcel, free = [], free - 1
            if free <= 0:
                return
        parcel.append(row)
        job.after = row.id
        size += row.size
    if parcel:
        _submit(job, parcel)


def _hand_out_partly(job: _Job, free: int) -> None:
    """Gives the pool files that are read but for their images. Their text layers are read again: they are soon had."""
    assert job.partly_after is not None
    rows = noted(job.archive.db, "extracted", SCANS, job.partly_after, free)
    for row in rows:
        _submit(job, [row])
    job.partly_after = rows[-1].id if rows else None
    if not rows:
        _hand_out(job)


def _with_layer(layer: Outcome | None, outcome: Outcome) -> Outcome:
    """What is kept of a file whose images were recognised: where that failed, the text layer that it has."""
    if layer is None or outcome.status in ("ocr", "extracted", "empty"):
        return outcome
    return replace(layer, error=f"{layer.error}; to recognise them failed: {outcome.error}")


def _is_scan(job: _Job, row: FileRow) -> bool:
    """Whether a file is to be recognised: that is all that is left to do for what has no text layer."""
    return job.languages is not None and row.status == "no_text_layer"


def _submit(job: _Job, rows: list[FileRow]) -> None:
    recognise = _is_scan(job, rows[0])
    files = [_bytes_of(job.archive, row) for row in rows]
    limits, languages = (RECOGNISING, job.languages) if recognise else (READING, None)
    job.under_way[job.pool.executor.submit(read_supervised, files, limits, languages)] = rows


def _bytes_of(archive: Archive, row: FileRow) -> bytes:
    try:
        return archive.files.path(row.sha256).read_bytes()
    except FileNotFoundError:
        raise ArchiveError(f"the bytes of file {row.sha256} are missing; wdtk check --repair has them fetched again") from None


def _count(done: Extracted, row: FileRow, outcome: Outcome) -> None:
    done.files += 1
    done.statuses[outcome.status] += 1
    if outcome.error is not None:
        done.reasons[f"{outcome.status}: {outcome.error}"] += 1
    if outcome.status == "failed" and len(done.problems) < _LISTED:
        done.problems.append(f"file {row.sha256}: {outcome.error}")
