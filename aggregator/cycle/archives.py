"""Archive documents (RFC 5005), and the pages of older items that show them: what left a feed stays findable.

In: the edition that a feed shows now. Out: places in the store, and files. A document that is full is
complete, and never written again. Start reading at `Archives.files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from aggregator import edition, render
from aggregator.config import Config
from aggregator.cycle import dirty
from aggregator.cycle.editions import ALL, Editions
from aggregator.model import Edition, Item, Story, Topic
from aggregator.records import replace
from aggregator.render import formats, pages
from aggregator.render.formats import HTML
from aggregator.render.prepare import archive_name
from aggregator.store import Store, archives, stories
from aggregator.store.archives import unprinted

BATCH = 1000  # stories that go into the archive at a time
NEVER = 1 << 62  # a date that nothing reaches
SILENT = 0  # number of the document of what is told within another item, or by too few until now


class Archives:
    """The archive of each topic of one store."""

    def __init__(
        self,
        store: Store,
        editions: Editions,
        neighbours: Sequence[pages.Neighbour],
        there: Iterable[str],
        anew: bool,
    ) -> None:
        """`there`: names of files that stand in the folder as they should; `anew`: pages look different now,
        those of complete documents too.
        """
        self._editions, self._neighbours, self._anew = editions, neighbours, anew
        self._there = dirty.numbered(there)
        self._store, self._site = store, editions.config.site
        self._composed: dict[str, Item] = {}  # of what was put away last, which the documents show next

    def newest(self, topic: Topic) -> int:
        """The number of the newest document; 0: there is none yet."""
        return archives.archives(self._store, topic.id)

    def files(self, topic: Topic, current: Edition, empty_date: int) -> Iterator[dict[str, bytes]]:
        """Puts what left the feed into the archive; gives the documents and pages that change by it, or are
        not in the folder, those of one number after the other: all together are as large as what is stored.
        `empty_date`: of a document of which nothing is stored any more.
        """
        self._composed, made = {}, set[int]()
        for number in self._filled(topic, current):  # at once, from what was composed to be put away
            made.add(number)
            yield self._files_of(self._document(topic, number, empty_date), number, True, True)
        yield from self._changed(topic, empty_date, made)
        self._composed = {}

    def _changed(self, topic: Topic, empty_date: int, made: set[int]) -> Iterator[dict[str, bytes]]:
        """All but those that are `made` already."""
        newest = self.newest(topic)
        documents = self._to_make(topic, newest)
        wanted = documents | self._without_page(topic, newest)
        for number in sorted((wanted | archives.pages_to_make(self._store, topic.id)) - made):
            document = self._document(topic, number, empty_date)
            # A page that is there shows also what is not stored any more.
            if number in wanted or len(document.items) == self._count(topic, number):
                yield self._files_of(document, number, number < newest, number in documents)

    def _files_of(self, made: Edition, number: int, is_complete: bool, is_to_make: bool) -> dict[str, bytes]:
        page = self._page(made, number, is_complete)
        return {**render.archive(made, self._site, number, is_complete), **page} if is_to_make else page

    def _to_make(self, topic: Topic, newest: int) -> set[int]:
        """Numbers of documents that are lost, of a format that was not published before, or not printed as
        they are now.
        """
        lost = set[int]()
        for form in formats.with_archives(self._site.formats):
            lost |= set(range(1, newest + 1)) - self._numbers_there(archive_name(topic.id, 1, form))
        noted = self._store.meta(unprinted(topic.id))
        return lost | set(range(int(noted), newest + 1) if noted else ())

    def _without_page(self, topic: Topic, newest: int) -> set[int]:
        """Numbers of documents whose pages are to be made."""
        first = pages.older_name(topic.id, 1)
        beyond = dirty.parts(first)[1] - 1  # pages are numbered otherwise
        there = set[int]() if self._anew else {number - beyond for number in self._numbers_there(first)}
        lost = set(range(1, newest + 1)) - there
        return {one for one in lost if not self._is_of_a_topic(pages.older_name(topic.id, one))}

    def _numbers_there(self, like: str) -> set[int]:
        """Of the files that are named like this one."""
        before, _, after = dirty.parts(like)
        return self._there.get((before, after), set())

    def _is_of_a_topic(self, page: str) -> bool:
        """Whether a topic has this name: its own page comes first."""
        return page.removesuffix(HTML.ending) in self._editions.topics

    def _page(self, made: Edition, number: int, is_complete: bool) -> dict[str, bytes]:
        name = pages.older_name(made.id, number)
        if self._is_of_a_topic(name):
            return {}
        return {name: pages.older(made, self._site, self._neighbours, number, is_complete)}

    def _document(self, topic: Topic, number: int, empty_date: int) -> Edition:
        view, items = self._editions.view(topic), self._items(topic, number)
        updated = max((item.updated for item in items), default=0) or empty_date
        return Edition(topic.id, view.title, view.description, tuple(items), updated)

    def _items(self, topic: Topic, number: int) -> list[Item]:
        """The items of a document that are still stored, newest first."""
        ids = archives.in_archive(self._store, topic.id, number)
        view = replace(self._editions.view(topic), limit=None, min_sources=1)
        if all(one in self._composed for one in ids):
            return _newest_first(self._composed[one] for one in ids)
        find, wanted = stories.of_event_ids if view.one_per == "event" else stories.by_public_id, set(ids)
        composed = self._editions.compose(view, find(self._store, ids)).items
        return [item for item in composed if item.id in wanted]

    def _keep(self, topic: Topic, composed: Iterable[Item]) -> None:
        """For the documents, where these would be composed as they are: each is an item whoever tells it, and
        they stand by their dates.
        """
        view = self._editions.view(topic)
        is_the_same = view.min_sources == 1 and view.sort == "newest"
        self._composed = {item.id: item for item in composed} if is_the_same else {}

    def _done(
        self, topic: Topic, current: Edition, composed: Iterable[Item], left: Iterable[Story]
    ) -> set[str]:
        """Ids of items that are in the feed, and of those that are in the archive already."""
        ids = {item.id for item in composed} | {story.public_id for story in left}
        return {item.id for item in current.items} | archives.archived(self._store, topic.id, ids)

    def _filled(self, topic: Topic, current: Edition) -> Iterator[int]:
        """Gives everything that left the feed its document; numbers of those that became full by it, portion
        by portion.
        """
        if not current.items:
            return
        view = self._editions.view(topic)
        # What fair mixing leaves out does not come back.
        until = current.since if view.per_source is None else NEVER
        for left in self._left_behind(topic, until, view.one_per == "entry"):
            first = max(1, self.newest(topic))
            self._put_away(topic, current, left, until)
            yield from range(first, self.newest(topic))

    def _put_away(self, topic: Topic, current: Edition, left: Sequence[Story], until: int) -> None:
        """Of these stories, what is not newer than `until`."""
        view = replace(self._editions.view(topic), limit=None)
        composed = self._editions.compose(view, left).items
        done = self._done(topic, current, composed, left)
        items = [item for item in reversed(composed) if item.published <= until and item.id not in done]
        held = self._held(topic) if items else []  # without news the newest document stays as it is
        places = self._places(topic, items, held)
        silent = () if view.one_per == "entry" else _silent(left, current.since, {*done, *places})
        self._put(topic, places, silent)
        self._keep(topic, (*items, *held))

    def _left_behind(self, topic: Topic, until: int, by_entry: bool) -> Iterator[tuple[Story, ...]]:
        of_topic = None if topic is ALL else topic.id
        return archives.left_behind(self._store, of_topic, topic.id, until, by_entry, BATCH)

    def _put(self, topic: Topic, places: Mapping[str, int], silent: Iterable[str]) -> None:
        """`places`: id of an item → number of its document."""
        if places:
            self._note_unpublished(topic)
        archives.archive(self._store, topic.id, {**dict.fromkeys(silent, SILENT), **places})

    def _held(self, topic: Topic) -> list[Item]:
        """What the newest document holds."""
        newest = self.newest(topic)
        return self._items(topic, newest) if newest else []

    def _count(self, topic: Topic, number: int) -> int:
        """How many items a document holds."""
        return len(archives.in_archive(self._store, topic.id, number))

    def _places(self, topic: Topic, oldest_first: Sequence[Item], held: Iterable[Item]) -> dict[str, int]:
        newest = self.newest(topic)
        count = self._count(topic, newest) if newest else 0
        weights = {item.id: edition.weight(item) for item in oldest_first}
        return edition.archive_places(weights, newest, count, sum(map(edition.weight, held)))

    def _note_unpublished(self, topic: Topic) -> None:
        if not self._store.meta(unprinted(topic.id)):
            self._store.set_meta(unprinted(topic.id), str(max(1, self.newest(topic))))


def _newest_first(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.published, item.id), reverse=True)


def _silent(left: Iterable[Story], since: int, done: set[str]) -> list[str]:
    """Published ids of stories that are done with too, though no item is theirs."""
    return sorted({story.public_id for story in left if story.published <= since} - done)


def make_growing_ones_again(config: Config, store: Store) -> None:
    """The documents that still grow are to be published anew: what stands in them may be told
    otherwise now.
    """
    with store.transaction() as writer:
        for topic in (ALL, *config.topics):
            newest = archives.archives(store, topic.id)
            if newest and not writer.meta(unprinted(topic.id)):
                writer.set_meta(unprinted(topic.id), str(newest))


__all__ = ["Archives", "make_growing_ones_again"]
