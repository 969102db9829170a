"""What config and program were like when something was labelled or printed, as short texts to compare."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aggregator import __version__, query
from aggregator.config import Config
from aggregator.model import Topic
from aggregator.render.design import design
from aggregator.store import Reader


def signature(*parts: object) -> str:
    """Differs where any of these does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rules_signature(config: Config) -> str:
    """Of all that decides which entries are let through and which topics they have."""
    return signature(sources_signature(config), [topic_signature(topic) for topic in config.topics])


def sources_signature(config: Config) -> str:
    """Of all that decides which entries are let through, and of what concerns all topics together."""
    return signature(
        learning_signature(config),
        [(source.id, source.topics, source.include, source.exclude) for source in config.sources],
        (__version__, query.VERSION),
    )


def topic_signature(topic: Topic) -> str:
    """Of one topic's rule."""
    return signature(topic.id, topic.match, topic.exclude, topic.sources, topic.starters)


def learning_signature(config: Config) -> str:
    """Of all that decides what is learned, beside what is stored. "" where nothing is."""
    wishes = [(topic.id, topic.like, topic.learn) for topic in config.topics if topic.learns]
    if not wishes:
        return ""
    from aggregator import learn  # not where nothing is learned: a cycle with nothing due starts sooner

    files = [Path(one[5:]) for topic in config.topics for one in topic.like if one.startswith("file:")]
    states = [
        (path.name, path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None for path in files
    ]
    return signature(wishes, states, learn.VERSION)


def look(config: Config) -> str:
    """Of all that decides how everything is printed."""
    return signature(
        config.site,
        config.topics,
        config.limit,
        config.one_per,
        config.lead,
        config.event_lead,
        config.sort,
        __version__,
        design(),
        [(s.id, s.title, s.url, s.priority, s.enabled) for s in config.sources],
    )


def outdated(config: Config, store: Reader) -> bool:
    """Whether what is labelled or printed is so by another config, or another version of the program."""
    return store.meta("rules") != rules_signature(config) or store.meta("printed with") != look(config)
