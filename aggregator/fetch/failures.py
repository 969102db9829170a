"""What goes wrong in an exchange, as a `Failure` in words (B7)."""

from __future__ import annotations

import re

import requests
from urllib3.exceptions import HTTPError, LocationParseError

from aggregator import headers, machine
from aggregator.fetch import decode
from aggregator.fetch.exchange import Exchange
from aggregator.fetch.transport import Refused, Unresolved
from aggregator.model import Failure, Limits
from aggregator.patterns import lazy
from aggregator.text import characters, excerpts

# How a page that stands before a feed introduces itself; the last ones are no sign where a server is merely
# down.
_CHALLENGE = lazy(
    rb"captcha|cf-chl|cf_chl|challenge-platform|just a moment|checking your browser|are you human|ddos-guard",
    re.I,
)
_REFUSAL = lazy(rb"cloudflare|access denied|you have been blocked|incapsula|ddos", re.I)
_PAGE = 200_000  # bytes of an error's page that are looked at

_OF_STATUS = {
    401: ("unauthorized", "needs credentials (401); set `headers` of the source"),
    403: ("unauthorized", "refuses us (403)"),
    404: ("missing", "not found (404); the feed may have moved"),
    410: ("gone", "gone for good (410); remove the source"),
    503: ("unavailable", "the server is unavailable for now (503)"),
    204: ("empty", "answered 204 without a body"),
    205: ("empty", "answered 205 without a body"),
}
_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, LocationParseError)
_OF_AN_ANSWER = (requests.exceptions.RequestException, HTTPError, OSError, ValueError)


class Wrong(Exception):
    """An answer that is a failure, with the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def late(limits: Limits) -> Failure:
    return Failure("timeout", f"no complete answer within {limits.timeout:g} s")


def of_status(answer: requests.Response, named: dict[str, str], exchange: Exchange) -> Failure:
    """Of an answer that is no document."""
    status, wait = answer.status_code, headers.retry_after(named, exchange.now)
    if status == 429:
        return Failure("rate-limited", "the server asks for fewer requests (429)", wait, status)
    if status == 403 and headers.quota(named, exchange.now, unsaid=1):
        return Failure("rate-limited", "our quota at the server is used up (403)", wait, status)
    if _is_blocked(answer, named, exchange):
        words = f"blocked by a protection page ({status}); ask the site to let feed readers through"
        return Failure("blocked", words, wait, status)
    reason = _printable(characters.clean(answer.reason or ""))[:60]
    kind, detail = _OF_STATUS.get(status, ("status", f"answered {status} {reason}".rstrip()))
    return Failure(kind, detail, wait, status)


def _is_blocked(answer: requests.Response, named: dict[str, str], exchange: Exchange) -> bool:
    if named.get("cf-mitigated") == "challenge":
        return True
    return answer.status_code in (401, 403, 503) and _page_blocks(answer, named, exchange)


def _page_blocks(answer: requests.Response, named: dict[str, str], exchange: Exchange) -> bool:
    """Whether an error's page is that of a captcha or a protection service."""
    try:
        body, _ = decode.read(answer.raw, named, exchange, _PAGE)
    except Exception:
        return False  # the status alone then has to tell
    return bool(_CHALLENGE.search(body)) or (answer.status_code != 503 and bool(_REFUSAL.search(body)))


def of_error(error: Exception, exchange: Exchange) -> Failure:
    """Any exception of any library as a failure in words (B7); what the guard killed is late, however it
    shows.
    """
    if exchange.guard.killed:
        return late(exchange.limits)
    if isinstance(error, Wrong | decode.Bad):
        return error.failure
    chain = _chain(error)
    text = " ".join(f"{type(one).__name__} {one}" for one in chain)
    return (
        next((found for one in chain if (found := machine.trouble(one))), None)
        or _of_the_address(chain)
        or _by_words(error, chain, text, exchange.limits)
        or _by_type(chain, text)
        or Failure("internal", f"{type(error).__name__}: {_reason(chain)}")
    )


def _of_the_address(chain: list[BaseException]) -> Failure | None:
    """What `transport` itself found wrong, before there was a connection."""
    for one in chain:
        if isinstance(one, Refused):
            return Failure("forbidden-address", str(one))
        if isinstance(one, Unresolved):
            return machine.spent() or Failure("dns", str(one))
    return None


def _by_words(error: Exception, chain: list[BaseException], text: str, limits: Limits) -> Failure | None:
    """What the libraries tell by their words only, however deep it is wrapped."""
    if isinstance(error, requests.exceptions.SSLError) or "SSLError" in text or "CertificateError" in text:
        return Failure("tls", f"no secure connection: {_reason(chain)}")
    if "TimeoutError" in text or "timed out" in text.lower():
        return late(limits)
    if "IncompleteRead" in text or "Connection broken" in text:
        return Failure("truncated", "the connection ended in the middle of the answer")
    return None


def _by_type(chain: list[BaseException], text: str) -> Failure | None:
    error = chain[0]
    if isinstance(error, _NO_ADDRESS):
        return Failure("redirect", "no valid web address")
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return Failure("connect", "the server refuses connections")
    if _never_connected(chain, text):
        return Failure("connect", f"no connection: {_reason(chain)}")
    if isinstance(error, _OF_AN_ANSWER):
        return Failure("protocol", f"the answer is no proper HTTP: {_reason(chain)}")
    return None


def _never_connected(chain: list[BaseException], text: str) -> bool:
    """Whether the system itself failed to connect; a server that hung up was there."""
    if "RemoteDisconnected" in text or "ConnectionReset" in text:
        return False
    return any(isinstance(one, OSError) and one.errno for one in chain)


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
    for words in map(_words, reversed(chain)):
        if words and not any(sign in words for sign in ("://", "with url:", "object at 0x")):
            return _printable(excerpts.snippet(characters.clean(words), 120))
    return type(chain[0]).__name__


def _words(error: BaseException) -> str:
    last = str(error.args[-1]) if error.args else ""
    return str(getattr(error, "verify_message", None) or getattr(error, "strerror", None) or last)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
