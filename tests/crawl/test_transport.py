"""What leaves, where to, and what does not happen by itself."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .conftest import Crawl
from .server import Answer, Server

HTML = [("Content-Type", "text/html")]


def test_what_we_send(server: Server, crawl: Crawl) -> None:
    crawl(
        {"path": "/a", "headers": {"If-None-Match": 'W/"abc"', "Referer": "http://x/", "Cookie": "a=b", "User-Agent": "other"}},
        {"path": "/file", "to_disk": "/nonexistent/never-written"},
        config={"contact": "https://example.org/archive archive@example.org", "language": "cy"},
    )
    agent = "wdtk-archive/0.1.0 (+https://example.org/archive archive@example.org)"
    for seen in server.seen:
        assert seen.header("User-Agent") == agent
        assert seen.header("From") == "archive@example.org"
        assert seen.header("Accept") == "*/*"
        assert seen.header("Accept-Language") == "cy"
        assert seen.header("Cookie") is None
        assert seen.header("Referer") is None
    robots, page, file = server.seen
    assert page.header("If-None-Match") == 'W/"abc"'
    assert robots.header("If-None-Match") is None
    assert (page.header("Accept-Encoding"), file.header("Accept-Encoding")) == ("gzip", "identity")


def test_no_cookie_comes_back(server: Server, crawl: Crawl) -> None:
    server.answers["/a"] = Answer(200, [*HTML, ("Set-Cookie", "_session=1; path=/"), ("Set-Cookie", "locale=cy; path=/")], b"a")
    crawl("/a", {"path": "/a", "cookies": {"mine": "1"}}, "/a")
    assert [seen.header("Cookie") for seen in server.seen] == [None] * 4


def test_one_connection_carries_all(server: Server, crawl: Crawl) -> None:
    crawl("/a", "/b", "/c")
    assert len({seen.connection for seen in server.seen}) == 1


def test_a_redirect_is_an_answer_and_nothing_more(server: Server, crawl: Crawl) -> None:
    server.answers["/a"] = Answer(302, [("Location", "/b")], b"<html>moved</html>")
    server.answers["/refresh"] = Answer(200, HTML, b'<html><meta http-equiv="refresh" content="0; url=/c"></html>')
    told = crawl("/a", "/refresh")
    assert server.targets == ["/robots.txt", "/a", "/refresh"]
    assert [result["status"] for result in told["results"]] == [302, 200]
    assert ["location", "/b"] in told["results"][0]["headers"]


def test_every_status_reaches_the_spider_once(server: Server, crawl: Crawl) -> None:
    statuses = [400, 403, 404, 406, 410, 429, 500, 502, 503]
    for status in statuses:
        server.answers[f"/{status}"] = Answer(status, HTML, b"<html>no</html>")
    told = crawl(*[f"/{status}" for status in statuses])
    assert [result["status"] for result in told["results"]] == statuses
    assert {result["body"] for result in told["results"]} == {"<html>no</html>"}
    assert server.targets == ["/robots.txt", *[f"/{status}" for status in statuses]]


def test_nothing_goes_to_another_host(server: Server, crawl: Crawl) -> None:
    wrong = [
        "http://127.0.0.2:{port}/a",
        "http://localhost:{port}/a",
        "http://127.0.0.1:{port}@example.org/a",
        "http://127.0.0.1:1/a",
        "http://127.0.0.1/a",
        "https://127.0.0.1:{port}/a",
    ]
    unknown = ["ftp://127.0.0.1:{port}/a", "file:///etc/hostname", "data:text/html,hello", "s3://bucket/key"]
    told = crawl(*[{"url": url.format(port=server.port)} for url in wrong + unknown], "/a")
    assert server.targets == ["/robots.txt", "/a"]
    outcome = {result["url"]: result.get("error") for result in told["results"]}
    assert outcome == {
        **{url.format(port=server.port): "WrongHost" for url in wrong},
        **{url.format(port=server.port): "NotSupported" for url in unknown},
        server.base + "/a": None,
    }


def test_we_only_read(server: Server, crawl: Crawl) -> None:
    told = crawl({"path": "/a", "method": "POST"}, {"path": "/a", "method": "HEAD"}, "/" + "a" * 9000)
    assert server.targets == []
    assert [result["error"] for result in told["results"]] == ["Refused"] * 3


def test_a_proxy_of_the_environment_is_not_used(server: Server, crawl: Crawl) -> None:
    crawl("/a", env={"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"})
    assert server.targets == ["/robots.txt", "/a"]


def test_no_door_stands_open(server: Server, crawl: Crawl) -> None:
    told = crawl("/a")
    assert told["listening"] == 0
    assert "Telnet" not in told["log"]


def test_headers_come_as_they_were_sent(server: Server, crawl: Crawl) -> None:
    sent = [("X-Zebra", "1"), ("content-TYPE", "text/html"), ("X-Apple", "2"), ("x-zebra", "3"), ("ETag", 'W/"é"')]
    server.answers["/a"] = Answer(200, sent, b"a")
    told = crawl("/a")
    expected = [[name.lower(), value] for name, value in sent] + [["content-length", "1"]]
    assert told["results"][0]["headers"] == expected


def test_when_it_was_asked_follows_the_clock(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", env={"WDTK_NOW": "2026-11-22T03:00:00Z"})
    assert re.fullmatch(r"2026-11-22T03:00:\d\dZ", told["results"][0]["requested_at"])
    assert re.fullmatch(r"2026-11-22T03:00:\d\dZ", told["robots"][0]["at"])
    assert told["results"][0]["duration_ms"] >= 0


def test_what_is_wrong_with_an_answer_is_told_and_the_crawl_goes_on(server: Server, crawl: Crawl) -> None:
    server.answers |= {
        "/dropped": Answer(drop=True),
        "/silent": Answer(200, HTML, b"", length=10, hang=True),
        "/long-header": Answer(200, [("X-Long", "a" * 60_000)], b""),
        "/many-headers": Answer(200, [("X-Many", "a" * 1000)] * 400, b""),
        "/two-lengths": Answer(200, [("Content-Length", "5")], b"abc"),
    }
    paths = [*list(server.answers)[1:], "/a"]
    told = crawl(*paths, config={"timeout_s": 1.0})
    assert [result.get("error", result.get("status")) for result in told["results"]] == [
        "DownloadFailedError",
        "DownloadTimeoutError",
        *(["DownloadFailedError"] * 3),
        404,
    ]
    assert server.targets == ["/robots.txt", *paths]
    assert told["reason"] == "finished"


def test_a_server_that_is_not_there(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", site="http://127.0.0.1:1")
    assert told["reason"] == "robots"
    assert "refused" in told["ended"].lower()


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_is_not_believed(crawl: Crawl, tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    with Server(tls=context) as server:
        told = crawl("/a", site=server.base)
        assert server.targets == []
        assert told["reason"] == "robots"
        assert "certificate verify failed" in told["ended"]
        trusted = crawl("/a", site=server.base, env={"SSL_CERT_FILE": str(tmp_path / "cert.pem")})
        assert server.targets == ["/robots.txt", "/a"]
        assert trusted["results"][0]["status"] == 404


def test_without_a_config_the_environment_says_where(server: Server, crawl: Crawl) -> None:
    told = crawl("/a", "/b", from_environment=True, env={"WDTK_SITE": server.base, "WDTK_BUDGET": "2"})
    assert server.targets == ["/robots.txt", "/a"]
    assert told["reason"] == "budget"
    assert crawl("/a", from_environment=True)["refused"] == "BadConfig"


def test_it_is_not_sent_again_over_a_connection_that_was_closed(server: Server, crawl: Crawl) -> None:
    server.answers["/a"] = [Answer(drop=True), Answer(200, HTML, b"second")]
    told = crawl("/ok", "/a")
    assert server.targets == ["/robots.txt", "/ok", "/a"]
    assert told["stats"]["wdtk/http_requests"] == 3
