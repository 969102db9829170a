"""Stories and events as they are published: read. SQL only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from aggregator.batches import batches
from aggregator.model import Head, Member, Reason, Story
from aggregator.store import rows
from aggregator.store.base import Reader
from aggregator.store.lookup import numbers_of
from aggregator.store.members import founded
from aggregator.store.rows import id_hash

_NOT_PUBLISHED = 1 << 62  # it comes out next, after everything else


_PUBLICATION = (
    f"coalesce((SELECT min(p.newest) FROM publication p WHERE p.newest >= m.entry), {_NOT_PUBLISHED})"
)


_MEMBERS = (
    f"SELECT {rows.SELECT_ENTRY}, m.story, s.event, m.level, m.against, m.score, m.threshold, m.features, "
    f"{_PUBLICATION} "
    "FROM member m JOIN story s ON s.id = m.story JOIN entry e ON e.id = m.entry"
)


_CHUNK = 500


def _member(row: Sequence[Any]) -> Member:
    story, event, level, against, score, threshold, features, publication = row[rows.WIDTH :]
    reason = Reason(
        level,
        against,
        score,
        threshold,
        tuple((a, b) for a, b in rows.load(features)) if features != "[]" else (),
    )
    return Member(rows.entry(row), story, event, reason, publication)


def _in_chunks(numbers: Iterable[int]) -> Iterator[tuple[str, Sequence[int]]]:
    for part in batches(list(numbers), _CHUNK):
        yield ",".join("?" * len(part)), part


def stories(reader: Reader, numbers: Sequence[int]) -> tuple[Story, ...]:
    """The stories of these numbers with members in the order (published, id) and their topics; in the order
    asked for.
    """
    found: dict[int, Story] = {}
    for marks, part in _in_chunks(numbers):
        members, topics = _members_of(reader, marks, part), _topics_of(reader, marks, part)
        query = (
            "SELECT s.id, s.public_id, s.event, s.published, s.changed, v.told "
            f"FROM story s CROSS JOIN event v ON v.id = s.event WHERE s.id IN ({marks})"
        )
        for row in reader.rows(query, part):
            number = row[0]
            if number in members:
                found[number] = _story(row, members[number], topics.get(number, ()))
    return tuple(found[number] for number in numbers if number in found)


def _story(row: Sequence[Any], members: Sequence[Member], labels: Sequence[tuple[str, int | None]]) -> Story:
    """`row`: number, published id, event, dates, and how many sources tell the event."""
    number, public_id, event, published, changed, told = row
    lead = next((one.entry.id for one in members if one.entry.public_id == public_id), members[0].entry.id)
    topics, too_few = _in_topics(labels, told) if labels else ((), ())
    return Story(number, public_id, event, lead, tuple(members), topics, published, changed, told, too_few)


def _members_of(reader: Reader, marks: str, numbers: Sequence[int]) -> dict[int, list[Member]]:
    """Story → its members in the order (published, id): to put whole rows in order takes SQLite longer."""
    found: dict[int, list[Member]] = {}
    for row in reader.rows(f"{_MEMBERS} WHERE m.story IN ({marks})", numbers):
        member = _member(row)
        found.setdefault(member.story, []).append(member)
    for members in found.values():
        members.sort(key=_place)
    return found


def _place(member: Member) -> tuple[int, str]:
    return member.entry.published or 0, member.entry.public_id


def _in_topics(
    labels: Sequence[tuple[str, int | None]], told: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(all topics of a story, those that ask for more sources than tell it)."""
    too_few = (topic for topic, least in labels if least is not None and least > told)
    return tuple(topic for topic, _ in labels), tuple(too_few)


def _topics_of(reader: Reader, marks: str, numbers: Sequence[int]) -> dict[int, list[tuple[str, int | None]]]:
    """Story → its topics, sorted, each with how many sources it asks for."""
    found: dict[int, list[tuple[str, int | None]]] = {}
    query = (
        "SELECT l.story, l.topic, t.min_sources FROM label l LEFT JOIN topic t ON t.id = l.topic "
        f"WHERE l.story IN ({marks}) ORDER BY +l.topic"
    )
    for story, topic, least in reader.rows(query, numbers):
        found.setdefault(story, []).append((topic, least))
    return found


def newest(
    reader: Reader, topic: str | None, limit: int, before: tuple[int, str] | None = None
) -> tuple[Story, ...]:
    """The newest stories of a topic (None: of all), by (published, id) downwards, from below `before` on if
    that is given.
    """
    beyond = before or (1 << 62, "")
    if topic is None:
        found = reader.rows(
            "SELECT id FROM story WHERE (published, public_id) < (?, ?) ORDER BY published DESC, public_id "
            "DESC LIMIT ?",
            (*beyond, limit),
        )
    else:
        found = reader.rows(
            "SELECT s.id FROM label l CROSS JOIN story s ON s.id = l.story WHERE l.topic = ? "
            "AND l.published <= ? AND (l.published, s.public_id) < (?, ?) "
            "ORDER BY l.published DESC, s.public_id DESC LIMIT ?",
            (topic, beyond[0], *beyond, limit),
        )
    return stories(reader, [row[0] for row in found])


def dates(reader: Reader, topic: str | None, count: int) -> tuple[int, int] | None:
    """When the first and the last of so many of the newest stories of a topic (None: of all) were published;
    None where there are not so many.
    """
    table, of_topic = ("story WHERE", ()) if topic is None else ("label WHERE topic = ? AND", (topic,))
    query = f"SELECT published FROM {table} published < {1 << 62} ORDER BY published DESC LIMIT 1 OFFSET ?"
    last = reader.value(query, (*of_topic, count - 1))
    return None if last is None else (reader.value(query, (*of_topic, 0)), last)


def of_sources(reader: Reader, sources: Sequence[str], limit: int) -> dict[str, tuple[Story, ...]]:
    """Source → the stories of the newest entries that its document holds, newest first."""
    listed = reader.chosen("SELECT id, present FROM source WHERE id", sources)
    present: dict[str, list[int]] = {source: rows.load(numbers) for source, numbers in listed}
    newest = {source: _newest_of(reader, numbers, limit) for source, numbers in present.items()}
    found = {one.id: one for one in stories(reader, list(dict.fromkeys(chain(*newest.values()))))}
    return {
        source: tuple(found[story] for story in newest.get(source, ()) if story in found)
        for source in sources
    }


def _newest_of(reader: Reader, entries: Sequence[int], limit: int) -> list[int]:
    """The stories of the newest of these entries, newest first."""
    query = "SELECT e.published, e.public_id, m.story FROM entry e JOIN member m ON m.entry = e.id WHERE e.id"
    placed = sorted(reader.chosen(query, entries), reverse=True)
    return list(dict.fromkeys(story for _, _, story in placed[:limit]))


def of_events(reader: Reader, events: Iterable[int]) -> tuple[Story, ...]:
    """All stories of these events, in the order (published, id)."""
    numbers: list[tuple[int, str, int]] = []
    for marks, part in _in_chunks(events):
        numbers += reader.rows(f"SELECT published, public_id, id FROM story WHERE event IN ({marks})", part)
    return stories(reader, [number for _, _, number in sorted(numbers)])


def of_event_ids(reader: Reader, ids: Sequence[str]) -> tuple[Story, ...]:
    """All stories of the events with these published ids."""
    return of_events(reader, founded(reader, "event", ids).values())


def heads(reader: Reader, events: Iterable[int]) -> dict[int, Head]:
    """What each of these events is published under."""
    return {
        event: Head(public_id, published)
        for event, public_id, published in reader.chosen(
            "SELECT id, public_id, published FROM event WHERE id", events
        )
    }


def glances(reader: Reader, events: Iterable[int]) -> dict[int, list[tuple[int, str | None]]]:
    """(story, link) of each entry that tells these events, without their texts."""
    query = (
        "SELECT s.event, s.id, e.link FROM story s JOIN member m ON m.story = s.id "
        "JOIN entry e ON e.id = m.entry WHERE s.event"
    )
    found: dict[int, list[tuple[int, str | None]]] = {}
    for event, story, link in reader.chosen(query, events):
        found.setdefault(event, []).append((story, link))
    return found


def names_of_events(reader: Reader, events: Iterable[int]) -> dict[int, list[str]]:
    """Event → its published id, and those that were merged into it."""
    query = "SELECT public_id, id FROM event WHERE id"
    owners: dict[str, int] = dict(reader.chosen(query, events))
    names = {event: [public_id] for public_id, event in owners.items()}
    for now, gone in reader.chosen("SELECT now, public_id FROM alias WHERE now", owners):
        names[owners[now]].append(gone)
    return names


def happenings(reader: Reader, since: int) -> list[tuple[int, str, str, str]]:
    """(event, headline, source, topics of its story in effect, blanks between them) of each entry that was
    published since then.
    """
    return reader.rows(
        "SELECT s.event, e.title, e.source, "
        "coalesce((SELECT group_concat(i.topic, ' ') FROM in_topics i WHERE i.story = s.id), '') "
        "FROM story s JOIN member m ON m.story = s.id JOIN entry e ON e.id = m.entry "
        "WHERE s.published >= ? AND e.title <> '' ORDER BY s.event, e.id",
        (since,),
    )


# what a statement can look at: a bounded number of the newest stories, looked up and not scanned
_NEWEST = (
    f"(SELECT id, event, published, public_id FROM story WHERE (published, public_id) < ({1 << 62}, '') "
    "ORDER BY published DESC, public_id DESC LIMIT ?) newest"
)


def told_by_several(reader: Reader, newest: int) -> list[tuple[int, int, int]]:
    """(event, sources that tell it, when it was told last) of the events that several sources tell, among so
    many of the newest stories.
    """
    return reader.rows(
        f"SELECT newest.event, max(count(DISTINCT {rows.TELLER}), 1 + max({rows.TOLD_BY_OTHERS})) AS "
        "sources, "
        "max(e.published) "
        f"FROM {_NEWEST} JOIN member m ON m.story = newest.id JOIN entry e ON e.id = m.entry "
        "GROUP BY newest.event HAVING sources > 1 ORDER BY newest.event",
        (newest,),
    )


def founders(reader: Reader, newest: int) -> list[tuple[int, int, str, bool]]:
    """(story, event, source, whether that gave it a date) of so many of the newest stories, newest first."""
    found = reader.rows(
        f"SELECT newest.id, newest.event, {rows.TELLER}, e.published <> e.first_seen FROM {_NEWEST} "
        "JOIN entry e ON e.id = (SELECT min(entry) FROM member WHERE story = newest.id) "
        "ORDER BY newest.published DESC, newest.public_id DESC",
        (newest,),
    )
    return [(story, event, source, bool(dated)) for story, event, source, dated in found]


def folds(reader: Reader) -> dict[str, str]:
    """Published id of each folded entry → level, its headline, and that of the entry that it was
    folded with.
    """
    found = reader.rows(
        "SELECT e.public_id, m.level, e.title, o.title FROM member m JOIN entry e ON e.id = m.entry "
        "LEFT JOIN entry o ON o.id = m.against WHERE m.level IS NOT NULL"
    )
    return {public_id: f"{level}: {title} = {other or '–'}" for public_id, level, title, other in found}


def doubtful(reader: Reader, limit: int) -> list[tuple[int, int, str]]:
    """(entry, its partner, level) of the folds whose score is nearest to its threshold."""
    return reader.rows(
        "SELECT entry, against, level FROM member WHERE level IN ('text', 'event') AND against IS NOT NULL "
        "AND threshold > 0 "
        "ORDER BY (score - threshold) / threshold, entry LIMIT ?",
        (limit,),
    )


def by_public_id(reader: Reader, ids: Sequence[str]) -> tuple[Story, ...]:
    """The stories with these published ids, or with entries that have them."""
    wanted = set(ids)
    found = reader.chosen("SELECT id, public_id FROM story WHERE id_hash", map(id_hash, ids))
    numbers = dict.fromkeys(story for story, public_id in found if public_id in wanted)
    numbers.update(dict.fromkeys(_of_entries(reader, ids)))
    return stories(reader, list(numbers))


def _of_entries(reader: Reader, ids: Sequence[str]) -> Iterator[int]:
    """The stories that hold the entries with these published ids, in the order of these."""
    entries = numbers_of(reader, ids)
    query = "SELECT entry, story FROM member WHERE entry"
    placed: dict[int, int] = dict(reader.chosen(query, entries.values()))
    in_order = (entries[public_id] for public_id in sorted(entries))
    return (placed[entry] for entry in in_order if entry in placed)


def aliases(reader: Reader, public_id: str) -> tuple[str, ...]:
    """Ids that were merged into this one."""
    return tuple(reader.column("SELECT public_id FROM alias WHERE now = ? ORDER BY public_id", (public_id,)))


def all_story_ids(reader: Reader) -> set[str]:
    """The published id of every story."""
    return set(reader.column("SELECT public_id FROM story"))


def place(reader: Reader, entry: int) -> Member | None:
    """The entry's story and event and why; None while it is not folded."""
    row = reader.row(f"{_MEMBERS} WHERE m.entry = ?", (entry,))
    return None if row is None else _member(row)
