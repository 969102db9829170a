"""Which topics is a story about? Rules in the query language, sources, and what a source says of all that it
carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator import query
from aggregator.model import Entry, Source, Topic


@dataclass(frozen=True, slots=True)
class Label:
    """A topic of an entry, and the rule that says so, in words for `why`."""

    topic: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Rule:
    topic: Topic
    match: query.Query | None
    exclude: query.Query | None


@dataclass(frozen=True, slots=True)
class Rules:
    """All topics and sources, compiled once. The queries were checked with the config."""

    topics: tuple[_Rule, ...]
    sources: dict[str, Source]
    include: dict[str, query.Query]
    exclude: dict[str, query.Query]


def compiled(topics: Sequence[Topic], sources: Sequence[Source]) -> Rules:
    """Raises query.QueryError for a bad query."""
    return Rules(
        tuple(
            _Rule(t, query.parse(t.match) if t.match else None, query.parse(t.exclude) if t.exclude else None)
            for t in topics
        ),
        {source.id: source for source in sources},
        {source.id: query.parse(source.include) for source in sources if source.include},
        {source.id: query.parse(source.exclude) for source in sources if source.exclude},
    )


def label(rules: Rules, entry: Entry, source_title: str) -> tuple[Label, ...]:
    """The topics of one entry. A topic's `exclude` wins over everything that would bring it there."""
    found: list[Label] = []
    doc = query.doc(entry, source_title)
    source = rules.sources.get(entry.source)
    for rule in rules.topics:
        why = _why(rule, entry, source, doc)
        if why is not None and not (rule.exclude is not None and query.match(rule.exclude, doc)):
            found.append(Label(rule.topic.id, why))
    return tuple(found)


def _why(rule: _Rule, entry: Entry, source: Source | None, doc: query.Doc) -> str | None:
    if entry.source in rule.topic.sources:
        return f"everything of {entry.source} (the topic's sources)"
    if source is not None and rule.topic.id in source.topics:
        return f"everything of {entry.source} (the source's topics)"
    hit = query.match(rule.match, doc) if rule.match is not None else None
    return None if hit is None else f"match: {', '.join(hit.terms) or 'nothing that it excludes'}"


def keeps(rules: Rules, entry: Entry, source_title: str) -> bool:
    """Whether the source's include and exclude let the entry through."""
    include, exclude = rules.include.get(entry.source), rules.exclude.get(entry.source)
    if include is None and exclude is None:
        return True
    doc = query.doc(entry, source_title)
    if include is not None and query.match(include, doc) is None:
        return False
    return exclude is None or query.match(exclude, doc) is None
