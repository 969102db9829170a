"""Poll what is due and store what came: polls run on threads, this thread alone writes, one transaction a
source.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from aggregator import health, kinds, poll, schedule, topics, urls
from aggregator.config import Config
from aggregator.cycle.report import Collected
from aggregator.errors import AggregatorError
from aggregator.model import Entry, Failure, Memory, Notice, Polled, Source, Task
from aggregator.parse import reduce
from aggregator.parse.isolate import Workers
from aggregator.stop import Stop
from aggregator.store import Store, entries, sources

SHORT = 15  # seconds: a pause that a cycle waits for
PATIENCE = 0.5  # seconds between two looks at the stop sign while polls are under way


def _host(task: Task) -> str | None:
    asked = kinds.asked(task.source, task.memory)
    return urls.host(asked) if asked else None


def _speaks_for(polled: Polled) -> Callable[[Task], bool]:
    """After a 429: whether a task is one for whoever answered so, at the end of redirects too (P11)."""
    limiter = urls.authority(polled.url)
    return lambda task: urls.authority(kinds.asked(task.source, task.memory) or "") == limiter


def polls(config: Config, found: Sequence[Task], stop: Stop) -> Iterator[tuple[Task, Polled]]:
    """Poll these politely (one request in flight a host, a gap between two) and yield each outcome as it
    comes.
    """
    hosts = schedule.Hosts(config.per_host, config.host_gap, [(task, _host(task)) for task in found])
    workers = Workers(2)
    _few_heaps()
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
                stop.beat()
                stop.wait(pause)
                continue
            done, _ = wait(
                flying,
                timeout=min(pause, max(0.005, hosts.next_at - time.monotonic())),
                return_when=FIRST_COMPLETED,
            )
            for future in done:
                stop.beat()
                task, polled = flying.pop(future), future.result()
                if config.pause_host and polled.failure is not None and polled.failure.kind == "rate-limited":
                    for skipped in _after_429(hosts, polled):
                        yield (
                            skipped,
                            Polled(
                                skipped.source.id,
                                polled.at,
                                poll.put_off(skipped, polled),
                                failure=Failure("put-off", "its host answered 429"),
                            ),
                        )
                hosts.finished(_host(task), time.monotonic())
                yield task, polled
        for future in list(flying):
            if future.done():
                yield flying.pop(future), future.result()
    finally:
        workers.close()  # first: who waits for a parser must not hold up the end (R16)
        pool.shutdown(wait=True, cancel_futures=True)


def _after_429(hosts: schedule.Hosts, polled: Polled) -> list[Task]:
    """What is to be put off to another cycle; where the host asks for a short while only, this cycle waits
    for it.
    """
    wait = polled.memory.not_before - polled.at
    if wait > SHORT:
        return hosts.withdraw(_speaks_for(polled))
    hosts.hold(urls.host(polled.url), time.monotonic() + wait)
    return []


def _few_heaps() -> None:
    """glibc gives each thread a heap, and each keeps what its largest body needed: 180 MB instead of 130
    after a hostile cycle (B2).
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX


def collect(
    config: Config, store: Store, found: Sequence[Task], stop: Stop, beat: Callable[[Polled], None]
) -> Collected:
    """Poll these and store each outcome as it comes: a crash in between loses nothing that was stored."""
    tally = Collected(due=len(found))
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    for task, polled in polls(config, found, stop):
        source = task.source
        if polled.failure is not None and polled.failure.kind == "stopped":
            continue  # we were asked to stop: that is not the source's fault, and it is still due
        if polled.failure is not None and polled.failure.kind == "put-off":
            sources.remember(store, [(source, polled.memory)])
            continue
        if config.pause_host and polled.failure is not None and polled.failure.kind == "rate-limited":
            _pause_host(config, store, task, polled)
        title = (
            source.title or (polled.feed.title if polled.feed else "") or titles.get(source.id) or source.id
        )
        try:
            absorbed = _absorb(store, rules, task, polled, title)
        except AggregatorError:  # of the store: a full disk, or a stop
            raise
        except Exception as error:  # nothing that one feed says may keep the others from being stored (B7)
            polled = poll.spoiled(task, polled, error)
            absorbed = _absorb(store, rules, task, polled, title)
        _count(tally, source, polled, absorbed)
        beat(polled)
    return tally


def pay_debts(config: Config, store: Store, now: int) -> int:
    """Take the edits that came too soon after others and may be taken now; returns how many."""
    if not entries.debt_due(store, now):
        return 0
    rules, titles = topics.compiled(config.topics, config.sources), sources.titles(store)
    return entries.pay(
        store, now, lambda entry: topics.keeps(rules, entry, titles.get(entry.source) or entry.source)
    )


def _absorb(store: Store, rules: topics.Rules, task: Task, polled: Polled, title: str) -> entries.Absorbed:
    def settle(new: int) -> Memory:
        return poll.settle(polled.memory, new, _is_dated(polled) or not kinds.of(task.source).rhythm)

    def keep(entry: Entry) -> bool:
        return topics.keeps(rules, entry, title)

    def notice(memory: Memory) -> Notice | None:
        return health.notice(task.source.id, title, task.memory, memory, polled.at)

    return entries.absorb(store, task.source, polled, settle, keep, notice)


def _is_dated(polled: Polled) -> bool:
    """Whether any item of the document has a date, also where some were known and not read again."""
    held = polled.marks is not None and reduce.dated(polled.marks)
    return held or any(entry.published is not None for entry in polled.entries)


def _pause_host(config: Config, store: Store, task: Task, polled: Polled) -> None:
    """After a 429 the other feeds of the host wait as long, those too that were not due now or never polled
    (P11).
    """
    known, concerned = sources.memories(store), _speaks_for(polled)
    others = [
        Task(other, known.get(other.id, Memory()))
        for other in config.sources
        if other.id != task.source.id and kinds.of(other).remote and other.enabled
    ]
    sources.remember(
        store, [(other.source, poll.put_off(other, polled)) for other in others if concerned(other)]
    )


def _count(tally: Collected, source: Source, polled: Polled, absorbed: entries.Absorbed) -> None:
    tally.new += absorbed.new
    tally.updated += absorbed.updated
    tally.warnings += [(source.id, warning) for warning in polled.warnings]
    if polled.failure is not None:
        tally.failed += 1
        tally.failures.append((source.id, polled.failure))
    elif polled.not_modified:
        tally.not_modified += 1
    else:
        tally.ok += 1
