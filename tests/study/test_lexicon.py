"""Lexicons: what is refused, what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.study.lexicon import MOST_HITS, BadLexicon, check, hits, load, parse, shipped

ONE = """
name: test
terms:
  - {term: Acme, kind: supplier, source: made up}
  - {term: Risk Engine, kind: system, supplier: Acme, pattern: 'Risk ?Engine', needs: [engine, riskengine],
     case: true, source: made up}
  - {term: Cloud, kind: use, beside: [council], source: made up}
"""


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.term.term, text[hit.start : hit.end]) for hit in hits(parse(ONE), text)]


def test_terms_are_found_as_words() -> None:
    assert found("ACME sells the Risk Engine; Acmes do not, nor a risk engine.") == [
        ("Acme", "ACME"),
        ("Risk Engine", "Risk Engine"),
    ]


def test_words_beside_are_needed() -> None:
    assert found("a cloud in the sky") == []
    assert found("the council's cloud") == [("Cloud", "cloud")]


def test_hits_are_capped() -> None:
    assert len(found("Acme " * 5000)) == MOST_HITS


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*", "(?:a{1,9}){1,9}", r"(a)\1", "a{1,5000}", "(", "x" * 201])
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    with pytest.raises(BadLexicon):
        check("term", pattern)


@pytest.mark.parametrize(
    "text",
    [
        "- just a list",
        "name: x\nterms: [{term: a, kind: person, source: s}]",
        "name: x\nterms: [{term: a, kind: use}]",
        "name: x\nterms: [{term: a, kind: use, source: s, pattern: b}]",
        "name: x\nterms: [{term: a, kind: use, source: s, colour: red}]",
        "name: x\nterms: [{term: a, kind: use, source: s}, {term: a, kind: use, source: s}]",
        "name: [",
    ],
)
def test_faulty_lexicons_are_refused(text: str) -> None:
    with pytest.raises(BadLexicon):
        parse(text)


def test_the_one_that_comes_along_is_sound() -> None:
    assert shipped() == ["algorithmic-systems"]
    lexicon = load("algorithmic-systems")
    assert len(lexicon.terms) > 50
    text = "We use FACE RAS in social care and Xantura's OneView; Risk Based Verification is done by Coactiva."
    assert {hit.term.term for hit in hits(lexicon, text)} >= {"FACE RAS", "Xantura", "OneView", "Risk based verification"}


def test_a_file_cannot_pass_for_the_one_that_comes_along(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(ONE.replace("name: test", "name: algorithmic-systems"), encoding="utf-8")
    with pytest.raises(BadLexicon, match="give it one of its own"):
        load(str(own))
    own.write_text(ONE, encoding="utf-8")
    assert load(str(own)).name == "test"


def systems(text: str) -> set[str]:
    return {hit.term.term for hit in hits(load("algorithmic-systems"), text)}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (
            "One FACE tool is used by Social Care to produce a Resource Allocation Score (RAS) and the other\nis by Capita.",
            {"FACE RAS", "Resource Allocation System", "Capita"},
        ),
        ("We use the FACE toolset, and CAPITA ONE for education.", {"FACE RAS", "Capita", "Capita One"}),
        ("Capita One holds pupils' records.", {"Capita", "Capita One"}),
        ("The council's Oneview, by Xantura/OneView.", {"OneView", "Xantura"}),
        ("Northgate's revenues system", {"Northgate"}),
        ("Durham Constabulary's HART", {"HART"}),
        ("RPA was done in UiPath.", {"Robotic process automation"}),
        ("Mosaic, of the Access Group, is the system of social care.", {"Mosaic (social care)", "Servelec"}),
    ],
)
def test_suppliers_and_systems_as_answers_name_them(text: str, terms: set[str]) -> None:
    assert systems(text) == terms


@pytest.mark.parametrize(
    "text",
    [
        "Spending per capita, Spend Per Capita and PER CAPITA of the council's system; per\nCapita.",
        "A face to face assessment; we face resource allocation questions. ONE FACE of the council.",
        "In one view of the council the system is a risk. One of the views was that data are missing.",
        "The council closed Northgate, a street with council housing.",
        "The ambulance trust's HART team (Hazardous Area Response) met the police to weigh the risk.",
        "The disability access group discussed care and the booking system.",
        "The RPA (root protection area) of the oak; the RPA pays farmers in the scheme.",
        "A mosaic floor in the care home. We give a lift to the clinic; LIFT is a company that built the health centre.",
        "It is good policy in practice. The hunter and the face of one.",
    ],
)
def test_common_words_are_no_systems(text: str) -> None:
    assert systems(text) == set()
