"""What a changed config means for what is stored: sources under another id, entries that are let in or held
back.

The order matters: who is let in waits to be folded before the others go, so that a story whose teller is
replaced keeps its id, and nothing is missing from the feeds for a cycle.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

from aggregator import kinds, schedule, topics
from aggregator.config import Config
from aggregator.cycle.signatures import rules_signature
from aggregator.model import BY_HAND, Source, SourceState
from aggregator.store import Store, entries, sources

MANY = 60  # new sources at once, whose first polls are spread


def follow_renames(config: Config, store: Store) -> None:
    """A source that has another id now keeps what is stored of it, with validators and health."""
    tells = functools.partial(sources.has_entries, store)
    sources.rename(store, renamed(config.sources, sources.urls_of(store), tells))


def renamed(
    configured: Sequence[Source], stored: Mapping[str, str | None], tells: Callable[[str], bool]
) -> dict[str, str]:
    """Old id → new id: what was told at an address goes to the source that has this address now.

    That is a source that never told anything, or one whose own past goes elsewhere as well: two may have
    exchanged their ids. `stored`: id → address of every source that was polled, who told last coming first;
    `tells`: whether entries of an id are stored.
    """
    addresses = {source.id: kinds.address(source) for source in configured}
    movers: dict[str, list[str]] = {}
    for old, was in stored.items():
        if was is not None and addresses.get(old) != was:
            movers.setdefault(was, []).append(old)
    moves: dict[str, str] = {}
    for new, address in addresses.items():
        candidates = (one for one in movers.get(address, []) if one not in moves and tells(one))
        moves.update({old: new for old in itertools.islice(candidates, 1)})
    return _settled(moves, addresses, tells)


def _settled(
    moves: Mapping[str, str], configured: Collection[str], tells: Callable[[str], bool]
) -> dict[str, str]:
    """Those moves that leave every id with one past. An id that is configured at another address keeps its
    past, as a feed that moved does, unless another's past comes to it.
    """
    kept = dict(moves)
    while True:
        targets = set(kept.values())
        possible = {
            old: new
            for old, new in kept.items()
            if (new in kept or not tells(new)) and (old not in configured or old in targets)
        }
        if possible == kept:
            return kept
        kept = possible


def introduce(config: Config, store: Store, now: int) -> None:
    """Where many sources are new at once, spread their first polls over the interval (P13). For the daemon:
    `run` is asked for now.
    """
    follow_renames(config, store)
    known = sources.memories(store)
    fresh = [
        source
        for source in config.sources
        if source.enabled and kinds.of(source).remote and source.id not in known
    ]
    if len(fresh) > MANY:
        why = "one of many new sources: their first polls are spread out"
        first = {one.id: schedule.first_poll(one.id, now, config.pace, len(fresh)) for one in fresh}
        sources.remember(store, [(one, SourceState(next_poll=first[one.id], why=why)) for one in fresh])


def let_in(config: Config, store: Store) -> int:
    """Entries that the config lets through again wait to be folded; returns how many."""
    if store.meta("rules") == rules_signature(config):
        return 0
    return _sift(config, store, kept=False)


def hold_back(config: Config, store: Store, changed: Collection[str] | None = None) -> None:
    """Entries that the config does not let through any more leave their stories: of these sources, and of
    those that left it. None: of all. A source in the config that says nothing of its entries lets all of them
    through.
    """
    left = entries.tellers(store) - {source.id for source in config.sources} - {BY_HAND}
    choosing = {source.id for source in config.sources if source.include or source.exclude}
    among = choosing if changed is None else choosing.intersection(changed)
    _sift(config, store, kept=True, among=sorted(left | among))


def _sift(config: Config, store: Store, kept: bool, among: Collection[str] | None = None) -> int:
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    configured = {BY_HAND, *(source.id for source in config.sources)}
    changed = [
        (entry.id, kept, not kept)
        for entry in entries.all_kept(store, kept, among)
        if kept != (entry.source in configured and topics.keeps(rules, entry, titles.get(entry.source, "")))
    ]
    entries.keep_again(store, changed)
    return len(changed)
