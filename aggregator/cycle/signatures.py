"""What config and program were like when something was labelled or printed, as short texts to compare."""

from __future__ import annotations

import hashlib

from aggregator import __version__, query
from aggregator.config import Config
from aggregator.render.design import design
from aggregator.store import Store


def signature(*parts: object) -> str:
    """Differs where any of these does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rules_signature(config: Config) -> str:
    """Of all that decides which entries are let through and which topics they have."""
    return signature(
        [(topic.id, topic.match, topic.exclude, topic.sources) for topic in config.topics],
        [(source.id, source.topics, source.include, source.exclude) for source in config.sources],
        (__version__, query.VERSION),
    )


def look(config: Config) -> str:
    """Of all that decides how everything is printed."""
    return signature(config.site, config.topics, config.limit, config.one_per, config.lead, __version__, design(),
                     [(s.id, s.title, s.url, s.priority, s.enabled) for s in config.sources])  # fmt: skip


def outdated(config: Config, store: Store) -> bool:
    """Whether what is labelled or printed is so by another config, or another version of the program."""
    return store.meta("rules") != rules_signature(config) or store.meta("printed with") != look(config)
