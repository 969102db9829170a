"""The only door to the network (and to local files). Nothing here raises: trouble is a `Failure` inside the
value.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError, LocationParseError

from aggregator import headers, urls
from aggregator.fetch import decode, transport
from aggregator.fetch.cookies import Cookies
from aggregator.fetch.decode import room
from aggregator.fetch.local import read
from aggregator.fetch.transport import Exchange, Refused, Resolver, Unresolved, system_resolver
from aggregator.fetch.turns import Turns
from aggregator.fetch.watchdog import Guard, Watchdog
from aggregator.model import Failure, Fetched, Limits, Request
from aggregator.text import markup

__all__ = ["close", "get", "read", "reopen", "room", "send"]

ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
_REDIRECTS = (301, 302, 303, 307, 308)
_COMPLETE = (200, 203)  # 203: as a proxy changed it
_LONGEST_URL = 8000
MOST_HOPS = 3  # redirects of a hub, or of whoever is told that a cycle was good
# How a page that stands before a feed introduces itself; the last ones are no sign where a server is merely
# down.
_CHALLENGE = re.compile(
    rb"captcha|cf-chl|cf_chl|challenge-platform|just a moment|checking your browser|are you human|ddos-guard",
    re.I,
)
_REFUSAL = re.compile(rb"cloudflare|access denied|you have been blocked|incapsula|ddos", re.I)

_watchdog = Watchdog()
_turns = Turns()


def get(request: Request, limits: Limits, resolver: Resolver = system_resolver) -> Fetched:
    """One exchange, redirects included, within `limits`. Validators go out byte for byte, configured headers
    to their origin only.
    """
    trail = [request.url]
    _turns.take(urls.host(request.url), limits, limits.timeout / 4)
    started = time.monotonic()
    guard = _watchdog.open(limits.timeout)
    transport.enter(Exchange(guard, limits.allow_hosts, resolver))
    try:
        fetched = _follow(request, limits, guard, trail)
    except Exception as error:
        fetched = Fetched(trail[-1], 0, failure=_failure(error, guard, limits))
    finally:
        _watchdog.done(guard)
        _turns.give_back(urls.host(trail[-1]), limits)
    if guard.killed:
        stopped = Failure("stopped", "the poll was ended, because we were asked to stop")
        fetched = Fetched(trail[-1], 0, failure=stopped if _watchdog.closed else _late(limits))
    return replace(fetched, at=int(time.time()), seconds=time.monotonic() - started)


def send(
    url: str, limits: Limits, form: Mapping[str, str] | None = None, resolver: Resolver = system_resolver
) -> Failure | None:
    """POST a form (a WebSub ping), or GET where there is none (a dead man's switch); None: it was taken.

    Redirects are followed a few times, by the rules for feeds; a form goes along, but for 303, which says that
    what is there is to be read (RFC 9110, 15.4.4).
    """
    guard = _watchdog.open(limits.timeout)
    transport.enter(Exchange(guard, limits.allow_hosts, resolver))
    try:
        return _send(url, form, limits, guard)
    except Exception as error:
        if guard.killed and _watchdog.closed:
            return Failure("stopped", "the ping was ended, because we were asked to stop")
        return _failure(error, guard, limits)
    finally:
        _watchdog.done(guard)


def _send(url: str, form: Mapping[str, str] | None, limits: Limits, guard: Guard) -> Failure | None:
    trail = [url]
    while len(trail) <= MOST_HOPS + 1:
        asked = requests.Request(
            "GET" if form is None else "POST",
            trail[-1],
            {"User-Agent": limits.user_agent},
            data=dict(form) if form else None,
        )
        with transport.exchange(asked.prepare(), guard.left) as answer:
            status, named = answer.status_code, dict(headers.joined(answer.raw.headers.items()))
        if status not in _REDIRECTS:
            words = f"{urls.redact(trail[-1])} answered {status}"
            return None if 200 <= status < 300 else Failure("status", words, status=status)
        trail.append(_target(trail[-1], status, named.get("location")))
        form = None if status == 303 else form
    raise _Wrong(Failure("redirect", f"{urls.redact(url)}: more than {MOST_HOPS} redirects"))


def close() -> None:
    """End everything that is under way now and refuse what comes later (SIGTERM)."""
    _watchdog.close()
    _turns.close()


def reopen() -> None:
    """Take up work again after `close`."""
    _turns.reopen()
    _watchdog.reopen()


class _Wrong(Exception):
    """An answer that is a failure, with the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def _follow(request: Request, limits: Limits, guard: Guard, trail: list[str]) -> Fetched:
    """Redirects by hand: every hop is checked and waits for its turn, the permanent prefix is remembered,
    loops end.
    """
    permanent: str | None = None
    leading = True
    cookies = Cookies()
    asked: set[tuple[str, str]] = set()
    while True:
        url = trail[-1]
        asked.add((url, cookies.of(url)))
        answer = _ask(url, request, limits, guard, cookies.of(url))
        with answer:
            named = dict(headers.joined(answer.raw.headers.items()))
            if answer.status_code not in _REDIRECTS:
                moved = None if permanent == request.url else permanent
                return replace(_answer(url, answer, named, request, limits, guard), permanent=moved)
            cookies.keep(url, answer)
            target = _target(url, answer.status_code, named.get("location"))
        leading = leading and answer.status_code in (301, 308)
        if leading:
            permanent = target
        cookies.wanted |= target in trail
        if (target, cookies.of(target)) in asked:
            raise _Wrong(
                Failure(
                    "redirect",
                    f"redirects in a circle, back to {urls.redact(target)}",
                    status=answer.status_code,
                )
            )
        if len(trail) > limits.max_redirects:
            raise _Wrong(Failure("redirect", f"more than {limits.max_redirects} redirects"))
        _turns.give_back(urls.host(url), limits)
        trail.append(target)
        # never the whole time: waiting must not turn a good feed into a late one
        _turns.take(urls.host(target), limits, guard.left / 2)


def _conditional(url: str, request: Request) -> bool:
    """Validators mean something at the address that gave them only (RFC 9110, 8.8)."""
    return (request.etag is not None or request.last_modified is not None) and request.given_at in (None, url)


def _ask(url: str, request: Request, limits: Limits, guard: Guard, cookies: str) -> requests.Response:
    said: dict[str, str | bytes] = {
        "User-Agent": limits.user_agent,
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        # polls of one host are a second apart at least: idle connections would only add up
        "Connection": "close",
    }
    if urls.origin(url) == urls.origin(request.url):
        said.update(request.headers)
    if cookies:
        name = next((name for name in said if name.lower() == "cookie"), "Cookie")
        said[name] = f"{said[name]!s}; {cookies}" if name in said else cookies
    if _conditional(url, request):
        if request.etag is not None:
            said["If-None-Match"] = request.etag.encode("latin-1", "replace")
        if request.last_modified is not None:
            said["If-Modified-Since"] = request.last_modified.encode("latin-1", "replace")
    try:
        prepared = requests.Request("GET", url, said).prepare()
    except requests.exceptions.InvalidHeader:
        raise _Wrong(
            Failure("protocol", "a header of ours would not be valid; check `headers` of the source")
        ) from None
    return transport.exchange(prepared, guard.left)


def _target(url: str, status: int, location: str | None) -> str:
    if not location or not location.strip():
        raise _Wrong(Failure("redirect", f"answered {status} without saying where to", status=status))
    # http.client reads headers as latin-1; most servers that send more mean UTF-8.
    text = location.strip().encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        parts = urlsplit(urljoin(url, text))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _Wrong(
                Failure(
                    "redirect",
                    f"redirects to “{markup.snippet(markup.clean(urls.redact(text)), 80)}”, which is no web address",
                    status=status,
                )
            )
        plain = requote_uri(
            urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", parts.query, ""))
        )
        if len(plain) > _LONGEST_URL:
            raise _Wrong(
                Failure("redirect", f"redirects to an address of {len(plain)} characters", status=status)
            )
        return plain
    except ValueError as error:
        raise _Wrong(
            Failure("redirect", f"redirects to a malformed address ({error})", status=status)
        ) from None


def _answer(
    url: str, answer: requests.Response, named: dict[str, str], request: Request, limits: Limits, guard: Guard
) -> Fetched:
    status = answer.status_code
    if status == 304:
        if not _conditional(url, request):
            raise _Wrong(
                Failure(
                    "protocol",
                    "answered 304 “not modified” although nothing was asked conditionally",
                    status=status,
                )
            )
        return Fetched(url, 0, status, tuple(named.items()))
    if status not in _COMPLETE:
        raise _Wrong(_status_failure(status, named, answer, guard))
    body, wire = decode.read(answer.raw, named, guard, limits.max_bytes)
    if not body.strip():
        raise _Wrong(Failure("empty", f"answered {status} with an empty body", status=status))
    return Fetched(url, 0, status, tuple(named.items()), body, wire)


def _status_failure(status: int, named: dict[str, str], answer: requests.Response, guard: Guard) -> Failure:
    wait = headers.retry_after(named, int(time.time()))
    if status == 429:
        return Failure("rate-limited", "the server asks for fewer requests (429)", wait, status)
    if named.get("cf-mitigated") == "challenge" or (
        status in (401, 403, 503) and _page_blocks(status, answer, named, guard)
    ):
        return Failure(
            "blocked",
            f"blocked by a protection page ({status}); ask the site to let feed readers through",
            wait,
            status,
        )
    words = {
        401: ("unauthorized", "needs credentials (401); set `headers` of the source"),
        403: ("unauthorized", "refuses us (403)"),
        404: ("missing", "not found (404); the feed may have moved"),
        410: ("gone", "gone for good (410); remove the source"),
        503: ("unavailable", "the server is unavailable for now (503)"),
        204: ("empty", "answered 204 without a body"),
        205: ("empty", "answered 205 without a body"),
    }
    reason = "".join(c if c.isprintable() else " " for c in markup.clean(answer.reason or ""))[:60]
    kind, detail = words.get(status, ("status", f"answered {status} {reason}".rstrip()))
    return Failure(kind, detail, wait, status)


def _page_blocks(status: int, answer: requests.Response, named: dict[str, str], guard: Guard) -> bool:
    """Whether an error's page is that of a captcha or a protection service."""
    try:
        body, _ = decode.read(answer.raw, named, guard, 200_000)
    except Exception:
        return False  # the status alone then has to tell
    return bool(_CHALLENGE.search(body)) or (status != 503 and bool(_REFUSAL.search(body)))


def _late(limits: Limits) -> Failure:
    return Failure("timeout", f"no complete answer within {limits.timeout:g} s")


def _failure(error: Exception, guard: Guard, limits: Limits) -> Failure:
    """Any exception of any library as a failure in words (B7); what the guard killed is late, however it
    shows.
    """
    if isinstance(error, _Wrong | decode.Bad):
        return _late(limits) if guard.killed else error.failure
    if guard.killed:
        return _late(limits)
    chain = _chain(error)
    for one in chain:
        if isinstance(one, Refused):
            return Failure("forbidden-address", str(one))
        if isinstance(one, Unresolved):
            return Failure("dns", str(one))
    text = " ".join(f"{type(one).__name__} {one}" for one in chain)
    if isinstance(error, requests.exceptions.SSLError) or "SSLError" in text or "CertificateError" in text:
        return Failure("tls", f"no secure connection: {_reason(chain)}")
    if "TimeoutError" in text or "timed out" in text.lower():
        return _late(limits)
    return _by_words(error, chain, text)


def _by_words(error: Exception, chain: list[BaseException], text: str) -> Failure:
    """The rest, told apart by type where there is one and by the words of the libraries where there is none."""
    if "IncompleteRead" in text or "Connection broken" in text:
        return Failure("truncated", "the connection ended in the middle of the answer")
    if isinstance(
        error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema | LocationParseError
    ):
        return Failure("redirect", "no valid web address")
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return Failure("connect", "the server refuses connections")
    if (
        any(isinstance(one, OSError) and one.errno for one in chain)
        and "RemoteDisconnected" not in text
        and "ConnectionReset" not in text
    ):
        return Failure("connect", f"no connection: {_reason(chain)}")
    if isinstance(error, requests.exceptions.RequestException | HTTPError | OSError | ValueError):
        return Failure("protocol", f"the answer is no proper HTTP: {_reason(chain)}")
    return Failure("internal", f"{type(error).__name__}: {_reason(chain)}")


def _chain(error: BaseException) -> list[BaseException]:
    """The error, what it wraps and what caused it, outermost first."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(found) < 20:
        one = todo.pop(0)
        if isinstance(one, BaseException) and not any(one is other for other in found):
            found.append(one)
            todo += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]
    return found


def _reason(chain: list[BaseException]) -> str:
    """The innermost one that says something, on one line, without addresses that may hold secrets."""
    for one in reversed(chain):
        text = (
            getattr(one, "verify_message", None)
            or getattr(one, "strerror", None)
            or (str(one.args[-1]) if one.args else "")
        )
        if text and not any(sign in text for sign in ("://", "with url:", "object at 0x")):
            return "".join(
                c if c.isprintable() else " " for c in markup.snippet(markup.clean(str(text)), 120)
            )
    return type(chain[0]).__name__
