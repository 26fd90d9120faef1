"""What a message adds is whole lines of it, and never less than what nobody quoted."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.pages.new_text import new_text

REPLY = "Dear Ann,\n\nWe hold no such records.\n\nYours sincerely,\nAn Officer"
ASKED = "Dear Council,\n\nPlease send me the costs.\n\nAnn"
QUOTED = "\n".join(f"> {line}".rstrip() for line in ASKED.split("\n"))
OUTLOOK = (
    "From: Ann [mailto:[FOI #1 email]]\nSent: 28 March 2021 09:03\nTo: FOI Requests\nSubject: Freedom of Information request"
)
FOOTER = (
    "-------------------------------------------------------------------\n\n"
    "Please use this email address for all replies to this request:\n[FOI #1 email]\n\n"
    "Disclaimer: This message and any reply that you make will be published on the internet. Our privacy and copyright "
    "policies:\nhttps://www.example.org/help/officers\n\n"
    "-------------------------------------------------------------------"
)
FOOTER_CY = FOOTER.replace("Please use this email address for all replies to this request", "Anfonwch bob ateb yma").replace(
    "This message and any reply that you make will be published on the internet", "Cyhoeddir y neges hon"
)


@pytest.mark.parametrize(
    "earlier",
    [
        QUOTED,
        f"On Tue, Mar 2, 2021 at 9:08 AM, Ann Asker\n<[FOI #1 email]> wrote:\n\n{QUOTED}",
        f"On 2 March 2021 09:08, Ann Asker <ann@example.org> wrote:\n\n{ASKED}",
        f"-----Original Message-----\n{OUTLOOK}\n\n{ASKED}",
        f"________________________________\n{OUTLOOK}\n\n{ASKED}",
        f"{OUTLOOK}\n\n{ASKED}",
        OUTLOOK.replace("\n", "\n\n") + f"\n\n{ASKED}",
        f"----- Forwarded by A Clerk/Council on 02/03/2021 09:10 -----\n\n{ASKED}",
        f"-----Neges Wreiddiol-----\nOddi wrth: Ann\nAnfonwyd: 28 Mawrth 2021 09:03\nAt: FOI\nPwnc: Cais\n\n{ASKED}",
        f"Oddi wrth: Ann\nAnfonwyd: 28 Mawrth 2021 09:03\nAt: FOI\nPwnc: Cais\n\n{ASKED}",
        f"Ar Maw, 2 Maw 2021 am 09:08 ysgrifennodd Ann <ann@example.org>:\n\n{QUOTED}",
        f"Le mar. 2 mars 2021 à 09:08, Ann <ann@example.org> a écrit :\n\n{QUOTED}",
        f"Am 02.03.2021 um 09:08 schrieb Ann Asker:\n\n{QUOTED}",
        f"Von: Ann\nGesendet: 2. März 2021 09:08\nAn: Amt\nBetreff: Anfrage\n\n{ASKED}",
        FOOTER,
        FOOTER_CY,
        "Please use this email address for all replies to this request:\n[FOI #1 email]",
        f"{QUOTED}\n\n{FOOTER}",
    ],
    ids=(
        "marked wrote wrote-unmarked original underscores headers headers-apart forwarded welsh-original welsh-headers "
        "welsh-wrote french german german-headers footer welsh-footer footer-alone marked+footer"
    ).split(),
)
def test_what_is_quoted_goes_and_what_is_new_stays(earlier: str) -> None:
    assert new_text(f"{REPLY}\n\n{earlier}") == REPLY


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        "On 3 March 2021 the council wrote:\n\nno more than this",
        "Please send what you hold for these dates.\n\nFrom: 1 January 2020\nTo: 31 December 2020\n\nThank you",
        "Costs\n-----\nNone: 5\nSome: 6\nMore: 7\n-----\nThat is all",
        "Name: Ann\nAge: 5\nTown: Luton\n\nDoes it matter?",
        "5 > 4 is true\nfor all",
        "-- \nAn Officer",
        "See the disclaimer of 2021 in the annex:\nas it stands",
    ],
)
def test_a_message_that_quotes_nothing_is_whole(text: str) -> None:
    assert new_text(text) == text


def test_answers_between_quoted_lines_stay() -> None:
    text = (
        "On 2 March 2021 09:08, Ann <a@b.example> wrote:\n> How many are there?\nThere are five.\n\n> And why?\n\nNobody knows."
    )
    assert new_text(text) == "There are five.\n\nNobody knows."


@pytest.mark.parametrize(
    ("says", "whole"),
    [
        ("Please see my answers below in red.", True),
        ("Our responses are in bold.", True),
        ("See below our reply, in blue, to each question.\n\nRegards", True),
        ("Gweler ein hatebion isod.\n\nCofion, ateb mewn coch", True),
        ("Please see our response below.\n\nRegards\nFOI Team", True),
        ("Please see our response below.\n\n" + "The Council uses two tools for this. " * 20, False),
        ("The meeting is below the library. I will reply.", False),
        ("Thank you for your request, which we received.", False),
    ],
)
def test_answers_in_an_earlier_mail_without_marks_are_kept_with_it(says: str, whole: bool) -> None:
    text = f"{says}\n\n-----Original Message-----\n{OUTLOOK}\n\n{ASKED}\nThere are five.\nAnd why?"
    assert (new_text(text) == text) is whole
    assert new_text(text).startswith(says.strip())


def test_lines_that_lost_their_mark_when_they_were_wrapped_are_quoted() -> None:
    text = (
        "We do.\n\n> Benefit records disclosure artificial drainage annual audit spending\n"
        "defence contract ambulance enforcement.\n> Why?\n> Drainage costs and how many people are employed by you today?\n"
        "Nobody is.\n> Thanks"
    )
    assert new_text(text) == "We do.\n\nNobody is."


@pytest.mark.parametrize("text", [QUOTED, f"-----Original Message-----\n{OUTLOOK}\n\n{ASKED}", FOOTER, "", "\n \n", "..."])
def test_where_everything_is_quoted_all_of_it_stays(text: str) -> None:
    assert new_text(text) == text


PIECES = [
    *REPLY.split("\n"),
    *QUOTED.split("\n"),
    *OUTLOOK.split("\n"),
    *FOOTER.split("\n"),
    "-----Original Message-----",
    "On 2 March 2021 09:08, Ann <a@b.example> wrote:",
    "_____",
    "",
]
LINES = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), max_size=40)


@given(LINES)
def test_it_is_whole_lines_in_their_order_and_never_without_words_where_there_are_any(lines: list[str]) -> None:
    text = "\n".join(lines)
    new = new_text(text)
    left = iter(text.split("\n"))
    assert all(any(line == one for one in left) for line in new.split("\n") if line.strip())
    assert bool(re.search(r"[^\W_]", new)) == bool(re.search(r"[^\W_]", text))


@given(LINES)
def test_lines_before_any_quote_are_never_lost(lines: list[str]) -> None:
    assert new_text("\n".join([*REPLY.split("\n"), "", *lines])).startswith(REPLY)


HOSTILE = {
    "newlines": "\n" * 1_000_000,
    "spaces": " " * 1_000_000,
    "wrote": "On 1 wrote:x:\n" * 70_000,
    "headers": "From: 1 a\nTo: b\n\n" * 60_000,
    "marks": "> " * 500_000,
    "rules": "-----\n" * 160_000,
    "separators": "-- abc --\n" * 100_000,
    "one line": "On " + "a 1 " * 250_000 + "wrote:",
    "colons": "1a:" * 330_000,
    "labels": "A" * 20 + ":\n" + "B1: c\n" * 150_000,
    "wrapped": "> " + "x" * 60 + "\n" + ("y" * 60 + "\n") * 15_000,
    "footers": "/help/officers\n" * 60_000,
    "underscores": "_" * 1_000_000,
    "answers": "answer " * 140_000 + "\n-----Original Message-----\n",
    "in red": "in red " * 140_000 + "\n-----Original Message-----\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_made_to_be_slow_is_not(name: str) -> None:
    """Four times the text takes no more than some four times as long; a square would take sixteen."""
    text = HOSTILE[name]
    spent = []
    for share in (text[: len(text) // 4], text):
        began = time.process_time()
        new_text(share)
        spent.append(time.process_time() - began)
    assert spent[1] < 10 * spent[0] + 0.5
