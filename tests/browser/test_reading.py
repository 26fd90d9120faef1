"""What a reader does in the recorded archive, done in Chromium; what is shown is set beside the database."""

from __future__ import annotations

import csv
import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.recordings import needs_recordings

from .examples import AUTHORITY, BATCH, CARRIED, LONGEST, PAGED, QUOTED, USER, WITHHELD, common_word, number, one, passage
from .watching import Tab

pytestmark = [needs_recordings, pytest.mark.browser, pytest.mark.slow]


def words(found: Locator) -> str:
    return " ".join(found.inner_text().split())


def heading(tab: Tab, title: str) -> None:
    expect(tab.page.locator("h1")).to_have_text(" ".join(title.split()))


def test_the_start_counts_what_there_is(tab: Tab, db: sqlite3.Connection) -> None:
    tab.go("/")
    cards = [words(card) for card in tab.page.get_by_role("list", name="What the archive holds").locator("li").all()]
    counts = {
        f"{number(db, 'select count(*) from requests where withheld_at is null'):,} requests",
        f"{number(db, 'select count(*) from messages'):,} messages",
        f"{number(db, 'select count(*) from attachments'):,} attachments",
    }
    assert counts <= set(cards)
    newest = one(db, "select title from requests where withheld_at is null order by created_at desc limit 1")
    expect(tab.page.locator("section[aria-labelledby=newest] .title").first).to_have_text(newest["title"])


def test_from_a_batch_to_a_thread_to_a_file_and_back(tab: Tab, db: sqlite3.Connection) -> None:
    batch = number(db, BATCH)
    picked = one(
        db,
        f"""select r.id, r.title, a.name, u.name as asker, t.filename, f.sha256, f.size
from {CARRIED} join authorities a on a.id = r.authority_id join users u on u.id = r.user_id
where r.batch_id = ? and t.filename is not null order by a.name, r.id, m.position, t.part limit 1""",
        batch,
    )
    tab.go(f"/archive/-/batch/{batch}")
    heading(tab, one(db, "select title from batches where id = ?", batch)["title"])
    rows = tab.page.get_by_role("region", name="Authority by authority").locator("tbody tr")
    assert rows.count() == number(db, "select count(*) from requests where batch_id = ? and withheld_at is null", batch)

    rows.get_by_role("link", name=picked["name"], exact=True).first.click()
    heading(tab, picked["title"])
    assert tab.page.url.endswith(f"/archive/-/request/{picked['id']}")

    tab.page.locator(".file").get_by_role("link", name=picked["filename"], exact=True).first.click()
    heading(tab, picked["filename"])
    expect(tab.page.locator("dl.facts")).to_contain_text(picked["sha256"])
    assert f"({picked['size']:,} bytes)" in words(tab.page.locator("dl.facts")) or picked["size"] < 1024

    tab.page.go_back()
    heading(tab, picked["title"])
    tab.page.locator(".kicker").get_by_role("link", name=picked["name"], exact=True).click()
    heading(tab, picked["name"])
    tab.page.go_back()
    tab.page.locator(".lead").get_by_role("link", name=picked["asker"], exact=True).click()
    heading(tab, picked["asker"])


def test_an_authority_tells_of_its_requests(tab: Tab, db: sqlite3.Connection) -> None:
    authority = one(db, "select id, name from authorities where id = ?", number(db, AUTHORITY))
    total = number(db, "select count(*) from requests where authority_id = ? and withheld_at is null", authority["id"])
    tab.go(f"/archive/-/authority/{authority['id']}")
    heading(tab, authority["name"])
    expect(tab.page.locator(".lead").first).to_contain_text(f"{total:,} requests in this archive")
    outcomes = tab.page.locator("table.bars", has_text="How they stand").locator("tbody tr td:nth-of-type(1)")
    assert sum(int(cell.inner_text().replace(",", "")) for cell in outcomes.all()) == total
    months = tab.page.get_by_role("figure").filter(has_text="Requests made")
    months.get_by_text("As a table").click()
    assert sum(int(cell.inner_text()) for cell in months.locator("td.num").all()) == total


def test_a_person_has_their_requests(tab: Tab, db: sqlite3.Connection) -> None:
    user = number(db, USER)
    tab.go(f"/archive/-/user/{user}")
    heading(tab, one(db, "select name from users where id = ?", user)["name"])
    newest = "select title from requests where user_id = ? and withheld_at is null order by created_at desc, id desc limit 1"
    tab.page.locator("ol.requests .title").first.click()
    heading(tab, one(db, newest, user)["title"])


def test_health_and_changes_tell_of_the_run(tab: Tab, db: sqlite3.Connection) -> None:
    run = one(db, "select command, http_requests, requests_new from runs")
    tab.go("/archive/-/health")
    told = words(tab.page.get_by_role("region", name="Runs").locator("tbody tr"))
    assert run["command"] in told
    assert f"{run['http_requests']:,}" in told
    texts = tab.page.locator("table.bars", has_text="Text of the files").locator("td:nth-of-type(1)").all()
    assert sum(int(cell.inner_text().replace(",", "")) for cell in texts) == number(db, "select count(*) from files")
    tab.page.get_by_role("region", name="Runs").get_by_role("link").click()
    expect(tab.page.locator("h1")).to_contain_text("Changes found on")
    expect(tab.page.locator("main")).to_contain_text(f"{run['requests_new']:,} new requests")


def test_about_explains_every_table(tab: Tab, db: sqlite3.Connection) -> None:
    tab.go("/archive/-/about")
    for table in ("requests", "messages", "attachments", "files", "file_texts"):
        tab.page.get_by_role("navigation", name="Tables").get_by_role("link", name=table, exact=True).click()
        expect(tab.page.locator(f"#table-{table}")).to_be_in_viewport()
        tab.page.locator(f"section[aria-labelledby=table-{table}] summary").click()
        explained = tab.page.locator(f"section[aria-labelledby=table-{table}] dt").all_inner_texts()
        columns = [row["name"] for row in db.execute("select name from pragma_table_xinfo(?)", (table,))]
        assert sorted(explained) == sorted(columns)


def test_a_permalink_leads_to_its_message(tab: Tab, db: sqlite3.Connection) -> None:
    request = number(db, LONGEST)
    last = one(
        db, "select anchor from messages where request_id = ? and anchor like 'incoming%' order by position desc", request
    )[0]
    tab.go(f"/archive/-/request/{request}#{last}")
    message = tab.page.locator(f"[id='{last}']")
    expect(message).to_be_in_viewport()
    assert tab.page.evaluate("scrollY") > 1000
    assert message.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    first = tab.page.locator("article.message").first.locator(".permalink")
    first.click()
    assert tab.page.url.endswith(f"#{first.inner_text()}")


def test_messages_stand_in_their_order(tab: Tab, db: sqlite3.Connection) -> None:
    request = number(db, LONGEST)
    tab.go(f"/archive/-/request/{request}")
    shown = tab.page.locator("article.message").evaluate_all("all => all.map(each => each.id)")
    assert shown == [
        row[0] for row in db.execute("select anchor from messages where request_id = ? order by position", (request,))
    ]
    tab.page.get_by_text("at a glance").click()
    tab.page.get_by_role("navigation", name="Messages").get_by_role("link").last.click()
    expect(tab.page.locator("article.message").last).to_be_in_viewport()


def test_what_is_withheld_says_so(tab: Tab, db: sqlite3.Connection) -> None:
    row = one(db, WITHHELD)
    tab.go(f"/archive/-/request/{row['request_id']}")
    stone = tab.page.locator(f"[id='{row['anchor']}'] .tombstone")
    expect(stone).to_contain_text("Withheld by the site")
    expect(stone).to_contain_text(" ".join((row["withheld_reason"] or "").split()))


def test_quotes_are_folded_and_unfold(tab: Tab, db: sqlite3.Connection) -> None:
    thread = one(db, QUOTED)
    tab.go(f"/archive/-/request/{thread['id']}")
    message = tab.page.locator(f"[id='{thread['anchor']}']")
    quote, summary = message.locator(".quote .text").first, message.locator(".quote summary").first
    expect(quote).to_be_hidden()
    summary.click()
    expect(quote).to_be_visible()
    assert quote.inner_text().lstrip().startswith(">")
    summary.click()
    expect(quote).to_be_hidden()


def test_a_word_of_a_file_leads_to_the_passage(tab: Tab, db: sqlite3.Connection) -> None:
    place = passage(db)
    tab.go("/")
    tab.page.get_by_role("searchbox").fill(place.word)
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("status").first).to_contain_text("1 hit")
    hit = tab.page.locator(".hit")
    expect(hit.locator("mark")).to_have_text(place.word)
    hit.locator(".title").click()
    heading(tab, place.filename)
    page = tab.page.locator(f"#page-{place.page}")
    expect(page.locator("h3")).to_have_text(f"Page {place.page} of {place.page_count}")
    mark = page.locator("mark").first
    expect(mark).to_have_text(place.word)
    expect(mark).to_be_in_viewport(ratio=1)
    assert tab.page.evaluate("scrollY") > 0


def test_a_pdf_is_shown_in_its_place(tab: Tab, db: sqlite3.Connection) -> None:
    file = one(db, PAGED)
    tab.go(f"/archive/-/file/{file['sha256']}")
    with tab.page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-extension:")) as viewer:
        tab.page.get_by_text("Look at it here").click()
    # Asked for apart: of the answer in the frame Chromium tells what its viewer has made of it.
    headers = tab.context.request.get(f"{tab.base}/archive/-/bytes/{file['sha256']}").headers
    assert (headers["content-type"], headers["x-content-type-options"]) == ("application/pdf", "nosniff")
    assert headers["content-disposition"].startswith("inline; filename=")
    assert headers["content-security-policy"].startswith("default-src 'none'; sandbox;")
    # Chromium's viewer has read the file when it knows how many pages it has.
    expect(viewer.value.locator("#pagelength")).to_have_text(str(file["page_count"]))
    tab.shoot("pdf-in-its-place", full=False)


def test_a_picture_is_shown_in_its_place(tab: Tab, db: sqlite3.Connection) -> None:
    file = one(db, f"select f.sha256 from {CARRIED} where f.media_type in ('image/png', 'image/jpeg') order by f.size desc")
    tab.go(f"/archive/-/file/{file['sha256']}")
    tab.page.get_by_text("Look at it here").click()
    picture = tab.page.locator(".view img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    tab.page.wait_for_function("picture => picture.complete && picture.naturalWidth > 1", arg=picture.element_handle())


def test_a_file_can_be_saved(tab: Tab, db: sqlite3.Connection, archive: Path) -> None:
    file = one(db, PAGED)
    tab.go(f"/archive/-/file/{file['sha256']}")
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("link", name="Save the file").click()
    kept = archive.with_suffix(".files") / file["sha256"][:2] / file["sha256"][2:4] / file["sha256"]
    assert saved.value.path().read_bytes() == kept.read_bytes()


def test_the_csv_of_a_search_has_every_hit(tab: Tab, db: sqlite3.Connection) -> None:
    word = common_word(db)
    tab.go(f"/archive/-/search?q={word}")
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("link", name="CSV", exact=True).click()
    assert saved.value.suggested_filename == "search.csv"
    with saved.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    titles = (
        "select r.id from requests_fts x join requests r on r.id = x.rowid where requests_fts match ? and r.withheld_at is null"
    )
    messages = """select m.anchor from messages_fts x join messages m on m.id = x.rowid join requests r on r.id = m.request_id
where messages_fts match ? and m.gone_at is null and m.withheld is null and r.withheld_at is null"""
    found: dict[str, list[str]] = {"titles": [], "messages": []}
    for row in rows:
        if row["found_in"] in found:
            found[row["found_in"]].append(row["request_id" if row["found_in"] == "titles" else "anchor"])
    assert sorted(found["titles"]) == sorted(str(row[0]) for row in db.execute(titles, (word,)))
    assert sorted(found["messages"]) == sorted(row[0] for row in db.execute(messages, (word,)))
    told = tab.page.get_by_role("status").first.inner_text()
    assert re.match(rf"{len(rows):,} hits", told), told


def test_the_csv_of_a_table_has_every_row(tab: Tab, db: sqlite3.Connection) -> None:
    batch = number(db, BATCH)
    tab.go(f"/archive/-/batch/{batch}")
    tab.page.get_by_role("link", name="As a table, with CSV").click()
    export = tab.page.locator("form", has=tab.page.get_by_role("button", name="Export CSV"))
    for option in ("_dl", "_stream"):
        export.locator(f"input[name={option}]").check()
    with tab.page.expect_download() as saved:
        export.get_by_role("button", name="Export CSV").click()
    with saved.value.path().open(encoding="utf-8", newline="") as file:
        got = sorted((int(row["id"]), row["title"]) for row in csv.DictReader(file))
    wanted = "select id, title from requests where batch_id = ? and withheld_at is null order by id"
    assert got == [tuple(row) for row in db.execute(wanted, (batch,))]


def test_every_page_leads_to_its_sql(tab: Tab, db: sqlite3.Connection) -> None:
    authority = number(db, AUTHORITY)
    tab.go(f"/archive/-/authority/{authority}")
    tab.page.get_by_text("The SQL behind this page").click()
    tab.page.locator("details.sql").get_by_role("link", name="The authority", exact=True).click()
    cells = tab.page.locator("table.rows-and-columns td")
    expect(cells.first).to_have_text(str(authority))
    assert one(db, "select name from authorities where id = ?", authority)["name"] in cells.all_inner_texts()


def test_a_request_that_is_not_here_is_said_to_be_so(tab: Tab) -> None:
    tab.go("/archive/-/request/999999999", status=404)
    heading(tab, "This request is not in the archive")
    tab.page.get_by_role("link", name="Start of this archive").click()
    expect(tab.page.get_by_role("searchbox")).to_be_visible()
