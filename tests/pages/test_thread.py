"""The request page in shapes that the recordings do not hold: older markup, and the rare cases."""

from __future__ import annotations

import pytest

from scraper.pages import read
from scraper.records import Attachment, Link, Message, PageKind, PageRef, Thread, UnreadablePage

from . import sample


def thread_of(body: str) -> Thread:
    record = read(sample.capture(PageKind.REQUEST_HTML, "bins", body), sample.SITE).record
    assert isinstance(record, Thread)
    return record


def message_of(*messages: str) -> Message:
    return thread_of(sample.thread(*messages)).messages[-1]


def test_every_field_of_a_plain_thread() -> None:
    reading = read(
        sample.capture(
            PageKind.REQUEST_HTML,
            "bins",
            sample.thread(sample.OUTGOING, sample.RESEND, sample.incoming(block=sample.attachments(sample.FILE)), sample.COMMENT),
        ),
        sample.SITE,
    )
    thread = reading.record
    assert isinstance(thread, Thread)
    assert (thread.url_title, thread.user_name, thread.display_state) == ("bins", "Ada Byron", "successful")
    assert (thread.due_on, thread.correspondence_closed, thread.batch_id) == (None, None, None)
    sent, answer, note = thread.messages
    assert sent == Message(
        anchor="outgoing-1",
        position=1,
        author="Ada Byron",
        user_url_name=None,
        sent_at="2024-07-01T08:15:30Z",
        text="Dear Council,\n\none\ntwo spaced",
        html=None,  # paragraphs, breaks and links are all there is
        delivery_status="delivered",
        withheld=None,
        withheld_reason=None,
    )
    assert (answer.anchor, answer.position, answer.author) == ("incoming-2", 2, "FOI Team, Anytown Council")
    assert (answer.sent_at, answer.text, answer.delivery_status) == ("2024-07-03T09:00:00Z", "We hold it.", None)
    assert answer.attachments == (
        Attachment(
            site_id="attachment-8",
            part=3,
            filename="rota 2024.csv",
            url="https://foi.example/request/bins/response/2/attach/3/rota%202024.csv",
            size_shown="12K",
            note="a remark",
            status="due",
            status_reason=None,
        ),
    )
    assert (note.anchor, note.position, note.author, note.user_url_name) == ("comment-3", 3, "Grace H", "grace_h")
    assert (note.sent_at, note.text) == ("2024-07-04T08:00:00Z", "Look at this")
    assert note.links == (Link("https://example.org/a?b=1&c=2", "this"),)
    assert note.html is None  # text and links say the same
    assert reading.needs == (
        PageRef(PageKind.ATTACHMENT, "bins/response/2/attach/3/rota%202024.csv"),
        PageRef(PageKind.USER_JSON, "grace_h"),
    )


def test_header_notes_batch_and_due_date() -> None:
    subtitle = (
        '<a href="/user/ada_byron">Ada</a> asked as part of <a href="/info_request_batch/12">a batch</a>'
        '<span class="request-header__restricted_correspondence">old</span>'
    )
    body = sample.thread(
        sample.OUTGOING, subtitle=subtitle, state="waiting_response", status='by <time datetime="2024-07-29">x</time>'
    )
    reading = read(sample.capture(PageKind.REQUEST_HTML, "bins", body), sample.SITE)
    thread = reading.record
    assert isinstance(thread, Thread)
    assert (thread.user_name, thread.batch_id, thread.due_on) == ("Ada", 12, "2024-07-29")
    assert thread.correspondence_closed == "authority_only"
    assert reading.needs == (PageRef(PageKind.BATCH, "12"),)
    closed = sample.thread(sample.OUTGOING, subtitle='x<span class="request-header__closed_to_correspondence">y</span>')
    assert thread_of(closed).correspondence_closed == "closed"


def test_requesters_without_an_account() -> None:
    assert thread_of(sample.thread(sample.OUTGOING, subtitle="Ada Byron asked Anytown")).user_name == "Ada Byron"
    anonymous = '<a href="/help/privacy#anonymous">Someone</a> asked <a href="/body/x">X</a>'
    assert thread_of(sample.thread(sample.OUTGOING, subtitle=anonymous)).user_name == "Someone"
    assert thread_of(sample.thread(sample.OUTGOING, subtitle="Another asked Anytown")).user_name is None


def test_withheld_messages_have_a_reason_and_no_text() -> None:
    header = sample.INCOMING[: sample.INCOMING.index(' <div class="correspondence_text">')]
    notice = '<p id="hidden_message" class="hidden_message"> Hidden:\n personal data </p></div>'
    hidden = message_of(sample.OUTGOING, header.replace("normal", "requester_only") + notice)
    assert (hidden.withheld, hidden.withheld_reason, hidden.text) == ("requester_only", "Hidden: personal data", None)
    assert (hidden.author, hidden.sent_at) == ("FOI Team, Anytown Council", "2024-07-03T09:00:00Z")
    bare = message_of(f'<div class="outgoing correspondence" id="outgoing-1">{notice}')
    assert (bare.withheld, bare.author, bare.sent_at, bare.position) == ("hidden", None, None, 1)
    main = message_of(sample.incoming('<p class="hidden_attachment">Not shown.</p>', sample.attachments(sample.FILE)))
    assert (main.withheld, main.withheld_reason, main.text, main.html) == ("hidden", "Not shown.", None, None)
    assert [a.filename for a in main.attachments] == ["rota 2024.csv"]


def test_hidden_and_erased_attachments_and_those_of_older_sites() -> None:
    hidden = '<li class="attachment" id="attachment-9"><img/><span class="hidden_attachment">Hidden: names</span></li>'
    erased = (
        '<li class="attachment" id="attachment-10"><p class="attachment__name">attachment.pdf</p>'
        '<p class="attachment__meta"><em>Erased</em></p></li>'
    )
    numeric = sample.FILE.replace(' id="attachment-8"', "").replace("/request/bins/", "/request/123/")
    found = message_of(sample.incoming(block=sample.attachments(hidden, erased, numeric))).attachments
    assert found == (
        Attachment("attachment-9", None, None, None, None, None, "withheld", "Hidden: names"),
        Attachment("attachment-10", None, "attachment.pdf", None, None, "Erased", "withheld", "Erased"),
        Attachment(None, 3, "rota 2024.csv", None, "12K", "a remark", "due", None),
    )


def test_text_inside_an_outer_paragraph_as_before_0_42() -> None:
    old = sample.INCOMING.replace('<div id="attachment-7">{text}</div>', "<p><p>First</p><p>Second</p></p>").format(
        attachments=""
    )
    message = message_of(old)
    assert (message.text, message.html) == ("First\n\nSecond", None)


def test_a_message_without_text_has_none() -> None:
    message = message_of(sample.incoming("", sample.attachments(sample.FILE)))
    assert (message.text, message.html, len(message.attachments)) == (None, None, 1)


def test_links_masks_and_fold_links() -> None:
    long = "https://example.org/" + "a" * 60
    message = message_of(
        sample.incoming(
            f"<p>See <a href='{long}'>{long[:40]}...</a>, <a href='https://example.org/x'>this one...</a> or "
            "[<a href='/help/officers#mobiles'>email address</a>], <a href='mailto:a@example.org'>a@example.org</a>, "
            "<a href='javascript:alert(1)'>js</a></p><p><b></b>"
            "<span class='unfold_link'><a href='?#incoming-2'>hide</a></span></p>"
        )
    )
    assert message.text == f"See {long}, this one... or [email address], a@example.org, js"
    assert message.links == (Link(long, long[:40] + "..."), Link("https://example.org/x", "this one..."))
    assert message.html is not None
    assert "javascript" not in message.html
    assert "/help/" not in message.html
    assert 'href="mailto:a@example.org"' in message.html


def test_html_is_rebuilt_clean() -> None:
    message = message_of(
        sample.incoming(
            '<div style="x" onclick="y"><b id="z">bold</b><script>alert(1)</script><img src=x onerror=y>'
            "<table><tr><td>1</td><td>2 &lt; 3</td></tr></table></div><!-- remark --><p> </p>"
        )
    )
    assert message.text == "bold\n\n1 2 < 3"
    assert message.html == "<b>bold</b><table><tbody><tr><td>1</td><td>2 &lt; 3</td></tr></tbody></table>"


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ('id="content"', "#content"),
        ("</html>", "</html>"),
        ("request-header__subtitle", ".request-header__subtitle"),
        ('id="request_status"', "#request_status"),
        ("request-status-message--successful", "#request_status .request-status-message--*"),
        ('class="correspondence__header"', ".correspondence__header"),
        ("correspondence__header__author", ".correspondence__header__author"),
        ("correspondence_text", ".correspondence_text"),
        ("datetime=", "time[datetime]"),
        ("<h2>", "#comment-3 h2"),
        ("comment_in_request_text", ".comment_in_request_text"),
        ('<a href="/request/bins/response', "li.attachment a[href]"),
    ],
)
def test_a_page_that_lost_what_it_must_have_names_it(lost: str, named: str) -> None:
    whole = sample.thread(
        sample.OUTGOING, sample.incoming(block=sample.attachments(sample.FILE.replace("<em>a remark</em>", ""))), sample.COMMENT
    )
    thread_of(whole)
    assert lost in whole
    with pytest.raises(UnreadablePage) as caught:
        thread_of(whole.replace(lost, "<a no" if lost.startswith("<a") else "gone"))
    assert named in caught.value.selector
    assert caught.value.kind is PageKind.REQUEST_HTML


def test_a_time_that_is_none_and_a_thread_without_messages() -> None:
    with pytest.raises(UnreadablePage, match=r"#outgoing-1 time\[datetime\]"):
        thread_of(sample.thread(sample.OUTGOING.replace("2024-07-01T", "soon")))
    with pytest.raises(UnreadablePage, match=r"div\.correspondence"):
        thread_of(sample.thread())


def test_a_message_swallowed_by_broken_markup_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UnreadablePage, match="#incoming-2"):
        thread_of(sample.thread(sample.OUTGOING.replace("two ", "<div>"), sample.incoming()))


def test_files_that_are_linked_outside_a_list_of_attachments_are_not_taken_for_gone() -> None:
    renamed = sample.attachments(sample.FILE).replace('class="attachments"', 'class="enclosures"')
    with pytest.raises(UnreadablePage, match=r"li\.attachment: part \d+ is linked, but in no list"):
        message_of(sample.incoming("<p>See the file.</p>", renamed))
    other = '<p>As I said: <a href="/request/bins/response/99/attach/2/rota.csv">there</a></p>'
    assert message_of(sample.incoming(other)).attachments == ()
