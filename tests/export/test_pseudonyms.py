"""The key, and what it makes of people."""

# ruff: noqa: RUF001

from __future__ import annotations

import os
import re

import pytest

from scraper.export.pseudonyms import DIGITS, PSEUDONYM, KeyRefused, Pseudonyms, load_or_make_key, normal_name

KEY = bytes(range(32))


@pytest.fixture
def given():
    return Pseudonyms(KEY)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "archive.key"
    key = load_or_make_key(path)
    assert len(key) == 32
    assert load_or_make_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(path.read_text().strip()) == key
    assert [one.name for one in tmp_path.iterdir()] == ["archive.key"]


def test_two_keys_differ(tmp_path):
    assert load_or_make_key(tmp_path / "one.key") != load_or_make_key(tmp_path / "two.key")


@pytest.mark.parametrize("said", ["", "ab" * 31, "not a key at all, but quite long enough to be taken for one", "é" * 64])
def test_what_holds_no_key_is_refused_and_left_alone(tmp_path, said):
    path = tmp_path / "archive.key"
    path.write_text(said)
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="put the right file back"):
        load_or_make_key(path)
    assert path.read_text() == said


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "archive.key"
    load_or_make_key(path)
    path.chmod(mode)
    with pytest.raises(KeyRefused, match="chmod 600"):
        load_or_make_key(path)


def test_a_key_inside_the_export_is_refused_and_not_made(tmp_path):
    goal = tmp_path / "export"
    goal.mkdir()
    (tmp_path / "link").symlink_to(goal)
    for path in (goal / "archive.key", tmp_path / "link" / "archive.key"):
        with pytest.raises(KeyRefused, match="inside the export"):
            load_or_make_key(path, never_in=goal)
    assert not list(goal.iterdir())


def test_an_account_is_one_person_whatever_it_is_called(given):
    assert given.requester(7, "Jo Bloggs") == given.requester(7, "Jo Renamed") == given.requester(7, None)
    assert given.requester(7, "Jo Bloggs") != given.requester(8, "Jo Bloggs")


def test_without_an_account_the_name_tells(given):
    assert given.requester(None, "Zoë O’Brien") == given.requester(None, "ZOE  O'Brien")
    assert given.requester(None, "Jo Bloggs") != given.requester(None, "Jo Blogs")


def test_officials_of_two_authorities_are_two_people(given):
    assert given.official(1, "J. Smith") == given.official(1, "J Smith")
    assert given.official(1, "J. Smith") != given.official(2, "J. Smith")


def test_numbers_and_names_cannot_be_mistaken_for_one_another(given):
    assert given.requester(7, None).removeprefix("requester-") != given.requester(None, "7").removeprefix("requester-")
    assert given.official(1, "2 jo") != given.official(12, "jo")


def test_another_key_another_pseudonym(given):
    other = Pseudonyms(bytes(32))
    assert given.requester(7, None) != other.requester(7, None)
    assert given.fingerprint() != other.fingerprint()
    assert given.fingerprint() == Pseudonyms(KEY).fingerprint()


def test_the_form(given):
    assert given.requester(7, None) == "requester-48dec865b4fc"
    for one in (given.requester(7, None), given.requester(None, "Jo"), given.official(None, "Jo")):
        assert re.fullmatch(PSEUDONYM, one)


def test_a_hundred_thousand_people_have_a_pseudonym_each(given):
    assert DIGITS == 12
    assert len({given.requester(number, None) for number in range(100_000)}) == 100_000


def test_a_short_key_is_no_key():
    with pytest.raises(KeyRefused):
        Pseudonyms(b"short")


def test_names_are_compared_folded():
    assert normal_name("  Zoë   O’Brien-Łukasz ") == "zoe obrien lukasz"
