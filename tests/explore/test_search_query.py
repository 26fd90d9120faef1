"""What a person types, and what FTS5 is asked."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.explore.search_query import MAX_TERMS, Hint, understand

DOCUMENTS = ("road gritting costs", "road repairs", "catering contract", "contract for gritting", "refused under section 12")


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table x using fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
    db.executemany("insert into x (rowid, text) values (?, ?)", enumerate(DOCUMENTS, 1))
    yield db
    db.close()


def found(db: sqlite3.Connection, typed: str) -> list[int]:
    expression = understand(typed).expression
    return [row[0] for row in db.execute("select rowid from x where x match ? order by rowid", (expression,))]


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("road", [1, 2]),
        ("ROAD gritting", [1]),
        ("road AND gritting", [1]),
        ("repairs OR catering", [2, 3]),
        ("road NOT repairs", [1]),
        ("road -repairs", [1]),
        ('"gritting costs"', [1]),
        ("“gritting costs”", [1]),
        ('"costs gritting"', []),
        ("grit*", [1, 4]),
        ("contr*", [3, 4]),
        ('"contract for gri"*', [4]),
        ("(repairs OR contract) NOT (gritting OR catering)", [2]),
        ("repairs OR contract gritting", [2, 4]),
        ("refusals", [5]),
        ("road-gritting", [1]),
        ("and", []),
        ("NEAR(road repairs)", []),
        ("text:road", []),
        ("^road", [1, 2]),
        ("road road ROAD road", [1, 2]),
        ("road OR road OR (road road)", [1, 2]),
    ],
)
def test_it_finds_what_is_meant(index: sqlite3.Connection, typed: str, rows: list[int]) -> None:
    understood = understand(typed)
    assert found(index, typed) == rows
    assert understood.hints == ()


@pytest.mark.parametrize(
    ("typed", "hint", "rows"),
    [
        ('"gritting costs', Hint.UNCLOSED_QUOTE, [1]),
        ("(road", Hint.UNCLOSED_BRACKET, [1, 2]),
        ("road)", Hint.UNCLOSED_BRACKET, [1, 2]),
        ("((road) OR (catering", Hint.UNCLOSED_BRACKET, [1, 2, 3]),
        ("road AND", Hint.DANGLING, [1, 2]),
        ("OR road", Hint.DANGLING, [1, 2]),
        ("road AND OR gritting", Hint.DANGLING, [1]),
        ("road OR NOT gritting", Hint.NOTHING_BUT_NOT, [1, 2]),
        ("ro*", Hint.SHORT_PREFIX, []),
        ("(" * 40 + "road", Hint.TOO_DEEP, [1, 2]),
        ("road " * 100, Hint.TOO_LONG, [1, 2]),
    ],
)
def test_a_mistake_gives_a_hint_and_the_best_that_can_be_made_of_it(
    index: sqlite3.Connection, typed: str, hint: Hint, rows: list[int]
) -> None:
    assert hint in understand(typed).hints
    assert found(index, typed) == rows


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("NOT road", Hint.NOTHING_BUT_NOT),
        ("-road", Hint.NOTHING_BUT_NOT),
        ("AND", Hint.DANGLING),
        ("...", Hint.NO_WORDS),
        ('"" "', Hint.NO_WORDS),
        ("* & ?", Hint.NO_WORDS),
        ("()", Hint.NO_WORDS),
        ("☃", Hint.NO_WORDS),
    ],
)
def test_what_has_no_word_is_not_asked(typed: str, hint: Hint) -> None:
    understood = understand(typed)
    assert understood.expression is None
    assert hint in understood.hints


def test_nothing_typed_is_no_mistake() -> None:
    assert understand("  ") == understand("")
    assert understand("").hints == ()


def test_words_to_mark_are_those_looked_for() -> None:
    assert understand('road "in use" grit* NOT costs').terms == ("road", "in use", "grit*")


def test_a_long_query_is_cut() -> None:
    assert len(understand(" ".join(f"w{n}" for n in range(MAX_TERMS * 2))).terms) == MAX_TERMS


PIECES = st.lists(
    st.sampled_from(["AND", "OR", "NOT", "(", ")", '"', "*", "-", "a", "road", " ", "\0", "…", "é", "٣"]), max_size=60
)


@given(typed=st.one_of(st.text(max_size=200), PIECES.map(" ".join), PIECES.map("".join)))
def test_whatever_is_typed_fts5_understands_it(index: sqlite3.Connection, typed: str) -> None:
    understood = understand(typed)
    if understood.expression is not None:
        index.execute("select rowid from x where x match ?", (understood.expression,)).fetchall()
    elif typed.strip():
        assert understood.hints


def test_what_is_said_twice_is_looked_for_once() -> None:
    """Forty times a word that is everywhere took longer than a query may, for nothing."""
    assert understand("road " * MAX_TERMS).expression == '"road"'
    assert understand("cats OR " * 20 + "cats").expression == '"cats"'
    assert understand("road -cats -cats").expression == '"road" NOT "cats"'
