"""What header fields of an answer mean for a poller, and which ones of a request are ours alone. Pure; names
come in lower case, rubbish means nothing said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aggregator.patterns import lazy

DAY = 86_400
RETRY_CAP = 30 * DAY  # seconds; whoever asks for more means for good
# of a request: set by us or by the connection, never by the `headers` of a source
OURS = frozenset({
    "host", "content-length", "connection", "transfer-encoding", "accept-encoding", "if-none-match", "if-modified-since",
})  # fmt: skip
_LISTS = frozenset({"cache-control", "content-encoding", "link", "ratelimit", "transfer-encoding", "vary"})
_SECONDS = lazy(r"[0-9]+(\.[0-9]+)?")  # some count in fractions, which no standard has
_QUOTED = lazy(r'"[^"]*"?')
_PARAMETER = lazy(r"\b(r|t|remaining|reset)\s*=\s*([0-9]{1,12})(?![0-9])")
_CONTROL = lazy(r"[\x00-\x1f\x7f]")
_LONGEST_VALIDATOR = 8000  # bytes; servers answer longer ones with 431 or worse
# numbers above these are times in milliseconds, or in seconds
_MILLISECONDS, _MOMENT = 100_000_000_000, 1_000_000_000


def joined(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each field once: several lines of a list are one list (RFC 9110, 5.3); of anything else the first line
    counts.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in found:
            found[key] = value
        elif key in _LISTS:
            found[key] += f", {value}"
    return tuple(found.items())


def date(text: str | None) -> int | None:
    """An HTTP date (also in the two obsolete forms, also without a zone: then it is UTC) in unix seconds."""
    if not text:
        return None
    words = text.split()
    if len(words) == 5 and words[4].isdecimal() and ":" in words[3]:  # asctime: Sun Nov  6 08:49:37 1994
        text = f"{words[0]}, {words[2]} {words[1]} {words[4]} {words[3]} GMT"
    try:
        at = parsedate_to_datetime(text)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def validator(value: str | None) -> str | None:
    """An ETag or Last-Modified that can be sent back byte for byte; None for what is empty, far too long or
    would break a header line.
    """
    if not value or len(value) > _LONGEST_VALIDATOR or _CONTROL.search(value):
        return None
    return value


def freshness(headers: Mapping[str, str], at: int) -> int | None:
    """max-age − Age, else Expires − Date − Age (RFC 9111, 4.2), at most a day (P8); None where neither is
    said at all.
    """
    directives = _directives(headers.get("cache-control", ""))
    most, expires = directives.get("max-age"), date(headers.get("expires"))
    if most is not None:
        return _within_a_day(int(most[:12]) - _age(headers)) if most.isdecimal() else 0
    if expires is not None:
        sent = date(headers.get("date"))
        return _within_a_day(expires - (at if sent is None else sent) - _age(headers))
    return 0 if "expires" in headers or {"no-store", "no-cache"} & directives.keys() else None


def _age(headers: Mapping[str, str]) -> int:
    said = headers.get("age", "0").strip()
    return int(said[:12]) if said.isdecimal() else 0


def _within_a_day(seconds: int) -> int:
    return max(0, min(seconds, DAY))


def _directives(cache_control: str) -> dict[str, str]:
    """Name → value, the first of each name."""
    found: dict[str, str] = {}
    for part in cache_control.lower().split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip(), value.strip('" '))
    return found


def retry_after(headers: Mapping[str, str], at: int) -> int | None:
    """Seconds to stay away: Retry-After in both forms (RFC 9110, 10.2.3), or until a used-up quota is filled
    again, whichever is longer.
    """
    said, sent = headers.get("retry-after", "").strip(), date(headers.get("date"))
    until = date(said)
    waits = [quota(headers, at) or 0]
    if _SECONDS.fullmatch(said):
        waits.append(math.ceil(float(said[:12])))
    elif until is not None:
        # By the server's own clock too: it may be an hour behind ours.
        waits += [until - at, until - (at if sent is None else sent)]
    wait = max(waits)
    return min(wait, RETRY_CAP) if wait > 0 else None


def quota(headers: Mapping[str, str], at: int, unsaid: int = 0) -> int | None:
    """Seconds until a used-up quota is filled again, of several the longest; None where some is left.
    `unsaid`: how much is left where nothing says so.
    """
    waits = [
        wait
        for left, wait in _quotas(headers, at)
        if wait is not None and (unsaid if left is None else left) <= 0
    ]
    return max(0, min(max(waits), RETRY_CAP)) if waits else None


def _quotas(headers: Mapping[str, str], at: int) -> Iterator[tuple[float | None, int | None]]:
    """(what is left, seconds until it is filled again) by each field that says so; None: unsaid."""
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit"):
        limit, left = (_number(headers.get(f"{prefix}-{name}")) for name in ("limit", "remaining"))
        if limit != 0:  # no quota that anybody could ever use
            yield left, _reset(headers.get(f"{prefix}-reset", "").strip(), at)
    yield from _policies(headers.get("ratelimit", ""))


def _policies(said: str) -> Iterator[tuple[float | None, int | None]]:
    """By drafts of the IETF: `limit=9, remaining=0, reset=30`, later `"day";r=0;t=30, "x";r=5`."""
    bare = _QUOTED.sub("", said)
    for policy in [bare] if "remaining" in bare else bare.split(","):
        found = dict(_PARAMETER.findall(policy.lower()))
        left, reset = found.get("r", found.get("remaining")), found.get("t", found.get("reset"))
        yield _number(left), None if reset is None else int(reset)


def _number(said: str | None) -> float | None:
    """What is no number is nothing said."""
    text = (said or "").strip()
    return float(text[:12]) if _SECONDS.fullmatch(text) else None


def _reset(said: str, at: int) -> int | None:
    """Seconds until then, by seconds to wait or a moment, in milliseconds, seconds, or words."""
    if _SECONDS.fullmatch(said):
        return _seconds_until(int(said.partition(".")[0][:15]), at)
    until = _iso(said) or date(said)
    return None if until is None else until - at


def _iso(said: str) -> int | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _seconds_until(reset: int, at: int) -> int:
    """Of a time in milliseconds or seconds, or what is in seconds to wait already."""
    seconds = reset // 1000 if reset > _MILLISECONDS else reset
    return seconds - at if seconds > _MOMENT else seconds
