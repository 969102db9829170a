"""Stories as the items that readers are told of, outside of the feeds: for digests, hooks and `why`."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator import edition
from aggregator.config import Config
from aggregator.cycle.pins import heeding
from aggregator.edition import View
from aggregator.model import Entry, Item, Story, Unit
from aggregator.store import Reader, sources, stories


def view(config: Config, name: str, unit: Unit) -> View:
    """One item a story, event or entry, led as the config says; no limit, no feed."""
    return View(
        name, "", "", config.site.base_url, unit, None, lead=config.lead, event_lead=config.event_lead
    )


def items(config: Config, store: Reader, wanted: View, found: Sequence[Story]) -> tuple[Item, ...]:
    """Nothing of what is hidden."""
    heads = stories.heads(store, {story.event for story in found})
    priorities = {source.id: source.priority for source in config.sources}
    return edition.compose(
        heeding(wanted, store), found, heads, sources.origins(store, config.sources), priorities
    ).items


def lead(config: Config, store: Reader, found: Sequence[Story], unit: Unit = "event") -> Entry | None:
    """Of an event's stories, or of one story: the entry that it is published under; None where all of it is
    hidden.
    """
    return next((item.entry for item in items(config, store, view(config, "lead", unit), found)), None)
