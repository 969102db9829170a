"""What came in: entries stored as they were said, edits of them, and the poll's outcome, one transaction a
source.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aggregator.model import Entry, Memory, Notice, Polled, Source
from aggregator.store import rows
from aggregator.store.base import Store
from aggregator.store.recognise import Known, free_id, free_key, recognise

# an entry may change so often at once; then the gap between two edits that we take doubles, from 5 minutes to
# a day
FREE_EDITS = 3


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What one poll added: numbers of entries."""

    new: int = 0
    updated: int = 0


def absorb(
    store: Store,
    source: Source,
    polled: Polled,
    settle: Callable[[int], Memory],
    keep: Callable[[Entry], bool],
    notice: Callable[[Memory], Notice | None],
) -> Absorbed:
    """Store one poll's entries with the source's validators, health and next time: all of it or nothing (R2).

    `settle` makes the memory from the number of new entries, `keep` says whether the source's include and
    exclude let an entry
    through, `notice` makes the notice of a change of state. Entries that are no longer in the document stay
    (C2).
    """
    with store.transaction() as conn:
        absorbed, present = _entries(conn, polled, keep)
        memory = settle(absorbed.new)
        _remember(conn, source, polled, memory)
        if present:
            conn.execute(
                "UPDATE source SET present = ?1 WHERE id = ?2 AND present <> ?1",
                (rows.dump(present), polled.source),
            )
        told = notice(memory)
        if told is not None:
            conn.execute("INSERT INTO notice (source, title, at, before, state, words) VALUES (?, ?, ?, ?, ?, ?)",
                         (told.source, told.title, told.at, told.before, told.state, told.words))  # fmt: skip
            conn.execute("INSERT OR IGNORE INTO dirty VALUES ('sources')")
        _count(conn, source, polled, absorbed)
    return absorbed


def _entries(
    conn: sqlite3.Connection, polled: Polled, keep: Callable[[Entry], bool]
) -> tuple[Absorbed, list[int]]:
    """What changed, and the numbers of all entries that the document holds."""
    known = recognise(conn, polled.source, polled.entries)
    new = updated = 0
    present: list[int] = []
    for entry in polled.entries:
        old = known.get(entry.key)
        if old is None:
            present.append(_insert(conn, entry, polled.at, keep))
            new += 1
            continue
        present.append(old.id)
        if (key := entry.key if old.key == entry.key else free_key(conn, polled.source, entry)) != entry.key:
            entry = replace(entry, key=old.key)  # another one has that key: this one is known by what it says
        elif key != old.key:
            conn.execute("UPDATE entry SET key = ?, guid = ? WHERE id = ?", (key, entry.guid, old.id))
        if old.digest != entry.digest and _may_change(old, polled.at):
            _update(conn, old, entry, polled.at, keep)
            updated += 1
    return Absorbed(new, updated), present


def _insert(conn: sqlite3.Connection, entry: Entry, at: int, keep: Callable[[Entry], bool]) -> int:
    published = min(entry.published if entry.published is not None else at, at)
    changed = max(published, min(entry.updated or published, at))
    entry = replace(entry, key=free_key(conn, entry.source, entry))
    stored = replace(
        entry, published=published, first_seen=at, changed=changed, public_id=free_id(conn, entry)
    )
    kept = keep(stored)
    columns = ", ".join(rows.ENTRY_COLUMNS)
    marks = ", ".join("?" * len(rows.ENTRY_COLUMNS))
    cursor = conn.execute(
        f"INSERT INTO entry ({columns}, kept) VALUES ({marks}, ?)", (*rows.entry_row(stored), int(kept))
    )
    number = cursor.lastrowid
    assert number is not None
    conn.execute("INSERT INTO said VALUES (?, ?)", (number, entry.said))
    if kept:
        conn.execute("INSERT INTO untold VALUES (?)", (number,))
    return number


def _may_change(old: Known, at: int) -> bool:
    """Content that differs at each fetch (counters, advertisements) must not look like news each time (C7)."""
    if old.revisions < FREE_EDITS:
        return True
    return at - old.changed >= min(86_400, 300 << min(old.revisions - FREE_EDITS, 9))


def _update(
    conn: sqlite3.Connection, old: Known, entry: Entry, at: int, keep: Callable[[Entry], bool]
) -> None:
    if old.title != entry.title:
        conn.execute("INSERT OR IGNORE INTO revision VALUES (?, ?, ?)", (old.id, old.changed, old.title))
    row = conn.execute("SELECT public_id, first_seen, kept FROM entry WHERE id = ?", (old.id,)).fetchone()
    stored = replace(
        entry, published=old.published, public_id=row[0], first_seen=row[1], changed=max(at, old.changed)
    )
    assignments = ", ".join(f"{column} = ?" for column in rows.ENTRY_COLUMNS)
    conn.execute(
        f"UPDATE entry SET {assignments}, revisions = revisions + 1 WHERE id = ?",
        (*rows.entry_row(stored), old.id),
    )
    conn.execute("UPDATE said SET json = ? WHERE entry = ?", (entry.said, old.id))
    set_kept(conn, old.id, bool(row[2]), keep(stored))
    touch_stories_of(conn, [old.id], stored.changed)


def set_kept(conn: sqlite3.Connection, number: int, before: bool, after: bool) -> None:
    """An entry that the source's include and exclude let through now, or no longer."""
    if before == after:
        return
    conn.execute("UPDATE entry SET kept = ? WHERE id = ?", (int(after), number))
    if after:
        conn.execute("INSERT OR IGNORE INTO untold VALUES (?)", (number,))
    else:
        withdraw(conn, number)


def withdraw(conn: sqlite3.Connection, number: int) -> None:
    """Take an entry out of its story; a story that is empty then goes too."""
    conn.execute("DELETE FROM untold WHERE entry = ?", (number,))
    row = conn.execute(
        "SELECT m.story, s.event FROM member m JOIN story s ON s.id = m.story WHERE m.entry = ?", (number,)
    ).fetchone()
    if row is None:
        return
    touch_stories_of(conn, [number], None)
    conn.execute("DELETE FROM member WHERE entry = ?", (number,))
    drop_empty(conn, [row[0]])


def drop_empty(conn: sqlite3.Connection, stories: Iterable[int]) -> None:
    """Remove those stories that have no entry any more, and events that have no story."""
    for story in stories:
        if conn.execute("SELECT 1 FROM member WHERE story = ?", (story,)).fetchone():
            continue
        found = conn.execute("SELECT event FROM story WHERE id = ?", (story,)).fetchone()
        conn.execute("DELETE FROM story WHERE id = ?", (story,))
        if found and not conn.execute("SELECT 1 FROM story WHERE event = ?", found).fetchone():
            conn.execute("DELETE FROM alias WHERE now = (SELECT public_id FROM event WHERE id = ?)", found)
            conn.execute("DELETE FROM event WHERE id = ?", found)


def touch_stories_of(conn: sqlite3.Connection, entries: Sequence[int], at: int | None) -> None:
    """Their stories read differently now: label and print them again. `at` None: without a new date."""
    for number in entries:
        row = conn.execute(
            "SELECT m.story, s.event FROM member m JOIN story s ON s.id = m.story WHERE m.entry = ?",
            (number,),
        ).fetchone()
        if row is None:
            continue
        story, event = row
        conn.execute(
            "UPDATE story SET changed = max(changed, ?), labelled = 0 WHERE id = ?", (at or 0, story)
        )
        conn.execute("UPDATE event SET changed = max(changed, ?) WHERE id = ?", (at or 0, event))
        mark_event(conn, event)


def mark_event(conn: sqlite3.Connection, event: int) -> None:
    """Every edition that shows a story of this event, and the event's own page, are to be printed anew."""
    conn.execute(
        "INSERT OR IGNORE INTO dirty SELECT DISTINCT topic FROM label WHERE story IN (SELECT id FROM story WHERE event = ?)",
        (event,),
    )
    conn.execute("INSERT OR IGNORE INTO dirty VALUES ('all'), (?)", (f"event:{event}",))


def _remember(conn: sqlite3.Connection, source: Source, polled: Polled, memory: Memory) -> None:
    feed = polled.feed
    title = source.title or (feed.title if feed else "")
    columns = ", ".join(rows.SOURCE_COLUMNS)
    marks = ", ".join("?" * len(rows.SOURCE_COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in rows.SOURCE_COLUMNS)
    conn.execute(
        f"INSERT INTO source (id, url, title, feed, {columns}) VALUES (?, ?, ?, ?, {marks}) ON CONFLICT DO UPDATE SET {changes}, "
        "url = excluded.url, title = CASE excluded.title WHEN '' THEN title ELSE excluded.title END, feed = coalesce(excluded.feed, feed)",
        (
            source.id,
            source.url or source.path,
            title,
            rows.feed_json(feed) if feed else None,
            *rows.memory_row(memory),
        ),
    )


def _count(conn: sqlite3.Connection, source: Source, polled: Polled, absorbed: Absorbed) -> None:
    conn.execute(
        "INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, "
        "not_modified = not_modified + excluded.not_modified, failed = failed + excluded.failed, new = new + excluded.new, "
        "wire_bytes = wire_bytes + excluded.wire_bytes, saved_bytes = saved_bytes + excluded.saved_bytes",
        (polled.at // 86_400, source.id, 1 if source.url else 0, int(polled.not_modified and source.url is not None), int(polled.failure is not None), absorbed.new,
         polled.wire_bytes, polled.saved_bytes),
    )  # fmt: skip


def all_with_kept(store: Store) -> Iterator[tuple[Entry, bool]]:
    """Every stored entry, and whether its source's include and exclude let it through so far."""
    for row in store.conn.execute(f"SELECT {rows.SELECT_ENTRY}, e.kept FROM entry e ORDER BY e.id"):
        yield rows.entry(row), bool(row[rows.WIDTH])


def keep_again(store: Store, changed: Sequence[tuple[int, bool, bool]]) -> None:
    """(entry, kept before, kept now)"""
    with store.transaction() as conn:
        for number, before, after in changed:
            set_kept(conn, number, before, after)
