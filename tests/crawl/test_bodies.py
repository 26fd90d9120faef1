"""Bodies: whole or not at all, below their cap, files straight to disk."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import ResponseDataLossError

from scraper.crawl.body import Body, FileSink, MemorySink
from scraper.crawl.refusals import TooLarge, UndecodableBody

from .conftest import Crawl
from .server import Answer, Server

HTML = [("Content-Type", "text/html; charset=utf-8")]
PDF = [("Content-Type", "application/pdf")]
GZIP = [*HTML, ("Content-Encoding", "gzip")]
MIB = 1024 * 1024
PAGE = b"<html>" + b"".join(b"<p>%d</p>" % number for number in range(20_000)) + b"</html>"


def body(limit: int = 10**9, encoding: str = "gzip") -> tuple[Body, MemorySink]:
    sink = MemorySink()
    return Body("http://127.0.0.1/x", sink, limit, encoding), sink


@pytest.mark.parametrize("step", [1, 7, 65536, 10**9])
@pytest.mark.parametrize("packed", [gzip.compress(PAGE), gzip.compress(PAGE[:99]) + gzip.compress(PAGE[99:])], ids=["one", "two"])
def test_gzip_comes_out_as_it_went_in(packed: bytes, step: int) -> None:
    reading, sink = body()
    for start in range(0, len(packed), step):
        reading.feed(packed[start : start + step])
    reading.finish()
    assert sink.body == PAGE


@pytest.mark.parametrize("cut", [1, 10, 1000, -1, -8])
def test_gzip_that_ends_early_is_not_whole(cut: int) -> None:
    reading, _ = body()
    reading.feed(gzip.compress(PAGE)[:cut])
    with pytest.raises(ResponseDataLossError, match="ends early"):
        reading.finish()


@pytest.mark.parametrize("packed", [b"no gzip", gzip.compress(PAGE) + b"garbage", gzip.compress(PAGE)[:-6] + b"\0\0\0\0\0\0"])
def test_broken_gzip_is_said_to_be(packed: bytes) -> None:
    reading, _ = body()
    with pytest.raises(UndecodableBody, match="broken gzip"):
        reading.feed(packed)


def test_a_bomb_goes_off_at_its_cap() -> None:
    bomb = gzip.compress(gzip.compress(bytes(100 * MIB), 9) + bytes(10 * MIB), 9)
    reading, sink = body(limit=MIB)
    with pytest.raises(TooLarge) as large:
        reading.feed(gzip.compress(bytes(100 * MIB), 9))
    assert MIB < large.value.size <= MIB + 256 * 1024
    assert len(sink.body) <= MIB
    assert len(bomb) < MIB


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x" * 1000])
def test_what_was_not_asked_for_is_not_guessed(encoding: str) -> None:
    with pytest.raises(UndecodableBody):
        body(encoding=encoding)


def test_a_body_of_exactly_its_cap_is_kept_and_one_byte_more_is_not() -> None:
    reading, sink = body(limit=10, encoding="")
    reading.feed(b"0123456789")
    reading.finish()
    assert sink.body == b"0123456789"
    reading, _ = body(limit=10, encoding="identity")
    with pytest.raises(TooLarge):
        reading.feed(b"0123456789a")


def test_a_file_is_hashed_while_it_is_written(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40
    sink = FileSink(str(tmp_path / "f"))
    for start in range(0, len(data), 1000):
        sink.write(data[start : start + 1000])
    sink.close()
    sink.discard()
    assert sink.file is not None
    assert (sink.file.size, sink.file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert sink.file.head == data[:4096]
    assert (tmp_path / "f").read_bytes() == data


def test_a_discarded_file_is_gone(tmp_path: Path) -> None:
    sink = FileSink(str(tmp_path / "f"))
    sink.write(b"half")
    sink.discard()
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_pages_whole_in_every_framing(server: Server, crawl: Crawl) -> None:
    server.answers |= {
        "/plain": Answer(200, HTML, PAGE),
        "/gzip": Answer(200, GZIP, gzip.compress(PAGE)),
        "/chunked": Answer(200, HTML, lambda: [PAGE[:100], PAGE[100:]], framing="chunked"),
        "/chunked-gzip": Answer(200, GZIP, gzip.compress(PAGE), framing="chunked"),
        "/closed-gzip": Answer(200, GZIP, gzip.compress(PAGE), framing="close"),
        "/empty": Answer(200, HTML, b""),
        "/empty-gzip": Answer(200, GZIP, b"", framing="chunked"),
        "/204": Answer(204),
        "/304": Answer(304, [("ETag", 'W/"a"')]),
    }
    told = crawl("/plain", "/gzip", "/chunked", "/chunked-gzip", "/closed-gzip", "/empty", "/empty-gzip", "/204", "/304")
    assert [result["size"] for result in told["results"]] == [len(PAGE)] * 5 + [0] * 4
    assert {result["sha256"] for result in told["results"][:5]} == {hashlib.sha256(PAGE).hexdigest()}
    assert ["content-encoding", "gzip"] in told["results"][1]["headers"]
    assert told["results"][1]["class"] == "HtmlResponse"


def test_pages_that_are_not_whole_are_not_pages(server: Server, crawl: Crawl) -> None:
    packed = gzip.compress(PAGE)
    server.answers |= {
        "/short": Answer(200, HTML, PAGE, cut=1000),
        "/short-chunks": Answer(200, HTML, lambda: [PAGE[:500], PAGE[500:]], framing="chunked", cut=600),
        "/short-gzip": Answer(200, GZIP, packed[:1000]),
        "/short-gzip-closed": Answer(200, GZIP, packed[:1000], framing="close"),
        "/no-end": Answer(200, HTML, PAGE, framing="close"),
        "/bad-gzip": Answer(200, GZIP, PAGE),
        "/br": Answer(200, [*HTML, ("Content-Encoding", "br")], b"x"),
        "/stalled": Answer(200, HTML, PAGE, cut=1000, hang=True),
    }
    told = crawl(*list(server.answers)[1:], "/a", config={"timeout_s": 1.0})
    lost, broken = "ResponseDataLossError", "UndecodableBody"
    assert [result.get("error") for result in told["results"]] == [
        *([lost] * 5),
        *([broken] * 2),
        "DownloadTimeoutError",
        None,
    ]


def zeros(size: int) -> Iterable[bytes]:
    piece = bytes(64 * 1024)
    return (piece for _ in range(size // len(piece)))


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(piece) for piece in zeros(size)) + packer.flush()


def test_pages_that_are_too_large_end_at_once_and_cost_no_memory(server: Server, crawl: Crawl) -> None:
    server.answers |= {
        "/declared": Answer(200, HTML, lambda: zeros(10**12), length=10**12),
        "/endless": Answer(200, HTML, lambda: zeros(10**12), framing="chunked"),
        "/bomb": Answer(200, GZIP, bomb(256 * MIB)),
    }
    told = crawl("/declared", "/endless", "/bomb", "/a", settings={"DOWNLOAD_MAXSIZE": 4 * MIB})
    declared, endless, packed, after = told["results"]
    assert [result.get("error") for result in told["results"]] == ["TooLarge"] * 3 + [None]
    assert (declared["size"], declared["declared"]) == (10**12, True)
    assert 4 * MIB < endless["size"] < 5 * MIB
    assert 4 * MIB < packed["size"] < 5 * MIB
    assert (endless["declared"], packed["declared"]) == (False, False)
    assert after["status"] == 404
    assert told["rss"] < 130 * MIB


def file(path: str, folder: Path, **more: Any) -> dict[str, Any]:
    return {"path": path, "to_disk": str(folder / path.strip("/")), **more}


def test_a_file_goes_to_disk(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    data = b"%PDF-1.7\n" + bytes(range(256)) * 500
    server.answers |= {
        "/plain": Answer(200, PDF, data),
        "/chunked": Answer(200, PDF, lambda: [data[:10], data[10:]], framing="chunked"),
        "/gzip": Answer(200, [*PDF, ("Content-Encoding", "gzip")], gzip.compress(data)),
        "/empty": Answer(200, PDF, b""),
    }
    (tmp_path / "plain").write_bytes(b"left over from a run that was killed" * 10_000)
    told = crawl(*[file(path, tmp_path) for path in ("/plain", "/chunked", "/gzip", "/empty")])
    for result in told["results"][:3]:
        assert (result["size"], result["class"]) == (0, "Response")
        kept = result["file"]
        assert (kept["size"], kept["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert bytes.fromhex(kept["head"]) == data[:4096]
        assert Path(kept["path"]).read_bytes() == data
    assert told["results"][3]["file"]["size"] == 0


def test_what_is_not_a_file_comes_in_memory(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    statuses = [302, 304, 403, 404, 503]
    for status in statuses:
        content = b"" if status == 304 else b"<html>wait</html>"
        server.answers[f"/{status}"] = Answer(status, [*HTML, ("Location", "/f")], content)
    folder = tmp_path / "files"
    folder.mkdir()
    told = crawl(*[file(f"/{status}", folder) for status in statuses])
    assert [(result["status"], result["file"]) for result in told["results"]] == [(status, None) for status in statuses]
    assert [result["body"] for result in told["results"]] == ["" if status == 304 else "<html>wait</html>" for status in statuses]
    assert list(folder.iterdir()) == []


def test_a_file_that_fails_leaves_nothing(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    data = bytes(300_000)
    server.answers |= {
        "/short": Answer(200, PDF, data, cut=1000),
        "/short-chunks": Answer(200, PDF, lambda: [data, data], framing="chunked", cut=400_000),
        "/no-end": Answer(200, PDF, data, framing="close"),
        "/short-gzip": Answer(200, [*PDF, ("Content-Encoding", "gzip")], gzip.compress(data)[:-9]),
        "/br": Answer(200, [*PDF, ("Content-Encoding", "br")], data),
        "/stalled": Answer(200, PDF, data, cut=1000, hang=True),
        "/large": Answer(200, PDF, data),
        "/large-chunks": Answer(200, PDF, lambda: zeros(10**12), framing="chunked"),
        "/bomb": Answer(200, [*PDF, ("Content-Encoding", "gzip")], gzip.compress(bytes(30 * MIB))),
    }
    folder = tmp_path / "files"
    folder.mkdir()
    capped = {"/large": 299_999, "/large-chunks": MIB, "/bomb": MIB}
    paths = [
        file(path, folder, **({"download_maxsize": capped[path]} if path in capped else {})) for path in list(server.answers)[1:]
    ]
    told = crawl(*paths, "/a", config={"timeout_s": 1.0})
    lost = "ResponseDataLossError"
    assert [result.get("error") for result in told["results"]] == [
        *([lost] * 4),
        "UndecodableBody",
        "DownloadTimeoutError",
        *(["TooLarge"] * 3),
        None,
    ]
    assert [(result["size"], result["declared"]) for result in told["results"][6:7]] == [(300_000, True)]
    assert list(folder.iterdir()) == []


def test_a_file_that_drips_is_given_up(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    def drips() -> Iterable[bytes]:
        while not server.closing.wait(0.05):
            yield b"x"

    server.answers["/f"] = Answer(200, PDF, drips, length=10**6)
    told = crawl(file("/f", tmp_path), config={"timeout_s": 0.5, "file_timeout_s": 1.5})
    assert told["results"][0]["error"] == "DownloadTimeoutError"
    assert "not complete within 1.5 s" in told["results"][0]["text"]
    assert not (tmp_path / "f").exists()


def test_a_disk_that_cannot_be_written_is_an_error_of_that_request(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    server.answers |= {"/f": Answer(200, PDF, b"data"), "/full": Answer(200, PDF, bytes(MIB))}
    told = crawl(file("/f", tmp_path / "nowhere"), file("/full", tmp_path), "/a", file_limit=100_000)
    assert [result.get("error") for result in told["results"]] == ["FileNotFoundError", "OSError", None]
    assert not (tmp_path / "full").exists()


def test_200_megabytes_pass_through_little_memory(server: Server, crawl: Crawl, tmp_path: Path) -> None:
    size = 200 * MIB
    server.answers["/f"] = Answer(200, PDF, lambda: zeros(size), length=size)
    told = crawl(file("/f", tmp_path), config={"max_file_size": size})
    kept = told["results"][0]["file"]
    assert kept["size"] == size
    expected = hashlib.sha256()
    for piece in zeros(size):
        expected.update(piece)
    assert kept["sha256"] == expected.hexdigest()
    assert (tmp_path / "f").stat().st_size == size
    assert told["rss"] < 150 * MIB
    (tmp_path / "f").unlink()
