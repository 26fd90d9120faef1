"""Chromium, the archives it is shown, and a tab for each test.

All of them last for this folder's tests alone: while Playwright runs, nothing else in its thread can have an event loop.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .recorded import recorded_archive
from .serving import served
from .watching import Tab

PATIENCE_MS = 60_000
"""For machines that are busy; nothing waits for it to pass."""

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # No name but this machine's own leads anywhere: what must not be asked for is not reached either.
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=program, args=[rules], timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_archive(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="package")
def site(archive: Path) -> Iterator[str]:
    """The address of the served recorded archive."""
    with served(archive) as base:
        yield base


@pytest.fixture
def db(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive behind what Chromium shows."""
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[OpenTab]:
    """Opens tabs of their own memory; after the test, nothing may have gone wrong in any of them."""
    tabs: list[Tab] = []

    def opened(base: str, width: int = 1200, height: int = 900, **more: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **more)
        context.set_default_timeout(PATIENCE_MS)
        tabs.append(Tab(context, base))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.context.close()
    assert [problem for tab in tabs for problem in tab.problems] == []


@pytest.fixture
def tab(open_tab: OpenTab, site: str) -> Tab:
    """A tab of desktop size on the recorded archive."""
    return open_tab(site)
