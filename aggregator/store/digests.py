"""Digests as they were made, and what hooks were told of already. SQL only."""

from __future__ import annotations

from aggregator.digest import Digest
from aggregator.model import StateChange
from aggregator.store import rows
from aggregator.store.base import Reader, Store

_COLUMNS = "topic, until, public_id, title, html, text, events"


def has_digest(reader: Reader, topic: str, until: int) -> bool:
    query = "SELECT 1 FROM digest WHERE topic = ? AND until >= ?"
    return reader.row(query, (topic, until)) is not None


def last_end(reader: Reader, topic: str) -> int:
    """When the time of the newest digest of a topic ended; 0: there is none yet."""
    return int(reader.value("SELECT coalesce(max(until), 0) FROM digest WHERE topic = ?", (topic,)))


def keep(store: Store, made: Digest) -> None:
    """And its feed is to be printed."""
    with store.transaction() as writer:
        writer.run(
            f"INSERT OR IGNORE INTO digest ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.topic, made.until, made.public_id, made.title, made.html, made.text, made.events),
        )
        writer.run("INSERT OR IGNORE INTO dirty VALUES (?)", (f"{made.topic}-digest",))


def newest(reader: Reader, topic: str, limit: int) -> tuple[Digest, ...]:
    """The newest first; those without events are none."""
    query = f"SELECT {_COLUMNS} FROM digest WHERE topic = ? AND events > 0 ORDER BY until DESC LIMIT ?"
    return tuple(Digest(*row) for row in reader.rows(query, (topic, limit)))


def to_tell(reader: Reader, hook: str, since: int, limit: int) -> list[Digest]:
    """Those made since then that the hook was not told of, the oldest first."""
    query = (
        f"SELECT {_COLUMNS} FROM digest WHERE until >= ? AND events > 0 AND public_id NOT IN "
        "(SELECT key FROM hooked WHERE hook = ?) ORDER BY until, topic LIMIT ?"
    )
    return [Digest(*row) for row in reader.rows(query, (since, hook, limit))]


def claim(store: Store, hook: str, key: str, at: int) -> bool:
    """Whether this hook is told of this for the first time. Noted before it is told: twice is worse
    than not.
    """
    with store.transaction() as writer:
        query = "INSERT OR IGNORE INTO hooked VALUES (?, ?, ?)"
        return bool(writer.run(query, (hook, key, at)))


def new_stories(reader: Reader, after: int, limit: int) -> list[tuple[int, int]]:
    """(entry, story) of the newest founders of stories: entries beyond this number that stand first in
    theirs.
    """
    query = (
        "SELECT e.id, m.story FROM entry e JOIN member m ON m.entry = e.id WHERE e.id > ? AND e.kept = 1 "
        "AND NOT EXISTS (SELECT 1 FROM member o WHERE o.story = m.story AND o.entry < e.id) ORDER BY e.id "
        "LIMIT ?"
    )
    return [(int(entry), int(story)) for entry, story in reader.rows(query, (after, limit))]


def grown_events(reader: Reader, after: int, limit: int) -> list[tuple[int, int]]:
    """(entry, event) of entries beyond this number."""
    query = (
        "SELECT e.id, s.event FROM entry e JOIN member m ON m.entry = e.id JOIN story s ON s.id = m.story "
        "WHERE e.id > ? ORDER BY e.id LIMIT ?"
    )
    return [(int(entry), int(event)) for entry, event in reader.rows(query, (after, limit))]


def joined_events(reader: Reader, since: int) -> list[tuple[int, int]]:
    """(when, event) of what the user joined after this time."""
    query = (
        f"SELECT o.at, s.event FROM override o JOIN member m ON m.entry = {rows.entry_of('o.a')} "
        "JOIN story s ON s.id = m.story WHERE o.kind = 'join' AND o.at > ? ORDER BY o.at, o.a, o.b"
    )
    return [(int(at), int(event)) for at, event in reader.rows(query, (since,))]


def new_notices(reader: Reader, after: int, limit: int) -> list[tuple[int, StateChange]]:
    """(number, notice) of what happened to sources since."""
    query = (
        "SELECT id, source, title, at, before, state, words FROM state_change WHERE id > ? ORDER BY id LIMIT "
        "?"
    )
    return [(row[0], StateChange(*row[1:])) for row in reader.rows(query, (after, limit))]


def highest(reader: Reader, table: str) -> int:
    """The highest number in `entry` or `state_change`."""
    assert table in ("entry", "state_change")
    return int(reader.value(f"SELECT coalesce(max(id), 0) FROM {table}"))
