"""Every kind of target against the bundled site: exactly what belongs to it is archived, and a typo is told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scraper.config import Config
from scraper.crawl.targets import BadTarget, parse
from scraper.urls import Site
from tests.crawl.command import ROOT, Done, rows, run_of, served, small_world, wdtk
from tests.replica import NOW, World
from tests.replica.model import INDEXED_EVENTS, Event, Request
from tests.replica.server import Replica

SITE = Site("https://www.whatdotheyknow.com")


@pytest.fixture(scope="module")
def world() -> World:
    """One batch, many authorities and people, hidden and backpage requests; and one whose pages robots.txt forbids."""
    made = World.build(1, 50)
    torrow = next(authority for authority in made.authorities.values() if authority.url_name.startswith("tor"))
    asker = made.new_user("Uma Torr")
    for number in range(2):
        made.new_request(torrow, asker, f"Gritting {number}", "Please.", at=NOW - timedelta(days=3))
    made.new_request(torrow, asker, "Torches", "Please.", at=NOW - timedelta(days=2))
    return made


@pytest.fixture(scope="module")
def site(world: World) -> Replica:
    replica = Replica(world)
    replica.start()
    return replica


def crawled(folder: Path, site: Replica, *words: str) -> tuple[Done, set[str]]:
    """Crawls targets into an archive of their own; what it said, and the slugs it archived with their correspondence."""
    done = wdtk(folder, "crawl", *words, "--no-attachments", "--site", site.base)
    found = rows(folder / "archive.db", "select url_title from requests where display_state is not null")
    return done, {slug for (slug,) in found}


Belongs = Callable[[World, Request], bool]


def visible(world: World, request: Request, first: date = date.min, last: date = date.max) -> bool:
    """Whether a search of some days shows it: a public event that searches know, in UTC."""

    def shown(event: Event) -> bool:
        message = world.message_of(event)
        hidden = message is None or not getattr(message, "visible", True) or getattr(message, "prominence", "normal") != "normal"
        return event.event_type in INDEXED_EVENTS and not hidden and first <= event.created_at.astimezone(UTC).date() <= last

    return request.listed and any(shown(event) for event in request.events)


def batch(world: World, request: Request) -> bool:
    return request.batch_id == 1 and request.listed


def to(name: str) -> Belongs:
    return lambda world, request: request.listed and world.authority_of(request).url_name == name


def by(name: str) -> Belongs:
    return lambda world, request: request.listed and (user := world.requester(request)) is not None and user.url_name == name


def allowed(request: Request) -> bool:
    """Whether robots.txt lets it be read."""
    return not request.url_title.startswith("tor")


SPRING = (date(2026, 3, 1), date(2026, 5, 31))
TARGETS: list[tuple[list[str], Belongs]] = [
    (["batch:1"], batch),
    (["/info_request_batch/1"], batch),
    (["authority:torrowdale_district_council"], to("torrowdale_district_council")),
    (["/body/torrowdale_district_council"], to("torrowdale_district_council")),
    (["user:campaign_for_open_algorithms"], by("campaign_for_open_algorithms")),
    (["/user/uma_torr/requests"], by("uma_torr")),
    (["tag:algorithms"], lambda world, request: request.listed and ("algorithms", None) in request.tags),
    (["/list/algorithms"], lambda world, request: request.listed and ("algorithms", None) in request.tags),
    (["search:latest_status:rejected"], lambda world, request: visible(world, request) and request.described_state == "rejected"),
    (
        ["/list/unsuccessful"],
        lambda world, request: visible(world, request) and request.described_state in ("rejected", "not_held"),
    ),
    (
        ["search:variety:sent", "--since", "2026-03-01", "--until", "2026-05-31"],
        lambda world, request: request.listed and SPRING[0] <= request.created_at.date() <= SPRING[1],
    ),
    (
        ["everything", "--since", "2026-06-01"],
        lambda world, request: request.listed and request.created_at >= datetime(2026, 6, 1, tzinfo=UTC),
    ),
    (
        ["batch:1", "authority:torrowdale_district_council", "user:uma_torr"],
        lambda world, request: any(rule(world, request) for rule in (batch, to("torrowdale_district_council"), by("uma_torr"))),
    ),
    (["everything"], lambda world, request: request.readable),
]


@pytest.mark.parametrize(("words", "belongs"), TARGETS, ids=[" ".join(words) for words, _ in TARGETS])
def test_a_target_is_what_belongs_to_it_and_nothing_else(
    words: list[str], belongs: Belongs, world: World, site: Replica, tmp_path: Path
) -> None:
    done, found = crawled(tmp_path, site, *words)
    expected = {request.url_title for request in world.requests.values() if belongs(world, request)}
    assert len(expected) >= 2
    assert found == {slug for slug in expected if not slug.startswith("tor")}
    assert (done.code, done.err) == (0, "")
    forbidden = len([slug for slug in expected if slug.startswith("tor")])
    assert rows(tmp_path / "archive.db", "select count(*) from captures where reason = 'robots.txt forbids it'") == [(forbidden,)]


def test_a_request_is_known_by_slug_number_and_address_and_brings_no_other_of_its_batch(
    world: World, site: Replica, tmp_path: Path
) -> None:
    member = next(request for request in world.requests.values() if batch(world, request))
    names = [
        f"request:{member.url_title}",
        f"request:{member.id}",
        f"{site.base}/request/{member.url_title}?unfold=1#incoming-1",
        f"/request/{member.id}",
    ]
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        folder.mkdir()
        done, found = crawled(folder, site, name)
        assert (done.code, done.err, found) == (0, "", {member.url_title})
        # The batch itself is told of, and the first page is all that is asked of it.
        assert rows(folder / "archive.db", "select id, title is not null from batches") == [(1, 1)]


def test_the_register_alone(world: World, site: Replica, tmp_path: Path) -> None:
    done, found = crawled(tmp_path, site, "authorities")
    assert (done.code, done.err, found) == (0, "", set())
    assert rows(tmp_path / "archive.db", "select count(*) from authorities") == [(len(world.authorities),)]


# ---- what leads nowhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["request:no_such_request"], r"/request/no_such_request\.json: there is no such page; check the spelling"),
        (["request:99999"], r"/request/99999: there is no such page; check the spelling"),
        (["batch:77"], r"/info_request_batch/77: there is no such page; check the spelling"),
        (["authority:no_such_council"], "the site lists nothing here; check the spelling, and the dates"),
        (["user:nobody"], "the site lists nothing here; check the spelling, and the dates"),
        (["tag:none"], "the site lists nothing here; check the spelling, and the dates"),
        (["everything", "--since", "2001-01-01", "--until", "2001-01-31"], "the site lists nothing here"),
        (["request:torches"], r"/request/torches\.json: nothing of it can be read: robots\.txt forbids it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_target_that_leads_nowhere_is_a_problem_by_itself_and_beside_others(
    words: list[str], said: str, site: Replica, tmp_path: Path
) -> None:
    alone, found = crawled(tmp_path, site, *words)
    assert (alone.code, found) == (4, set())
    assert re.search(f"problem: .*{said}", alone.err), alone.err
    assert run_of(tmp_path / "archive.db")["outcome"] == "failures"
    if "--since" not in words:
        beside, found = crawled(tmp_path, site, *words, "request:gritting_0")
        assert (beside.code, found) == (4, {"gritting_0"})
        assert re.search(f"problem: .*{said}", beside.err), beside.err


def test_a_request_that_the_site_withholds_is_a_problem_too(world: World, site: Replica, tmp_path: Path) -> None:
    hidden = next(request for request in world.requests.values() if request.prominence == "hidden")
    done, found = crawled(tmp_path, site, f"request:{hidden.url_title}")
    assert (done.code, found) == (4, set())
    assert f"/request/{hidden.url_title}.json: nothing of it can be read: 403 by the site itself" in done.err


def test_a_register_that_is_not_written_yet_is_a_problem(tmp_path: Path) -> None:
    world = small_world()
    world.register_written = False
    with served(world) as replica:
        done = wdtk(tmp_path, "crawl", "authorities", "--site", replica.base)
    assert done.code == 4
    assert "all-authorities.csv names no authority" in done.err


# ---- as typed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("request:some_slug", "request:some_slug"),
        (" request: 123 ", "request:123"),
        ("everything", "everything"),
        ("search: council tax ", "search:council tax"),
        ("https://www.whatdotheyknow.com/request/some_slug#incoming-1", "request:some_slug"),
        ("http://www.whatdotheyknow.com./cy/request/some_slug?unfold=1&utm_source=x", "request:some_slug"),
        ("www.whatdotheyknow.com/request/some_slug.json", "request:some_slug"),
        ("/request/some_slug/response/12/attach/3/A%20b.pdf?cookie_passthrough=1", "request:some_slug"),
        ("/request/12/response/12/attach/html/3/b.pdf.html", "request:12"),
        ("/request/12", "request:12"),
        ("/body/some_council?page=3", "authority:some_council"),
        ("/body/some_council.json", "authority:some_council"),
        ("/body/some_council/unsuccessful", "search:requested_from:some_council latest_status:rejected latest_status:not_held"),
        ("/user/some_one/wall", "user:some_one"),
        ("/info_request_batch/7?page=2", "batch:7"),
        ("/body/all-authorities.csv", "authorities"),
        ("/list", "everything"),
        ("/list/all?page=4", "everything"),
        ("/list/unsuccessful", "search:latest_status:rejected latest_status:not_held"),
        ("/list/algorithms", "search:tag:algorithms"),
        ("/list?query=council+tax&request_date_after=&request_date_before=&commit=Search", "search:council tax"),
    ],
)
def test_a_target_as_typed(text: str, means: str) -> None:
    target = parse(text, SITE)
    assert target.text == means
    assert parse(target.text, SITE) == target


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "some_slug",
            "'some_slug' is no target. A target is an address of the site, or one of: request:SLUG_OR_ID, authority:NAME",
        ),
        ("request:", "'request:' is no target"),
        ("requests:x", "'requests:x' is no target"),
        ("", "'' is no target"),
        ("batch:some_slug", "a batch has a number, as in its address /info_request_batch/1024; not 'some_slug'"),
        (
            "authority:Some Council",
            "authority:Some Council: use the name as the site's addresses have it, such as authority:luton",
        ),
        ("user:a/b", "user:a/b: use the name as the site's addresses have it, such as user:jane_doe"),
        ('tag:a"b', "use the name as the site's addresses have it, such as tag:local_council"),
        ("search:NOT council", "a search cannot begin with NOT"),
        ("search:-council", "a search cannot begin with NOT"),
        ("search:a) OR (b", "a parenthesis or a quotation mark is left open, or closed too often"),
        ('search:"council tax', "a parenthesis or a quotation mark is left open, or closed too often"),
        ("https://www.whatdotheyknow.com/", "is no page of https://www.whatdotheyknow.com that can be archived"),
        ("https://foi.example.org/request/x", "is no page of https://www.whatdotheyknow.com that can be archived"),
        ("https://[broken/request/x", "is no page of https://www.whatdotheyknow.com that can be archived"),
        ("/version.json", "https://www.whatdotheyknow.com/version.json holds no requests"),
        (
            "/list?query=council+tax&request_date_after=01/2/2026&request_date_before=28/02/2026",
            "give them as options: 'search:council tax' --since 2026-02-01 --until 2026-02-28",
        ),
        ("/list?request_date_after=2026-02-01", "give them as options: everything --since 2026-02-01"),
    ],
)
def test_a_typo_is_told_with_what_would_do(text: str, said: str) -> None:
    with pytest.raises(BadTarget) as told:
        parse(text, SITE)
    assert said in str(told.value)


# ---- Scrapy's own command line ------------------------------------------------------------------------------------


def scrapy(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(Path(sys.executable).parent), "WDTK_STATE_DIR": str(folder / "state"), **environ}
    command = [sys.executable, "-m", "scrapy", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_scrapy_lists_the_spiders(tmp_path: Path) -> None:
    assert scrapy(tmp_path, "list").stdout.split() == ["nightly", "targets"]


def test_scrapy_crawls_targets(world: World, site: Replica, tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    environ = {"WDTK_SITE": site.base, "WDTK_ARCHIVE": str(archive), "WDTK_MAX_FILE_SIZE": "10M"}
    done = scrapy(tmp_path, "crawl", "targets", "-a", "targets=batch:1 request:no_such_request", **environ)
    assert done.returncode == 0
    members = {request.url_title for request in world.requests.values() if batch(world, request)}
    assert {slug for (slug,) in rows(archive, "select url_title from requests where display_state is not null")} == members
    assert rows(archive, "select count(*) from attachments where status = 'due'") == [(0,)]
    assert "ERROR " in done.stderr
    assert "/request/no_such_request.json: there is no such page; check the spelling" in done.stderr
    assert "run 1: failures; `wdtk report` says more" in done.stderr
    assert run_of(archive)["outcome"] == "failures"


def test_the_environment_means_the_same_to_both_command_lines() -> None:
    environ = {"WDTK_SITE": "http://127.0.0.1:1", "WDTK_MAX_FILE_SIZE": "2M", "WDTK_TIMEOUT": "7.5"}
    config = Config.from_environment(environ)
    assert (config.max_file_size, config.timeout_s) == (2 * 1024**2, 7.5)
