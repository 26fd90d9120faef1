"""The command line as a person meets it: what is refused, with which words and exit code, and before anything is done."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from scraper.cli import main
from tests.crawl.command import Done, rows, run_of, served, small_world, wdtk

WDTK = "https://www.whatdotheyknow.invalid"
"""A public host whose name leads nowhere (RFC 2606)."""

WATCHED = """
import json, os, sys

touched = []

def watch(event, args):
    # Scrapy's imports open files to read, and the reactor makes sockets; none may lead anywhere or write anything.
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        touched.append(event)
    elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        touched.append(str(args[0]))
    elif event in ("os.mkdir", "sqlite3.connect"):
        touched.append(f"{event} {args[0]}")

sys.addaudithook(watch)
from scraper.cli import main

try:
    main(sys.argv[1:], prog_name="wdtk")
finally:
    print(json.dumps(touched))
"""


def watched(folder: Path, *words: str) -> tuple[Done, list[str]]:
    """Runs a command; also what it wrote to, looked up or connected to."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=folder,
        env={**environ, "WDTK_STATE_DIR": str(folder / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    *out, touched = done.stdout.splitlines()
    return Done(done.returncode, "\n".join(out), done.stderr), json.loads(touched)


CONTACT = "a contact the site can reach you by, a mail address or URL (--contact or WDTK_CONTACT)"
NOTE = "a note of who allowed this and when, such as 'mySociety, mail of 2026-10-01' (--permission or WDTK_PERMISSION)"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ([], f"{CONTACT}; and {NOTE}"),
        (["--contact", "me@example.org"], NOTE),
        (["--contact", "somebody", "--permission", "mySociety, 2026-10-01"], CONTACT),
        (["--permission", "  ", "--contact", "https://example.org/me"], NOTE),
    ],
    ids=["neither", "no permission", "a contact that is none", "an empty permission"],
)
def test_a_public_site_is_refused_before_anything_is_touched(words: list[str], missing: str, tmp_path: Path) -> None:
    done, touched = watched(tmp_path, "crawl", "batch:1", "--site", WDTK, *words)
    assert done.code == 2
    assert done.out == ""
    assert done.err == (
        f"wdtk: www.whatdotheyknow.invalid is a public site, and it was not asked. Missing: {missing}. "
        "How to ask: docs/permission.md\n"
    )
    assert touched == []
    assert list(tmp_path.iterdir()) == []


def test_what_the_test_above_watches_for_does_happen_elsewhere(tmp_path: Path) -> None:
    done, touched = watched(tmp_path, "--quiet", "crawl", "batch:1", "--site", "http://127.0.0.1:1")
    assert done.code == 3
    assert "socket.connect" in touched
    assert any(path.endswith("archive.db.lock") for path in touched)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crawl", "batch:1"], "which site? A new archive needs --site, such as --site https://www.whatdotheyknow.com"),
        (["crawl", "batch:1", "--site", "whatdotheyknow"], "not a web address: 'whatdotheyknow'"),
        (["crawl", "everythin", "--site", WDTK], "'everythin' is no target. A target is an address of the site, or one of:"),
        (["crawl", "batch:x", "--site", WDTK], "a batch has a number, as in its address /info_request_batch/1024; not 'x'"),
        (["crawl", "--site", WDTK], "Missing argument 'TARGET...'"),
        (["crawl", "everything", "--site", WDTK, "--since", "yesterday"], "'yesterday' does not match the format '%Y-%m-%d'"),
        (
            ["crawl", "everything", "--site", WDTK, "--since", "2026-02-01", "--until", "2026-01-01"],
            "--since 2026-02-01 is later than --until 2026-01-01",
        ),
        (["crawl", "everything", "--site", WDTK, "--budget", "0"], "Invalid value for '--budget': 0 is not in the range x>=1"),
        (["crawl", "everything", "--site", WDTK, "--budget", "some"], "'some' is not a valid integer range"),
        (["crawl", "everything", "--site", WDTK, "--max-file-size", "big"], "'big' is no size of a file; write 500K, 100M or 1G"),
        (["crawl", "everything", "--site", WDTK, "--max-file-size", "0M"], "'0M' is no size of a file"),
        (["crawl", "everything", "--site", WDTK, "--timeout", "0"], "Invalid value for '--timeout': 0.0 is not in the range x>0"),
        (["crawl", "everything", "--site", WDTK, "--delay", "-1"], "Invalid value for '--delay': -1.0 is not in the range x>=0"),
        (["crawl", "everything", "--site", WDTK, "--language", "plain English"], "language must be a code such as en or cy"),
        (["crawl", "everything", "--site", WDTK, "--contact", "a(b)@example.org"], "contact goes into a header: plain ASCII"),
        (["crawl", "everything", "--sites", WDTK], "No such option '--sites'"),
        (["crowl", "everything"], "No such command 'crowl'"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_what_is_written_wrongly_is_told_and_nothing_is_made(words: list[str], said: str, tmp_path: Path) -> None:
    done = wdtk(tmp_path, *words)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert {path.name for path in tmp_path.iterdir()} <= {"out.txt", "err.txt"}


def test_a_clock_that_is_none_is_told(tmp_path: Path) -> None:
    done = wdtk(tmp_path, "crawl", "everything", "--site", WDTK, WDTK_NOW="noon")
    assert (done.code, done.err) == (2, "wdtk: WDTK_NOW is no ISO time: 'noon' (such as 2026-11-22T03:00:00Z)\n")


def test_an_archive_belongs_to_one_site(tmp_path: Path) -> None:
    with served(small_world()) as replica:
        assert wdtk(tmp_path, "crawl", "request:question_0", "--site", replica.base).code == 0
        site = replica.base
        words = ["--contact", "me@example.org", "--permission", "asked"]
        other = wdtk(tmp_path, "crawl", "request:question_0", "--site", WDTK, *words)
        # The site is known from the first crawl.
        again = wdtk(tmp_path, "crawl", "request:question_0")
    assert other.code == 1
    assert other.err == f"wdtk: archive.db is an archive of {site}, not of {WDTK}; one site, one archive: use --archive\n"
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize("what", ["text", "database"])
def test_a_file_that_is_no_archive_is_left_as_it_is(what: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    if what == "text":
        archive.write_text("my notes, which are longer than the header of a database\n" * 20)
    else:
        db = sqlite3.connect(archive)
        db.execute("create table bread (flour)")
        db.close()
    before = archive.read_bytes()
    done = wdtk(tmp_path, "crawl", "request:x", "--site", "http://127.0.0.1:1")
    assert done.code == 1
    said = {
        "text": "archive.db is not an archive: file is not a database",
        "database": "archive.db is a database, but no archive",
    }
    assert said[what] in done.err
    assert len(done.err.splitlines()) == 1
    if what == "text":
        assert archive.read_bytes() == before
    else:
        assert rows(archive, "select name from sqlite_master") == [("bread",)]


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = wdtk(tmp_path, "--archive", "none/archive.db", "crawl", "request:x", "--site", "http://127.0.0.1:1")
    assert (done.code, done.err) == (1, "wdtk: the folder none does not exist\n")


def test_a_site_that_does_not_answer_blocks_the_run(tmp_path: Path) -> None:
    done = wdtk(tmp_path, "--quiet", "crawl", "request:x", "--site", "http://127.0.0.1:1")
    assert done.code == 3
    assert done.err.startswith("stopped: robots.txt could not be had, so nothing may be asked for: http://127.0.0.1:1/robots.txt")
    assert len(done.err.splitlines()) == 1


def test_quiet_says_nothing_of_what_went_well(tmp_path: Path) -> None:
    with served(small_world()) as replica:
        done = wdtk(tmp_path, "--quiet", "crawl", "request:question_0", "--site", replica.base)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_options_come_from_the_environment_too(tmp_path: Path) -> None:
    environ = {"WDTK_ARCHIVE": "mine.db", "WDTK_BUDGET": "3", "WDTK_QUIET": "1", "WDTK_DELAY": "0"}
    with served(small_world()) as replica:
        done = wdtk(tmp_path, "crawl", "everything", WDTK_SITE=replica.base, **environ)
        assert len(replica.log) == 3
    assert (done.code, done.out) == (0, "")
    assert run_of(tmp_path / "mine.db")["outcome"] == "budget"


def test_kept_pages_are_read_again_without_the_site(tmp_path: Path) -> None:
    with served(small_world()) as replica:
        assert wdtk(tmp_path, "crawl", "everything", "--site", replica.base).code == 0
    done = wdtk(tmp_path, "--json", "reparse", "--workers", "1")
    assert (done.code, done.err) == (0, "")
    assert (done.told["differing"], done.told["unreadable"]) == (0, [])
    assert done.told["pages"] >= 6
    assert run_of(tmp_path / "archive.db")["command"] == "reparse"


def test_there_has_to_be_an_archive_to_read_again(tmp_path: Path) -> None:
    done = wdtk(tmp_path, "reparse")
    assert done.code == 1
    assert done.err == "wdtk: there is no archive at archive.db; the first crawl makes one: wdtk crawl TARGET --site URL\n"


def commands() -> list[tuple[str, click.Command]]:
    return [(name, command) for name, command in sorted(main.commands.items()) if not isinstance(command, click.Group)]


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_each_commands_help_has_an_example(name: str, command: click.Command) -> None:
    assert f"wdtk {name}" in (command.help or "")
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help and not option.is_eager] == []
