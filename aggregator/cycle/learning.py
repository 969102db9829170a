"""What topics learn, at the door to the store: when they are taught, by which entries, and what they say of a story.

They are taught anew when rules or examples change, and when a quarter as much has come in as they were taught by, so that
all of it together costs as much as teaching once. Between these times what is stored says the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from aggregator import learn, topics
from aggregator.config import Config
from aggregator.cycle.signatures import rules_signature
from aggregator.errors import ConfigError
from aggregator.learn import Example, Features, Quality
from aggregator.model import Entry, FetchResult, Limits, Topic
from aggregator.parse import stories as text_stories
from aggregator.store import Reader, Store, lookup, sources
from aggregator.topics import Label, Rules

TAUGHT_BY = 8_000  # newest entries
GROWTH, LEAST = 0.25, 30  # share of what taught last that has to come in; and entries, at least


@dataclass(frozen=True, slots=True)
class Learned:
    """What says of an entry which topic it has although no rule does."""

    model: learn.Model
    counts: learn.Counts
    quality: Mapping[str, Quality]
    examples: Mapping[str, tuple[tuple[str, Features], ...]]  # of topics with few: headline, features
    learners: frozenset[str]

    def label(self, entry: Entry, known: Sequence[Label]) -> Label | None:
        """None where a rule of such a topic holds, or it is not sure enough."""
        if any(one.topic in self.learners for one in known):
            return None
        features = learn.features(entry.title, topics.beginning(entry))
        guess = self.model.guess(features)
        quality = None if guess is None or not guess.is_supported else self.quality.get(guess.topic)
        if guess is not None and quality is not None and guess.likeness >= quality.threshold:
            explained = self.model.guess(features, explained=True)
            words = ", ".join(explained.words if explained else ())
            return Label(guess.topic, f"learned: {words or 'its words together'} ({quality.precision:.0%} of what is known so is right)")  # fmt: skip
        return self._like(features)

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
    newest = lookup.newest_entry(store)
    state = json.loads(store.meta("learned") or "{}")
    anew = state.get("rules") != rules_signature(config) or newest - state["newest"] >= max(
        LEAST, GROWTH * state["taught"]
    )
    if anew:
        given = _examples(config, store, learners)
        counts, quality, taught = _teach(store, rules, titles, learners, given)
        few = {topic: sorted(found) for topic, found in given.items() if topic not in quality}
        state = {"rules": rules_signature(config), "newest": newest, "taught": taught, "few": few,
                 "quality": {topic: asdict(one) for topic, one in quality.items()}}  # fmt: skip
        with store.transaction() as writer:
            writer.set_meta("learned counts", learn.dump(counts))
            writer.set_meta("learned", json.dumps(state))
    counts = learn.load(store.meta("learned counts") or "{}")
    examples = {
        topic: tuple((title, learn.features(title, text)) for title, text in found)
        for topic, found in state["few"].items()
    }
    quality = {topic: Quality(**one) for topic, one in state["quality"].items()}
    return Learned(learn.Model(counts), counts, quality, examples, frozenset(learners)), anew


def missed(config: Config, store: Reader, entry: Entry, there: Collection[str]) -> list[Label]:
    """Topics that an entry nearly belongs to, beside those where it is; `rule` says what is missing."""
    rules, titles = topics.compiled(config.topics, config.sources), sources.titles(store)
    found = [
        one for one in topics.missed(rules, entry, titles.get(entry.source, "")) if one.topic not in there
    ]
    state = store.meta("learned")
    if state is None or not any(topic.learns for topic in config.topics):
        return found
    guess = learn.Model(learn.load(store.meta("learned counts") or "{}")).guess(
        learn.features(entry.title, topics.beginning(entry)), explained=True
    )
    known = quality(store)
    if guess is not None and guess.is_supported and guess.topic in known and guess.topic not in there:
        words = f"learned: likeness {guess.likeness:.2f} of {known[guess.topic].threshold:.2f} ({', '.join(guess.words)})"
        found.append(Label(guess.topic, words))
    return found


def quality(store: Reader) -> dict[str, Quality]:
    """How well each topic is known that was taught."""
    state = json.loads(store.meta("learned") or "{}")
    return {topic: Quality(**one) for topic, one in state.get("quality", {}).items()}


def _teach(
    store: Reader,
    rules: Rules,
    titles: Mapping[str, str],
    learners: Mapping[str, Topic],
    given: Mapping[str, Sequence[tuple[str, str]]],
) -> tuple[learn.Counts, dict[str, Quality], int]:
    found = [
        Example(learn.features(title, text), frozenset((topic,)))
        for topic, examples in given.items()
        for title, text in examples
    ]
    for entry, _ in islice(lookup.entries(store, newest_first=True), TAUGHT_BY):
        labels = topics.label(rules, entry, titles.get(entry.source, ""))
        mine = [label for label in labels if label.topic in learners and learners[label.topic].learn]
        features = learn.features(entry.title, topics.beginning(entry))
        terms = [term for label in mine for term in label.terms]
        hidden = learn.without(features, terms) if mine else features
        found.append(Example(features, frozenset(label.topic for label in mine), hidden))
    counts, quality = learn.teach(found)
    return counts, quality, len(found)


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
        known = lookup.find(store, said) if " " not in said.strip() else ()
        return [(one.title, topics.beginning(one)) for one in known[:1]] or [(said, "")]
    path = Path(said[5:])
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{config.path}: {topic.id}: like: {path}: can't be read: {error.strerror}"
        ) from None
    parsed = text_stories.read("like", FetchResult(path.as_uri(), 0, body=body), Limits())
    if parsed.failure is not None:
        raise ConfigError(f"{config.path}: {topic.id}: like: {parsed.failure.detail}")
    return [(one.title, topics.beginning(one)) for one in parsed.entries]
