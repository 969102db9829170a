"""What a site has beside its topics: the front page, the lists of feeds, and what happened to its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator import opml
from aggregator.cycle import digests
from aggregator.cycle.editions import ALL, Editions
from aggregator.model import Edition, Item, StateChange, Topic
from aggregator.render import formats, pages, sourcesfeed
from aggregator.render.formats import HTML

LIST_OF_SOURCES = "sources.opml"


def neighbours(editions: Editions) -> list[pages.Neighbour]:
    """The topics in the navigation of every page."""
    return [
        pages.Neighbour(topic.id, topic.title, topic.description) for topic in (ALL, *editions.config.topics)
    ]


def _section(editions: Editions, topic: Topic, first_items: Sequence[Item] | None) -> Edition:
    view = editions.view(topic)
    items = _shown(editions, topic) if first_items is None else first_items
    return Edition(topic.id, view.title, view.description, tuple(items), updated=0)


def front_page(editions: Editions, first_items: Mapping[str, Sequence[Item]]) -> dict[str, bytes]:
    """The front page and the list of our feeds. `first_items`: of topics that are composed already; of the
    others no more is composed than the front page shows.
    """
    config, site = editions.config, editions.config.site
    sections = [_section(editions, topic, first_items.get(topic.id)) for topic in (ALL, *config.topics)]
    return {
        "index.html": pages.index(sections, *editions.front(), site, neighbours(editions)),
        "feeds.opml": opml.write(f"Feeds of {site.title}", _published(editions, sections)),
    }


def list_of_sources(editions: Editions) -> dict[str, bytes]:
    """The feeds that we read."""
    title = f"Sources of {editions.config.site.title}"
    return {LIST_OF_SOURCES: opml.write(title, _subscribed(editions))}


def _shown(editions: Editions, topic: Topic) -> Sequence[Item]:
    """What the front page shows of a topic: nothing of everything, which has sections of its own there."""
    return () if topic is ALL else editions.first(topic, pages.NEWEST)


def _published(editions: Editions, sections: Sequence[Edition]) -> list[opml.Outline]:
    site = editions.config.site
    form = formats.best_first(site.formats)[0]
    names = [(one.id, one.title) for one in sections]
    names += [
        (digests.name_of(topic), digests.title_of(topic))
        for topic in editions.config.topics
        if topic.digest is not None
    ]
    return [
        opml.Outline(
            f"{site.base_url}{name}{form.ending}",
            pages.feed_title(name, title, site),
            f"{site.base_url}{name}{HTML.ending}",
        )
        for name, title in names
    ]


def _subscribed(editions: Editions) -> list[opml.Outline]:
    origins = [editions.origins[source.id] for source in editions.config.sources]
    return [opml.Outline(origin.url, origin.title, origin.site) for origin in origins if origin.url]


ON_SOURCE = 20  # items on a source's page


def source_page(
    editions: Editions,
    source: str,
    items: Sequence[Item],
    around: Sequence[pages.Neighbour],
    last: StateChange | None,
) -> bytes:
    """What a source tells (`items`), which topics that gives to, and what happened to it last."""
    origin, enabled = editions.origins[source], editions.sources[source].enabled
    line = pages.SourceLine(source, origin.title, origin.url, origin.site, enabled)
    return pages.source(line, items, editions.config.site, around, last)


def sources_page(editions: Editions, notices: Sequence[StateChange], updated: int) -> dict[str, bytes]:
    """What happened to sources, as feeds and as a page."""
    site, origins = editions.config.site, editions.origins
    lines = [
        pages.SourceLine(
            source.id,
            origins[source.id].title,
            origins[source.id].url,
            origins[source.id].site,
            source.enabled,
        )
        for source in editions.config.sources
    ]
    page = pages.sources(notices, lines, site, neighbours(editions))
    return {**sourcesfeed.write(notices, site, updated), "sources.html": page}


__all__ = ["LIST_OF_SOURCES", "front_page", "list_of_sources", "neighbours", "source_page", "sources_page"]
