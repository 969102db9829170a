"""What a search found, as a feed and as items for a page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from aggregator import edition, render
from aggregator.config import Config
from aggregator.cycle.editions import Editions
from aggregator.cycle.pins import heeding
from aggregator.edition import View
from aggregator.model import Item, Story
from aggregator.records import replace
from aggregator.render.formats import Format
from aggregator.store import Reader, stories


def search_feed(
    config: Config, store: Reader, chosen: Sequence[Story], text: str, form: Format, limit: int
) -> bytes:
    """A search as a feed: the stories that match, as an edition of their own."""
    view = _view(config, store, f"Search: {text}", f"Everything stored that matches {text}", limit)
    editions = Editions(config, store)
    made = edition.compose(view, chosen, {}, editions.origins, editions.priorities)
    # The address of the feed itself is the search, so that a reader that subscribes finds it again.
    # No hub: what changes here is found when it is asked for, and nobody is told.
    site = replace(config.site, formats=(form.name,), hub=None)
    address = f"{config.site.base_url}search?q={quote(text)}&format={form.name}"
    return render.feeds(made, site, address=address)[f"search{form.ending}"]


def search_items(config: Config, store: Reader, numbers: Sequence[int]) -> list[Item]:
    """Stories by their numbers, in this order, as items for a page."""
    view, editions = _view(config, store, "", "", None), Editions(config, store)
    place = {number: index for index, number in enumerate(numbers)}
    items: list[Item] = []
    for story in sorted(stories.stories(store, list(numbers)), key=lambda story: place[story.id]):
        items += edition.compose(view, [story], {}, editions.origins, editions.priorities).items
    return items


def source_items(config: Config, store: Reader, source: str, limit: int) -> list[Item]:
    """What a source tells, as it tells it, newest first; with all who tell the same."""
    return list(Editions(config, store).of_sources([source], limit)[source])


def _view(config: Config, store: Reader, title: str, description: str, limit: int | None) -> View:
    view = View(
        "search",
        title,
        description,
        config.site.base_url,
        "story",
        limit,
        lead=config.lead,
        event_lead=config.event_lead,
    )
    return heeding(view, store)


__all__ = ["search_feed", "search_items", "source_items"]
