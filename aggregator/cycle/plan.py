"""What a changed config would do, tried on a copy of the database in memory. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aggregator import fold, heap
from aggregator.config import Config
from aggregator.cycle import changes
from aggregator.cycle.editions import ALL, Editions
from aggregator.cycle.labels import label
from aggregator.cycle.report import Watch
from aggregator.model import Topic
from aggregator.records import dataclass, replace
from aggregator.render import formats
from aggregator.store import Reader, Store, labels, lookup, queue, sources, stories


@dataclass(frozen=True, slots=True)
class Change:
    """Of one topic, in items that belong there, and in those that its feed has room for: several stories are
    one item where an item is an event. Of "folds": entries that would be folded and are not, …
    """

    topic: str
    added: int
    removed: int
    items: int
    feed_added: int = 0
    feed_removed: int = 0
    came: tuple[str, ...] = ()  # titles, of the first ones
    went: tuple[str, ...] = ()
    stories: int = 0  # that are labelled with the topic then


TITLES = 1000  # of a topic, that are named


@dataclass(frozen=True, slots=True)
class _Printed:
    """What would be published of a topic: ids of all its items, of those in the feed, and how many stories
    it has.
    """

    items: frozenset[str] = frozenset()
    feed: frozenset[str] = frozenset()
    stories: int = 0


@dataclass(frozen=True, slots=True)
class _Side:
    """What is, or what would be: a config over stories with their labels."""

    config: Config
    store: Reader
    labelled: Mapping[str, Collection[str]]  # topic → published ids of its stories

    @classmethod
    def of(cls, config: Config, store: Reader) -> _Side:
        return cls(config, store, {**labels.labelled(store), ALL.id: stories.all_story_ids(store)})

    @property
    def topics(self) -> dict[str, Topic]:
        return {topic.id: topic for topic in (ALL, *self.config.topics)}


def plan(store: Reader, other: Config, present: Config, watch: Watch | None = None) -> tuple[Change, ...]:
    """Everything, each topic, then the folds."""
    watch = watch or Watch()
    with heap.seldom_collected(), store.snapshot(), store.in_memory() as copy:
        is_folded_anew = _taken_over(copy, other, present, watch)
        before, after = _Side.of(present, store), _Side.of(other, copy)
        alike = frozenset() if is_folded_anew else _alike(before, after)
        watch.stage("as it is", len(before.topics))
        is_now = _printed(before, alike, watch)
        watch.stage("as it would be", len(after.topics))
        will_be = _printed(after, alike, watch)
        found = _changes(copy, is_now, will_be)
        return (*found, _of_folds(stories.folds(store), stories.folds(copy)))


def _alike(before: _Side, after: _Side) -> frozenset[str]:
    """Topics with the same stories, and the same rule of choice: what is published of them stays."""
    if _looks_like(before.config) != _looks_like(after.config):
        return frozenset()
    topics = before.topics
    return frozenset(
        name
        for name, topic in after.topics.items()
        if name in topics
        and _chooses(topic) == _chooses(topics[name])
        and before.labelled.get(name) == after.labelled.get(name)
    )


def _changes(copy: Reader, before: Mapping[str, _Printed], after: Mapping[str, _Printed]) -> list[Change]:
    """Of everything and each topic, those that go last."""
    nothing, names = _Printed(), dict.fromkeys([*after, *before])
    return [_change(copy, name, before.get(name, nothing), after.get(name, nothing)) for name in names]


def _taken_over(copy: Store, other: Config, present: Config, watch: Watch) -> bool:
    """Does to a copy what the next cycle would do under the other config; whether it folded anything anew."""
    changes.follow_renames(other, copy)
    is_folded_anew = changes.let_in(other, copy) > 0
    if (other.text_window, other.event_window) != (present.text_window, present.event_window):
        queue.forget(copy, None)
        is_folded_anew = True
    if is_folded_anew:
        watch.stage("folding", queue.pending_count(copy))
        windows = fold.Windows(other.text_window, other.event_window)
        fold.fold(copy, windows, sources.titles(copy), watch.step)
    watch.stage("labelling", 0)
    label(other, copy)
    return is_folded_anew


def files(other: Config, present: Config) -> tuple[list[str], list[str]]:
    """Names of feeds and pages that would come, and that would go."""
    before, after = _names(present), _names(other)
    return sorted(after - before), sorted(before - after)


def _names(config: Config) -> set[str]:
    forms = (*formats.named(config.site.formats), formats.HTML)
    topics = [topic.id for topic in config.topics] + [
        f"{topic.id}-digest" for topic in config.topics if topic.digest
    ]
    return {f"{topic}{form.ending}" for topic in [ALL.id, *topics] for form in forms}


def _change(store: Reader, name: str, before: _Printed, after: _Printed) -> Change:
    came, went = after.items - before.items, before.items - after.items
    return Change(
        name,
        len(came),
        len(went),
        len(after.items),
        len(after.feed - before.feed),
        len(before.feed - after.feed),
        lookup.titles_of(store, sorted(came)[:TITLES]),
        lookup.titles_of(store, sorted(went)[:TITLES]),
        after.stories,
    )


def _of_folds(before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    """Entries that would be folded and are not, and the other way round; each with what it is folded with."""
    made, undone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    return Change(
        "folds",
        len(made),
        len(undone),
        len(after),
        0,
        0,
        tuple(after[one] for one in made[:TITLES]),
        tuple(before[one] for one in undone[:TITLES]),
    )


def _looks_like(config: Config) -> object:
    """All that decides how the items of every topic are chosen, beside the topic itself."""
    sources = [(source.id, source.priority) for source in config.sources]
    return config.one_per, config.limit, config.lead, config.event_lead, config.sort, config.site, sources


def _printed(side: _Side, alike: Collection[str], watch: Watch) -> Mapping[str, _Printed]:
    """Of those that are alike on both sides without what is in the feed: nothing comes or goes there."""
    editions, found = Editions(side.config, side.store), {}
    for name, topic in side.topics.items():
        items = _items(editions, topic, side.labelled.get(name, ()))
        feed = () if name in alike else (item.id for item in editions.newest(topic).items)
        found[name] = _Printed(items, frozenset(feed), len(side.labelled.get(name, ())))
        watch.step(1)
    return found


def _chooses(topic: Topic) -> object:
    return topic.one_per, topic.limit, topic.min_sources, topic.per_source, topic.sort


def _items(editions: Editions, topic: Topic, labelled: Collection[str]) -> frozenset[str]:
    """Ids of all items of a topic with these stories, however many its feed has room for."""
    view = editions.view(topic)
    if view.one_per == "story" and view.min_sources == 1:
        return frozenset(labelled)
    # Only some of its stories are items, or several are one: the whole topic has to be composed to tell
    # which.
    found = stories.by_public_id(editions.store, sorted(labelled))
    return frozenset(item.id for item in editions.compose(replace(view, limit=None), found).items)


__all__ = ["Change", "files", "plan"]
