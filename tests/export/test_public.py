"""The public edition of an archive in which people's data were planted: a search through its bytes finds none of it."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from scraper.cli import main
from scraper.export.codebook import all_tables
from scraper.export.public import _CHANGED, _KEPT, _WHOLE, LEFT_OUT, Public
from scraper.export.tables import Kind
from tests.explore.making import add, attachment, filled, message, request

EMAILS = (
    "zeb.quill@example.org",
    "Zeb.Quill+foi@Mail.Example.co.uk",
    "zeb.quill (at) example.org",
    "zeb.quill [at] example [dot] org",
    "zeb.quill AT example DOT org",
    "zeb.quill @ example.org",
    "zeb.quill\uff20example.org",
    "zeb.quill%40example.org",
    "zeb.quill&#64;example.org",
    "zeb\u00ad.quill@exam\u200bple.org",
    "mailto:zeb_quill@example.org",
)
PHONES = (
    "020 7946 0018",
    "+44 (0)20 7946 0019",
    "0207.946.0020",
    "0113-496-0021",
    "(0113) 496 0022",
    "01632960023",
    "+441632960024",
    "07700 900 025",
    "0044 7700 900026",
    "\uff10\uff17\uff17\uff10\uff10 \uff19\uff10\uff10\uff10\uff12\uff17",
    "07700\u00a0900\u2013028",
)
NAMES = (
    "Zebedee Quillfeather",
    "ZEBEDEE QUILLFEATHER",
    "Quillfeather, Zebedee",
    "Zebedee\nQuillfeather",
    "Z\u00e9bed\u00e9e Quillfeather",
    "zebedee_quillfeather",
    "ZebedeeQuillfeather",
    "Mr Zebedee Quillfeather's",
    "O'Hanrahanrahan-Brightly, Persephone",
    "Persephone O\u2019Hanrahanrahan Brightly",
)
OTHERS = ("QQ 12 34 56 C", "qq123456c", "LU1 2BQ", "lu12bq")
PLANTED = (*EMAILS, *PHONES, *NAMES, *OTHERS)
TELLING = (
    "quillfeather",
    "zebedee",
    "hanrahanrahan",
    "persephone",
    "zeb.quill",
    "zeb_quill",
    "7946",
    "496 00",
    "632960",
    "900 02",
)
"""Parts that no spelling of theirs is without."""
LONG = "We write about\n\n" + "\n".join(f"- {each} and so on;" for each in PLANTED) + "\n\nas was agreed."

UNTOUCHED = {
    "requests": {"url_title", "withheld_kind", "withheld_reason"},
    "messages": {"user_url_name", "html"},
    "attachments": {"url"},
    "files": {"text_error"},
    "users": {"url_name", "about_me"},
    "runs": {"contact", "permission", "settings"},
}
"""Columns that are in the research edition alone."""


def planted(path: Path) -> Path:
    """An archive in which every column that strangers fill has all that was planted, in this edition or not."""
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        add(db, "users", id=70, url_name="zebedee_quillfeather", name="Zebedee Quillfeather", about_me=LONG, **_SEEN)
        request(
            db,
            20,
            title=f"Complaint of {NAMES[0]}, {EMAILS[0]}",
            url_title="complaint_of_zebedee_quillfeather",
            user_id=70,
            user_name="Zebedee Quillfeather",
            url="http://127.0.0.1:9/request/complaint_of_zebedee_quillfeather",
        )
        request(db, 21, user_id=None, user_name="Persephone O'Hanrahanrahan-Brightly")
        message(
            db,
            30,
            20,
            "outgoing-30",
            "request",
            1,
            author="Zebedee Quillfeather",
            user_id=70,
            text=LONG,
            html=LONG,
            user_url_name="zebedee_quillfeather",
            at="2024-01-20T10:00:00Z",
        )
        message(
            db,
            31,
            20,
            "incoming-31",
            "response",
            2,
            author="Barnaby Officious, Anytown Council",
            at="2024-01-21T10:00:00Z",
            text=f"Dear Zebedee,\n\n{LONG}\n\nYours sincerely,\nBarnaby Officious\nInformation officer",
        )
        message(db, 32, 21, "outgoing-32", "request", 1, author=NAMES[8], text="Short.", at="2024-01-22T10:00:00Z")
        attachment(db, 40, 31, f"letter to {NAMES[6]} {EMAILS[1]}.pdf", file_id=1, note=LONG, status_reason=LONG)
        db.execute("update file_texts set text = ?", (LONG,))
        add(db, "links", message_id=31, position=1, url=f"mailto:{EMAILS[0]}", shown_text=LONG)
        db.execute("update batches set title = ?", (LONG,))
        db.execute("update authorities set notes = ?", (LONG,))
        db.execute("update file_members set path = ?, reason = ?", (f"x/{NAMES[6]}.docx", LONG))
        add(db, "request_tags", request_id=20, name="tagged", value=NAMES[0])
        add(db, "follows", target="user:zebedee_quillfeather", added_at="2024-01-01T00:00:00Z", note=LONG)
        db.execute(
            "update runs set contact = ?, permission = ?, settings = json_object('job', 'crawl user:zebedee_quillfeather'), "
            "http_requests = 5",
            (EMAILS[0], LONG),
        )
        db.execute("insert into ceiling_hits select max(id), 'query=\"Zebedee Quillfeather\"', '2024-01-01T00:00:00Z' from runs")
        add(
            db,
            "changes",
            observed_at="2024-01-01T00:00:00Z",
            request_id=20,
            table_name="requests",
            row_key="20",
            column_name="title",
            old_value=LONG,
            new_value=NAMES[0],
        )
        db.commit()
    return path


_SEEN = {
    "first_seen_at": "2024-05-01T03:00:00Z",
    "last_seen_at": "2024-06-01T03:04:05Z",
    "last_changed_at": "2024-05-01T03:00:00Z",
}


def wdtk(path: Path, *words: object) -> Result:
    return CliRunner().invoke(main, ["--archive", str(path), *map(str, words)])


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = planted(tmp_path_factory.mktemp("planted") / "archive.db")
    # The same at every run: a random one makes numbers of accounts that have 7946 in them once in fifty runs.
    path.with_suffix(".key").write_text("5a" * 32)
    path.with_suffix(".key").chmod(0o600)
    done = wdtk(path, "study")
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture(scope="module")
def folder(archive: Path) -> Path:
    goal = archive.parent / "out"
    done = wdtk(
        archive, "export", "csv", goal, "--edition", "public", "--min-age", "0", "--where", "title <> 'Zebedee Quillfeather'"
    )
    assert done.exit_code == 0, done.output
    return goal


_DIGEST = re.compile(rb"[0-9a-f]{64}")
"""Any four digits are in one sooner or later."""


def found(folder: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = _DIGEST.sub(b"", path.read_bytes().lower())
        for each in wanted:
            if each.encode().lower() in data:
                yield path.name, each


def test_what_was_planted_is_in_the_research_edition(archive: Path, tmp_path: Path) -> None:
    done = wdtk(archive, "export", "csv", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert {each for name, each in found(tmp_path / "out", PLANTED) if name == "messages.csv"} == set(PLANTED)


def test_nothing_of_what_was_planted_is_in_the_public_edition(folder: Path) -> None:
    assert list(found(folder, PLANTED)) == []
    assert list(found(folder, TELLING)) == []


def test_the_rest_of_a_text_stays(folder: Path) -> None:
    with (folder / "messages.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["anchor"]: row["text"] for row in csv.DictReader(file)}
    assert texts["outgoing-30"].startswith("We write about\n\n- [email] and so on;")
    assert texts["outgoing-30"].endswith("\n\nas was agreed.")
    assert texts["incoming-31"].endswith("\nInformation officer")


def test_a_person_has_one_pseudonym_everywhere(folder: Path) -> None:
    def rows(table: str) -> list[dict[str, str]]:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    request_of = next(row for row in rows("requests") if row["id"] == "20")
    first, answer = (
        next(row for row in rows("messages") if row["anchor"] == anchor) for anchor in ("outgoing-30", "incoming-31")
    )
    name = request_of["user_name"]
    assert name.startswith("requester-")
    assert (first["author"], first["user_id"]) == (name, request_of["user_id"])
    assert answer["text"].startswith(f"Dear {name},")
    assert answer["author"].startswith("official-")
    assert {(row["id"], row["name"]) for row in rows("users")} >= {(request_of["user_id"], name)}
    assert int(request_of["user_id"]) == int(name.partition("-")[2], 16)


def test_another_key_gives_other_names(archive: Path, tmp_path: Path) -> None:
    names = []
    for number in range(2):
        done = wdtk(archive, "export", "csv", tmp_path / str(number), "--edition", "public", "--key", tmp_path / f"key-{number}")
        assert done.exit_code == 0, done.output
        names.append((tmp_path / str(number) / "users.csv").read_text())
    assert names[0] != names[1]
    assert (tmp_path / "key-0").stat().st_mode & 0o077 == 0


def test_the_same_key_gives_the_same_bytes(archive: Path, folder: Path, tmp_path: Path) -> None:
    wdtk(
        archive,
        "export",
        "csv",
        tmp_path / "out",
        "--edition",
        "public",
        "--min-age",
        "0",
        "--where",
        "title <> 'Zebedee Quillfeather'",
    )
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (folder / "SHA256SUMS").read_bytes()


def test_the_key_is_refused_within_the_export(archive: Path, tmp_path: Path) -> None:
    done = wdtk(archive, "export", "csv", tmp_path / "out", "--edition", "public", "--key", tmp_path / "out" / "key")
    assert done.exit_code == 1
    assert "keep it elsewhere" in done.output
    assert not (tmp_path / "out").exists()


def test_what_is_young_is_left_out_and_counted(archive: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(archive)) as db:
        newest = db.execute("select max(coalesce(finished_at, started_at)) from runs where http_requests > 0").fetchone()[0]
        young = db.execute(
            "select count(*) from requests r where withheld_at is null and (select max(recorded_at) from messages m "
            "where m.request_id = r.id) >= strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-135 days')",
            (newest,),
        ).fetchone()[0]
    assert young
    done = wdtk(archive, "export", "csv", tmp_path / "out", "--edition", "public", "--min-age", "135")
    assert done.exit_code == 0, done.output
    assert (
        f"requests with anything younger than 135 days at the newest visit: {young:,}"
        in (tmp_path / "out" / "methods.md").read_text()
    )
    nothing = wdtk(archive, "export", "csv", tmp_path / "other", "--edition", "public", "--min-age", "5000")
    assert nothing.exit_code == 1
    assert "younger than 5000 days (--min-age)" in nothing.output


def test_spreadsheets_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    path = filled(tmp_path / "archive.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("update attachments set filename = 'staff.CSV' where file_id = 5")
        db.execute("insert into file_texts values (5, 'name;salary')")
        db.commit()
    assert wdtk(path, "study").exit_code == 0
    with closing(sqlite3.connect(path)) as db:
        at = {"request_id": 1, "message_id": db.execute("select min(id) from messages").fetchone()[0], "anchor": "incoming-1"}
        where = {"source": "file_text", "file_id": 5, "offset": 0, "length": 11, "cited": "name;salary", "quote": "name;salary"}
        add(db, "exemptions", **at, **where, provision="FOIA s.40(2)", law="FOIA 2000", engaged=1)
        add(db, "mentions", **at, **where, lexicon="x", term="x", kind="system")
        add(db, "outcome_statements", **at, **where, outcome="held")
        db.execute("update outcomes set quote = 'name;salary', message_id = ? where request_id = 1", (at["message_id"],))
        db.commit()
    for words, there in (((), False), (("--spreadsheets",), True)):
        goal = tmp_path / f"out{there}"
        assert wdtk(path, "export", "csv", goal, "--edition", "public", "--min-age", "0", *words).exit_code == 0
        for table in ("file_texts", "exemptions", "mentions", "outcome_statements", "outcomes"):
            assert ("name;salary" in (goal / f"{table}.csv").read_text()) is there, table
        assert ("texts of spreadsheets: 1" in (goal / "methods.md").read_text()) is not there


@pytest.mark.parametrize(
    "query",
    [
        "select url_title from main.requests",
        "select r.about_me from main.users r",
        "select count(*) as n from main.captures",
        "select about_me from (select * from main.users)",
        "with u as (select * from main.users where about_me is not null) select about_me from u",
        "with users as (select url as name from captures) select name from users",
        "select text from main.messages_fts",
        "select about_me from main.users union select 'x'",
        "select (select max(about_me) from main.users) as x",
        "select html from messages",
    ],
)
def test_a_query_does_not_reach_around_the_edition(archive: Path, tmp_path: Path, query: str) -> None:
    (tmp_path / "query.sql").write_text(query)
    done = wdtk(
        archive, "export", "csv", tmp_path / "out", "--edition", "public", "--min-age", "0", "--sql", tmp_path / "query.sql"
    )
    assert done.exit_code == 1
    assert "wdtk: --sql: " in done.output
    assert not (tmp_path / "out").exists()


def test_a_query_reads_the_edition(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select r.title, u.name from requests r join users u on u.id = r.user_id where r.id = 20")
    done = wdtk(
        archive, "export", "csv", tmp_path / "out", "--edition", "public", "--min-age", "0", "--sql", tmp_path / "query.sql"
    )
    assert done.exit_code == 0, done.output
    assert list(found(tmp_path / "out", TELLING)) == []
    assert "requester-" in (tmp_path / "out" / "query.csv").read_text()


FORMS: tuple[tuple[str, ...], ...] = (("csv",), ("parquet",), ("sqlite",), ("datapackage",), ("datapackage", "--data", "parquet"))


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_every_form_counts_the_same_masks_and_leaks_nothing(
    archive: Path, folder: Path, tmp_path: Path, form: tuple[str, ...]
) -> None:
    done = wdtk(archive, "export", form[0], tmp_path / "out", "--edition", "public", "--min-age", "0", *form[1:])
    assert done.exit_code == 0, done.output
    assert list(found(tmp_path / "out", TELLING)) == []
    for path in (tmp_path / "out").rglob("*.parquet"):
        read = repr(pq.ParquetFile(path).read().to_pylist()).lower()
        assert not [each for each in TELLING if each in read], path
    counted = _counted(tmp_path / "out")
    assert counted["authors of messages"] == _one(
        archive, "select count(*) from messages where author like '%e%' and author <> 'Anytown Council'"
    )
    if form != ("sqlite",):  # which has no copies of what views show
        assert counted == _counted(folder)


def _counted(folder: Path) -> dict[str, int]:
    text = (folder / "methods.md").read_text().partition("Masked or replaced")[2]
    return {what: int(count.replace(",", "")) for what, count in re.findall(r"^- (.+): ([\d,]+)$", text, re.M)}


def _one(archive: Path, query: str) -> int:
    with closing(sqlite3.connect(archive)) as db:
        count: int = db.execute(query).fetchone()[0]
    return count


def test_a_file_within_a_file_is_of_the_thread_that_holds_it(tmp_path: Path) -> None:
    """What a forwarded mail says of "Ms Quillfeather" is masked, though the mail is an attachment's own attachment."""
    path = planted(tmp_path / "archive.db")
    with closing(sqlite3.connect(path)) as db:
        add(db, "files", id=900, sha256="9" * 64, size=1, text_status="extracted")
        add(db, "file_texts", file_id=900, text="We spoke to Ms Quillfeather at length.")
        parent = db.execute("select file_id from attachments where message_id = 31").fetchone()[0]
        db.execute("delete from attachments where file_id = ? and message_id <> 31", (parent,))
        add(db, "file_members", parent_id=parent, position=90, path="for Quillfeather.eml", file_id=900)
        db.commit()
    assert wdtk(path, "export", "csv", tmp_path / "out", "--edition", "public", "--min-age", "0").exit_code == 0
    assert "We spoke to Ms requester-" in (tmp_path / "out" / "file_texts.csv").read_text()
    assert "for requester-" in (tmp_path / "out" / "file_members.csv").read_text()


def test_the_words_of_the_command_name_nobody(archive: Path, tmp_path: Path) -> None:
    common = ("--edition", "public", "--min-age", "0", "--where", "requester like 'Zebedee%' and created_at > '2020-01-01'")
    (tmp_path / "query.sql").write_text("select id from requests where user_name <> 'Zebedee' -- Zebedee Quillfeather")
    for goal, words in (("one", ()), ("two", ("--sql", tmp_path / "query.sql"))):
        done = wdtk(archive, "export", "csv", tmp_path / goal, *common, *words)
        assert done.exit_code == 0, done.output
        assert list(found(tmp_path / goal, TELLING)) == []
        assert "requester like '[..]' and created_at > '2020-01-01'" in (tmp_path / goal / "methods.md").read_text()


def test_every_column_was_decided_upon() -> None:
    for table in all_tables():
        if table.is_view or table.name in _WHOLE or table.name in LEFT_OUT:
            continue
        kept, changed, out = (
            set(_KEPT.get(table.name, "").split()),
            set(_CHANGED.get(table.name, {})),
            UNTOUCHED.get(table.name, set()),
        )
        assert kept | changed | out == {column.name for column in table.columns}, table.name
        assert not kept & changed, table.name


def test_tables_that_are_there_whole_hold_no_texts_of_strangers() -> None:
    ours = {
        "law",
        "nation",
        "first_response_nature",
        "response_anchor",
        "response_nature",
        "standing",
        "kind",
        "source",
        "reason",
    }
    ours |= {"name", "method", "software", "sha256", "yaml", "site_date", "computed_date", "seen_until", "files_until"}
    texts = {
        column.name for table in all_tables() if table.name in _WHOLE for column in table.columns if column.kind is Kind.TEXT
    }
    assert texts <= ours


def test_the_edition_says_what_it_is() -> None:
    assert (Public.name, Public.hides) == ("public", True)
