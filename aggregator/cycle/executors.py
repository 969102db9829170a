"""Where polls run: on threads of ours, or in processes. `poll.executor` of the config is a name of `EXECUTORS`."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from aggregator import poll, processes
from aggregator.fetch import Door, Trail
from aggregator.kinds import Kind
from aggregator.model import Polled, Task
from aggregator.parse.isolate import Workers

Step = Callable[[Task, Trail | None, Kind], Polled | Trail]
"""One request of a poll, see `poll.step`."""

PROCESSES = 8  # that poll at the same time at most: each takes some 30 MB with its parser
LEFT = 15.0  # seconds until a process that polls ends by itself, when that which started it is gone


@dataclass(frozen=True, slots=True)
class Crew:
    """An executor (`concurrent.futures`), and what it is to run for each request: found by its name where that is
    in another process.
    """

    executor: Executor
    step: Step


@contextlib.contextmanager
def in_threads(many: int, door: Door) -> Iterator[Crew]:
    """Up to `many` polls at a time, on threads that share a door and two parsers."""
    workers = Workers(2)
    _few_heaps()
    pool = ThreadPoolExecutor(many, thread_name_prefix="poll")
    try:
        yield Crew(pool, functools.partial(poll.step, door=door, parse=workers.parse))
    finally:
        workers.close()  # first: who waits for a parser must not hold up the end (R16)
        pool.shutdown(wait=True, cancel_futures=True)


def _few_heaps() -> None:
    """glibc gives each thread a heap, and each keeps what its largest body needed: 180 MB instead of 130
    after a hostile cycle (B2).
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX


# ---------------------------------------------------------------- processes


@contextlib.contextmanager
def in_processes(many: int, door: Door) -> Iterator[Crew]:
    """Up to `many` polls at a time (`PROCESSES` at most), each in a process with a door and a parser of its own."""
    clean = processes.Context()
    server = processes.ensure_server(clean, (*processes.PRELOADED, __name__))
    watched, alive = clean.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(many, PROCESSES), clean, _begin, (server, watched, door.remade()))
    try:
        yield Crew(pool, step_here)
    finally:
        alive.close()  # they end what is under way
        pool.shutdown(wait=True, cancel_futures=True)
        watched.close()


class _Mine:
    """What a process that polls has: one for its life."""

    def __init__(self, make_door: Callable[[], Door] = Door) -> None:
        self.door = make_door()
        self.workers = Workers(1)

    def close(self) -> None:
        self.door.close()
        self.workers.close()


@functools.cache
def _mine(make_door: Callable[[], Door] = Door) -> _Mine:
    return _Mine(make_door)


def step_here(task: Task, trail: Trail | None, kind: Kind) -> Polled | Trail:
    """`poll.step` in whatever process this is called."""
    mine = _mine()
    return poll.step(task, trail, kind, mine.door, mine.workers.parse)
