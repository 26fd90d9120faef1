"""A folder that is whole or absent: made beside its place, and renamed into it when everything in it is on the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .selection import CannotExport

SUMS = "SHA256SUMS"


@contextmanager
def new_folder(goal: Path, force: bool) -> Iterator[Path]:
    """A folder to write into, which becomes `goal` unless an exception leaves the block.

    Raises CannotExport where `goal` exists and `force` is false, where it is no folder that an export made, and where the
    folder that it is to be in does not exist. What a killed export left is removed by the next to the same place.
    """
    if not goal.absolute().parent.is_dir():
        raise CannotExport(f"the folder {goal.absolute().parent} does not exist")
    if goal.exists():
        if not force:
            raise CannotExport(f"{goal} exists; --force replaces it")
        # Nobody's home folder goes because of a slip.
        if not goal.is_dir() or (any(goal.iterdir()) and not (goal / SUMS).is_file()):
            raise CannotExport(f"{goal} is not an earlier export: it has no {SUMS}; remove it yourself, or name another folder")
    _sweep(goal)
    part = goal.with_name(f".{goal.name}.part-{os.getpid()}")
    part.mkdir()
    try:
        yield part
        _sync_tree(part)
        _put(part, goal)
    finally:
        if part.exists():
            shutil.rmtree(part)


def _sweep(goal: Path) -> None:
    """Removes what exports to this place left that were killed: those whose process is gone."""
    for left in goal.absolute().parent.glob(f".{goal.name}.part-*"):
        number = left.name.rpartition("-")[2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(left)


def _put(part: Path, goal: Path) -> None:
    old = None
    if goal.exists():
        old = goal.with_name(f".{goal.name}.part-{os.getpid()}-old")
        os.rename(goal, old)
    os.rename(part, goal)
    _sync(goal.absolute().parent)
    if old is not None:
        shutil.rmtree(old)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync(Path(place, name))
        _sync(Path(place))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_sums(folder: Path, known: dict[str, str]) -> None:
    """Writes SHA256SUMS, as `sha256sum -c` reads it, of every file in a folder. `known` has sums that were made in writing."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        lines.append(f"{known.get(name) or sha256(path)}  {name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
