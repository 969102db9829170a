"""One after the other at each host, redirects included: so many requests in flight, and a gap between two
(P12).
"""

from __future__ import annotations

import threading
import time

from aggregator.model import Limits

MANY = 1000  # hosts remembered before those without business are forgotten


class Turns:
    """The cycle starts polls of one host one by one; this holds back what comes to the same host by a
    redirect.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._flying: dict[str, int] = {}
        self._closed = False
        self._free_at: dict[str, float] = {}  # monotonic seconds: when the gap after the last request is over

    def take(self, host: str, limits: Limits, patience: float) -> None:
        """Wait for our turn at this host, but for `patience` seconds at most: then go all the same."""
        last = time.monotonic() + patience
        with self._changed:
            while (now := time.monotonic()) < last and not self._closed:
                busy = self._flying.get(host, 0) >= limits.per_host
                pause = self._free_at.get(host, 0.0) - now
                if not busy and pause <= 0:
                    break
                self._changed.wait(min(last - now, pause if not busy else last - now))
            self._flying[host] = self._flying.get(host, 0) + 1
            self._free_at[host] = time.monotonic() + limits.host_gap

    def close(self) -> None:
        """Nobody waits any more: what comes after is refused elsewhere."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def reopen(self) -> None:
        with self._changed:
            self._closed = False

    def give_back(self, host: str, limits: Limits) -> None:
        with self._changed:
            self._flying[host] = max(0, self._flying.get(host, 0) - 1)
            self._free_at[host] = time.monotonic() + limits.host_gap
            if len(self._free_at) > MANY:
                idle = [
                    one
                    for one, at in self._free_at.items()
                    if at < time.monotonic() and not self._flying.get(one)
                ]
                for one in idle:
                    del self._free_at[one]
                    self._flying.pop(one, None)
            self._changed.notify_all()
