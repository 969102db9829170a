"""Feeds that changed are told to the hub of ours (WebSub), one ping each, after they are on disk. What the
hub did not take is owed, over stops and crashes, and told with the next change or after a while.

In: names of files that were written. Out: requests to the hub, and what is owed, in the store. Start reading
at `pay`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aggregator.config import Config
from aggregator.fetch import Door
from aggregator.model import Failure, Limits
from aggregator.records import replace
from aggregator.render import formats
from aggregator.store import Store

HUB_TIME = 5.0  # seconds
AGAIN = 600  # seconds until a hub is asked again that did not take something, where nothing else changed
_OWED = "hub owed"  # in the store: JSON, "names" and when they were "tried" last


class _Hub:
    """A hub, asked from several threads, until it does not answer."""

    def __init__(self, address: str, base_url: str, door: Door, limits: Limits) -> None:
        self._address, self._base_url, self._door, self._limits = address, base_url, door, limits
        self._silence: Failure | None = None
        self._lock = threading.Lock()

    def ping_all(self, names: Sequence[str]) -> list[Failure | None]:
        """The feeds of these names changed. None: it was taken."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(self._ping, names))

    def _ping(self, name: str) -> Failure | None:
        if self._silence is not None:
            return self._silence
        form = {"hub.mode": "publish", "hub.url": f"{self._base_url}{name}"}
        failure = self._door.send(self._address, self._limits, form)
        if failure is not None and failure.status is None:
            with self._lock:
                self._silence = self._silence or failure
        return failure


def brief(limits: Limits) -> Limits:
    """Of a request that nothing waits for."""
    return replace(limits, timeout=min(limits.timeout, HUB_TIME))


def owe(config: Config, store: Store, written: Iterable[str]) -> None:
    """The hub is to be told of these, at once."""
    changed = [name for name in written if formats.is_subscribed(name)]
    if config.site.hub and changed:
        names, _ = _owed(store)
        _note(store, {*names, *changed}, 0)


def pay(config: Config, store: Store, door: Door, now: int) -> list[str]:
    """Tells the hub what is owed; what went wrong, in words, each once.

    A hub that does not answer is not asked again in this cycle: it delays the next one by no more than
    `HUB_TIME`.
    """
    names, tried = _owed(store)
    if not config.site.hub or not names or abs(now - tried) < AGAIN:
        return []
    hub = _Hub(config.site.hub, config.site.base_url, door, brief(config.limits))
    failures = hub.ping_all(names)
    _note(store, [name for name, failure in zip(names, failures, strict=True) if _may_pass(failure)], now)
    return in_words("hub", failures)


def in_words(who: str, failures: Iterable[Failure | None]) -> list[str]:
    """Each once."""
    told = {failure.detail for failure in failures if failure and failure.kind != "stopped"}
    return [f"{who}: {detail}" for detail in sorted(told)]


def _may_pass(failure: Failure | None) -> bool:
    """What a hub refuses it refuses again."""
    return failure is not None and (failure.status is None or failure.status >= 500 or failure.status == 429)


def _owed(store: Store) -> tuple[list[str], int]:
    """Names, and when they were tried last; 0: not yet."""
    noted = json.loads(store.meta(_OWED) or "{}")
    return noted.get("names", []), noted.get("tried", 0)


def _note(store: Store, names: Collection[str], tried: int) -> None:
    store.set_meta(_OWED, json.dumps({"names": sorted(names), "tried": tried} if names else {}))
