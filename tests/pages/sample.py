"""Small pages in the site's shapes, written for these tests from what the selectors must meet."""

from __future__ import annotations

from scraper.records import Capture, FileOnDisk, PageKind, PageRef
from scraper.urls import Site, build

SITE = Site("https://foi.example")
HTML = (("content-type", "text/html; charset=utf-8"),)
JSON = (("content-type", "application/json; charset=utf-8"),)

OUTGOING = """
<div class="outgoing correspondence" id="outgoing-1">
 <div class="correspondence__header">
  <span class="correspondence__header__author">Ada Byron</span>
  <a class="correspondence__header__date" href="#outgoing-1"><time datetime="2024-07-01T09:15:30.123+01:00">1 July</time></a>
  <div class="correspondence__header__delivery-status"><a data-delivery-status="delivered" href="/x">ok</a></div>
 </div>
 <div class="correspondence_text"><div><p>Dear Council,</p>

<p>one
<br />two   spaced</p></div></div>
</div>"""
INCOMING = """
<div class="incoming correspondence normal" id="incoming-2">
 <div class="correspondence__header">
  <span class="correspondence__header__author">FOI Team,
     Anytown Council</span>
  <a class="correspondence__header__date" href="#incoming-2"><time datetime="2024-07-03T10:00:00+01:00">3 July</time></a>
 </div>
 <div class="correspondence_text">{attachments}<div id="attachment-7">{text}</div></div>
</div>"""
COMMENT = """
<div class="comment_in_request box" id="comment-3"><div class="comment_content">
 <h2><a href="/user/grace_h">Grace H</a> wrote (<time datetime="2024-07-04T08:00:00Z">4 July</time>)</h2>
 <div class="comment_in_request_text"><p>Look at <a href="https://example.org/a?b=1&amp;c=2">this</a></p></div>
</div></div>"""
RESEND = """
<div class="outgoing correspondence box" id="outgoing-1"><h2><time datetime="2024-07-02T00:00:00Z">2 July</time></h2>
 <p class="event_plain">Sent again.</p></div>"""
FILE = """<li class="attachment" id="attachment-8">
 <a href="/request/bins/response/2/attach/3/rota%202024.csv?cookie_passthrough=1"><img src="/icon.png" /></a>
 <p class="attachment__name"> rota 2024.csv </p>
 <p class="attachment__meta"> 12K <a href="/request/bins/response/2/attach/html/3/rota%202024.csv.html">view</a>
  <a href="/request/bins/response/2/attach/3/rota%202024.csv?cookie_passthrough=1">get</a> <em>a remark</em></p></li>"""


def attachments(*items: str) -> str:
    return f'<div class="attachments"><ul class="list-of-attachments">{"".join(items)}</ul></div>'


def incoming(text: str = "<p>We hold it.</p>", block: str = "") -> str:
    return INCOMING.format(text=text, attachments=block)


def page(inside: str, controller: str = "request") -> str:
    return (
        '<!DOCTYPE html><html><head><meta name="csrf-param" content="t" /><title>x</title></head><body><div id="banner">'
        f'</div><div id="content"><div id="{controller}_show" class="controller_{controller}">{inside}</div></div>'
        '<div id="footer"></div></body></html>'
    )


def thread(
    *messages: str, subtitle: str = '<a href="/user/ada_byron">Ada Byron</a> asked', state: str = "successful", status: str = ""
) -> str:
    return page(
        f'<div class="request-header"><h1>Bins</h1><p class="request-header__subtitle">{subtitle}</p></div>'
        f'<div id="request_status" class="request-status-message request-status-message--{state}"><p>{status}</p></div>'
        f'<div id="left_column">{"".join(messages)}</div><div id="right_column"><a href="/user/other">Other</a></div>'
    )


def row(slug: str = "bins", fragment: str = "#incoming-2", title: str = "Bins") -> str:
    return (
        f'<div class="request_listing"><span class="head"><a href="/request/{slug}{fragment}">{title}</a></span>'
        '<div class="requester">By <a href="https://foi.example/body/anytown">Anytown</a> to '
        '<a href="https://foi.example/user/ada_byron">Ada</a> on <time datetime="2024-07-03T10:00:00+01:00">3 July</time></div>'
        '<p><i class="icon-standalone icon_successful"></i></p></span><span class="desc">words</span></div>'
    )


def capture(
    kind: PageKind,
    key: str,
    body: str | bytes,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = HTML,
    url: str | None = None,
) -> Capture:
    ref = PageRef(kind, key)
    data = body if isinstance(body, bytes) else body.encode()
    return Capture(ref, url or build(SITE, ref), status, headers, data, "2026-01-01T00:00:00Z")


def file_capture(
    data: bytes,
    name: str = "rota.pdf",
    content_type: str | None = "application/pdf",
    download: bool = True,
    url: str | None = None,
    extra: tuple[tuple[str, str], ...] = (),
) -> Capture:
    ref = PageRef(PageKind.ATTACHMENT, f"bins/response/2/attach/3/{name}")
    headers = extra
    if content_type is not None:
        headers += (("content-type", content_type),)
    if download:
        headers += (("content-disposition", f'attachment; filename="{name}"'),)
    file = FileOnDisk("/nowhere/at/all", "0" * 64, len(data), data[:4096])
    return Capture(ref, url or build(SITE, ref), 200, headers, b"", "2026-01-01T00:00:00Z", None, file)
