"""The way out: one object for as long as a cycle, a daemon or a process that polls lasts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

import requests

from aggregator import headers, urls
from aggregator.fetch import failures, follow, local, transport
from aggregator.fetch.aside import Aside
from aggregator.fetch.budget import Budget
from aggregator.fetch.exchange import Exchange, Resolver, Trail
from aggregator.fetch.failures import Wrong
from aggregator.fetch.transport import system_resolver
from aggregator.fetch.watchdog import Guard, Watchdog
from aggregator.model import Failure, FetchResult, Limits, Request
from aggregator.records import replace

MOST_HOPS = 3  # redirects of a hub, or of whoever is told that a cycle was good


class Door:
    """To the network, and to local files. Nothing here raises: trouble is a `Failure` inside the value.

    Holds what watches deadlines and large bodies, the threads that look names up, and the clock. Whose turn
    it is at a host is not its business. Usable from many threads; `close` ends what is under way, and refuses
    what comes later.
    """

    def __init__(
        self,
        resolver: Resolver = system_resolver,
        clock: Callable[[], float] = time.time,
        budget: Budget | None = None,
    ) -> None:
        self._resolver, self._clock = resolver, clock
        self._budget = budget or Budget()
        self._watchdog = Watchdog()
        self._aside = Aside()

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._watchdog.close()

    @property
    def closed(self) -> bool:
        return self._watchdog.closed

    def now(self) -> int:
        """Unix time."""
        return int(self._clock())

    def room(self) -> contextlib.AbstractContextManager[None]:
        """Around a poll: its body counts from the network until it is parsed."""
        return self._budget.room()

    def read(self, pattern: str, limits: Limits) -> tuple[FetchResult, ...]:
        """The files that an absolute path or glob names, see `local`."""
        return local.read(pattern, limits, self.now())

    def get(self, request: Request, limits: Limits) -> FetchResult:
        """One document, by itself: redirects are followed at once."""
        trail: Trail | None = None
        while True:
            outcome = self.ask(request, limits, trail)
            if isinstance(outcome, FetchResult):
                return outcome
            trail = outcome

    def ask(self, request: Request, limits: Limits, trail: Trail | None = None) -> FetchResult | Trail:
        """One request; `trail`: after redirects. All requests of an exchange end within `limits`. Validators
        go out byte for byte, configured headers to their origin only. A `Trail`: it goes on there.
        """
        trail = trail or Trail(request.url)
        started = time.monotonic()
        outcome = self._asked(request, limits, trail)
        seconds = trail.seconds + time.monotonic() - started
        if isinstance(outcome, Trail):
            return replace(outcome, seconds=seconds)
        return replace(outcome, at=self.now(), seconds=seconds)

    def _asked(self, request: Request, limits: Limits, trail: Trail) -> FetchResult | Trail:
        """Without what the clock says of it."""
        exchange = self._open(limits, trail.seconds)
        outcome: FetchResult | Trail
        try:
            outcome = follow.ask(request, trail, exchange)
        except Exception as error:
            outcome = FetchResult(trail.url, 0, failure=failures.of_error(error, exchange))
        finally:
            self._watchdog.done(exchange.guard)
        if not exchange.guard.killed:
            return outcome
        # What a killed exchange brought looks complete, and need not be.
        stopped = Failure("stopped", "the poll was ended, because we were asked to stop")
        return FetchResult(trail.url, 0, failure=stopped if self.closed else failures.late(limits))

    def send(self, url: str, limits: Limits, form: Mapping[str, str] | None = None) -> Failure | None:
        """POST a form (a WebSub ping), or GET where there is none (a dead man's switch); None: it was taken.

        Redirects are followed a few times, by the rules for feeds; a form goes along, but for 303, which says
        that what is there is to be read (RFC 9110, 15.4.4).
        """
        exchange = self._open(limits)
        try:
            return _send(url, form, limits, exchange.guard)
        except Exception as error:
            if exchange.guard.killed and self.closed:
                return Failure("stopped", "the ping was ended, because we were asked to stop")
            return failures.of_error(error, exchange)
        finally:
            self._watchdog.done(exchange.guard)

    def _open(self, limits: Limits, spent: float = 0.0) -> Exchange:
        guard = self._watchdog.open(max(0.0, limits.timeout - spent))
        exchange = Exchange(guard, limits, self._resolver, self._budget, self._aside, self.now())
        transport.enter(exchange)
        return exchange


def _send(url: str, form: Mapping[str, str] | None, limits: Limits, guard: Guard) -> Failure | None:
    to = url
    for _ in range(MOST_HOPS + 1):
        status, location = _answered(to, form, limits, guard)
        if status not in follow.REDIRECTS:
            words = f"{urls.redact(to)} answered {status}"
            return None if 200 <= status < 300 else Failure("status", words, status=status)
        to = follow.target(to, status, location)
        form = None if status == 303 else form
    raise Wrong(Failure("redirect", f"{urls.redact(url)}: more than {MOST_HOPS} redirects"))


def _answered(
    to: str, form: Mapping[str, str] | None, limits: Limits, guard: Guard
) -> tuple[int, str | None]:
    """(status, Location)."""
    method, data = ("GET", None) if form is None else ("POST", dict(form))
    asked = requests.Request(method, to, {"User-Agent": limits.user_agent}, data=data)
    with transport.exchange(asked.prepare(), guard.left) as answer:
        named = dict(headers.joined(answer.raw.headers.items()))
        return answer.status_code, named.get("location")
