"""From an address to an answer: the routes of section 1, with the redirects, refusals and headers of the real site."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from . import documents, views
from .files import CONTENT_TYPES
from .layout import LIST_PAGES, error_page, path
from .model import VIEWS, Comment, File, Incoming, Request
from .search import BadQuery, Search
from .thread import file_address, request_page
from .world import World

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
SHORT, LONG = "max-age=3600, public", "max-age=86400, public"
UNCACHED = "max-age=0, private, must-revalidate"
_FILE_SEGMENT = "!$&'()*+,;=:@-._~"


@dataclass
class Answer:
    status: int
    body: bytes = b""
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    cookie: bool = True
    """Whether the answer sets the locale cookie: all do but files and robots.txt."""

    @property
    def zippable(self) -> bool:
        return re.match(r"text/|application/json", self.content_type) is not None and "Content-Disposition" not in self.headers


def _etag(body: bytes) -> str:
    return f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


Handler = Callable[["Site", re.Match[str], "Asked"], Answer]


@dataclass(frozen=True)
class Asked:
    """An address taken apart. `target` is as it came, `path` decoded once and without a trailing slash."""

    target: str
    path: str
    params: Mapping[str, str]
    clock: datetime

    @property
    def page(self) -> int:
        """Zero, negative and no number at all are page 1 (section 10)."""
        number = self.params.get("page", "1")
        return max(1, int(number)) if re.fullmatch(r"-?\d{1,9}", number) else 1

    @property
    def others(self) -> dict[str, str]:
        return {name: value for name, value in self.params.items() if name != "page"}


class Site:
    """The world behind its addresses. `base` is the address it is served from; `clock` gives the time of printing."""

    def __init__(self, world: World, base: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.world, self.base, self.clock = world, base, clock

    def answer(self, target: str) -> Answer:
        parts = urlsplit(target)
        asked = Asked(
            target, unquote(parts.path).rstrip("/") or "/", dict(parse_qsl(parts.query, keep_blank_values=True)), self.clock()
        )
        with self.world.lock:
            if "locale" in asked.params:
                return self._moved(302, parts.path)
            for pattern, handler in ROUTES:
                found = pattern.fullmatch(asked.path)
                if found:
                    return handler(self, found, asked)
            return self._missing(asked)

    # ---- kinds of answer --------------------------------------------------------------------------------------

    def _page(self, text: str, cache: str = UNCACHED, status: int = 200, noindex: bool = False) -> Answer:
        body = text.encode()
        headers = {"Cache-Control": cache}
        if status == 200:
            headers["ETag"] = _etag(body)
        if noindex:
            headers["X-Robots-Tag"] = "noindex"
        return Answer(status, body, HTML, headers)

    def _json(self, value: object, cache: str = UNCACHED) -> Answer:
        body = documents.dump(value)
        return Answer(200, body, JSON, {"Cache-Control": cache, "ETag": _etag(body)})

    def _moved(self, status: int, goal: str) -> Answer:
        """A redirect. Its address is absolute, and carries no query unless `goal` does."""
        return Answer(status, b"", HTML, {"Location": self.base + goal})

    def _missing(self, asked: Asked) -> Answer:
        if asked.path.endswith(".json"):
            known = re.match(r"/(request|body|user)/", asked.path)
            return Answer(404 if known else 406, b"", "application/json", {"Cache-Control": SHORT})
        if re.search(r"\.(ico|xml)$", asked.path):
            return Answer(406, b"", HTML)
        return self._page(error_page(asked.target, asked.clock, "Nothing here"), "no-cache", 404)

    # ---- requests ---------------------------------------------------------------------------------------------

    def request_or_numeric(self, found: re.Match[str], asked: Asked) -> Answer:
        name, extension = found["slug"], found["json"] or ""
        if name.isdigit():
            return self.numeric(int(name), extension, asked)
        request = self.world.by_slug(name)
        if request is None or request.embargoed:
            return self._missing(asked)
        if not request.readable:
            if extension:
                return Answer(403, b"", "application/json", {"Cache-Control": SHORT})
            return self._page(views.refused_request(request, asked.target, asked.clock), SHORT, 403)
        if extension:
            return self._json(documents.request_json(self.world, request), SHORT)
        text = request_page(self.world, request, self.base, asked.target, asked.clock, "unfold" in asked.params)
        return self._page(text, SHORT, noindex=request.prominence == "backpage")

    def numeric(self, number: int, rest: str, asked: Asked) -> Answer:
        request = self.world.requests.get(number)
        if request is None or not request.readable:
            return self._missing(asked)
        return self._moved(301, path("request", request.url_title) + rest)

    def numeric_file(self, found: re.Match[str], asked: Asked) -> Answer:
        return self.numeric(int(found["id"]), quote(found["rest"], safe=_FILE_SEGMENT + "/"), asked)

    def details(self, found: re.Match[str], asked: Asked) -> Answer:
        request = self.world.by_slug(found["slug"])
        if request is None or not request.readable:
            return self._missing(asked)
        return self._page(views.details_page(request, asked.clock), LONG)

    def login_only(self, found: re.Match[str], asked: Asked) -> Answer:
        if self.world.by_slug(found["slug"]) is None:
            return self._missing(asked)
        token = hashlib.sha256(asked.target.encode()).hexdigest()[:16]
        return self._moved(302, f"/profile/sign_in?token={token}")

    def old_action(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._moved(301, path("request", found["slug"], found["action"]))

    def event(self, found: re.Match[str], asked: Asked) -> Answer:
        event = self.world.events.get(int(found["id"]))
        request = self.world.requests.get(event.request_id) if event else None
        if event is None or request is None or request.embargoed:
            return self._missing(asked)
        message = self.world.message_of(event)
        anchor = f"#{message.anchor}" if message and not isinstance(message, Comment) else ""
        return self._moved(301, path("request", request.url_title) + anchor)

    # ---- lists ------------------------------------------------------------------------------------------------

    def _listing(self, asked: Asked, search: Search, write: Callable[[int], str], cache: str) -> Answer:
        if asked.page > LIST_PAGES:
            return self._missing(asked)
        try:
            return self._page(write(asked.page), cache)
        except BadQuery:
            return self._page(error_page(asked.target, asked.clock, "Something went wrong"), "no-cache", 500)

    def list_(self, found: re.Match[str], asked: Asked) -> Answer:
        first, second = found["first"], found["second"]
        if first in ("all", "recent"):
            return self._moved(301, "/list")
        tag, view = (None, first) if first in VIEWS else (first, second)
        if view is not None and view not in VIEWS:
            return self._missing(asked)
        search = Search.of(asked.params, view, tag)
        base = path(*filter(None, ("list", first, second)))
        index = self.world.index()
        return self._listing(
            asked, search, lambda n: views.list_page(self.world, index, search, base, asked.others, n, asked.clock), SHORT
        )

    def authority(self, found: re.Match[str], asked: Asked) -> Answer:
        world, name, view = self.world, found["name"], found["view"]
        number = world.authority_names.get(name)
        if number is None:
            former = world.former_authority_names.get(name)
            if former is None:
                return self._missing(asked)
            return self._moved(302, path("body", world.authorities[former].url_name))
        authority = world.authorities[number]
        if found["json"]:
            return self._json(documents.authority_json(world, authority), LONG)
        search = Search.of(asked.params, view if view in VIEWS else None, None, authority.id)
        base, index = path(*filter(None, ("body", name, view))), world.index()
        return self._listing(
            asked,
            search,
            lambda n: views.authority_page(world, index, authority, search, base, asked.others, n, asked.clock),
            LONG,
        )

    def authorities(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._page(views.authorities_page(self.world, asked.page, asked.clock), LONG)

    def register(self, found: re.Match[str], asked: Asked) -> Answer:
        disposition = {"Cache-Control": "no-cache", "Content-Disposition": 'attachment; filename="all-authorities.csv"'}
        if not self.world.register_written:
            return Answer(204, b"", HTML, {"Cache-Control": "no-cache"})
        return Answer(200, documents.register_csv(self.world), "text/csv; charset=utf-8", disposition)

    def batch(self, found: re.Match[str], asked: Asked) -> Answer:
        batch = self.world.batches.get(int(found["id"]))
        if batch is None:
            return self._missing(asked)
        return self._page(views.batch_page(self.world, self.world.index(), batch, asked.page, asked.clock))

    def user(self, found: re.Match[str], asked: Asked) -> Answer:
        number = self.world.user_names.get(found["name"])
        if number is None:
            return self._missing(asked)
        user = self.world.users[number]
        return (
            self._json(documents.user_json(user), LONG)
            if found["json"]
            else self._page(views.user_page(self.world, user, asked.clock), LONG)
        )

    # ---- files ------------------------------------------------------------------------------------------------

    def file(self, found: re.Match[str], asked: Asked) -> Answer:
        """An attachment's bytes, in the order of refusals of section 7."""
        world = self.world
        request, message = world.by_slug(found["slug"]), world.incoming.get(int(found["message"]))
        if request is None or request.embargoed or message is None or message.request_id != request.id:
            return self._missing(asked)
        if not request.readable:
            return self._page(views.refused_request(request, asked.target, asked.clock), "no-cache", 403)
        if message.prominence != "normal":
            return self._page(views.refused_file(message.prominence_reason, asked.target, asked.clock), "no-cache", 403)
        name = found["name"].removesuffix(".html") if found["view"] else found["name"]
        file = self._find_file(request, message, int(found["part"]), name)
        if file is None:
            return self._moved(303, path("request", request.url_title))
        if not file.public:
            return self._page(views.refused_file(file.prominence_reason, asked.target, asked.clock), "no-cache", 403)
        if file.hits_until_masked:
            file.hits_until_masked -= 1
            return self._moved(
                302,
                asked.target if world.masking == "self" else f"/attachments/{self._sign(file)}/wait?referer={self._sign(file)}",
            )
        if found["view"]:
            return self._page(views.plain_page(name, f"A look at {name}", asked.target, asked.clock))
        return self._bytes(request, file, name)

    def _find_file(self, request: Request, message: Incoming, part: int, name: str) -> File | None:
        """By part and present name; by name alone where it is the only one of the message."""
        named = [file for file in message.files if self.world.file_name(file, request) == name]
        exact = [file for file in named if file.part == part]
        return exact[0] if exact else named[0] if len(named) == 1 else None

    def _bytes(self, request: Request, file: File, name: str) -> Answer:
        extension = name.rpartition(".")[2].lower()
        content = self.world.file_bytes(file, request)
        headers = {"Cache-Control": UNCACHED, "ETag": _etag(content)}
        headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
        if extension == "csv":
            headers["Access-Control-Allow-Origin"] = "*"
        if request.prominence == "backpage":
            headers["X-Robots-Tag"] = "noindex"
        return Answer(200, content, CONTENT_TYPES.get(extension, "application/octet-stream"), headers, cookie=False)

    def no_file_name(self, found: re.Match[str], asked: Asked) -> Answer:
        return Answer(403, b"Directory listing not allowed", "text/plain; charset=utf-8")

    @staticmethod
    def _sign(file: File) -> str:
        return base64.urlsafe_b64encode(f"{file.id}--{file.id * 2654435761 % 2**32:08x}".encode()).decode().rstrip("=")

    def masks(self, found: re.Match[str], asked: Asked) -> Answer:
        """The pages of the masking queue; the wait page leads to the done page once the file is ready."""
        held = next((pair for pair in self.world.files.values() if self._sign(pair[0]) == found["signed"]), None)
        if held is None:
            return self._missing(asked)
        file, message = held
        request = self.world.requests[message.request_id]
        if found["page"] == "wait" and file.hits_until_masked == 0:
            return self._moved(302, f"/attachments/{found['signed']}/done")
        if found["page"] == "wait":
            return self._page(views.wait_page(asked.target, asked.clock), "no-cache", noindex=True)
        goal = file_address(request, message, file, self.world.file_name(file, request))
        return self._page(views.done_page(goal, asked.target, asked.clock), "no-cache", noindex=True)

    # ---- the rest ---------------------------------------------------------------------------------------------

    def robots(self, found: re.Match[str], asked: Asked) -> Answer:
        return Answer(200, documents.ROBOTS.encode(), "text/plain", {"Cache-Control": "public, max-age=31556952"}, cookie=False)

    def version(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._json(documents.version_json(self.world))

    def sign_in(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._page(views.sign_in_page(asked.target, asked.clock), "no-cache")

    def help(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._page(
            views.plain_page("About this site", "A small site for trying out archivers.", asked.target, asked.clock), LONG
        )

    def other_language(self, found: re.Match[str], asked: Asked) -> Answer:
        return self._moved(301, f"{quote(found['rest'])}?locale={found['locale']}")


_SLUG = r"(?P<slug>[^/]+?)"
_FILE = rf"/request/{_SLUG}/response/(?P<message>\d{{1,15}})/attach"
ROUTES: tuple[tuple[re.Pattern[str], Handler], ...] = tuple(
    (re.compile(pattern), handler)
    for pattern, handler in (
        (r"/robots\.txt", Site.robots),
        (r"/version\.json", Site.version),
        (r"/(?P<locale>cy)(?P<rest>/.+)", Site.other_language),
        (r"/request/(?P<id>\d{1,15})(?P<rest>/(?:response|widget|report|followups)/.+)", Site.numeric_file),
        (rf"{_FILE}/(?P<view>html/)?(?P<part>\d{{1,9}})/(?P<name>[^/]+)", Site.file),
        (rf"{_FILE}(?:/html)?/\d+", Site.no_file_name),
        (rf"/request/{_SLUG}/details", Site.details),
        (rf"/request/{_SLUG}/(?:download|followups/new(?:/\d+)?|report/new|annotate|upload|track)", Site.login_only),
        (rf"/(?P<action>details|similar|upload|annotate|track|feed|categorise)/request/{_SLUG}", Site.old_action),
        (rf"/request/{_SLUG}(?P<json>\.json)?", Site.request_or_numeric),
        (r"/request_event/(?P<id>\d{1,15})", Site.event),
        (r"/list(?:/(?P<first>[^/]+)(?:/(?P<second>[^/]+))?)?", Site.list_),
        (r"/body/all-authorities\.csv", Site.register),
        (r"/body(?:/list(?:/[^/]+)?)?", Site.authorities),
        (r"/body/(?P<name>[^/]+?)(?:(?P<json>\.json)|/(?P<view>all|successful|unsuccessful|awaiting))?", Site.authority),
        (r"/user/(?P<name>[^/]+?)(?P<json>\.json)?(?:/(?:profile|requests|wall))?", Site.user),
        (r"/info_request_batch/(?P<id>\d{1,15})", Site.batch),
        (r"/attachments/(?P<signed>[\w=-]+)/(?P<page>wait|done)", Site.masks),
        (r"/profile/sign_in", Site.sign_in),
        (r"/|/help/[\w/]+", Site.help),
    )
)
