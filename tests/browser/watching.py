"""A reader's tab in Chromium that remembers whatever must not happen while a page is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

SCREENSHOTS = Path(__file__).parent / "screenshots"
"""Kept by CI, never by git."""

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
SELF_MADE = ("data:", "blob:", "about:")
"""Addresses that lead to no host."""
CHROMIUMS_OWN = ("chrome-extension:", "chrome:")
"""Its viewer of PDFs."""


class Tab:
    """`problems` are errors on the console and in scripts, dialogs, and requests to another host than `base`.

    `tolerated` is what an error on the console may begin with; a test that sets it says why.
    """

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.problems: list[str] = []
        self.requested: list[str] = []
        self.tolerated = "\n"
        self._refused: set[str] = set()
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("dialog", self._on_dialog)
        self.context = context
        self.page: Page = context.new_page()

    def go(self, path: str, status: int = 200) -> Response:
        """Opens a path of the served archive, which answers with `status`."""
        if status >= 400:
            self._refused.add(self.base + path)
        response = self.page.goto(self.base + path)
        # None where only the part behind the # is new.
        if response is None:
            response = self.page.reload()
        assert response is not None
        assert response.status == status, path
        return response

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self) -> list[str]:
        """Rules of WCAG 2.2, levels A and AA, that axe-core finds broken, each with the first place."""
        found: dict[str, Any] = Axe().run(self.page, options={"runOnly": LEVELS, "resultTypes": ["violations"]}).response
        return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}" for one in found["violations"]]

    def shoot(self, name: str, full: bool = True) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full)

    def _on_request(self, request: Request) -> None:
        self.requested.append(request.url)
        if not request.url.startswith((f"{self.base}/", *SELF_MADE, *CHROMIUMS_OWN)):
            self.problems.append(f"asked for {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        own = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        fine = message.text.startswith(self.tolerated) or (own and message.location["url"] in self._refused)
        if message.type == "error" and not fine:
            self.problems.append(f"console: {message.text}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()
