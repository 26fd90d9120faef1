"""Archives in which strangers have written attacks wherever they can: in Chromium none of them does anything."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.explore.making import SHA, filled

from .attacks import RUN, TEXTS, attacked, files, text
from .conftest import PATIENCE_MS, OpenTab
from .serving import Lure, lure, served
from .watching import Tab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OURS = [
    ("", 200),
    ("request/1", 200),
    ("request/9", 410),
    ("authority/1", 200),
    ("batch/4", 200),
    ("user/1", 200),
    (f"file/{SHA['answer.pdf']}?q=script+alert", 200),
    (f"file/{SHA['unknown']}", 200),
    ("changes", 200),
    ("changes?run=1", 200),
    ("health", 200),
    ("about", 200),
    ("search?q=script+OR+alert+OR+dogs", 200),
    ("search?q=anytown&in=files", 200),
]
DATASETTES = [
    "requests",
    "requests?_facet=title",
    "requests/1",
    "messages",
    "messages/2",
    "authorities",
    "users",
    "attachments",
    "file_texts",
    "captures",
    "request_summary",
    f"?sql={quote('select title, user_name, url from requests')}",
]
UNFOLD = "document.querySelectorAll('details:not(.view)').forEach(each => { each.open = true; })"
LEADING_ELSEWHERE = """() => [...document.querySelectorAll('a[href], area[href], form[action]')]
  .map(each => each.href || each.action).filter(each => !/^(https?|mailto):/.test(each))"""
HEAPED = re.compile("\u0300{50}")
ADD_NEIGHBOUR = """heaped => {
  const block = heaped.closest("table, h1, h2, li, p, .text");
  const neighbour = document.createElement("div");
  neighbour.id = "neighbour";
  neighbour.style.cssText = "height: 5rem; margin-bottom: 1rem";
  block.before(neighbour);
}"""
TAKE_ACCENTS = """heaped => {
  const walker = document.createTreeWalker(heaped, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replace(/[\\u0300-\\u036f]/g, "");
}"""
PWNED = "window.__pwned"
REFUSED = "Failed to load resource: the server responded with a status of 403"
"""What Chromium says of the notice in place of a PDF with a script."""


@pytest.fixture(scope="module")
def trap() -> Iterator[Lure]:
    with lure() as made:
        yield made


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory, trap: Lure) -> list[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    base = filled(folder / "base.db")
    return [attacked(base, folder, kind, trap.base) for kind in TEXTS]


@pytest.fixture(scope="module")
def hostile(archives: list[Path]) -> Iterator[str]:
    """One Datasette with an archive for each kind of attack."""
    with ExitStack() as stack:
        yield stack.enter_context(served(*archives))


@pytest.fixture
def hostile_tab(open_tab: OpenTab, hostile: str, trap: Lure) -> Iterator[Tab]:
    trap.visits.clear()
    yield open_tab(hostile, width=390, height=800)
    assert trap.visits == []


def test_the_attacks_would_work(chromium: Browser, hostile: str, trap: Lure) -> None:
    """As markup on a page without a policy each of these is noticed: the other tests could fail."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    tab = Tab(context, hostile)
    with tab.page.expect_request(f"{trap.base}/fetch"):
        tab.page.set_content(text("markup", trap.base).replace("<meta", "<x"))
    assert tab.page.evaluate(PWNED) == 1
    told = " ".join(tab.problems)
    assert "dialog: 1" in told
    for path in ("script", "img", "svg", "link", "poster"):
        assert f"asked for {trap.base}/{path}" in told
    with tab.page.expect_request(f"{trap.base}/import"):
        tab.page.set_content(f"<p>x</p>{text('style', trap.base)}")
    tab.page.set_content(f'<a href="javascript:{RUN.format(lure="")}">x</a>')
    assert tab.page.evaluate(LEADING_ELSEWHERE) != []
    context.close()
    assert "/fetch" in trap.visits


@pytest.mark.parametrize("kind", TEXTS)
def test_our_pages_show_it_as_text(hostile_tab: Tab, kind: str) -> None:
    for path, status in OURS:
        hostile_tab.go(f"/{kind}/-/{path}", status)
        hostile_tab.page.evaluate(UNFOLD)
        assert hostile_tab.page.evaluate(PWNED) is None, path
        assert hostile_tab.page.evaluate(LEADING_ELSEWHERE) == [], path
        assert hostile_tab.overflow() == 0, path
    hostile_tab.go(f"/{kind}/-/request/1")
    hostile_tab.shoot(f"hostile-{kind}", full=False)
    hostile_tab.page.locator(".top .name").click()
    expect(hostile_tab.page.get_by_role("searchbox")).to_be_visible()


@pytest.mark.parametrize("kind", TEXTS)
def test_datasettes_pages_show_it_as_text(hostile_tab: Tab, kind: str) -> None:
    for path in DATASETTES:
        hostile_tab.go(f"/{kind}{path}" if path.startswith("?") else f"/{kind}/{path}")
        assert hostile_tab.page.evaluate(PWNED) is None, path
        assert hostile_tab.page.evaluate(LEADING_ELSEWHERE) == [], path


@pytest.mark.parametrize("kind", ["markup", "signs", "length"])
def test_pages_keep_to_the_rules_of_wcag(hostile_tab: Tab, kind: str) -> None:
    for path, status in (("request/1", 200), ("request/9", 410), (f"file/{SHA['answer.pdf']}", 200)):
        hostile_tab.go(f"/{kind}/-/{path}", status)
        assert hostile_tab.violations() == [], path


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        ("-/request/1", "h1"),
        ("-/request/1", ".text"),
        ("-/request/1", ".message h2"),
        ("-/", ".requests .title"),
        ("-/search?q=txt", ".hit .title"),
        ("requests/1", ".rows-and-columns td.col-title"),
    ],
)
def test_heaped_accents_stay_in_their_own_box(hostile_tab: Tab, path: str, selector: str) -> None:
    """The letters are 200 accents high. What stands right above them is painted as it is without the accents."""
    hostile_tab.go(f"/signs/{path}")
    heaped = hostile_tab.page.locator(selector).filter(has_text=HEAPED).first.element_handle()
    heaped.evaluate(ADD_NEIGHBOUR)
    neighbour = hostile_tab.page.locator("#neighbour")
    beside = neighbour.screenshot()
    own = heaped.screenshot()
    heaped.evaluate(TAKE_ACCENTS)
    assert heaped.screenshot() != own
    assert neighbour.screenshot() == beside


@pytest.mark.parametrize("name", files(""))
def test_files_do_nothing(hostile_tab: Tab, trap: Lure, name: str) -> None:
    """Opened by their own address, which is what a link from elsewhere would do."""
    address = f"/markup/-/bytes/{hashlib.sha256(files(trap.base)[name]).hexdigest()}"
    if name in ("script.pdf", "pdf-and-html.html"):
        # Chromium would run its script in spite of the policy, and shows no PDF in a sandbox.
        hostile_tab.go(address, 403)
        expect(hostile_tab.page.locator("h1")).to_have_text("This PDF is not shown here")
        address += "?download=1"
    shown = hostile_tab.context.request.get(hostile_tab.base + address).headers
    assert shown["x-content-type-options"] == "nosniff"
    assert "default-src 'none'; sandbox" in shown["content-security-policy"]
    if shown["content-disposition"].startswith("inline"):
        assert shown["content-type"] in ("application/pdf", "image/png", "image/gif", "text/plain; charset=utf-8")
        # Chromium's page around an image has a style of its own, which the policy stops too.
        hostile_tab.tolerated = "Applying inline style violates"
        hostile_tab.go(address)
        assert hostile_tab.page.evaluate(PWNED) is None
    else:
        with hostile_tab.page.expect_download() as saved, pytest.raises(Error, match="Download is starting"):
            hostile_tab.page.goto(hostile_tab.base + address)
        assert saved.value.failure() is None


def test_files_do_nothing_within_a_thread(hostile_tab: Tab) -> None:
    hostile_tab.tolerated = REFUSED
    hostile_tab.go("/template/-/request/1")
    views = hostile_tab.page.locator("details.view")
    assert views.count() >= 6
    for view in views.all():
        address = str(view.locator("iframe, img").get_attribute("src"))
        with hostile_tab.page.expect_response(hostile_tab.base + address):
            # By key: the viewer of the PDF above takes clicks while it opens.
            view.locator("summary").press("Enter")
            view.locator("iframe, img").scroll_into_view_if_needed()
    assert hostile_tab.page.evaluate(PWNED) is None


def test_a_notice_stands_in_place_of_a_pdf_with_a_script(hostile_tab: Tab, trap: Lure) -> None:
    hostile_tab.tolerated = REFUSED
    hostile_tab.go(f"/template/-/file/{hashlib.sha256(files(trap.base)['script.pdf']).hexdigest()}")
    hostile_tab.page.get_by_text("Look at it here").click()
    notice = hostile_tab.page.frame_locator(".view iframe")
    expect(notice.locator("h1")).to_have_text("This PDF is not shown here")
