"""Polls on the workers of a Dask cluster (extra `dask`): many feeds a task, each host in one task at a time.

So politeness holds for the cluster as a whole: a host that is in a task is in flight, and within the task its
feeds are asked as they would be here. What a redirect leads to another host comes back, and waits for its
turn with all others. Files are on this machine, and are read here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from aggregator.config import Config
from aggregator.cycle import executors
from aggregator.cycle.polling import Asked, Crew, Manners, Outcome, Polling, Visit
from aggregator.errors import ConfigError
from aggregator.fetch import Door
from aggregator.parse.isolate import Workers
from aggregator.records import dataclass
from aggregator.schedule import Hosts
from aggregator.stop import Stop

BATCH = 50  # feeds of a task: Dask needs some milliseconds for each, however little is in it
OF_HOST = 20  # … of one host: the others of the task wait for them
AT_A_TIME = 16  # requests in flight on a worker
REACHED = "10s"  # until the scheduler is said not to be there


@dataclass(frozen=True, slots=True)
class Rules:
    """What a worker needs to know of the config."""

    per_host: int
    host_gap: float
    pause_host: bool


@contextmanager
def in_cluster(config: Config, door: Door) -> Iterator[Crew]:
    """Raises ConfigError where there is no such cluster."""
    rules = Rules(config.per_host, config.host_gap, config.pause_host)
    workers = Workers(1)
    with _connected(config.dask_scheduler or "") as client, ThreadPoolExecutor(2) as local:
        # Not `pure`: the same feed asked again is another answer.
        remote = client.get_executor(pure=False)
        here = functools.partial(executors.each, door, workers.parse)
        try:
            yield Crew(_Split(remote, local, here), functools.partial(poll_batch, rules), BATCH, OF_HOST)
        finally:
            workers.close()
            remote.shutdown(wait=False)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise ConfigError(
            'poll.executor: "dask" needs the extra `dask`: pip install "feed-aggregator[dask]"'
        ) from None
    try:
        client = distributed.Client(address, timeout=REACHED, set_as_default=False, name="aggregator")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"poll.dask_scheduler: {address}: can't be reached ({str(error)[:120]}); is `dask scheduler` "
            "running there?"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=2)


class _Split(Executor):
    """What asks a server goes to the cluster; what is read from files stays here."""

    def __init__(self, remote: Executor, local: Executor, here: Callable[..., Any]) -> None:
        self._remote, self._local, self._here = remote, local, here

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        [asked] = args
        if all(kind.remote for _, _, kind in asked):
            return _taken_over(self._remote.submit(fn, asked))
        return self._local.submit(self._here, asked)


def _taken_over(future: Future[Any]) -> Future[Any]:
    """As a future of Python's own kind: a task that Dask gave up (its workers died under it) broke its
    executor.
    """
    mine: Future[Any] = Future()

    def done(ended: Future[Any]) -> None:
        if ended.cancelled():
            mine.set_exception(BrokenExecutor("the cluster dropped it"))
        elif (error := ended.exception()) is not None:
            mine.set_exception(BrokenExecutor(f"{type(error).__name__}: {error}"))
        else:
            mine.set_result(ended.result())

    future.add_done_callback(done)
    return mine


def poll_batch(rules: Rules, asked: Sequence[Asked]) -> list[Outcome]:
    """On a worker: these polls, politely; each with its outcome, in this order."""
    mine = executors.here(executors.PARSERS)
    visits = [Visit(*one) for one in asked]
    hosts: Hosts[Visit] = Hosts(rules.per_host, rules.host_gap)
    polling = Polling(
        Manners(AT_A_TIME, rules.pause_host), hosts, Stop(), mine.door.now, elsewhere=lambda host: True
    )
    for visit in visits:
        polling.add(visit)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        crew = Crew(pool, functools.partial(executors.each, mine.door, mine.workers.parse))
        outcomes = {id(visit): outcome for visit, outcome in polling.outcomes(crew)}
    return [outcomes[id(visit)] for visit in visits]


__all__ = ["in_cluster", "poll_batch"]
