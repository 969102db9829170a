"""What a changed config means for what is stored: sources under another id, entries that are let in or held back.

The order matters: who is let in waits to be folded before the others go, so that a story whose teller is
replaced keeps its id, and nothing is missing from the feeds for a cycle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from aggregator import __version__, topics
from aggregator.config import Config
from aggregator.model import Source
from aggregator.store import Store, entries, sources


def signature(*parts: object) -> str:
    """Differs where any of these does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rules_signature(config: Config) -> str:
    """Of all that decides which entries are let through and which topics they have."""
    return signature(
        [(topic.id, topic.match, topic.exclude, topic.sources) for topic in config.topics],
        [(source.id, source.topics, source.include, source.exclude) for source in config.sources],
        __version__,
    )


def follow_renames(config: Config, store: Store) -> None:
    """A source that has another id now keeps what is stored of it, with validators and health."""
    stored = sources.urls_of(store)
    for old, new in renamed(config.sources, stored, sources.with_entries(store)):
        sources.rename(store, old, new)


def renamed(
    configured: Sequence[Source], stored: Mapping[str, str | None], with_entries: Sequence[str]
) -> list[tuple[str, str]]:
    """(old id, new id): the address of a source that left the config, under an id that never told anything.

    `stored`: id → address of every source that was polled; `with_entries`: ids that entries are stored of,
    who told last coming first.
    """
    ids = {source.id for source in configured}
    orphans: dict[str, str] = {}
    for old in with_entries:
        address = stored.get(old)
        if old not in ids and address is not None:
            orphans.setdefault(address, old)
    found: list[tuple[str, str]] = []
    for source in configured:
        address = source.url or source.path or ""
        if address in orphans and source.id not in with_entries:
            found.append((orphans.pop(address), source.id))
    return found


def let_in(config: Config, store: Store) -> int:
    """Entries that the config lets through again wait to be folded; returns how many."""
    if store.meta("rules") == rules_signature(config):
        return 0
    return _sift(config, store, kept=False)


def hold_back(config: Config, store: Store) -> None:
    """Entries that the config does not let through any more leave their stories."""
    _sift(config, store, kept=True)


def _sift(config: Config, store: Store, kept: bool) -> int:
    rules = topics.compiled(config.topics, config.sources)
    titles = sources.titles(store)
    configured = {source.id for source in config.sources}
    changed = [
        (entry.id, kept, not kept)
        for entry in entries.all_kept(store, kept)
        if kept != (entry.source in configured and topics.keeps(rules, entry, titles.get(entry.source, "")))
    ]
    entries.keep_again(store, changed)
    return len(changed)
