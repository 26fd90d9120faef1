"""Files that mean harm, in real child processes: each ends in its status within its limits, and the next is read."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scraper.text import supervised
from scraper.text.limits import MIB, READING
from scraper.text.result import Outcome
from scraper.text.supervised import Child, close_children, read_supervised

from . import making

# No test waits for the wall here: a busy machine must not end a file before its processor time does.
TIGHT = replace(READING, cpu_s=2, wall_s=120, members_size=8 * MIB, member_size=4 * MIB, memory=768 * MIB)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    close_children()


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "PROGRAM", "tests.text.stubs")


def read(data: bytes) -> Outcome:
    (found,) = read_supervised([data], TIGHT, None)
    return found


def good() -> bool:
    return read(making.pdf("still here")).text == "still here"


# ---- a reader gone wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("SPIN", "took too much processor time"),
        ("ABORT", "its reader crashed (SIGABRT)"),
        ("SEGFAULT", "its reader crashed (SIGSEGV)"),
        ("MEMORY", "needs more memory than a file is given"),
        ("LEAVE", "its reader ended with 0"),
        ("RAISE", "RuntimeError: nobody foresaw this"),
    ],
)
@pytest.mark.usefixtures("stubs")
def test_a_reader_that_fails_costs_one_file(trouble: str, reason: str) -> None:
    assert good()
    found = read(trouble.encode())
    assert (found.status, found.error, found.text) == ("failed", reason, None)
    assert good()


@pytest.mark.usefixtures("stubs")
def test_a_reader_that_hangs_is_killed() -> None:
    (found,) = read_supervised([b"SLEEP"], replace(TIGHT, wall_s=1), None)
    assert (found.status, found.error) == ("failed", "took too long")
    assert good()


@pytest.mark.usefixtures("stubs")
def test_among_many_each_file_has_its_own_outcome() -> None:
    """Large ones too: their bytes and answers are more than the pipes hold."""
    large = b"words " * 100_000
    files = [b"one", b"ABORT", large, b"RAISE", large, b"MEMORY", b"LEAVE", b"six"]
    found = read_supervised(files, TIGHT, None)
    assert [one.status for one in found] == [
        "extracted",
        "failed",
        "extracted",
        "failed",
        "extracted",
        "failed",
        "failed",
        "extracted",
    ]
    assert [len(found[number].text or "") for number in (0, 2, 4, 7)] == [3, 600_000, 600_000, 3]
    assert found[1].error == "its reader crashed (SIGABRT)"


@pytest.mark.usefixtures("stubs")
def test_a_child_that_failed_or_served_enough_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(b"PID").text
    assert read(b"PID").text == first
    read(b"RAISE")
    second = read(b"PID").text
    assert second != first
    monkeypatch.setattr(supervised, "FILES_EACH", 2)
    assert read(b"PID").text == second
    assert read(b"PID").text != second


@pytest.mark.usefixtures("stubs")
def test_a_child_of_a_large_process_is_none_itself() -> None:
    """What a process held before it started a child is in the child's `ru_maxrss`."""
    ours = bytearray(TIGHT.memory * 6 // 10)
    ours[::4096] = b"x" * len(ours[::4096])
    assert read(b"PID").text == read(b"PID").text


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        ("SOCKET", "refused: PermissionError"),
        ("NATIVE", "socket -1 errno 1"),
        ("WRITE", "refused: OSError"),
        ("OPEN", "refused: OSError"),
        ("SECRETS", "LANG MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_ PATH PYTHONPATH"),
    ],
)
@pytest.mark.usefixtures("stubs")
def test_what_a_child_may_not_do(trouble: str, text: str) -> None:
    child = Child(TIGHT)
    try:
        if trouble == "NATIVE" and child.network != "seccomp":
            pytest.skip(f"this machine closes the network of native code by {child.network}")
        (found,) = child.read([trouble.encode()], TIGHT, None)
        assert found.text == text
    finally:
        child.close()


@pytest.mark.usefixtures("stubs")
def test_what_a_reader_prints_is_no_answer() -> None:
    assert read(b"PRINT and words").text == "PRINT and words"


PROPER = {"status": "extracted", "media_type": None, "method": "x", "page_count": None, "error": None, "text": None}
PROPER |= {"members": [], "peak": 1, "ends": False}


@pytest.mark.parametrize(
    ("forged", "error"),
    [
        (b"no JSON", "its reader gave no proper answer"),
        (b"[]", "its reader gave no proper answer"),
        (b"{}", "its reader gave no proper answer"),
        (json.dumps({**PROPER, "status": "due"}).encode(), "its reader gave no proper answer"),
        (json.dumps({**PROPER, "error": "\ud800"}).encode(), "its reader gave no proper answer"),
        (json.dumps({**PROPER, "members": [[]]}).encode(), "its reader gave no proper answer"),
        (json.dumps({**PROPER, "text": -5}).encode(), "its reader gave no proper answer"),
        (json.dumps({**PROPER, "members": [["a", -(10**12), None]]}).encode(), "its reader gave no proper answer"),
        (json.dumps({**PROPER, "members": [["a", 10**12, None]]}).encode(), "its text or members are larger than allowed"),
        (json.dumps({**PROPER, "text": 10**12}).encode(), "its text or members are larger than allowed"),
    ],
)
@pytest.mark.usefixtures("stubs")
def test_an_answer_that_a_file_forged_is_not_believed(forged: bytes, error: str) -> None:
    (found,) = read_supervised([b"FORGE " + forged], TIGHT, None)
    assert (found.status, found.error) == ("failed", error)
    assert good()


@pytest.mark.usefixtures("stubs")
def test_text_beyond_measure_is_cut_and_says_so() -> None:
    limits = replace(TIGHT, text=1000)
    (found,) = read_supervised([b"LARGE"], limits, None)
    assert (found.text, found.error) == ("x" * 1000, "cut: only the first 1,000 characters are kept")


@pytest.mark.usefixtures("stubs")
def test_no_child_outlives_a_parent_that_is_killed() -> None:
    program = (
        "import sys, threading; from scraper.text import supervised; from scraper.text.limits import READING\n"
        "supervised.PROGRAM = 'tests.text.stubs'\n"
        "child = supervised.Child()\n"
        "print(child.pid, flush=True)\n"
        "list(child.read([b'SLEEP'], READING, None))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.wait()
        assert select.select([child], [], [], 30)[0] == [child]
    finally:
        parent.stdout.close()
        os.close(child)


def test_a_child_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "PROGRAM", "tests.text.absent")
    with pytest.raises(supervised.CannotStart, match=r"No module named tests\.text\.absent"):
        read(b"words")


# ---- bombs ----------------------------------------------------------------------------------------------------------


def test_a_pdf_bomb_costs_one_file() -> None:
    found = read(making.bomb_pdf(4096))
    assert found.status in ("failed", "empty")
    assert good()


def test_a_tree_of_pages_without_end_is_read_in_time() -> None:
    found = read(making.endless_pdf())
    assert found.status in ("failed", "empty")
    assert good()


def test_a_zip_bomb_is_left_out_with_its_reason() -> None:
    found = read(making.zipped({"bomb.bin": bytes(40 * MIB), "words.txt": "still read"}))
    assert found.status == "extracted"
    assert [(member.path, member.reason) for member in found.members] == [("bomb.bin", "too large"), ("words.txt", None)]


def test_a_zip_that_lies_about_sizes_is_counted() -> None:
    bomb = bytearray(making.zipped({"bomb.txt": bytes(40 * MIB)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = bomb.find(mark) + at
        bomb[place : place + 4] = (10).to_bytes(4, "little")
    (member,) = read(bytes(bomb)).members
    assert member.data is None or len(member.data) <= 10


def test_members_have_a_limit_in_number_and_together() -> None:
    many = read(making.zipped({f"{number}.txt": "x" for number in range(1200)}))
    assert len(many.members) == 1001
    assert many.members[-1].reason == "200 more: only the first 1,000 are read"
    large = read(making.zipped({f"{number}.bin": bytes(3 * MIB) for number in range(4)}))
    assert [member.data is not None for member in large.members] == [True, True, False, False]


def test_a_part_of_an_office_file_that_unpacks_without_end_fails() -> None:
    found = read(making.docx(making.paragraph("x" * (300 * MIB))))
    assert found.status == "failed"
    assert good()


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


def with_document(head: str, words: str) -> bytes:
    xml = f'{head}<w:document xmlns:w="{making._WORD}"><w:body>{making.paragraph(words)}</w:body></w:document>'
    return making.zipped({"[Content_Types].xml": making.TYPES, "word/document.xml": xml})


def test_entities_are_not_expanded() -> None:
    found = read(with_document(LAUGHS, "before &j; after"))
    assert found.status in ("extracted", "failed")
    assert "haha" not in (found.text or "")


def test_no_file_is_read_and_nothing_fetched_for_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    for target in (secret.as_uri(), "http://127.0.0.1:9/x"):
        head = f'<?xml version="1.0"?><!DOCTYPE l SYSTEM "{target}" [<!ENTITY e SYSTEM "{target}">]>'
        found = read(with_document(head, "before &e; after"))
        assert found.status in ("extracted", "failed")
        assert "SECRET" not in (found.text or "")


def test_a_sheet_that_claims_a_thousand_million_rows_ends() -> None:
    claimed = read(making.xlsx(making.cells(1, "words", 5), dimension="A1:XFD1048576"))
    assert (claimed.status, claimed.text) == ("extracted", "Costs\nwords\t5")
    corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    spread = read(making.xlsx(corners))
    assert spread.status in ("failed", "extracted")
    assert good()


def test_nesting_without_end_is_no_matter() -> None:
    deep = read(b"<html>" + b"<div>" * 200_000 + b"words")
    assert deep.status in ("extracted", "failed", "empty")
    mail = b"".join(
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(3000)
    )
    assert read(mail + b"Content-Type: text/plain\n\nwords").status in ("extracted", "failed", "empty")
    assert read(b"{\\rtf1" + b"{" * 100_000 + b"words").status in ("extracted", "failed", "empty")
    assert good()


def test_garbage_of_every_kind_ends_in_a_status() -> None:
    noise = bytes((7 * number * number + 13) % 251 for number in range(5000))
    heads = (
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"{\\rtf1 ",
        b"<html>",
        b"From: a\nTo: b\nDate: c\n\n",
    )
    for head in heads:
        assert read(head + noise).status in ("failed", "extracted", "empty", "unsupported")
    assert read(b"{\\rtf1\\bin999999999 \\u99999? \\'zz}").status in ("failed", "extracted", "empty")
    assert good()


WHOLE = {
    "pdf": making.pdf("words " * 50),
    "docx": making.docx(making.paragraph("words " * 500)),
    "pptx": making.pptx("words"),
    "xlsx": making.xlsx(making.cells(1, "words", 5)),
    "xls": making.xls("words", 5),
    "odt": making.odf("text", "<office:text><text:p>words</text:p></office:text>"),
    "zip": making.zipped({"a.txt": "words"}),
    "msg": making.ole(making.msg("words", "words")),
    "rtf": rb"{\rtf1 words {\b bold}}",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(50),
}


@pytest.mark.parametrize("name", WHOLE)
def test_truncated_files_end_in_a_status(name: str) -> None:
    data = WHOLE[name]
    for share in (0.15, 0.5, 0.8, 0.99):
        found = read(data[: int(len(data) * share)])
        assert found.status in ("failed", "extracted", "empty", "unsupported", "no_text_layer")
        assert found.status == "extracted" or found.text is None


def test_macros_are_not_read() -> None:
    evil = b'Sub AutoOpen() Shell "calc" End Sub'
    word = read(making.docx(making.paragraph("words"), vbaProject_bin=evil))
    sheet = read(making.xlsx(making.cells(1, "words"), vbaProject_bin=evil))
    assert (word.text, sheet.text) == ("words", "Costs\nwords")
    assert (word.members, sheet.members) == ((), ())


def test_signals_of_limits_are_told_apart() -> None:
    child = Child(TIGHT)
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(supervised._Gone, match=r"crashed \(SIGKILL\)"):
        list(child.read([b"words"], TIGHT, None))
    child.close()
