"""One request of an exchange: what is sent, and what is answered: a document, a failure, or where it goes on.

Redirects are followed by hand: every hop is checked, and waits for its turn at its host as any other request;
the permanent ones that lead are remembered, circles end.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.utils import requote_uri

from aggregator import headers, urls
from aggregator.fetch import decode, failures, transport
from aggregator.fetch.cookies import Cookies
from aggregator.fetch.exchange import Exchange, Trail
from aggregator.fetch.failures import Wrong
from aggregator.model import Failure, FetchResult, Limits, Request
from aggregator.records import replace
from aggregator.text import characters, excerpts

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
REDIRECTS = (301, 302, 303, 307, 308)
_COMPLETE = (200, 203)  # 203: as a proxy changed it
_LONGEST_URL = 8000


def ask(request: Request, trail: Trail, exchange: Exchange) -> FetchResult | Trail:
    """Raises `Wrong`, or what the libraries raise."""
    url, cookies = trail.url, trail.cookies.of(trail.url)
    with _send(request, trail, cookies, exchange) as answer:
        named = dict(headers.joined(answer.raw.headers.items()))
        if answer.status_code in REDIRECTS:
            return _onward(trail, cookies, answer, named, exchange.limits)
        permanent = None if trail.permanent == request.url else trail.permanent
        return replace(_answer(url, answer, named, request, exchange), permanent=permanent)


def _onward(
    trail: Trail, cookies: str, answer: requests.Response, named: dict[str, str], limits: Limits
) -> Trail:
    """After a redirect. `cookies`: what was sent with the request that led here."""
    status = answer.status_code
    to = target(trail.url, status, named.get("location"))
    asked = trail.asked | {(trail.url, cookies)}
    jar = _jar_for(to, trail.cookies.kept(trail.url, answer), asked)
    if (to, jar.of(to)) in asked:
        raise _misled(f"redirects in a circle, back to {urls.redact(to)}", status)
    if trail.hops >= limits.max_redirects:
        raise Wrong(Failure("redirect", f"more than {limits.max_redirects} redirects"))
    return trail.led(to, status in (301, 308), asked, jar)


def _jar_for(to: str, jar: Cookies, asked: frozenset[tuple[str, str]]) -> Cookies:
    """Who leads us back to where we were wants the cookies that it set on the way."""
    return jar.given() if any(to == url for url, _ in asked) else jar


def _conditional(url: str, request: Request) -> bool:
    """Validators mean something at the address that gave them only (RFC 9110, 8.8)."""
    return (request.etag is not None or request.last_modified is not None) and request.given_at in (None, url)


def _send(request: Request, trail: Trail, cookies: str, exchange: Exchange) -> requests.Response:
    said = _headers(request, trail, cookies, exchange.limits)
    try:
        prepared = requests.Request("GET", trail.url, said).prepare()
    except requests.exceptions.InvalidHeader:
        words = "a header of ours would not be valid; check `headers` of the source"
        raise Wrong(Failure("protocol", words)) from None
    return transport.exchange(prepared, exchange.guard.left)


def _headers(request: Request, trail: Trail, cookies: str, limits: Limits) -> dict[str, str | bytes]:
    """Those of the source go to its own origin only."""
    said: dict[str, str | bytes] = {
        "User-Agent": limits.user_agent,
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        # polls of one host are a second apart at least: idle connections would only add up
        "Connection": "close",
    }
    if trail.url == request.url or urls.origin(trail.url) == urls.origin(request.url):
        said.update(request.headers)
    if cookies:
        _add_cookies(said, cookies)
    if _conditional(trail.url, request):
        said.update(_validators(request))
    return said


def _add_cookies(said: dict[str, str | bytes], cookies: str) -> None:
    """After those that the config says, however it writes the header's name."""
    name = next((name for name in said if name.lower() == "cookie"), "Cookie")
    said[name] = f"{said[name]!s}; {cookies}" if name in said else cookies


def _validators(request: Request) -> dict[str, bytes]:
    """Byte for byte as the server gave them."""
    given = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    return {name: value.encode("latin-1", "replace") for name, value in given.items() if value is not None}


def target(url: str, status: int, location: str | None) -> str:
    """Where a redirect leads."""
    if not location or not location.strip():
        raise _misled(f"answered {status} without saying where to", status)
    # http.client reads headers as latin-1; most servers that send more mean UTF-8.
    text = location.strip().encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        plain = _web_address(urljoin(url, text))
    except ValueError as error:
        raise _misled(f"redirects to a malformed address ({error})", status) from None
    if plain is None:
        shown = excerpts.snippet(characters.clean(urls.redact(text)), 80)
        raise _misled(f"redirects to “{shown}”, which is no web address", status)
    if len(plain) > _LONGEST_URL:
        raise _misled(f"redirects to an address of {len(plain)} characters", status)
    return plain


def _web_address(text: str) -> str | None:
    """Quoted, without credentials and fragment; None where it is none. ValueError: it is malformed."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = parts.netloc.rpartition("@")[2]
    return requote_uri(urlunsplit((parts.scheme, host, parts.path or "/", parts.query, "")))


def _misled(words: str, status: int) -> Wrong:
    return Wrong(Failure("redirect", words, status=status))


def _answer(
    url: str, answer: requests.Response, named: dict[str, str], request: Request, exchange: Exchange
) -> FetchResult:
    status = answer.status_code
    if status == 304 and not _conditional(url, request):
        words = "answered 304 “not modified” although nothing was asked conditionally"
        raise Wrong(Failure("protocol", words, status=status))
    if status == 304:
        return FetchResult(url, 0, status, tuple(named.items()))
    if status not in _COMPLETE:
        raise Wrong(failures.of_status(answer, named, exchange))
    body, wire = decode.read(answer.raw, named, exchange, exchange.limits.max_bytes)
    if not body.strip():
        raise Wrong(Failure("empty", f"answered {status} with an empty body", status=status))
    return FetchResult(url, 0, status, tuple(named.items()), body, wire)
