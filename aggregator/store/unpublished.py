"""What has to be published anew: topics, events, all. SQL only; `cycle.dirty` says what that is on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aggregator.store.base import Reader, Store, Writer

OF_EVENTS = "edition > 'event:' AND edition < 'event;'"
PRINTED_WITH = "printed with"  # of `meta`: by what config and program all was published; none: all is to be


def count(reader: Reader) -> int:
    """How much has to be printed anew."""
    return int(reader.value("SELECT count(*) FROM dirty"))


def dirty_events(reader: Reader, after: str, limit: int) -> tuple[str, ...]:
    """The next ones: "event:NUMBER" in the order of these names, from behind `after` on ("": the first)."""
    query = f"SELECT edition FROM dirty WHERE {OF_EVENTS} AND edition > ? ORDER BY edition LIMIT ?"
    return tuple(reader.column(query, (after, limit)))


def dirty_editions(reader: Reader) -> tuple[str, ...]:
    """All else: topic ids, "all", "sources", "source-ID"."""
    return tuple(reader.column(f"SELECT edition FROM dirty WHERE NOT ({OF_EVENTS}) ORDER BY edition"))


def mark_dirty(store: Store, editions: Iterable[str]) -> None:
    with store.transaction() as writer:
        mark(writer, editions)


def mark(writer: Writer, editions: Iterable[str]) -> None:
    writer.run_many("INSERT OR IGNORE INTO dirty VALUES (?)", [(edition,) for edition in editions])


def printed(store: Store, editions: Iterable[str]) -> None:
    """They are on disk now; until here a crash means that they are printed again (R4). Every entry stored so
    far, up to the first that still waits to be folded, has come out with this publication, or an earlier one.
    """
    with store.transaction() as writer:
        writer.run(
            "INSERT OR IGNORE INTO publication SELECT newest FROM "
            "(SELECT coalesce((SELECT min(entry) - 1 FROM pending_entry), (SELECT max(id) FROM entry)) AS "
            "newest) "
            "WHERE newest > (SELECT coalesce(max(newest), 0) FROM publication)"
        )
        writer.run_many("DELETE FROM dirty WHERE edition = ?", [(edition,) for edition in editions])


def mark_sources(store: Store) -> None:
    """The pages of the sources that tell an event which is to be printed anew."""
    with store.transaction() as writer:
        writer.run(
            "INSERT OR IGNORE INTO dirty SELECT DISTINCT 'source-' || entry.source FROM dirty "
            "JOIN story ON story.event = CAST(substr(dirty.edition, 7) AS INTEGER) "
            "JOIN member ON member.story = story.id JOIN entry ON entry.id = member.entry "
            "WHERE dirty.edition LIKE 'event:%'"
        )


def mark_all_events(store: Store) -> None:
    """Every page is to be printed anew."""
    with store.transaction() as writer:
        writer.run("INSERT OR IGNORE INTO dirty SELECT 'event:' || id FROM event")


def mark_event(writer: Writer, event: int) -> None:
    mark_events(writer, (event,))


def mark_events(writer: Writer, events: Collection[int]) -> None:
    """Every edition that shows a story of these events, and their own pages, are to be printed anew."""
    query = "SELECT DISTINCT l.topic FROM story s CROSS JOIN label l ON l.story = s.id WHERE s.event"
    mark(writer, {topic for (topic,) in writer.chosen(query, events)})
    writer.run_many(
        "INSERT OR IGNORE INTO dirty VALUES ('all'), (?)", [(f"event:{event}",) for event in events]
    )
