"""Serves the output folder, and what is made when asked for: `/status`, `/search`, `/healthz`, `/metrics`.
WSGI; `server` holds the sockets.

Feeds and pages come from the published files alone; the store is opened read-only, by whoever gives the
`LivePages`.

In: WSGI requests. Out: answers of files, or of what live pages say. Start reading at `Application`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from aggregator.mailbox import Full, Mailbox
from aggregator.patterns import lazy
from aggregator.publish import MANIFEST, PACKED, recorded
from aggregator.records import dataclass, replace
from aggregator.render import ago, formats
from aggregator.render.formats import HTML, Format
from aggregator.render.pages import style

_PATH = lazy(r"(?:(?:archive|stories)/)?[a-z0-9][a-z0-9-]{0,90}(\.[a-z0-9]+)?\Z")
SECOND_THOUGHTS = 7 * 86_400  # seconds from when a feed is no more until readers are told to unsubscribe (A2)
_RDF = "application/rdf+xml"  # readers name it too; nobody publishes it here
UNAVAILABLE = "503 Service Unavailable"
RETRY = "120"  # seconds, while there is nothing good to give
_ETAG = lazy(r'(?:W/)?("[^"]*")')
_STYLE_HASH = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
# Pages fetch nothing and run nothing; their links may open, and their one form may search.
HTML_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox allow-forms allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation; form-action 'self'"
)
DATA_POLICY = "default-src 'none'; sandbox"
DESK_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
LARGEST_FORM = 1000  # bytes
MADE = frozenset({"status", "search", "healthz", "metrics"})  # when asked for
SOURCE = lazy(r"source-([a-z0-9-]{1,64})\.html")  # the page of a source
PUSHED = "push/"  # what the path begins with that hubs call
LARGEST_PUSH = 2_000_000  # bytes that a hub may bring at a time; a larger feed is polled
HELD = 64_000_000  # bytes of published files that are kept in memory
PAGES_KEPT = 200  # with the words how long ago their dates were


@dataclass(frozen=True, slots=True)
class Answer:
    """What `LivePages` give: a body made when asked for."""

    body: bytes
    type: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()


class Editor(Protocol):
    """The editor's desk; `changes`: a form was sent, else a page is asked for."""

    def answer(
        self, path: str, changes: bool, given: dict[str, str], environ: dict[str, Any], from_here: bool
    ) -> Answer: ...


class LivePages(Protocol):
    """What is made when asked for; implemented where the store may be opened, which is not here."""

    def status(self, state: str = "") -> Answer: ...
    def search(
        self, query: str, form: str, limit: int, page: int = 1, best_first: bool = False
    ) -> Answer: ...
    def source(self, name: str) -> Answer | None: ...
    def missing(self, words: str) -> Answer: ...
    def health(self) -> Answer: ...
    def metrics(self) -> Answer: ...


@dataclass(frozen=True, slots=True)
class File:
    """A published file in one content coding."""

    body: bytes
    etag: str
    modified: int


def _stamp(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_mtime_ns, info.st_size, info.st_ino


class Published:
    """The published files, read once per change: (mtime, size, inode) tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: dict[str, tuple[tuple[int, int, int], File]] = {}
        self._held = 0
        self._lock = threading.Lock()
        self._gone: tuple[tuple[int, int, int] | None, dict[str, int]] = None, {}  # by the manifest as it was

    def get(self, name: str) -> File | None:
        """None where there is no such regular file in the folder; links are not followed."""
        path = f"{self._folder}/{name}"
        try:
            info = os.stat(path, follow_symlinks=False)
            if (known := self._known(name, info)) is not None:
                return known  # most requests: nothing is opened
            if not stat.S_ISREG(info.st_mode):
                return None
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        return self._read(name, number)

    def _read(self, name: str, number: int) -> File:
        """`number`: of the file, which is open."""
        with os.fdopen(number, "rb") as file:
            info = os.fstat(file.fileno())  # of what is read now
            body = file.read()
        found = File(body, _etag(body), int(info.st_mtime))
        self._keep(name, info, found)
        return found

    def _keep(self, name: str, info: os.stat_result, found: File) -> None:
        size = len(found.body)
        with self._lock:
            if self._held + size > HELD:
                self._cache.clear()
                self._held = 0
            self._cache[name] = (_stamp(info), found)
            self._held += size

    def _known(self, name: str, info: os.stat_result) -> File | None:
        """What was read of it, unless it is another file by now (or a link, which was never read)."""
        with self._lock:
            stamp, found = self._cache.get(name, (None, None))
        return found if stamp == _stamp(info) else None

    def gone(self, name: str) -> int | None:
        """Since when (Unix time) it is not published any more; None: it never was, or is."""
        try:
            stamp = _stamp(os.lstat(self._folder / MANIFEST))
        except OSError:
            return None
        if self._gone[0] != stamp:  # who asks for what never was has nothing read again
            self._gone = stamp, recorded(self._folder)[1]
        return self._gone[1].get(name)

    @property
    def ready(self) -> bool:
        return os.path.exists(self._folder / MANIFEST)


def content_type(form: Format) -> str:
    """As the header says it: all that we publish is UTF-8."""
    return f"{form.media_type}; charset=utf-8"


Headers = list[tuple[str, str]]
Response = tuple[str, Headers, bytes]


def is_from_here(environ: dict[str, Any]) -> bool:
    """Whether a program on this machine asks, and no proxy for somebody else."""
    forwarded = any(
        f"HTTP_{name}" in environ
        for name in (
            "X_FORWARDED_FOR",
            "X_FORWARDED_HOST",
            "X_FORWARDED_PROTO",
            "FORWARDED",
            "X_REAL_IP",
            "VIA",
        )
    )
    return not forwarded and str(environ.get("REMOTE_ADDR", "")).removeprefix("::ffff:").startswith(
        ("127.", "::1")
    )


def _page_policy(base_url: str, images: bool) -> str:
    """The form goes to the public address, also from a page reached by another name."""
    policy = f"{HTML_POLICY} {'/'.join(base_url.split('/')[:3])}"
    return policy.replace("img-src data:", "img-src data: https: http:") if images else policy


class Application:
    """The WSGI application. `ttl`: seconds that clients may keep a feed; `hub`: for Link headers; `base_url`:
    the public address; `images`: pages show pictures from elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        live: LivePages | None,
        base_url: str,
        ttl: int = 1800,
        hub: str | None = None,
        public_metrics: bool = False,
        images: bool = False,
        editor: Editor | None = None,
        clock: Callable[[], float] = time.time,
        mailbox: Mailbox | None = None,
    ) -> None:
        self._aged: dict[str, tuple[str, int, File]] = {}
        self._packed: dict[str, tuple[str, File]] = {}
        self.clock, self._public_metrics, self.editor, self.mailbox = clock, public_metrics, editor, mailbox
        self.published, self.live = Published(folder), live
        self.base_url, self.ttl, self.hub = base_url, max(300, min(3600, ttl)), hub
        self.page_policy = _page_policy(base_url, images)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            status, headers, body = self.answer(environ)
        except Exception as error:  # the last line of defence: a bug must not show a traceback to the world
            words = f"something went wrong here: {type(error).__name__}"
            status, headers, body = _text("500 Internal Server Error", words)
        start_response(status, _completed(headers, len(body), status.startswith("304")))
        if environ["REQUEST_METHOD"] == "HEAD" or status.startswith("304"):
            return []
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is None or not any(name == "Last-Modified" for name, _ in headers):
            return [body]
        # A published file: a thousand clients that do not read hold the same bytes, not a copy each.
        handed_over: Iterable[bytes] = wrapper(io.BytesIO(body))
        return handed_over

    def answer(self, environ: dict[str, Any]) -> Response:
        method = environ["REQUEST_METHOD"]
        path = environ.get("PATH_INFO", "/").lstrip("/")
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "," in environ.get("HTTP_HOST", ","):
            return _text("400 Bad Request", "HTTP/1.1 asks for one Host")  # RFC 9112, section 3.2
        if self.editor is not None and (path == "desk" or path.startswith("desk/")):
            return self.edited(path, environ)
        if self.mailbox is not None and path.startswith(PUSHED):
            return self.pushed(path.removeprefix(PUSHED), environ)
        if method not in ("GET", "HEAD"):
            return _refused("GET", "HEAD")
        return self.shown(path, environ)

    def shown(self, path: str, environ: dict[str, Any]) -> Response:
        """What is made when asked for, or a file."""
        if self.live is not None and path in MADE:
            return self.made(path, environ)
        if self.live is not None and (found := SOURCE.fullmatch(path)):
            page = self.live.source(found[1])
            return self.file(path, environ) if page is None else self.told(page, environ, dated=True)
        return self.file(path, environ)

    def edited(self, path: str, environ: dict[str, Any]) -> Response:
        """The editor's desk. Not in a sandbox: its forms say where they come from."""
        assert self.editor is not None
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD", "POST"):
            return _refused("GET", "HEAD", "POST")
        changes = method == "POST"
        given = _given(_form(environ) if changes else environ.get("QUERY_STRING", ""))
        found = self.editor.answer(path, changes, given, environ, is_from_here(environ))
        headers = [
            ("Content-Type", found.type),
            ("Content-Security-Policy", DESK_POLICY),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "same-origin"),
            *found.headers,
        ]
        return found.status, headers, found.body

    def pushed(self, token: str, environ: dict[str, Any]) -> Response:
        """What a hub brings (POST), or asks (GET): WebSub, sections 5.3, 7 and 8."""
        assert self.mailbox is not None
        now, method = int(self.clock()), environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            challenge = self.mailbox.verify(token, _given(environ.get("QUERY_STRING", "")), now)
            return self.absent("push", environ) if challenge is None else _echo(challenge)
        if method != "POST":
            return _refused("GET", "HEAD", "POST")
        signature, kind = environ.get("HTTP_X_HUB_SIGNATURE", ""), environ.get("CONTENT_TYPE", "")
        try:
            known = self.mailbox.put(token, signature, _body(environ, LARGEST_PUSH), kind, now)
        except Full:
            return _text(UNAVAILABLE, "too much at once; come again", ("Retry-After", RETRY))
        return _text("202 Accepted", "taken") if known else _text("410 Gone", "nobody asked for this")

    # ------------------------------------------------------------ made when asked for

    def made(self, path: str, environ: dict[str, Any]) -> Response:
        assert self.live is not None
        if path == "metrics" and not (self._public_metrics or is_from_here(environ)):
            return self.absent(path, environ)
        given = _given(environ.get("QUERY_STRING", ""))
        if path == "search":
            found = _search(self.live, given)
        elif path == "status":
            found = self.live.status(given.get("state", ""))
        else:
            found = {"healthz": self.live.health, "metrics": self.live.metrics}[path]()
        return self.told(found, environ, dated=path == "search")

    def told(self, found: Answer, environ: dict[str, Any], dated: bool) -> Response:
        """What was made when asked for. `dated`: its dates also say how long ago that was."""
        if dated and found.type.startswith("text/html"):
            found = replace(found, body=ago.beside(found.body, self.slot * ago.SLOT))
        packed = len(found.body) > 1000 and _takes_gzip(environ)
        etag = _etag(found.body)
        if packed:
            etag = _marked_as(etag, "gzip")
        headers = [*self._headers_of_made(found), ("ETag", etag), ("Vary", "Accept-Encoding")]
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        if found.status.startswith("200") and _matches(environ.get("HTTP_IF_NONE_MATCH", ""), etag):
            return "304 Not Modified", headers, b""
        return found.status, headers, gzip.compress(found.body, 5, mtime=0) if packed else found.body

    def _headers_of_made(self, found: Answer) -> Headers:
        policy = self.page_policy if found.type.startswith("text/html") else DATA_POLICY
        headers = [
            ("Content-Type", found.type),
            ("Content-Security-Policy", policy),
            ("Cache-Control", "no-cache"),
        ]
        if found.status == UNAVAILABLE:
            headers.append(("Retry-After", RETRY))
        if not found.type.startswith("text/"):
            headers.append(("Access-Control-Allow-Origin", "*"))
        return headers

    # ------------------------------------------------------------ published files

    def file(self, path: str, environ: dict[str, Any]) -> Response:
        path = "index.html" if path in ("", "index") else path
        if not _is_name(path):
            return self.missing(environ)
        name, negotiated = self.chosen(path, environ.get("HTTP_ACCEPT", ""))
        found = self.published.get(name)
        return self.absent(name, environ) if found is None else self.given(name, found, negotiated, environ)

    def given(self, name: str, found: File, negotiated: bool, environ: dict[str, Any]) -> Response:
        """A published file: in gzip where that is taken, or the word that the client has it."""
        aged = self.aged(name, found)
        in_gzip = self.stored if aged is found else self.packed
        packed = in_gzip(name, aged) if _takes_gzip(environ) else None
        etag = _marked_as(aged.etag, "gzip") if packed else aged.etag
        headers = self.headers(name, etag, aged.modified, negotiated)
        headers += [("Content-Encoding", "gzip")] if packed else []
        if _unchanged(environ, etag, aged):
            return "304 Not Modified", headers, b""
        return "200 OK", headers, (packed or aged).body

    def chosen(self, path: str, accept: str) -> tuple[str, bool]:
        """(file, negotiated?): names without an ending, and feeds asked for by a browser, depend on what the
        client likes (F56).
        """
        form = formats.of_file(path)
        if form is None:
            return self.liked(path, accept), True
        if formats.is_subscribed(path) and not form.shown:
            page = f"{path.removesuffix(form.ending)}{HTML.ending}"
            return (page if _likes_html(accept) and self.published.get(page) is not None else path), True
        return path, False

    def liked(self, base: str, accept: str) -> str:
        """The form of a name without an ending that the client likes best."""
        if _likes_html(accept):
            return f"{base}{HTML.ending}"
        wishes = _qualities(accept)
        there = [
            form
            for form in formats.best_first(formats.FORMATS)
            if self.published.get(f"{base}{form.ending}") is not None
        ]
        best = min(there, key=lambda form: -wishes.get(form.media_type, 0.0), default=HTML)
        return f"{base}{best.ending}"

    def missing(self, environ: dict[str, Any]) -> Response:
        """What people get is a page that leads on; for programs a line is enough."""
        words = "there is no such page here"
        if self.live is None or not _likes_html(environ.get("HTTP_ACCEPT", "")):
            return _text("404 Not Found", words)
        found = self.live.missing("There is no such page here; it may have been published once.")
        headers = [("Content-Type", found.type), ("Content-Security-Policy", self.page_policy),
                   ("Cache-Control", "no-cache"), ("Vary", "Accept")]  # fmt: skip
        return found.status, headers, found.body

    def absent(self, name: str, environ: dict[str, Any]) -> Response:
        if not self.published.ready:
            return _text(UNAVAILABLE, "nothing is published yet; come back soon", ("Retry-After", RETRY))
        since = self.published.gone(name)
        mistaken = 0 if name.startswith("stories/") else SECOND_THOUGHTS  # nobody subscribes to those
        if since is not None and self.clock() - since >= mistaken:
            return _text("410 Gone", "this is published no more; please unsubscribe")
        return self.missing(environ)

    @property
    def slot(self) -> int:
        """While it is the same, pages say the same of how long ago something was."""
        return int(self.clock()) // ago.SLOT

    def aged(self, name: str, found: File) -> File:
        """A page with how long ago its dates were, for some minutes the same; another file as it is."""
        form = formats.of_file(name)
        if form is None or form.use != "page":
            return found
        slot = self.slot
        known = self._aged.get(name)
        if known is not None and known[:2] == (found.etag, slot):
            return known[2]
        made = _with_ages(found, slot)
        if len(self._aged) >= PAGES_KEPT:
            self._aged.clear()
        self._aged[name] = (found.etag, slot, made)
        return made

    def packed(self, name: str, page: File) -> File:
        """A page with its ages, compressed once, then the same for everybody."""
        known = self._packed.get(name)
        if known is None or known[0] != page.etag:
            if len(self._packed) >= PAGES_KEPT:
                self._packed.clear()
            known = (page.etag, File(gzip.compress(page.body, 5, mtime=0), page.etag, page.modified))
            self._packed[name] = known
        return known[1]

    def stored(self, name: str, found: File) -> File | None:
        """The packed form that was written with the file; None where it is not of this file."""
        packed = self.published.get(name + PACKED)
        return packed if packed is not None and packed.modified == found.modified else None

    def _fresh(self, name: str, form: Format) -> int:
        """Seconds."""
        if name.startswith("archive/"):
            return 86_400
        return self.ttl if form.use == "feed" else 300

    def headers(self, name: str, etag: str, modified: int, negotiated: bool) -> Headers:
        form = formats.of_file(name)
        assert form is not None
        headers = [
            ("Content-Type", content_type(form)),
            ("ETag", etag),
            ("Last-Modified", formatdate(modified, usegmt=True)),
            ("Cache-Control", f"public, max-age={self._fresh(name, form)}"),
            ("Vary", "Accept, Accept-Encoding" if negotiated else "Accept-Encoding"),
            ("Content-Security-Policy", self.page_policy if form.use == "page" else DATA_POLICY),
        ]
        if form.use != "page":
            headers.append(("Access-Control-Allow-Origin", "*"))
        if form.use == "feed" and self.hub:
            headers.append(("Link", f'<{self.hub}>; rel="hub", <{self.base_url}{name}>; rel="self"'))
        return headers


def _completed(headers: Headers, length: int, is_unmodified: bool) -> Headers:
    """With what every answer says."""
    made = [*headers, ("X-Content-Type-Options", "nosniff")]
    if not any(name == "Referrer-Policy" for name, _ in headers):
        made.append(("Referrer-Policy", "no-referrer"))
    if is_unmodified:
        return [header for header in made if header[0] != "Content-Type"]
    return [*made, ("Content-Length", str(length))]


def _echo(challenge: str) -> Response:
    """As it came, without an end of line."""
    status, headers, _ = _text("200 OK", "")
    return status, headers, challenge[:2000].encode()


def _with_ages(found: File, slot: int) -> File:
    body = ago.beside(found.body, slot * ago.SLOT)
    if body == found.body:
        return found
    changed = max(found.modified, slot * ago.SLOT)  # never before the file, nor in the future
    return File(body, _marked_as(found.etag, str(slot)), changed)


def _is_name(path: str) -> bool:
    """Whether a file that we publish may be called so."""
    asked = _PATH.match(path)
    return asked is not None and (not asked[1] or formats.of_file(path) is not None)


def _search(live: LivePages, given: dict[str, str]) -> Answer:
    return live.search(
        given.get("q", "")[:2000],
        given.get("format", "html"),
        _number(given.get("limit", ""), 0, 0, 200) or 50,
        _number(given.get("page", ""), 1, 1, 99_999),
        given.get("sort", "") == "relevance",
    )


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _takes_gzip(environ: dict[str, Any]) -> bool:
    """Whether a client does, and likes the plain form no better (RFC 9110, 12.5.3)."""
    wishes = _qualities(environ.get("HTTP_ACCEPT_ENCODING", ""))
    wish = wishes.get("gzip", wishes.get("x-gzip", wishes.get("*", 0.0)))
    return wish > 0 and wish >= wishes.get("identity", 0.0)


def _text(status: str, text: str, *more: tuple[str, str]) -> Response:
    """`more`: headers."""
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Security-Policy", DATA_POLICY),
        ("Cache-Control", "no-cache"),
        *more,
    ]
    return status, headers, f"{text}\n".encode()


def _refused(*methods: str) -> Response:
    """Other methods than these."""
    words = f"only {', '.join(methods[:-1])} and {methods[-1]}"
    return _text("405 Method Not Allowed", words, ("Allow", ", ".join(methods)))


def _form(environ: dict[str, Any]) -> str:
    return _body(environ, LARGEST_FORM).decode("utf-8", "replace")


def _body(environ: dict[str, Any], largest: int) -> bytes:
    """What was sent, as far as so many bytes."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    sent: bytes = environ["wsgi.input"].read(min(int(length), largest) if length.isdecimal() else 0)
    return sent


def _given(query_string: str) -> dict[str, str]:
    """The first value of each name."""
    return {name: values[0] for name, values in parse_qs(query_string, keep_blank_values=True).items()}


def _number(said: str, default: int, least: int, most: int) -> int:
    """What people wrote into an address, between these; `default` where it is no number."""
    return max(least, min(most, int(said[:9]))) if said.isdecimal() else default


def _marked_as(etag: str, variant: str) -> str:
    """The ETag of the same in another form."""
    return f'{etag[:-1]}-{variant}"'


def _qualities(header: str) -> dict[str, float]:
    """`gzip;q=0.5, br` → {"gzip": 0.5, "br": 1.0}; rubbish is 0."""
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
        try:
            found[name] = float(quality)
        except ValueError:
            found[name] = 0.0
    return found


def _likes_html(accept: str) -> bool:
    """Browsers name text/html with full weight and no feed type; readers do not."""
    wishes = _qualities(accept)
    kinds = [_RDF, *(form.media_type for form in formats.feeds() if not form.shown)]
    return wishes.get(HTML.media_type, 0.0) >= 0.9 and not any(wishes.get(kind, 0.0) for kind in kinds)


def _matches(header: str, etag: str) -> bool:
    """If-None-Match: exact, weak, one of several, or * (RFC 9110, 13.1.2: weak comparison)."""
    return header.strip() == "*" or etag in _ETAG.findall(header)


def _unchanged(environ: dict[str, Any], etag: str, found: File) -> bool:
    """If-None-Match wins over If-Modified-Since (F47)."""
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return _matches(tags, etag)
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if not since:
        return False
    try:
        return parsedate_to_datetime(since).timestamp() >= found.modified
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
