"""Poll what is due and store what came: polls run on threads, this thread alone writes, one transaction a source."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from aggregator import health, poll, query, schedule, topics, urls
from aggregator.config import Config
from aggregator.model import Entry, Failure, Memory, Notice, Polled, Source, Task
from aggregator.parse.isolate import Workers
from aggregator.store import Store, entries, sources

PATIENCE = 0.5  # seconds between two looks at the stop sign while polls are under way


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sources a cycle polls: what is due, all (`run --all`), or some by id."""

    everything: bool = False
    ids: frozenset[str] = frozenset()


@dataclass(slots=True)
class Collected:
    """The tally of a cycle's polls."""

    due: int = 0
    ok: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    updated: int = 0
    failures: list[tuple[str, Failure]] = field(default_factory=list)
    warnings: list[tuple[str, Failure]] = field(default_factory=list)


def tasks(config: Config, store: Store, wanted: Wanted, now: int) -> tuple[Task, ...]:
    """What is to be polled now; the server's own "not before" and a retired source hold in any case."""
    known, last_urls = sources.memories(store), sources.urls_of(store)
    made = []
    for source in config.sources:
        if not source.enabled or (wanted.ids and source.id not in wanted.ids):
            continue
        memory = known.get(source.id, Memory())
        if source.id in last_urls and last_urls[source.id] != (source.url or source.path):
            memory = Memory(posts=memory.posts, last_new=memory.last_new)  # another address: validators and health of the old one are void
        pace = replace(config.pace, wished=source.interval) if source.interval else config.pace
        if schedule.is_due(memory, now, pace, forced=wanted.everything or bool(wanted.ids), local=source.path is not None):
            made.append(Task(source, memory, config.limits, pace))
    return tuple(made)


def polls(config: Config, found: Sequence[Task], stop: threading.Event) -> Iterator[tuple[Task, Polled]]:
    """Poll these politely (one request in flight a host, a gap between two) and yield each outcome as it comes."""
    hosts = schedule.Hosts(config.per_host, config.host_gap, [(task, urls.host(task.source.url) if task.source.url else None) for task in found])
    workers = Workers(2)
    pool = ThreadPoolExecutor(config.concurrency, thread_name_prefix="poll")
    flying: dict[Future[Polled], Task] = {}
    try:
        while not stop.is_set():
            for task in hosts.ready(time.monotonic(), config.concurrency - len(flying)):
                flying[pool.submit(poll.poll, task, workers.parse)] = task
            if not flying and not hosts.waiting:
                return
            pause = PATIENCE if flying else min(PATIENCE, max(0.0, hosts.next_at - time.monotonic()))
            if not flying:
                stop.wait(pause)
                continue
            done, _ = wait(flying, timeout=min(pause, max(0.005, hosts.next_at - time.monotonic())), return_when=FIRST_COMPLETED)
            for future in done:
                task, polled = flying.pop(future), future.result()
                for skipped in hosts.finished(task, polled.failure, time.monotonic()):
                    yield skipped, _paused(skipped, polled)
                yield task, polled
        for future in list(flying):
            if future.done():
                yield flying.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        workers.close()
