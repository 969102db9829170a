"""Reading lists: OPML files somewhere, whose outlines are sources. What was read of each lies beside the
database, so that a config is whole without asking anybody; `cycle.lists` brings it up to date.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from aggregator import urls
from aggregator.model import Redirect, Source
from aggregator.records import dataclass, replace
from aggregator.text.words import sought


@dataclass(frozen=True, slots=True)
class ReadingList:
    """One of the config. `as_source`: what its sources have in common."""

    id: str
    where: str  # an address, or an absolute path
    interval: int  # seconds between two looks
    as_source: Source

    @property
    def is_remote(self) -> bool:
        return "://" in self.where


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed of a list, as it was read. What left the list stays, paused."""

    url: str
    title: str
    id: str
    folders: tuple[str, ...] = ()
    present: bool = True


_LISTED = tuple(field.name for field in fields(Listed))


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of a list: when, and what."""

    feeds: tuple[Listed, ...] = ()
    looked_at: int = 0
    stamp: str = ""  # of a file: as it was
    etag: str | None = None
    last_modified: str | None = None
    given_at: str | None = None  # the address that gave the two
    where: str = ""  # as the config had it: at another place nothing of this but the feeds counts
    not_before: int = 0  # the server asked us to stay away until then
    moved: Redirect | None = None

    def address(self, configured: str) -> str:
        """Where to ask: a permanent redirect that held counts more than the config (P15)."""
        return (self.moved and self.moved.asked) or configured


def place(database: Path, name: str) -> Path:
    return database.with_name(f"{database.name}.lists") / f"{name}.json"


def _listed(one: dict[str, Any]) -> Listed:
    return Listed(one["url"], one["title"], one["id"], tuple(one["folders"]), one["present"])


def known(database: Path, name: str) -> Known:
    """Nothing where it was never read, or what lies there is not ours."""
    try:
        said = json.loads(place(database, name).read_text(encoding="utf-8"))
        feeds = tuple(map(_listed, said["feeds"]))
        moved = Redirect(**said["moved"]) if said.get("moved") else None
        later = {name: said[name] for name in ("given_at", "where", "not_before") if name in said}
        return Known(
            feeds, said["looked_at"], said["stamp"], said["etag"], said["last_modified"], moved=moved, **later
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Known()


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def dump(read: Known) -> str:
    """A feed a line, for whoever looks into the file."""
    feeds = ",\n".join(_encoded({name: getattr(one, name) for name in _LISTED}) for one in read.feeds)
    rest = _encoded(asdict(replace(read, feeds=())))
    return rest.replace('"feeds": []', f'"feeds": [\n{feeds}\n]', 1) + "\n"


def sources(
    found: Sequence[ReadingList], database: Path, own: Sequence[Source], topics: Mapping[str, str]
) -> Iterator[Source]:
    """Those of all lists, each feed once: what the config names itself comes first. `topics`: id → title; a
    folder that is named like one gives its feeds that topic.
    """
    if not found:
        return
    by_name = {sought(name): topic for topic, title in topics.items() for name in (topic, title)}
    there = {urls.address_key(one.url) for one in own if one.url}
    taken = {one.id for one in own}
    for one in found:
        for feed in known(database, one.id).feeds:
            key = urls.address_key(feed.url)
            if key not in there and feed.id not in taken:
                there.add(key)
                taken.add(feed.id)
                yield _source(one, feed, by_name)


def _source(one: ReadingList, feed: Listed, by_name: Mapping[str, str]) -> Source:
    folders = [by_name[sought(folder)] for folder in feed.folders if sought(folder) in by_name]
    shared = one.as_source
    return replace(
        shared,
        id=feed.id,
        url=feed.url,
        title=feed.title or None,
        topics=tuple(dict.fromkeys([*shared.topics, *folders])),
        headers=(),  # those of the list are for who has the list
        enabled=shared.enabled and feed.present,
        reading_list=one.id,
    )


def merged(before: Sequence[Listed], now: Collection[Listed], whole: bool = True) -> tuple[Listed, ...]:
    """What is there now under the ids of before, then what left, paused; as it was where `now` is not the
    whole list.
    """
    known, keys = (
        {urls.address_key(one.url): one for one in before},
        [urls.address_key(one.url) for one in now],
    )
    kept = [replace(one, id=known.get(key, one).id) for key, one in zip(keys, now, strict=True)]
    there = set(keys)
    left = [replace(one, present=one.present and not whole) for key, one in known.items() if key not in there]
    return (*kept, *left)
