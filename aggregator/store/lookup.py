"""Entries by what people know of them, and all of them in a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator import urls
from aggregator.model import Entry
from aggregator.store import rows
from aggregator.store.base import Reader


def newest_entry(reader: Reader) -> int:
    """The number of the entry that came last."""
    return int(reader.value("SELECT coalesce(max(id), 0) FROM entry"))


def titles_of(reader: Reader, ids: Iterable[str]) -> tuple[str, ...]:
    """The headlines of entries with these published ids, sorted."""
    found = reader.chosen("SELECT title, link FROM entry WHERE public_id", ids)
    return tuple(sorted(title or link or "" for title, link in found))


def all_public_ids(reader: Reader) -> set[str]:
    """Of every entry, story and event."""
    return set(
        reader.column(
            "SELECT public_id FROM entry UNION SELECT public_id FROM story UNION SELECT public_id FROM event"
        )
    )


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


def by_number(reader: Reader, numbers: Iterable[int]) -> dict[int, Entry]:
    """Entries by their number; those that are gone are left out."""
    found = reader.chosen(f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.id", numbers)
    return {row[0]: rows.entry(row) for row in found}


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
    found = reader.stream(
        f"SELECT {rows.SELECT_ENTRY}, m.level FROM entry e LEFT JOIN member m ON m.entry = e.id WHERE e.kept = 1 {narrowed} "
        f"ORDER BY e.published {order}, e.public_id {order}",
        () if match is None else (match,),
    )
    for row in found:
        yield rows.entry(row), row[rows.WIDTH]


def dump(reader: Reader) -> Iterator[tuple[Entry, str | None, str | None, str | None, tuple[str, ...]]]:
    """(entry, story id, event id, level, topics) of every kept entry, oldest first."""
    found = reader.stream(
        f"SELECT {rows.SELECT_ENTRY}, s.public_id, v.public_id, m.level, "
        "(SELECT group_concat(topic, ' ') FROM (SELECT topic FROM label WHERE story = s.id ORDER BY topic)) "
        "FROM entry e LEFT JOIN member m ON m.entry = e.id LEFT JOIN story s ON s.id = m.story LEFT JOIN event v ON v.id = s.event "
        "WHERE e.kept = 1 ORDER BY e.published, e.public_id"
    )
    for row in found:
        story, event, level, topics = row[rows.WIDTH :]
        yield rows.entry(row), story, event, level, tuple((topics or "").split())


def counts(reader: Reader) -> dict[str, int]:
    """How many entries, stories and events are stored."""
    return {
        table: int(reader.value(f"SELECT count(*) FROM {table}")) for table in ("entry", "story", "event")
    }
