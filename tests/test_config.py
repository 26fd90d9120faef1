from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from scraper import __version__
from scraper.config import BadConfig, Clock, Config, NotPermitted, check_may_touch, is_loopback, utc_text
from scraper.urls import Site

PUBLIC = Site.of("https://foi.example.org")
LOCAL = Site.of("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("foi.example.org", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_the_name_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("contact", [None, "", "nobody", "http://", "someone@host"])
def test_a_public_site_needs_a_contact(contact: str | None) -> None:
    with pytest.raises(NotPermitted, match="--contact or WDTK_CONTACT") as refused:
        check_may_touch(Config(PUBLIC, contact=contact, permission="Site team, mail of 2026-10-01"))
    assert "--permission" not in str(refused.value)
    assert "foi.example.org" in str(refused.value)


def test_a_public_site_needs_a_permission_note() -> None:
    with pytest.raises(NotPermitted, match="--permission or WDTK_PERMISSION") as refused:
        check_may_touch(Config(PUBLIC, contact="archive@example.org", permission="  "))
    assert "--contact" not in str(refused.value)


@pytest.mark.parametrize("contact", ["archive@example.org", "https://example.org/archive"])
def test_with_both_it_may_be_touched(contact: str) -> None:
    check_may_touch(Config(PUBLIC, contact=contact, permission="Site team, mail of 2026-10-01"))


def test_loopback_needs_neither() -> None:
    check_may_touch(Config(LOCAL))


@pytest.mark.parametrize(
    ("site", "asked", "floor"),
    [(PUBLIC, None, 5.0), (PUBLIC, 0.0, 5.0), (PUBLIC, 1.0, 5.0), (PUBLIC, 20.0, 20.0), (LOCAL, None, 0.0), (LOCAL, 2.0, 2.0)],
)
def test_the_delay_of_a_public_host_can_only_be_raised(site: Site, asked: float | None, floor: float) -> None:
    assert Config(site, delay_s=asked).floor_s == floor


def test_who_we_say_we_are() -> None:
    config = Config(PUBLIC, contact="https://example.org/archive, archive@example.org")
    assert config.user_agent == f"wdtk-archive/{__version__} (+https://example.org/archive, archive@example.org)"
    assert config.mail == "archive@example.org"
    assert Config(LOCAL).user_agent == f"wdtk-archive/{__version__}"
    assert Config(PUBLIC, contact="https://example.org").mail is None


@pytest.mark.parametrize(
    "values",
    [
        {"delay_s": -1.0},
        {"delay_s": float("nan")},
        {"delay_s": float("inf")},
        {"timeout_s": 0.0},
        {"budget": -1},
        {"max_file_size": 0},
        {"language": "en\r\nX: 1"},
        {"contact": "a@example.org\r\nCookie: x"},
        {"contact": "Zoë <a@example.org>"},
        {"contact": "a@example.org) (evil"},
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadConfig):
        Config(PUBLIC, **values)  # type: ignore[arg-type]


def test_the_environment_says_the_same() -> None:
    config = Config.from_environment(
        {
            "WDTK_SITE": "https://foi.example.org/request/x",
            "WDTK_CONTACT": "archive@example.org",
            "WDTK_PERMISSION": "Site team",
            "WDTK_DELAY": "7.5",
            "WDTK_BUDGET": "0",
            "WDTK_MAX_FILE_SIZE": "1000",
            "WDTK_TIMEOUT": "20",
            "WDTK_LANGUAGE": "cy",
            "WDTK_ARCHIVE": "/tmp/a.db",
            "WDTK_NOW": "2026-11-22T03:00:00Z",
        }
    )
    assert config == Config(
        PUBLIC, "archive@example.org", "Site team", 7.5, 0, 1000, 20.0, language="cy", archive=Path("/tmp/a.db"), files=None
    )
    assert config.clock.start == datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [("WDTK_SITE", ""), ("WDTK_SITE", "whatever"), ("WDTK_DELAY", "soon"), ("WDTK_BUDGET", "1.5"), ("WDTK_NOW", "tomorrow")],
)
def test_an_environment_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(BadConfig, match=name):
        Config.from_environment({"WDTK_SITE": "https://foi.example.org", name: value})


@pytest.mark.parametrize(
    "text", ["2026-11-22T03:00:00Z", "2026-11-22T03:00:00", "2026-11-22T04:00:00+01:00", " 2026-11-22T03:00:00+00:00 "]
)
def test_the_clock_starts_where_it_is_told_and_runs_on(text: str) -> None:
    clock = Clock.from_environment({"WDTK_NOW": text})
    first = clock.now()
    assert datetime(2026, 11, 22, 3, tzinfo=UTC) <= first <= datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
    assert clock.now() >= first
    assert first.utcoffset() == timedelta(0)


def test_without_it_the_clock_is_the_real_one() -> None:
    before = datetime.now(UTC)
    assert before <= Clock.from_environment({}).now() <= datetime.now(UTC)


def test_utc_text() -> None:
    summer = timezone(timedelta(hours=1))
    assert utc_text(datetime(2026, 7, 1, 0, 30, 15, 999, tzinfo=summer)) == "2026-06-30T23:30:15Z"
    with pytest.raises(ValueError, match="without a zone"):
        utc_text(datetime(2026, 7, 1))  # noqa: DTZ001
