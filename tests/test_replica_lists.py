"""Lists, authority pages and batches of the bundled site. Section numbers are those of site-contract.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from tests.replica import Replica, World
from tests.replica.client import Fetched, fetch
from tests.replica.visit import Visit, answered, links, visiting


@pytest.fixture
def visit() -> Iterator[Visit]:
    with visiting() as made:
        yield made


@pytest.fixture(scope="module")
def big() -> Iterator[Visit]:
    """A site with more than 500 requests. Tests leave it as it is."""
    with visiting(seed=2, requests=1200) as made:
        yield made


def test_list_collapses_to_the_newest_event_of_each_request(visit: Visit) -> None:
    rows = visit.rows()
    assert len(rows) == 25
    every = [row for number in range(1, 21) for row in visit.rows(page=number)]
    slugs = [row.partition("#")[0] for row in every]
    assert len(slugs) == len(set(slugs))
    assert {f"/request/{r.url_title}" for r in visit.world.requests.values() if r.listed} >= set(slugs)
    times = re.findall(r'<div class="requester">.*?datetime="([^"]+)"', visit.get("/list").text)
    assert [datetime.fromisoformat(t) for t in times] == sorted(map(datetime.fromisoformat, times), reverse=True)


def test_unlisted_requests_are_in_no_list(visit: Visit) -> None:
    unlisted = {r.url_title for r in visit.world.requests.values() if not r.listed}
    assert len(unlisted) == 7
    assert not visit.slugs() & unlisted


def test_a_window_holds_events_of_utc_days_both_included(visit: Visit) -> None:
    world = visit.world
    request, _ = answered(world)
    remark = world.annotate(
        request, next(iter(world.users.values())), "Late at night", at=datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
    )
    link = f"/request/{request.url_title}#{remark.anchor}"
    assert link in visit.rows(request_date_after="2026-05-01", request_date_before="2026-05-01")
    assert link not in visit.rows(request_date_after="2026-05-02", request_date_before="2026-05-02")
    assert link in visit.rows(request_date_after="01/05/2026", request_date_before="01/05/2026")
    assert visit.rows(request_date_after="2026-05-02", request_date_before="2026-05-01") == []


def test_windows_partition_the_whole(big: Visit) -> None:
    first, last = big.world.now - timedelta(days=1101), big.world.now
    found: list[str] = []
    day = first
    while day <= last:
        until = min(day + timedelta(days=59), last)
        found += big.slugs(query="variety:sent", request_date_after=f"{day:%Y-%m-%d}", request_date_before=f"{until:%Y-%m-%d}")
        day = until + timedelta(days=1)
    visible = {row[1].url_title for row in big.world.index().rows if row[0].event_type == "sent"}
    assert len(found) == len(set(found)) == len(visible) > 1000
    assert set(found) == visible


def test_one_date_alone_in_iso_form_matches_nothing(visit: Visit) -> None:
    assert visit.rows(request_date_after="2020-01-01") == []
    assert visit.rows(request_date_before="2027-01-01") == []
    assert len(visit.rows(request_date_after="01/01/2020")) == 25
    assert len(visit.rows(request_date_before="01/01/2027")) == 25
    assert len(visit.rows(request_date_after="2020-01-01", request_date_before="")) == 25
    assert len(visit.rows(request_date_after="", request_date_before="")) == 25


def test_prefixes_are_anded_and_the_same_prefix_is_ored(visit: Visit) -> None:
    sent, answers = visit.slugs(query="variety:sent"), visit.slugs(query="variety:response")
    assert visit.slugs(query="variety:sent variety:response") == sent | answers
    rejected = visit.slugs(query="latest_status:rejected")
    assert rejected
    assert visit.slugs(query="variety:sent latest_status:rejected") == sent & rejected
    assert visit.slugs(query="variety:sent -latest_status:rejected") == sent - rejected
    assert visit.slugs(query="(variety:sent NOT latest_status:rejected)") == sent - rejected


def test_prefixes_find_what_they_name(visit: Visit) -> None:
    world = visit.world
    member = next(r for r in world.requests.values() if r.batch_id)
    council = world.authority_of(member)
    assert visit.slugs(query=f"requested_from:{council.url_name}") >= {member.url_title}
    assert len(visit.slugs(query="requested_by:campaign_for_open_algorithms")) == 40
    assert visit.slugs(query=f"request:{member.url_title}") == {member.url_title}
    assert len(visit.slugs(query="tag:algorithms")) == 40
    assert visit.slugs(query="tag:algorithms") == {link[9:] for n in (1, 2) for link in map(_bare, _tag_rows(visit, n))}
    councils = visit.slugs(query="request_public_body_tag:local_council")
    assert councils == {
        r.url_title for r in world.requests.values() if r.listed and ("local_council", None) in world.authority_of(r).tags
    }
    waiting = {r.url_title for r in world.requests.values() if r.listed and r.awaiting_description}
    assert waiting
    assert visit.slugs(query="waiting_classification:yes") == waiting


def _bare(link: str) -> str:
    return link.partition("#")[0]


def _tag_rows(visit: Visit, number: int) -> list[str]:
    return links(visit.get(f"/list/algorithms?page={number}"))


def test_views_filter_by_the_state_that_was_set(visit: Visit) -> None:
    by_view = links(visit.get("/list/unsuccessful"))
    wanted = {r.url_title for r in visit.world.requests.values() if r.listed and r.described_state in ("rejected", "not_held")}
    assert {_bare(link).removeprefix("/request/") for link in by_view} == wanted


def test_not_outside_parentheses_swallows_the_window(visit: Visit) -> None:
    window = {"request_date_after": "2026-06-01", "request_date_before": "2026-06-15"}
    inside = visit.slugs(query="variety:sent -latest_status:rejected", **window)
    swallowed = visit.slugs(query="variety:sent NOT latest_status:rejected", **window)
    assert inside < swallowed
    assert visit.get("/list?" + urlencode({"query": "NOT variety:sent", **window})).status == 500


def test_page_numbers(visit: Visit) -> None:
    first = links(visit.get("/list"))
    for page in ("0", "-1", "abc", ""):
        assert links(visit.get(f"/list?page={page}")) == first
    assert visit.get("/list?page=21").status == 404
    beyond = visit.get("/list?page=20")
    assert (beyond.status, links(beyond)) == (200, [])


def test_the_ceiling_is_500_rows(big: Visit) -> None:
    assert len(big.slugs()) == 500
    assert len(big.rows(page=20)) == 25
    assert big.get("/list?page=21").status == 404
    pages = {int(n) for n in re.findall(r"[?&]page=(\d+)", big.get("/list?page=2").text)}
    assert max(pages) == 20


def test_counts_of_long_lists_are_guesses(big: Visit, visit: Visit) -> None:
    def said(page: Fetched) -> str:
        found = re.search(r'<h2 class="foi_results">([^<]*)', page.text)
        assert found
        return found[1]

    guesses = {said(big.get(f"/list?page={number}")) for number in range(1, 6)}
    assert len(guesses) > 1
    assert all(re.fullmatch(r"About \d+00 requests", guess) for guess in guesses)
    assert said(visit.get("/list?query=tag:algorithms")) == "40 requests"


def test_list_all_loses_its_query(visit: Visit) -> None:
    assert visit.goal("/list/all?query=tag:algorithms") == (301, "/list")
    assert visit.goal("/list/recent") == (301, "/list")


def test_authority_pages_sort_by_described_time(visit: Visit) -> None:
    world = visit.world
    authority = world.new_authority("Gorsewick Parish Council")
    user = next(iter(world.users.values()))
    early = world.new_request(authority, user, "Benches", "Dear council,", at=world.now - timedelta(days=30))
    world.new_response(early, "Here they are.", at=world.now - timedelta(days=20))
    late = world.new_request(authority, user, "Bins", "Dear council,", at=world.now - timedelta(days=10))
    page = "/body/gorsewick_parish_council"
    assert [_bare(link) for link in links(visit.get(page))] == ["/request/bins", "/request/benches"]
    world.set_state(early, "successful")
    assert [_bare(link) for link in links(visit.get(page))] == ["/request/benches", "/request/bins"]
    assert [_bare(link) for link in links(visit.get(page + "/successful"))] == ["/request/benches"]
    world.set_state(late, "user_withdrawn")
    assert [_bare(link) for link in links(visit.get(page))] == ["/request/benches", "/request/bins"]


def test_the_pager_of_an_authority_runs_past_the_last_page(big: Visit) -> None:
    world = World.build(seed=4, requests=5)
    authority = world.new_authority("Very Busy Office")
    user = next(iter(world.users.values()))
    for number in range(520):
        world.new_request(authority, user, f"Letter {number}", "Dear office,", at=world.now - timedelta(minutes=number))
    with Replica(world) as base:
        page = fetch(f"{base}/body/very_busy_office?page=19")
        assert len(links(page)) == 25
        assert max(int(n) for n in re.findall(r"[?&]page=(\d+)", page.text)) > 20
        assert fetch(f"{base}/body/very_busy_office?page=21").status == 404
        assert "520 requests" in page.text


def test_a_batch_is_listed_without_order(visit: Visit) -> None:
    world = visit.world
    first, second = links(visit.get("/info_request_batch/1")), links(visit.get("/info_request_batch/1?page=2"))
    assert (len(first), len(second), len({*first, *second})) == (25, 15, 40)
    assert first != sorted(first)
    assert "40 authorities" in visit.get("/info_request_batch/1").text
    assert visit.get("/info_request_batch/2").status == 404
    world.batch_unstable = True
    shifted = [*links(visit.get("/info_request_batch/1")), *links(visit.get("/info_request_batch/1?page=2"))]
    assert len(set(shifted)) < len(shifted)
