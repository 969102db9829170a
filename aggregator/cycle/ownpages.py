"""The pages of events, and of stories and entries that have no link of their own: what feeds and pages lead
to where there is nothing else to lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from aggregator import edition
from aggregator.batches import batches
from aggregator.config import Config
from aggregator.cycle.pins import heeding
from aggregator.edition import View
from aggregator.model import SHOWN, Head, Item, Origin, Story, Unit
from aggregator.records import dataclass, field, replace
from aggregator.render import pages
from aggregator.store import Reader, stories

# what an item can be of that has a page beside that of its event
UNITS: tuple[Unit, ...] = ("story", "entry")
TOGETHER = 100  # events that are loaded at a time


@dataclass(frozen=True, slots=True)
class Made:
    """Pages to be written, and for events that had others before, the names of those that go."""

    files: dict[str, bytes] = field(default_factory=dict)
    gone: dict[int, set[str]] = field(default_factory=dict)


class OwnPages:
    """Makes them from the store. Most events have none: they are told so by a glance, without their texts."""

    def __init__(
        self,
        config: Config,
        store: Reader,
        origins: Mapping[str, Origin],
        priorities: Mapping[str, int],
        neighbours: Sequence[pages.Neighbour],
    ) -> None:
        self.config, self.store = config, store
        self.words = heeding(View("", "", "", ""), store)
        self.origins, self.priorities, self.neighbours = origins, priorities, neighbours

    def of(self, events: Sequence[int], present: Container[str], check: Callable[[], None]) -> Iterator[Made]:
        """Of these events, and of their stories and entries, some events at a time. `present`: names of files
        that stand in the folder; `check` is called before each event that is composed, and may raise.
        """
        for part in batches(events, TOGETHER):
            glances = stories.glances(self.store, part)
            wanted = [event for event in part if event in glances and edition.has_pages(glances[event])]
            own = {event: set[str]() for event in glances}
            made = Made()
            for event, files in self._composed(wanted, check):
                made.files.update(files)
                own[event] = set(files)
            made.gone.update(self._gone(own, present))
            yield made

    def _composed(
        self, events: Sequence[int], check: Callable[[], None]
    ) -> Iterator[tuple[int, dict[str, bytes]]]:
        heads = stories.heads(self.store, events)
        found: dict[int, list[Story]] = {event: [] for event in events}
        for story in stories.of_events(self.store, events):
            found[story.event].append(story)
        for event in events:
            check()
            yield event, self._event(heads[event], found[event])

    def _event(self, head: Head, found: Sequence[Story]) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        for item in self._items("event", found, {found[0].event: head}):
            if not item.page:
                continue
            files[edition.page(head.public_id)] = self._page(item, found)
        for story in found:
            files = {**self._addresses(story), **files}
        return files

    def _addresses(self, story: Story) -> dict[str, bytes]:
        """Pages of a story that is told by an entry without a link, and of every such entry: where feeds and
        pages name it they lead there. And of one that is told more often than an item lists.
        """
        without_link = any(edition.needs_page(member.entry.link) for member in story.members)
        if not without_link and len(story.members) <= SHOWN:
            return {}
        files: dict[str, bytes] = {}
        for unit in UNITS:
            for item in self._items(unit, [story]):
                if item.page is not None and item.page not in files:
                    files[item.page] = self._page(item, [story])
        return files

    def _page(self, item: Item, found: Sequence[Story]) -> bytes:
        oldest_first = self._items("story", found)[::-1]
        sure = {story.public_id: score for story in found if (score := edition.likeness(story)) is not None}
        return pages.event(item, oldest_first, self.config.site, self.neighbours, sure)

    def _items(
        self, unit: Unit, found: Iterable[Story], heads: Mapping[int, Head] | None = None
    ) -> tuple[Item, ...]:
        base, config = self.config.site.base_url, self.config
        view = View("page", "", "", base, unit, None, lead=config.lead, event_lead=config.event_lead)
        heard = replace(view, pinned=self.words.pinned, hidden=self.words.hidden)
        return edition.compose(heard, found, heads or {}, self.origins, self.priorities).items

    def _made_elsewhere(self, names: Sequence[str]) -> set[str]:
        """An entry whose id was merged into an event may stand in another one by now, with a page that is
        made there.
        """
        return {
            member.entry.public_id
            for story in stories.by_public_id(self.store, names)
            for member in story.members
            if edition.needs_page(member.entry.link)
        }

    def _gone(self, own: Mapping[int, set[str]], present: Container[str]) -> dict[int, set[str]]:
        """Event → pages of its ids, old ones too, that stand there and are not made any more."""
        of_events = stories.names_of_events(self.store, own)
        going = {event: _standing(names, present, own[event]) for event, names in of_events.items()}
        elsewhere = self._made_elsewhere([name for named in going.values() for name in named.values()])
        gone: dict[int, set[str]] = {}
        for event, pages_of_it in going.items():
            if names := {page for page, name in pages_of_it.items() if name not in elsewhere}:
                gone[event] = names
        return gone


def _standing(names: Iterable[str], present: Container[str], made: Container[str]) -> dict[str, str]:
    """Pages of these ids that stand there and are not made: page → id."""
    pages_of = {edition.page(name): name for name in names}
    return {page: name for page, name in pages_of.items() if page in present and page not in made}


__all__ = ["Made", "OwnPages"]
