"""Stories that an editor wrote, and topics that an editor chose for them.

They are entries of a source of their own, `by-hand`, which no config names: folded, labelled, published and
pruned like all others. The topic is an override, so that no change of rules takes it away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from aggregator import urls
from aggregator.config import Config
from aggregator.config.load import refuse_unknown_topics
from aggregator.errors import UsageError
from aggregator.model import BY_HAND, Entry, PollResult, Source, SourceState
from aggregator.parse import dates, normal
from aggregator.store import Store, entries, labels, lookup, overrides, stories
from aggregator.store.overrides import Override
from aggregator.text import characters, markup, plain

_AHEAD = 10 * 366 * 86_400  # seconds; a date within them is read, and refused as one in the future
TOPIC = "topic"  # kind of the override that puts an entry into a topic


def add(
    config: Config,
    store: Store,
    title: str,
    text: str,
    link: str | None,
    topics: Sequence[str],
    date: str | None,
    now: int,
) -> str:
    """Store a story; returns its published id. The same title, link and text again make no other story; its
    topics are those of the last time that some were given.

    Raises UsageError for a title of no words, a link or date that is none, or a topic that the config lacks.
    """
    refuse_unknown_topics(config, topics)
    entry = normal.finish(_entry(config, title, text, link, _published(date, now)))
    _store(config, store, entry, now)
    stored = lookup.find(store, str(entry.guid))[0]
    _put_into(store, stored, topics, now)
    return stored.public_id


def _store(config: Config, store: Store, entry: Entry, now: int) -> None:
    memory = SourceState(polled=now, succeeded=now)
    polled = PollResult(BY_HAND, now, memory, entries=(entry,))
    source = Source(BY_HAND, title=config.site.title)
    entries.absorb(store, source, polled, lambda new: memory, lambda stored: True, lambda memory: None)


def _put_into(store: Store, entry: Entry, topics: Sequence[str], now: int) -> None:
    """Into these, and into no others that it was put into before."""
    if not topics:
        return
    place = stories.place(store, entry.id)
    with store.transaction() as writer:
        overrides.forget_overrides(writer, TOPIC, entry.public_id, None)
        for topic in topics:
            overrides.remember_override(writer, Override(TOPIC, entry.public_id, topic, TOPIC), now)
        if place is not None:  # else it is new and waits to be folded
            labels.unlabel(writer, place.story)


def topics_by_hand(words: Iterable[Override]) -> dict[str, list[str]]:
    """Published id of an entry → topics that it was put into."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.kind == TOPIC:
            found.setdefault(word.a, []).append(word.b)
    return found


def _link(said: str | None) -> str | None:
    followed = urls.clean_link(said) if said else None
    if said and followed is None:
        raise UsageError(f'--link "{said}": is no web address such as https://example.org/story')
    return followed


def _guid(*said: str) -> str:
    """The same for the same story, given twice."""
    return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()


def _entry(config: Config, title: str, text: str, link: str | None, published: int | None) -> Entry:
    shown = plain.title(title)
    if not shown:
        raise UsageError(f'--title "{title}": has no words; give the headline of the story')
    followed = _link(link)
    body = characters.clean(text).strip()
    content = markup.safe(normal.paragraphs(body, links=True)) if body else ""
    return Entry(
        source=BY_HAND,
        key="",
        guid=_guid(shown, followed or "", body),
        link=followed,
        title=shown,
        published=published,
        content=content,
        text=body,
        language=config.site.language,
        raw=normal.raw({"title": title, "text": text, "link": link}),
    )


def _published(date: str | None, now: int) -> int | None:
    if date is None:
        return None
    habits = dates.habits([date], now + _AHEAD)
    at = dates.read(date, habits)
    if at is not None and (strange := dates.unread(date, habits)):
        raise UsageError(f'--date "{date}": what is "{strange}"? Such as 2026-11-26 or "2026-11-26 14:30"')
    if at is None:
        raise UsageError(f'--date "{date}": is no date such as 2026-11-26 or "2026-11-26 14:30"')
    if at > now:
        raise UsageError(f'--date "{date}": lies in the future; a story is published at once')
    return at
