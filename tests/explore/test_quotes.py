"""Folding quotes: what is told apart, and that no word is ever lost."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.explore.quotes import parts, trimmed
from scraper.pages.new_text import new_text


def folded(text: str, new: str | None = None) -> list[tuple[bool, str]]:
    """By what the message is known to add, or by what today's reading finds it adds."""
    return [(part.quoted, text[part.start : part.end].strip()) for part in parts(text, new_text(text) if new is None else new)]


def test_marked_lines_are_quoted() -> None:
    assert folded("Hello\n\n> one\n> two\n\nBye") == [(False, "Hello"), (True, "> one\n> two"), (False, "Bye")]


def test_a_single_quoted_line_is_not_worth_a_fold() -> None:
    assert folded("You ask:\n\n> how many?\n\nSeven.") == [(False, "You ask:\n\n> how many?\n\nSeven.")]


def test_who_wrote_goes_with_what_they_wrote() -> None:
    assert folded("Seven.\n\nOn Monday 3 May 2021\nAnn wrote:\n> how many\n> dogs?") == [
        (False, "Seven."),
        (True, "On Monday 3 May 2021\nAnn wrote:\n> how many\n> dogs?"),
    ]


def test_on_monday_somebody_wrote_is_a_sentence_where_no_quote_follows() -> None:
    text = "On Monday the minister wrote:\nthere are none."
    assert folded(text) == [(False, text)]


def test_an_earlier_mail_runs_to_the_end() -> None:
    earlier = "From: Ann <a@example.org>\nSent: 3 May 2021 10:00\nTo: Council\nSubject: Dogs\n\nDear Council,\nhow many?"
    assert folded(f"Seven.\n\n{earlier}") == [(False, "Seven."), (True, earlier)]


def test_new_text_decides() -> None:
    assert folded("Seven.\n\nhow many\ndogs?\n\nYours", "Seven.\n\nYours") == [
        (False, "Seven."),
        (True, "how many\ndogs?"),
        (False, "Yours"),
    ]


def test_new_text_that_is_not_of_the_text_is_not_believed() -> None:
    assert folded("Hello\n\n> one\n> two", "Something else") == [(False, "Hello\n\n> one\n> two")]


def test_a_message_that_adds_nothing_is_all_quoted() -> None:
    assert folded("how many\ndogs?", "") == [(True, "how many\ndogs?")]


def test_trimmed_leaves_out_blank_lines_but_keeps_an_indent() -> None:
    text = "\n \n  indented\nend \n\n"
    (part,) = parts(text, text)
    start, end = trimmed(text, part)
    assert text[start:end] == "  indented\nend"


LINES = st.lists(
    st.sampled_from(
        ["", " ", "words", "> quoted", ">> twice", "On Monday Ann wrote:", "-----Original Message-----", "From: A", "To: B"]
    ),
    max_size=12,
)


@given(lines=LINES, kept=LINES, tail=st.text(max_size=20))
def test_the_parts_are_the_whole_text_in_its_order(lines: list[str], kept: list[str], tail: str) -> None:
    text = "\n".join([*lines, tail])
    made = parts(text, "\n".join(kept))
    assert "".join(text[part.start : part.end] for part in made) == text
    shown = "".join(text[slice(*trimmed(text, part))] for part in made)
    assert "".join(shown.split()) == "".join(text.split())
