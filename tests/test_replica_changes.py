"""What changes on the bundled site between visits, and what tells of it. Section numbers are those of site-contract.md."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.replica import NewFile
from tests.replica.model import Request
from tests.replica.visit import Visit, answered, file_path, visiting


@pytest.fixture
def visit() -> Iterator[Visit]:
    with visiting() as made:
        yield made


def _document(visit: Visit, request: Request) -> dict[str, object]:
    document: dict[str, object] = json.loads(visit.get(f"/request/{request.url_title}.json").body)
    return document


def _event_types(request: Request) -> list[str]:
    return [event.event_type for event in sorted(request.events, key=lambda e: e.id)]


def test_an_answer_is_seen_everywhere(visit: Visit) -> None:
    world = visit.world
    request, _ = answered(world)
    message = world.new_response(request, "One more thing.", [NewFile("More.csv", "A line")])
    assert visit.rows()[0] == f"/request/{request.url_title}#{message.anchor}"
    assert f'id="{message.anchor}"' in visit.get(f"/request/{request.url_title}").text
    document = _document(visit, request)
    assert (document["awaiting_description"], document["updated_at"]) == (True, "2026-06-15T10:00:00.000+01:00")
    assert visit.get(file_path(request, message, message.files[0])).body == b'row,entry\r\n1,"A line"\r\n'


def test_events_that_moderation_logs(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    user = next(iter(world.users.values()))
    sent = world.outgoing[request.events[0].outgoing_message_id or 0]
    comment = world.annotate(request, user, "A remark")
    before = len(request.events)
    world.hide(message, "requester_only")
    world.unhide(message)
    world.hide(sent)
    world.hide(message.files[0])
    world.replace_file(message.files[0], b"new")
    world.hide(comment)
    world.unhide(comment)
    world.set_state(request, "rejected")
    world.resend(request)
    world.move_request(request, list(world.authorities.values())[-1])
    world.rename(request, "Another title!")
    world.hide(request)
    logged = (
        "edit_incoming edit_incoming edit_outgoing edit_attachment edit_attachment hide_comment edit_comment status_update "
        "resent move_request edit hide"
    )
    assert _event_types(request)[before:] == logged.split()


def test_what_leaves_no_event_and_what_does_not_move_updated_at(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    before, events = _document(visit, request), len(request.events)
    world.redact("Our reference", "[reference removed]", request)
    assert _document(visit, request) == before
    assert "[reference removed]" in visit.get(f"/request/{request.url_title}").text
    world.tag(request, ("paused", None))
    assert len(request.events) == events
    assert _document(visit, request)["tags"] == [["paused", None]]
    world.annotate(request, next(iter(world.users.values())), "A remark")
    world.hide(message.files[0])
    world.new_followup(request, "And now?")
    assert _document(visit, request)["updated_at"] == before["updated_at"]


def test_a_redaction_changes_files_but_not_their_size(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    path = file_path(request, message, message.files[0])
    before = visit.get(path)
    world.redact(f"FOI-{request.id}", "[gone]", request)
    after = visit.get(path)
    assert len(after.body) == len(before.body)
    assert after.body != before.body
    assert after.headers["etag"] != before.headers["etag"]
    assert f"FOI-{request.id}".encode() not in after.body


def test_hidden_messages_show_a_notice(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world)
    sent = world.outgoing[request.events[0].outgoing_message_id or 0]
    world.hide(message, "requester_only", "A private matter")
    world.hide(sent, reason="Not for all")
    text = visit.get(f"/request/{request.url_title}?unfold=1").text
    assert f'<div class="incoming correspondence requester_only js-collapsible" id="{message.anchor}">' in text
    assert text.count('class="hidden_message"') == 2
    assert sent.text.splitlines()[2] not in text.partition('id="left_column"')[2]
    assert f"/request/{request.url_title}" not in visit.rows(query=f"request:{request.url_title} variety:sent")
    assert len(_document(visit, request)["info_request_events"]) == len(request.events)  # type: ignore[arg-type]


def test_renames(visit: Visit) -> None:
    world = visit.world
    request, _ = answered(world)
    old = request.url_title
    world.rename(request, "Quite another matter")
    assert visit.get(f"/request/{old}").status == 404
    assert visit.goal(f"/request/{request.id}") == (301, "/request/quite_another_matter")
    authority, user = world.authority_of(request), world.users[request.user_id or 0]
    old_authority, old_user, sender = authority.url_name, user.url_name, user.name
    world.rename_authority(authority, "Merged Council")
    world.rename_user(user, "Somebody Else")
    assert visit.goal(f"/body/{old_authority}.json") == (302, "/body/merged_council")
    assert json.loads(visit.get(f"/user/{old_user}.json").body)["url_name"] == "somebody_else"
    assert f">{sender}</span>" in visit.get("/request/quite_another_matter").text


def test_destruction_and_embargo(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    path = file_path(request, message, message.files[0])
    world.destroy(message)
    assert f'id="{message.anchor}"' not in visit.get(f"/request/{request.url_title}").text
    assert visit.get(path).status == 404
    assert _event_types(request)[-1] == "destroy_incoming"
    events = [e.id for e in request.events]
    world.destroy(request)
    gone = (f"/request/{request.url_title}", f"/request/{request.id}", f"/request_event/{events[0]}")
    assert [visit.get(path).status for path in gone] == [404] * 3
    embargoed = next(r for r in world.requests.values() if r.embargoed)
    assert embargoed.url_title not in visit.slugs()
    world.expire_embargo(embargoed)
    assert visit.get(f"/request/{embargoed.url_title}").status == 200
    assert embargoed.url_title in visit.slugs()


def test_truth_follows_change(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    shas = {f["sha256"] for f in world.truth()["attachments"] if isinstance(f, dict) and f["anchor"] == message.anchor}
    world.hide(request, reason="Gone")
    truth = world.truth()
    assert request.id not in {fact["id"] for fact in truth["requests"] if isinstance(fact, dict)}
    assert shas <= set(truth["secret_files"])
    assert any(f"request {request.id} {message.anchor}" == s["where"] for s in truth["secrets"] if isinstance(s, dict))
