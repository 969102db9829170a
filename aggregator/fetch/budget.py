"""Large bodies are in hand by a few threads at a time only, or the memory would be theirs (B2)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from aggregator.fetch.watchdog import Guard

STEP = 1_000_000  # bytes; what a body takes beyond its first step is counted
STEPS = 64  # that all bodies together may take, from the network until they are parsed


class Budget:
    """So many steps for all threads together."""

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps
        self._changed = threading.Condition()
        self._mine = threading.local()

    @contextlib.contextmanager
    def room(self) -> Iterator[None]:
        """Around a poll: its body counts from the network until it is parsed."""
        try:
            yield
        finally:
            self.give_back()

    def reach(self, size: int, guard: Guard) -> bool:
        """Make sure that this thread has taken enough for a body of this size. False: the others did not give
        enough back in time.
        """
        steps = size // STEP - self.taken
        if steps <= 0:
            return True
        with self._changed:
            if not self._changed.wait_for(lambda: self._left >= steps, guard.left):
                return False
            self._left -= steps
            self._mine.steps = self.taken + steps
        return True

    def give_back(self) -> None:
        with self._changed:
            self._left += self.taken
            self._mine.steps = 0
            self._changed.notify_all()

    @property
    def taken(self) -> int:
        return int(getattr(self._mine, "steps", 0))
