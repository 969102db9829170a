"""Parsing where it can be killed: feedparser and nh3 are quadratic in places, in C and Rust calls that no signal interrupts (B8)."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import threading
from concurrent.futures import CancelledError
from typing import Any

from pebble import ProcessExpired, ProcessPool

from aggregator.model import Failure, Fetched, Limits, Parsed, Source
from aggregator.parse import parse


class Workers:
    """Worker processes that parse; started by the first call, so that a cycle without news starts none. Usable from many threads."""

    def __init__(self, count: int = 2) -> None:
        self._count = count
        self._pool: Any = None
        self._lock = threading.Lock()

    def parse(self, source: Source, fetched: Fetched, limits: Limits) -> Parsed:
        """As `parse.parse`, but ended after `limits.parse_seconds` and with `limits.parse_memory`. Never raises."""
        try:
            return self._submit(source, fetched, limits)
        except TimeoutError:
            return Parsed(failure=Failure("parse", f"parsing took longer than {limits.parse_seconds:g} s and was ended"))
        except ProcessExpired:
            return Parsed(failure=Failure("parse", "parsing ended its process: the document is hostile or too big"))
        except (RuntimeError, CancelledError, OSError) as error:
            return Parsed(failure=Failure("internal", f"the parser could not be started: {error}"))

    def _submit(self, source: Source, fetched: Fetched, limits: Limits) -> Parsed:
        with self._lock:
            if self._pool is None or not self._pool.active:
                # forkserver: a clean process without our threads and locks; named, because the default differs between systems.
                context = multiprocessing.get_context("forkserver")
                # The server starts as `python -c`, which looks for modules in the present folder first: a folder there that is called
                # `aggregator` (or a json.py) would be taken for ours. Not with this (Python 3.11 and newer).
                os.environ.setdefault("PYTHONSAFEPATH", "1")
                context.set_forkserver_preload(["aggregator.parse"])
                self._pool = ProcessPool(max_workers=self._count, max_tasks=2000, initializer=_bound, initargs=[limits.parse_memory], context=context)
            future = self._pool.schedule(parse, args=[source, fetched, limits], timeout=limits.parse_seconds)
        parsed = future.result()
        assert isinstance(parsed, Parsed)
        return parsed

    def close(self) -> None:
        """End the workers now."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()


def _bound(memory: int) -> None:
    """In the worker: no more memory than this, and no core file when it is killed."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
