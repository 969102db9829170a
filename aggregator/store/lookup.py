"""Entries by what people know of them, and all of them in a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aggregator import urls
from aggregator.batches import batches
from aggregator.model import Entry
from aggregator.store import raw, rows
from aggregator.store.base import Reader, Values
from aggregator.store.rows import id_hash


def newest_entry(reader: Reader) -> int:
    """The number of the entry that came last."""
    return int(reader.value("SELECT coalesce(max(id), 0) FROM entry"))


def numbers_of(reader: Reader, public_ids: Iterable[str]) -> dict[str, int]:
    """Published id → the entry that has it, of those that are stored."""
    wanted = set(public_ids)
    query = "SELECT e.public_id, e.id FROM by_id i CROSS JOIN entry e ON e.id = i.entry WHERE i.id_hash"
    found = reader.chosen(query, {id_hash(one) for one in wanted})
    return {public_id: number for public_id, number in found if public_id in wanted}


def titles_of(reader: Reader, ids: Iterable[str]) -> tuple[str, ...]:
    """The headlines of entries with these published ids, sorted."""
    numbers = numbers_of(reader, ids).values()
    found = reader.chosen("SELECT title, link FROM entry WHERE id", numbers)
    return tuple(sorted(title or link or "" for title, link in found))


def all_public_ids(reader: Reader) -> set[str]:
    """Of every entry, story and event."""
    return set(
        reader.column(
            "SELECT public_id FROM entry UNION SELECT public_id FROM story UNION SELECT public_id FROM event"
        )
    )


# Every source in turn: there is no index of keys alone, and thousands of sources are asked in a few
# hundredths of a second.
_OF_KEY = (
    "WITH RECURSIVE tells (source) AS (SELECT min(source) FROM entry UNION ALL "
    "SELECT (SELECT min(source) FROM entry WHERE source > tells.source) FROM tells WHERE tells.source IS NOT "
    "NULL) "
    "SELECT e.id FROM tells CROSS JOIN by_key k ON k.key_hash = id_hash(tells.source || char(10) || ?1) "
    "CROSS JOIN entry e ON e.id = k.entry AND e.source = tells.source AND e.key = ?1"
)
# Where another item took a guid over it goes on under a longer key (`recognise.take_keys`).
_OF_LONGER_KEY = (
    "SELECT id FROM entry WHERE instr(key, char(10)) > 0 AND key >= ?1 || char(10) AND key < ?1 || char(11)"
)


_OF_LINK_KEY = (
    "SELECT e.id FROM by_link l CROSS JOIN entry e ON e.id = l.entry "
    "WHERE l.link_hash = id_hash(?1) AND e.link_key = ?1"
)


def find(reader: Reader, name: str) -> tuple[Entry, ...]:
    """The entries that a person means by a number, a published id, a guid, a link or a link's key; usually
    one.
    """
    name = name.encode("utf-8", "replace").decode()  # as a shell of another charset gives it
    if name.isdecimal() and len(name) < 19 and (numbered := by_number(reader, [int(name)])):
        return tuple(numbered.values())
    for way, values in _ways(name, urls.key(name)):
        query = f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.id IN ({way}) ORDER BY e.id LIMIT 20"
        if found := tuple(rows.entry(row) for row in reader.rows(query, values)):
            return found
    return ()


def _ways(name: str, link_key: str | None) -> Iterator[tuple[str, Values]]:
    """Queries for what a name may be, the most certain first. Each goes by an index, or looks at few."""
    yield f"SELECT {rows.entry_of('?1')}", (name,)
    yield f"{_OF_KEY} UNION ALL {_OF_LONGER_KEY}", (name,)
    if link_key is not None:
        yield f"{_OF_LINK_KEY} AND e.link = ?2", (link_key, name)
    elif "://" in name:  # a home page identifies no item, but may be all that one has
        yield "SELECT id FROM entry WHERE link_key IS NULL AND link = ?", (name,)
    yield _OF_LINK_KEY, (name,)
    yield _OF_LINK_KEY, (link_key,)


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
    if match is not None and newest_first:
        yield from _newest_matching(reader, match)
        return
    order = "DESC" if newest_first else "ASC"
    narrowed = (
        "AND e.id IN (SELECT rowid FROM entry_fts WHERE entry_fts MATCH ?)" if match is not None else ""
    )
    found = reader.stream(
        f"SELECT {rows.SELECT_ENTRY}, m.level FROM entry e LEFT JOIN member m ON m.entry = e.id WHERE e.kept "
        f"= 1 {narrowed} "
        f"ORDER BY e.published {order}, e.public_id {order}",
        () if match is None else (match,),
    )
    for row in found:
        yield rows.entry(row), row[rows.WIDTH]


FEW = 1000  # matches that are put in order as a whole
_TOGETHER = 50  # entries that are loaded at a time
_FIRST, _FURTHER, _MOST = 500, 4, 32_000  # entries looked at first, how many times as many then, and at most


def _newest_matching(reader: Reader, match: str) -> Iterator[tuple[Entry, str | None]]:
    """The newest ones first, and only as many loaded as are taken: a common word matches a third of the
    store.
    """
    some = reader.column("SELECT rowid FROM entry_fts WHERE entry_fts MATCH ? LIMIT ?", (match, FEW + 1))
    if len(some) <= FEW:
        yield from _loaded(reader, some)
        return
    for portion in _newest(reader):
        found = set(
            reader.column(
                "SELECT rowid FROM entry_fts WHERE entry_fts MATCH ? AND rowid BETWEEN ? AND ?",
                (match, min(portion), max(portion)),
            )
        )
        yield from _loaded(reader, [number for number in portion if number in found])


def _newest(reader: Reader) -> Iterator[list[int]]:
    """All entries, newest first, in portions that grow; by an index alone. What was published in one second
    is in one portion: which of it is the newest the index does not know.
    """
    least = (
        "SELECT min(published) FROM "
        "(SELECT published FROM entry WHERE published < ? ORDER BY published DESC LIMIT ?)"
    )
    before, size = 1 << 62, _FIRST
    while (since := reader.value(least, (before, size))) is not None:
        yield reader.column("SELECT id FROM entry WHERE published >= ? AND published < ?", (since, before))
        before, size = since, min(size * _FURTHER, _MOST)


def _loaded(reader: Reader, numbers: Sequence[int]) -> Iterator[tuple[Entry, str | None]]:
    """The kept ones among these, newest first."""
    order = (
        "SELECT id FROM entry WHERE id IN (SELECT value FROM json_each(?)) ORDER BY published DESC, "
        "public_id DESC"
    )
    ordered = reader.column(order, (rows.dump(numbers),))
    for part in batches(ordered, _TOGETHER):
        query = (
            f"SELECT {rows.SELECT_ENTRY}, m.level FROM entry e LEFT JOIN member m ON m.entry = e.id WHERE "
            "e.kept = 1 AND e.id"
        )
        found = {row[0]: (rows.entry(row), row[rows.WIDTH]) for row in reader.chosen(query, part)}
        yield from (found[number] for number in part if number in found)


def dump(reader: Reader) -> Iterator[tuple[Entry, str | None, str | None, str | None, tuple[str, ...]]]:
    """(entry, story id, event id, level, topics in effect) of every kept entry, oldest first."""
    found = reader.stream(
        f"SELECT {rows.SELECT_ENTRY}, s.public_id, v.public_id, m.level, "
        "(SELECT group_concat(topic, ' ') FROM "
        "(SELECT topic FROM in_topics WHERE story = s.id ORDER BY topic)) "
        "FROM entry e LEFT JOIN member m ON m.entry = e.id LEFT JOIN story s ON s.id = m.story LEFT JOIN "
        "event v ON v.id = s.event "
        "WHERE e.kept = 1 ORDER BY e.published, e.public_id"
    )
    for row in found:
        story, event, level, topics = row[rows.WIDTH :]
        yield rows.entry(row), story, event, level, tuple((topics or "").split())


def said(reader: Reader, number: int) -> str:
    """An entry with every element as its source gave it, as JSON. `number`: of one that is stored."""
    query = (
        "SELECT r.packed, e.title, e.link, e.content FROM raw r JOIN entry e ON e.id = r.entry "
        "WHERE r.entry = ?"
    )
    return raw.unpacked(*reader.one(query, (number,)))


def counts(reader: Reader) -> dict[str, int]:
    """How many entries, stories and events are stored."""
    return {
        table: int(reader.value(f"SELECT count(*) FROM {table}")) for table in ("entry", "story", "event")
    }
