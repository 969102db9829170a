"""An edition from the store: which stories one topic's feed holds. What several of them need is asked for
once.

In: the config and what is labelled. Out: `Edition` values, to be rendered. Start reading at
`Editions.newest`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from aggregator import edition
from aggregator.config import Config
from aggregator.cycle.digests import title_of
from aggregator.cycle.pins import heeding
from aggregator.edition import View
from aggregator.model import Edition, Item, Story, Topic
from aggregator.records import replace
from aggregator.store import Reader, archives, sources, stories

ALL = Topic("all", "Everything", "Everything that came in, each thing told once")
DEFAULT_LIMIT = 50  # items
# times the limit: stories looked at for one edition; more as long as all of them are of the last days
FETCH = 2
FETCH_PICKY = 40  # … where few of them will be chosen
FETCH_MOST = 5000
BEYOND = 100  # stories beyond what the largest feed holds, of which some may be hidden or archived
ON_FRONT = 2000  # newest stories among which those of the front page are looked for
FEW_ON_FRONT = 200  # … which nearly always hold all that are shown as new


def _notes(config: Config, store: Reader) -> Mapping[str, str]:
    """What the pages of topics that learn say of it."""
    if not any(topic.learns for topic in config.topics):
        return {}
    from aggregator.cycle import learning  # here: it loads what nobody else needs

    return learning.notes(config, store)


class Editions:
    """Composes editions of one store under one config."""

    def __init__(self, config: Config, store: Reader) -> None:
        self.config, self.store = config, store
        self.topics = {topic.id: topic for topic in (*config.topics, ALL)}
        self.origins = sources.origins(store, config.sources)
        self.sources = {source.id: source for source in config.sources}
        self.priorities = {source.id: source.priority for source in config.sources}
        self._words = heeding(View("", "", "", ""), store)
        self._notes = _notes(config, store)

    def view(self, topic: Topic) -> View:
        """How the config wants the feed of this topic."""
        config = self.config
        return View(
            topic.id,
            config.site.title if topic is ALL else topic.title,
            topic.description,
            config.site.base_url,
            topic.one_per or config.one_per,
            topic.limit or config.limit,
            self._size(topic),
            topic.min_sources,
            topic.per_source,
            config.lead,
            config.event_lead,
            topic.sort or config.sort,
            None if topic is ALL else topic.id,
            pinned=self._words.pinned,
            hidden=self._words.hidden,
            note=self._notes.get(topic.id, ""),
            digest=title_of(topic) if topic.digest else "",
        )

    def _size(self, topic: Topic) -> int | None:
        """Bytes to keep to. Who chose how many items a feed has wants that many."""
        nobody_chose = topic.limit is None and self.config.limit == DEFAULT_LIMIT
        return edition.FEED_SIZE if nobody_chose and self.config.site.content == "full" else None

    def compose(self, view: View, chosen: Sequence[Story], without: Container[str] = ()) -> Edition:
        """An edition of these stories, or of the events that they are in."""
        if view.one_per == "event":
            chosen = stories.of_events(self.store, {story.event for story in chosen})
        return self._of_whole(view, chosen, without)

    def _of_whole(self, view: View, chosen: Sequence[Story], without: Container[str] = ()) -> Edition:
        of_events = {story.event for story in chosen} if view.one_per == "event" else ()
        heads = stories.heads(self.store, of_events)
        return edition.compose(view, chosen, heads, self.origins, self.priorities, without)

    def newest(self, topic: Topic) -> Edition:
        """The items of the feed. Looks further back where too little was chosen, or everything is young
        enough to stay beyond the limit (F26).
        """
        view = self.view(topic)
        limit = view.limit or DEFAULT_LIMIT
        wanted, full = self._reach(view, topic, limit), edition.BURST_MOST + BEYOND
        if wanted > full and self._is_enough(view, few := self._stories(topic, full)):
            return self._composed(view, few)
        while True:
            found = self._stories(topic, wanted)
            is_everything = len(found) < wanted or wanted >= FETCH_MOST or self._is_enough(view, found)
            if is_everything or not _is_young(found):  # else what is composed of these would be thrown away
                made = self._composed(view, found)
                if is_everything or not (_is_picky(view) and len(made.items) < limit):
                    return made
            wanted = min(FETCH_MOST, wanted * 4)

    def _reach(self, view: View, topic: Topic, limit: int) -> int:
        """How many stories are looked at first: more where so many and more may all stay in the feed."""
        wanted = min(FETCH_MOST, limit * (FETCH_PICKY if _is_picky(view) else FETCH))
        most = edition.BURST_MOST if _may_be_enough(view) else FETCH_MOST
        while wanted < most and self._stays_young(topic, wanted):
            wanted = min(FETCH_MOST, wanted * 4)
        return wanted

    def _stays_young(self, topic: Topic, wanted: int) -> bool:
        """Whether there are so many, and even the last may stay beyond the limit: told by dates alone."""
        dates = stories.dates(self.store, _of(topic), wanted)
        return dates is not None and dates[1] >= dates[0] - edition.BURST_WINDOW

    def first(self, topic: Topic, count: int) -> tuple[Item, ...]:
        """The first items of the feed, without composing the others where that can't change these."""
        view = self.view(topic)
        if _is_plain(view) and count <= (view.limit or count):
            wanted = count * FETCH
            found = self._stories(topic, wanted)
            made = self._composed(replace(view, limit=count), found)
            if len(made.items) >= count or len(found) < wanted:
                return made.items[:count]
        return self.newest(topic).items[:count]

    def _stories(self, topic: Topic, wanted: int) -> tuple[Story, ...]:
        return stories.newest(self.store, _of(topic), wanted)

    def _is_enough(self, view: View, found: tuple[Story, ...]) -> bool:
        """Whether the feed looks at no older story, whatever it is: each of these is an item by itself."""
        if not _may_be_enough(view) or len(found) < edition.BURST_MOST:
            return False
        archived = self._in_archive(view, found)
        left_out = sum(
            story.public_id in archived or any(one.entry.public_id in view.hidden for one in story.members)
            for story in found
        )
        return len(found) - left_out >= max(edition.BURST_MOST, view.limit or 0)

    def _composed(self, view: View, found: tuple[Story, ...]) -> Edition:
        return self.compose(view, found, self._in_archive(view, found))

    def _in_archive(self, view: View, chosen: Sequence[Story]) -> set[str]:
        """What is in an archive document stays there, and does not come back into the feed when others leave
        it (F60).
        """
        if not archives.archives(self.store, view.id):
            return set()
        return archives.archived(self.store, view.id, self._ids(view, chosen), least=1)

    def _ids(self, view: View, chosen: Sequence[Story]) -> set[str]:
        """Published ids of the items that these stories may become."""
        match view.one_per:
            case "story":
                return {story.public_id for story in chosen}
            case "entry":
                return {member.entry.public_id for story in chosen for member in story.members}
            case "event":
                heads = stories.heads(self.store, {story.event for story in chosen})
                return {head.public_id for head in heads.values()}

    def of_sources(self, sources: Sequence[str], limit: int) -> dict[str, tuple[Item, ...]]:
        """What each source tells, as it tells it, newest first; with all who tell the same."""
        view = replace(self.view(ALL), id="source", one_per="entry", limit=None, size=None, sort="newest")
        return {
            source: self._of_whole(replace(view, source=source), told).items[:limit]
            for source, told in stories.of_sources(self.store, sources, limit).items()
        }

    def front(self) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        """(events that most sources tell, other stories that are new)."""
        view = replace(self.view(ALL), id="front", limit=None, size=None)
        events = edition.most_told(stories.told_by_several(self.store, ON_FRONT))
        most_told = self._of_whole(replace(view, one_per="event"), stories.of_events(self.store, events))
        new = self._of_whole(
            replace(view, one_per="story"), stories.stories(self.store, self._newest_beside(events))
        )
        return most_told.items, new.items

    def _newest_beside(self, events: Container[int]) -> list[int]:
        """The stories that the front page shows as new, beside these events."""
        few = stories.founders(self.store, FEW_ON_FRONT)
        chosen = edition.mixed(few, events)
        if edition.says_enough(few, events, chosen):
            return chosen
        return edition.mixed(stories.founders(self.store, ON_FRONT), events)


def _of(topic: Topic) -> str | None:
    """What the store knows it by: None is everything."""
    return None if topic is ALL else topic.id


def _is_young(found: Sequence[Story]) -> bool:
    """Whether even the oldest, which comes last, may stay in a feed beyond its limit."""
    return bool(found) and found[-1].published >= found[0].published - edition.BURST_WINDOW


def _is_picky(view: View) -> bool:
    """Whether few of the stories looked at become items."""
    return view.min_sources > 1 or view.per_source is not None or view.one_per == "event"


def _may_be_enough(view: View) -> bool:
    """Whether each story that is looked at is an item by itself, unless it is hidden or archived."""
    return view.one_per == "story" and not _is_picky(view)


def _is_plain(view: View) -> bool:
    """Whether an item depends on no other: the first ones are then made of the newest stories."""
    return _may_be_enough(view) and view.sort == "newest"


__all__ = ["ALL", "DEFAULT_LIMIT", "Editions"]
