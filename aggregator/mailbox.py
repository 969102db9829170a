"""What comes by itself: bodies that hubs push, and their questions, between the threads that serve and the
one that works. Bounded: who sends more than is taken out is asked to come again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from aggregator import websub
from aggregator.records import dataclass, replace
from aggregator.websub import Subscription

MOST_BODIES = 200
MOST_BYTES = 40_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A body that a hub brought, and for whom; its signature is good."""

    source: str
    topic: str
    body: bytes
    content_type: str


class Full(Exception):
    """There is no room for this now."""


class Mailbox:
    """Usable from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Subscription] = {}  # by token
        self._letters: list[Letter] = []
        self._bytes = 0
        self._changed: set[str] = set()  # tokens of subscriptions that a hub said something of

    def expect(self, known: Iterable[Subscription]) -> None:
        """From now on these; what hubs said meanwhile and nobody took out is kept."""
        with self._lock:
            news = {token: self._known[token] for token in self._changed if token in self._known}
            self._known = {one.token: one for one in known} | news

    def verify(self, token: str, asked: dict[str, str], now: int) -> str | None:
        """The challenge to give back; None where nobody asked for this."""
        with self._lock:
            known = self._known.get(token)
            if known is None:
                return None
            mode, topic = asked.get("hub.mode", ""), asked.get("hub.topic", "")
            if mode == "denied" and topic == known.topic:
                self._note(websub.denied(known, asked.get("hub.reason", ""), now))
                return ""
            after = websub.answered(known, mode, topic, asked.get("hub.lease_seconds", ""), now)
            challenge = asked.get("hub.challenge", "")
            if after is None or not challenge:
                return None
            self._note(after)
            return challenge

    def put(self, token: str, signature: str, body: bytes, content_type: str, now: int) -> bool:
        """Whether it is known what this is for. A body without a good signature is dropped, without a word to
        whoever sent it (section 8). Raises Full.
        """
        with self._lock:
            known = self._known.get(token)
            if known is None or not known.is_live(now):
                return False
            if not websub.is_signed(known.secret, signature, body):
                return True
            if len(self._letters) >= MOST_BODIES or self._bytes + len(body) > MOST_BYTES:
                raise Full
            self._letters.append(Letter(known.source, known.topic, body, content_type))
            self._bytes += len(body)
            self._note(replace(known, pushed_at=now))
            return True

    def _note(self, known: Subscription) -> None:
        self._known[known.token] = known
        self._changed.add(known.token)

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._letters or self._changed)

    def take(self) -> tuple[list[Letter], list[Subscription]]:
        """All bodies, and all subscriptions of which a hub said something, since the last time."""
        with self._lock:
            letters, self._letters, self._bytes = self._letters, [], 0
            changed = [self._known[token] for token in sorted(self._changed) if token in self._known]
            self._changed.clear()
            return letters, changed


__all__ = ["Full", "Letter", "Mailbox"]
