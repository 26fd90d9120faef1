"""A WACZ opened in ReplayWeb.page, as a reader would: from the list of pages to a thread and a file of its.

ReplayWeb.page (AGPL) is fetched for this test alone and is no part of what is shipped: `ui.js` and `sw.js` of the npm
package replaywebpage lie in PLAYER.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from scraper.export.wacz import write_wacz
from tests.export.warcs import export
from tests.recordings import needs_recordings

from .conftest import PATIENCE_MS

PLAYER = Path(sys.prefix) / "share" / "replaywebpage"
pytestmark = [
    needs_recordings,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PLAYER / "sw.js").is_file(), reason=f"ReplayWeb.page is not in {PLAYER} (npm pack replaywebpage@2.5.3)"
    ),
]
BEGIN_WORKER = """async () => {
    const registered = await navigator.serviceWorker.register('/replay/sw.js?serveIndex=1', {scope: '/replay/'});
    const worker = registered.installing || registered.waiting || registered.active;
    while (worker.state !== 'activated') {
        await new Promise(done => worker.addEventListener('statechange', done, {once: true}));
    }
}"""
"""The player gives its worker 0.3 s to begin, which a busy machine may not keep to."""
SHOWING = '<!doctype html><script src="/ui.js"></script><replay-web-page style="display:block; height:800px" source="/wdtk.wacz" '


class Served(SimpleHTTPRequestHandler):
    """A folder's files, and the parts of them that are asked for: an archive is read in pieces."""

    def send_head(self) -> Any:
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("range", ""))
        path = Path(self.translate_path(self.path))
        if not found or not path.is_file():
            return super().send_head()
        size = path.stat().st_size
        begin = int(found[1]) if found[1] else max(0, size - int(found[2]))
        end = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
        self.send_response(206)
        self.send_header("content-range", f"bytes {begin}-{end}/{size}")
        self.send_header("content-length", str(end - begin + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(begin)
            # The player breaks off what it has enough of.
            try:
                self.wfile.write(file.read(end - begin + 1))
            except ConnectionError:
                self.close_connection = True
        return None

    def end_headers(self) -> None:
        # The player asks for its worker twice and never reads the first answer, which would keep the cache's entry locked.
        self.send_header("cache-control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay") / "served"
    export(archive, folder, write=write_wacz)
    (folder / "replay").mkdir()
    (folder / "empty.html").write_text("<!doctype html>")
    shutil.copy(PLAYER / "ui.js", folder)
    shutil.copy(PLAYER / "sw.js", folder / "replay")
    return folder


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Served(*args, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def opened(tab: Page, folder: Path, base: str, url: str, moment: str) -> FrameLocator:
    """The player on an address; gives the frame that shows what was archived."""
    told = f'replayBase="/replay/" url="{url}" ts="{re.sub("[^0-9]", "", moment)}">'
    (folder / "index.html").write_text(f"{SHOWING}{told}</replay-web-page>")
    tab.goto(f"{base}/empty.html")
    tab.evaluate(BEGIN_WORKER)
    tab.goto(f"{base}/")
    return tab.frame_locator("replay-web-page iframe").frame_locator("wr-coll-replay iframe")


def test_a_thread_shows_its_words(tab: Page, folder: Path, base: str, db: sqlite3.Connection) -> None:
    with zipfile.ZipFile(folder / "wdtk.wacz") as package:
        listed = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()[1:]]
    page = listed[len(listed) // 2]
    shown = opened(tab, folder, base, page["url"], page["ts"])
    expect(shown.locator("h1")).to_contain_text(page["title"])
    words = db.execute(
        "select m.text from messages m join requests r on r.id = m.request_id join captures c on c.page_key = r.url_title "
        "where c.url = ? and c.page_kind = 'request_html' order by m.position limit 1",
        (page["url"],),
    ).fetchone()[0]
    expect(shown.locator("body")).to_contain_text(next(line for line in words.splitlines() if len(line) > 20))


def test_a_file_seen_elsewhere_shows_the_same_bytes(tab: Page, folder: Path, base: str, db: sqlite3.Connection) -> None:
    """Its own record only refers to the first."""
    url, moment, sha256 = db.execute(
        "select c.url, c.requested_at, c.body_sha256 from captures c where c.page_kind = 'attachment' and c.content_type = "
        "'text/plain' and exists (select 1 from captures f where f.page_kind = 'attachment' and f.id < c.id "
        "and f.body_sha256 = c.body_sha256 and f.url <> c.url) order by c.id limit 1"
    ).fetchone()
    words = db.execute(
        "select t.text from files f join file_texts t on t.file_id = f.id where f.sha256 = ?", (sha256,)
    ).fetchone()[0]
    shown = opened(tab, folder, base, url, moment)
    expect(shown.locator("body")).to_contain_text(words.splitlines()[0].strip())
