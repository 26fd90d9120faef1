"""What the site withdraws leaves every table, index, raw page, log and file; what it shows again comes back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.archive.forget import Forgetter
from scraper.archive.withdraw import drop_unnamed_users
from scraper.records import PageKind, PageRef
from tests.archive.making import Making, attachment, event, message, request, thread, user

WORDS = [f"{a}{b}" for a in ("cla", "mor", "ten", "vig", "sol", "pra") for b in ("dding", "ket", "ure", "lant", "ton", "ways")]
DAY = 1440


def sentence(dice: random.Random, words: int = 60) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(words))


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Making]:
    made = Making.at(tmp_path / "archive.db")
    yield made
    made.archive.close()


def everything_on_disk(making: Making) -> bytes:
    """All bytes of the archive: database, write-ahead log, files, whatever lies beside them."""
    folder = making.archive.path.parent
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def build(making: Making, dice: random.Random, number: int, asker: int = 3) -> dict[str, str]:
    """A request with a message, a response with a file, and raw pages; returns its telling texts."""
    slug, base = f"request_{number}", number * 10
    told = {name: sentence(dice) for name in ("asked", "answered", "file", "title")}
    events = [event(base, "sent", base), event(base + 1, "response", base)]
    making.json(request(number, slug, told["title"], events, user(asker)), f'{{"title": "{told["title"]}"}}'.encode())
    files = [attachment(slug, base, 2, f"scan{number}.txt")]
    asked, answered = (
        message(f"outgoing-{base}", told["asked"]),
        message(f"incoming-{base}", told["answered"], "Officer", files, 2),
    )
    making.html(thread(slug, asked, answered), f"<p>{told['asked']}</p><p>{told['answered']}</p>".encode())
    making.file(slug, base, 2, f"scan{number}.txt", told["file"].encode())
    return told


def parts(told: dict[str, str]) -> list[bytes]:
    """Pieces of the texts that are long enough to be theirs alone."""
    return [text[start : start + 40].encode() for text in told.values() for start in (0, len(text) // 2)]


def test_a_redaction_leaves_no_byte_of_what_it_took(making: Making) -> None:
    dice = random.Random(1)
    for number in range(1, 120):
        build(making, dice, number)
    taken = []
    for number in dice.sample(range(1, 120), 40):
        slug, base = f"request_{number}", number * 10
        old = making.archive.db.execute("select text from messages where anchor = ?", (f"incoming-{base}",)).fetchone()["text"]
        redacted = old[: len(old) // 3] + " [name removed] "
        taken.append(old[len(old) // 2 :][:40].encode())
        files = [attachment(slug, base, 2, f"scan{number}.txt")]
        asked = message(f"outgoing-{base}", sentence(dice))
        answered = message(f"incoming-{base}", redacted, "Officer", files, 2)
        making.html(thread(slug, asked, answered), f"<p>{redacted}</p>".encode())
    making.archive.wipe()
    disk = everything_on_disk(making)
    assert [piece for piece in taken if piece in disk] == []


def test_a_message_that_is_hidden_or_gone_takes_its_file_along(making: Making) -> None:
    dice = random.Random(2)
    told = build(making, dice, 1)
    keeps = build(making, dice, 2)
    making.html(thread("request_1", message("outgoing-10", told["asked"])), f"<p>{told['asked']}</p>".encode())
    making.archive.wipe()
    row = making.archive.db.execute("select * from messages where anchor = 'incoming-10'").fetchone()
    assert (row["text"], row["author"], row["gone_at"] is None, row["kind"]) == (None, None, False, "response")
    assert making.archive.db.execute(
        "select status, filename, gone_at is null from attachments where message_id = ?", (row["id"],)
    ).fetchall()[0][1:] == (None, 0)
    disk = everything_on_disk(making)
    assert told["file"].encode() not in disk
    assert told["answered"][:40].encode() not in disk
    assert all(piece in disk for piece in parts({key: keeps[key] for key in ("asked", "answered", "file")}))
    changed = making.archive.db.execute("select old_value from changes where column_name = 'text'").fetchone()["old_value"]
    assert '"words": 60' in changed


def test_a_refused_request_is_set_aside_and_comes_back_as_it_was(making: Making) -> None:
    dice = random.Random(3)
    told = build(making, dice, 1)
    db = making.archive.db

    def rows() -> list[tuple[object, ...]]:
        skip = {"last_seen_at", "last_changed_at"}
        found = []
        for table in ("requests", "messages", "attachments", "links"):
            columns = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in skip]
            found += [tuple(row) for row in db.execute(f"select {', '.join(columns)} from {table} order by 1")]
        return found

    before = rows()
    making.refuse(PageRef(PageKind.REQUEST_JSON, "request_1"))
    assert db.execute("select withheld_at from requests").fetchone()[0] is None  # its page says why, and comes next
    making.refuse(PageRef(PageKind.REQUEST_HTML, "request_1"), reason="personal data")
    making.archive.wipe()
    request_row = db.execute("select * from requests").fetchone()
    assert (request_row["withheld_kind"], request_row["withheld_reason"]) == ("hidden", "personal data")
    assert (request_row["title"], request_row["url_title"], request_row["user_id"]) == (None, "", None)
    disk = everything_on_disk(making)
    assert [piece for piece in parts({key: told[key] for key in ("asked", "answered", "title")}) if piece in disk] == []
    assert (
        db.execute("select count(*) from messages_fts where messages_fts match ?", (told["asked"].split()[0],)).fetchone()[0] == 0
    )
    assert db.execute("select count(*) from files").fetchone()[0] == 0
    assert not making.archive.files.path(_sha(told["file"])).exists()
    due = db.execute("select page_key from agenda where page_kind = 'request_id'").fetchone()
    assert due["page_key"] == "1"
    assert making.settle() == []

    events = [event(10, "sent", 10), event(11, "response", 10)]
    making.json(request(1, "request_1", told["title"], events))
    assert rows() == before
    assert making.archive.files.path(_sha(told["file"])).read_bytes() == told["file"].encode()
    assert db.execute("select count(*) from withdrawals").fetchone()[0] == 0
    kept = [body for _, body in making.keeper.captures.kept(PageKind.REQUEST_HTML)]
    assert kept == [f"<p>{told['asked']}</p><p>{told['answered']}</p>".encode()]


@pytest.mark.parametrize("kind", ["hidden", "missing"])
def test_a_second_night_erases_it_for_good(making: Making, kind: str) -> None:
    dice = random.Random(4)
    told, others = build(making, dice, 1), build(making, dice, 2)
    making.html(
        thread("request_2", message("outgoing-20", others["asked"])), b'<a href="/request/request_1">' + told["title"].encode()
    )
    if kind == "missing":
        making.refuse(PageRef(PageKind.REQUEST_JSON, "request_1"), "missing")
        making.refuse(PageRef(PageKind.REQUEST_ID, "1"), "missing")
    else:
        making.refuse(PageRef(PageKind.REQUEST_HTML, "request_1"), reason="personal data")
    assert making.settle() == []
    making.minute += 60
    making.refuse(PageRef(PageKind.REQUEST_ID, "1"), "missing")
    assert making.settle() == []  # an hour later is the same night
    making.minute += DAY
    making.refuse(PageRef(PageKind.REQUEST_ID, "1"), "missing")
    assert making.settle() == [1]
    making.archive.wipe()
    disk = everything_on_disk(making)
    assert [piece for piece in parts(told) if piece in disk] == []
    assert b"request_1/" not in disk
    db = making.archive.db
    row = db.execute("select id, created_at, withheld_kind, withheld_at is null, title from requests where id = 1").fetchone()
    assert tuple(row) == (1, "2024-01-02T10:00:00Z", kind, 0, None)
    assert [
        tuple(row) for row in db.execute("select anchor, kind, text, gone_at is null from messages where request_id = 1")
    ] == [
        ("outgoing-10", "request", None, 0),
        ("incoming-10", "response", None, 0),
    ]
    assert db.execute("select withdrawn_at is null, set_aside from withdrawals").fetchone()[:] == (0, None)

    making.json(request(1, "request_1", "Shown again", [event(10, "sent", 10)]))
    making.html(thread("request_1", message("outgoing-10", "Shown again, redacted")))
    shown = db.execute(
        "select r.title, r.withheld_at, m.text, m.gone_at from requests r join messages m on m.request_id = r.id"
    ).fetchall()
    assert ("Shown again", None, "Shown again, redacted", None) in [tuple(row) for row in shown]


def test_a_night_that_the_site_blocked_proves_nothing(making: Making) -> None:
    build(making, random.Random(5), 1)
    making.refuse(PageRef(PageKind.REQUEST_HTML, "request_1"))
    assert making.settle(healthy=False) == []
    making.minute += DAY
    making.refuse(PageRef(PageKind.REQUEST_ID, "1"), "missing")
    assert making.settle() == []
    making.minute += DAY
    making.refuse(PageRef(PageKind.REQUEST_ID, "1"), "missing")
    assert making.settle() == [1]


def test_a_user_whom_nothing_names_any_more_goes(making: Making) -> None:
    dice = random.Random(6)
    build(making, dice, 1, asker=3)
    build(making, dice, 2, asker=4)
    making.refuse(PageRef(PageKind.REQUEST_HTML, "request_2"))
    with making.archive.transaction() as db:
        assert drop_unnamed_users(db, making.keeper.captures, making.keeper.agenda) == 1
    assert [row["id"] for row in making.archive.db.execute("select id from users")] == [3]


def test_forgetting_a_request_a_message_a_file_and_a_person(making: Making) -> None:
    dice = random.Random(7)
    told = {number: build(making, dice, number, asker=number) for number in (1, 2, 3, 4, 5)}
    forget = Forgetter(making.archive, making.now(), "asked by mail")
    forget.request(1)
    assert forget.message("incoming-20")
    assert forget.file(_sha(told[3]["file"]))
    forget.user(4)
    assert not forget.message("incoming-999")
    making.archive.wipe()
    disk = everything_on_disk(making)
    lost = [told[1], {key: told[2][key] for key in ("answered", "file")}, {"file": told[3]["file"]}, told[4]]
    assert [piece for texts in lost for piece in parts(texts) if piece in disk] == []
    assert all(piece in disk for piece in parts({key: told[5][key] for key in ("asked", "answered", "file")}))
    assert b"user_4" not in disk

    # A new run keeps none of it, though the site shows it still.
    db = making.archive.db
    making.keeper = type(making.keeper)(making.archive, 1)
    for number in (1, 2, 3, 4):
        events = [event(number * 10, "sent", number * 10), event(number * 10 + 1, "response", number * 10)]
        making.json(
            request(number, f"request_{number}", told[number]["title"], events, user(number)), told[number]["title"].encode()
        )
    slug, base = "request_2", 20
    files = [attachment(slug, base, 2, "scan2.txt")]
    shown = (message("outgoing-20", told[2]["asked"]), message("incoming-20", told[2]["answered"], "Officer", files, 2))
    making.html(thread(slug, *shown), told[2]["answered"].encode())
    making.file("request_3", 30, 2, "scan3.txt", told[3]["file"].encode())
    making.archive.wipe()
    disk = everything_on_disk(making)
    assert [piece for texts in lost for piece in parts(texts) if piece in disk] == []
    row = db.execute("select text, withheld, withheld_reason from messages where anchor = 'incoming-20'").fetchone()
    assert tuple(row) == (None, "hidden", "removed by this archive's operator")
    refused = db.execute(
        "select a.status from attachments a join messages m on m.id = a.message_id where m.anchor = 'incoming-30'"
    ).fetchone()
    assert refused["status"] == "withheld"


def _sha(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
