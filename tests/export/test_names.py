"""Names in odd spellings, and what is no name."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.export.names import NAME
from scraper.export.people import core, is_placeholder, official
from scraper.export.spellings import ordinary_words

from .people import JANE, JANE_OF_HATS, JO, PSEUDONYMS, USERS, ZOE, mask

ELSEWHERE = 102


@pytest.fixture(scope="module")
def masking():
    return mask()


@pytest.mark.parametrize("spelling", ["Jo Q. Bloggs", "Jo Quentin Bloggs", "JO Q BLOGGS", "Jo Q.Bloggs", "Jean T. Luc Picardy"])
def test_a_middle_name_does_not_hide_one(masking, spelling):
    assert masking.text(f"as ({spelling}) said", ELSEWHERE) == "as ([name]) said"


@pytest.mark.parametrize("text", ["we told Jo, Mark Bloggs it", "Jo and Bloggs", "by jo q. bloggs it", "Jo\nQuentin\nBloggs"])
def test_a_list_of_names_is_no_middle_name(masking, text):
    assert masking.text(text, ELSEWHERE) == text


@pytest.mark.parametrize(
    "spelling",
    [
        "Jo Bloggs",
        "JO BLOGGS",
        "jo bloggs",
        "jO bLOGGS",
        "Jo  Bloggs",
        "Jo\nBloggs",
        "Jo\n> Bloggs",
        "Jo\xa0Bloggs",
        "Jo\u2009Bloggs",
        "Jo\u200b Bloggs",
        "J\u00ado Blo\u00adggs",
        "Jo Blog-\ngs",
        "Bloggs, Jo",
        "Bloggs Jo",
        "BLOGGS, JO",
        "jo_bloggs",
        "jo-bloggs",
        "jo.bloggs",
        "JoBloggs",
        "jobloggs",
        "JOBLOGGS",
        "Jo%20Bloggs",
        "Jo+Bloggs",
        "Jo&nbsp;Bloggs",
        "Jo=20Bloggs",
        "Jo Blo=\nggs",
        "Jо Blоggs",
        "Ｊｏ Ｂｌｏｇｇｓ",
    ],
)
def test_a_requester_is_found_in_every_text(masking, spelling):
    assert masking.text(f"as ({spelling}) said", ELSEWHERE) == f"as ({JO}) said"
    assert masking.text(spelling) == JO


@pytest.mark.parametrize(
    "spelling",
    [
        *("Zoë O'Brien", "Zoë O’Brien", "Zoe OBrien", "ZOE O BRIEN", "Zoë O‘brien", "zoe_o_brien", "O'Brien, Zoë", "ZoëOBrien"),
        *("Zoe\u0308 O'Brien", "Zo&euml; O&#39;Brien", "Zo%C3%AB%20O%27Brien"),
    ],
)
def test_accents_and_apostrophes_do_not_hide_a_name(masking, spelling):
    assert masking.text(f"for {spelling}.", ELSEWHERE) == f"for {ZOE}."


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Jo Bloggs's letter", f"{JO}'s letter"),
        ("Mrs Jo Bloggs wrote", f"Mrs {JO} wrote"),
        ("FOI_JoBloggs2024.pdf", f"FOI_{JO}2024.pdf"),
        ("ComplaintJoBloggsFinal.docx", f"Complaint{JO}Final.docx"),
        ("From: Jo Bloggs\nTo: Jo Bloggs", f"From: {JO}\nTo: {JO}"),
        ("Name: Jo BloggsTel: none", f"Name: {JO}Tel: none"),
        ("給李小龍的信", f"給{NAME}的信"),
        ("Jean Luc Picardy, JeanLuc Picardy", ", ".join([PSEUDONYMS.requester(3, None)] * 2)),
        ("Hugo Plumley and Sir Hugo Plumley MBE", "{0} and {0}".format(PSEUDONYMS.requester(9, None))),
        ("Joerg Mueller, Jorg Muller", ", ".join([PSEUDONYMS.requester(11, None)] * 2)),
        ("s/user/jo_bloggs, /user/mueller", f"s/user/{JO}, /user/{PSEUDONYMS.requester(11, None)}"),
        ("/user/nobody_known", "/user/[name]"),
    ],
)  # fmt: skip
def test_what_stands_around_a_name_stays(masking, text, masked):
    assert masking.text(text, ELSEWHERE) == masked


@pytest.mark.parametrize("request_id", [100, ELSEWHERE])
@pytest.mark.parametrize(
    "text",
    ["jog blogs", "The bloggs", "Jo said. The Bloggers", "Banjo Bloggs-like", "local council tax", "in May 2024", "Will you say"],
)
def test_other_words_stay(masking, text, request_id):
    expected = text.replace("Bloggs", JO) if request_id == 100 else text
    assert masking.text(text, request_id) == expected


def test_two_people_of_one_name_are_told_by_the_thread(masking):
    sam = PSEUDONYMS.requester(6, None)
    assert masking.text("by Sam Twice", 104) == f"by {sam}"
    assert masking.text("by Sam Twice", ELSEWHERE) == "by [name]"
    assert masking.text("by sam_twice_2", ELSEWHERE) == f"by {PSEUDONYMS.requester(7, None)}"
    assert masking.text("by Jane Clerkson", 100) == f"by {JANE}"
    assert masking.text("by Jane Clerkson", 101) == f"by {JANE_OF_HATS}"
    assert masking.text("by Jane Clerkson", ELSEWHERE) == "by [name]"


@pytest.mark.parametrize("part", ["J. Bloggs", "J Bloggs", "Bloggs", "BLOGGS", "Bloggs, J", "jbloggs"])
def test_parts_of_a_name_only_in_ones_own_thread(masking, part):
    assert masking.text(f"as {part} says", 100) == f"as {JO} says"
    assert masking.text(f"as {part} says", ELSEWHERE) == f"as {part} says"


def test_words_of_the_thread_s_authority_are_nobody_s():
    masking = mask()
    masking.names.add_part(900, "Jane Luton", "official-000000000000", "Luton Borough Council")
    assert masking.text("Jane of Luton", 900) == "official-000000000000 of Luton"


@pytest.mark.parametrize("text", ["Zaphod", "ZAPHOD", "zaphod"])
def test_a_single_distinctive_name_is_found_everywhere(masking, text):
    assert masking.text(f"says {text}.", ELSEWHERE) == f"says {PSEUDONYMS.requester(4, None)}."
    assert masking.text(f"says {text}.", 100) == "says [name]."
    assert masking.text(f"says {text}ish.", 100) == f"says {text}ish."


def test_a_single_ordinary_name_only_where_a_name_stands(masking):
    will = PSEUDONYMS.requester(5, None)
    text = "Dear Will,\n\nWill you write? We will.\n\nKind regards,\nWill"
    assert masking.text(text, 103) == f"Dear {will},\n\nWill you write? We will.\n\nKind regards,\n{will}"


def test_an_ordinary_surname_only_where_a_name_stands(masking):
    may = PSEUDONYMS.requester(12, None)
    text = "Dear Ms May,\nin May 2024 Theresa May may write. Mrs May did."
    assert masking.text(text, 107) == f"Dear Ms {may},\nin May 2024 {may} may write. Mrs {may} did."


def test_a_name_of_ordinary_words_must_be_written_as_it_is():
    masking = mask()
    masking.names.add_requester("Public Information", "requester-000000000000", "public_information")
    text = "public information; Public Information; public_information; Information, Public"
    assert masking.text(text) == "public information; requester-000000000000; requester-000000000000; Information, Public"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Dear Mr Quentin Quibble,\nyour", "Dear Mr [name],\nyour"),
        ("Dear Dr. Quibble\nyour", "Dear Dr. [name]\nyour"),
        ("Dear Quentin\nyour", "Dear [name]\nyour"),
        ("Annwyl Quentin,", "Annwyl [name],"),
        ("Yours sincerely,\n\nQuentin Q. Quibble\nFOI Officer", "Yours sincerely,\n\n[name]\nFOI Officer"),
        ("> Kind regards\n>\n> Quentin van der Quibble\n", "> Kind regards\n>\n> [name]\n"),
        ("Yn gywir\r\n\r\nSiân Ab Quibble\r\n", "Yn gywir\r\n\r\n[name]\r\n"),
        ("Cofion gorau,\nQuentin", "Cofion gorau,\n[name]"),
        ("Many thanks, Quentin\n", "Many thanks, [name]\n"),
        ("Yours faithfully,\n\nInformation Governance Team", "Yours faithfully,\n\nInformation Governance Team"),
        ("Dear Sir or Madam,", "Dear Sir or Madam,"),
        ("Dear Luton Borough Council,", "Dear Luton Borough Council,"),
        ("Dear FOI Team\nThanks for asking", "Dear FOI Team\nThanks for asking"),
        ("with regards to The Matter", "with regards to The Matter"),
    ],
)
def test_greetings_and_signatures_give_names_away(masking, text, masked):
    assert masking.text(text, ELSEWHERE) == masked


def test_a_known_person_s_signature_is_theirs(masking):
    assert masking.text("Regards,\nJane A. Clerkson", 100) == f"Regards,\n{JANE}"
    assert masking.text("Dear Jo,", 100) == f"Dear {JO},"
    assert masking.text("Dear Jo,", ELSEWHERE) == "Dear [name],"


@pytest.mark.parametrize(
    ("author", "request_id", "masked"),
    [
        ("Jo Bloggs", 100, JO),
        ("Jo Bloggs", 104, JO),
        ("Jane Clerkson, Luton Borough Council", 100, f"{JANE}, Luton Borough Council"),
        ("O’HARA, Siân (Legal), Luton Borough Council", 104, f"{PSEUDONYMS.official(1, 'Sian OHara')}, Luton Borough Council"),
        ("FOI Team, Luton Borough Council", 102, "FOI Team, Luton Borough Council"),
        ("Luton Borough Council", 102, "Luton Borough Council"),
        ("An anonymous user", 106, "An anonymous user"),
        ("Will", 103, PSEUDONYMS.requester(5, None)),
        (None, 100, None),
    ],
)
def test_author_lines(masking, author, request_id, masked):
    assert masking.author(author, request_id) == masked


@pytest.mark.parametrize(
    ("author", "person"),
    [
        ("Jane O'Neill, Luton Council", "Jane O'Neill"),
        ("Jane, Luton Council", "Jane"),
        ("SMITH Jane, Luton Council", "SMITH Jane"),
        ("Jane Smith, A Council since renamed, with commas", "Jane Smith"),
        ("noreply, Luton Council", None),
        ("LUTON, Luton Council", None),
        ("Lutoncouncil, Luton Council", None),
        ("The Minister, Luton Council", None),
        ("Freedom of Information Requests, Luton Council", None),
        ("Request 123, Luton Council", None),
        ("Luton Council", None),
    ],
)
def test_who_of_senders_is_a_person(author, person):
    found = official(author, ("Luton Council", "LC"))
    assert (found and found[0]) == person


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sir Hugo Plumley MBE", "Hugo Plumley"),
        ("SMITH, Dr Jane (Legal)", "Jane SMITH"),
        ("Jane Smith, PhD", "Jane Smith"),
        ("Dr. Foster", "Foster"),
        ("Jo Bloggs (Account suspended)", "Jo Bloggs"),
        ("Lord", "Lord"),
    ],
)
def test_the_core_of_a_name(name, expected):
    assert core(name) == expected


def test_placeholders_are_nobody():
    assert all(is_placeholder(one) for one in (None, "", "Anonymous user", "An anonymous user", "[Name Removed]", "  "))
    assert not any(is_placeholder(name) for _, _, name in USERS)


def test_ordinary_words_are_those_written_small():
    texts = ["we asked the rose council, and Bloggs said rose again. Also bloggs said"] * 5 + ["then Rose said"]
    found = ordinary_words(texts)
    assert {"rose", "the", "said"} <= found
    assert "bloggs" not in found
    assert ordinary_words(texts[:4]) == frozenset()


BLANKS = st.text(" \t\n\r\xa0\u2009\u200b\u00ad>", min_size=1, max_size=6).filter(
    lambda blanks: any(one.isspace() for one in blanks)
)


@given(
    first=st.sampled_from(["Jo", "JO", "jo", "J\u200bo", "jO"]),
    last=st.sampled_from(["Bloggs", "BLOGGS", "bloggs", "Blóggs", "B\u2060loggs"]),
    between=st.one_of(BLANKS, st.sampled_from(["_", "-", ".", "%20", "&nbsp;", "=20", "\u2011", ". "])),
    before=st.sampled_from(["", " ", "(", "by ", "\n", "\u201c", "1", "_", "/"]),
    after=st.sampled_from(["", " ", ")", "'s", ".", "\n", "\u201d", "1", "_", ".pdf", ", "]),
    turned=st.booleans(),
)
def test_no_spelling_of_a_name_survives(first, last, between, before, after, turned):
    name = f"{last}, {first}" if turned else f"{first}{between}{last}"
    assert mask_once.text(before + name + after, ELSEWHERE) == before + JO + after


mask_once = mask()
