"""WebSub, the side that subscribes (https://www.w3.org/TR/websub/): what to ask a hub for, and what to
believe of what it says. Pure decisions on values; `cycle.push` asks, `web` listens.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal
from urllib.parse import urlsplit

from aggregator.patterns import lazy
from aggregator.records import dataclass, replace

LEASE = 10 * 86_400  # seconds that we ask for; a hub may give another time
SHORTEST, LONGEST = 300, 90 * 86_400  # seconds; a lease is taken to be within these, whatever the hub says
RENEW = 0.8  # share of a lease after which it is asked for anew
RETRY = 3600  # seconds until a hub that did not answer, or said no, is asked again; doubled each time
RETRY_MOST = 7 * 86_400
SLOWER = 10  # times the interval between two polls while a hub pushes
SLOWEST = 7 * 86_400  # seconds between two polls, even so
SLIPS = 60  # seconds by which a clock is put right now and then
METHODS = ("sha512", "sha384", "sha256", "sha1")  # of signatures (section 8)

Wish = Literal["subscribe", "unsubscribe"]
_LINK = lazy(r'<([^<>]*)>((?:\s*;\s*[^;,="]+(?:=(?:"[^"]*"|[^;,"]*))?)*)')
_REL = lazy(r';\s*rel\s*=\s*(?:"([^"]*)"|([^;,"\s]*))', re.I)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What we know of one source's push. Times are Unix seconds; 0: never."""

    source: str
    topic: str  # the feed's own address, by which the hub knows it
    hub: str
    token: str  # in the address that the hub calls back, which nobody can guess
    secret: str
    wish: Wish = "subscribe"
    asked_at: int = 0
    verified_at: int = 0
    leased_until: int = 0
    pushed_at: int = 0
    missed_at: int = 0  # when a poll last found something new that was not pushed
    tries: int = 0  # in a row that were not verified, so far
    trouble: str = ""  # of the last try, in words

    def is_live(self, now: int) -> bool:
        """Whether the hub is to push what is new."""
        return self.wish == "subscribe" and self.leased_until > now

    def works(self, now: int) -> bool:
        """Whether it does. A hub that lets something be found by a poll has to push before it is trusted
        again.
        """
        return self.is_live(now) and self.pushed_at >= self.missed_at

    def in_words(self, now: int) -> str:
        """For people."""
        if self.works(now):
            return "its hub pushes"
        if self.is_live(now):
            return "its hub left something out, which a poll found"
        return f"its hub does not push: {self.trouble or 'it has not confirmed yet'}"


def by_clock(known: Subscription, now: int) -> Subscription:
    """Where the clock was ahead when this was noted and is right now, nothing of it was yet, and nobody knows
    how long the lease is: it is asked for anew (R13).
    """
    if max(known.asked_at, known.verified_at, known.pushed_at, known.missed_at) <= now + SLIPS:
        return known
    return replace(
        known,
        asked_at=min(known.asked_at, now),
        verified_at=min(known.verified_at, now),
        leased_until=min(known.leased_until, now),
        pushed_at=min(known.pushed_at, now),
        missed_at=min(known.missed_at, now),
        tries=0,
    )


def links(header: str) -> dict[str, str]:
    """Relation → the first address with it, of a Link header (RFC 8288)."""
    found: dict[str, str] = {}
    for address, parameters in _LINK.findall(header[:20_000]):
        for quoted, bare in _REL.findall(parameters)[:1]:
            for relation in (quoted or bare).lower().split():
                found.setdefault(relation, address.strip())
    return found


def is_public(base_url: str) -> bool:
    """Whether a hub somewhere can call this address: no name or number of one's own network."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("http", "https"):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".lan", ".internal", ".localhost", ".home.arpa"))


def wanted(known: Subscription | None, hub: str | None, topic: str | None, now: int) -> Wish | None:
    """What to ask the hub for now. `hub`, `topic`: what the feed says today; None: no hub, or the source
    left.
    """
    if known is not None and (known.hub, known.topic) != (hub, topic):
        return "unsubscribe" if known.is_live(now) else _wanted_of_new(hub, topic)
    if known is None or hub is None or topic is None:
        return _wanted_of_new(hub, topic)
    if known.wish == "unsubscribe":
        return "subscribe"
    return "subscribe" if now >= _ask_again_at(known) else None


def _wanted_of_new(hub: str | None, topic: str | None) -> Wish | None:
    return None if hub is None or topic is None else "subscribe"


def _ask_again_at(known: Subscription) -> float:
    if known.tries:
        return known.asked_at + float(min(RETRY_MOST, RETRY * 2 ** min(known.tries - 1, 10)))
    return known.verified_at + RENEW * (known.leased_until - known.verified_at)


def asked(known: Subscription, wish: Wish, now: int) -> Subscription:
    """After a request, until the hub verifies it."""
    return replace(known, wish=wish, asked_at=now, tries=known.tries + 1, trouble="")


def form(known: Subscription, callback: str) -> dict[str, str]:
    """What is sent to the hub (section 5.1)."""
    said = {"hub.callback": callback, "hub.mode": known.wish, "hub.topic": known.topic}
    if known.wish == "unsubscribe":
        return said
    return {**said, "hub.lease_seconds": str(LEASE), "hub.secret": known.secret}


def answered(known: Subscription, wish: str, topic: str, lease: str, now: int) -> Subscription | None:
    """After a hub's question whether we meant it (section 5.3); None: we did not."""
    if topic != known.topic or wish != known.wish:
        return None
    if wish == "unsubscribe":
        return replace(known, leased_until=0, verified_at=now, tries=0, trouble="")
    seconds = int(lease) if lease.isdecimal() and len(lease) < 12 else LEASE
    seconds = min(max(seconds, SHORTEST), LONGEST)
    return replace(known, verified_at=now, leased_until=now + seconds, tries=0, trouble="")


def denied(known: Subscription, reason: str, now: int) -> Subscription:
    """The hub says no, now or after having said yes (section 5.2)."""
    words = f"the hub says no: {reason[:100]}" if reason else "the hub says no"
    return replace(known, leased_until=0, asked_at=now, tries=known.tries + 1, trouble=words)


def is_signed(secret: str, signature: str, body: bytes) -> bool:
    """Whether who sent this body knows the secret (section 8): `METHOD=hex`, compared in constant time."""
    method, _, given = signature.strip().partition("=")
    if method.lower() not in METHODS:
        return False
    import hmac

    own = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(own.encode(), given.strip().lower().encode("utf-8", "replace"))


def slower(seconds: int) -> int:
    """The interval of polls while a hub pushes."""
    return max(seconds, min(seconds * SLOWER, SLOWEST))


def dump(known: Subscription) -> str:
    return json.dumps(asdict(known), ensure_ascii=False)


def load(text: str) -> Subscription:
    record: Mapping[str, object] = json.loads(text)
    return Subscription(**record)  # type: ignore[arg-type]  # what `dump` wrote


__all__ = [
    "Subscription",
    "Wish",
    "answered",
    "asked",
    "by_clock",
    "denied",
    "dump",
    "form",
    "is_public",
    "is_signed",
    "links",
    "load",
    "slower",
    "wanted",
]
