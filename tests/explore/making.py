"""A small archive filled by hand: every kind of thing that our pages show, and nobody real."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from scraper.archive.store import Archive
from scraper.pages.new_text import new_text
from scraper.urls import Site

SEEN = {
    "first_seen_at": "2024-05-01T03:00:00Z",
    "last_seen_at": "2024-06-01T03:04:05Z",
    "last_changed_at": "2024-05-01T03:00:00Z",
}
SITE = "http://127.0.0.1:9"

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40
HTML = b"<html><script>alert(1)</script></html>"
FILES: dict[str, tuple[bytes, str | None]] = {
    "answer.pdf": (PDF, "application/pdf"),
    "page.html": (HTML, "text/html"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(30), "image/png"),
    "note.txt": (b"plain words", "text/plain"),
    "unknown": (b"\x00\x01\x02", None),
    "gone.pdf": (b"%PDF-1.4 taken down", "application/pdf"),
    "inner.txt": (b"inside a ZIP", "text/plain"),
    "orphan.txt": (b"no row leads to it", "text/plain"),
}
SHA = {name: hashlib.sha256(content).hexdigest() for name, (content, _) in FILES.items()}
IDS = {name: number for number, name in enumerate(FILES, 1)}

QUOTED = (
    "Dear Ann,\n\nPlease find our answer attached; write to [email address] or see https://example.org/a?b=1&c=2 for more.\n\n"
    "Yours,\nThe team\n\n> Dear Council,\n> How many dogs are there?\n> Ann\n"
)


def add(db: sqlite3.Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    db.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(values))})", tuple(values.values()))


def request(db: sqlite3.Connection, number: int, **more: Any) -> None:
    row = {
        "url_title": f"request_{number}",
        "title": f"Request {number}",
        "authority_id": 1,
        "user_id": 1,
        "user_name": "Ann Asker",
        "law_used": "foi",
        "described_state": "waiting_response",
        "display_state": "waiting_response",
        "awaiting_description": 0,
        "prominence": "normal",
        "created_at": f"2024-01-{number:02}T10:00:00Z",
        "updated_at": "2024-02-01T10:00:00Z",
        "url": f"{SITE}/request/request_{number}",
        **SEEN,
    }
    add(db, "requests", id=number, **(row | more))


def message(db: sqlite3.Connection, number: int, request_id: int, anchor: str, kind: str, position: int, **more: Any) -> None:
    at = more.pop("at", f"2024-01-{number:02}T10:00:00Z")
    row = {"author": "Ann Asker", "sent_at": at, "recorded_at": at, "text": "Dear Council, how many dogs?"}
    given = row | {"first_seen_at": SEEN["first_seen_at"], "last_changed_at": SEEN["last_changed_at"]} | more
    add(db, "messages", id=number, request_id=request_id, anchor=anchor, kind=kind, position=position, **given)
    kinds = {"request": "sent", "response": "response", "annotation": "comment", "followup": "followup_sent"}
    column = {"incoming": "incoming_message_id", "outgoing": "outgoing_message_id", "comment": "comment_id"}[anchor.split("-")[0]]
    event = {"event_type": kinds[kind], "created_at": at, column: int(anchor.split("-")[1])}
    add(db, "events", id=number, request_id=request_id, **event)


def attachment(db: sqlite3.Connection, number: int, message_id: int, filename: str | None, **more: Any) -> None:
    row = {
        "part": number,
        "filename": filename,
        "url": f"{SITE}/attach/{number}",
        "status": "stored",
        "file_id": IDS.get(filename or ""),
        "first_seen_at": SEEN["first_seen_at"],
        "last_changed_at": SEEN["last_changed_at"],
    }
    add(db, "attachments", id=number, message_id=message_id, **(row | more))


def filled(path: Path) -> Path:
    """Makes the archive, with its files beside it."""
    Archive.open(path, Site(SITE)).close()
    db = sqlite3.connect(path)
    _people(db)
    _thread(db)
    _others(db)
    _files(db, path.with_suffix(".files"))
    _kept(db)
    db.commit()
    db.close()
    return path


def _people(db: sqlite3.Connection) -> None:
    add(
        db,
        "authorities",
        id=1,
        url_name="anytown",
        name="Anytown Council",
        short_name="AC",
        home_page="https://example.org",
        **SEEN,
    )
    add(db, "authorities", id=2, url_name="othertown", name="Othertown Council", **SEEN)
    add(db, "authority_tags", authority_id=1, name="london_borough", value="")
    add(db, "users", id=1, url_name="ann", name="Ann Asker", about_me="I ask.", **SEEN)
    add(db, "users", id=2, url_name="neil", name="Neil Notes", **SEEN)
    add(db, "batches", id=4, title="Dogs everywhere", user_id=1, authority_count=3, **SEEN)


def _thread(db: sqlite3.Connection) -> None:
    """Request 1: a whole thread, with everything that a thread can have."""
    state = {"described_state": "waiting_response", "display_state": "waiting_classification", "awaiting_description": 1}
    request(db, 1, title="Dogs in <b>Anytown</b>", batch_id=4, due_on="2024-02-01", correspondence_closed="closed", **state)
    message(db, 1, 1, "outgoing-1", "request", 1, user_id=1, delivery_status="failed")
    message(db, 2, 1, "incoming-2", "response", 2, author="The team, Anytown Council", text=QUOTED, own_text=new_text(QUOTED))
    message(db, 3, 1, "incoming-3", "response", 3, text=None, withheld="hidden", withheld_reason="Contains personal data")
    message(db, 4, 1, "comment-4", "annotation", 4, author="Neil Notes", user_id=2, text="Well done", gone_at=None)
    message(db, 5, 1, "incoming-5", "response", 5, author=None, text=None, gone_at="2024-05-20T03:00:00Z")
    for number, url in enumerate(("https://example.org/a?b=1&c=2", "javascript:alert(1)", "https://example.org/elsewhere"), 1):
        add(db, "links", message_id=2, position=number, url=url, shown_text=url[:20])


def _others(db: sqlite3.Connection) -> None:
    state = {"described_state": "successful", "display_state": "successful"}
    request(db, 2, title="Dogs in Othertown", authority_id=2, batch_id=4, **state)
    message(db, 6, 2, "outgoing-6", "request", 1, user_id=1, at="2024-01-02T10:00:00Z")
    message(db, 7, 2, "incoming-7", "response", 2, text="There are seven dogs.", at="2024-01-12T10:00:00Z")
    request(db, 3, title="Silence", batch_id=4)
    message(db, 8, 3, "outgoing-8", "request", 1, user_id=1)
    emptied = "title authority_id user_id user_name created_at described_state display_state law_used awaiting_description"
    gone = dict.fromkeys(emptied.split())
    marked = {"withheld_at": "2024-05-21T03:00:00Z", "withheld_kind": "hidden", "withheld_reason": "A court said so"}
    request(db, 9, **gone, **marked)


def _files(db: sqlite3.Connection, folder: Path) -> None:
    for name, (content, media_type) in FILES.items():
        status = {"answer.pdf": "extracted", "picture.png": "no_text_layer"}.get(name, "due")
        sha256 = SHA[name]
        add(db, "files", id=IDS[name], sha256=sha256, size=len(content), media_type=media_type, text_status=status)
        place = folder / sha256[:2] / sha256[2:4] / sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    add(db, "file_texts", file_id=IDS["answer.pdf"], text="First page about dogs.\fSecond page about cafés & <i>cats</i>.")
    for number, name in enumerate(("answer.pdf", "page.html", "drawing.svg", "picture.png", "note.txt", "unknown"), 1):
        attachment(db, number, 2, name)
    contents = {"path": "folder/inner.txt", "file_id": IDS["inner.txt"], "reason": None}
    add(db, "file_members", parent_id=IDS["unknown"], position=1, **contents)
    add(db, "file_members", parent_id=IDS["unknown"], position=2, path="secret.txt", file_id=None, reason="encrypted")
    add(db, "file_members", parent_id=IDS["gone.pdf"], position=1, path="orphan.txt", file_id=IDS["orphan.txt"], reason=None)
    attachment(db, 7, 7, "same answer.pdf", file_id=IDS["answer.pdf"])
    attachment(db, 8, 2, None, status="withheld", status_reason="Third party's data", url=None)
    attachment(db, 9, 2, "gone.pdf", gone_at="2024-05-20T03:00:00Z")


def _kept(db: sqlite3.Connection) -> None:
    run = {"command": "nightly", "started_at": "2024-06-01T03:00:00Z", "settings": "{}", "software": "wdtk-archive 0"}
    add(
        db,
        "runs",
        id=1,
        finished_at="2024-06-01T03:30:00Z",
        outcome="failures",
        requests_new=2,
        requests_changed=1,
        failures=1,
        **run,
    )
    add(db, "site_totals", run_id=1, observed_at="2024-06-01T03:00:00Z", name="visible_request_count", value=4)
    add(db, "ceiling_hits", run_id=1, page_key="query=dogs", observed_at="2024-06-01T03:00:00Z")
    capture = {"run_id": 1, "page_kind": "request_html", "page_key": "broken", "requested_at": "2024-06-01T03:01:00Z"}
    add(db, "captures", url=f"{SITE}/request/broken", outcome="failed", reason="500 from the site", **capture)
    old, new = {"words": 40}, {"words": 30, "added": 2, "removed": 12}
    change = {"run_id": 1, "observed_at": "2024-06-01T03:02:00Z", "request_id": 1}
    values = {"old_value": json.dumps(old), "new_value": json.dumps(new)}
    add(db, "changes", table_name="messages", row_key="2", column_name="text", **values, **change)
    states = {"old_value": "waiting_response", "new_value": "waiting_classification"}
    add(db, "changes", table_name="requests", row_key="1", column_name="display_state", **states, **change)
