"""Files: every row has its bytes, all bytes have a row, and they are what their name says."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..attachments import release_file
from ..members import OWNED, read_again
from ..rows import Writer
from ..store import Archive
from .damage import Damage, Mending, Room
from .withheld import files_set_aside

_PLACE = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}")


def find(archive: Archive, quick: bool) -> Iterator[Damage]:
    """Compares rows and folder. A quick check looks at sizes and not into the files."""
    db, root = archive.db, archive.files.root
    unowned = f"{OWNED}select id, sha256 from files where id not in (select id from owned)"
    for number, sha256 in db.execute(unowned).fetchall():
        yield Damage("unowned_file", f"files {number}", f"no attachment leads to it ({sha256})", key=(number,))
    rows = dict(db.execute("select sha256, size from files").fetchall())
    aside, deletions = files_set_aside(db), {row[0] for row in db.execute("select sha256 from files_to_delete")}
    for sha256 in sorted(deletions):
        yield Damage("deletion", sha256, "its bytes were still to be deleted", leftover=True)
    if rows and not root.is_dir():
        what = f"the folder with {len(rows):,} files is missing: bring it back; where it is lost, make an empty one (mkdir)"
        yield Damage("files_folder", str(root), what, mendable=False)
        return
    for sha256, size in rows.items():
        yield from _look(archive, sha256, size, quick)
    for path in _everything(root):
        yield from _stranger(root, path, rows.keys() | deletions, aside | deletions)


def _look(archive: Archive, sha256: str, size: int, quick: bool) -> Iterator[Damage]:
    path = archive.files.path(sha256)
    where = str(path.relative_to(archive.files.root))
    try:
        have = path.stat().st_size if path.is_file() else None
        if have is None:
            yield Damage("missing_file", where, "is not there", key=(sha256,))
        elif have != size:
            yield Damage("torn_file", where, f"has {have:,} bytes and not {size:,}", key=(sha256,))
        elif not quick and _sha256(path) != sha256:
            yield Damage("changed_file", where, "its bytes are not those that came: another SHA-256", key=(sha256,))
    except OSError as error:
        yield Damage(
            "unreadable_file", where, f"{error.strerror}: let this user read it, and look after the disk", mendable=False
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _everything(root: Path) -> Iterator[Path]:
    """Every file below the folder, and whatever else is none of its folders."""
    for folder, folders, files in os.walk(root):
        for name in sorted(files):
            yield Path(folder, name)
        folders.sort()


def _stranger(root: Path, path: Path, known: set[str], aside: set[str]) -> Iterator[Damage]:
    where = path.relative_to(root).as_posix()
    if where.startswith("tmp/"):
        yield Damage("half_written", where, "an interrupted download", leftover=True, key=(where,))
    elif where.startswith("aside/"):
        if path.name not in aside:
            yield Damage("orphan_file", where, "set aside, and no request waits for it", leftover=True, key=(where,))
    elif not _PLACE.fullmatch(where):
        yield Damage("strange_file", where, "is none of this archive's; move it away", mendable=False)
    elif path.name not in known:
        yield Damage("orphan_file", where, "no row names it", leftover=True, key=(where,))


def _fetch_again(mending: Mending, damage: Damage) -> str:
    """The bytes that are there go too: they would pass for the right ones where only their size is looked at."""
    sha256 = damage.key[0]
    with mending.archive.transaction() as db:
        row = db.execute("select id from files where sha256 = ?", (sha256,)).fetchone()
        if row is None:
            return "its row is gone already"
        due = mending.file_due("a.file_id = ?", row["id"])
        db.execute("update attachments set file_id = null where file_id = ?", (row["id"],))
        parents = read_again(db, row["id"])
        release_file(Writer(db, mending.run_id, mending.now, known=True), row["id"])
    return f"{due:,} attachments due again, {parents:,} files that it was in to be read again"


def _release(mending: Mending, damage: Damage) -> str:
    with mending.archive.transaction() as db:
        release_file(Writer(db, mending.run_id, mending.now, known=True), int(damage.key[0]))
    return "deleted"


def _finish(mending: Mending, damage: Damage) -> str:
    mending.archive.files.finish_deletions(mending.db)
    return "deleted"


def _remove(mending: Mending, damage: Damage) -> str:
    (mending.archive.files.root / str(damage.key[0])).unlink(missing_ok=True)
    return "removed"


FILES = Room(
    find,
    {
        "unowned_file": _release,
        "deletion": _finish,
        "missing_file": _fetch_again,
        "torn_file": _fetch_again,
        "changed_file": _fetch_again,
        "half_written": _remove,
        "orphan_file": _remove,
    },
)
