"""Krippendorff's alpha against his published examples."""

from __future__ import annotations

import pytest

from scraper.study.agreement import nominal_alpha

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): A (two coders, binary), B (two, nominal), C (four, gaps).


def units(*coders: str) -> list[list[str]]:
    return [[label for label in column if label != "."] for column in zip(*coders, strict=True)]


def test_two_coders_without_gaps() -> None:
    # A. Binary: 10 units, alpha 0.095.
    assert nominal_alpha(units("0100000001"[:10], "1110010000"[:10])) == pytest.approx(0.095, abs=0.001)


def test_two_coders_of_five_labels() -> None:
    # B. Nominal: 12 units, alpha 0.692.
    assert nominal_alpha(units("aabbdcccedda", "babbbccceddd")) == pytest.approx(0.692, abs=0.001)


def test_four_coders_with_gaps() -> None:
    # C. 12 units, alpha 0.743.
    told = nominal_alpha(units("123321412...", "1233224125.3", ".3332342251.", "12332441251."))
    assert told == pytest.approx(0.743, abs=0.001)


def test_nothing_to_disagree_about() -> None:
    assert nominal_alpha([["a"], ["b"]]) is None
    assert nominal_alpha([["a", "a"], ["a", "a"]]) is None
    assert nominal_alpha([["a", "b"], ["b", "a"]]) == pytest.approx(-0.5)
