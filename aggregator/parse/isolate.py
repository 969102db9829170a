"""Parsing where it can be killed: feedparser and nh3 are quadratic in places, in C and Rust calls that no signal interrupts (B8)."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import resource
import threading
from concurrent.futures import CancelledError
from typing import Any

from pebble import ProcessExpired, ProcessPool

from aggregator.model import Failure, Fetched, Limits, Parsed, Source
from aggregator.parse import parse

BIG = 1_000_000  # bytes; documents beyond it are parsed one at a time


class Workers:
    """Worker processes that parse; started by the first call, so that a cycle without news starts none. Usable from many threads."""

    def __init__(self, count: int = 2) -> None:
        self._count = count
        self._pool: Any = None
        self._lock = threading.Lock()
        self._big = threading.Lock()
        self._closed = False

    def parse(self, source: Source, fetched: Fetched, limits: Limits) -> Parsed:
        """As `parse.parse`, but ended after `limits.parse_seconds` and with `limits.parse_memory`. Never raises."""
        try:
            with self._big if len(fetched.body or b"") > BIG else contextlib.nullcontext():
                return self._submit(source, fetched, limits)
        except TimeoutError:
            return Parsed(failure=Failure("parse", f"parsing took longer than {limits.parse_seconds:g} s and was ended"))
        except ProcessExpired:
            return Parsed(failure=Failure("parse", "parsing ended its process: the document is hostile or too big"))
        except (RuntimeError, CancelledError, OSError) as error:
            if self._closed:
                return Parsed(failure=Failure("stopped", "parsing was ended, because we were asked to stop"))
            return Parsed(failure=Failure("internal", f"the parser could not be started: {error}"))

    def _submit(self, source: Source, fetched: Fetched, limits: Limits) -> Parsed:
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            if self._pool is None or not self._pool.active:
                # forkserver: a clean process without our threads and locks; named, because the default differs between systems.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(["aggregator.parse"])
                self._pool = ProcessPool(max_workers=self._count, max_tasks=2000, initializer=_bound, initargs=[limits.parse_memory], context=context)
            future = self._pool.schedule(_parse, args=[source, fetched, limits], timeout=limits.parse_seconds)
        parsed = future.result()
        assert isinstance(parsed, Parsed)
        return parsed

    def close(self) -> None:
        """End the workers now."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()


def _parse(source: Source, fetched: Fetched, limits: Limits) -> Parsed:
    """In the worker."""
    parsed = parse(source, fetched, limits)
    if len(fetched.body or b"") > BIG:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc keeps what one big document needed for the rest of the worker's life
    return parsed


def _bound(memory: int) -> None:
    """In the worker: no more memory than this, and no core file when it is killed."""
    with contextlib.suppress(ValueError, OSError):
        # What is written to, not what is reserved: every thread reserves 64 MB of addresses that it never uses.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000 + memory, 1_000_000_000 + memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
