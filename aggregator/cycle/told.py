"""By how many independent sources each event is told, counted where that may have changed: the events that
are to be printed anew.

In: the store, after its stories got their topics. Out: `event.told` and the table `topic` in the store, by
which views, `dump` and feeds tell in which topics a story is. Start reading at `count`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aggregator import edition
from aggregator.batches import batches
from aggregator.config import Config
from aggregator.model import Story
from aggregator.stop import Stop
from aggregator.store import Reader, Store, stories, told
from aggregator.store.told import Telling

PORTION = 1000  # events that are counted at a time


def count(config: Config, store: Store, stop: Stop) -> None:
    """Counts it anew for what is dirty; whatever joins or leaves an event, hides a story or edits an entry
    makes it so, and it stays so until it is printed: a stop or a crash before leaves nothing out.
    """
    hidden = told.hidden_stories(store)
    for events in batches(told.to_count(store), PORTION):
        told.note(store, _counted(store, events, hidden))
        stop.check()
    told.note_topics(store, {topic.id: topic.min_sources for topic in config.topics})


def _counted(store: Reader, events: Sequence[int], hidden: Collection[int]) -> dict[int, int]:
    """Event → how many tell it. Most entries say nothing of others who tell them, and need not be loaded."""
    found = told.tellings(store, events)
    saying_more = [event for event, tellings in found.items() if any(more for _, _, more in tellings)]
    counted = {event: edition.apart(_voices(tellings, hidden)) for event, tellings in found.items()}
    counted |= _of_whole(store, saying_more, hidden)
    return {event: max(1, told_by) for event, told_by in counted.items()}


def _voices(tellings: Sequence[Telling], hidden: Collection[int]) -> list[set[str]]:
    """The sources of each story."""
    voices: dict[int, set[str]] = {}
    for story, source, _ in tellings:
        if story not in hidden:
            voices.setdefault(story, set()).add(source)
    return list(voices.values())


def _of_whole(store: Reader, events: Sequence[int], hidden: Collection[int]) -> dict[int, int]:
    """As `_counted`, by all that the entries say."""
    grouped = {event: list[Story]() for event in events}
    for story in stories.of_events(store, events):
        if story.id not in hidden:
            grouped[story.event].append(story)
    return {event: edition.independent(found) for event, found in grouped.items()}
