"""The only module that knows the sequence of stages: collect, fold, label, issue, tell. Stages hand over
through the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from aggregator import fetch, fold
from aggregator.config import Config
from aggregator.cycle.byhand import add
from aggregator.cycle.changes import follow_renames, let_in
from aggregator.cycle.collect import Collected, Wanted, collect, introduce, pay_debts, polls, tasks
from aggregator.cycle.discovery import find_feeds
from aggregator.cycle.issue import (
    issue,
    label,
    outdated,
    print_newest_archives,
    search_feed,
    search_items,
    sweep,
)
from aggregator.cycle.overrides import join, split, unjoin, unsplit
from aggregator.cycle.plan import plan
from aggregator.errors import Stopped
from aggregator.fold import Folded
from aggregator.model import Failure, Polled
from aggregator.publish import Written
from aggregator.stop import Stop
from aggregator.store import Store, entries, folding, sources, stories, upkeep

__all__ = [
    "Report",
    "Wanted",
    "Watch",
    "add",
    "anything_due",
    "find_feeds",
    "fold_again",
    "introduce",
    "issue",
    "join",
    "label",
    "outdated",
    "plan",
    "polls",
    "refold",
    "run",
    "search_feed",
    "search_items",
    "split",
    "sweep",
    "tasks",
    "unjoin",
    "unsplit",
]  # fmt: skip

HUB_TIME = 5.0  # seconds
LOCAL_EVERY = 60  # seconds between two looks of the daemon at local files
FEEDS = (".rss", ".atom", ".json")


@dataclass(slots=True)
class Report:
    """What a cycle did."""

    started: int
    seconds: float = 0.0
    collected: Collected = field(default_factory=Collected)
    folded: Folded = field(default_factory=Folded)
    written: Written = field(default_factory=Written)
    warnings: list[str] = field(default_factory=list)

    @property
    def all_failed(self) -> bool:
        """Every polled source failed (exit code 3)."""
        return self.collected.due > 0 and self.collected.failed >= self.collected.due


@dataclass(frozen=True, slots=True)
class Watch:
    """How a shell looks on: called with the stage, how many steps it has, and for each one."""

    stage: Callable[[str, int], None] = lambda name, steps: None
    step: Callable[[int], None] = lambda steps: None


def run(
    config: Config,
    store: Store,
    wanted: Wanted | None,
    now: int,
    stop: Stop | None = None,
    watch: Watch | None = None,
) -> Report:
    """One cycle; `wanted` None polls nothing (`--offline`). Ends soon, with what it has, once `stop` is set; the
    next one goes on from there.
    """
    report, stop = Report(now), stop or Stop()
    with suppress(Stopped), store.until(stop):
        _stages(config, store, wanted, report, stop, watch or Watch())
    return report


def _stages(
    config: Config, store: Store, wanted: Wanted | None, report: Report, stop: Stop, watch: Watch
) -> None:
    """The stages, one after the other; each fills its part of the report. Raises Stopped between and within
    them.
    """
    now = report.started
    follow_renames(config, store)
    if wanted is not None:
        due = tasks(config, store, wanted, now)
        watch.stage("polling", len(due))

        def polled(_: Polled) -> None:
            watch.step(1)

        report.collected = collect(config, store, due, stop, polled)
    stop.check()
    report.collected.updated += pay_debts(config, store, now)
    report.folded = _fold(config, store, watch, stop)
    stop.check()
    watch.stage("labelling", 0)
    label(config, store, stop)
    _prune_daily(config, store, now)
    watch.stage("publishing", len(stories.dirty(store)))
    report.written = issue(config, store, now, stop)
    advice = 'which some readers refuse; a smaller limit or content = "summary" makes it lighter'
    report.warnings += [f"{name} has {size / 1e6:.1f} MB, {advice}" for name, size in report.written.large]
    stop.check()
    report.warnings += _tell(config, report)


def anything_due(config: Config, store: Store, now: int) -> bool:
    """Whether a turn of the daemon has anything to do: a source due, a local file that changed, entries that
    wait, something to print, be it because the config is another one now.
    """
    due = any(
        task.source.url or now - (task.memory.polled or 0) >= LOCAL_EVERY
        for task in tasks(config, store, Wanted(), now)
    )
    waiting = folding.waiting(store) > 0 or entries.debt_due(store, now)
    return due or waiting or bool(stories.dirty(store)) or outdated(config, store)


def fold_again(config: Config, store: Store, now: int) -> None:
    """Fold what a user's word left waiting, label and publish what that changes: at once, without a refold."""
    _fold(config, store, Watch(), Stop())
    label(config, store)
    issue(config, store, now)


def _fold(config: Config, store: Store, watch: Watch, stop: Stop) -> Folded:
    let_in(config, store)
    watch.stage("folding", folding.waiting(store))
    settings = fold.Settings(config.text_window, config.event_window)
    return fold.fold(store, settings, sources.titles(store), watch.step, stop)


def refold(config: Config, store: Store, since: int | None, now: int, watch: Watch | None = None) -> Report:
    """Forget stories and events (not overrides) and fold again; published ids survive, because they are those
    of founding entries.
    """
    report = Report(now)
    folding.forget(store, since)
    print_newest_archives(config, store)
    report.folded = _fold(config, store, watch or Watch(), Stop())
    label(config, store)
    report.written = issue(config, store, now)
    sweep(config, store, now)
    return report


def _prune_daily(config: Config, store: Store, now: int) -> None:
    """Retention once a day, so that no cycle pays for it."""
    last = int(store.meta("pruned") or 0)
    if 0 <= now - last < 86_400:
        return
    if last:
        upkeep.prune(store, now - config.retention)
        folding.forget_postings(
            store,
            now - max(config.text_window or 0, 3 * (config.event_window or 0), 86_400) - config.retention,
        )
        sweep(config, store, now)
    store.set_meta("pruned", str(now))


def _tell(config: Config, report: Report) -> list[str]:
    """WebSub: one ping for each feed that changed, after it is on disk; the dead man's switch after a good
    cycle.

    A hub that does not answer is not asked again in this cycle: it delays the next one by no more than
    `HUB_TIME`.
    """
    changed = (
        [name for name in report.written.written if name.endswith(FEEDS) and "/" not in name]
        if config.site.hub
        else []
    )
    limits = replace(config.limits, timeout=min(config.limits.timeout, HUB_TIME))
    dead = threading.Event()

    def ping(name: str) -> Failure | None:
        if dead.is_set():
            return None
        failure = fetch.send(
            str(config.site.hub), limits, {"hub.mode": "publish", "hub.url": f"{config.site.base_url}{name}"}
        )
        if failure is not None and failure.status is None:
            dead.set()
        return failure

    warnings: set[str] = set()
    if changed:
        with ThreadPoolExecutor(4) as pool:
            told = {failure for failure in pool.map(ping, changed) if failure and failure.kind != "stopped"}
            warnings = {f"hub: {failure.detail}" for failure in told}
    if config.ping_url and not report.all_failed:
        failure = fetch.send(config.ping_url, limits)
        warnings |= {f"ping_url: {failure.detail}"} if failure and failure.kind != "stopped" else set()
    return sorted(warnings)
