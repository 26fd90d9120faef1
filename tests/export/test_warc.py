"""WARC: every byte that the archive holds of the site's answers is in it once, and nothing that was withdrawn."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from scraper.export import warc
from scraper.export.selection import CannotExport
from tests.archive.making import Making
from tests.browser.recorded import recorded_archive
from tests.recordings import needs_recordings

from .warcs import begun, everything, export, read, with_files

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_archive(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def exported(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> warc.Written:
    return export(recorded, tmp_path_factory.mktemp("warc") / "all")


def held(archive: Path) -> Counter[tuple[str, str, str]]:
    """Address, time and SHA-256 of everything that an archive holds, worked out from its tables and files."""
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as db:
        words = {number: zstd.ZstdDict(data) for number, data in db.execute("select id, data from dictionaries")}
        found = Counter(
            (url, at, hashlib.sha256(zstd.decompress(body, zstd_dict=words.get(number))).hexdigest())
            for url, at, body, number in db.execute(
                "select url, requested_at, body, dictionary_id from captures where body is not null"
            )
        )
        # In one crawl each file is fetched once, at the address that its page has.
        for url, at, sha256 in db.execute(
            "select c.url, c.requested_at, f.sha256 from attachments a join files f on f.id = a.file_id "
            "join captures c on c.url = a.url || '?cookie_passthrough=1' and c.page_kind = 'attachment'"
        ):
            path = archive.with_suffix(".files") / sha256[:2] / sha256[2:4] / sha256
            found[(url, at, hashlib.sha256(path.read_bytes()).hexdigest())] += 1
    return found


# ---- the recorded site ----------------------------------------------------------------------------------------------


@needs_recordings
@pytest.mark.slow
def test_warcio_finds_every_digest_right(exported: warc.Written) -> None:
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", *map(str, exported.paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    # The warcinfo too; a revisit has no payload to check.
    assert done.stdout.count("digest pass") == exported.responses + len(exported.paths)
    assert done.stdout.count("not checked (revisit)") == exported.revisits


@needs_recordings
@pytest.mark.slow
def test_everything_held_is_there_once_or_as_a_revisit(recorded: Path, exported: warc.Written) -> None:
    records = read(exported.paths)
    responses = [record for record in records if record.kind == "response"]
    by_time = {(record.id, record.url, record.date): record for record in responses}
    told: Counter[tuple[str, str, str]] = Counter()
    for record in records:
        sha256 = record.sha256 if record.kind == "response" else by_time[record.refers_to].sha256  # type: ignore[index]
        assert record.digest == f"sha256:{sha256}"
        told[(record.url, record.date, sha256)] += 1
    assert told == held(recorded)
    assert max(Counter(record.sha256 for record in responses).values()) == 1
    assert len({record.id for record in records}) == len(records)
    assert (len(responses), len(records) - len(responses)) == (exported.responses, exported.revisits)
    with closing(sqlite3.connect(recorded)) as db:
        assert len(records) + exported.left_out.total() == db.execute("select count(*) from captures").fetchone()[0]
        assert not {"damaged", "no_longer_kept", "mentions_withheld"} & exported.left_out.keys()


@needs_recordings
@pytest.mark.slow
def test_the_same_archive_gives_the_same_bytes(recorded: Path, exported: warc.Written, tmp_path: Path) -> None:
    again = export(recorded, tmp_path / "again")
    assert [path.read_bytes() for path in again.paths] == [path.read_bytes() for path in exported.paths]


@needs_recordings
@pytest.mark.slow
def test_one_request_alone(recorded: Path, exported: warc.Written, tmp_path: Path) -> None:
    with closing(sqlite3.connect(recorded)) as db:
        number, slug = db.execute(
            "select r.id, r.url_title from requests r join messages m on m.request_id = r.id join attachments a "
            "on a.message_id = m.id where a.status = 'stored' group by r.id order by count(*) desc, r.id limit 1"
        ).fetchone()
        base = db.execute("select value from archive_info where key = 'site'").fetchone()[0]
    records = read(export(recorded, tmp_path / "one", [number]).paths)
    own = {
        url
        for url, _, _ in held(recorded)
        if url.startswith((f"{base}/request/{slug}.", f"{base}/request/{slug}?", f"{base}/request/{slug}/"))
    }
    assert len(own) > 3
    # The recording has no page of an authority's or a requester's own.
    assert {record.url for record in records} == own
    # What was written before in a whole export is here by itself.
    assert records[0].kind == "response"


@needs_recordings
@pytest.mark.slow
def test_files_are_closed_at_their_length(
    recorded: Path, exported: warc.Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warc, "PART_BYTES", 1_000_000)
    parts = export(recorded, tmp_path / "parts").paths
    assert [path.name for path in parts] == [f"wdtk-{number:05}.warc.gz" for number in range(len(parts))]
    assert len(parts) > 5
    assert all(path.stat().st_size >= 1_000_000 for path in parts[:-1])
    assert read(parts) == read(exported.paths)


# ---- hostile values -------------------------------------------------------------------------------------------------


def test_stored_headers_cannot_break_out(tmp_path: Path) -> None:
    making = begun(tmp_path, "drains")
    values = {
        "server": "a\r\nSet-Cookie: stolen=1\r\n\r\n<script>",
        "x-robots-tag": "caf\u00e9",
        "location": "\u202e\u65e5\u672c\ud800",
        "date": "d" * 300_000,
        "bad name\r\nx": "y",
        "Transfer-Encoding": "chunked",
        "content-encoding": "gzip",
        "content-length": "7",
        "age": "0\x00",
    }
    making.archive.db.execute(
        "update captures set headers = ?, content_type = ?, etag = ?", (json.dumps(values), "text/html\n\n", 'W/"\r\n"')
    )
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    (record,) = read(done.paths)
    assert [name for name, _ in record.headers] == [
        "content-type", "etag", "server", "x-robots-tag", "location", "date", "age", "content-length",
    ]  # fmt: skip
    got = dict(record.headers)
    assert got["server"] == "a Set-Cookie: stolen=1 <script>"
    assert (got["content-type"], got["etag"], got["age"]) == ("text/html", 'W/" "', "0")
    assert got["x-robots-tag"] == "caf\u00e9"
    assert len(got["date"]) == 300_000
    assert got["content-length"] == str(len(b'{"is": "drains"}'))
    # One byte for each character, as it came over the wire; what cannot have come so is UTF-8.
    assert b"x-robots-tag: caf\xe9\r\n" in everything(done.paths)
    assert b"location: \xe2\x80\xae\xe6\x97\xa5\xe6\x9c\xac\xed\xa0\x80\r\n" in everything(done.paths)


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("http://h/request/a%20b?unfold=1", "http://h/request/a%20b?unfold=1"),
        ("http://h/a b", "http://h/a%20b"),
        ("http://h/\u202efdp.exe", "http://h/%E2%80%AEfdp.exe"),
        ("http://h/\r\nWARC-Type: warcinfo", "http://h/%0D%0AWARC-Type:%20warcinfo"),
        ("http://h/caf\u00e9?q=<b>\"'&", "http://h/caf%C3%A9?q=%3Cb%3E%22'&"),
        ("http://[::bad/", "http://[::bad/"),
    ],
)
def test_addresses_are_uris(tmp_path: Path, stored: str, written: str) -> None:
    making = begun(tmp_path, "drains")
    making.archive.db.execute("update captures set url = ?", (stored,))
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert f"WARC-Target-URI: {written}\r\n".encode() in everything(done.paths)
    assert [record.url for record in read(done.paths)] == [written]


@pytest.mark.parametrize("stored", ["", "<http://h/>", "javascript:alert(1)", "file:///etc/passwd"])
def test_what_has_no_web_address_has_no_record(tmp_path: Path, stored: str) -> None:
    making = begun(tmp_path, "drains", "roads")
    making.archive.db.execute("update captures set url = ? where page_key = 'drains'", (stored,))
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out")
    assert [record.url for record in read(done.paths)] == ["http://127.0.0.1:9/roads"]
    assert done.left_out == {"no_longer_kept": 1}


def test_an_archive_without_a_page_says_so(tmp_path: Path) -> None:
    Making.at(tmp_path / "archive.db").archive.close()
    with pytest.raises(CannotExport, match="nothing was written"):
        export(tmp_path / "archive.db", tmp_path / "out")


# ---- size -----------------------------------------------------------------------------------------------------------

MEASURED = """
import re, sys
from pathlib import Path
from scraper.export.wacz import write_wacz
from tests.export.warcs import export

def peak_kib():
    # Of this program alone: what getrusage says begins with the memory of the process that started it.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = peak_kib()
done = export(Path(sys.argv[1]), Path(sys.argv[2]), write=write_wacz)
print(peak_kib() - before, done.payload_bytes)
"""


@pytest.mark.slow
def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    size = 300_000_000
    making = with_files(tmp_path)
    piece = os.urandom(1_000_000)
    sha256 = hashlib.sha256()
    with (tmp_path / "large").open("wb") as file:
        for _ in range(size // len(piece)):
            file.write(piece)
            sha256.update(piece)
    goal = making.archive.files.path(sha256.hexdigest())
    goal.parent.mkdir(parents=True)
    os.replace(tmp_path / "large", goal)
    making.archive.db.execute("update files set sha256 = ?, size = ?", (sha256.hexdigest(), size))
    making.archive.db.execute("update captures set body_sha256 = ? where page_kind = 'attachment'", (sha256.hexdigest(),))
    making.archive.close()
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "archive.db"), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    grown_kib, payload = map(int, done.stdout.split())
    print(f"a file of {size:,} bytes: {grown_kib:,} KiB more memory at the most")
    assert payload > size
    assert grown_kib * 1024 < size / 6
