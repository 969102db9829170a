"""What goes out to the network, for as long as a cycle or a daemon lasts: one door, and whose turn it is at each host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aggregator import schedule, urls
from aggregator.config import Config
from aggregator.cycle.polling import Visit
from aggregator.fetch import Door, Trail
from aggregator.model import Failure, Fetched, Request
from aggregator.stop import Stop

LOOK = 0.5  # seconds between two looks at whether what watches for a stop is still wanted


class Network:
    """Made where a cycle or a daemon starts; a daemon remembers from cycle to cycle when each host was asked."""

    def __init__(self, door: Door | None = None) -> None:
        self.door = door or Door()
        self._hosts: schedule.Hosts[Visit] | None = None
        self._errands: schedule.Hosts[str] | None = None

    def hosts(self, config: Config) -> schedule.Hosts[Visit]:
        """Whose turn it is, by what the config says of politeness now."""
        if self._hosts is None:
            self._hosts = schedule.Hosts(config.per_host, config.host_gap)
        self._hosts.limit(config.per_host, config.host_gap)
        return self._hosts

    def get(self, config: Config, request: Request) -> Fetched:
        """One document, on an errand beside the polls: each request in its host's turn as they are."""
        if self._errands is None:
            self._errands = schedule.Hosts(config.per_host, config.host_gap)
        trail: Trail | None = None
        while True:
            address = trail.url if trail else request.url
            self._wait_for_turn(self._errands, address)
            outcome = self.door.ask(request, config.limits, trail)
            self._errands.finished(urls.host(address), time.monotonic())
            if isinstance(outcome, Fetched):
                return outcome
            trail = outcome

    def send(self, config: Config, url: str, form: Mapping[str, str]) -> Failure | None:
        """A form to a hub, in its host's turn; None: it was taken."""
        if self._errands is None:
            self._errands = schedule.Hosts(config.per_host, config.host_gap)
        self._wait_for_turn(self._errands, url)
        try:
            return self.door.send(url, config.limits, form)
        finally:
            self._errands.finished(urls.host(url), time.monotonic())

    def _wait_for_turn(self, hosts: schedule.Hosts[str], address: str) -> None:
        hosts.add(address, urls.host(address))
        while not hosts.ready(time.monotonic(), 1):
            time.sleep(min(LOOK, max(0.0, hosts.next_at - time.monotonic())))
            if self.door.closed:
                hosts.clear()
                return

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
