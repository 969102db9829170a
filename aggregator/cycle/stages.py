"""The sequence of stages: collect, fold, label, publish, tell. The only module that knows it; they hand over
through the store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from aggregator.config import Config
from aggregator.cycle import digests, push, retention
from aggregator.cycle.changes import follow_renames, let_in
from aggregator.cycle.collect import collect, pay_debts, polls
from aggregator.cycle.due import Wanted, pruned_today, tasks
from aggregator.cycle.labels import label
from aggregator.cycle.network import Network
from aggregator.cycle.publisher import publish_changed, sweep
from aggregator.cycle.report import Collected, Report, Watch
from aggregator.fetch import Door
from aggregator.mailbox import Mailbox
from aggregator.model import Failure, Folded, Limits
from aggregator.publish import Written
from aggregator.records import dataclass, replace
from aggregator.render import formats
from aggregator.stop import Stop
from aggregator.store import Reader, Store, queue, sources, unpublished, upkeep

HUB_TIME = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of one cycle; each fills its part of the report. Start at `run`."""

    config: Config
    store: Store
    report: Report
    stop: Stop
    watch: Watch
    network: Network
    mailbox: Mailbox | None = None

    def run(self, wanted: Wanted | None) -> None:
        """One after the other. Raises Stopped between and within them. `wanted` None polls nothing."""
        config, store, report, stop = self.config, self.store, self.report, self.stop
        _look_after(config, store, report.started)
        if wanted is not None:
            report.collected = self._collect(wanted)
        stop.check()
        report.collected.updated += pay_debts(config, store, report.started)
        report.folded = _fold(config, store, self.watch, stop)
        report.warnings += report.folded.troubles
        stop.check()
        _group(config, store, report.started, self.watch, stop)
        report.written = _publish(config, store, report.started, self.watch, stop)
        report.warnings += [_too_large(name, size) for name, size in report.written.large]
        stop.check()
        self._tell_others()
        store.tidy()

    def _collect(self, wanted: Wanted) -> Collected:
        """What hubs brought, and what the other sources that are due say."""
        config, store, now = self.config, self.store, self.report.started
        pushed = push.brought(config, store, self.mailbox, now, self.report) if self.mailbox else []
        fresh = {task.source.id for task, _ in pushed}
        due = [task for task in tasks(config, store, wanted, now) if task.source.id not in fresh]
        self.watch.stage("polling", len(due))
        polled = polls(config, due, self.stop, self.network, wanted.patience)
        return collect(config, store, chain(pushed, polled), len(due), lambda _: self.watch.step(1))

    def _tell_others(self) -> None:
        """Hubs and watchers, hooks, and hubs of what we subscribe to: what went wrong is warned of."""
        config, store, report = self.config, self.store, self.report
        report.warnings += _tell(config, report, self.network.door)
        if config.hooks:
            from aggregator.cycle import hooks

            report.warnings += hooks.run(config, store, report.started, self.stop)
        if self.mailbox is not None:
            report.warnings += push.sync(config, store, self.mailbox, self.network, report, self.stop)


def _group(config: Config, store: Store, now: int, watch: Watch, stop: Stop) -> None:
    """By topic, and into digests; what is too old goes."""
    watch.stage("labelling", 0)
    label(config, store, stop)
    digests.make(config, store, now)
    _prune_daily(config, store, now)


def _publish(config: Config, store: Store, now: int, watch: Watch, stop: Stop) -> Written:
    _note_hour(store, now)
    watch.stage("publishing", unpublished.count(store))
    return publish_changed(config, store, now, stop)


def _look_after(config: Config, store: Store, now: int) -> None:
    """What may have happened to the database, the clock and the config since the last cycle."""
    if not pruned_today(store, now):  # before anything is written into a database that may be damaged
        upkeep.look_for_damage(store)
    if now < int(store.meta("clock") or now):
        upkeep.clock_went_back(store, now)
    follow_renames(config, store)


def _too_large(name: str, size: int) -> str:
    advice = 'which some readers refuse; a smaller limit or content = "summary" makes it lighter'
    return f"{name} has {size / 1e6:.1f} MB, {advice}"


def fold_again(config: Config, store: Store, now: int) -> None:
    """Fold what a user's word left waiting, label and publish what that changes: at once, without a
    refold.
    """
    _fold(config, store, Watch(), Stop())
    label(config, store)
    publish_changed(config, store, now)


def _fold(config: Config, store: Store, watch: Watch, stop: Stop) -> Folded:
    let_in(config, store)
    waiting = queue.pending_count(store)
    watch.stage("folding", waiting)
    if not waiting:
        return Folded()
    from aggregator import fold  # what compares is not loaded where nothing is to be compared

    settings = fold.Windows(config.text_window, config.event_window)
    return fold.fold(store, settings, sources.titles(store), watch.step, stop)


def refold(config: Config, store: Store, since: int | None, now: int, watch: Watch | None = None) -> Report:
    """Forget stories and events (not overrides) and fold again; published ids survive, because they are those
    of founding entries.
    """
    from aggregator.cycle.archives import make_growing_ones_again

    report = Report(now)
    queue.forget(store, since)
    make_growing_ones_again(config, store)
    report.folded = _fold(config, store, watch or Watch(), Stop())
    report.warnings += report.folded.troubles
    label(config, store)
    report.written = publish_changed(config, store, now)
    sweep(config, store, now)
    return report


def _prune_daily(config: Config, store: Store, now: int) -> None:
    match retention.due(_number(store, "pruned"), _number(store, "clock"), now):
        case "no":
            return
        case "yes":
            retention.prune(config, store, now)
            sweep(config, store, now)
            store.learn_sizes()
    store.set_meta("pruned", str(now))


def _number(store: Reader, key: str) -> int | None:
    known = store.meta(key)
    return None if known is None else int(known)


def _note_hour(store: Store, now: int) -> None:
    """When the last cycle was, to the hour: a write an hour."""
    if abs(now - int(store.meta("clock") or 0)) >= 3600:
        with store.transaction() as writer:
            writer.set_meta("clock", str(now))


class _Hub:
    """A hub, asked from several threads, until it does not answer."""

    def __init__(self, address: str, base_url: str, door: Door, limits: Limits) -> None:
        self._address, self._base_url, self._door, self._limits = address, base_url, door, limits
        self._dead = threading.Event()

    def ping_all(self, names: Sequence[str]) -> list[Failure | None]:
        """The feeds of these names changed."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(self._ping, names))

    def _ping(self, name: str) -> Failure | None:
        if self._dead.is_set():
            return None
        form = {"hub.mode": "publish", "hub.url": f"{self._base_url}{name}"}
        failure = self._door.send(self._address, self._limits, form)
        if failure is not None and failure.status is None:
            self._dead.set()
        return failure


def _tell(config: Config, report: Report, door: Door) -> list[str]:
    """WebSub: one ping for each feed that changed, after it is on disk; the dead man's switch after a good
    cycle.

    A hub that does not answer is not asked again in this cycle: it delays the next one by no more than
    `HUB_TIME`.
    """
    limits = replace(config.limits, timeout=min(config.limits.timeout, HUB_TIME))
    changed = [name for name in report.written.written if formats.is_subscribed(name)]
    trouble: list[str] = []
    if config.site.hub and changed:
        hub = _Hub(config.site.hub, config.site.base_url, door, limits)
        trouble += _in_words("hub", hub.ping_all(changed))
    if config.ping_url and not report.all_failed:
        trouble += _in_words("ping_url", [door.send(config.ping_url, limits)])
    return trouble


def _in_words(who: str, failures: Iterable[Failure | None]) -> list[str]:
    """Each once."""
    told = {failure.detail for failure in failures if failure and failure.kind != "stopped"}
    return [f"{who}: {detail}" for detail in sorted(told)]
