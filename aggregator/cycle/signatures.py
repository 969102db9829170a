"""What config and program were like when something was labelled or printed, as short texts to compare."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aggregator import __version__, query
from aggregator.config import Config
from aggregator.model import Source, Topic
from aggregator.records import replace
from aggregator.render.design import design
from aggregator.store import Reader, unpublished


def signature(*parts: object) -> str:
    """Differs where any of these does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rules_signature(config: Config) -> str:
    """Of all that decides which entries are let through and which topics they have."""
    return signature([source.id for source in config.sources], rules(config))


def teaching_signature(config: Config) -> str:
    """Of all that decides what is learned, beside what is stored: topics that don't learn have no say."""
    learners = {topic.id: topic_signature(topic) for topic in config.topics if topic.learns}
    naming = [
        (source.id, [topic for topic in source.topics if topic in learners]) for source in config.sources
    ]
    return signature([one for one in naming if one[1]], rules(config)["program"], learners)


def rules(config: Config) -> dict[str, dict[str, str]]:
    """What is kept of the rules, to tell which of them changed: signatures of each topic's rule ("topics"),
    of each source that has one ("sources"), and of what reads them ("program").
    """
    return {
        "program": {"version": signature(__version__, query.VERSION)},
        "topics": {topic.id: topic_signature(topic) for topic in config.topics},
        "sources": {
            source.id: source_signature(source)
            for source in config.sources
            if source.topics or source.include or source.exclude
        },
    }


def source_signature(source: Source) -> str:
    """Of what a source lets through, and of the topics that it names."""
    return signature(source.topics, source.include, source.exclude)


def topic_signature(topic: Topic) -> str:
    """Of one topic's rule, and of what it learns by."""
    return signature(topic.id, topic.match, topic.exclude, topic.sources, topic.starters, *_learned_by(topic))


def _learned_by(topic: Topic) -> tuple[object, ...]:
    """Nothing where it doesn't learn."""
    if not topic.learns:
        return ()
    from aggregator import learn  # not where nothing is learned: a cycle with nothing due starts sooner

    states = [_state(Path(one[5:])) for one in topic.like if one.startswith("file:")]
    return topic.like, topic.learn, states, learn.VERSION


def _state(path: Path) -> tuple[str, int, int] | None:
    """What shows that a file is another one now; None where it can't be read: whoever reads it says why."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return None
    return path.name, info.st_mtime_ns, info.st_size


def look(config: Config) -> str:
    """Of all that decides how everything is printed: what brings a story into a topic is seen there alone."""
    return signature(
        config.site,
        [_shown(topic) for topic in config.topics],
        config.limit,
        config.one_per,
        config.lead,
        config.event_lead,
        config.sort,
        __version__,
        design(),
        [(s.id, s.title, s.url, s.priority, s.enabled) for s in config.sources],
    )


def _shown(topic: Topic) -> Topic:
    """Without what brings stories there."""
    return replace(topic, match=None, exclude=None, sources=(), starters=(), like=(), learn=False)


def outdated(config: Config, store: Reader) -> bool:
    """Whether what is labelled or printed is so by another config, or another version of the program."""
    return store.meta("rules") != rules_signature(config) or store.meta(unpublished.PRINTED_WITH) != look(
        config
    )
