"""Reading without a mouse."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import Locator, expect

from tests.recordings import needs_recordings

from .examples import QUOTED, common_word, one
from .watching import Tab

pytestmark = [needs_recordings, pytest.mark.browser, pytest.mark.slow]

FOCUSED = "element => element === document.activeElement"
TABS = 60
"""More than stand before the first hit of a search or the first quote of a thread."""


def tab_to(tab: Tab, wanted: Locator) -> int:
    """Presses Tab until `wanted` has the focus; gives how often that was."""
    for presses in range(1, TABS):
        tab.page.keyboard.press("Tab")
        if wanted.evaluate(FOCUSED):
            return presses
    raise AssertionError(f"{TABS} times Tab do not lead to {wanted}")


def test_the_first_key_leads_past_the_menu(tab: Tab) -> None:
    tab.go("/archive/-/search")
    skip = tab.page.get_by_role("link", name="Skip to content")
    assert skip.bounding_box()["x"] < 0  # type: ignore[index]
    assert tab_to(tab, skip) == 1
    expect(skip).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("Enter")
    assert tab.page.locator("main").evaluate(FOCUSED)
    assert tab_to(tab, tab.page.get_by_role("searchbox")) == 1


def test_a_search_and_its_first_hit(tab: Tab, db: sqlite3.Connection) -> None:
    tab.go("/archive/-/search")
    tab_to(tab, tab.page.get_by_role("searchbox"))
    tab.page.keyboard.type(common_word(db))
    tab.page.keyboard.press("Enter")
    hit = tab.page.locator(".hit .title").first
    expect(hit).to_be_visible()
    title = hit.inner_text()
    tab_to(tab, hit)
    assert hit.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("h1")).to_have_text(title)


def test_filters_open_and_apply(tab: Tab, db: sqlite3.Connection) -> None:
    tab.go(f"/archive/-/search?q={common_word(db)}")
    summary = tab.page.locator("details.narrow > summary")
    tab_to(tab, summary)
    tab.page.keyboard.press("Enter")
    where = tab.page.get_by_label("Where to look", exact=True).and_(tab.page.locator("select"))
    tab_to(tab, where)
    tab.page.keyboard.type("Messages")
    tab_to(tab, tab.page.get_by_role("button", name="Apply"))
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**in=messages**")
    expect(tab.page.locator("[aria-current=page]")).to_have_text("Messages")


def test_a_quote_unfolds_and_folds(tab: Tab, db: sqlite3.Connection) -> None:
    tab.go(f"/archive/-/request/{one(db, QUOTED)['id']}")
    quote = tab.page.locator("details.quote").first
    tab_to(tab, quote.locator("summary"))
    for key, shown in (("Enter", True), ("Space", False), ("Enter", True)):
        tab.page.keyboard.press(key)
        assert quote.evaluate("element => element.open") is shown
    expect(quote.locator(".text")).to_be_visible()


def test_a_wide_table_scrolls(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 800})
    tab.go("/archive/-/health")
    table = tab.page.get_by_role("region", name="Runs")
    tab_to(tab, table)
    tab.page.keyboard.press("End")
    tab.page.keyboard.press("ArrowRight")
    tab.page.wait_for_function("element => element.scrollLeft > 0", arg=table.element_handle())
