"""Parsing where it can be killed: feedparser and nh3 are quadratic in places, in C and Rust calls that no
signal interrupts (B8).
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import resource
import signal
import threading
from concurrent.futures import CancelledError, wait
from multiprocessing import forkserver
from typing import Any

from pebble import ProcessExpired, ProcessPool

from aggregator.model import Failure, Fetched, Limits, Parsed, Source
from aggregator.parse import parse

# bytes; documents beyond it are parsed one at a time, each in a process of its own: what it took is given
# back for sure
BIG = 1_000_000
BASE, TIMES = 48_000_000, 13  # bytes that any document may take, and how many times its own size
WAIT = 4  # times `Limits.parse_seconds`, which are of the CPU, that parsing may last on a busy machine
# bytes beyond `Limits.parse_memory` for what is around parsing: taking the document in, sending its entries
# back
SPARE = 100_000_000


class Workers:
    """Worker processes that parse; started by the first call, so that a cycle without news starts none.
    Usable from many threads.
    """

    def __init__(self, count: int = 2) -> None:
        self._count = count
        self._pools: dict[bool, Any] = {}  # for small documents (False) and for big ones
        self._lock = threading.Lock()
        self._big = threading.Lock()
        self._closed = False

    def parse(self, source: Source, fetched: Fetched, limits: Limits) -> Parsed:
        """As `parse.parse`, but ended after `limits.parse_seconds` and with `limits.parse_memory`. Never
        raises.
        """
        big = len(fetched.body or b"") > BIG
        try:
            with self._big if big else contextlib.nullcontext():
                return self._submit(source, fetched, limits, big)
        except TimeoutError:
            return Parsed(
                failure=Failure("parse", f"parsing took longer than {limits.parse_seconds:g} s and was ended")
            )
        except ProcessExpired as error:
            late = error.exitcode == -signal.SIGXCPU
            words = (
                f"parsing took longer than {limits.parse_seconds:g} s and was ended"
                if late
                else "parsing ended its process: the document is hostile or too big"
            )
            return Parsed(failure=Failure("parse", words))
        except (RuntimeError, CancelledError, OSError, MemoryError) as error:
            if self._closed:
                return Parsed(failure=Failure("stopped", "parsing was ended, because we were asked to stop"))
            return Parsed(failure=Failure("internal", f"the parser could not be started: {error}"))

    def _submit(self, source: Source, fetched: Fetched, limits: Limits, big: bool) -> Parsed:
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            pool = self._pools.get(big)
            if pool is None or not pool.active:
                # forkserver: a clean process without our threads and locks; named, because the default
                # differs between systems.
                context = multiprocessing.get_context("forkserver")
                # The server starts as `python -c`, which looks for modules in the present folder first: a
                # folder there that is called
                # `aggregator` (or a json.py) would be taken for ours. Not with this (Python 3.11 and newer).
                context.set_forkserver_preload(["aggregator.parse"])
                before = os.environ.get("PYTHONSAFEPATH")
                os.environ["PYTHONSAFEPATH"] = "1"
                try:
                    forkserver.ensure_running()
                finally:  # other programs that we start are none of our business
                    if before is None:
                        del os.environ["PYTHONSAFEPATH"]
                pool = ProcessPool(max_workers=1 if big else self._count, max_tasks=1 if big else 2000, initializer=_bound,
                                   initargs=[limits.parse_memory + SPARE], context=context)  # fmt: skip
                self._pools[big] = pool
            future = pool.schedule(
                _parse, args=[source, fetched, limits], timeout=WAIT * limits.parse_seconds
            )
        while not wait([future], timeout=0.5).done:
            if self._closed or not pool.active:
                raise RuntimeError("closed")  # what a stopped pool had in hand stays pending for ever
        parsed = future.result()
        assert isinstance(parsed, Parsed)
        return parsed

    def close(self) -> None:
        """End the workers now; there will be no others."""
        with self._lock:
            self._closed = True
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.stop()
            pool.join()


def _parse(source: Source, fetched: Fetched, limits: Limits) -> Parsed:
    """In the worker. A small document gets little memory, so that several hostile ones at once stay small
    together (B2).
    """
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _allow(resource.RLIMIT_CPU, math.ceil(spent.ru_utime + spent.ru_stime + limits.parse_seconds))
    # What may be written to, not what may be reserved: every thread reserves 64 MB of addresses that it never
    # uses.
    _allow(resource.RLIMIT_DATA, min(limits.parse_memory, BASE + TIMES * len(fetched.body or b"")))
    try:
        return parse(source, fetched, limits)
    finally:
        _allow(resource.RLIMIT_CPU, None)
        _allow(resource.RLIMIT_DATA, None)


def _allow(what: int, amount: int | None) -> None:
    """So much from here on; None: as much as ever."""
    with contextlib.suppress(ValueError, OSError):
        most = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if amount is None else amount, most))


def _bound(memory: int) -> None:
    """In the worker, for good: no more memory than this, and no core file when it is killed."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
