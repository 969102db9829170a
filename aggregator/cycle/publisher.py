"""From the store to the output folder: what is dirty is composed, rendered and written; nothing else is
touched.

In: names of editions and events that the store notes as dirty, and what is missing in the folder. Out: files.
Start reading at `publish_changed`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from aggregator import edition, heap
from aggregator.config import Config
from aggregator.cycle import asleft, dirty
from aggregator.cycle.editionfiles import EditionFiles, Files
from aggregator.cycle.editions import ALL, Editions
from aggregator.cycle.ownpages import OwnPages
from aggregator.cycle.signatures import look
from aggregator.publish import Folder, Written
from aggregator.records import dataclass, replace
from aggregator.render import formats
from aggregator.render.formats import HTML
from aggregator.stop import Stop
from aggregator.store import Reader, Store, archives, lookup, unpublished

PORTION = 1000  # pages of events that are noted as published together
SOURCE_PAGE = 2  # for how many of them the page of a source counts
EDITION = 50  # for how many of them an edition counts: it has feeds of up to 5 MB
HELD = 8_000_000  # bytes of files that wait in memory until they are written together
_EVENT = "event:"  # what the name of a dirty event begins with, before its number


def publish_changed(config: Config, store: Store, now: int, stop: Stop | None = None) -> Written:
    """Writes what is dirty, or missing in the folder. Marks it published when it is on disk, so that a crash
    before repeats it (R4).

    In portions, so that little is done again where a stop or a crash ends it: pages first, then the feeds
    that lead to them. What goes, goes when everything is there. Files are written as soon as there are `HELD`
    bytes of them, so that memory does not grow with what is new.
    """
    folder = Folder(config.output)
    seen = asleft.look(config, store, folder, now)
    is_all_new = _mark(config, store, folder.names(), seen.missing)
    if not is_all_new:  # else all are marked
        unpublished.mark_sources(store)
    if not unpublished.count(store):
        asleft.note(store, folder, seen.at)
        return Written(unchanged=len(folder.names()))
    if store.meta("born") is None:
        store.set_meta("born", str(now))
    asleft.forget(store)
    if seen.is_as_left:
        folder.needs_no_sweep()
    going = set[str]() if seen.is_as_left and not is_all_new else dirty.left_over(config, folder.names())
    publisher = Publisher(config, store, folder, seen.missing, now, stop or Stop(), is_all_new, going)
    with heap.seldom_collected():
        for portion in _portions(store, publisher.editions.topics):
            publisher.publish(portion)
    written = publisher.finish()
    asleft.note(store, folder, seen.at)
    return written


@dataclass(frozen=True, slots=True)
class Portion:
    """What is written together."""

    events: tuple[int, ...] = ()
    editions: tuple[str, ...] = ()
    is_last: bool = False

    @property
    def names(self) -> list[str]:
        return [*(f"{_EVENT}{event}" for event in self.events), *self.editions]


def _portions(store: Store, topics: Iterable[str]) -> Iterator[Portion]:
    """All that is dirty, without all names at a time: after a first cycle there are nearly as many events as
    entries.
    """
    after = ""
    while len(events := unpublished.dirty_events(store, after, PORTION)) == PORTION:
        yield _portion(list(events), is_last=False)
        after = events[-1]
    yield from portions((*events, *unpublished.dirty_editions(store)), topics)


def portions(names: Iterable[str], topics: Iterable[str]) -> list[Portion]:
    """Names of what is dirty, as they are written: the pages of events first, topics last."""
    last = set(topics)
    found: list[list[str]] = [[]]
    weight = 0
    for name in sorted(names, key=lambda name: (name in last, not name.startswith(_EVENT))):
        if weight >= PORTION:
            found.append([])
            weight = 0
        found[-1].append(name)
        weight += _weight(name)
    return [_portion(part, part is found[-1]) for part in found]


def _weight(name: str) -> int:
    if name.startswith(_EVENT):
        return 1
    return SOURCE_PAGE if name.startswith(dirty.OF_SOURCE) else EDITION


def _portion(names: list[str], is_last: bool) -> Portion:
    events = [int(name.removeprefix(_EVENT)) for name in names if name.startswith(_EVENT)]
    return Portion(tuple(events), tuple(names[len(events) :]), is_last)


class Publisher:
    """Writes portions of one publication."""

    def __init__(
        self,
        config: Config,
        store: Store,
        folder: Folder,
        missing: frozenset[str],
        now: int,
        stop: Stop,
        is_all_new: bool,
        going: set[str],
    ) -> None:
        """`missing`: from the folder; `is_all_new`: everything looks different now, what is complete too;
        `going`: files that are published no more.
        """
        self._config, self._store, self._folder, self._now, self._stop = config, store, folder, now, stop
        self._before = frozenset(folder.names())
        self.editions = Editions(config, store)
        self._of_editions = EditionFiles(config, store, self.editions, self._before, missing, is_all_new)
        self._going = going
        self._made: set[str] = set()
        self._waiting: list[str] = []  # events of which a page goes: published only when that has gone
        self._total = Written()

    def publish(self, portion: Portion) -> None:
        """Writes the files of a portion, and notes it as published."""
        held: dict[str, bytes] = {}
        size = 0
        for files in self._files(portion):
            held.update(files)
            size += sum(map(len, files.values()))
            if size >= HELD:
                self._write(held)
                held, size = {}, 0
        self._write(held)
        self._note_published(portion)

    def finish(self) -> Written:
        """Takes away what goes. All that was written."""
        left = _left(self._config, self._store, self._now)
        self._total += self._folder.write({}, self._going - self._made, self._now, gone=left)
        unpublished.printed(self._store, self._waiting)
        return replace(self._total, unchanged=len(self._folder.names()) - len(self._total.written))

    def _files(self, portion: Portion) -> Files:
        yield from self._pages_of_events(portion.events)
        yield from self._of_editions.of(portion.editions, self._stop.check)
        if portion.is_last and self.editions.topics.keys() & set(portion.editions[-1:]):
            yield self._of_editions.front_page()

    def _pages_of_events(self, events: tuple[int, ...]) -> Files:
        editions = self.editions
        neighbours = self._of_editions.neighbours
        maker = OwnPages(self._config, self._store, editions.origins, editions.priorities, neighbours)
        for own in maker.of(events, self._before, self._stop.check):
            self._going |= set().union(*own.gone.values())
            self._waiting += [f"{_EVENT}{event}" for event in own.gone]
            yield own.files

    def _write(self, files: Mapping[str, bytes]) -> None:
        self._made |= files.keys()
        self._total += self._folder.write(files, (), self._now, self._stop.check)

    def _note_published(self, portion: Portion) -> None:
        unpublished.printed(self._store, [name for name in portion.names if name not in self._waiting])
        for name in portion.editions:
            archives.all_is_printed(self._store, name)
        self._of_editions.note_written()


def _mark(config: Config, store: Store, published: Collection[str], missing: Collection[str]) -> bool:
    """Marks what else is to be published: everything after a change of settings or program, and what somebody
    removed from the folder. Whether it is everything.
    """
    names, signature = dirty.names_of(config), look(config)
    is_all_new = store.meta(unpublished.PRINTED_WITH) != signature
    lost = dirty.Lost(names.editions, events=True) if is_all_new else dirty.lost(names, published, missing)
    if lost.events:
        unpublished.mark_all_events(store)
    if lost.editions:
        unpublished.mark_dirty(store, sorted(lost.editions))
    if is_all_new:
        store.set_meta(unpublished.PRINTED_WITH, signature)
    return is_all_new


def _left(config: Config, store: Store, now: int) -> dict[str, int]:
    """Files of topics that left the config, and since when; kept in the store, so that another folder
    knows.
    """
    forms, left = (*formats.named(config.site.formats), HTML), _topics_left(config, store, now)
    return {f"{topic}{form.ending}": since for topic, since in left.items() for form in forms}


def _topics_left(config: Config, store: Store, now: int) -> dict[str, int]:
    present = {topic.id for topic in config.topics}
    known = dict.fromkeys(json.loads(store.meta("topics") or "[]"), now)
    known |= json.loads(store.meta("topics left") or "{}")
    left = {topic: since for topic, since in sorted(known.items()) if topic not in present}
    store.set_meta("topics left", json.dumps(left))
    store.set_meta("topics", json.dumps(sorted(present)))
    return left


def sweep(config: Config, store: Reader, now: int) -> Written:
    """After retention: pages of stories and events that are no longer stored go."""
    folder = Folder(config.output)
    live = {edition.page(public_id) for public_id in lookup.all_public_ids(store)}
    gone = {name for name in folder.names() if name.startswith(dirty.OF_EVENTS) and name not in live}
    return folder.write({}, gone, now)


__all__ = ["ALL", "Portion", "Publisher", "portions", "publish_changed", "sweep"]
