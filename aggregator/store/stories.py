"""Stories and events as they are published, their topics, and how to find an entry by what people know of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aggregator import urls
from aggregator.model import Entry, Head, Member, Reason, Story
from aggregator.store import rows
from aggregator.store.base import Reader, Store
from aggregator.store.entries import mark_event
from aggregator.store.folding import founded
from aggregator.store.lookup import number

_NOT_PUBLISHED = 1 << 62  # it comes out next, after everything else
_PUBLICATION = (
    f"coalesce((SELECT min(p.newest) FROM publication p WHERE p.newest >= m.entry), {_NOT_PUBLISHED})"
)
_MEMBERS = (
    f"SELECT {rows.SELECT_ENTRY}, m.story, s.event, m.level, m.against, m.score, m.threshold, m.features, {_PUBLICATION} "
    "FROM member m JOIN story s ON s.id = m.story JOIN entry e ON e.id = m.entry"
)
_CHUNK = 500
Labels = Iterable[tuple[str, int, str]]
"""(topic, entry, rule)"""


def _member(row: Sequence[Any]) -> Member:
    story, event, level, against, score, threshold, features, publication = row[rows.WIDTH :]
    reason = Reason(
        level,
        against,
        score,
        threshold,
        tuple((a, b) for a, b in json.loads(features)) if features != "[]" else (),
    )
    return Member(rows.entry(row), story, event, reason, publication)


def _in_chunks(numbers: Iterable[int]) -> Iterator[tuple[str, list[int]]]:
    wanted = list(numbers)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        yield ",".join("?" * len(part)), part


def stories(reader: Reader, numbers: Sequence[int]) -> tuple[Story, ...]:
    """The stories of these numbers with members in the order (published, id) and their topics; in the order
    asked for.
    """
    found: dict[int, Story] = {}
    for marks, part in _in_chunks(numbers):
        members: dict[int, list[Member]] = {}
        for row in reader.rows(
            f"{_MEMBERS} WHERE m.story IN ({marks}) ORDER BY e.published, e.public_id", part
        ):
            member = _member(row)
            members.setdefault(member.story, []).append(member)
        topics: dict[int, list[str]] = {}
        for story, topic in reader.rows(
            f"SELECT story, topic FROM label WHERE story IN ({marks}) ORDER BY topic", part
        ):
            topics.setdefault(story, []).append(topic)
        for row in reader.rows(
            f"SELECT id, public_id, event, published, changed FROM story WHERE id IN ({marks})", part
        ):
            number, public_id, event, published, changed = row
            own = tuple(members.get(number, ()))
            if own:
                lead = next((m.entry.id for m in own if m.entry.public_id == public_id), own[0].entry.id)
                found[number] = Story(
                    number, public_id, event, lead, own, tuple(topics.get(number, ())), published, changed
                )
    return tuple(found[number] for number in numbers if number in found)


def newest(
    reader: Reader, topic: str | None, limit: int, before: tuple[int, str] | None = None
) -> tuple[Story, ...]:
    """The newest stories of a topic (None: of all), by (published, id) downwards, from below `before` on if
    that is given.
    """
    beyond = before or (1 << 62, "")
    if topic is None:
        found = reader.rows(
            "SELECT id FROM story WHERE (published, public_id) < (?, ?) ORDER BY published DESC, public_id DESC LIMIT ?",
            (*beyond, limit),
        )
    else:
        found = reader.rows(
            "SELECT story FROM label WHERE topic = ? AND (published, public_id) < (?, ?) ORDER BY published DESC, public_id DESC LIMIT ?",
            (topic, *beyond, limit),
        )
    return stories(reader, [row[0] for row in found])


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


def label(store: Store, decide: Callable[[Story], Labels], limit: int = 1000) -> int:
    """Give topics to stories that have none yet or read differently now; returns how many (0: none is left)."""
    with store.transaction() as writer:
        numbers = [row[0] for row in writer.rows("SELECT id FROM story WHERE labelled = 0 LIMIT ?", (limit,))]
        for story in stories(store, numbers):
            writer.run("INSERT OR IGNORE INTO dirty SELECT topic FROM label WHERE story = ?", (story.id,))
            writer.run("DELETE FROM label WHERE story = ?", (story.id,))
            found = [
                (topic, story.id, story.published, story.public_id, entry, rule)
                for topic, entry, rule in decide(story)
            ]
            writer.run_many(
                "INSERT INTO label (topic, story, published, public_id, entry, rule) VALUES (?, ?, ?, ?, ?, ?)",
                found,
            )
            mark_event(writer, story.event)
        writer.run_many("UPDATE story SET labelled = 1 WHERE id = ?", [(number,) for number in numbers])
    return len(numbers)


def topic_counts(reader: Reader) -> dict[str, tuple[int, int]]:
    """Topic → (stories, when the newest was published)."""
    query = "SELECT topic, count(*), max(published) FROM label GROUP BY topic"
    return {topic: (count, newest) for topic, count, newest in reader.rows(query)}


def unlabel_all(store: Store, topics: Sequence[str]) -> None:
    """The rules changed: every story is labelled anew, every edition printed anew."""
    with store.transaction() as writer:
        writer.run("UPDATE story SET labelled = 0")
        known = {row[0] for row in writer.rows("SELECT DISTINCT topic FROM label")}
        writer.run_many("DELETE FROM label WHERE topic = ?", [(topic,) for topic in known - set(topics)])
        writer.run_many("DELETE FROM archived WHERE edition = ?", [(topic,) for topic in known - set(topics)])


def unlabel_newest(store: Store, entries: int) -> None:
    """What tells topics was taught anew: the stories of so many of the newest entries are looked at again."""
    with store.transaction() as writer:
        writer.run(
            "UPDATE story SET labelled = 0 WHERE id IN (SELECT story FROM member WHERE entry IN "
            "(SELECT id FROM entry WHERE kept = 1 ORDER BY published DESC, public_id DESC LIMIT ?))",
            (entries,),
        )


def happenings(reader: Reader, since: int) -> list[tuple[int, str, str, bool]]:
    """(event, headline, source, whether its story is in a topic) of each entry that was published since then."""
    return reader.rows(
        "SELECT s.event, e.title, e.source, EXISTS (SELECT 1 FROM label l WHERE l.story = s.id) "
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
        f"SELECT newest.event, max(count(DISTINCT {rows.TELLER}), 1 + max({rows.TOLD_BY_OTHERS})) AS sources, "
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


def any_unlabelled(reader: Reader) -> bool:
    """Whether a story is new, or reads differently now."""
    return reader.row("SELECT 1 FROM story WHERE labelled = 0 LIMIT 1") is not None


def newest_entry(reader: Reader) -> int:
    """The number of the entry that came last."""
    return int(reader.value("SELECT coalesce(max(id), 0) FROM entry"))


def labelled(reader: Reader) -> dict[str, set[str]]:
    """Topic → published ids of its stories."""
    found: dict[str, set[str]] = {}
    for topic, public_id in reader.rows("SELECT topic, public_id FROM label"):
        found.setdefault(topic, set()).add(public_id)
    return found


def folds(reader: Reader) -> dict[str, str]:
    """Published id of each folded entry → level, its headline, and that of the entry that it was folded with."""
    found = reader.rows(
        "SELECT e.public_id, m.level, e.title, o.title FROM member m JOIN entry e ON e.id = m.entry "
        "LEFT JOIN entry o ON o.id = m.against WHERE m.level IS NOT NULL"
    )
    return {public_id: f"{level}: {title} = {other or '–'}" for public_id, level, title, other in found}


def titles_of(reader: Reader, ids: Iterable[str]) -> tuple[str, ...]:
    """The headlines of entries with these published ids, sorted."""
    found = reader.chosen("SELECT title, link FROM entry WHERE public_id", ids)
    return tuple(sorted(title or link or "" for title, link in found))


def doubtful(reader: Reader, limit: int) -> list[tuple[int, int, str]]:
    """(entry, its partner, level) of the folds whose score is nearest to its threshold."""
    return reader.rows(
        "SELECT entry, against, level FROM member WHERE level IN ('text', 'event') AND against IS NOT NULL AND threshold > 0 "
        "ORDER BY (score - threshold) / threshold, entry LIMIT ?",
        (limit,),
    )


def labels_of(reader: Reader, story: int) -> tuple[tuple[str, int, str], ...]:
    """(topic, entry, rule) of a story."""
    return tuple(reader.rows("SELECT topic, entry, rule FROM label WHERE story = ? ORDER BY topic", (story,)))


def dirty(reader: Reader) -> tuple[str, ...]:
    """What has to be printed anew: topic ids, "all", "sources", "event:NUMBER"."""
    return tuple(row[0] for row in reader.rows("SELECT edition FROM dirty ORDER BY edition"))


def mark_dirty(store: Store, editions: Iterable[str]) -> None:
    with store.transaction() as writer:
        writer.run_many("INSERT OR IGNORE INTO dirty VALUES (?)", [(edition,) for edition in editions])


def printed(store: Store, editions: Iterable[str]) -> None:
    """They are on disk now; until here a crash means that they are printed again (R4). Every entry stored so
    far, up to the first that still waits to be folded, has come out with this publication, or an earlier one.
    """
    with store.transaction() as writer:
        writer.run(
            "INSERT OR IGNORE INTO publication SELECT newest FROM "
            "(SELECT coalesce((SELECT min(entry) - 1 FROM pending_entry), (SELECT max(id) FROM entry)) AS newest) "
            "WHERE newest > (SELECT coalesce(max(newest), 0) FROM publication)"
        )
        writer.run_many("DELETE FROM dirty WHERE edition = ?", [(edition,) for edition in editions])


def archived(reader: Reader, edition: str, ids: Iterable[str], least: int = 0) -> set[str]:
    """Those of these published ids that an archive document of this number or a later one holds."""
    return {
        row[0]
        for row in reader.chosen(
            "SELECT public_id FROM archived WHERE edition = ? AND number >= ? AND public_id",
            ids,
            edition,
            least,
        )
    }


def archives(reader: Reader, edition: str) -> int:
    """The number of the newest archive document of an edition; 0: none."""
    return int(reader.value("SELECT coalesce(max(number), 0) FROM archived WHERE edition = ?", (edition,)))


def archive(store: Store, edition: str, places: Mapping[str, int]) -> None:
    """Remember which archive document holds an item, in order; document 0 holds what is told within another
    item.
    """
    if not places:
        return
    with store.transaction() as writer:
        start = writer.value(
            "SELECT coalesce(max(position), 0) FROM archived WHERE edition = ? AND number = ?",
            (edition, archives(store, edition)),
        )
        writer.run_many("INSERT OR IGNORE INTO archived VALUES (?, ?, ?, ?)",
                         [(edition, item, number, start + 1 + position) for position, (item, number) in enumerate(places.items())])  # fmt: skip


def in_archive(reader: Reader, edition: str, number: int) -> tuple[str, ...]:
    """The published ids that an archive document holds, oldest first."""
    found = reader.rows(
        "SELECT public_id FROM archived WHERE edition = ? AND number = ? ORDER BY position", (edition, number)
    )
    return tuple(row[0] for row in found)


def left_behind(
    store: Store, topic: str | None, edition: str, until: int, by_entry: bool, batch: int
) -> Iterator[tuple[Story, ...]]:
    """Stories of an edition not newer than `until` and in no archive document yet, oldest first, so many at a
    time.

    `by_entry`: those of entries, where each entry is an item of its own. Else a mark on the row says that it
    is archived, so that only
    those are looked at that are not, however many are stored.
    """
    if not by_entry:
        table, narrowed = ("label", "topic = ? AND ") if topic is not None else ("story", "")
        with store.transaction() as writer:
            writer.run(
                f"UPDATE {table} SET archived = 1 WHERE {narrowed}archived = 0 AND EXISTS "
                f"(SELECT 1 FROM archived a WHERE a.edition = ? AND a.public_id = {table}.public_id)", (*(() if topic is None else (topic,)), edition)
            )  # fmt: skip
    if by_entry:
        number, items = (
            "m.story",
            "entry t JOIN member m ON m.entry = t.id"
            + (" JOIN label l ON l.story = m.story AND l.topic = ?" if topic is not None else ""),
        )
    elif topic is not None:
        number, items = "t.story", "(SELECT * FROM label WHERE topic = ? AND archived = 0) t"
    else:
        number, items = "t.id", "(SELECT * FROM story WHERE archived = 0) t"
    after = (0, "")
    while True:
        found = store.rows(
            f"SELECT {number}, t.published, t.public_id FROM {items} WHERE (t.published, t.public_id) > (?, ?) AND t.published <= ? AND NOT EXISTS "
            "(SELECT 1 FROM archived a WHERE a.edition = ? AND a.public_id = t.public_id) ORDER BY t.published, t.public_id LIMIT ?",
            (*(() if topic is None else (topic,)), *after, until, edition, batch),
        )
        if not found:
            return
        after = found[-1][1], found[-1][2]
        yield stories(store, list(dict.fromkeys(row[0] for row in found)))


def by_public_id(reader: Reader, ids: Sequence[str]) -> tuple[Story, ...]:
    """The stories with these published ids, or with entries that have them."""
    wanted = set(ids)
    found = reader.chosen("SELECT id, public_id FROM story WHERE id_hash", map(number, ids))
    numbers = dict.fromkeys(story for story, public_id in found if public_id in wanted)
    numbers.update(
        dict.fromkeys(
            row[0]
            for row in reader.chosen(
                "SELECT m.story FROM entry e JOIN member m ON m.entry = e.id WHERE e.public_id",
                ids,
            )
        )
    )
    return stories(reader, list(numbers))


def aliases(reader: Reader, public_id: str) -> tuple[str, ...]:
    """Ids that were merged into this one."""
    return tuple(
        row[0]
        for row in reader.rows("SELECT public_id FROM alias WHERE now = ? ORDER BY public_id", (public_id,))
    )


def all_public_ids(reader: Reader) -> set[str]:
    """Of every entry, story and event."""
    return {
        row[0]
        for row in reader.rows(
            "SELECT public_id FROM entry UNION SELECT public_id FROM story UNION SELECT public_id FROM event"
        )
    }


def all_story_ids(reader: Reader) -> set[str]:
    """The published id of every story."""
    return {row[0] for row in reader.rows("SELECT public_id FROM story")}


def mark_all_events(store: Store) -> None:
    """Every page is to be printed anew."""
    with store.transaction() as writer:
        writer.run("INSERT OR IGNORE INTO dirty SELECT 'event:' || id FROM event")


def find(reader: Reader, name: str) -> tuple[Entry, ...]:
    """The entries that a person means by a number, a published id, a guid, a link or a link's key; usually
    one.
    """
    ways: list[tuple[str, object]] = [
        ("public_id", name),
        ("guid", name),
        ("link", name),
        ("key", name),
        ("link_key", name),
        ("link_key", urls.key(name)),
    ]
    if name.isdecimal() and len(name) < 19:
        ways.insert(0, ("id", int(name)))
    for column, value in ways:
        found = reader.rows(
            f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.{column} = ? ORDER BY e.id LIMIT 20", (value,)
        )
        entries = tuple(rows.entry(row) for row in found)
        if entries:
            return entries
    return ()


def place(reader: Reader, entry: int) -> Member | None:
    """The entry's story and event and why; None while it is not folded."""
    row = reader.row(f"{_MEMBERS} WHERE m.entry = ?", (entry,))
    return None if row is None else _member(row)


def by_number(reader: Reader, numbers: Iterable[int]) -> dict[int, Entry]:
    """Entries by their number; those that are gone are left out."""
    found: dict[int, Entry] = {}
    for marks, part in _in_chunks(numbers):
        for row in reader.rows(f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.id IN ({marks})", part):
            found[row[0]] = rows.entry(row)
    return found


def overrides_of(reader: Reader, public_id: str) -> tuple[tuple[str, str, str], ...]:
    """The user's splits and joins of an entry: (kind, the other's published id or "", level)."""
    return tuple(
        reader.rows(
            "SELECT kind, b, level FROM override WHERE a = ?1 UNION SELECT kind, a, level FROM override WHERE b = ?1 ORDER BY 1, 2",
            (public_id,),
        )
    )


def headlines(reader: Reader, entry: int) -> tuple[tuple[int, str], ...]:
    """Earlier headlines of an entry: (since, title), oldest first."""
    return tuple(reader.rows("SELECT at, title FROM revision WHERE entry = ? ORDER BY at", (entry,)))


def entries(
    reader: Reader, match: str | None = None, newest_first: bool = False
) -> Iterator[tuple[Entry, str | None]]:
    """Every kept entry with its story's topics left out: (entry, level); `match` is an FTS5 expression that
    narrows it.

    Oldest first by (published, id), unless asked otherwise. Streams: memory does not grow with the store.
    """
    order = "DESC" if newest_first else "ASC"
    narrowed = (
        "AND e.id IN (SELECT rowid FROM entry_fts WHERE entry_fts MATCH ?)" if match is not None else ""
    )
    found = reader.rows(
        f"SELECT {rows.SELECT_ENTRY}, m.level FROM entry e LEFT JOIN member m ON m.entry = e.id WHERE e.kept = 1 {narrowed} "
        f"ORDER BY e.published {order}, e.public_id {order}",
        () if match is None else (match,),
    )
    for row in found:
        yield rows.entry(row), row[rows.WIDTH]


def dump(reader: Reader) -> Iterator[tuple[Entry, str | None, str | None, str | None, tuple[str, ...]]]:
    """(entry, story id, event id, level, topics) of every kept entry, oldest first."""
    found = reader.rows(
        f"SELECT {rows.SELECT_ENTRY}, s.public_id, v.public_id, m.level, "
        "(SELECT group_concat(topic, ' ') FROM (SELECT topic FROM label WHERE story = s.id ORDER BY topic)) "
        "FROM entry e LEFT JOIN member m ON m.entry = e.id LEFT JOIN story s ON s.id = m.story LEFT JOIN event v ON v.id = s.event "
        "WHERE e.kept = 1 ORDER BY e.published, e.public_id"
    )
    for row in found:
        story, event, level, topics = row[rows.WIDTH :]
        yield rows.entry(row), story, event, level, tuple((topics or "").split())


def events_of_topics(reader: Reader, topics: Sequence[str]) -> list[int]:
    """The events one of whose stories is in one of these topics."""
    query = "SELECT DISTINCT s.event FROM label l JOIN story s ON s.id = l.story WHERE l.topic"
    return sorted({row[0] for row in reader.chosen(query, topics)})


def counts(reader: Reader) -> dict[str, int]:
    """How many entries, stories and events are stored."""
    return {
        table: int(reader.value(f"SELECT count(*) FROM {table}")) for table in ("entry", "story", "event")
    }
