"""Poll what is due and store what came: polls run where the config says (`executors`), this thread alone
writes, one transaction a source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from aggregator import health, kinds, machine, poll, topics
from aggregator.config import Config
from aggregator.cycle import executors
from aggregator.cycle.network import Network
from aggregator.cycle.polling import Manners, Polling, Visit, speaks_for
from aggregator.cycle.report import Collected
from aggregator.errors import AggregatorError
from aggregator.model import Entry, PollResult, Source, SourceState, StateChange, Task
from aggregator.parse import reduce
from aggregator.stop import Stop
from aggregator.store import Store, entries, sources


def polls(
    config: Config, tasks: Sequence[Task], stop: Stop, network: Network, patience: float | None = None
) -> Iterator[tuple[Task, PollResult]]:
    """Poll these politely (as many requests in flight at a host as the config says, a gap between two), where
    the config says, and yield each outcome as it comes. `patience`: as of `Wanted`.
    """
    manners = Manners(config.concurrency, config.pause_host, patience)
    polling = Polling(manners, network.hosts(config), stop, network.door.now)
    for task in tasks:
        polling.add(Visit(task))
    open_crew = executors.EXECUTORS[config.executor]
    try:
        while polling.waiting and not stop.is_set():
            with open_crew(config, network.door) as crew:
                for visit, outcome in polling.outcomes(crew):
                    if isinstance(outcome, PollResult):
                        yield visit.task, outcome
    finally:
        polling.hosts.clear()


def collect(
    config: Config,
    store: Store,
    outcomes: Iterable[tuple[Task, PollResult]],
    due: int,
    beat: Callable[[PollResult], None],
) -> Collected:
    """Store each outcome as it comes: a crash in between loses nothing that was stored."""
    tally = Collected(due=due)
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    for task, polled in outcomes:
        if _is_no_outcome(store, task, polled):
            continue
        if _failed_by(polled, machine.KIND):  # the source is still due
            _count(tally, task.source, polled, entries.Absorbed())
            continue
        if config.pause_host and poll.asks_to_wait(polled):
            _pause_host(config, store, task, polled)
        title = _title(task.source, polled, titles)
        stored, absorbed = _absorb_in_any_case(store, rules, task, polled, title)
        _count(tally, task.source, stored, absorbed)
        beat(stored)
    return tally


def _failed_by(polled: PollResult, kind: str) -> bool:
    return polled.failure is not None and polled.failure.kind == kind


def _is_no_outcome(store: Store, task: Task, polled: PollResult) -> bool:
    """We were asked to stop: that is not the source's fault, and it is still due. Or it was put off."""
    if _failed_by(polled, "put-off"):
        sources.remember(store, [(task.source, polled.memory)])
        return True
    return _failed_by(polled, "stopped")


def _title(source: Source, polled: PollResult, titles: Mapping[str, str]) -> str:
    said = polled.feed.title if polled.feed else ""
    return source.title or said or titles.get(source.id) or source.id


def _absorb_in_any_case(
    store: Store, rules: topics.Rules, task: Task, polled: PollResult, title: str
) -> tuple[PollResult, entries.Absorbed]:
    """Nothing that one feed says may keep the others from being stored (B7). Returns what was stored of it,
    too.
    """
    try:
        return polled, _absorb(store, rules, task, polled, title)
    except AggregatorError:  # of the store: a full disk, or a stop
        raise
    except Exception as error:
        spoiled = poll.spoiled(task, polled, error)
        return spoiled, _absorb(store, rules, task, spoiled, title)


def pay_debts(config: Config, store: Store, now: int) -> int:
    """Take the edits that came too soon after others and may be taken now; returns how many."""
    if not entries.debt_due(store, now):
        return 0
    rules, titles = topics.compiled(config.topics, config.sources), sources.titles(store)
    return entries.pay(
        store, now, lambda entry: topics.keeps(rules, entry, titles.get(entry.source) or entry.source)
    )


def _absorb(
    store: Store, rules: topics.Rules, task: Task, polled: PollResult, title: str
) -> entries.Absorbed:
    def complete(new: int) -> SourceState:
        return poll.with_new_count(polled.memory, new, _is_dated(polled) or not kinds.of(task.source).rhythm)

    def keep(entry: Entry) -> bool:
        return topics.keeps(rules, entry, title)

    def notice(memory: SourceState) -> StateChange | None:
        remote = kinds.of(task.source).remote
        return health.notice(task.source.id, title, task.memory, memory, polled.at, remote)

    return entries.absorb(store, task.source, polled, complete, keep, notice)


def _is_dated(polled: PollResult) -> bool:
    """Whether any item of the document has a date, also where some were known and not read again."""
    held = polled.marks is not None and reduce.dated(polled.marks)
    return held or any(entry.published is not None for entry in polled.entries)


def _pause_host(config: Config, store: Store, task: Task, polled: PollResult) -> None:
    """After a 429, or where a quota is used up, the other feeds of the host wait as long, those too that were
    not due now or never polled (P11).
    """
    waiting = _of_its_host(config, store, task, polled)
    known = sources.memories(store, [one.id for one in waiting])
    tasks = [Task(one, known.get(one.id, SourceState())) for one in waiting]
    sources.remember(store, [(one.source, poll.put_off(one, polled)) for one in tasks])


def _of_its_host(config: Config, store: Store, task: Task, polled: PollResult) -> list[Source]:
    known, concerned = sources.healths(store), speaks_for(polled)
    others = [
        Task(other, known.get(other.id, SourceState()))
        for other in config.sources
        if other.id != task.source.id and kinds.of(other).remote and other.enabled
    ]
    return [other.source for other in others if concerned(other)]


def _count(tally: Collected, source: Source, polled: PollResult, absorbed: entries.Absorbed) -> None:
    tally.new += absorbed.new
    tally.updated += absorbed.updated
    if absorbed.new and not polled.pushed:
        tally.found_by_poll.add(source.id)
    tally.warnings += [(source.id, warning) for warning in polled.warnings]
    if polled.failure is not None:
        tally.failed += 1
        tally.failures.append((source.id, polled.failure))
        return
    tally.answered.add(source.id)
    if polled.not_modified:
        tally.not_modified += 1
    else:
        tally.ok += 1
