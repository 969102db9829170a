"""Feeds that are pushed (WebSub), in a daemon that hubs can reach: subscriptions are asked for, renewed and
ended, and what hubs bring goes the way of a poll. Polling goes on, at a tenth of its rate.

In: what feeds say of their hubs, and the mailbox. Out: requests to hubs, subscriptions in the store, polls
without a request. Start reading at `brought` and `sync`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from aggregator import kinds, poll, urls, websub
from aggregator.config import Config
from aggregator.cycle.network import Network
from aggregator.cycle.report import Report
from aggregator.mailbox import Letter, Mailbox
from aggregator.model import FetchResult, Pace, PollResult, SourceState, Task
from aggregator.records import dataclass, field, replace
from aggregator.stop import Stop
from aggregator.store import Store, pushes, sources
from aggregator.websub import Subscription, Wish

if TYPE_CHECKING:
    from aggregator.parse.isolate import Workers

AT_A_TIME = 10  # requests to hubs in one cycle, each in its host's turn
HUB_TIME = 5.0  # seconds
_Known = dict[str, Subscription]


def is_possible(config: Config) -> bool:
    """Whether hubs can call us."""
    return config.push and config.serve is not None and websub.is_public(config.site.base_url)


def slowed(pace: Pace) -> Pace:
    """Of a feed that is pushed."""
    return Pace(
        websub.slower(pace.interval), websub.slower(pace.min_interval), websub.slower(pace.max_interval)
    )


# ---------------------------------------------------------------- what came


def brought(
    config: Config, store: Store, mailbox: Mailbox, now: int, report: Report
) -> list[tuple[Task, PollResult]]:
    """What hubs brought since the last time, as polls; notes what they said of subscriptions."""
    letters, changed = mailbox.take()
    if changed:
        pushes.keep(store, changed)
    if not letters:
        return []
    from aggregator.parse.isolate import Workers

    workers = Workers(1)
    try:
        return list(_read(config, store, letters, now, workers, report))
    finally:
        workers.close()


def _read(
    config: Config, store: Store, letters: list[Letter], now: int, workers: Workers, report: Report
) -> Iterator[tuple[Task, PollResult]]:
    configured = {source.id: source for source in config.sources if source.enabled}
    known = sources.memories(store)
    for letter in letters:
        source = configured.get(letter.source)
        if source is None:
            continue
        task = Task(source, known.get(source.id, SourceState()), config.limits, slowed(config.pace))
        polled = poll.take(task, [_as_fetched(letter, now)], workers.parse)
        if polled.failure is None:
            known[source.id] = polled.memory  # a second one of the same feed goes on from there
            yield task, replace(polled, pushed=True)
        else:
            report.warnings.append(f"{source.id}: what its hub brought is left out: {polled.failure.detail}")


def _as_fetched(letter: Letter, now: int) -> FetchResult:
    said = (("content-type", letter.content_type),) if letter.content_type else ()
    return FetchResult(letter.topic, now, 0, said, letter.body)


# ---------------------------------------------------------------- what is asked for


@dataclass(frozen=True, slots=True)
class _Errand:
    """What to ask which hub for."""

    wish: Wish
    hub: str
    topic: str


def sync(
    config: Config, store: Store, mailbox: Mailbox, network: Network, report: Report, stop: Stop
) -> list[str]:
    """Asks hubs for what is wanted now, a few at a time. What went wrong, in words."""
    now = report.started
    known = _by_clock(store, now)
    _note_missed(store, known, report.collected.found_by_poll, now)
    if not known and not is_possible(config):
        return []
    errands = _errands(config, store, known, now)
    _forget_ended(store, known, now)
    asking = _Asking(config, store, mailbox, network, known)
    for source, errand in list(errands.items())[:AT_A_TIME]:
        stop.check()
        asking.ask(_to_ask(source, errand, known.get(source)), errand.wish, now)
    mailbox.expect(known.values())
    _poll_again(config, store, known, now)
    return [f"hub {urls.redact(hub)}: {words}" for hub, words in asking.trouble.items()]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks hubs one after the other; one that is in trouble is asked nothing more."""

    config: Config
    store: Store
    mailbox: Mailbox
    network: Network
    known: _Known
    trouble: dict[str, str] = field(default_factory=dict)  # hub → what it said

    def ask(self, before: Subscription, wish: Wish, now: int) -> None:
        """It is kept before it is asked for: a hub may verify before it answers."""
        if before.hub in self.trouble:
            return
        self._keep(websub.asked(before, wish, now))
        self.mailbox.expect(self.known.values())
        words = _sent(self.config, self.network, self.known[before.source])
        if words:
            self.trouble[before.hub] = words
            self._keep(replace(self.known[before.source], trouble=words))

    def _keep(self, one: Subscription) -> None:
        self.known[one.source] = one
        pushes.keep(self.store, [one])


def _by_clock(store: Store, now: int) -> _Known:
    """All subscriptions, with no date ahead of the clock, which may have been put back."""
    stored = pushes.all_of(store)
    right = {source: websub.by_clock(one, now) for source, one in stored.items()}
    if right != stored:
        pushes.keep(store, right.values())
    return right


def _to_ask(source: str, errand: _Errand, before: Subscription | None) -> Subscription:
    """The subscription that this is about: a new one where another hub or topic is wanted."""
    if before is not None and (before.hub, before.topic) == (errand.hub, errand.topic):
        return before
    token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    return Subscription(source, errand.topic, errand.hub, token, secret)


def _errands(config: Config, store: Store, known: Mapping[str, Subscription], now: int) -> dict[str, _Errand]:
    """By source."""
    hubs = _hubs(config, store) if is_possible(config) else {}
    errands = {source: _errand(known.get(source), hubs.get(source), now) for source in {**hubs, **known}}
    return {source: errand for source, errand in errands.items() if errand is not None}


def _errand(before: Subscription | None, said: tuple[str, str] | None, now: int) -> _Errand | None:
    """`said`: hub and topic, as the feed says today."""
    hub, topic = said or (None, None)
    wish = websub.wanted(before, hub, topic, now)
    if wish == "unsubscribe" and before is not None:
        return _Errand(wish, before.hub, before.topic)
    if wish == "subscribe" and hub is not None and topic is not None:
        return _Errand(wish, hub, topic)
    return None


def _hubs(config: Config, store: Store) -> dict[str, tuple[str, str]]:
    """Source → (hub, topic), of those that say so."""
    memories = sources.memories(store)
    found = {}
    for source in config.sources:
        hints = memories.get(source.id, SourceState()).hints
        if source.enabled and kinds.of(source).remote and hints.hub and hints.topic:
            found[source.id] = (hints.hub, hints.topic)
    return found


def _sent(config: Config, network: Network, known: Subscription) -> str:
    """Asks a hub. What went wrong, in words; "": the hub took it."""
    callback = f"{config.site.base_url}push/{known.token}"
    limits = replace(config.limits, timeout=min(config.limits.timeout, HUB_TIME))
    failure = network.send(replace(config, limits=limits), known.hub, websub.form(known, callback))
    return "" if failure is None else failure.detail


def _note_missed(store: Store, known: _Known, found_by_poll: Iterable[str], now: int) -> None:
    """Of these sources a poll brought something new: had it been pushed, it would have been there before."""
    live = [known[name] for name in found_by_poll if name in known and known[name].is_live(now)]
    missed = [replace(one, missed_at=now) for one in live]
    if missed:
        pushes.keep(store, missed)
        known |= {one.source: one for one in missed}


def _forget_ended(store: Store, known: _Known, now: int) -> None:
    """Those that we want no more and that were ended, or that no hub ended in time."""
    ended = [
        source
        for source, one in known.items()
        if one.wish == "unsubscribe" and (not one.leased_until or now > one.asked_at + websub.RETRY)
    ]
    if ended:
        pushes.forget(store, ended)
        for source in ended:
            del known[source]


def _poll_again(config: Config, store: Store, known: Mapping[str, Subscription], now: int) -> None:
    """What is not pushed any more is polled as often as before, from now on."""
    over = {name: one for name, one in known.items() if one.verified_at and not one.works(now)}
    memories = sources.memories(store) if over else {}
    for source in config.sources:
        memory = memories.get(source.id)
        planned = now + (source.interval or config.pace.interval)
        if source.id in over and memory and memory.next_poll > planned > memory.not_before:
            sooner = replace(memory, next_poll=planned, why=over[source.id].in_words(now))
            sources.remember(store, [(source, sooner)])


__all__ = ["brought", "is_possible", "slowed", "sync"]
