"""A site on which something goes wrong, crawled by the real command over HTTP.

Whatever goes wrong: the outcome is recorded, nothing false is stored, the run goes on or stops as it should and its
exit code says so, and the same command on the healed site ends with the archive of an undisturbed crawl.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crawl.command import content, rows, run_of, served, small_world, stored_files, wdtk
from tests.recorded_site import RECORDINGS, RecordedSite, fidelity
from tests.recordings import needs_recordings
from tests.replica.faults import Fault

JSON = r"^/request/question_1\.json"
HTML = r"^/request/question_1\?"
FILE = r"^/request/question_1/response/"
LIST = r"^/list"
MEBIBYTE = 2**20
FILE_LIMIT = 100 * MEBIBYTE
PAGE_LIMIT = 32 * MEBIBYTE
TO_ITSELF = r"asked for 7 times, and each time: 302 to http://.*/answer%201\.pdf.*"

Outcomes = dict[tuple[str, str, str], int]
"""How many captures there are of a page kind, an outcome, and a reason (a pattern that matches it whole)."""


@dataclass(frozen=True)
class Case:
    """Faults, and what a crawl of everything makes of them."""

    name: str
    faults: list[Fault]
    code: int
    outcome: str
    not_had: Outcomes
    """Captures that are not content."""
    attachments: Counter[str] = field(default_factory=lambda: Counter(stored=3))
    why: str | None = None
    """A pattern for `attachments.status_reason` of what is not stored."""
    said: str | None = None
    """A pattern for what stands in the terminal."""
    environ: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def failing(name: str, pattern: str, reason: str, fault: Fault, **environ: str) -> Case:
    """A page that is asked for three times and does not come; all others do."""
    kind = {JSON: "request_json", HTML: "request_html", FILE: "attachment", LIST: "list"}[pattern]
    outcomes: Outcomes = {(kind, "failed", reason): 3}
    return Case(name, [{"match": pattern, **fault}], 4, "failures", outcomes, _attachments(pattern), None, reason, environ)


def unreadable(name: str, pattern: str, reason: str, fault: Fault) -> Case:
    """A page that comes twice and cannot be read; all others can."""
    kind = {JSON: "request_json", HTML: "request_html", FILE: "attachment", LIST: "list"}[pattern]
    outcomes: Outcomes = {(kind, "unreadable", reason): 2}
    return Case(name, [{"match": pattern, **fault}], 4, "failures", outcomes, _attachments(pattern), None, reason)


def _attachments(pattern: str) -> Counter[str]:
    return {LIST: Counter[str](), FILE: Counter(stored=2, due=1)}.get(pattern, Counter(stored=2))


def left_out(name: str, status: str, why: str, not_had: Outcomes, fault: Fault, **environ: str) -> Case:
    """A file that is not had for a reason that is no failure."""
    attachments = Counter({"stored": 2, status: 1})
    return Case(name, [{"match": FILE, **fault}], 0, "ok", not_had, attachments, why, None, environ)


def blocked(name: str, not_had: Outcomes, said: str, fault: Fault, stored: int = 0) -> Case:
    """A site that does not want us, or a bad day: the run stops."""
    return Case(name, [fault], 3, "blocked", not_had, Counter(stored=stored) if stored else Counter(), None, said)


BROKEN_OFF = r"the connection broke off: Connection was closed cleanly\."
CUT = "the connection ended before the body did"
LATE = "did not answer within 1 s"
STALLED = "the body (stood still for|was not complete within) 1 s"
DOUBT = "403: the site or its edge asks for proof of a browser, or refuses"
ELSEWHERE = "https://elsewhere.example/login"
CASES = [
    failing("500 for JSON", JSON, "status 500", {"kind": "status", "status": 500}),
    failing("502 for a thread", HTML, "status 502", {"kind": "status", "status": 502}),
    failing("503 for a file", FILE, "status 503", {"kind": "status", "status": 503}),
    failing("500 for a list", LIST, "status 500", {"kind": "status", "status": 500}),
    failing("dropped connection, JSON", JSON, BROKEN_OFF, {"kind": "drop"}),
    failing("dropped connection, file", FILE, BROKEN_OFF, {"kind": "drop"}),
    failing("truncated JSON", JSON, CUT, {"kind": "truncate"}),
    failing("truncated file", FILE, CUT, {"kind": "truncate"}),
    failing("slow answer", JSON, LATE, {"kind": "slow", "seconds": 5}, WDTK_TIMEOUT="1"),
    failing("slow body, file", FILE, STALLED, {"kind": "stall", "seconds": 5}, WDTK_TIMEOUT="1"),
    failing("redirect loop, JSON", JSON, r"302 to http://.*loop=1", {"kind": "redirect_loop"}),
    failing("redirect to another host", JSON, f"302 to {ELSEWHERE}", {"kind": "moved", "location": ELSEWHERE}),
    failing("redirect to login", HTML, "302 to the login page", {"kind": "moved", "location": "/profile/sign_in?token=1"}),
    failing("login page", HTML, "the login page with status 200", {"kind": "page", "path": "/profile/sign_in"}),
    unreadable("gzip bomb, JSON", JSON, f"more came, and at most {PAGE_LIMIT:,} bytes are kept", {"kind": "gzip_bomb"}),
    unreadable("gzip bomb, list", LIST, f"more came, and at most {PAGE_LIMIT:,} bytes are kept", {"kind": "gzip_bomb"}),
    unreadable("200 MB of JSON", JSON, f"209,715,200 bytes, and at most {PAGE_LIMIT:,} bytes are kept", {"kind": "big"}),
    unreadable("empty JSON", JSON, "request_json page: body: empty", {"kind": "empty"}),
    unreadable("empty thread", HTML, "request_html page: body: empty", {"kind": "empty"}),
    unreadable("empty file", FILE, "attachment page: body: empty", {"kind": "empty"}),
    unreadable("empty list", LIST, "list page: body: empty", {"kind": "empty"}),
    unreadable("malformed JSON", JSON, "request_json page: JSON: malformed", {"kind": "malformed_json"}),
    unreadable("HTML in JSON's place", JSON, "request_json page: JSON: malformed", {"kind": "html"}),
    unreadable("a page that is no list", LIST, "list page: #content: not found", {"kind": "html"}),
    unreadable("no correspondence", HTML, r"request_html page: div\.correspondence: not found", {"kind": "no_correspondence"}),
    left_out("200 MB file", "too_large", f"209,715,200 bytes, and at most {FILE_LIMIT:,} bytes are kept", {}, {"kind": "big"}),
    left_out(
        "200 MB file that does not say so",
        "too_large",
        f"more came, and at most {MEBIBYTE:,} bytes are kept",
        {},
        {"kind": "big", "declared": False},
        WDTK_MAX_FILE_SIZE="1M",
    ),
    left_out("gzip bomb, file", "too_large", f"more came, and at most {FILE_LIMIT:,} bytes are kept", {}, {"kind": "gzip_bomb"}),
    left_out("file to itself for ever", "unavailable", TO_ITSELF, {("attachment", "redirected", ".*"): 7}, {"kind": "self"}),
    left_out("redirect loop, file", "unavailable", TO_ITSELF, {("attachment", "redirected", ".*"): 7}, {"kind": "redirect_loop"}),
    left_out(
        "file on the wait page for ever",
        "unavailable",
        "asked for 7 times, and each time: 302 to the page for files that are still being masked",
        {("attachment", "redirected", "302 to the page for files that are still being masked"): 7},
        {"kind": "wait"},
    ),
    left_out(
        "HTML in a file's place",
        "unavailable",
        "asked for 7 times, and each time: a page of the site in the file's place",
        {("attachment", "redirected", "a page of the site in the file's place"): 7},
        {"kind": "html"},
    ),
    left_out("404, file", "unavailable", "status 404", {("attachment", "missing", "404"): 1}, {"kind": "status", "status": 404}),
    Case("JSON served as HTML", [{"match": JSON, "kind": "wrong_type", "type": "text/html"}], 0, "ok", {}),
    Case("file served as HTML", [{"match": FILE, "kind": "wrong_type", "type": "text/html"}], 0, "ok", {}),
    Case("429 once", [{"match": JSON, "kind": "status", "status": 429, "retry_after": 1, "times": 1}], 0, "ok",
         {("request_json", "failed", "status 429"): 1}, said="asks us to wait 1 s"),
    Case("404 for a list", [{"match": LIST, "kind": "status", "status": 404}], 4, "failures",
         {("list", "missing", "404"): 1}, Counter(), None, "there is no such page"),
    Case("a list without a row", [{"match": LIST, "kind": "page", "path": "/list?query=tag:none"}], 4, "failures",
         {}, Counter(), None, "the site lists nothing here; check the spelling, and the dates"),
    blocked("500 for everything", {(kind, "failed", "status 500"): 1 for kind in ("authorities_csv", "version", "list")},
            "stopped: 3 pages in a row failed", {"match": "^/(?!robots)", "kind": "status", "status": 500}),
    blocked("500 for every request", {("request_json", "failed", "status 500"): 3},
            "stopped: 3 pages in a row failed", {"match": "^/request/", "kind": "status", "status": 500}),
    blocked("challenge on a thread", {("request_json", "challenge", DOUBT): 1}, DOUBT, {"match": JSON, "kind": "challenge"}, 1),
    blocked("challenge on a list", {("list", "challenge", DOUBT): 1}, DOUBT, {"match": LIST, "kind": "challenge"}),
    blocked("challenge on robots.txt", {}, "robots.txt could not be had, so nothing may be asked for: .* answers 403 with a page",
            {"match": "^/robots", "kind": "challenge"}),
    blocked("503 for robots.txt", {}, "robots.txt could not be had, so nothing may be asked for: .* answers 503 with a page",
            {"kind": "robots_503"}),
    blocked("429 for two hours", {("request_json", "failed", "status 429"): 1}, "asked us to wait 7200 s more; run again then",
            {"match": JSON, "kind": "status", "status": 429, "retry_after": 7200}, 1),
]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a crawl on which nothing went wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with served(small_world()) as replica:
        done = wdtk(folder, "crawl", "everything", "--site", replica.base)
    assert done.code == 0, done.err
    return folder / "archive.db"


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"the tool that compares is not at {RECORDINGS} (shared)")
def test_what_the_others_are_compared_with_is_the_truth(undisturbed: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.json.gz"
    truth.write_bytes(gzip.compress(json.dumps(small_world().truth()).encode()))
    words = [str(RECORDINGS / "fidelity.py"), str(undisturbed), "--day", str(truth)]
    compared = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert compared.returncode == 0, compared.stdout
    assert "100.0000 %" in compared.stdout


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, undisturbed: Path, tmp_path: Path) -> None:
    archive, command = tmp_path / "archive.db", ("crawl", "everything", "--site")
    with served(small_world(), *case.faults) as replica:
        done = wdtk(tmp_path, *command, replica.base, **case.environ)
        assert (done.code, run_of(archive)["outcome"]) == (case.code, case.outcome), done
        assert _not_had(archive, case.not_had) == case.not_had
        assert Counter(status for (status,) in rows(archive, "select status from attachments")) == case.attachments
        for (why,) in rows(archive, "select status_reason from attachments where status not in ('stored', 'due')"):
            assert re.fullmatch(case.why or "", why)
        assert re.search(case.said or "", done.err), done.err
        _nothing_false(archive, undisturbed)
        replica.faults.clear()
        # A site that asked for two hours is not asked again before: as if they had passed.
        shutil.rmtree(tmp_path / "state")
        healed = wdtk(tmp_path, *command, replica.base)
    assert (healed.code, healed.err) == (0, ""), healed
    assert content(archive) == content(undisturbed)


def _not_had(archive: Path, expected: Outcomes) -> Outcomes:
    """The captures that brought no content, in the words of what is expected; numbers that lead nowhere are in each crawl."""
    found: Counter[tuple[str, str, str]] = Counter()
    query = "select page_kind, outcome, reason from captures where outcome not in ('changed', 'unchanged')"
    for kind, outcome, reason in rows(archive, f"{query} and page_kind <> 'request_id'"):
        patterns = [key for key in expected if key[:2] == (kind, outcome) and re.fullmatch(key[2], reason)]
        found[patterns[0] if patterns else (kind, outcome, reason)] += 1
    return dict(found)


def _nothing_false(archive: Path, undisturbed: Path) -> None:
    """What is stored is of the site as it is: no half file, no page in a file's place, no row that is not its own."""
    assert stored_files(archive) <= stored_files(undisturbed)
    some, all_of_it = content(archive), content(undisturbed)
    for table in ("users", "events", "files", "links", "changes"):
        assert set(some[table]) <= set(all_of_it[table]), table
    query = "select r.id, r.url_title, r.title, m.anchor, m.text from requests r left join messages m on m.request_id = r.id"
    assert {row for row in rows(archive, query) if row[3]} <= set(rows(undisturbed, query))
    assert {row[:3] for row in rows(archive, query)} <= {row[:3] for row in rows(undisturbed, query)}
    assert rows(archive, "select count(*) from captures where body is not null and outcome not in ('changed', 'unchanged')") == [
        (0,)
    ]


def test_bytes_that_are_no_utf8_are_marked_and_the_rest_is_read(undisturbed: Path, tmp_path: Path) -> None:
    archive, texts = tmp_path / "archive.db", "select anchor, text from messages order by anchor"
    with served(small_world(), {"match": HTML, "kind": "invalid_utf8"}) as replica:
        spoilt = wdtk(tmp_path, "crawl", "everything", "--site", replica.base)
        assert (spoilt.code, spoilt.err) == (0, "")
        whole = dict(rows(undisturbed, texts))
        whole["outgoing-2"] = "\ufffd\ufffd\ufffd(" + whole["outgoing-2"]
        assert dict(rows(archive, texts)) == whole
        replica.faults.clear()
        assert wdtk(tmp_path, "crawl", "everything", "--site", replica.base).code == 0
    assert rows(archive, texts) == rows(undisturbed, texts)
    assert rows(archive, "select table_name, column_name from changes") == [("messages", "text")]


def test_what_fails_once_is_asked_for_again_in_the_same_run(undisturbed: Path, tmp_path: Path) -> None:
    """Each sort of page with a fault of its own, one after another; a page that comes in between shows that the site is well."""
    kinds = ("drop", "truncate", "status", "empty", "redirect_loop", "html")
    places = (LIST, r"question_0\.json", r"question_0\?", r"question_1\.json", r"question_2\?", r"question_2/response")
    faults: list[Fault] = [{"match": place, "kind": kind, "times": 1} for kind, place in zip(kinds, places, strict=True)]
    with served(small_world(), *faults) as replica:
        done = wdtk(tmp_path, "crawl", "everything", "--site", replica.base)
    archive = tmp_path / "archive.db"
    assert (done.code, done.err) == (0, ""), done
    assert [fault["times"] for fault in faults] == [0] * len(faults)
    assert content(archive) == content(undisturbed)
    assert rows(archive, "select count(*) from agenda where due_at is not null") == [(0,)]


@pytest.mark.parametrize("masking", ["self", "wait"])
def test_a_file_that_the_site_prepares_first_ends_stored(masking: str, undisturbed: Path, tmp_path: Path) -> None:
    with served(small_world(masking=masking, hits=2)) as replica:
        done = wdtk(tmp_path, "crawl", "everything", "--site", replica.base)
        assert sum(entry.status == 302 for entry in replica.log) == 6
    assert (done.code, done.err) == (0, "")
    assert content(tmp_path / "archive.db") == content(undisturbed)


def test_pages_that_are_broken_for_good_do_not_keep_the_job_from_its_end(tmp_path: Path) -> None:
    """Three requests side by side that always fail look like a bad day once; the next run goes past them, and says so."""
    faults: list[Fault] = [{"match": r"question_[234]\.json", "kind": "status", "status": 500}]
    with served(small_world(8), *faults) as replica:
        command = ("crawl", "everything", "--site", replica.base)
        first, second = wdtk(tmp_path, *command), wdtk(tmp_path, *command)
    archive = tmp_path / "archive.db"
    assert (first.code, second.code) == (3, 4)
    assert "3 pages in a row failed" in first.err
    assert second.err.count("status 500") == 3
    assert rows(archive, "select count(*) from requests") == [(5,)]
    assert [row[0] for row in rows(archive, "select outcome from runs")] == ["blocked", "failures"]


@needs_recordings
@pytest.mark.parametrize(
    ("kind", "times", "expected", "waits"),
    [("self", 2, "stored", 2), ("wait", 3, "stored", 3), ("self", None, "unavailable", 14), ("wait", None, "unavailable", 14)],
)
def test_files_of_the_genuine_site_that_lead_astray(
    kind: str, times: int | None, expected: str, waits: int, tmp_path: Path
) -> None:
    faults = [{"match": "/attach/", "kind": kind, "times": times}]
    with RecordedSite(day=1, faults=faults) as site:
        done = wdtk(tmp_path, "crawl", "request:broadband_rural_derby_2023", "--site", site.base)
    archive = tmp_path / "archive.db"
    assert (done.code, done.err) == (0, "")
    assert {row[0] for row in rows(archive, "select status from attachments")} == {expected}
    assert rows(archive, "select count(*) from captures where page_kind = 'attachment' and outcome = 'redirected'") == [(waits,)]
    if expected == "unavailable":
        assert stored_files(archive) == set()
        return
    ((number,),) = rows(archive, "select id from requests")
    compared = fidelity(archive, 1, "--only", "attachments", "--requests", str(number))
    assert compared.returncode == 0, compared.stdout
