"""Which topics each story is in: asked for stories that are new or read differently, for all of them after
the rules changed.

In: unlabelled stories, the rules, what a user put there by hand, what was learned. Out: labels in the store,
and by how many sources events are told (`told`).
Start reading at `label`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator import model, query, topics
from aggregator.config import Config
from aggregator.cycle import changes, told
from aggregator.cycle.signatures import rules, rules_signature
from aggregator.model import Entry, Story, Topic
from aggregator.records import dataclass
from aggregator.stop import Stop
from aggregator.store import Store, labels, overrides, sources, unpublished

if TYPE_CHECKING:
    from aggregator.cycle.learning import Learned

Label = tuple[str, int, str]  # topic, entry that has it, the rule in words
BY_HAND = "put there by hand"


@dataclass(frozen=True, slots=True)
class Labeller:
    """What decides on the topics of a story. A rule's word always holds; what was learned is asked where no
    learning topic has it by its rule.
    """

    rules: topics.Rules
    titles: Mapping[str, str]  # of sources, by id
    by_hand: Mapping[str, Sequence[str]]  # published id of an entry → topics
    configured: frozenset[str]
    learned: Learned | None

    def topics_of(self, story: Story) -> list[Label]:
        """One label a topic, from the first of its entries that has it."""
        labels: dict[str, Label] = {}
        for member in story.members:
            for label in self._of_entry(member.entry):
                labels.setdefault(label[0], label)
        guess = self._guess(story, labels)
        if guess is not None:
            labels[guess[0]] = guess
        return list(labels.values())

    def _of_entry(self, entry: Entry) -> Iterator[Label]:
        for topic in self.by_hand.get(entry.public_id, ()):
            if topic in self.configured:
                yield topic, entry.id, BY_HAND
        title = self.titles.get(entry.source, "")
        for label in topics.label(self.rules, entry, title):
            yield label.topic, entry.id, label.rule
        for label in self.learned.examples_of(entry) if self.learned is not None else ():
            if not topics.excluded(self.rules, entry, title, label.topic):
                yield label.topic, entry.id, label.rule

    def _guess(self, story: Story, labels: Mapping[str, Label]) -> Label | None:
        if self.learned is None or self.learned.learners & labels.keys():
            return None
        lead = next(member.entry for member in story.members if member.entry.id == story.lead)
        guess = self.learned.label(lead, ())
        title = self.titles.get(lead.source, "")
        if guess is None or topics.excluded(self.rules, lead, title, guess.topic):
            return None
        return guess.topic, lead.id, guess.rule


def label(config: Config, store: Store, stop: Stop | None = None) -> None:
    """Labels what is unlabelled, in portions: a stop ends between two of them. Then counts by how many what
    changed is told: together they say in which topics a story is.
    """
    stop = stop or Stop()
    _forget_labels_of_other_rules(config, store)
    if labels.any_unlabelled(store):
        _label(config, store, stop)
    told.count(config, store, stop)


def _label(config: Config, store: Store, stop: Stop) -> None:
    labeller = _labeller(config, store, topics.compiled(config.topics, config.sources))
    while labels.label(store, labeller.topics_of):
        stop.check()


def _labeller(config: Config, store: Store, compiled: topics.Rules) -> Labeller:
    from aggregator.cycle.byhand import topics_by_hand  # not loaded where nothing is to be labelled

    titles = sources.titles(store)
    learned = _learned(config, store, compiled, titles)
    by_hand = topics_by_hand(overrides.overrides(store))
    return Labeller(compiled, titles, by_hand, frozenset(topic.id for topic in config.topics), learned)


def _learned(
    config: Config, store: Store, compiled: topics.Rules, titles: Mapping[str, str]
) -> Learned | None:
    """None where no topic learns."""
    if not any(topic.learns for topic in config.topics):
        return None
    from aggregator.cycle import learning  # not loaded where nothing is to be learned

    learned, is_new = learning.learned(config, store, compiled, titles)
    if is_new:
        labels.unlabel_newest(store, learning.TAUGHT_BY)
    return learned


def _forget_labels_of_other_rules(config: Config, store: Store) -> None:
    signature = rules_signature(config)
    if store.meta("rules") == signature:
        return
    before, now = json.loads(store.meta("rules of topics") or "{}"), rules(config)
    if before.get("program") != now["program"]:
        changes.hold_back(config, store)
        labels.unlabel_all(store, list(now["topics"]))
    else:
        _forget_labels_of_changed(config, store, before, now)
    store.set_meta("rules of topics", json.dumps(now))
    store.set_meta("rules", signature)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    """Names that have another signature, or came or went."""
    return {name for name, _ in before.items() ^ now.items()}


def _forget_labels_of_changed(
    config: Config,
    store: Store,
    before: Mapping[str, Mapping[str, str]],
    now: Mapping[str, Mapping[str, str]],
) -> None:
    """`before`, `now`: signatures of the rules, as they are kept."""
    changed_topics, changed_sources = (_changed(before[kind], now[kind]) for kind in ("topics", "sources"))
    changes.hold_back(config, store, changed_sources)
    gone = changed_topics - now["topics"].keys()
    unpublished.mark_dirty(store, sorted(changed_topics - gone))
    touched = what_to_look_at([topic for topic in config.topics if topic.id in changed_topics])
    if touched is None:
        labels.unlabel_all(store, list(now["topics"]))
        return
    # Stories by hand are few, and in topics that no rule tells: one that left the config may be back.
    from_sources = touched.sources | changed_sources | {model.BY_HAND}
    labels.unlabel_some(store, changed_topics, gone, touched.words, from_sources)
    if any(topic.learns for topic in config.topics):
        _forget_labels_of_what_teaches(config, store)


def _forget_labels_of_what_teaches(config: Config, store: Store) -> None:
    """Topics are learned from labels by the present rules."""
    from aggregator.cycle import learning

    if learning.is_by_other_rules(config, store):
        labels.unlabel_newest(store, learning.TAUGHT_BY)


@dataclass(frozen=True, slots=True)
class Touched:
    """Where the stories are that changed rules may find: an FTS5 expression ("": nowhere), and sources."""

    words: str
    sources: frozenset[str]


def what_to_look_at(changed: Sequence[Topic]) -> Touched | None:
    """None where all stories have to be looked at: a rule without a word of its own, or one of
    shipped words.
    """
    words: set[str] = set()
    from_sources: set[str] = set()
    for topic in changed:
        if topic.starters:
            return None
        from_sources |= set(topic.sources)
        if topic.match:
            anchors = query.anchors(query.parse(topic.match))
            if anchors is None:
                return None
            words |= {f'"{word}"' for word in anchors.words} | {f'"{word}"*' for word in anchors.beginnings}
    return Touched(" OR ".join(sorted(words)), frozenset(from_sources))


__all__ = ["Labeller", "label"]
