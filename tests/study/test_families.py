"""Families of near duplicates: what belongs together, and that updates end where a rebuild does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.archive.derived import drop_derived
from scraper.archive.store import Archive
from scraper.study import families
from scraper.study.alike import FEWEST_EQUAL, Joined, join_alike
from scraper.study.build import build
from scraper.study.signatures import BANDS, PERMUTATIONS, SIMILAR, read_signatures, signature
from scraper.urls import Site

from .making import insert

NOW = "2026-01-05T00:00:00Z"
WORDS = [
    f"{start}{end}" for start in ("al", "be", "ci", "do", "fu", "go", "hy", "ka") for end in ("ba", "len", "mor", "tis", "vo")
]
TABLES = {
    "families": "select * from families order by id",
    "family_members": "select * from family_members order by message_id",
    "family_signatures": "select * from family_signatures order by message_id",
}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db", Site("https://example.org")) as archive:
        with archive.transaction() as db:
            times = {"first_seen_at": NOW, "last_seen_at": NOW, "last_changed_at": NOW}
            for number in range(1, 4):
                insert(db, "authorities", id=number, url_name=f"x{number}", name=f"Council {number}", **times)
        yield archive


class Letters:
    """Random letters: some alike, some halfway between two kinds, some like no other."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.kinds = [self.rng.choices(WORDS, k=60) for _ in range(4)]
        self.clock = 0

    def text(self) -> str:
        words = list(self.rng.choice(self.kinds)) if self.rng.random() < 0.9 else self.rng.choices(WORDS, k=40)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            words[self.rng.randrange(len(words))] = self.rng.choice(WORDS)
        return " ".join(words)

    def seen(self) -> str:
        self.clock += 1
        return f"2026-01-05T{self.clock // 3600:02}:{self.clock // 60 % 60:02}:{self.clock % 60:02}Z"

    def day(self) -> str | None:
        return None if self.rng.random() < 0.05 else f"2025-{self.rng.randint(1, 12):02}-{self.rng.randint(1, 28):02}T09:00:00Z"


def add(db: sqlite3.Connection, letters: Letters, number: int) -> None:
    seen = letters.seen()
    times = {"first_seen_at": seen, "last_seen_at": seen, "last_changed_at": seen}
    insert(db, "requests", id=number, url_title=f"r{number}", title="T", authority_id=letters.rng.randint(1, 3), law_used="foi",
           url=f"https://example.org/request/r{number}", **times)  # fmt: skip
    for place in range(letters.rng.randint(1, 4)):
        kind = "response" if place else "request"
        insert(db, "messages", id=number * 10 + place, request_id=number, anchor=f"{kind}-{number}-{place}", kind=kind,
               position=place + 1, recorded_at=letters.day(), text=letters.text(), first_seen_at=seen,
               last_changed_at=seen)  # fmt: skip


def edit(db: sqlite3.Connection, letters: Letters, number: int) -> None:
    """Something else than before: a text, a day, a message gone, a request withdrawn."""
    rng, message = letters.rng, number * 10 + letters.rng.randint(0, 3)
    chosen = rng.random()
    if chosen < 0.4:
        db.execute("update messages set text = ? where id = ?", (letters.text(), message))
    elif chosen < 0.6:
        db.execute("update messages set recorded_at = ? where id = ?", (letters.day(), message))
    elif chosen < 0.75:
        db.execute("update messages set gone_at = ? where id = ?", (NOW, message))
    elif chosen < 0.9:
        db.execute("update requests set authority_id = ? where id = ?", (rng.randint(1, 3), number))
    else:
        db.execute("update requests set withheld_at = ? where id = ?", (NOW, number))
        drop_derived(db, number)
        return
    db.execute("update requests set last_seen_at = ? where id = ?", (letters.seen(), number))


def tables(archive: Archive) -> dict[str, list[tuple[object, ...]]]:
    return {table: [tuple(row) for row in archive.db.execute(select)] for table, select in TABLES.items()}


@pytest.mark.parametrize("seed", range(4))
def test_updates_end_where_a_rebuild_does(archive: Archive, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "MOST_FRESH", 1.0)  # every change goes the way of an update
    letters, count = Letters(seed), 60
    with archive.transaction() as db:
        for number in range(1, count + 1):
            add(db, letters, number)
    build(archive, ("families",), NOW)
    several = 0
    for _ in range(8):
        with archive.transaction() as db:
            for number in letters.rng.sample(range(1, count + 1), 6):
                edit(db, letters, number)
            for number in range(count + 1, count + 4):
                add(db, letters, number)
            count += 3
        assert build(archive, ("families",), NOW).rebuilt == []
        updated = tables(archive)
        build(archive, ("families",), NOW, rebuild=True)
        assert updated == tables(archive)
        several += len(updated["families"])
    assert several > 20


@pytest.mark.parametrize(
    "change",
    [
        "update messages set recorded_at = '2001-01-01T00:00:00Z' where request_id = ?",
        "insert into batches (id, title, first_seen_at, last_seen_at, last_changed_at) values (?, 'B', '', '', '')",
    ],
)
def test_a_family_is_described_anew_where_only_its_members_say_else(archive: Archive, change: str) -> None:
    letters = Letters(3)
    with archive.transaction() as db:
        for number in range(1, 30):
            add(db, letters, number)
    build(archive, ("families",), NOW)
    before = tables(archive)["families"]
    (member,) = archive.db.execute("select max(request_id) from family_members").fetchone()
    with archive.transaction() as db:
        db.execute(change, (member,))
        if "batches" in change:
            db.execute("update requests set batch_id = id where id = ?", (member,))
        db.execute("update requests set last_seen_at = ? where id = ?", (letters.seen(), member))
    build(archive, ("families",), NOW)
    updated = tables(archive)
    build(archive, ("families",), NOW, rebuild=True)
    assert updated == tables(archive)
    assert updated["families"] != before


def test_an_update_reads_no_more_than_the_neighbours(archive: Archive) -> None:
    letters = Letters(9)
    with archive.transaction() as db:
        for number in range(1, 121):
            add(db, letters, number)
    build(archive, ("families",), NOW)
    with archive.transaction() as db:
        add(db, letters, 121)
        changed = families.Changed()
        made = families.rows(_request(db, 121))["family_signatures"]
        families.keep(db, [121], made, changed)
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        families.gather(db, [121], changed, rebuild=False)
        db.set_trace_callback(None)
        plans = {
            row[3] for sql in asked if sql.startswith("select message_id from family_signatures")
            for row in db.execute(f"explain query plan {sql}")
        }  # fmt: skip
    assert changed.fresh
    assert not changed.gone
    assert plans
    assert all("USING INDEX family_band_" in plan for plan in plans)


def _request(db: sqlite3.Connection, number: int) -> families.Request:
    from scraper.study.reading import read

    return next(read(db, [number], texts=False))


def test_a_family_that_lost_its_link_falls_apart(archive: Archive) -> None:
    # Each letter is like the next; the first and the last are not alike but through the middle one.
    rng = Random(5)
    first = rng.choices(WORDS, k=400)
    middle = [*first[:365], *rng.choices(WORDS, k=35)]
    last = [*rng.choices(WORDS, k=35), *middle[35:]]
    with archive.transaction() as db:
        for number, words in enumerate((first, middle, last), 1):
            add(db, Letters(number), number)
            db.execute("delete from messages where request_id = ? and position > 1", (number,))
            db.execute("update messages set text = ?, recorded_at = ? where request_id = ?", (" ".join(words), NOW, number))
    one, two, three = (read_signatures([signature(" ".join(words))[1]]) for words in (first, middle, last))  # type: ignore[index]
    assert (one == two).mean() >= SIMILAR <= (two == three).mean()
    assert (one == three).mean() < SIMILAR
    build(archive, ("families",), NOW)
    assert [row[2] for row in tables(archive)["families"]] == [3]
    with archive.transaction() as db:
        db.execute("update requests set withheld_at = ? where id = 2", (NOW,))
        drop_derived(db, 2)
    build(archive, ("families",), NOW)
    assert tables(archive)["families"] == tables(archive)["family_members"] == []


def brute_force(signatures: np.ndarray) -> list[list[int]]:
    joined = Joined(len(signatures))
    bands = signatures.reshape(len(signatures), BANDS, -1)
    for one in range(len(signatures)):
        for other in range(one):
            in_a_band = (bands[one] == bands[other]).all(axis=1).any()
            if in_a_band and (signatures[one] == signatures[other]).sum() >= FEWEST_EQUAL:
                joined.join(one, other)
    return sorted(joined.groups())


@given(st.integers(0, 2**32), st.integers(2, 60), st.floats(0.05, 0.3))
def test_joining_is_that_of_all_pairs(seed: int, count: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2**8, (3, PERMUTATIONS), dtype=np.uint8)
    signatures = kinds[rng.integers(0, 3, count)]
    other = rng.random(signatures.shape) < noise * rng.random((count, 1))
    signatures = np.where(other, rng.integers(0, 2**8, signatures.shape, dtype=np.uint8), signatures)
    joined = Joined(count)
    join_alike(signatures, np.ones(count, dtype=np.bool_), joined)
    assert sorted(joined.groups()) == brute_force(signatures)


def test_numbers_and_case_do_not_tell_letters_apart() -> None:
    words = "Thank you for your request of 3 May 2024 with the reference FOI 1234 which we received on Monday"
    assert signature(words) == signature(words.replace("3", "17").replace("1234", "99").upper())
    assert signature("Thank you") is None
    told = signature(words)
    assert told is not None
    assert told[0] == 16
    assert len(told[1]) == PERMUTATIONS


@pytest.mark.parametrize("words", ["Grüße " * 20, "ΣΊΣΥΦΟΣ " * 20, "İstanbul " * 20])
def test_other_alphabets_are_read(words: str) -> None:
    assert signature(words) is not None
