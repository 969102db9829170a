"""Parsing where it can be killed: feedparser and nh3 are quadratic in places, in C and Rust calls that no
signal interrupts (B8).
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import queue
import resource
import signal
import threading
from concurrent.futures import CancelledError, wait
from typing import Any

from aggregator import heap, machine
from aggregator.kinds import BodyReader
from aggregator.model import Bound, Failure, FetchResult, ItemMarks, Limits, ParseResult, Source
from aggregator.parse import LITTLE, bounds, parse, parse_little
from aggregator.records import dataclass, replace

# bytes; documents beyond it are parsed one at a time, each in a process of its own: what it took is given
# back for sure
BIG = 1_000_000
# Bytes of a document of little items that is read here, and of all of them together: to start a process
# takes as long as reading a megabyte, and where there is more to read, two processes are done sooner.
PLENTY, HERE = 300_000, 4_000_000
# bytes that a small document may take beyond what the worker has, and how many times its own size: several
# hostile ones at once stay small together
BASE, TIMES = 32_000_000, 13
# bytes beyond `Limits.parse_memory` for what is around parsing: taking the document in, sending its entries
# back
SPARE = 100_000_000


@dataclass(frozen=True, slots=True)
class _Job:
    """A document, and how its kind is read (found by its name over there)."""

    source: Source
    fetched: FetchResult
    read: BodyReader | None
    before: ItemMarks | None = None

    @property
    def size(self) -> int:
        return len(self.fetched.body or b"")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one attempt: a document, or the bound that ended its process, at this item (0: nobody
    knows).
    """

    parsed: ParseResult | None = None
    bound: Bound | None = None
    number: int = 0
    failure: Failure | None = None


class _Worker:
    """A process that parses one document at a time; replaced when it was ended."""

    def __init__(self, tasks: int) -> None:
        """`tasks`: how many documents a process gets before the next one takes its place."""
        self._tasks = tasks
        self._pool: Any = None
        self._at: Any = None  # where the process is, in memory that outlives it

    def start(self, job: _Job, limits: Limits, alone: bool) -> Any:
        """A future of `ParseResult`."""
        from pebble import ProcessPool  # not where nothing needs a process

        from aggregator import processes

        if self._pool is None or not self._pool.active:
            clean = processes.Context()
            processes.ensure_server(clean)
            self._at = clean.RawArray("c", 400)
            self._pool = ProcessPool(
                max_workers=1,
                max_tasks=self._tasks,
                initializer=_bound,
                initargs=[limits.parse_memory + SPARE, self._at],
                context=clean,
            )
        self._at.value = b""
        seconds = bounds.CLOCK * limits.parse_seconds
        return self._pool.schedule(_parse, args=[job, limits, alone], timeout=seconds)

    @property
    def active(self) -> bool:
        return self._pool is not None and bool(self._pool.active)

    def where(self) -> tuple[int, str]:
        """The item that was being read, and its name; (0, "") between two."""
        number, _, title = self._at.value.decode("utf-8", "replace").partition(" ")
        return (int(number), bounds.named(int(number), title)) if number else (0, "")

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()


class Workers:
    """Worker processes that parse; started by the first call, so that a cycle without news starts none.
    Usable from many threads.
    """

    def __init__(self, count: int = 2) -> None:
        # The one that worked last comes first: it has its process already.
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._alone: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers = [_Worker(2000) for _ in range(count)]
        for worker in self._workers:
            self._free.put(worker)
        self._workers.append(_Worker(1))
        self._alone.put(self._workers[-1])
        self._lock = threading.Lock()
        self._closed = False
        self._here = 0  # bytes of documents that were read without a process

    def parse(
        self,
        source: Source,
        fetched: FetchResult,
        limits: Limits,
        read: BodyReader | None = None,
        before: ItemMarks | None = None,
    ) -> ParseResult:
        """As `parse.parse`, but ended after `limits.parse_seconds` and with `limits.parse_memory`. Never
        raises. A plain document that is little, or in which little is new, is read here.

        What was too much for the memory that a small document gets is parsed once more, alone, in a new
        process, with all that there is. An item that ends its process is named, and the others are read.
        """
        job = _Job(source, fetched, read, before)
        if read is None and job.size <= BIG and not self._closed:
            found = parse_little(source, fetched, limits, before, self._most)
            if found is not None:
                self._here += job.size
                return found
        try:
            return self._parse(job, limits)
        except (RuntimeError, CancelledError, OSError, MemoryError) as error:
            if self._closed:
                return ParseResult(
                    failure=Failure("stopped", "parsing was ended, because we were asked to stop")
                )
            words = f"the parser could not be started: {error}"
            return ParseResult(failure=machine.trouble(error) or Failure("internal", words))

    @property
    def _most(self) -> int:
        """Bytes of a document of little items that is worth no process."""
        return LITTLE if self._here >= HERE or any(worker.active for worker in self._workers) else PLENTY

    def _parse(self, job: _Job, limits: Limits) -> ParseResult:
        big = job.size > BIG
        outcome = self._attempt(job, limits, big)
        if outcome.bound == "memory" and not big:
            outcome = self._attempt(job, limits, True)
        if outcome.parsed is not None:
            return outcome.parsed
        ended = ParseResult(failure=outcome.failure, reached=outcome.bound)
        if not outcome.number or outcome.bound == "clock":
            return ended
        others = self._attempt(job, replace(limits, without=outcome.number), True)
        if others.parsed is None or others.parsed.failure is not None:
            return ended
        return replace(others.parsed, failure=outcome.failure, reached=outcome.bound)

    def _attempt(self, job: _Job, limits: Limits, alone: bool) -> _Outcome:
        from pebble import ProcessExpired

        workers = self._alone if alone else self._free
        worker = self._next(workers)
        try:
            with self._lock:
                if self._closed:
                    raise RuntimeError("closed")
                future = worker.start(job, limits, alone)
            while not wait([future], timeout=0.5).done:
                if self._closed or not worker.active:
                    raise RuntimeError("closed")  # what a stopped pool had in hand stays pending for ever
            parsed = future.result()
            assert isinstance(parsed, ParseResult)
            return _Outcome(parsed, parsed.reached)
        except (TimeoutError, ProcessExpired) as error:
            return _ended(error, limits, *worker.where())
        finally:
            workers.put(worker)

    def _next(self, workers: queue.LifoQueue[_Worker]) -> _Worker:
        while not self._closed:
            with contextlib.suppress(queue.Empty):
                return workers.get(timeout=0.5)
        raise RuntimeError("closed")

    def close(self) -> None:
        """End the workers now; there will be no others."""
        with self._lock:
            self._closed = True
        for worker in self._workers:
            worker.stop()


def _ended(error: Exception, limits: Limits, number: int, where: str) -> _Outcome:
    """A process that was ended, or ended itself: libraries that get no memory do."""
    if isinstance(error, TimeoutError):
        return _Outcome(bound="clock", number=number, failure=bounds.failure("clock", limits, where))
    if error.exitcode == -signal.SIGXCPU:  # type: ignore[attr-defined]  # of a ProcessExpired
        return _Outcome(bound="cpu", number=number, failure=bounds.failure("cpu", limits, where))
    at = f" at {where}" if where else ""
    size, larger = limits.parse_memory // 1_000_000, 2 * limits.parse_memory // 1_000_000
    words = f"parsing ended its process{at}: the document is hostile, or takes more than {size} MB"
    more = f'a larger [poll] parse_memory, such as "{larger}MB", may let it finish'
    return _Outcome(bound="memory", number=number, failure=Failure("parse", f"{words}; {more}"))


# ---------------------------------------------------------------- in the worker


def _parse(job: _Job, limits: Limits, alone: bool) -> ParseResult:
    allowed = limits.parse_memory if alone else min(limits.parse_memory, BASE + TIMES * job.size)
    heap.give_back()  # what documents of before left behind, so that two workers with a past stay small
    # From what it has now: neither what it parsed before nor what it had to import counts against a document.
    # What may be written to, not what may be reserved: every thread reserves 64 MB of addresses that it never
    # uses.
    _allow(resource.RLIMIT_DATA, _data_size() + allowed)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    # A signal that Python answers with an exception, so that the item is named and what was read is kept; a
    # library that does not come back to Python is ended with its process, a second later.
    _allow(resource.RLIMIT_CPU, 1 + math.ceil(spent.ru_utime + spent.ru_stime + limits.parse_seconds))
    signal.setitimer(signal.ITIMER_PROF, limits.parse_seconds)
    try:
        try:
            return parse(job.source, job.fetched, limits, job.read, job.before)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            _allow(resource.RLIMIT_CPU, None)
            _allow(resource.RLIMIT_DATA, None)
    except bounds.OutOfTime:  # as it was about to end
        return ParseResult(failure=bounds.failure("cpu", limits), reached="cpu")


def _allow(what: int, amount: int | None) -> None:
    """So much from here on; None: as much as ever."""
    with contextlib.suppress(ValueError, OSError):
        most = resource.getrlimit(what)[1]
        within = most if amount is None else amount if most == resource.RLIM_INFINITY else min(amount, most)
        resource.setrlimit(what, (within, most))


def _bound(memory: int, at: Any) -> None:
    """For good: no more memory than this beyond what a worker has at its start, no core file when it is
    killed, no last words of a library on our standard error; `at` says where it is.
    """

    def report(number: int, title: str) -> None:
        at.value = f"{number} {title[:80]}".encode("utf-8", "replace") if number else b""

    bounds.report[:] = [report]
    gc.freeze()  # what is imported is nobody's leftover, and need not be looked through
    signal.signal(signal.SIGPROF, _out_of_time)
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    _limit(memory)


def _limit(memory: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        most = _data_size() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _out_of_time(number: int, frame: object) -> None:
    raise bounds.OutOfTime


def _data_size() -> int:
    """Bytes that count against RLIMIT_DATA; 0 where the system does not tell (it does not hold us to it
    either).
    """
    with (
        contextlib.suppress(OSError),
        open("/proc/self/status", encoding="ascii", errors="replace") as status,
    ):
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0
