"""The files of editions: feeds, pages and archive documents of topics, and what a site has beside them.

In: names of editions, of one publication. Out: files that are to be written. Start reading at
`EditionFiles.of`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from aggregator import render
from aggregator.batches import batches
from aggregator.config import Config
from aggregator.cycle import digests, dirty, sitepages
from aggregator.cycle.archives import Archives
from aggregator.cycle.editions import Editions
from aggregator.cycle.signatures import signature
from aggregator.model import Item, StateChange, Topic
from aggregator.records import replace
from aggregator.render import pages
from aggregator.render.formats import HTML
from aggregator.store import Store, sources

LISTED = "sources listed"  # under this name the store keeps what the list on disk says of them
SOURCES = 30  # of which what they tell is loaded at a time

Files = Iterator[Mapping[str, bytes]]
"""Name → content of those that belong together: they are written at once."""


class EditionFiles:
    """Makes them, one edition after the other, and notes the dates of feeds."""

    def __init__(
        self,
        config: Config,
        store: Store,
        editions: Editions,
        before: Collection[str],
        missing: Collection[str],
        is_all_new: bool,
    ) -> None:
        """`before`: what stands in the folder; `missing`, `is_all_new`: as the publisher has them."""
        self._config, self._store, self._editions = config, store, editions
        self.neighbours = sitepages.neighbours(editions)
        there = frozenset(before).difference(missing)
        self._archives = Archives(store, editions, self.neighbours, there, is_all_new)
        self._digests = dirty.digest_names(config.topics)
        self._of_sources = dirty.names_of(config).sources
        self._first_items: dict[str, Sequence[Item]] = {}  # of topics, as the front page shows them
        self._lists_anew = is_all_new or sitepages.LIST_OF_SOURCES not in there
        self._listed: str | None = None  # of the sources, as the list that was made says it

    def of(self, names: Sequence[str], check: Callable[[], None]) -> Files:
        """`check` is called before each edition, and may raise."""
        for some in batches(names, SOURCES):
            told = self._told_by(some)
            for name in some:
                check()
                yield from self._edition(name, told)

    def front_page(self) -> Mapping[str, bytes]:
        """It composes only topics that were not composed before."""
        return sitepages.front_page(self._editions, self._first_items) | self._list_of_sources()

    def _list_of_sources(self) -> dict[str, bytes]:
        """Where it says something else than the one that is there: of thousands of sources, making it takes
        longer than all that one new entry changes.
        """
        listed = signature(sources.listed(self._store))
        if listed == self._store.meta(LISTED) and not self._lists_anew:
            return {}
        self._listed = listed
        return sitepages.list_of_sources(self._editions)

    def note_written(self) -> None:
        """What was made is on disk."""
        if self._listed is not None:
            self._store.set_meta(LISTED, self._listed)

    def _told_by(self, editions: Sequence[str]) -> dict[str, tuple[Item, ...]]:
        """What the sources tell whose pages are among these."""
        named = [name.removeprefix(dirty.OF_SOURCE) for name in editions if name in self._of_sources]
        return self._editions.of_sources(named, sitepages.ON_SOURCE)

    def _edition(self, name: str, told: Mapping[str, Sequence[Item]]) -> Files:
        """The files of an edition; none where it left the config. `told`: by sources."""
        topic = self._editions.topics.get(name)
        if name == dirty.SOURCES:
            yield self._sources()
        elif name in self._digests:
            yield self._digest(name)
        elif topic is not None:
            yield from self._topic(topic)
        elif name in self._of_sources:
            source = name.removeprefix(dirty.OF_SOURCE)
            yield self._source(source, told[source])

    def _source(self, source: str, items: Sequence[Item]) -> dict[str, bytes]:
        """The page of a source: nothing on it changes without news."""
        last = self._states.get(source)
        page = sitepages.source_page(self._editions, source, items, self.neighbours, last)
        return {f"{dirty.page_of(source)}{HTML.ending}": page}

    @cached_property
    def _states(self) -> dict[str, StateChange]:
        return sources.last_notices(self._store)

    def _topic(self, topic: Topic) -> Files:
        """The archive documents of one topic, one after the other; then its feeds and its page together."""
        made = self._editions.newest(topic)
        yield from self._archives.files(topic, made, self._date(topic.id, 0))
        made = replace(made, updated=self._date(topic.id, made.updated), archive=self._archives.newest(topic))
        self._first_items[topic.id] = made.items[: pages.NEWEST]
        page = pages.topic(made, self._config.site, self.neighbours)
        yield render.feeds(made, self._config.site) | {f"{topic.id}{HTML.ending}": page}

    def _digest(self, name: str) -> dict[str, bytes]:
        """The feeds and the page of a topic's digests."""
        made = digests.printed(self._config, self._store, self._digests[name])
        made = replace(made, updated=self._date(name, made.updated))
        site = self._config.site
        page = pages.digest(made, site, self.neighbours)
        return {**render.feeds(made, site), f"{name}{HTML.ending}": page}

    def _sources(self) -> dict[str, bytes]:
        notices = sources.notices(self._store)
        newest = max((notice.at for notice in notices), default=0)
        return sitepages.sources_page(self._editions, notices, self._date(dirty.SOURCES, newest))

    def _date(self, name: str, newest: int) -> int:
        """The date of a feed: its newest change, never backwards, not even when that item leaves it (F20); of
        one still empty, our first day.
        """
        date = max(newest, int(self._store.meta(f"updated {name}") or 0))
        if newest:
            self._store.set_meta(f"updated {name}", str(date))
        return date or int(self._store.meta("born") or 0)
