"""After a cycle others are told: commands that get JSON on their standard input, or whoever an Apprise
address reaches.

Each is told of each thing once at most: that is noted before. What fails is named, and ends nothing. A new
hook is told of what comes after it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aggregator import commands, query
from aggregator.config import Config
from aggregator.cycle import composed
from aggregator.digest import Digest
from aggregator.model import Hook, Item, StateChange, Story, Unit
from aggregator.records import dataclass, replace
from aggregator.states import CONDITIONS
from aggregator.stop import Stop
from aggregator.store import Reader, Store, digests, sources, stories
from aggregator.text import excerpts

MOST = 100  # things that one hook is told of in a cycle; the next cycle goes on
LONG = 60.0  # seconds that telling one hook takes of a cycle; what is left then waits for the next one
DIED = frozenset(one.name for one in CONDITIONS if one.is_trouble)
WORDS = 300  # characters of what a failed command said
TITLE = 100  # characters of a headline that was not told
SUMMARY = 1000  # of a story's summary, in a text


@dataclass(frozen=True, slots=True)
class Message:
    """What a hook is told."""

    key: str  # by what it is told once
    title: str
    text: str
    data: dict[str, Any]
    html: str = ""


def run(config: Config, store: Store, now: int, stop: Stop) -> list[str]:
    """Tell all hooks what is new; what went wrong, in words."""
    return [
        f"hooks[{number}] ({hook.on}): {failure}; not told: {_named(titles)}"
        for number, hook in enumerate(config.hooks)
        for failure, titles in _told(config, store, hook, now, stop).items()
    ]


def _told(config: Config, store: Store, hook: Hook, now: int, stop: Stop) -> Mapping[str, list[str]]:
    """What went wrong, and the titles of what this hook was not told for that."""
    untold, began = defaultdict[str, list[str]](list), time.monotonic()
    stop.check()
    for message in _messages(config, store, hook, now):
        is_new = digests.claim(store, hook.name, message.key, now)
        if is_new and (failure := _tell(config, hook, message, stop)):
            untold[failure].append(message.title)
        stop.check()  # not between a message and its being told: it is noted as looked at already
        if time.monotonic() - began > LONG:
            break
    return untold


def _named(titles: Sequence[str]) -> str:
    """The first one, and how many there are: they are not told again."""
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    return f"“{excerpts.snippet(titles[0], TITLE)}”{more}"


def _messages(config: Config, store: Store, hook: Hook, now: int) -> Iterator[Message]:
    """What this hook is to be told of. A message is noted as looked at before it is given."""
    mark = _mark(store, hook)
    if mark is None:
        _begin(store, hook, now)
    elif hook.on == "digest":
        yield from map(_of_digest, digests.to_tell(store, hook.name, mark.since, MOST))
    else:
        for reached, message in _looked_at(config, store, hook, mark):
            _note(store, hook, reached)
            if message is not None:
                yield message


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a hook has looked."""

    after: int  # the number of an entry, or of a source's change of state
    since: int  # Unix time of the last join by hand


def _looked_at(
    config: Config, store: Reader, hook: Hook, mark: _Mark
) -> Iterator[tuple[_Mark, Message | None]]:
    """All that may be told, and how far that is; None where it is not."""
    for at, message in _of_joined(config, store, hook, mark.since):
        mark = replace(mark, since=at)
        yield mark, message
    by_kind = {"story": _of_stories, "event": _of_events, "source": _of_sources}
    for number, message in by_kind[hook.on](config, store, hook, mark.after):
        yield replace(mark, after=number), message


def _begin(store: Store, hook: Hook, now: int) -> None:
    """It is new, and what was before it is not."""
    table = "state_change" if hook.on == "source" else "entry"
    _note(store, hook, _Mark(digests.highest(store, table), now))


def _mark(store: Reader, hook: Hook) -> _Mark | None:
    """None: the hook is new."""
    noted = store.meta(f"hook {hook.name}")
    return None if noted is None else _Mark(*map(int, noted.split()))


def _note(store: Store, hook: Hook, mark: _Mark) -> None:
    with store.transaction() as writer:
        writer.set_meta(f"hook {hook.name}", f"{mark.after} {mark.since}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The stories that a hook is told of."""

    match: query.Query | None
    titles: Mapping[str, str]  # of sources, by id

    @classmethod
    def by(cls, hook: Hook, store: Reader) -> _Wanted:
        return cls(query.parse(hook.match) if hook.match else None, sources.titles(store))

    def any_of(self, found: Iterable[Story]) -> bool:
        """Whether an entry of these stories is such a one."""
        if self.match is None:
            return True
        entries = (member.entry for story in found for member in story.members)
        return any(
            query.match(self.match, query.doc(one, self.titles.get(one.source, ""))) for one in entries
        )


def _of_stories(
    config: Config, store: Reader, hook: Hook, after: int
) -> Iterator[tuple[int, Message | None]]:
    """New stories that match, by the number of their first entry."""
    new = digests.new_stories(store, after, MOST)
    wanted = _Wanted.by(hook, store)
    known = {story.id: story for story in stories.stories(store, [story for _, story in new])}
    for entry, number in new:
        matches = wanted.any_of([known[number]])
        item = next(iter(_items(config, store, [known[number]], "story")), None) if matches else None
        yield entry, None if item is None else _of_story(item)


def _of_story(item: Item) -> Message:
    return Message(item.id, item.entry.title, _said(item), {"on": "story", "story": _data(item)})


def _of_events(config: Config, store: Reader, hook: Hook, after: int) -> Iterator[tuple[int, Message | None]]:
    """Events that came to be told by so many independent sources, by the newest entry looked at."""
    grown = digests.grown_events(store, after, 100 * MOST)
    wanted = _Wanted.by(hook, store)
    last = {event: entry for entry, event in grown}
    for event, entry in sorted(last.items(), key=lambda pair: pair[1]):
        yield entry, _of_event(config, store, hook, wanted, event)


def _of_joined(config: Config, store: Reader, hook: Hook, since: int) -> Iterator[tuple[int, Message | None]]:
    """Events that the user made of two, which no new entry tells of, by the time of that."""
    joined = digests.joined_events(store, since) if hook.on == "event" else []
    if joined:
        wanted = _Wanted.by(hook, store)
        for at, event in joined:
            yield at, _of_event(config, store, hook, wanted, event)


def _of_event(config: Config, store: Reader, hook: Hook, wanted: _Wanted, event: int) -> Message | None:
    """None: too few tell it, it is not asked for, or all of it is hidden."""
    found = stories.of_events(store, [event])
    item = next(iter(_items(config, store, found, "event")), None)
    told = found[0].told if found else 0
    if item is None or told < hook.min_sources or not wanted.any_of(found):
        return None
    data = {"on": "event", "event": _data(item) | {"independent": told}}
    return Message(f"event {item.id}", item.entry.title, _said(item), data)


def _of_sources(
    config: Config, store: Reader, hook: Hook, after: int
) -> Iterator[tuple[int, Message | None]]:
    for number, notice in digests.new_notices(store, after, MOST):
        yield number, _of_notice(number, notice) if notice.state in DIED else None


def _of_notice(number: int, notice: StateChange) -> Message:
    data = {
        "source": notice.source,
        "title": notice.title,
        "before": notice.before,
        "state": notice.state,
        "words": notice.words,
        "at": _rfc3339(notice.at),
    }
    return Message(
        f"notice {number}",
        f"{notice.title or notice.source} is {notice.state}",
        notice.words,
        {"on": "source", "source": data},
    )


def _of_digest(made: Digest) -> Message:
    data = {
        "topic": made.topic,
        "id": made.public_id,
        "title": made.title,
        "published": _rfc3339(made.until),
        "events": made.events,
        "html": made.html,
        "text": made.text,
    }
    return Message(made.public_id, made.title, made.text, {"on": "digest", "digest": data}, made.html)


def _items(config: Config, store: Reader, found: Sequence[Story], unit: Unit) -> tuple[Item, ...]:
    return composed.items(config, store, composed.view(config, "hook", unit), found)


def _data(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.entry.title,
        "link": item.link,
        "published": _rfc3339(item.published),
        "summary": item.entry.summary,
        "source": {"id": item.origin.id, "title": item.origin.title},
        "sources": item.sources,
        "topics": list(item.topics),
        "also": [
            {
                "title": one.title,
                "link": one.link,
                "source": one.origin.title,
                "published": _rfc3339(one.published),
            }
            for one in item.also
        ],
    }


def _said(item: Item) -> str:
    summary = excerpts.beside(item.entry.title, item.entry.summary, SUMMARY)
    return "\n".join(part for part in (summary, item.link) if part)


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tell(config: Config, hook: Hook, message: Message, stop: Stop) -> str | None:
    """What went wrong, in words; None: it was told."""
    if hook.notify is None:
        given = json.dumps(message.data, ensure_ascii=False)
        return _run(config, hook, hook.run[0], hook.run, given, stop)
    said = {"address": hook.notify, "title": message.title, "text": message.text, "html": message.html or ""}
    return _run(config, hook, "notify", _NOTIFY, json.dumps(said), stop)


# A program of its own: where an address hangs, it is ended. -P: no module of the config's folder is ours.
_NOTIFY = (sys.executable, "-P", "-m", "aggregator.notify")


def _run(config: Config, hook: Hook, name: str, command: Sequence[str], given: str, stop: Stop) -> str | None:
    folder = config.path.absolute().parent
    try:
        ended = commands.run(command, given.encode(), folder, hook.timeout, stop.overdue)
    except OSError as error:
        return f"{name}: can't be started: {error.strerror}"
    if ended.code is None:
        why = "we were asked to stop" if stop.is_set() else f"it took longer than {hook.timeout} s"
        return f"{name}: was ended, because {why}"
    return _in_words(name, ended) if ended.code else None


def _in_words(name: str, ended: commands.Ended) -> str:
    """A command of others has a code that tells them something; what we say ourselves says enough."""
    words = " ".join(ended.said.decode("utf-8", "replace").split())[-WORDS:]
    if name == "notify":
        return f"notify: {words or f'exit code {ended.code}'}"
    return f"{name}: exit code {ended.code}" + (f": {words}" if words else "")
