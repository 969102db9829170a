"""What there is to do, asked before anything is loaded that could do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aggregator import kinds, schedule, websub
from aggregator.config import Config
from aggregator.cycle import asleft
from aggregator.cycle.signatures import outdated
from aggregator.model import Pace, Source, SourceState, Task
from aggregator.publish import Folder
from aggregator.records import dataclass, replace
from aggregator.store import Reader, pushes, queue, sources

LOCAL_EVERY = 60  # seconds between two looks of the daemon at local files


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sources a cycle polls: what is due, all (`run --all`), or some by id."""

    everything: bool = False
    ids: frozenset[str] = frozenset()
    # Seconds of polling after which nothing more is begun: what waits for its host then is due in the next
    # cycle, before others. None: all are waited for.
    patience: float | None = None

    @property
    def forced(self) -> bool:
        """Whether due or not."""
        return self.everything or bool(self.ids)


def tasks(config: Config, store: Reader, wanted: Wanted, now: int) -> tuple[Task, ...]:
    """What is to be polled now, those first that wait for longest; the server's own "not before" and a
    retired source hold in any case.
    """
    last_urls = sources.urls_of(store)
    due = sorted(_due(config, store, wanted, now, last_urls), key=lambda task: task.memory.next_poll)
    known = sources.memories(store, [task.source.id for task in due])
    made = [
        replace(task, memory=_memory(task.source, known.get(task.source.id, SourceState()), last_urls))
        for task in due
    ]
    return _with_marks(store, made)


def _due(
    config: Config, store: Reader, wanted: Wanted, now: int, last_urls: Mapping[str, str | None]
) -> Iterator[Task]:
    """Of thousands of sources few are due: when each was polled is looked at, not what its feed said; that
    is not in the memories of these tasks.
    """
    known, pushed, never = sources.healths(store), pushes.working(store, now), SourceState()
    for source in _asked_for(config, wanted):
        memory = _memory(source, known.get(source.id, never), last_urls)
        pace = _pace(config, source, source.id in pushed)
        if schedule.is_due(memory, now, pace, forced=wanted.forced, local=not kinds.of(source).remote):
            yield Task(source, memory, config.limits, pace)


def _with_marks(store: Reader, made: Sequence[Task]) -> tuple[Task, ...]:
    """Only a document of the address of before is like the one of before."""
    marks = sources.marks(store, [task.source.id for task in made if task.memory.body_hash])
    return tuple(replace(task, marks=marks.get(task.source.id)) for task in made)


def _asked_for(config: Config, wanted: Wanted) -> list[Source]:
    enabled = [source for source in config.sources if source.enabled]
    return [source for source in enabled if not wanted.ids or source.id in wanted.ids]


def _memory(source: Source, memory: SourceState, last_urls: Mapping[str, str | None]) -> SourceState:
    """Another address: validators and health of the old one are void."""
    if source.id not in last_urls or last_urls[source.id] == kinds.address(source):
        return memory
    return SourceState(posts=memory.posts, last_new=memory.last_new)


def _pace(config: Config, source: Source, is_pushed: bool) -> Pace:
    pace = replace(config.pace, interval=source.interval) if source.interval else config.pace
    if not is_pushed:
        return pace
    return Pace(*map(websub.slower, (pace.interval, pace.min_interval, pace.max_interval)))


def anything_due(config: Config, store: Reader, now: int) -> bool:
    """Whether a turn of the daemon has anything to do: a source due, a local file that changed, entries that
    wait, something to print, be it because the config is another one now.
    """
    due = any(
        kinds.of(task.source).remote or abs(now - (task.memory.polled or 0)) >= LOCAL_EVERY
        for task in _due(config, store, Wanted(), now, sources.urls_of(store))
    )
    return due or queue.work(store, now) or outdated(config, store) or _digest_due(config, store, now)


def nothing(config: Config, store: Reader, wanted: Wanted | None, now: int) -> bool:
    """Whether a cycle would find nothing to do at all: no source due, nothing that waits in the store, no
    file missing, no retention to apply, nobody to be told that it was good.
    """
    if config.ping_url or not pruned_today(store, now):
        return False
    if wanted and any(True for _ in _due(config, store, wanted, now, sources.urls_of(store))):
        return False
    if _digest_due(config, store, now):
        return False
    return not (queue.work(store, now) or outdated(config, store) or lacks_files(config, store, now))


def lacks_files(config: Config, store: Reader, now: int) -> bool:
    """Whether anything of what is published isn't in the output folder, be it because that is another now."""
    if asleft.files(config, store, now):
        return False
    folder = Folder(config.output)
    return not folder.names() or bool(folder.missing())


def _digest_due(config: Config, store: Reader, now: int) -> bool:
    if all(topic.digest is None for topic in config.topics):
        return False
    from aggregator.cycle import digests  # only where there is one

    return digests.due(config, store, now)


def pruned_today(store: Reader, now: int) -> bool:
    return 0 <= now - int(store.meta("pruned") or 0) < 86_400
