"""What goes out to the network, for as long as a cycle or a daemon lasts: one door, and whose turn it is at
each host.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aggregator import schedule, urls
from aggregator.config import Config
from aggregator.cycle.polling import Visit
from aggregator.fetch import Door, Trail
from aggregator.model import Failure, FetchResult, Request
from aggregator.stop import Stop

CALLED = 100  # errands whose turn it may be at the same time, each on a thread of its own
LOOK = 0.5  # seconds between two looks at whether what watches for a stop is still wanted


class Network:
    """Made where a cycle or a daemon starts; a daemon remembers from cycle to cycle when each host
    was asked.
    """

    def __init__(self, door: Door | None = None) -> None:
        self.door = door or Door()
        self._free_at: dict[str, float] = {}  # when each host may be asked next, by a poll or on an errand
        self._hosts: schedule.Hosts[Visit] | None = None
        self._errands: schedule.Hosts[object] | None = None
        self._called: set[object] = set()  # errands whose turn it is
        self._counter = threading.Lock()  # around the two

    def hosts(self, config: Config) -> schedule.Hosts[Visit]:
        """Whose turn it is, by what the config says of politeness now."""
        if self._hosts is None:
            self._hosts = schedule.Hosts(config.per_host, config.host_gap, self._free_at)
        self._hosts.limit(config.per_host, config.host_gap)
        return self._hosts

    def get(self, config: Config, request: Request) -> FetchResult:
        """One document, on an errand beside the polls: each request in its host's turn as they are. Usable
        from many threads.
        """
        trail: Trail | None = None
        while True:
            address = trail.url if trail else request.url
            with self._turn(config, address):
                outcome = self.door.ask(request, config.limits, trail)
            if isinstance(outcome, FetchResult):
                return outcome
            trail = outcome

    def send(self, config: Config, url: str, form: Mapping[str, str]) -> Failure | None:
        """A form to a hub, in its host's turn; None: it was taken."""
        with self._turn(config, url):
            return self.door.send(url, config.limits, form)

    @contextmanager
    def _turn(self, config: Config, address: str) -> Iterator[None]:
        """Within: it is this one's turn at its host, or the door is closed."""
        host, ticket = urls.server(address), object()
        with self._counter:
            if self._errands is None:
                self._errands = schedule.Hosts(config.per_host, config.host_gap, self._free_at)
            errands = self._errands
            errands.add(ticket, host)
        while not self._is_called(errands, ticket):
            time.sleep(min(LOOK, max(0.0, self._next_at(errands) - time.monotonic())))
            if self.door.closed:
                with self._counter:
                    errands.clear()
                break
        try:
            yield
        finally:
            with self._counter:
                self._called.discard(ticket)
                errands.finished(host, time.monotonic())

    def _is_called(self, errands: schedule.Hosts[object], ticket: object) -> bool:
        with self._counter:
            self._called.update(errands.ready(time.monotonic(), CALLED))
            return ticket in self._called

    def _next_at(self, errands: schedule.Hosts[object]) -> float:
        with self._counter:
            return errands.next_at

    def close(self) -> None:
        self.door.close()

    @contextmanager
    def until(self, stop: Stop) -> Iterator[None]:
        """Within: a stop ends what is under way, and what is asked for later is refused."""
        over = threading.Event()

        def watch() -> None:
            while not stop.wait(LOOK):
                if over.is_set():
                    return
            self.close()

        thread = threading.Thread(target=watch, name="network", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()


@contextmanager
def opened(stop: Stop, kept: Network | None = None) -> Iterator[Network]:
    """For one cycle, or one errand: a new one, or what is `kept` from cycle to cycle."""
    network = kept or Network()
    try:
        with network.until(stop):
            yield network
    finally:
        if kept is None:
            network.close()


__all__ = ["Network", "opened"]
