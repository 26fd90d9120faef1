"""Jobs that are interrupted, crash, run out of budget or go on later, through the real command."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock

from tests.crawl.command import (
    ROOT,
    Running,
    content,
    rows,
    run_of,
    served,
    small_world,
    start,
    stored_files,
    wdtk,
)
from tests.replica import NewFile, Replica

EVERYTHING = ("crawl", "everything", "--site")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    with served(small_world()) as replica:
        assert wdtk(folder, *EVERYTHING, replica.base).code == 0
    return folder / "archive.db"


def fetched_twice(replica: Replica) -> dict[str, int]:
    """Addresses asked for more than once; robots.txt is asked for by each run."""
    return {path: n for path, n in Counter(entry.path for entry in replica.log).items() if n > 1 and path != "/robots.txt"}


# ---- told to stop -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_the_page_on_its_way(number: signal.Signals, undisturbed: Path, tmp_path: Path) -> None:
    running: list[Running] = []

    def strike(request: int) -> None:
        if request == 7:
            running[0].kill(number)
            # The page is held back until the signal has been taken.
            running[0].wait_for("stopping")

    with served(small_world(), on_request=strike) as replica:
        running.append(start(tmp_path, *EVERYTHING, replica.base))
        done = running[0].done()
        archive = tmp_path / "archive.db"
        assert done.code == 1
        assert done.err.splitlines() == [
            "stopping when the page on its way is kept; a second signal stops at once",
            "stopped: it was told to stop",
        ]
        run = run_of(archive)
        assert (run["outcome"], run["http_requests"]) == ("interrupted", 7)
        assert run["finished_at"] is not None
        again = wdtk(tmp_path, *EVERYTHING, replica.base)
        assert (again.code, again.err) == (0, "")
        assert again.out.startswith("going on with a crawl begun at ")
        assert fetched_twice(replica) == {}
    assert content(archive) == content(undisturbed)


def test_a_second_signal_does_not_wait_for_the_page(undisturbed: Path, tmp_path: Path) -> None:
    running: list[Running] = []
    released = threading.Event()

    def strike(request: int) -> None:
        if request == 7:
            running[0].kill(signal.SIGINT)
            running[0].wait_for("stopping when")
            running[0].kill(signal.SIGINT)
            released.wait(30)

    with served(small_world(), on_request=strike) as replica:
        running.append(start(tmp_path, *EVERYTHING, replica.base))
        done = running[0].done()
        released.set()
        assert done.code == 1
        assert done.err.splitlines()[1:] == ["stopping at once", "stopped: it was told to stop"]
        assert run_of(tmp_path / "archive.db")["outcome"] == "interrupted"
        assert wdtk(tmp_path, *EVERYTHING, replica.base).code == 0
    assert content(tmp_path / "archive.db") == content(undisturbed)


def test_a_signal_ends_a_pause_too(tmp_path: Path) -> None:
    """Half a second between requests makes six seconds of pause before another try; the signal does not sit it out."""
    with served(small_world(), {"match": "question_1", "kind": "status", "status": 500}) as replica:
        running = start(tmp_path, "crawl", "request:question_1", "--site", replica.base, "--delay", "0.5")
        asked = threading.Event()
        while len(replica.log) < 2 and running.process.exitcode is None:
            asked.wait(0.01)
        running.kill(signal.SIGTERM)
        done = running.done()
        assert done.code == 1
        assert len(replica.log) == 2
    assert run_of(tmp_path / "archive.db")["outcome"] == "interrupted"


# ---- our own machine ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [900_000, 1_200_000])
def test_a_full_disk_under_the_archive_ends_the_run(limit: int, tmp_path: Path) -> None:
    with served(small_world(30)) as replica:
        full = wdtk(tmp_path, *EVERYTHING, replica.base, file_limit=limit)
        archive = tmp_path / "archive.db"
        assert full.code == 1
        assert re.fullmatch(r"wdtk: the archive could not be read or written: .*\n", full.err), full.err
        assert rows(archive, "pragma integrity_check") == [("ok",)]
        again = wdtk(tmp_path, *EVERYTHING, replica.base)
        assert (again.code, again.err) == (0, "")
    assert rows(archive, "select count(*) from requests where display_state is not null") == [(30,)]


def test_a_full_disk_under_a_file_ends_the_run_and_leaves_no_half_file(tmp_path: Path) -> None:
    world = small_world(1)
    ((_, message),) = world.files.values()
    world.replace_file(message.files[0], bytes(4_000_000))
    with served(world) as replica:
        full = wdtk(tmp_path, *EVERYTHING, replica.base, file_limit=3_000_000)
        assert full.code == 1
        assert re.fullmatch(r"wdtk: File too large: archive\.files/tmp/download\n", full.err), full.err
        assert stored_files(tmp_path / "archive.db") == set()
        assert rows(tmp_path / "archive.db", "select status from attachments") == [("due",)]
        again = wdtk(tmp_path, *EVERYTHING, replica.base)
        assert (again.code, again.err) == (0, "")
        assert fetched_twice(replica).keys() == {"/request/question_0/response/1/attach/2/answer%200.pdf?cookie_passthrough=1"}
    assert rows(tmp_path / "archive.db", "select size from files") == [(4_000_000,)]


def test_a_folder_for_files_that_is_none_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "archive.files").write_text("in the way")
    with served(small_world()) as replica:
        done = wdtk(tmp_path, *EVERYTHING, replica.base)
    assert done.code == 1
    assert re.fullmatch(r"wdtk: .*archive\.files.*\n", done.err), done.err
    assert run_of(tmp_path / "archive.db")["outcome"] == "interrupted"


def test_a_host_that_is_busy_is_left_alone(tmp_path: Path) -> None:
    with served(small_world()) as replica:
        (tmp_path / "state").mkdir()
        with FileLock(tmp_path / "state" / f"{replica.base.removeprefix('http://').replace(':', '_')}.lock"):
            done = wdtk(tmp_path, *EVERYTHING, replica.base)
        assert done.code == 75
        assert "another run is talking to 127.0.0.1" in done.err
        assert replica.log == []
        assert run_of(tmp_path / "archive.db")["outcome"] == "interrupted"
        assert wdtk(tmp_path, *EVERYTHING, replica.base).code == 0


# ---- budget, and what is left out ---------------------------------------------------------------------------------


def test_a_budget_ends_the_run_and_the_same_command_goes_on(undisturbed: Path, tmp_path: Path) -> None:
    with served(small_world()) as replica:
        codes = []
        for _ in range(4):
            done = wdtk(tmp_path, *EVERYTHING, replica.base, "--budget", "5")
            codes.append(
                (done.code, run_of(tmp_path / "archive.db")["outcome"], run_of(tmp_path / "archive.db")["http_requests"])
            )
        assert codes == [(0, "budget", 5), (0, "budget", 5), (0, "budget", 5), (0, "ok", 2)]
        assert fetched_twice(replica) == {}
    assert content(tmp_path / "archive.db") == content(undisturbed)


@pytest.mark.parametrize("first", [4, 8])
@pytest.mark.parametrize("second", [5, 7, 9])
def test_two_unfinished_jobs_take_no_page_from_each_other(undisturbed: Path, tmp_path: Path, first: int, second: int) -> None:
    """Each ends with all that it is to bring, whichever of them goes on first."""
    archive, one = tmp_path / "archive.db", ("crawl", "authority:luton_example_council", "--site")
    with served(small_world()) as replica:
        for words, budget in ((one, first), (EVERYTHING, second), (one, 3)):
            assert wdtk(tmp_path, *words, replica.base, "--budget", str(budget)).code == 0
            assert run_of(archive)["outcome"] == "budget"
        assert wdtk(tmp_path, *one, replica.base).code == 0
        assert (run_of(archive)["outcome"], rows(archive, "select count(*) from requests")) == ("ok", [(3,)])
        assert rows(archive, "select status, count(*) from attachments group by 1") == [("stored", 3)]
        assert rows(archive, "select count(*) from messages where text is not null and kind <> 'annotation'") == [(6,)]
        assert wdtk(tmp_path, *EVERYTHING, replica.base).code == 0
    assert content(archive) == content(undisturbed)


def test_files_left_out_are_fetched_when_they_are_wanted(undisturbed: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with served(small_world()) as replica:
        done = wdtk(tmp_path, *EVERYTHING, replica.base, "--no-attachments")
        assert (done.code, done.err) == (0, "")
        assert [entry.path for entry in replica.log if "/attach/" in entry.path] == []
        assert rows(archive, "select distinct status, status_reason from attachments") == [("skipped", "left out of this crawl")]
        assert wdtk(tmp_path, *EVERYTHING, replica.base).code == 0
    assert content(archive) == content(undisturbed)


# ---- what a person and a machine are told -------------------------------------------------------------------------


def test_json_is_all_that_is_said(tmp_path: Path) -> None:
    with served(small_world(), {"match": r"question_1\.json", "kind": "status", "status": 500}) as replica:
        done = wdtk(tmp_path, "--json", *EVERYTHING, replica.base)
    assert (done.code, done.err) == (4, "")
    assert done.told["outcome"] == "failures"
    assert done.told["problems"] == [f"{replica.base}/request/question_1.json: status 500"]
    assert (done.told["pages_left"], done.told["stopped"], done.told["files_not_had"]) == (1, None, {})


def test_the_progress_line_and_the_log_keep_out_of_each_others_way(tmp_path: Path) -> None:
    """On a real terminal: nothing of the line is left when something else is said, and nothing at the end."""
    fault = {"match": r"question_1\.json", "kind": "status", "status": 429, "retry_after": 1, "times": 1}
    with served(small_world(), fault) as replica:
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(ROOT)
            os.environ["WDTK_STATE_DIR"] = str(tmp_path / "state")
            words = ["-m", "scraper", "--archive", str(tmp_path / "archive.db"), *EVERYTHING, replica.base]
            os.execv(sys.executable, [sys.executable, *words])
        written = b""
        with suppress(OSError):  # Linux says so when the last process has closed the terminal
            while piece := os.read(terminal, 65536):
                written += piece
        _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, written
    assert re.search(rb"\x1b\[K\d+ pages?, \d+ known to come", written)
    lines = screen(written.decode())
    assert [line for line in lines if "known to come" in line] == []
    assert [line for line in lines if line.endswith("asks us to wait 1 s (status 429)")] != []


def screen(written: str) -> list[str]:
    """The lines of a terminal that was written to, with carriage returns and erasing to the end of the line obeyed."""
    lines, column = [""], 0
    for piece in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]+", written):
        if piece == "\n":
            lines.append("")
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column] + piece + lines[-1][column + len(piece) :]
            column += len(piece)
        if piece == "\n":
            column = 0
    return lines


def test_a_changed_thread_counts_once_however_many_of_its_pages_say_so(tmp_path: Path) -> None:
    world = small_world()
    with served(world) as replica:
        wdtk(tmp_path, *EVERYTHING, replica.base)
        assert run_of(tmp_path / "archive.db")["requests_changed"] == 0
        world.new_response(world.requests[1], "And more.", [NewFile("more.pdf", "more words")])
        world.set_state(world.requests[2], "rejected")
        wdtk(tmp_path, *EVERYTHING, replica.base)
    assert run_of(tmp_path / "archive.db")["requests_changed"] == 2


def test_the_runs_settings_say_how_it_behaved(tmp_path: Path) -> None:
    with served(small_world()) as replica:
        wdtk(tmp_path, "crawl", "request:question_0", "--site", replica.base, "--max-file-size", "2M", "--budget", "50")
    settings = json.loads(run_of(tmp_path / "archive.db")["settings"])
    assert (settings["job"], settings["max_file_size"], settings["budget"]) == ("crawl request:question_0", 2 * 1024**2, 50)
