"""Poll what is due and store what came: polls run where the config says (`executors`), this thread alone writes, one
transaction a source.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

from aggregator import health, kinds, poll, topics, urls
from aggregator.config import Config
from aggregator.cycle import executors
from aggregator.cycle.executors import Crew
from aggregator.cycle.network import Network, Visit
from aggregator.cycle.report import Collected
from aggregator.errors import AggregatorError
from aggregator.fetch import Trail
from aggregator.model import Entry, Failure, Memory, Notice, Polled, Source, Task
from aggregator.parse import reduce
from aggregator.stop import Stop
from aggregator.store import Store, entries, sources

SHORT = 15  # seconds: a pause that a cycle waits for
PATIENCE = 0.5  # seconds between two looks at the stop sign while polls are under way
TRIES = 3  # executors that may break under a poll, before it is the poll that is blamed


def polls(
    config: Config, tasks: Sequence[Task], stop: Stop, network: Network
) -> Iterator[tuple[Task, Polled]]:
    """Poll these politely (as many requests in flight at a host as the config says, a gap between two), where the
    config says, and yield each outcome as it comes.
    """
    polling = _Polling(config, network, stop)
    for task in tasks:
        polling.add(Visit(task))
    open_crew = executors.EXECUTORS[config.executor]
    try:
        while polling.hosts.waiting and not stop.is_set():
            with open_crew(config.concurrency, network.door) as crew:
                yield from polling.outcomes(crew)
    finally:
        polling.hosts.clear()


class _Polling:
    """Visits of one cycle, from their turn to their outcome."""

    def __init__(self, config: Config, network: Network, stop: Stop) -> None:
        self.config, self.stop, self.hosts = config, stop, network.hosts(config)
        self._door = network.door
        self._flying: dict[Future[Polled | Trail], Visit] = {}

    def add(self, visit: Visit, first: bool = False) -> None:
        self.hosts.add(visit, visit.host, first)

    def outcomes(self, crew: Crew) -> Iterator[tuple[Task, Polled]]:
        """Until nothing waits any more, we are asked to stop, or the crew breaks: what it had in hand then waits
        again.
        """
        while not self.stop.is_set() and (self._flying or self.hosts.waiting):
            try:
                self._start(crew)
            except BrokenExecutor as error:
                yield from self._broken(error)
                return
            for future in self._ended():
                self.stop.beat()
                visit = self._flying.pop(future)
                try:
                    outcome = future.result()
                except BrokenExecutor as error:
                    self._flying[future] = visit
                    yield from self._broken(error)
                    return
                except Exception as error:  # of the executor: what it runs never raises
                    outcome = poll.broken(visit.task, self._door.now(), error)
                yield from self._came(visit, outcome)
        yield from self._last()

    def _start(self, crew: Crew) -> None:
        for visit in self.hosts.ready(time.monotonic(), self.config.concurrency - len(self._flying)):
            try:
                future = crew.executor.submit(crew.step, visit.task, visit.trail, visit.kind)
            except BrokenExecutor as error:
                future = Future()
                future.set_exception(error)
            self._flying[future] = visit

    def _ended(self) -> Collection[Future[Polled | Trail]]:
        """What came back; waits until something may have, or may be started."""
        until_next = max(0.0, self.hosts.next_at - time.monotonic())
        if not self._flying:
            self.stop.beat()
            self.stop.wait(min(PATIENCE, until_next))
            return ()
        pause = min(PATIENCE, max(0.005, until_next))
        return wait(self._flying, timeout=pause, return_when=FIRST_COMPLETED).done

    def _came(self, visit: Visit, outcome: Polled | Trail) -> Iterator[tuple[Task, Polled]]:
        host = visit.host
        if isinstance(outcome, Trail):
            visit.trail = outcome
            self.hosts.finished(host, time.monotonic())
            self.add(visit, first=True)
            return
        if self.config.pause_host and _is_rate_limited(outcome):
            yield from self._after_429(outcome)
        self.hosts.finished(host, time.monotonic())
        yield visit.task, outcome

    def _after_429(self, polled: Polled) -> Iterator[tuple[Task, Polled]]:
        """What is to be put off to another cycle; where the host asks for a short while only, this cycle waits
        for it.
        """
        wait = polled.memory.not_before - polled.at
        if wait <= SHORT:
            self.hosts.hold(urls.host(polled.url), time.monotonic() + wait)
            return
        limiter = urls.authority(polled.url)
        failure = Failure("put-off", "its host answered 429")
        for visit in self.hosts.withdraw(lambda visit: urls.authority(visit.address) == limiter):
            memory = poll.put_off(visit.task, polled)
            yield visit.task, Polled(visit.task.source.id, polled.at, memory, failure=failure)

    def _broken(self, error: BrokenExecutor) -> Iterator[tuple[Task, Polled]]:
        """What a broken executor had in hand is tried again with the next one, unless it was with every one that
        broke.
        """
        for future, visit in list(self._flying.items()):
            del self._flying[future]
            whole = future.done() and not future.cancelled() and future.exception() is None
            if whole:
                yield from self._came(visit, future.result())
                continue
            self.hosts.finished(visit.host, time.monotonic())
            visit.tries += 1
            if visit.tries < TRIES:
                self.add(visit, first=True)
            else:
                yield visit.task, poll.broken(visit.task, self._door.now(), error)

    def _last(self) -> Iterator[tuple[Task, Polled]]:
        """What came back before we were asked to stop."""
        for future, visit in list(self._flying.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                outcome = future.result()
                if isinstance(outcome, Polled):
                    yield visit.task, outcome
        self._flying.clear()


def _is_rate_limited(polled: Polled) -> bool:
    return polled.failure is not None and polled.failure.kind == "rate-limited"


def _speaks_for(polled: Polled) -> Callable[[Task], bool]:
    """After a 429: whether a task is one for whoever answered so, at the end of redirects too (P11)."""
    limiter = urls.authority(polled.url)
    return lambda task: urls.authority(kinds.asked(task.source, task.memory) or "") == limiter


def collect(
    config: Config,
    store: Store,
    found: Sequence[Task],
    stop: Stop,
    beat: Callable[[Polled], None],
    network: Network,
) -> Collected:
    """Poll these and store each outcome as it comes: a crash in between loses nothing that was stored."""
    tally = Collected(due=len(found))
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    for task, polled in polls(config, found, stop, network):
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
