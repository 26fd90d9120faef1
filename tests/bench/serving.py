"""How quickly pages come: one Datasette on a synthetic archive, asked as readers ask.

Each page is set beside the queries behind it, as the page itself names them, run on the same archive with nothing but
SQLite. Words, requests, authorities and batches are chosen by a seed; every page is asked for once before it counts.
"""

from __future__ import annotations

import html
import re
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

from scraper.explore.serve import serve_command
from scraper.metadata import metadata

from .bench import Bench
from .figure import Figure
from .process import ChildFailed
from .synthetic import Size, cached

READERS, READING_S = 20, 8.0
PAGES_AT_ONCE_GOAL = 50
THREADS, OTHERS, REPEATS = 200, 20, 3
MATCHES = 10_000
PREFIX = "con"
NARROW = ("batch_results", "messages_with_phrase", "files_with_phrase")
"""Canned queries that have no answer until they are told what to look for."""
LISTED = re.compile(r'<details class="sql">(.*?)</details>', re.S)
LINK = re.compile(r'href="([^"]+)"')


def measure(bench: Bench) -> list[Figure]:
    archive = cached(Size())
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as db:
        bench.say(f"choosing what to ask {archive} for")
        asked = _addresses(db, f"/{archive.stem}", Random(1))
        with _served(archive, bench.env) as address:
            figures = []
            for name, (goal_ms, paths) in asked.items():
                bench.say(f"asking: {name}")
                figures.append(_pages(db, address, name, goal_ms, paths))
            return [*figures, _side_by_side(address, asked["thread pages"][1])]


def _addresses(db: sqlite3.Connection, root: str, rng: Random) -> dict[str, tuple[float | None, list[str]]]:
    """Name -> goal in milliseconds (p95), None where there is none, and addresses."""
    db.execute("create virtual table temp.words using fts5vocab('main', 'messages_fts', 'row')")
    near = [row[0] for row in db.execute("select term from words where doc <= ? order by doc desc limit 8", (MATCHES,))]
    common = db.execute("select term from words order by doc desc limit 1").fetchone()[0]
    requests = rng.sample([row[0] for row in db.execute("select id from requests where withheld_at is null")], THREADS)
    authorities = rng.sample([row[0] for row in db.execute("select id from authorities")], OTHERS)
    batches = [row[0] for row in db.execute("select id from batches")]

    def search(**query: str) -> str:
        return f"{root}/-/search?{urlencode(query)}"

    questions = [name for name in metadata()["databases"]["archive"]["queries"] if name not in NARROW]
    tables = [f"{root}/requests", f"{root}/messages", f"{root}/attachments", f"{root}/files"]
    return {
        "thread pages": (30, [f"{root}/-/request/{number}" for number in requests]),
        f"search, a word with {MATCHES:,} messages": (150, [search(q=word) for word in near]),
        "search, the commonest word": (
            400,
            [search(q=common), search(q=common, **{"in": "messages"}), search(q=common, **{"in": "files"})],
        ),
        "authority pages": (150, [f"{root}/-/authority/{number}" for number in authorities]),
        "batch pages": (150, [f"{root}/-/batch/{number}" for number in rng.sample(batches, min(OTHERS, len(batches)))]),
        "search, a beginning of words that most messages have": (None, [search(q=f"{PREFIX}*")]),
        "questions about the whole archive": (None, [f"{root}/{name}" for name in questions]),
        "table pages": (100, [*tables, *(f"{root}/requests?authority_id={number}" for number in authorities[:8])]),
    }


def _pages(db: sqlite3.Connection, address: str, name: str, goal_ms: float | None, paths: Sequence[str]) -> Figure:
    connection = HTTPConnection(address, timeout=60)
    bodies = {path: _get(connection, path) for path in paths}
    took = [_timed(connection, path) for _ in range(REPEATS) for path in paths]
    connection.close()
    bare = [_bare(db, path, body) for path, body in bodies.items()]
    middle, slow = statistics.median(took), _p95(took)
    beside = statistics.median(bare)
    measured = f"{middle:,.1f} ms, p95 {slow:,.1f} ms"
    if goal_ms is None:
        measured += f", slowest {max(took):,.1f} ms"
    return Figure(
        f"serving: {name}",
        measured,
        f"{beside:,.1f} ms bare SQLite",
        middle / beside,
        f"p95 <= {goal_ms:.0f} ms" if goal_ms is not None else "",
        slow <= goal_ms if goal_ms is not None else None,
    )


def _side_by_side(address: str, paths: Sequence[str]) -> Figure:
    """Readers who each ask for one page after another."""
    until = time.perf_counter() + READING_S

    def reader(number: int) -> list[float]:
        connection, rng, took = HTTPConnection(address, timeout=60), Random(number), list[float]()
        while time.perf_counter() < until:
            took.append(_timed(connection, rng.choice(paths)))
        connection.close()
        return took

    began = time.perf_counter()
    with ThreadPoolExecutor(READERS) as readers:
        took = [each for one in readers.map(reader, range(READERS)) for each in one]
    rate = len(took) / (time.perf_counter() - began)
    name = f"serving: thread pages, {READERS} readers side by side"
    measured = f"{rate:,.0f} pages/s, p95 {_p95(took):,.0f} ms"
    return Figure(name, measured, goal=f">= {PAGES_AT_ONCE_GOAL} pages/s", met=rate >= PAGES_AT_ONCE_GOAL)


def _bare(db: sqlite3.Connection, path: str, body: str) -> float:
    """Milliseconds that the page's queries take by themselves, the second time."""
    queries = _queries(body) or _of_table(path)
    for _ in range(2):
        began = time.perf_counter()
        for sql, values in queries:
            db.execute(sql, values).fetchall()
    return (time.perf_counter() - began) * 1000


def _queries(body: str) -> list[tuple[str, dict[str, str | int]]]:
    """The queries that a page of ours names as those behind it; none for Datasette's own pages."""
    found = []
    for listed in LISTED.findall(body):
        for link in LINK.findall(listed):
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(html.unescape(link)).query, keep_blank_values=True).items()
            }
            sql = query.pop("sql")
            # An address has only text; what was a number is bound as one, or limits would not be understood.
            found.append(
                (sql, {name: int(value) if re.fullmatch(r"-?\d{1,18}", value) else value for name, value in query.items()})
            )
    return found


def _of_table(path: str) -> list[tuple[str, dict[str, str | int]]]:
    """What Datasette's page of a table cannot do without: its rows, their number, and the facets that metadata.yml asks for.

    Of a canned query it is the query.
    """
    parts = urlsplit(path)
    table = parts.path.rsplit("/", 1)[1]
    if canned := metadata()["databases"]["archive"]["queries"].get(table):
        return [(canned["sql"], dict.fromkeys(re.findall(r":([a-z_]+)", canned["sql"]), ""))]
    values: dict[str, str | int] = {name: int(given[0]) for name, given in parse_qs(parts.query).items()}
    where = "".join(f" and {name} = :{name}" for name in values)
    facets = metadata()["databases"]["archive"]["tables"][table].get("facets", [])
    return [
        (f"select * from {table} where true{where} limit 51", values),
        (f"select count(*) from {table} where true{where}", values),
        *((f"select {name}, count(*) from {table} where true{where} group by {name}", values) for name in facets),
    ]


@contextmanager
def _served(archive: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Datasette as `wdtk serve` starts it; gives host and port."""
    with subprocess.Popen(
        serve_command(archive, port=0), env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if found := re.search(r"running on http://([\d.]+:\d+)", line):
                    break
            else:
                raise ChildFailed("Datasette did not start")
            # Read on, or the server stands still when the pipe is full.
            with ThreadPoolExecutor(1) as drain:
                drain.submit(server.stderr.read)
                yield found[1]
                server.terminate()
        finally:
            server.terminate()


def _get(connection: HTTPConnection, path: str) -> str:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    if answer.status != 200:
        raise ChildFailed(f"{path} answered {answer.status}")
    return body


def _timed(connection: HTTPConnection, path: str) -> float:
    """Milliseconds until the page was whole."""
    began = time.perf_counter()
    _get(connection, path)
    return (time.perf_counter() - began) * 1000


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
