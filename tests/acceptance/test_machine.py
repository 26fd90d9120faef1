"""The machine fails, not the site: a clear line, the right exit code, a sound archive, and the same command goes on."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crawl.command import ROOT, Done, content, rows, served, small_world, start, wdtk
from tests.replica import NewFile, Replica, World

pytestmark = pytest.mark.slow

BYTES = 60_000
"""Of each large file: thirty of them are more than the small disks below."""


def large_world() -> World:
    world, dice = small_world(30), random.Random(1)
    for request in list(world.requests.values()):
        world.new_response(request, "All of it.", [NewFile("all.pdf", content=b"%PDF-1.7\n" + dice.randbytes(BYTES))])
    return world


@pytest.fixture(scope="module")
def site() -> Iterator[Replica]:
    with served(large_world()) as replica:
        yield replica


@pytest.fixture(scope="module")
def crawled(site: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawled")
    done = crawl(folder, site)
    assert done.code == 0, done.err
    return folder / "archive.db"


def crawl(folder: Path, site: Replica, archive: str = "archive.db", file_limit: int | None = None) -> Done:
    words = ("--archive", archive, "crawl", "everything", "--follow", "--site", site.base)
    return wdtk(folder, *words, file_limit=file_limit)


def one_line(done: Done) -> str:
    """What a failed command said, which is one line."""
    assert "Traceback" not in done.err
    said = [line for line in done.err.splitlines() if line.startswith("wdtk: ")]
    assert len(said) == 1, done.err
    return said[0]


def is_sound(folder: Path, archive: str = "archive.db") -> bool:
    checked = wdtk(folder, "--archive", archive, "check")
    assert (checked.code, checked.out) == (0, "the archive is sound\n"), checked.err
    return True


def same(archive: Path, other: Path) -> bool:
    """Whether two archives say the same of the site."""
    now, then = (
        {name: told for name, told in content(path).items() if name not in ("coverage", "follows")} for path in (archive, other)
    )
    return now == then


# ---- the disk -------------------------------------------------------------------------------------------------------


def _mounts() -> bool:
    """Whether this process may mount: root usually may, but not in every container."""
    return os.geteuid() == 0 and not subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode


needs_mount = pytest.mark.skipif(not _mounts(), reason="only root may mount a small disk")


@contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """A disk of its own at `folder`."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@needs_mount
@pytest.mark.parametrize("size", ["1100k", "1700k", "2500k"])
def test_disk_full(site: Replica, crawled: Path, tmp_path: Path, size: str) -> None:
    """Whichever write finds no room, of a page or of a file; when there is room again the same command goes on."""
    archive = "disk/archive.db"
    with disk(tmp_path / "disk", f"size={size}"):
        for _ in range(2):  # and still full, the second time
            done = crawl(tmp_path, site, archive)
            assert done.code == 1
            assert re.search(r"disk is full|No space left on device", one_line(done))
            assert "make room, then give the same command again" in done.err
            assert is_sound(tmp_path, archive)
        subprocess.run(["mount", "-o", "remount,size=100m", str(tmp_path / "disk")], check=True)
        done = crawl(tmp_path, site, archive)
        assert done.code == 0, done.err
        assert is_sound(tmp_path, archive)
        assert same(tmp_path / archive, crawled)


@pytest.mark.parametrize("limit", [100_000, 900_000])
def test_a_limit_on_the_size_of_files(site: Replica, crawled: Path, tmp_path: Path, limit: int) -> None:
    """What a quota looks like: the system refuses the write, wherever it comes; at first not even an archive is made."""
    done = crawl(tmp_path, site, file_limit=limit)
    assert done.code == 1
    assert "the archive could not be read or written" in one_line(done)
    done = crawl(tmp_path, site)
    assert done.code == 0, done.err
    assert is_sound(tmp_path)
    assert same(tmp_path / "archive.db", crawled)


@contextmanager
def no_writing(folder: Path) -> Iterator[str]:
    """A folder that nobody can write to, root included; gives what the system says of it."""
    if os.geteuid() == 0:
        with disk(folder, "ro"):
            yield "Read-only file system"
    else:
        folder.mkdir()
        folder.chmod(0o555)
        yield "Permission denied"
        folder.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0 and not _mounts(), reason="root writes everywhere, and may not mount here")
def test_a_files_folder_that_cannot_be_written(site: Replica, crawled: Path, tmp_path: Path) -> None:
    with no_writing(tmp_path / "archive.files") as said:
        done = crawl(tmp_path, site)
        assert done.code == 1
        assert f"{said}: " in one_line(done)
        assert "archive.files" in one_line(done)
        assert is_sound(tmp_path)
    done = crawl(tmp_path, site)
    assert done.code == 0, done.err
    assert same(tmp_path / "archive.db", crawled)


def test_a_file_where_the_files_folder_should_be(site: Replica, crawled: Path, tmp_path: Path) -> None:
    (tmp_path / "archive.files").write_text("not a folder")
    done = crawl(tmp_path, site)
    assert done.code == 1
    assert "archive.files" in one_line(done)
    assert is_sound(tmp_path)
    (tmp_path / "archive.files").unlink()
    done = crawl(tmp_path, site)
    assert done.code == 0, done.err
    assert same(tmp_path / "archive.db", crawled)


# ---- other processes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Midway:
    """A real crawl in the middle of a page."""

    folder: Path
    site: Replica
    asked: int
    """How many requests the site had received by then."""


@pytest.fixture
def midway(tmp_path: Path) -> Iterator[Midway]:
    reached, go_on = threading.Event(), threading.Event()

    def clock() -> datetime:
        """The site looks at its clock for every page of a request: here it stops doing so."""
        reached.set()
        assert go_on.wait(60)
        return datetime.now(UTC)

    folder = tmp_path / "midway"
    folder.mkdir()
    replica = Replica(small_world(), clock=clock)
    with replica as base:
        running = start(folder, "crawl", "everything", "--follow", "--site", base)
        assert reached.wait(60)
        yield Midway(folder, replica, len(replica.log))
        go_on.set()
        assert running.done().code == 0
    assert is_sound(folder)


def beside(midway: Midway, *words: str) -> Done:
    """Another command on the same archive; what the running one says goes elsewhere."""
    return wdtk(midway.folder / "..", "--archive", str(midway.folder / "archive.db"), *words)


def test_an_archive_that_another_process_writes(midway: Midway) -> None:
    """A second crawl or night, or anything else that writes, says so and leaves; reading is free."""
    for words in ("crawl everything", "nightly", "check", "check --repair", "follow batch:1", "reparse"):
        done = beside(midway, *words.split())
        assert done.code == 75, words
        assert "another run is writing" in one_line(done)
    assert beside(midway, "status").code == 0
    copied = beside(midway, "export", "sqlite", str(midway.folder / "copy.db"))
    assert copied.code == 0, copied.err
    count = "select count(*) from captures"
    assert rows(midway.folder / "copy.db", count) == rows(midway.folder / "archive.db", count)


def test_a_second_crawl_at_the_same_host(midway: Midway, tmp_path: Path) -> None:
    """Another archive, the same host: a site meets one polite crawler and not two."""
    words = ("crawl", "everything", "--site", midway.site.base)
    done = wdtk(tmp_path, *words, WDTK_STATE_DIR=str(midway.folder / "state"))
    assert done.code == 75
    assert "another run is talking to 127.0.0.1" in one_line(done)
    assert len(midway.site.log) == midway.asked


# ---- the archive itself ---------------------------------------------------------------------------------------------


def _no_database(archive: Path) -> None:
    archive.write_bytes(b"This is a letter, and a long one. " * 99)


def _other_database(archive: Path) -> None:
    archive.unlink()
    with closing(sqlite3.connect(archive)) as db:
        db.execute("create table recipes (name)")


def _lost_pages(archive: Path) -> None:
    with archive.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (archive.stat().st_size - 8192))


@pytest.mark.parametrize(
    ("ruin", "check_code"), [(_no_database, 5), (_other_database, 1), (_lost_pages, 5)], ids=["text", "recipes", "lost pages"]
)
def test_what_is_no_sound_archive(site: Replica, crawled: Path, tmp_path: Path, ruin: object, check_code: int) -> None:
    archive = tmp_path / "archive.db"
    shutil.copy(crawled, archive)
    assert callable(ruin)
    ruin(archive)
    before = archive.read_bytes()
    for words in (("crawl", "everything", "--site", site.base), ("nightly",), ("status",), ("export", "sqlite", "copy.db")):
        done = wdtk(tmp_path, *words)
        assert done.code in (1, 2), (words, done.err)
        assert re.search(r"not an archive|no archive|malformed|damaged|cannot be read|which site", one_line(done)), words
    assert wdtk(tmp_path, "check").code == check_code
    assert archive.read_bytes() == before
    assert not (tmp_path / "copy.db").exists()


# ---- readers --------------------------------------------------------------------------------------------------------

PAGES = (
    "/archive",
    "/archive/requests?_size=20",
    "/archive/request_summary?_size=20",
    "/archive/request_summary.json?_sort_desc=created_at",
    "/archive/messages?_search=question&_size=20",
    "/archive/messages?_facet=kind&_size=20",
    "/archive/attachments.json?_facet=status",
    "/archive/requests/1",
    "/archive/changes?_size=20",
    "/archive/runs.json",
    "/archive.json?sql=select+count(*)+from+captures",
)


@contextmanager
def datasette(archive: Path) -> Iterator[str]:
    """`wdtk serve` in a process of its own; gives its address."""
    command = [sys.executable, "-m", "scraper", "--archive", str(archive), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = next(found[1] for line in process.stderr if (found := re.search(r"http://(127\.0\.0\.1:\d+)", line)))
            # Its pipe must not fill up.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield address
        finally:
            process.terminate()


def view(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, body)
    return body


def test_a_thousand_page_views_while_crawls_write(tmp_path: Path) -> None:
    """Datasette over HTTP while real crawls write one after another: every page comes, and shows the archive growing."""
    world = large_world()
    with served(world) as site:
        assert crawl(tmp_path, site).code == 0
        archive = tmp_path / "archive.db"
        over, codes = threading.Event(), []

        def write() -> None:
            for number in itertools.count():
                if over.is_set():
                    return
                with world.lock:
                    world.advance(days=1)
                    for request in list(world.requests.values()):
                        world.new_response(request, f"More, {number}.", [NewFile(f"more {number}.pdf", f"words {number}")])
                codes.append(crawl(tmp_path, site).code)

        with datasette(archive) as address, closing(http.client.HTTPConnection(address, timeout=60)) as connection:
            writer = threading.Thread(target=write)
            writer.start()
            try:
                seen = [view(connection, PAGES[number % len(PAGES)]) for number in range(1000)]
            finally:
                over.set()
                writer.join()
    counts = [int(json.loads(body)["rows"][0][0]) for body in seen[len(PAGES) - 1 :: len(PAGES)]]
    assert set(codes) == {0}
    assert counts == sorted(counts)
    assert len(set(counts)) > len(counts) / 4
    assert is_sound(tmp_path)
