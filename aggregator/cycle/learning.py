"""What topics learn, at the door to the store: when they are taught, by which entries, and what they say of a
story.

They are taught anew when rules or examples change, and when a quarter as much has come in as they were taught
by, so that all of it together costs as much as teaching once. Between these times what is stored says the
same each time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from aggregator import learn, topics
from aggregator.config import Config
from aggregator.cycle.signatures import teaching_signature
from aggregator.errors import ConfigError
from aggregator.learn import Example, Features, Quality
from aggregator.model import Entry, FetchResult, Limits, Topic
from aggregator.parse import stories as text_stories
from aggregator.records import dataclass
from aggregator.store import Reader, Store, lookup, sources, unpublished
from aggregator.topics import Label, Rules

TAUGHT_BY = 8_000  # newest entries
IS_EXAMPLE = "like: it is one of its examples"
GROWTH, LEAST = 0.25, 30  # share of what taught last that has to come in; and entries, at least


@dataclass(frozen=True, slots=True)
class Learned:
    """What says of an entry which topic it has although no rule does."""

    model: learn.Model
    counts: learn.Counts
    quality: Mapping[str, Quality]
    examples: Mapping[str, tuple[tuple[str, Features], ...]]  # of topics with few: headline, features
    learners: frozenset[str]
    # headline of an example, or published id → (topic, text; "" is any)
    given: Mapping[str, Sequence[tuple[str, str]]]

    def examples_of(self, entry: Entry) -> list[Label]:
        """The topics that this very entry was given to as an example."""
        given = [*self.given.get(entry.public_id, ()), *self.given.get(entry.title.casefold(), ())]
        text = topics.beginning(entry) if given else ""
        found = dict.fromkeys(topic for topic, said in given if said in ("", text))
        return [Label(topic, IS_EXAMPLE) for topic in found if topic in self.learners]

    def label(self, entry: Entry, known: Sequence[Label]) -> Label | None:
        """None where a rule of such a topic holds, or it is not sure enough."""
        if any(one.topic in self.learners for one in known):
            return None
        features = learn.features(entry.title, topics.beginning(entry))
        guess = self.model.guess(features)
        if guess is None or not self._is_sure(guess):
            return self._like(features)
        return Label(guess.topic, self._why(features, guess.topic))

    def _why(self, features: Features, topic: str) -> str:
        explained = self.model.guess(features, explained=True)
        words = ", ".join(explained.words if explained else ()) or "its words together"
        return f"learned: {words} ({_how_right(self.quality[topic])})"

    def _is_sure(self, guess: learn.Guess) -> bool:
        quality = self.quality.get(guess.topic)
        return guess.is_supported and quality is not None and guess.likeness >= quality.threshold

    def _like(self, features: Features) -> Label | None:
        near = [
            (learn.cosine(features, example, self.counts), topic, title)
            for topic, examples in self.examples.items()
            for title, example in examples
        ]
        likeness, topic, title = max(near, default=(0.0, "", ""))
        return Label(topic, f"like “{title}” ({likeness:.2f})") if likeness >= learn.ALIKE else None


def learned(
    config: Config, store: Store, rules: Rules, titles: Mapping[str, str]
) -> tuple[Learned | None, bool]:
    """What was learned, and whether that was right now; None where no topic learns."""
    learners = {topic.id: topic for topic in config.topics if topic.learns}
    if not learners:
        return None, False
    state = json.loads(store.meta("learned") or "{}")
    anew = _is_due(state, teaching_signature(config), lookup.newest_entry(store))
    if anew:
        state = _teach_and_keep(config, store, rules, titles, learners)
    return _loaded(store, state, learners), anew


def _loaded(store: Reader, state: Mapping[str, Any], learners: Iterable[str]) -> Learned:
    counts = learn.load(store.meta("learned counts") or "{}")
    examples = {topic: tuple(map(_headline_and_features, found)) for topic, found in state["few"].items()}
    given = state.get("given", {})  # not of an earlier version
    return Learned(learn.Model(counts), counts, quality(store), examples, frozenset(learners), given)


def _headline_and_features(example: tuple[str, str]) -> tuple[str, Features]:
    title, text = example
    return title, learn.features(title, text)


def is_by_other_rules(config: Config, store: Reader) -> bool:
    """Whether what was taught last, if anything, is not what these rules teach."""
    return bool(json.loads(store.meta("learned") or "{}").get("rules") != teaching_signature(config))


def _is_due(state: Mapping[str, Any], signature: str, newest: int) -> bool:
    """`state`: what is kept of the last time; `newest`: number of the newest entry."""
    if state.get("rules") != signature:
        return True
    return bool(newest - state["newest"] >= max(LEAST, GROWTH * state["taught"]))


def _teach_and_keep(
    config: Config, store: Store, rules: Rules, titles: Mapping[str, str], learners: Mapping[str, Topic]
) -> dict[str, Any]:
    """Teaches anew; returns what is kept of it beside the counts."""
    given = _examples(config, store, learners)
    found = [*_given(given), *_certain(store, rules, titles, learners)]
    counts, quality = learn.teach(found)
    state = {
        "rules": teaching_signature(config),
        "newest": lookup.newest_entry(store),
        "taught": len(found),
        "few": {topic: sorted(examples) for topic, examples in given.items() if topic not in quality},
        "given": _by_name(given, _by_id(store, learners)),
        "quality": {topic: asdict(one) for topic, one in quality.items()},
    }
    _keep(store, counts, state)
    return state


def _by_name(
    given: Mapping[str, Sequence[tuple[str, str]]], by_id: Iterable[tuple[str, str]]
) -> dict[str, list[tuple[str, str]]]:
    """As `Learned.given`. `given`: topic → (headline, text) of its examples; `by_id`: (published id,
    topic).
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, topic in by_id:
        found.setdefault(name, []).append((topic, ""))
    for topic, examples in sorted(given.items()):
        for title, text in examples:
            found.setdefault(title.casefold(), []).append((topic, text))
    return found


def _by_id(store: Reader, learners: Mapping[str, Topic]) -> Iterator[tuple[str, str]]:
    """(published id of an entry that is named as an example, topic)."""
    for topic in learners.values():
        for said in topic.like:
            yield from ((one.public_id, topic.id) for one in _named(store, said))


def _named(store: Reader, said: str) -> Sequence[Entry]:
    """The entry whose id an example is; none where it is a headline or a file."""
    is_id = " " not in said.strip() and not said.startswith("file:")
    return lookup.find(store, said)[:1] if is_id else ()


def _keep(store: Store, counts: learn.Counts, state: Mapping[str, Any]) -> None:
    """And the pages that say how well a topic is known are to be printed."""
    before = json.loads(store.meta("learned") or "{}").get("quality", {})
    changed = [topic for topic, one in state["quality"].items() if before.get(topic) != one]
    with store.transaction() as writer:
        writer.set_meta("learned counts", learn.dump(counts))
        writer.set_meta("learned", json.dumps(state))
        unpublished.mark(writer, [*changed, *(before.keys() - state["quality"].keys())])


def missed(config: Config, store: Reader, entry: Entry, there: Collection[str]) -> list[Label]:
    """Topics that an entry nearly belongs to, beside those where it is; `rule` says what is missing."""
    rules, titles = topics.compiled(config.topics, config.sources), sources.titles(store)
    nearly = [*topics.missed(rules, entry, titles.get(entry.source, ""))]
    if any(topic.learns for topic in config.topics) and store.meta("learned") is not None:
        nearly += _nearly_learned(store, entry)
    return [one for one in nearly if one.topic not in there]


def _nearly_learned(store: Reader, entry: Entry) -> list[Label]:
    model = learn.Model(learn.load(store.meta("learned counts") or "{}"))
    guess = model.guess(learn.features(entry.title, topics.beginning(entry)), explained=True)
    known = quality(store)
    if guess is None or not guess.is_supported or guess.topic not in known:
        return []
    needed, words = known[guess.topic].threshold, ", ".join(guess.words)
    if not learn.is_near(guess.likeness, needed):
        return []
    return [Label(guess.topic, f"learned: likeness {guess.likeness:.2f} of {needed:.2f} ({words})")]


def quality(store: Reader) -> dict[str, Quality]:
    """How well each topic is known that was taught."""
    state = json.loads(store.meta("learned") or "{}")
    return {topic: Quality(**one) for topic, one in state.get("quality", {}).items()}


def _how_right(known: Quality) -> str:
    if not known.is_measured:
        return f"by {known.certain} entries, too few to say how much of it is right"
    return f"{known.precision:.0%} of what is known so is right"


def notes(config: Config, store: Reader) -> dict[str, str]:
    """How well each topic is known that learns, in words for its page."""
    known = quality(store)
    return {
        topic.id: f"Beyond its rules, what this topic learned finds {known[topic.id].recall:.0%} of its "
        f"stories, and {known[topic.id].precision:.0%} of what it finds is right, by stories held out."
        for topic in config.topics
        if topic.learns and topic.id in known and known[topic.id].is_measured
    }


def _given(examples: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[Example]:
    """What people gave as examples: topic → (title, text)."""
    for topic, found in examples.items():
        for title, text in found:
            yield Example(learn.features(title, text), frozenset((topic,)))


def _certain(
    store: Reader, rules: Rules, titles: Mapping[str, str], learners: Mapping[str, Topic]
) -> Iterator[Example]:
    """The newest entries, with the topics that their rules are certain of."""
    taught = {topic.id for topic in learners.values() if topic.learn}
    for entry, _ in islice(lookup.entries(store, newest_first=True), TAUGHT_BY):
        labels = topics.label(rules, entry, titles.get(entry.source, ""))
        yield _as_example(entry, [label for label in labels if label.topic in taught])


def _as_example(entry: Entry, labels: Sequence[Label]) -> Example:
    features = learn.features(entry.title, topics.beginning(entry))
    terms = [term for label in labels for term in label.terms]
    hidden = learn.without(features, terms) if labels else features
    return Example(features, frozenset(label.topic for label in labels), hidden)


def _examples(
    config: Config, store: Reader, learners: Mapping[str, Topic]
) -> dict[str, list[tuple[str, str]]]:
    """Topic → (title, text) of its examples, each once."""
    return {
        topic.id: list(
            dict.fromkeys(pair for said in topic.like for pair in _example(config, store, topic, said))
        )
        for topic in learners.values()
        if topic.like
    }


def _example(config: Config, store: Reader, topic: Topic, said: str) -> list[tuple[str, str]]:
    if not said.startswith("file:"):
        return [(one.title, topics.beginning(one)) for one in _named(store, said)] or [(said, "")]
    try:
        return _in_file(Path(said[5:]))
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {topic.id}: like: {error}") from None


def _in_file(path: Path) -> list[tuple[str, str]]:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:  # a zero character in its name
        raise ConfigError(f"{str(path)!r}: can't be read: {error}") from None
    parsed = text_stories.read("like", FetchResult(path.as_uri(), 0, body=body), Limits())
    if parsed.failure is not None:
        raise ConfigError(parsed.failure.detail)
    return [(one.title, topics.beginning(one)) for one in parsed.entries]
