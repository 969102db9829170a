"""What can't be interrupted, on threads that are left behind when its time is up. A thread that is done takes
the next work, for a moment: to start one takes longer than to look a name up.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
IDLE = 1.0  # seconds until a thread ends that nobody needs


class _Thread(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="aside", daemon=True)
        self.given = queue.SimpleQueue[tuple[Callable[[], Any], Callable[[Any], None]]]()

    def run(self) -> None:
        while True:
            try:
                work, tell = self.given.get(timeout=IDLE)
            except queue.Empty:
                if _is_unneeded(self):
                    return
                continue
            answer = work()
            _idle.append(self)  # first: who hears the answer may have the next work at once
            tell(answer)
            del work, tell, answer  # nothing is kept while there is nothing to do


_idle: list[_Thread] = []  # it is added and taken in one step each, so that it needs no lock
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads stay behind


def _is_unneeded(thread: _Thread) -> bool:
    try:
        _idle.remove(thread)
    except ValueError:  # somebody has just taken it: what it is to do is on its way
        return False
    return True


def run(work: Callable[[], T], tell: Callable[[T], None]) -> None:
    """`tell` hears what `work` gives, on another thread; neither may raise."""
    try:
        thread = _idle.pop()
    except IndexError:
        thread = _Thread()
        thread.start()
    thread.given.put((work, tell))
