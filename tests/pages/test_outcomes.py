"""What is not content is told apart before anything is read, and never kept as content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scraper.pages import read
from scraper.records import AuthorityRegister, Capture, Moved, PageKind, PageRef, Reading, UnreadablePage, Withheld

from . import sample

ERROR = '<div id="error-page"><h1>Sorry</h1></div>'
LOGIN = '<form id="signin_form"><input type="password" name="user_signin[password]" /></form>'
CHALLENGE = '<!DOCTYPE html><html><head><title>Wait</title></head><body><div id="challenge-running"></div></body></html>'
EDGE_ERROR = "<html><head><title>502</title></head><body>Bad gateway</body></html>"
THREAD = sample.thread(sample.OUTGOING)
KINDS = {
    PageKind.REQUEST_JSON: "bins",
    PageKind.REQUEST_HTML: "bins",
    PageKind.REQUEST_ID: "12",
    PageKind.REQUEST_EVENT: "12",
    PageKind.ATTACHMENT: "bins/response/2/attach/3/rota.pdf",
    PageKind.AUTHORITY_JSON: "anytown",
    PageKind.AUTHORITY_HTML: "anytown",
    PageKind.AUTHORITIES_CSV: "",
    PageKind.USER_JSON: "ada_byron",
    PageKind.BATCH: "12",
    PageKind.LIST: "",
    PageKind.VERSION: "",
    PageKind.ROBOTS: "",
}


def of(kind: PageKind, body: str, status: int, *headers: tuple[str, str], html: bool = True) -> Reading:
    return read(sample.capture(kind, KINDS[kind], body, status, (sample.HTML if html else ()) + headers), sample.SITE)


def test_every_kind_is_tried_here() -> None:
    assert set(KINDS) == set(PageKind)


@pytest.mark.parametrize("kind", PageKind)
def test_statuses_say_the_same_for_every_kind(kind: PageKind) -> None:
    assert of(kind, "", 304) == Reading("not_modified", reason="304")
    for status in (404, 406, 410):
        assert of(kind, sample.page(ERROR), status) == Reading("missing", Withheld("missing", None), reason=str(status))
    for status in (400, 401, 429, 451, 500, 502, 503, 206, 100, 0):
        assert of(kind, EDGE_ERROR, status).outcome == "failed"
    for status in (200, 403, 429, 503):
        assert of(kind, CHALLENGE, status).outcome == "challenge"
    assert of(kind, THREAD, 200, ("cf-mitigated", "challenge")).outcome == "challenge"
    assert of(kind, EDGE_ERROR, 403).outcome == "challenge"
    own = of(kind, sample.page("<h1>Gone</h1><p></p><p>Hidden: <b>names</b></p>"), 403)
    assert (own.outcome, own.record) == ("withheld", Withheld("hidden", "Hidden: names"))


@pytest.mark.parametrize("kind", [PageKind.REQUEST_JSON, PageKind.AUTHORITY_JSON, PageKind.USER_JSON])
def test_a_json_refusal_has_no_body(kind: PageKind) -> None:
    empty = of(kind, "", 403, ("content-type", "application/json"), html=False)
    assert empty.record == Withheld("hidden", None)
    assert of(kind, '{"error": "1020"}', 403, ("content-type", "application/json"), html=False).outcome == "challenge"
    assert of(kind, "", 403, html=False).outcome == "challenge"


def test_only_the_sites_own_plain_refusal_withholds() -> None:
    plain = ("content-type", "text/plain")
    assert of(PageKind.ATTACHMENT, "Directory listing not allowed", 403, plain, html=False).outcome == "withheld"
    assert of(PageKind.ATTACHMENT, "error code: 1020", 403, plain, html=False).outcome == "challenge"
    assert of(PageKind.REQUEST_HTML, "Directory listing not allowed", 403, plain, html=False).outcome == "challenge"


def test_a_refusal_of_which_only_the_first_bytes_were_kept_is_still_the_sites_own() -> None:
    head = sample.page("<p>Hidden</p>").encode()[:80]
    capture = sample.file_capture(head, content_type="text/html", download=False)
    assert read(replace(capture, status=403), sample.SITE).record == Withheld("hidden", None)


@pytest.mark.parametrize(
    ("location", "target", "word"),
    [
        ("/request/bins_2", PageRef(PageKind.REQUEST_HTML, "bins_2"), "301"),
        ("https://foi.example/body/new_name", PageRef(PageKind.AUTHORITY_HTML, "new_name"), "301"),
        ("/profile/sign_in?token=abc", None, "login"),
        ("/attachments/abc/wait?referer=x", None, "masked"),
        ("https://elsewhere.example/request/bins", None, "elsewhere"),
    ],
)
def test_redirects_say_where_to(location: str, target: PageRef | None, word: str) -> None:
    reading = of(PageKind.REQUEST_HTML, "", 301, ("location", location))
    assert reading.outcome == "redirected"
    assert isinstance(reading.record, Moved)
    assert reading.record.target == target
    assert reading.record.location.startswith("https://")
    assert word in (reading.reason or "")


def test_a_redirect_to_nowhere_fails() -> None:
    assert of(PageKind.REQUEST_HTML, "", 302).outcome == "failed"
    assert of(PageKind.REQUEST_HTML, "", 302, ("location", "http://[broken")).outcome == "failed"
    assert of(PageKind.REQUEST_HTML, "", 302, ("location", "/request/\ud800")).outcome == "redirected"


@pytest.mark.parametrize("kind", [kind for kind in PageKind if kind is not PageKind.ATTACHMENT])
def test_other_pages_with_status_200_are_no_content(kind: PageKind) -> None:
    assert of(kind, sample.page(ERROR), 200).outcome == "failed"
    login = of(kind, sample.page(LOGIN, "user"), 200)
    assert (login.outcome, isinstance(login.record, Moved)) == ("redirected", True)
    wait = of(kind, sample.page("<h1>Processing</h1>", "attachment_masks"), 200)
    assert (wait.outcome, isinstance(wait.record, Moved)) == ("redirected", True)


def test_words_in_a_message_make_no_page_suspect() -> None:
    words = 'my password; id="error-page"; /cdn-cgi/challenge-platform attachment_masks _cf_chl_opt'
    assert of(PageKind.REQUEST_HTML, sample.thread(sample.OUTGOING.replace("one", words)), 200).outcome == "content"
    edge = THREAD.replace("</body>", '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></body>')
    assert of(PageKind.REQUEST_HTML, edge, 200).outcome == "content"


@pytest.mark.parametrize(
    "kind", [kind for kind in PageKind if kind not in (PageKind.AUTHORITIES_CSV, PageKind.ROBOTS, PageKind.ATTACHMENT)]
)
@pytest.mark.parametrize("body", ["", " \n", "<!DOCTYPE html><html><body><p>Else</p></body></html>", "plain words"])
def test_empty_and_foreign_answers_are_unreadable(kind: PageKind, body: str) -> None:
    with pytest.raises(UnreadablePage) as caught:
        of(kind, body, 200)
    assert caught.value.kind is kind
    if not body.strip():
        with pytest.raises(UnreadablePage, match="body: empty"):
            of(kind, "", 204)


def test_a_register_not_yet_written_is_an_empty_register() -> None:
    assert of(PageKind.AUTHORITIES_CSV, "", 204).record == AuthorityRegister(())
    assert of(PageKind.AUTHORITIES_CSV, "", 200).record == AuthorityRegister(())


def test_an_attachment_without_a_file_is_a_mistake_of_ours() -> None:
    ref = PageRef(PageKind.ATTACHMENT, KINDS[PageKind.ATTACHMENT])
    with pytest.raises(ValueError, match="has no file"):
        read(Capture(ref, "https://foi.example/x", 200, (), b"", "2026-01-01T00:00:00Z"), sample.SITE)


def test_a_refused_attachment_reads_its_reason_from_the_page() -> None:
    body = sample.page('<h1>x</h1><p id="hidden_message" class="hidden_message"> Contains\n names </p>', "attachments")
    capture = sample.capture(PageKind.ATTACHMENT, KINDS[PageKind.ATTACHMENT], body, 403)
    assert read(capture, sample.SITE).record == Withheld("hidden", "Contains names")
