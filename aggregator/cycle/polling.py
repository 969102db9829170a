"""Visits from their turn to their outcome: who may be asked now, what comes back, what is asked again or put
off.

In: visits, whose turn it is (`schedule.Hosts`), and a crew to run their requests. Out: each visit with what
came of it. Runs in a cycle over all sources, and on each machine of a cluster over those that it was given.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future

from aggregator import kinds, poll, urls
from aggregator.batches import batches
from aggregator.fetch import Trail
from aggregator.kinds import Kind
from aggregator.model import Failure, PollResult, Task
from aggregator.records import dataclass
from aggregator.schedule import Hosts
from aggregator.stop import Stop

SHORT = 15  # seconds: a pause that a cycle waits for
PATIENCE = 0.5  # seconds between two looks at the stop sign while polls are under way
TRIES = 3  # executors that may break under a poll, before it is the poll that is blamed

Asked = tuple[Task, Trail | None, Kind]
"""What one request needs; travels to any executor."""
Outcome = PollResult | Trail
"""What comes of a request: the poll is over, or it was led elsewhere."""
Run = Callable[[Sequence[Asked]], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Crew:
    """An executor (`concurrent.futures`), and what it is to run for `size` requests at most, of which
    `of_host` go to one host: found by its name where that is in another process.
    """

    executor: Executor
    run: Run
    size: int = 1
    of_host: int = 1


@dataclass(frozen=True, slots=True)
class Manners:
    """How many requests at a time altogether, whether a 429 holds for all feeds of its host, and for how long
    requests are begun (seconds; None: until nothing waits any more).
    """

    concurrency: int
    pause_host: bool
    patience: float | None = None


class Visit:
    """A poll on its way: it waits for the turn of its host, for each of its requests."""

    __slots__ = ("kind", "task", "trail", "tries")

    def __init__(self, task: Task, trail: Trail | None = None, kind: Kind | None = None) -> None:
        self.task, self.kind = task, kind or kinds.of(task.source)
        self.trail = trail  # where it was led
        self.tries = 0  # executors that broke under it

    @property
    def asked(self) -> Asked:
        return self.task, self.trail, self.kind

    @property
    def address(self) -> str:
        """Where the next request goes; "" where no server is asked."""
        if self.trail is not None:
            return self.trail.url
        return kinds.asked(self.task.source, self.task.memory) or ""

    @property
    def host(self) -> str | None:
        return urls.server(self.address) if self.address else None


Came = Iterator[tuple[Visit, Outcome]]
_Flying = Future[Sequence[Outcome]]


class Polling:
    """Visits under way. `now` gives Unix time; `elsewhere`: whether a redirect is somebody else's to
    follow.
    """

    def __init__(
        self,
        manners: Manners,
        hosts: Hosts[Visit],
        stop: Stop,
        now: Callable[[], int],
        elsewhere: Callable[[str], bool] = lambda host: False,
    ) -> None:
        self.hosts = hosts
        self._manners, self._stop, self._now, self._elsewhere = manners, stop, now, elsewhere
        self._flying: dict[_Flying, tuple[Visit, ...]] = {}
        self._back = queue.SimpleQueue[_Flying]()  # of these, and of those that a broken executor had
        self._limiting: dict[str, PollResult] = {}  # who asked to be left alone, and whom
        self._began = time.monotonic()

    @property
    def waiting(self) -> bool:
        """Whether there is anything to begin."""
        return self.hosts.waiting and not self._is_late()

    def _is_late(self) -> bool:
        patience = self._manners.patience
        return patience is not None and time.monotonic() - self._began >= patience

    def add(self, visit: Visit, first: bool = False) -> None:
        self.hosts.add(visit, visit.host, first)

    def outcomes(self, crew: Crew) -> Came:
        """Until nothing waits any more, it has taken too long, we are asked to stop, or the crew breaks: what
        it had in hand then waits again.
        """
        while not self._stop.is_set() and (self._flying or self.waiting):
            self._start(crew)
            for future in self._ended():
                self._stop.beat()
                error = None if future.cancelled() else future.exception()
                if future.cancelled() or isinstance(error, BrokenExecutor | CancelledError):
                    yield from self._broken(error or CancelledError("what ran it was taken away"))
                    return
                yield from self._landed(future, self._flying.pop(future))
        yield from self._last()

    def _start(self, crew: Crew) -> None:
        if self._is_late():
            return
        room = (self._manners.concurrency - len(self._flying)) * crew.size
        ready: list[Visit] = []
        for visit in self.hosts.ready(time.monotonic(), room):
            ready.append(visit)
            if crew.of_host > 1:
                ready += self.hosts.along(visit.host, crew.of_host - 1)
        # What no server is asked for is on this machine: apart from what may be done on another one.
        remote, local = (
            [one for one in ready if one.kind.remote],
            [one for one in ready if not one.kind.remote],
        )
        for part in (*batches(remote, crew.size), *batches(local, crew.size)):
            visits = tuple(part)
            future = _submitted(crew, visits)
            self._flying[future] = visits
            future.add_done_callback(self._back.put)

    def _ended(self) -> Sequence[_Flying]:
        """What came back; waits until something has, or may be started."""
        until_next = max(0.0, self.hosts.next_at - time.monotonic()) if self.waiting else PATIENCE
        if not self._flying:
            self._stop.beat()
            self._stop.wait(min(PATIENCE, until_next))
            return ()
        back = []
        with contextlib.suppress(queue.Empty):
            back.append(self._back.get(timeout=min(PATIENCE, max(0.005, until_next))))
            while True:
                back.append(self._back.get_nowait())
        return [future for future in back if future in self._flying]

    def _landed(self, future: _Flying, visits: Sequence[Visit]) -> Came:
        error = future.exception()
        if error is not None:  # of the executor: what it runs never raises
            outcomes: Sequence[Outcome] = [poll.broken(visit.task, self._now(), error) for visit in visits]
        else:
            outcomes = future.result()
        asked = {visit.host for visit in visits}
        for visit, outcome in zip(visits, outcomes, strict=True):
            yield from self._came(visit, outcome)
        for host in asked:
            self.hosts.finished(host, time.monotonic())

    def _came(self, visit: Visit, outcome: Outcome) -> Came:
        if isinstance(outcome, Trail):
            visit.trail = outcome
            if (limited := self._limiting.get(urls.authority(visit.address))) is not None:
                yield visit, _put_off(visit, limited)
            elif self._elsewhere(str(visit.host)):
                yield visit, outcome
            else:
                self.add(visit, first=True)
            return
        if self._manners.pause_host and poll.asks_to_wait(outcome):
            yield from self._pause(outcome)
        yield visit, outcome

    def _pause(self, polled: PollResult) -> Came:
        """What is to be put off to another cycle; where the host asks for a short while only, this cycle
        waits for it.
        """
        wait = polled.memory.not_before - polled.at
        if wait <= SHORT:
            self.hosts.hold(urls.server(polled.url), time.monotonic() + wait)
            return
        limiter = urls.authority(polled.url)
        self._limiting[limiter] = polled
        for visit in self.hosts.withdraw(lambda visit: urls.authority(visit.address) == limiter):
            yield visit, _put_off(visit, polled)

    def _broken(self, error: BaseException) -> Came:
        """What a broken executor had in hand is tried again with the next one, unless it was with every one
        that broke.
        """
        for future, visits in list(self._flying.items()):
            del self._flying[future]
            if _is_whole(future):
                yield from self._landed(future, visits)
                continue
            for host in {visit.host for visit in visits}:
                self.hosts.finished(host, time.monotonic())
            for visit in visits:
                visit.tries += 1
                if visit.tries < TRIES:
                    self.add(visit, first=True)
                else:
                    yield visit, poll.broken(visit.task, self._now(), error)

    def _last(self) -> Came:
        """What came back before we were asked to stop."""
        for future, visits in self._flying.items():
            if _is_whole(future):
                for visit, outcome in zip(visits, future.result(), strict=True):
                    if isinstance(outcome, PollResult):
                        yield visit, outcome
        self._flying.clear()


def _put_off(visit: Visit, polled: PollResult) -> PollResult:
    """After this answer of the host where it would be asked next."""
    memory, failure = poll.put_off(visit.task, polled), Failure("put-off", "its host is left alone")
    return PollResult(visit.task.source.id, polled.at, memory, failure=failure)


def _submitted(crew: Crew, visits: Sequence[Visit]) -> _Flying:
    """A broken executor shows in the future."""
    try:
        return crew.executor.submit(crew.run, [visit.asked for visit in visits])
    except (BrokenExecutor, CancelledError) as error:
        future: _Flying = Future()
        future.set_exception(error)
        return future


def _is_whole(future: _Flying) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def speaks_for(polled: PollResult) -> Callable[[Task], bool]:
    """Whether a task is one for who answered so, and asks to wait, at the end of redirects too (P11)."""
    limiter = urls.authority(polled.url)
    return lambda task: urls.authority(kinds.asked(task.source, task.memory) or "") == limiter


__all__ = ["Asked", "Crew", "Manners", "Outcome", "Polling", "Visit", "speaks_for"]
