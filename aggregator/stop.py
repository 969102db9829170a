"""How a cycle is asked to end, and how it shows that it is alive.

A stop is an orderly crash: stages hand over through the store, so one may be left at any point and the next
cycle goes on from there. Long work calls `Stop.check` between its pieces; SQL that lasts is cut off by the
store (`Reader.until`) once `Stop.overdue`; what holds out against both ends with the process (`bounded`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aggregator.errors import Stopped

PATIENCE = 4.0  # seconds that a piece of work in hand gets to be finished, before SQL under way is cut off
GRACE = 8.0  # seconds from the first signal until the process ends, whatever is under way (R16: ten)


class Stop:
    """A wish to end. `set` may be called by a signal handler, whatever its thread holds at that moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Re-entrant, unlike that of threading.Event: a handler runs between two steps of the main thread,
        # which may be waiting for this very condition.
        self._changed = threading.Condition()
        self._since: float | None = None
        self.alive = clock()  # when work was last seen to go on (monotonic seconds)

    def set(self) -> None:
        with self._changed:
            if self._since is None:
                self._since = self._clock()
            self._changed.notify_all()

    def is_set(self) -> bool:
        return self._since is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until asked to stop, for `timeout` seconds at most; returns whether we are."""
        with self._changed:
            return self._changed.wait_for(self.is_set, timeout)

    def beat(self) -> None:
        """A sign of life, for whoever watches."""
        self.alive = self._clock()

    def check(self) -> None:
        """A sign of life; raises Stopped once asked to stop."""
        self.beat()
        if self.is_set():
            raise Stopped

    def overdue(self) -> bool:
        """A sign of life; true once what was in hand when we were asked to stop has had its time."""
        self.beat()
        return self._since is not None and self._clock() - self._since >= PATIENCE


@contextmanager
def bounded(stop: Stop) -> Iterator[None]:
    """For as long as this lasts: a stop ends the process with exit code 0 where it has not come to its own
    end `GRACE` seconds later. No transaction and no file is half written then: both are there whole or not at
    all, also after `kill -9`.
    """
    over = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5) and not over.is_set():
            pass
        if not over.is_set() and not over.wait(GRACE):
            os._exit(0)

    threading.Thread(target=watch, name="stop", daemon=True).start()
    try:
        yield
    finally:
        over.set()
