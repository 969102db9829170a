"""Subscriptions to what hubs push, a small fact each. SQL only; `websub` decides."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator import websub
from aggregator.store.base import Reader, Store
from aggregator.websub import Subscription

_KEY = "push "  # what the name of such a fact begins with, before the id of the source


def all_of(reader: Reader) -> dict[str, Subscription]:
    """By source."""
    query = "SELECT value FROM meta WHERE key >= ? AND key < ?"
    found = [websub.load(value) for value in reader.column(query, (_KEY, f"{_KEY[:-1]}!"))]
    return {known.source: known for known in found}


def working(reader: Reader, now: int) -> frozenset[str]:
    """Sources of which what is new is pushed."""
    return frozenset(source for source, known in all_of(reader).items() if known.works(now))


def keep(store: Store, changed: Iterable[Subscription]) -> None:
    with store.transaction() as writer:
        for known in changed:
            writer.set_meta(f"{_KEY}{known.source}", websub.dump(known))


def forget(store: Store, sources: Iterable[str]) -> None:
    with store.transaction() as writer:
        writer.run_many("DELETE FROM meta WHERE key = ?", [(f"{_KEY}{source}",) for source in sources])
