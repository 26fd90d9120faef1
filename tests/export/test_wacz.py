"""WACZ: the same records in one file, with an index that leads to each of them, and pages to begin at."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from scraper.export import cdxj, warc
from scraper.export.cdxj import sort_key
from scraper.export.wacz import write_wacz
from scraper.records import PageKind, PageRef, Reading
from tests.browser.recorded import recorded_archive
from tests.recordings import needs_recordings

from .warcs import begun, export, page, read


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_archive(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def packed(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(recorded, tmp_path_factory.mktemp("wacz") / "all", write=write_wacz).paths[0]


def lines(package: zipfile.ZipFile) -> list[tuple[str, str, dict[str, str]]]:
    """The index: sort key, moment, and what it says; each block by itself, as the second index leads to it."""
    second = package.read("indexes/index.idx").decode().splitlines()
    assert json.loads(second[0].removeprefix("!meta 0 ")) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    blocks = package.read("indexes/index.cdx.gz")
    found: list[tuple[str, str, dict[str, str]]] = []
    for each in second[1:]:
        key, moment, told = each.split(" ", 2)
        place = json.loads(told)
        packed = blocks[place["offset"] : place["offset"] + place["length"]]
        assert place["digest"] == f"sha256:{hashlib.sha256(packed).hexdigest()}"
        block = gzip.decompress(packed).decode().splitlines()
        assert block[0].startswith(f"{key} {moment} ")
        for line in block:
            line_key, line_moment, line_told = line.split(" ", 2)
            found.append((line_key, line_moment, json.loads(line_told)))
    assert found == sorted(found, key=lambda line: line[:2])
    return found


def pages(package: zipfile.ZipFile) -> list[dict[str, Any]]:
    head, *listed = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]
    assert head["format"] == "json-pages-1.0"
    return listed


@needs_recordings
@pytest.mark.slow
def test_the_records_are_those_of_the_warc(recorded: Path, packed: Path, tmp_path: Path) -> None:
    plain = export(recorded, tmp_path / "plain")
    with zipfile.ZipFile(packed) as package:
        for path in plain.paths:
            info = package.getinfo(f"archive/{path.name}")
            assert info.compress_type == zipfile.ZIP_STORED
            assert package.read(info) == path.read_bytes()


@needs_recordings
@pytest.mark.slow
def test_the_index_leads_to_every_record(packed: Path) -> None:
    with zipfile.ZipFile(packed) as package:
        warcs = {name.removeprefix("archive/"): package.read(name) for name in package.namelist() if name.startswith("archive/")}
        found = lines(package)
    assert len(found) > 5000
    ends = dict.fromkeys(warcs, 0)
    for _, moment, told in sorted(found, key=lambda line: (line[2]["filename"], int(line[2]["offset"]))):
        begin, length = int(told["offset"]), int(told["length"])
        ends[told["filename"]] = begin + length
        (record,) = ArchiveIterator(BytesIO(warcs[told["filename"]][begin : begin + length]))
        head = record.rec_headers.get_header
        assert head("WARC-Target-URI") == told["url"]
        assert head("WARC-Date").translate(str.maketrans("", "", "-:TZ")) == moment
        assert head("WARC-Payload-Digest") == told["digest"]
        kind = "warc/revisit" if record.rec_type == "revisit" else (record.http_headers.get_header("content-type") or "unk")
        assert told["mime"] == kind.split(";")[0]
        assert record.http_headers.get_statuscode() == told["status"]
    assert ends == {name: len(data) for name, data in warcs.items()}


@needs_recordings
@pytest.mark.slow
def test_the_package_describes_itself(packed: Path) -> None:
    with zipfile.ZipFile(packed) as package:
        told = json.loads(package.read("datapackage.json"))
        assert (told["profile"], told["wacz_version"]) == ("data-package", "1.1.1")
        for resource in told["resources"]:
            data = package.read(resource["path"])
            assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
        last = {"datapackage.json", "datapackage-digest.json"}
        assert {resource["path"] for resource in told["resources"]} == set(package.namelist()) - last
        digest = hashlib.sha256(package.read("datapackage.json")).hexdigest()
        assert json.loads(package.read("datapackage-digest.json")) == {"path": "datapackage.json", "hash": f"sha256:{digest}"}


@needs_recordings
@pytest.mark.slow
def test_every_thread_is_a_page(recorded: Path, packed: Path) -> None:
    with closing(sqlite3.connect(recorded)) as db:
        threads = db.execute(
            "select c.url, r.title, c.requested_at from requests r join captures c on c.page_key = r.url_title "
            "where c.page_kind = 'request_html' and c.body is not null"
        ).fetchall()
        users = db.execute("select count(*) from captures where page_kind = 'user_json' and body is not null").fetchone()[0]
    with zipfile.ZipFile(packed) as package:
        listed = pages(package)
        assert sorted((each["url"], each["title"], each["ts"]) for each in listed if "/request/" in each["url"]) == sorted(
            threads
        )
        assert len(listed) == len(threads) + users
        assert len({each["id"] for each in listed}) == len(listed)
        assert {each["url"] for each in listed} <= {told["url"] for _, _, told in lines(package)}


@needs_recordings
@pytest.mark.slow
def test_the_same_archive_gives_the_same_bytes(recorded: Path, packed: Path, tmp_path: Path) -> None:
    again = export(recorded, tmp_path / "again", write=write_wacz).paths
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["wdtk.wacz"]
    assert again[0].read_bytes() == packed.read_bytes()


@needs_recordings
@pytest.mark.slow
def test_many_files_and_blocks(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "PART_BYTES", 5_000_000)
    monkeypatch.setattr(cdxj, "BLOCK_LINES", 100)
    path = export(recorded, tmp_path / "parts", write=write_wacz).paths[0]
    with zipfile.ZipFile(path) as package:
        found = lines(package)
        names = [name.removeprefix("archive/") for name in package.namelist() if name.startswith("archive/")]
        package.extractall(tmp_path)
    assert len(names) > 3
    assert {told["filename"] for _, _, told in found} == set(names)
    test_the_index_leads_to_every_record(path)
    assert len(read([tmp_path / "archive" / name for name in names])) == len(found)


def test_no_header_has_sizes_that_it_does_not_need(tmp_path: Path) -> None:
    """ReplayWeb.page looks for a file right behind its name unless the central directory has more to say."""
    begun(tmp_path, "drains").archive.close()
    path = export(tmp_path / "archive.db", tmp_path / "out", write=write_wacz).paths[0]
    data = path.read_bytes()
    with zipfile.ZipFile(path) as package:
        for info in package.infolist():
            begin = info.header_offset + 30 + len(info.filename)
            assert (info.extra, info.date_time) == (b"", (1980, 1, 1, 0, 0, 0))
            assert data[begin : begin + info.compress_size] == (
                package.read(info) if info.compress_type == zipfile.ZIP_STORED else data[begin : begin + info.compress_size]
            )


def test_what_a_reader_would_see_nothing_of_is_not_in_the_index(tmp_path: Path) -> None:
    """An answer 304 has a record in the WARC; in a browser it would be an empty page in place of the page."""
    making = begun(tmp_path, "drains")
    page(making, "drains", b"one")
    page(making, "drains", b"one")
    making.keep(PageRef(PageKind.REQUEST_HTML, "drains"), Reading("not_modified"), status=304)
    making.archive.db.execute("update requests set title = ?", ('<b>"\u202e\n',))
    making.archive.close()
    done = export(tmp_path / "archive.db", tmp_path / "out", write=write_wacz)
    assert (done.responses, done.revisits) == (2, 2)
    with zipfile.ZipFile(done.paths[0]) as package:
        told = [told for _, _, told in lines(package)]
        assert [(each["mime"], each["status"]) for each in told] == [("unk", "200"), ("unk", "200"), ("warc/revisit", "200")]
        assert told[2]["digest"] == told[1]["digest"]
        assert [(each["url"], each["title"]) for each in pages(package)] == [("http://127.0.0.1:9/drains", '<b>"\u202e\n')]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.whatdotheyknow.com/request/A_b?unfold=1", "com,whatdotheyknow)/request/a_b?unfold=1"),
        ("http://127.0.0.1:8000/", "1,0,0,127:8000)/"),
        ("https://ex.org:443/user/x/", "org,ex)/user/x"),
        ("http://ex.org:443/?b=2&a=1", "org,ex:443)/?a=1&b=2"),
        ("https://ex.org/attach/2/My%20File%20(1).PDF?", "org,ex)/attach/2/my%20file%20(1).pdf"),
        ("http://[::bad/", "http://[::bad/"),
        ("http://ex.org:99999/", "http://ex.org:99999/"),
    ],
)
def test_addresses_sort_as_readers_expect(url: str, key: str) -> None:
    assert sort_key(url) == key
