"""Which topics is a story about? Rules in the query language, sources, and what a source says of all that it
carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from aggregator import query, starters
from aggregator.model import Entry, Source, Topic
from aggregator.records import dataclass

# words that rules may be known by, up to which looking for each of them in a text of 1,500 characters is
# quicker than looking up all of the text's
FEW = 60


@dataclass(frozen=True, slots=True)
class Label:
    """A topic of an entry, and the rule that says so, in words for `why`."""

    topic: str
    rule: str
    terms: tuple[str, ...] = ()  # the words of the entry that the rule knew it by


@dataclass(frozen=True, slots=True)
class _Rule:
    topic: Topic
    match: query.Query | None
    exclude: query.Query | None


@dataclass(frozen=True, slots=True)
class _Index:
    """Which rules may speak of an entry, by number: their `match` by a word of it, others by its source, and
    by the starters that find something in it.
    """

    words: Mapping[str, tuple[int, ...]]
    beginnings: Mapping[str, tuple[int, ...]]
    lengths: tuple[int, ...]  # of beginnings
    always: frozenset[int]  # rules that no word says anything of
    by_source: Mapping[str, tuple[int, ...]]
    by_starter: Mapping[str, tuple[int, ...]]

    def candidates(self, doc: query.Doc) -> set[int]:
        found = set(self.always)
        if len(self.words) + len(self.beginnings) <= FEW:
            hits = self._looked_for(doc)
        else:
            hits = self._looked_up(doc.words)
        for numbers in hits:
            found.update(numbers)
        return found

    def _looked_for(self, doc: query.Doc) -> Iterator[tuple[int, ...]]:
        """Of a few words, each in the text."""
        for word, numbers in self.words.items():
            if doc.holds(word):
                yield numbers
        for beginning, numbers in self.beginnings.items():
            if doc.holds(beginning, whole=False):
                yield numbers

    def _looked_up(self, words: set[str]) -> Iterator[tuple[int, ...]]:
        """Of many words, those of the text."""
        for word in self.words.keys() & words:
            yield self.words[word]
        for length in self.lengths:
            for beginning in self.beginnings.keys() & {word[:length] for word in words}:
                yield self.beginnings[beginning]

    def beside(self, source: str, hints: Iterable[str]) -> set[int]:
        """By where the entry comes from, and by what starters find in it."""
        found = set(self.by_source.get(source, ()))
        for name in hints:
            found.update(self.by_starter.get(name, ()))
        return found


@dataclass(frozen=True, slots=True)
class Rules:
    """All topics and sources, compiled once. The queries were checked with the config."""

    topics: tuple[_Rule, ...]
    index: _Index
    sources: dict[str, Source]
    lexicon: starters.Lexicon
    include: dict[str, query.Query]
    exclude: dict[str, query.Query]


def _parsed(said: str | None) -> query.Query | None:
    return query.parse(said) if said else None


def compiled(topics: Sequence[Topic], sources: Sequence[Source]) -> Rules:
    """Raises query.QueryError for a bad query."""
    rules = tuple(_Rule(topic, _parsed(topic.match), _parsed(topic.exclude)) for topic in topics)
    return Rules(
        rules,
        _indexed(rules, sources),
        {source.id: source for source in sources},
        starters.lexicon(tuple(sorted({name for topic in topics for name in topic.starters}))),
        {source.id: query.parse(source.include) for source in sources if source.include},
        {source.id: query.parse(source.exclude) for source in sources if source.exclude},
    )


def _indexed(rules: Sequence[_Rule], sources: Sequence[Source]) -> _Index:
    anchored = {
        number: query.anchors(rule.match) for number, rule in enumerate(rules) if rule.match is not None
    }
    known = {number: anchors for number, anchors in anchored.items() if anchors is not None}
    beginnings = _numbers({number: anchors.beginnings for number, anchors in known.items()})
    return _Index(
        words=_numbers({number: anchors.words for number, anchors in known.items()}),
        beginnings=beginnings,
        lengths=tuple(sorted(set(map(len, beginnings)))),
        always=frozenset(anchored.keys() - known.keys()),
        by_source=_by_source(rules, sources),
        by_starter=_numbers({number: rule.topic.starters for number, rule in enumerate(rules)}),
    )


def _numbers(names: Mapping[int, Iterable[str]]) -> Mapping[str, tuple[int, ...]]:
    """Name → the rules that have it."""
    return _grouped((name, number) for number, found in names.items() for name in found)


def _by_source(rules: Sequence[_Rule], sources: Sequence[Source]) -> Mapping[str, tuple[int, ...]]:
    """Topics that name a source, and those that a source names."""
    numbers = {rule.topic.id: number for number, rule in enumerate(rules)}
    named = [(source, number) for number, rule in enumerate(rules) for source in rule.topic.sources]
    naming = [
        (source.id, numbers[topic]) for source in sources for topic in source.topics if topic in numbers
    ]
    return _grouped([*named, *naming])


def _grouped(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for name, number in pairs:
        found.setdefault(name, []).append(number)
    return {name: tuple(numbers) for name, numbers in found.items()}


def label(rules: Rules, entry: Entry, source_title: str) -> tuple[Label, ...]:
    """The topics of one entry. A topic's `exclude` wins over everything that would bring it there."""
    found: list[Label] = []
    doc = query.doc(entry, source_title)
    source = rules.sources.get(entry.source)
    hints = _hints(rules, entry)
    candidates = rules.index.candidates(doc)
    for number in sorted(candidates.union(rules.index.beside(entry.source, hints))):
        rule = rules.topics[number]
        why = _why(rule, entry, source, doc if number in candidates else None, hints)
        if why is not None and _excluded_by(rule, doc) is None:
            found.append(why)
    return tuple(found)


def excluded(rules: Rules, entry: Entry, source_title: str, topic: str) -> bool:
    """Whether the topic's `exclude` keeps the entry out."""
    refused = next((rule.exclude for rule in rules.topics if rule.topic.id == topic), None)
    return refused is not None and query.match(refused, query.doc(entry, source_title)) is not None


def _hints(rules: Rules, entry: Entry) -> dict[str, starters.Found]:
    if rules.lexicon.is_empty:
        return {}
    return {found.topic: found for found in starters.match(rules.lexicon, entry.title, beginning(entry))}


def beginning(entry: Entry) -> str:
    """The text below the title, of which the first words count."""
    return entry.summary if len(entry.summary) > 200 else entry.text or entry.summary


def _why(
    rule: _Rule,
    entry: Entry,
    source: Source | None,
    doc: query.Doc | None,
    hints: Mapping[str, starters.Found],
) -> Label | None:
    """`doc`: None where the rule's `match` can't find the entry."""
    topic = rule.topic
    if entry.source in topic.sources:
        return Label(topic.id, f"everything of {entry.source} (the topic's sources)")
    if source is not None and topic.id in source.topics:
        return Label(topic.id, f"everything of {entry.source} (the source's topics)")
    matched = _by_match(rule, doc) if doc is not None else None
    return matched or _by_starters(topic, hints)


def _by_match(rule: _Rule, doc: query.Doc) -> Label | None:
    hit = None if rule.match is None else query.match(rule.match, doc)
    if hit is None:
        return None
    return Label(rule.topic.id, f"match: {', '.join(hit.terms) or 'nothing that it excludes'}", hit.terms)


def _by_starters(topic: Topic, hints: Mapping[str, starters.Found]) -> Label | None:
    """Several lists of one topic count together."""
    found = [hints[name] for name in topic.starters if name in hints]
    if sum(one.score for one in found) < starters.NEEDED:
        return None
    terms = tuple(term for one in found for term in one.terms)
    names = ", ".join(one.topic for one in found)
    return Label(topic.id, f"starter {names}: {', '.join(terms[:8])}", terms)


def missed(rules: Rules, entry: Entry, source_title: str) -> tuple[Label, ...]:
    """Topics that the entry is not in, although something speaks for them; `rule` says what is missing."""
    doc, hints = query.doc(entry, source_title), _hints(rules, entry)
    source = rules.sources.get(entry.source)
    found = []
    for rule in rules.topics:
        why = _why(rule, entry, source, doc, hints)
        words = _lacking(rule, doc, hints) if why is None else _in_vain(rule, doc, why)
        if words:
            found.append(Label(rule.topic.id, words))
    return tuple(found)


def _excluded_by(rule: _Rule, doc: query.Doc) -> query.Hit | None:
    return None if rule.exclude is None else query.match(rule.exclude, doc)


def _in_vain(rule: _Rule, doc: query.Doc, why: Label) -> str | None:
    hit = _excluded_by(rule, doc)
    return None if hit is None else f"{why.rule}; but exclude: {', '.join(hit.terms)}"


def _lacking(rule: _Rule, doc: query.Doc, hints: Mapping[str, starters.Found]) -> str | None:
    """What is missing where something is there."""
    found = [hints[name] for name in rule.topic.starters if name in hints]
    if found:
        words = ", ".join(term for one in found for term in one.terms)
        return f"starter: {words} is a hint; a second one is missing"
    return _missing_words(query.lacking(rule.match, doc)) if rule.match is not None else None


def _missing_words(parts: Sequence[query.Query]) -> str | None:
    absent = [query.shown(part) for part in parts if not isinstance(part, query.Not)]
    unwanted = [query.shown(part.part) for part in parts if isinstance(part, query.Not)]
    said = [
        f"without {', '.join(absent)}" if absent else "",
        f"with {', '.join(unwanted)}, which it leaves out" if unwanted else "",
    ]
    return f"match: {' and '.join(filter(None, said))}" if parts else None


def keeps(rules: Rules, entry: Entry, source_title: str) -> bool:
    """Whether the source's include and exclude let the entry through."""
    include, exclude = rules.include.get(entry.source), rules.exclude.get(entry.source)
    if include is None and exclude is None:
        return True
    doc = query.doc(entry, source_title)
    if include is not None and query.match(include, doc) is None:
        return False
    return exclude is None or query.match(exclude, doc) is None
