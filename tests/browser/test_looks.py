"""Every page of the recorded archive: rules of accessibility, narrow windows, the dark, paper; and pictures of each."""

from __future__ import annotations

import sqlite3

import pytest

from tests.recordings import needs_recordings

from .conftest import OpenTab
from .examples import QUOTED, one, paths
from .watching import Tab

pytestmark = [needs_recordings, pytest.mark.browser, pytest.mark.slow]

PAGES = """home thread long-thread withheld authority batch systems uses user file changes night health about search found
narrowed nothing-found missing""".split()

DATASETTES = {
    "/archive": "database",
    "/archive/requests?_facet=display_state&_search=dog": "table",
    "/archive/request_summary": "view",
    "/archive/requests/105": "row",
    "/archive?sql=select+id,title+from+requests+where+title+<>+''+limit+5": "query",
    "/archive/requests?id__exact=0": "nothing",
    "/archive/outcomes_by_authority": "question",
    "/archive?sql=selec": "mistyped",
}
"""Path -> the name of its picture."""

LUMINANCE = """() => {
  const rgb = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]) / 255;
}"""
SHIFTED = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""


@pytest.fixture(scope="module")
def addresses(archive: object) -> dict[str, tuple[str, int]]:
    db = sqlite3.connect(f"file:{archive}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    found = paths(db)
    db.close()
    return found


def test_no_page_is_left_out(addresses: dict[str, tuple[str, int]]) -> None:
    assert sorted(addresses) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_of_wcag(open_tab: OpenTab, site: str, addresses: dict[str, tuple[str, int]], name: str) -> None:
    tab = open_tab(site, color_scheme="light")
    tab.go(*addresses[name])
    assert tab.violations() == []
    tab.page.emulate_media(color_scheme="dark")
    assert tab.page.evaluate(LUMINANCE) < 0.1
    assert tab.violations() == []


@pytest.mark.parametrize("path", DATASETTES)
def test_datasettes_own_pages_break_none_either(open_tab: OpenTab, site: str, path: str) -> None:
    tab = open_tab(site, color_scheme="light")
    name = DATASETTES[path]
    tab.go(path, 400 if name == "mistyped" else 200)
    tab.page.wait_for_load_state("load")
    assert tab.page.evaluate(LUMINANCE) > 0.9
    assert tab.violations() == []
    tab.shoot(f"datasette-{name}-desktop", full=False)
    tab.page.emulate_media(color_scheme="dark")
    assert tab.page.evaluate(LUMINANCE) < 0.1
    assert tab.violations() == []
    tab.shoot(f"datasette-{name}-dark", full=False)
    tab.page.emulate_media(color_scheme="light")
    for width in (1200, 390):
        tab.page.set_viewport_size({"width": width, "height": 800})
        assert tab.overflow() == 0, width
    tab.shoot(f"datasette-{name}-phone", full=False)


def test_axe_would_tell(tab: Tab) -> None:
    tab.go("/archive/-/about")
    tab.page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=/favicon.ico>')")
    tab.page.evaluate("document.querySelector('.lead').style.color = 'rgb(200, 200, 200)'")
    assert [one.split()[0] for one in tab.violations()] == ["color-contrast", "image-alt"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_stands_still(open_tab: OpenTab, site: str, addresses: dict[str, tuple[str, int]], name: str) -> None:
    """Also with everything unfolded; a wide table scrolls by itself."""
    tab = open_tab(site, width=390, height=800)
    tab.go(*addresses[name])
    assert tab.page.evaluate(SHIFTED) < 0.01
    for unfolded in (False, True):
        if unfolded:
            tab.page.evaluate("document.querySelectorAll('details:not(.view)').forEach(each => { each.open = true; })")
        for width in (1200, 390, 320):
            tab.page.set_viewport_size({"width": width, "height": 800})
            assert tab.overflow() == 0, (width, unfolded)


@pytest.mark.parametrize("name", PAGES)
def test_pictures(open_tab: OpenTab, site: str, addresses: dict[str, tuple[str, int]], name: str) -> None:
    """For a person to look at. The dark is dark, and on paper it is ink on white."""
    tab = open_tab(site)
    # Threads and tables of the recording can be metres long.
    tab.go(*addresses[name])
    assert tab.page.evaluate(LUMINANCE) > 0.9
    tab.shoot(f"{name}-desktop", full=False)
    tab.page.emulate_media(color_scheme="dark")
    assert tab.page.evaluate(LUMINANCE) < 0.1
    tab.shoot(f"{name}-dark", full=False)
    tab.page.emulate_media(media="print")
    assert tab.page.evaluate(LUMINANCE) > 0.99
    tab.page.set_viewport_size({"width": 700, "height": 1000})
    tab.shoot(f"{name}-paper", full=False)
    tab.page.emulate_media(media="screen", color_scheme="light")
    tab.page.set_viewport_size({"width": 390, "height": 1600})
    tab.shoot(f"{name}-phone", full=False)


def test_on_paper_there_are_words_and_no_controls(tab: Tab, db: sqlite3.Connection) -> None:
    thread = one(db, QUOTED)
    tab.go(f"/archive/-/request/{thread['id']}")
    message, links = tab.page.locator(f"[id='{thread['anchor']}'] > .text").first, tab.page.get_by_role("navigation")
    assert message.is_visible()
    assert links.first.is_visible()
    tab.page.emulate_media(media="print")
    assert message.is_visible()
    assert tab.page.locator("nav, button, .skip, .view, .sql, .cite").filter(visible=True).count() == 0
