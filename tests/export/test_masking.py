"""What is masked in texts, in what spellings, and what stays as it is to the byte."""

# ruff: noqa: RUF001

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.export.folding import Folded, fold

from .people import JO, mask


@pytest.fixture(scope="module")
def masking():
    return mask()


EMAILS = [
    "Jo.Person@example.gov.uk",
    "JO.PERSON@EXAMPLE.GOV.UK",
    "jo+foi@example.gov.uk",
    "jo_person-2@sub.example.org.uk",
    "o'person@example.com",
    "Jo.Person (at) example.gov.uk",
    "Jo.Person(at)example.gov.uk",
    "Jo.Person[at]example.gov.uk",
    "jo [AT] example [DOT] com",
    "jo{at}example{dot}com",
    "jo <at> example <dot> com",
    "jo (a) example.org",
    "jo (@) example.org",
    "jo -at- example.org",
    "jo_at_example_dot_org",
    "jo @ example.gov.uk",
    "jo @ example . com",
    "jo@ example.com",
    "jo @example.com",
    "name AT domain DOT com",
    "jo dot person at example dot gov dot uk",
    "Jo.Person at example.gov.uk",
    "jo AT example.gov.uk",
    "Quillan at example.gov.uk",
    "jo\uff20example.gov.uk",
    "jo\ufe6bexample.gov.uk",
    "jo@exam\u00adple.gov.uk",
    "j\u200bo@\u2060example\ufeff.gov.uk",
    "jo\xa0@\xa0example.gov.uk",
    "jo@\nexample.gov.uk",
    "jo\n@example.gov.uk",
    "jo@example.\n> gov.uk",
    "jo@exam-\nple.gov.uk",
    "jo%40example.gov.uk",
    "jo%2Eperson%40example%2Egov%2Euk",
    "jo%2540example.gov.uk",
    "jo%252540example%2525252Egov.uk",
    "jo\\u0040example.gov.uk",
    "jo.person AT example . gov . uk",
    "jo&#64;example.gov.uk",
    "jo&#x40;example&#46;gov.uk",
    "jo&commat;example&period;com",
    "jo=40example.gov.uk",
    "jo@exam=\nple.gov.uk",
    "jo@bücher.example",
    "jo@xn--bcher-kva.example",
    "用户@例子.example",
    '"jo person"@example.org',
    "jo@[192.0.2.1]",
    "jo@intranet",
    "ｊｏ@ｅｘａｍｐｌｅ．ｃｏｍ",
]


@pytest.mark.parametrize("email", EMAILS)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("write to ", "."), ("<", ">"), ("mailto:", "?subject=x"), ("(", ")"), ("a\n", ";\nb")]
)
def test_addresses_in_odd_spellings(masking, email, before, after):
    assert masking.text(before + email + after) == before + "[email]" + after


@pytest.mark.parametrize(
    "text",
    [
        "see [email address], [Luton request email], [FOI #12 email] and [mobile number]",
        "look at gov.uk, at www.legislation.gov.uk or at https://www.legislation.gov.uk/x",
        "met at home. Then left",
        "it is available at example.gov.uk, or published at example.com. The report at example.org says so",
        "a hearing at noon.Then we left",
        "section 41(1)(a) of the Act. And 5 @ 3.30",
        "photo_at_home.pdf, @handle",
        "our website @ www.example.gov.uk",
        "20 @ £5.00 each",
        "the committee (at its meeting). Minutes follow",
    ],
)
def test_what_is_no_address_stays(masking, text):
    assert masking.text(text) == text


PHONES = [
    "+44 (0)20 7946 0018",
    "+44 20 7946 0018",
    "+44(0)2079460018",
    "(+44) 20 7946 0018",
    "0044 20 7946 0018",
    "00 44 20 7946 0018",
    "442079460018",
    "44 20 7946 0018",
    "020-7946-0018",
    "020 7946 0018",
    "(020) 7946 0018",
    "(020)79460018",
    "0207.946.0018",
    "0207 9460 018",
    "020_7946_0018",
    "(0113) 496 0000",
    "0113 4960000",
    "01632960001",
    "01632 960 001",
    "07700 900123",
    "07700\n900123",
    "07 700 900 123",
    "0 7700 900123",
    "0 2 0 7 9 4 6 0 0 1 8",
    "020 7946 0018 ext 123",
    "020 7946 0018 x123",
    "020 7946 0018/0019",
    "ext 4567",
    "٠٢٠ ٧٩٤٦ ٠٠١٨",
    "０２０ ７９４６ ００１８",
    "020\xa07946\u20090018",
    "020\u200b7946\u200b0018",
    "020\u20137946\u20130018",
    "020%207946%200018",
    "[01632] 960001",
    "01632/960001",
    "01632 / 960 001",
    "+353 1 234 5678",
    "+1 202 555 0143",
    "(202) 555-0143",
    "202-555-0143",
]


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("Tel: ", "."), ("or ", " or"), ("tel:", ";"), ("in 2019,\n", "\nfrom 9"), ("no.", ", 3")]
)
def test_telephone_numbers_in_odd_spellings(masking, phone, before, after):
    assert masking.text(before + phone + after) == before + "[phone]" + after


def test_numbers_in_a_row(masking):
    assert masking.text("020 7946 0018 / 020 7946 0019, 07700 900123 07700 900124") == "[phone] / [phone], [phone] [phone]"
    assert masking.text("Tel: 743321 Fax 743 322") == "Tel: [phone] Fax [phone]"
    assert masking.text("Phone02079460018now") == "Phone[phone]now"


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024 10:30, 01.02.2024 10.30, 01-02-2024 10-30, 2024-01-02T03:04:05Z",
        "£1,000,000 and 0.1234567890 and 1,234,567.00",
        "FOI 012345, FOI2024/01234, FOI-2024-000123, ref 20240102030405",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709 0a012345678901bc",
        "550e8400-e29b-41d4-a716-446655440000",
        "0 12 0 3 1 0 0 0 5 7 3 2\n01 02 03 04 05 06 07 08 09 10 11 12",
        "0800 - 1800, 2019/20, 09:00-17:00",
        "£44325\n2016 382",
        "lease extension 2024, telephone 2019 2020",
        "sort code 01-02-03, company 01234567",
        "999, 101, 111 or 116 123",
        "24/01234/567890, 04/01234/FUL, [2024] 012 345",
        "001 002 003 004 005",
    ],
)
def test_numbers_that_are_no_telephone_numbers_stay(masking, text):
    assert masking.text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("AB 12 34 56 C", "[NI number]"),
        ("ab123456c", "[NI number]"),
        ("AB.12.34.56.C", "[NI number]"),
        ("AB-12-34-56-C", "[NI number]"),
        ("A B 12 34 56 C", "[NI number]"),
        ("AB 12 34 56\xa0C.", "[NI number]."),
        ("QQ123456C", "[NI number]"),
        ("ＡＢ１２３４５６Ｃ", "[NI number]"),
        ("up to 123456 a year, at 100000 a year", None),
        ("AB 12 34 56 E, XAB123456C", None),
    ],
)
def test_national_insurance_numbers(masking, text, masked):
    assert masking.text(text) == (masked or text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("LU1 2BQ", "LU1 [..]"),
        ("lu12bq", "lu1 [..]"),
        ("LU1 2bq", "LU1 [..]"),
        ("LU1-2BQ.", "LU1 [..]."),
        ("LU1\n2BQ", "LU1 [..]"),
        ("LU1\xa0 2BQ", "LU1 [..]"),
        ("SW1A OAA", "SW1A [..]"),
        ("EC1A1BB", "EC1A [..]"),
        ("?postcode=LU1+2BQ", "?postcode=LU1 [..]"),
        ("LU1%202BQ", "LU1 [..]"),
        ("M1 1st floor, E10 2nd, A1 2BQ, ZZ1 2BQ, LU1 2CC", None),
        ("W1 5 people", None),
    ],
)
def test_postcodes_keep_their_district(masking, text, masked):
    assert masking.text(text) == (masked or text)


def test_nothing_but_finds_is_changed(masking):
    around = "“Smart” quotes…\u200b soft\u00adhyphen naïve &amp; 100%25 = x=3D — ½ 10\xa0km\r\n"
    assert masking.text(around) == around
    assert masking.text(f"{around}jo@example.com{around}Jo Bloggs{around}") == f"{around}[email]{around}{JO}{around}"


def test_none_and_nothing_stay(masking):
    assert masking.text(None) is None
    assert masking.text("") == ""


def test_what_was_masked_is_counted_once():
    masking = mask()
    masking.text("Jo Bloggs, jo@example.com or a (at) example.com, 020 7946 0018, LU1 2BQ, AB123456C")
    masking.text("Nothing here")
    masking.author("Jo Bloggs", 100)
    assert masking.counts == {"name": 1, "email": 2, "phone": 1, "postcode": 1, "ni_number": 1, "author": 1}


def test_finds_that_overlap_leave_no_rest(masking):
    assert masking.text("Jo Bloggs@example.com and bloggs.jo@jo-bloggs.example.com") == "[email] and [email]"
    assert masking.text("jo.bloggs+02079460018@example.com") == "[email]"


FRAGMENTS = [
    *("Jo", "Bloggs", "jo_bloggs", "Zaphod", "Jane Clerkson", "Quentin", "李小龍", "x", "A", "é", "ß", "'", "’"),
    *("@", " at ", "(at)", "example.com", ".", "-", "_", " ", ",", "\n", "\n\n", "%40", "&#64;", "=40", "=\n", "-\n", "\u200b"),
    *("020", "7946", "0018", "0", "1", "+44", "(0)", "/", "ext 12", "Tel: ", "LU1", "2BQ", "AB", "12", "34 56", "C"),
    *("Dear ", "Mr ", "Regards,\n", "/user/"),
    *("[email]", "[phone]", "[name]", "[..]", "requester-0123456789ab", "official-"),
]
once = mask()


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join), st.sampled_from([None, 100, 102]))
@example("jo@x.uk020 7946 0018 Jo Bloggs", 100)
def test_masking_twice_is_masking_once(text, request_id):
    masked = once.text(text, request_id)
    assert once.text(masked, request_id) == masked


@given(st.text(), st.sampled_from([None, 100]))
def test_any_text_can_be_masked(text, request_id):
    masked = once.text(text, request_id)
    assert once.text(masked, request_id) == masked


@given(st.text(max_size=60))
def test_places_lead_back_in_order(text):
    folded = Folded(text)
    places = [folded.origin(place) for place in range(len(folded.plain) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(text)
    assert len(folded.plain.lower()) == len(folded.plain)


@given(st.text("abc xyz.,;:\n'éü—½", max_size=80))
def test_text_without_personal_data_is_unchanged(text):
    assert once.text(text) == text


INVISIBLE = st.sampled_from(["", "", "\u200b", "\u00ad", "\u2060"])
AROUND = st.sampled_from(["", " ", "\n", "(", ")", ", ", ".", ": ", "“", "—", "<", ">"])


@given(
    local=st.from_regex(r"[a-z]{2,8}([._+-][a-z0-9]{1,8}){0,2}", fullmatch=True),
    domain=st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z]{1,5})?(\.[a-z]{2,6}){1,3}", fullmatch=True),
    at=st.sampled_from(["@", " @ ", "＠", "(at)", " [at] ", "%40", "&#64;", "=40", "@\n"]),
    hidden=INVISIBLE, before=AROUND, after=AROUND,
)  # fmt: skip
def test_no_generated_address_survives(local, domain, at, hidden, before, after):
    masked = once.text(f"{before}{local}{hidden}{at}{domain}{after}")
    assert "[email]" in masked
    assert domain not in masked
    assert local not in masked.replace("[email]", "")


@given(
    number=st.from_regex(r"0[12378][0-9]{9}", fullmatch=True).filter(lambda number: number[1:3] != "00"),
    groups=st.sampled_from([(11,), (5, 6), (3, 4, 4), (4, 3, 4), (5, 3, 3), (4, 7)]),
    between=st.sampled_from([" ", "-", ".", "\xa0", "\u2009", "\u2013", " - ", "\u200b", ") "]),
    prefix=st.sampled_from(["0", "+44 ", "+44 (0)", "0044 ", "+44"]),
    before=AROUND, after=AROUND,
)  # fmt: skip
def test_no_generated_number_survives(number, groups, between, prefix, before, after):
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    parts[0] = prefix + parts[0][1:]
    masked = once.text(before + between.join(parts) + after)
    assert "[phone]" in masked
    assert not any(one.isdigit() for one in masked)


def test_folding_reads_what_is_escaped():
    assert fold("Jo%20Bl&ouml;ggs=C3=A9 ＡＢ’½ straße") == "jo bloggse ab'1⁄2 strasse"
    assert fold("%2540 %25C3%25A9 \\u0040\\u00e9 100%25 of it") == "@ e @e 100% of it"
    assert Folded("50% of &c; a=b %zz &#9999999; =FF").plain == "50% of &c; a=b %zz &#9999999; =FF"


@pytest.mark.slow
def test_no_text_takes_long():
    """Only a safety net: each of these megabytes took up to 8 s of a core in November 2026; a bad pattern takes hours."""
    texts = (
        '1|0|@|a@| |a.|0 |0-|(|+0|44 |%40|&|at |a dot |Dear |Regards,\n|JoB|Jo Blo|"|[at]|/user/|LU1 |12 |020 7946 001 |-|ext 1/'
    )
    texts += "|Jo Bloggs |\n|a-\n|\u200b"
    code = (
        "import sys; from tests.export.people import mask; m = mask()\n"
        "for s in sys.argv[1].split('|'): m.text(s * (1_000_000 // len(s)), 100)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, texts], timeout=900)
    assert done.returncode == 0
