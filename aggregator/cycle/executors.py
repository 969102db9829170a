"""Where polls run: on threads of ours, in processes, on other machines. `poll.executor` of the config is a
name of `EXECUTORS`.

An executor is added there as a function that gives a `Crew`, and takes it back at its end. Each request of a
poll is submitted to it in its host's turn; what is polled, when, and what is stored of it is decided
elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from aggregator import heap, poll
from aggregator.config import Config
from aggregator.cycle.polling import Asked, Crew, Outcome
from aggregator.fetch import Door
from aggregator.parse.isolate import Workers
from aggregator.poll import Parser

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PARSERS = 2  # processes that parse what threads fetch
PROCESSES = 8  # that poll at the same time at most: each takes some 30 MB with its parser
LEFT = 5.0  # seconds until a process that polls ends by itself, when that which started it is gone

Opener = Callable[[Config, Door], AbstractContextManager[Crew]]
"""Of the config and the door of this process: the crew, for as long as polls last."""


@contextlib.contextmanager
def in_threads(config: Config, door: Door) -> Iterator[Crew]:
    """Threads that share a door and two parsers."""
    workers = Workers(PARSERS)
    heap.few_arenas()
    pool = ThreadPoolExecutor(config.concurrency, thread_name_prefix="poll")
    try:
        yield Crew(pool, functools.partial(each, door, workers.parse))
    finally:
        workers.close()  # first: who waits for a parser must not hold up the end (R16)
        pool.shutdown(wait=True, cancel_futures=True)


def each(door: Door, parse: Parser, asked: Sequence[Asked]) -> list[Outcome]:
    """One request of each of these, one after the other."""
    return [poll.step(task, trail, kind, door, parse) for task, trail, kind in asked]


# ---------------------------------------------------------------- processes


@contextlib.contextmanager
def in_processes(config: Config, door: Door) -> Iterator[Crew]:
    """Processes with a door and a parser each."""
    from concurrent.futures import ProcessPoolExecutor

    from aggregator import processes  # not where threads poll and nothing is parsed

    clean = processes.Context()
    server = processes.ensure_server(clean, (*processes.PRELOADED, __name__))
    watched, alive = clean.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(config.concurrency, PROCESSES), clean, _begin, (server, watched))
    over = threading.Event()
    ender = threading.Thread(target=_end_with, args=(door, over, alive), name="crew", daemon=True)
    ender.start()
    try:
        yield Crew(pool, each_here)
    finally:
        over.set()
        ender.join()
        alive.close()  # they end what is under way
        pool.shutdown(wait=True, cancel_futures=True)
        watched.close()


def _end_with(door: Door, over: threading.Event, alive: Connection) -> None:
    """What ends exchanges here ends them there."""
    while not over.wait(0.2):
        if door.closed:
            alive.close()
            return


class Here:
    """What a process that polls has, for its life."""

    def __init__(self, parsers: int) -> None:
        self.door, self.workers = Door(), Workers(parsers)

    def close(self) -> None:
        self.door.close()
        self.workers.close()


@functools.cache
def here(parsers: int = 1) -> Here:
    """Of this process, whichever it is."""
    from multiprocessing import util

    made = Here(parsers)
    # Before the process waits for its own ones, as it does at its end.
    util.Finalize(made, made.close, exitpriority=100)
    return made


def each_here(asked: Sequence[Asked]) -> list[Outcome]:
    """`each` in whatever process this is called."""
    mine = here()
    return each(mine.door, mine.workers.parse, asked)


def _begin(server: str, watched: Connection) -> None:
    """In a new process: signals are for the one that started it, whose end is ours."""
    from aggregator import processes

    processes.use_server(server)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(watched,), name="alive", daemon=True).start()


def _end_after(watched: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        watched.recv_bytes()  # never comes: the other end is closed, or gone with its process
    here().close()
    threading.Event().wait(LEFT)
    os._exit(0)


# ---------------------------------------------------------------- machines


def in_dask(config: Config, door: Door) -> AbstractContextManager[Crew]:
    """The workers of a Dask cluster, see `on_dask`."""
    from aggregator.cycle.on_dask import in_cluster  # Dask takes a second to load

    return in_cluster(config, door)


EXECUTORS: dict[str, Opener] = {
    "auto": in_threads,
    "threads": in_threads,
    "processes": in_processes,
    "dask": in_dask,
}

__all__ = ["EXECUTORS", "Here", "Opener", "each", "each_here", "here", "in_processes", "in_threads"]
