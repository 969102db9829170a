"""What can't be interrupted, on threads that are left behind when its time is up. A thread that is done takes
the next work, for a moment: to start one takes longer than to look a name up.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
IDLE = 1.0  # seconds until a thread ends that nobody needs


class Aside:
    """Threads that work aside. Each ends by itself soon after it was needed last, so that nothing has to be
    closed.
    """

    def __init__(self) -> None:
        # Threads are added and taken in one step each, so that it needs no lock.
        self._idle: list[_Thread] = []

    def run(self, work: Callable[[], T], tell: Callable[[T], None]) -> None:
        """`tell` hears what `work` gives, on another thread; neither may raise."""
        self._free_thread().given.put((work, tell))

    def _free_thread(self) -> _Thread:
        """One that waits for work; a new one where none does."""
        while self._idle:
            thread = self._idle.pop()
            if thread.is_alive():  # those that waited when this process was forked stayed behind
                return thread
        thread = _Thread(self._idle)
        thread.start()
        return thread


class _Thread(threading.Thread):
    def __init__(self, idle: list[_Thread]) -> None:
        super().__init__(name="aside", daemon=True)
        self.given = queue.SimpleQueue[tuple[Callable[[], Any], Callable[[Any], None]]]()
        self._idle = idle

    def run(self) -> None:
        while True:
            try:
                work, tell = self.given.get(timeout=IDLE)
            except queue.Empty:
                if self._is_unneeded():
                    return
                continue
            answer = work()
            self._idle.append(self)  # first: who hears the answer may have the next work at once
            tell(answer)
            del work, tell, answer  # nothing is kept while there is nothing to do

    def _is_unneeded(self) -> bool:
        try:
            self._idle.remove(self)
        except ValueError:  # somebody has just taken it: what it is to do is on its way
            return False
        return True
