"""The bundled site over HTTP: addresses, documents, files, headers, faults. Section numbers are those of site-contract.md."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.replica import Replica, World
from tests.replica.client import Fetched, fetch
from tests.replica.visit import CLOCK, Visit, answered, file_path, visiting

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def visit() -> Iterator[Visit]:
    with visiting() as made:
        yield made


def test_numbers_lead_to_slugs_and_lose_the_query(visit: Visit) -> None:
    request, message = answered(visit.world)
    assert visit.goal(f"/request/{request.id}?unfold=1") == (301, f"/request/{request.url_title}")
    assert visit.goal(f"/request/{request.id}.json") == (301, f"/request/{request.url_title}.json")
    assert visit.goal(f"/request/{request.id}/response/{message.id}/attach/2/a%20b.pdf") == (
        301,
        f"/request/{request.url_title}/response/{message.id}/attach/2/a%20b.pdf",
    )
    assert visit.get("/request/99999").status == 404


def test_hidden_and_missing_are_told_apart_by_slug_alone(visit: Visit) -> None:
    by_prominence = {r.prominence: r for r in visit.world.requests.values() if not r.embargoed}
    for prominence in ("hidden", "requester_only"):
        request = by_prominence[prominence]
        page = visit.get(f"/request/{request.url_title}?unfold=1")
        assert page.status == 403
        assert 'id="request_show" class="controller_request"' in page.text
        document = visit.get(f"/request/{request.url_title}.json")
        assert (document.status, document.body) == (403, b"")
        assert visit.get(f"/request/{request.id}").status == 404
    embargoed = next(r for r in visit.world.requests.values() if r.embargoed)
    assert [visit.get(f"/request/{name}").status for name in (embargoed.url_title, embargoed.id, "no_such_request")] == [404] * 3
    backpage = visit.get(f"/request/{by_prominence['backpage'].url_title}")
    assert (backpage.status, backpage.headers["x-robots-tag"]) == (200, "noindex")


def test_event_numbers_lead_to_their_message(visit: Visit) -> None:
    request, message = answered(visit.world)
    event = request.event_of("response", incoming_message_id=message.id)
    assert event is not None
    assert visit.goal(f"/request_event/{event.id}") == (301, f"/request/{request.url_title}#incoming-{message.id}")
    assert visit.get("/request_event/1").status == 404


def test_addresses_in_other_forms(visit: Visit) -> None:
    request, _ = answered(visit.world)
    slug = request.url_title
    assert visit.get(f"/request/{slug}/").status == 200
    assert visit.get(f"/request/{slug.upper()}").status == 404
    assert visit.goal(f"/cy/request/{slug}") == (301, f"/request/{slug}?locale=cy")
    assert visit.goal(f"/request/{slug}?locale=cy") == (302, f"/request/{slug}")
    assert visit.goal(f"/details/request/{slug}") == (301, f"/request/{slug}/details")
    assert [visit.get(path).status for path in ("/no_such.json", "/favicon.ico", "/sitemap.xml", "/no_such_page")] == [
        406,
        406,
        406,
        404,
    ]
    status, goal = visit.goal(f"/request/{slug}/download")
    assert (status, goal.partition("=")[0]) == (302, "/profile/sign_in?token")


def test_robots_forbid_tor(visit: Visit) -> None:
    got = visit.get("/robots.txt")
    assert got.headers["content-type"] == "text/plain"
    assert "Disallow: */tor*" in got.text.splitlines()
    assert visit.get("/body/torrowdale_district_council").status == 200


def test_the_register_may_not_be_written_yet(visit: Visit) -> None:
    visit.world.register_written = False
    got = visit.get("/body/all-authorities.csv")
    assert (got.status, got.body) == (204, b"")


def test_request_json_has_the_exact_keys(visit: Visit) -> None:
    request, _ = answered(visit.world)
    document = json.loads(visit.get(f"/request/{request.url_title}.json").body)
    assert (
        list(document)
        == (
            "id url_title title created_at updated_at described_state display_status awaiting_description prominence law_used "
            "tags user public_body info_request_events"
        ).split()
    )
    assert (
        list(document["info_request_events"][0])
        == (
            "id event_type created_at described_state calculated_state last_described_at incoming_message_id outgoing_message_id "
            "comment_id display_status"
        ).split()
    )
    external = next(r for r in visit.world.requests.values() if r.external_name)
    document = json.loads(visit.get(f"/request/{external.url_title}.json").body)
    assert "user" not in document
    assert document["user_name"] == external.external_name


def test_times_carry_the_offset_of_london(visit: Visit) -> None:
    world, user = visit.world, next(iter(visit.world.users.values()))
    authority = next(iter(world.authorities.values()))
    world.new_request(authority, user, "Summer", "Dear council,", at=datetime(2026, 6, 1, 23, 30, tzinfo=UTC))
    world.new_request(authority, user, "Winter", "Dear council,", at=datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
    assert json.loads(visit.get("/request/summer.json").body)["created_at"] == "2026-06-02T00:30:00.000+01:00"
    assert json.loads(visit.get("/request/winter.json").body)["created_at"] == "2026-01-01T12:00:00.000+00:00"
    assert 'datetime="2026-06-02T00:30:00+01:00"' in visit.get("/request/summer").text
    assert "/request/summer" in visit.rows(
        query="variety:sent", request_date_after="2026-06-01", request_date_before="2026-06-01"
    )


def test_quoted_parts_are_absent_until_unfolded(visit: Visit) -> None:
    world = visit.world
    request, _ = answered(world)
    message = world.new_response(request, "Our answer.\n\n> The question that was asked before.")
    folded, unfolded = visit.get(f"/request/{request.url_title}"), visit.get(f"/request/{request.url_title}?unfold=1")
    assert "The question that was asked before" not in folded.text
    assert f'<span class="unfold_link"><a href="?unfold=1#{message.anchor}">' in folded.text
    assert "The question that was asked before" in unfolded.text


def test_lateness_follows_the_clock(visit: Visit) -> None:
    world = visit.world
    request = world.new_request(
        next(iter(world.authorities.values())), next(iter(world.users.values())), "Clocks", "Dear council,"
    )

    def shown() -> str:
        found = re.search(r"request-status-message--(\w+)", visit.get("/request/clocks").text)
        assert found
        return found[1]

    assert shown() == "waiting_response"
    assert '<time datetime="2026-07-13" title="2026-07-13">' in visit.get("/request/clocks").text
    world.advance(days=29)
    assert shown() == "waiting_response_overdue"
    world.advance(days=30)
    assert shown() == "waiting_response_very_overdue"
    late = [e for e in request.events if e.event_type.endswith("overdue")]
    assert [(e.event_type, e.created_at.isoformat()) for e in late] == [
        ("overdue", "2026-07-14T00:00:00+01:00"),
        ("very_overdue", "2026-08-11T00:00:00+01:00"),
    ]


def test_a_file_answers_with_an_etag_and_then_304(visit: Visit) -> None:
    request, message = answered(visit.world, with_files=True)
    path = file_path(request, message, message.files[0])
    got = visit.get(path)
    assert (got.status, got.headers["content-type"]) == (200, "application/pdf")
    assert got.body.startswith(b"%PDF-")
    assert "set-cookie" not in got.headers
    tag = got.headers["etag"]
    assert tag.startswith('W/"')
    assert visit.get(path, If_None_Match=tag).status == 304
    assert visit.get(path, If_None_Match=tag.removeprefix("W/")).status == 200
    assert visit.get(path, If_None_Match='W/"other"').status == 200


def test_refusals_of_files(visit: Visit) -> None:
    world = visit.world
    request, message = answered(world, with_files=True)
    file = message.files[0]
    path = file_path(request, message, file)
    assert visit.goal(path.replace("/attach/2/", "/attach/9/"))[0] == 200
    assert visit.goal(path + "x") == (303, f"/request/{request.url_title}")
    assert visit.goal(path.rpartition("/")[0]) == (403, "")
    world.hide(file, reason="Names inside")
    refused = visit.get(path)
    assert refused.status == 403
    assert 'class="controller_attachments"' in refused.text
    world.unhide(file)
    assert visit.get(path).status == 200
    world.hide(message)
    assert visit.get(path).status == 403


def test_an_unmasked_file_redirects_to_itself_once() -> None:
    world = World.build(seed=1, masking="self")
    request, message = answered(world, with_files=True)
    path = file_path(request, message, message.files[0]) + "?cookie_passthrough=1"
    with Replica(world) as base:
        first = fetch(base + path)
        assert (first.status, first.headers["location"]) == (302, base + path)
        assert fetch(base + path).status == 200


def test_an_unmasked_file_leads_to_the_wait_page() -> None:
    world = World.build(seed=1, masking="wait", masking_hits=2)
    request, message = answered(world, with_files=True)
    path = file_path(request, message, message.files[0])
    with Replica(world) as base:
        first = fetch(base + path)
        assert first.status == 302
        assert first.headers["location"].startswith(f"{base}/attachments/")
        waiting = fetch(first.headers["location"])
        assert waiting.status == 200
        assert '<meta http-equiv="refresh"' in waiting.text
        assert waiting.headers["x-robots-tag"] == "noindex"
        assert fetch(base + path).status == 302
        done = fetch(first.headers["location"])
        assert done.headers["location"].endswith("/done")
        assert path in fetch(done.headers["location"]).text
        assert fetch(base + path).status == 200


def test_the_same_seed_gives_the_same_bytes() -> None:
    def pages(seed: int, clock: datetime) -> list[bytes]:
        world = World.build(seed=seed)
        replica = Replica(world, clock=lambda: clock)
        base = replica.start()
        slugs = [r.url_title for r in world.requests.values()][:20]
        paths = ["/list", "/info_request_batch/1", "/body/all-authorities.csv", "/version.json"]
        paths += [f"/request/{slug}{form}" for slug in slugs for form in ("?unfold=1", ".json")]
        got = [fetch(base + path).body.replace(base.encode(), b"") for path in paths]
        replica.stop()
        return got

    first, again, later = pages(1, CLOCK), pages(1, CLOCK), pages(1, CLOCK + timedelta(minutes=1))
    assert first == again
    assert first != later
    still = [
        re.sub(rb"Printed from [^<]*|follow_count\">\d+", b"", page)
        == re.sub(rb"Printed from [^<]*|follow_count\">\d+", b"", other)
        for page, other in zip(first, later, strict=True)
    ]
    assert all(still)
    assert pages(2, CLOCK)[2:] != first[2:]


def test_headers(visit: Visit) -> None:
    request, _ = answered(visit.world)
    page = visit.get(f"/request/{request.url_title}")
    assert page.headers["set-cookie"].startswith("locale=en")
    assert page.headers["vary"].startswith("Cookie")
    assert page.headers["cache-control"] == "max-age=3600, public"
    assert "content-encoding" not in page.headers
    zipped = visit.get(f"/request/{request.url_title}", Accept_Encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == page.body
    assert visit.get(f"/request/{request.url_title}", If_None_Match=page.headers["etag"]).status == 304
    head = fetch(f"{visit.base}/request/{request.url_title}", method="HEAD")
    assert (head.status, head.body) == (200, b"")


def test_the_log_tells_what_came_and_who_sent_a_cookie(visit: Visit, tmp_path: Path) -> None:
    visit.get("/list", User_Agent="polite", Cookie="locale=en")
    visit.get("/no_such_page")
    first, second = visit.replica.log
    assert (first.method, first.path, first.status, first.headers["user-agent"], first.cookie) == (
        "GET",
        "/list",
        200,
        "polite",
        "locale=en",
    )
    assert (second.path, second.status, second.cookie) == ("/no_such_page", 404, None)


def test_faults_at_the_level_of_http(visit: Visit) -> None:
    def under(path: str = "/list", **fault: object) -> Fetched:
        visit.replica.faults[:] = [{"match": "^/(list|request)", "times": 1, **fault}]
        return visit.get(path)

    got = under(kind="status", status=429, retry_after=7)
    assert (got.status, got.headers["retry-after"]) == (429, "7")
    for kind in ("drop", "truncate"):
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            under(kind=kind)
    assert under(kind="empty").body == b""
    assert under(kind="challenge").headers["cf-mitigated"] == "challenge"
    assert "Something else" in under(kind="html").text
    assert under(kind="self").headers["location"] == f"{visit.base}/list"
    assert "/attachments/" in under(kind="wait").headers["location"]
    assert under(kind="redirect_loop").headers["location"].endswith("/list?loop=1")
    assert under("/list?loop=1", kind="redirect_loop").headers["location"].endswith("/list?loop=2")
    assert under(kind="wrong_type").headers["content-type"] == "application/octet-stream"
    packed = under(kind="gzip_bomb", size=4 * 2**20)
    assert (packed.headers["content-encoding"], len(gzip.decompress(packed.body))) == ("gzip", 4 * 2**20)
    assert len(packed.body) < 20_000
    assert len(under(kind="big", size=3_000_000).body) == 3_000_000
    assert visit.get("/list").status == 200


def test_faults_of_content(visit: Visit) -> None:
    request, _ = answered(visit.world)
    page = f"/request/{request.url_title}"
    visit.replica.faults[:] = [
        {"match": r"\.json", "kind": "malformed_json"},
        {"match": "unfold", "kind": "no_correspondence"},
        {"match": "^/request/", "kind": "invalid_utf8"},
        {"kind": "robots_503", "times": 1},
    ]
    with pytest.raises(json.JSONDecodeError):
        json.loads(visit.get(f"{page}.json").body)
    assert b"correspondence" not in re.findall(rb'class="(?:outgoing|incoming) (\w+)', visit.get(f"{page}?unfold=1").body)
    with pytest.raises(UnicodeDecodeError):
        visit.get(page).body.decode()
    assert [visit.get("/robots.txt").status for _ in range(2)] == [503, 200]


def test_the_command_serves_and_logs(tmp_path: Path) -> None:
    log, truth = tmp_path / "log.jsonl", tmp_path / "truth.json.gz"
    command = [sys.executable, "-m", "tests.replica", "--seed", "5", "--size", "30", "--log", str(log), "--truth", str(truth)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        ready = server.stdout.readline()
        assert ready.startswith("READY http://127.0.0.1:")
        assert fetch(ready.split()[1] + "/list").status == 200
    finally:
        server.terminate()
        assert server.wait(10) == 0
        assert server.stdout is not None
        server.stdout.close()
    assert [json.loads(line)["path"] for line in log.read_text().splitlines()] == ["/list"]
    assert len(json.loads(gzip.decompress(truth.read_bytes()))["requests"]) > 20
