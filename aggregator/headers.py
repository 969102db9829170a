"""What header fields of an answer mean for a poller. Pure; names come in lower case, rubbish means nothing
said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

DAY = 86_400
RETRY_CAP = 30 * DAY  # seconds; whoever asks for more means for good
_LISTS = frozenset({"cache-control", "content-encoding", "link", "transfer-encoding", "vary"})
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
    if not value or len(value) > _LONGEST_VALIDATOR or any(ord(c) < 32 or ord(c) == 127 for c in value):
        return None
    return value


def freshness(headers: Mapping[str, str], at: int) -> int | None:
    """max-age − Age, else Expires − Date − Age (RFC 9111, 4.2), at most a day (P8); None where neither is
    said at all.
    """
    said = headers.get("age", "0").strip()
    age = int(said[:12]) if said.isdecimal() else 0
    directives = _directives(headers.get("cache-control", ""))
    most = directives.get("max-age")
    if most is not None:
        return max(0, min(int(most[:12]) - age, DAY)) if most.isdecimal() else 0
    expires, sent = date(headers.get("expires")), date(headers.get("date"))
    if expires is not None:
        return max(0, min(expires - (at if sent is None else sent) - age, DAY))
    return 0 if "expires" in headers or {"no-store", "no-cache"} & directives.keys() else None


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
    said = headers.get("retry-after", "").strip()
    waits = [quota(headers, at)]
    if said.isdecimal():
        waits.append(int(said[:12]))
    elif said:
        until, sent = date(said), date(headers.get("date"))
        # By the server's own clock too: it may be an hour behind ours.
        waits += [] if until is None else [until - at, *([until - sent] if sent is not None else [])]
    wait = max((one for one in waits if one is not None), default=0)
    return min(wait, RETRY_CAP) if wait > 0 else None


def quota(headers: Mapping[str, str], at: int, unsaid: str = "0") -> int | None:
    """Seconds until x-ratelimit-reset (seconds to wait, or a time), unless some of the quota is left.
    `unsaid`: what is left where nothing says so.
    """
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit"):
        left = headers.get(f"{prefix}-remaining", unsaid).strip().partition(".")[0]
        reset = headers.get(f"{prefix}-reset", "").strip().partition(".")[0]
        if reset.isdecimal() and not (left.isdecimal() and int(left[:12]) > 0):
            number = int(reset[:15])
            number = number // 1000 if number > _MILLISECONDS else number
            return max(0, min(number - at if number > _MOMENT else number, RETRY_CAP))
    return None
