"""Where polls run: on threads of ours, or in processes. `poll.executor` of the config is a name of `EXECUTORS`.

An executor is added there as a function that gives a `Crew`, and takes it back at its end. Each request of a poll is
submitted to it in its host's turn; what is polled, when, and what is stored of it is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import util
from multiprocessing.connection import Connection

from aggregator import poll, processes
from aggregator.fetch import Door, Trail
from aggregator.kinds import Kind
from aggregator.model import Polled, Task
from aggregator.parse.isolate import Workers

Step = Callable[[Task, Trail | None, Kind], Polled | Trail]
"""One request of a poll, see `poll.step`."""

PARSERS = 2  # processes that parse what threads fetch
PROCESSES = 8  # that poll at the same time at most: each takes some 30 MB with its parser
LEFT = 5.0  # seconds until a process that polls ends by itself, when that which started it is gone


@dataclass(frozen=True, slots=True)
class Crew:
    """An executor (`concurrent.futures`), and what it is to run for each request: found by its name where that is
    in another process.
    """

    executor: Executor
    step: Step


Opener = Callable[[int, Door], AbstractContextManager[Crew]]
"""Of how many polls run at a time, and the door of this process: the crew, for as long as polls last."""


@contextlib.contextmanager
def in_threads(many: int, door: Door) -> Iterator[Crew]:
    """Up to `many` polls at a time, on threads that share a door and two parsers."""
    workers = Workers(PARSERS)
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
    pool = ProcessPoolExecutor(min(many, PROCESSES), clean, _begin, (server, watched))
    over = threading.Event()
    threading.Thread(target=_end_with, args=(door, over, alive), name="crew", daemon=True).start()
    try:
        yield Crew(pool, step_here)
    finally:
        over.set()
        alive.close()  # they end what is under way
        pool.shutdown(wait=True, cancel_futures=True)
        watched.close()


def _end_with(door: Door, over: threading.Event, alive: Connection) -> None:
    """What ends exchanges here ends them there."""
    while not over.wait(0.2):
        if door.closed:
            alive.close()
            return


class _Mine:
    """What a process that polls has, for its life."""

    def __init__(self) -> None:
        self.door, self.workers = Door(), Workers(1)

    def close(self) -> None:
        self.door.close()
        self.workers.close()


@functools.cache
def _mine() -> _Mine:
    mine = _Mine()
    # Before the process waits for its own ones, as it does at its end.
    util.Finalize(mine, mine.close, exitpriority=100)
    return mine


def step_here(task: Task, trail: Trail | None, kind: Kind) -> Polled | Trail:
    """`poll.step` in whatever process this is called."""
    mine = _mine()
    return poll.step(task, trail, kind, mine.door, mine.workers.parse)


def _begin(server: str, watched: Connection) -> None:
    """In a new process: signals are for the one that started it, whose end is ours."""
    processes.use_server(server)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(watched,), name="alive", daemon=True).start()


def _end_after(watched: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        watched.recv_bytes()  # never comes: the other end is closed, or gone with its process
    mine = _mine()
    mine.close()
    threading.Event().wait(LEFT)
    os._exit(0)


EXECUTORS: dict[str, Opener] = {"auto": in_threads, "threads": in_threads, "processes": in_processes}

__all__ = ["EXECUTORS", "Crew", "Opener", "in_processes", "in_threads", "step_here"]
