"""The rules against the labelled passages, and against hostile texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.study.citations import MOST, citations
from scraper.study.engaged import engaged

from .labelled import Passage, Score, found_in, passages, score, ways_of_citing


def test_there_are_three_hundred_passages_in_two_halves() -> None:
    held_out = [passage.held_out for passage in passages()]
    assert len(held_out) >= 300
    assert min(held_out.count(True), held_out.count(False)) >= 140


def _shown(told: Score) -> str:
    return f"precision {told.precision:.4f}, recall {told.recall:.4f}\n" + "\n".join(told.mistakes)


def test_the_development_half_is_read() -> None:
    told = score(held_out=False)
    assert told.precision >= 0.97, _shown(told)
    assert told.recall >= 0.95, _shown(told)


def test_the_held_out_half_is_read() -> None:
    # What was missed is not shown: rules that are changed for it would make it a development half.
    told = score(held_out=True)
    assert told.precision >= 0.97
    assert told.recall >= 0.95
    assert told.engaged_precision >= 0.97
    assert told.engaged_recall >= 0.90


@pytest.mark.parametrize("passage", list(ways_of_citing()), ids=lambda passage: passage.text[:30])
def test_further_ways_of_citing(passage: Passage) -> None:
    assert found_in(passage) == passage.cites


def test_offsets_are_those_of_the_words() -> None:
    text = "We withhold names under section 40(2) and s.41 FOIA."
    assert [(one.provision, text[one.start : one.end]) for one in citations(text, "FOIA")] == [
        ("FOIA s.40(2)", "40(2)"),
        ("FOIA s.41", "41"),
    ]


def test_the_law_of_the_request_names_a_bare_section() -> None:
    text = "The names are exempt under section 38(1)(b)."
    assert [one.provision for one in citations(text, "FOIA")] == ["FOIA s.38(1)(b)"]
    assert [one.provision for one in citations(text, "FOISA")] == ["FOISA s.38(1)(b)"]


def test_a_text_of_nothing_but_citations_is_cut() -> None:
    assert len(citations("exempt under s.40(2) FOIA " * 5000, "FOIA")) <= MOST


@given(st.text(alphabet="section s.40(2)aiv, and/FOIA-\n12()", max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    for one in citations(text, "FOIA"):
        assert 0 <= one.start < one.end <= len(text)
        assert isinstance(engaged(text, one), bool)
