"""The sequence of stages: collect, fold, label, publish, tell. The only module that knows it; they hand over
through the store.
"""

from __future__ import annotations

from itertools import chain

from aggregator.config import Config
from aggregator.cycle import digests, pings, push, retention
from aggregator.cycle.changes import follow_renames, let_in
from aggregator.cycle.collect import collect, pay_debts, polls
from aggregator.cycle.due import Wanted, pruned_today, tasks
from aggregator.cycle.labels import label
from aggregator.cycle.network import Network
from aggregator.cycle.publisher import publish_changed, sweep
from aggregator.cycle.report import Collected, Report, Watch
from aggregator.fetch import Door
from aggregator.mailbox import Mailbox
from aggregator.model import Folded
from aggregator.publish import Written
from aggregator.records import dataclass
from aggregator.stop import Stop
from aggregator.store import Reader, Store, queue, sources, unpublished, upkeep


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
        pings.owe(config, store, report.written.written)
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
        door = self.network.door
        report.warnings += pings.pay(config, store, door, report.started)
        report.warnings += _show_life(config, report, door)
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


def _show_life(config: Config, report: Report, door: Door) -> list[str]:
    """The dead man's switch, after a good cycle."""
    if not config.ping_url or report.all_failed:
        return []
    return pings.in_words("ping_url", [door.send(config.ping_url, pings.brief(config.limits))])
