"""Digests: made once when their time has come, kept, and published as feeds and a page of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from aggregator import digest
from aggregator.config import Config
from aggregator.cycle import composed
from aggregator.digest import Digest
from aggregator.model import Edition, Entry, Item, Origin, Story, Topic
from aggregator.records import replace
from aggregator.store import Reader, Store, digests, stories
from aggregator.text import excerpts, plain

FEED = 30  # digests in a feed
LOOKED_AT = 5000  # newest stories of a topic among which those of the time are


def due(config: Config, store: Reader, now: int) -> bool:
    """Whether a digest's time has come that is not made yet."""
    return any(
        not digests.has_digest(store, topic.id, digest.boundary(now, topic.digest, topic.digest_at)[1])
        for topic in config.topics
        if topic.digest is not None
    )


def make(config: Config, store: Store, now: int) -> None:
    """Those whose time has come. One that was missed is not made later: it would tell old news as new."""
    for topic in config.topics:
        if topic.digest is not None:
            begin, end = digest.boundary(now, topic.digest, topic.digest_at)
            if not digests.has_digest(store, topic.id, end):
                digests.keep(store, _made(config, store, topic, begin, end))


def _made(config: Config, store: Reader, topic: Topic, begin: int, end: int) -> Digest:
    """Where `digest_at` was moved, it goes on where the last one ended: nothing is told twice."""
    newest, told = stories.newest(store, topic.id, LOOKED_AT, (end, "")), digests.last_end(store, topic.id)
    oldest = begin - (end - begin)
    found = [story for story in newest if _is_of(story, max(begin, told), end, oldest)]
    return digest.compose(
        topic.id,
        topic.title,
        uuid5(NAMESPACE_URL, f"{config.site.base_url}{topic.id}-digest#{end}").urn,
        end,
        _events(config, store, topic, found),
        _day(end, topic),
        f"{config.site.base_url}{topic.id}.html",
    )


def _is_of(story: Story, begin: int, end: int, oldest: int) -> bool:
    """Whether it came within this time. What a source told late is of the day on which it came, unless it is
    from before `oldest`.
    """
    came = min(member.entry.first_seen for member in story.members)
    return begin <= max(story.published, came) < end and story.published >= oldest


def _events(config: Config, store: Reader, topic: Topic, found: Sequence[Story]) -> tuple[Item, ...]:
    whole = stories.of_events(store, {story.event for story in found})
    view = replace(composed.view(config, topic.id, "event"), min_sources=topic.min_sources, topic=topic.id)
    return composed.items(config, store, view, whole)


def _day(end: int, topic: Topic) -> str:
    day = datetime.fromtimestamp(end).astimezone()
    named = f"{day.day} {day:%B %Y}"
    return f"the week to {named}" if topic.digest == "weekly" else named


def name_of(topic: Topic) -> str:
    return f"{topic.id}-digest"


def title_of(topic: Topic) -> str:
    return f"{topic.title}: {'the week' if topic.digest == 'weekly' else 'the day'}"


def printed(config: Config, store: Reader, topic: Topic) -> Edition:
    """The feed of a topic's digests."""
    name, title = name_of(topic), title_of(topic)
    origin = Origin(name, title, site=config.site.base_url)
    items = tuple(_item(config, one, origin) for one in digests.newest(store, topic.id, FEED))
    updated = max((item.updated for item in items), default=0)
    return Edition(name, title, f"What was told most of {topic.title}, as one entry", items, updated)


def _item(config: Config, made: Digest, origin: Origin) -> Item:
    text = plain.text(made.html)
    summary = f"{made.events} {'event' if made.events == 1 else 'events'}: {excerpts.snippet(text, 200)}"
    entry = replace(
        Entry(origin.id, made.public_id),
        title=made.title,
        content=made.html,
        text=text,
        summary=summary,
        published=made.until,
        first_seen=made.until,
    )
    link = f"{config.site.base_url}{origin.id}.html"
    return Item(made.public_id, entry, origin, link, made.until, made.until)
