"""Which archive document (RFC 5005) of an edition holds what. SQL only; `cycle.archives` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aggregator.model import Story
from aggregator.store import rows
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.rows import id_hash
from aggregator.store.stories import stories


def archived(reader: Reader, edition: str, ids: Iterable[str], least: int = 0) -> set[str]:
    """Those of these published ids that an archive document of this number or a later one holds."""
    hashes = {public_id: id_hash(public_id) for public_id in ids}
    query = "SELECT public_id FROM archived WHERE +edition = ? AND +number >= ? AND id_hash"
    found = reader.chosen(query, sorted(set(hashes.values())), edition, least)
    return {public_id for (public_id,) in found if public_id in hashes}


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
        before = archived(writer, edition, places)
        writer.run_many(
            "INSERT INTO archived VALUES (?, ?, ?, ?, ?)",
            [
                (edition, item, id_hash(item), number, start + 1 + position)
                for position, (item, number) in enumerate(places.items())
                if item not in before
            ],
        )


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
    of_topic = () if topic is None else (topic,)
    if not by_entry:
        _mark(store, topic, edition, until)
    number, items = _where_to_look(topic, by_entry)
    hashed = "id_hash(t.public_id)" if by_entry else "t.id_hash"
    query = (
        f"SELECT {number}, t.published, t.public_id FROM {items} "
        "WHERE t.published BETWEEN ? AND ? AND (t.published, t.public_id) > (?, ?) AND NOT EXISTS "
        f"(SELECT 1 FROM archived a WHERE a.id_hash = {hashed} AND a.public_id = t.public_id "
        "AND +a.edition = ?) "
        "ORDER BY t.published, t.public_id LIMIT ?"
    )
    after = (0, "")
    while found := store.rows(query, (*of_topic, after[0], until, *after, edition, batch)):
        after = found[-1][1], found[-1][2]
        yield stories(store, list(dict.fromkeys(row[0] for row in found)))


def _mark(store: Store, topic: str | None, edition: str, until: int) -> None:
    """On the row of what is archived. What is newer than `until` is in the feed, and nearly never archived:
    it is looked at when it leaves.
    """
    table, narrowed, story = ("story", "", "id") if topic is None else ("label", "topic = ? AND ", "story")
    narrow = () if topic is None else (topic,)
    query = (
        f"UPDATE {table} INDEXED BY {table}_unarchived SET archived = 1 WHERE {narrowed}archived = 0 "
        "AND published <= ? AND EXISTS (SELECT 1 FROM story s "
        "CROSS JOIN archived a ON a.id_hash = s.id_hash AND a.public_id = s.public_id "
        f"WHERE s.id = {table}.{story} AND +a.edition = ?)"
    )
    with store.transaction() as writer:
        writer.run(query, (*narrow, until, edition))


def _where_to_look(topic: str | None, by_entry: bool) -> tuple[str, str]:
    """(the number of a story, the table `t` of what may be an item)."""
    if by_entry:
        of_topic = "" if topic is None else " JOIN label l ON l.story = m.story AND l.topic = ?"
        return "m.story", f"entry t JOIN member m ON m.entry = t.id{of_topic}"
    if topic is not None:
        of_label = (
            "(SELECT s.id, l.published, s.public_id, s.id_hash FROM label l "
            "CROSS JOIN story s ON s.id = l.story WHERE l.topic = ? AND l.archived = 0) t"
        )
        return "t.id", of_label
    return "t.id", "(SELECT * FROM story WHERE archived = 0) t"


def unprinted(edition: str) -> str:
    """Under this name the store keeps the first archive document of an edition that is not on disk as it
    should be, until it is (R4).
    """
    return f"archive {edition}"


def pages_to_make(reader: Reader, edition: str) -> set[int]:
    """Numbers of complete documents that hold what was edited since: they stay, their pages don't."""
    return set(rows.load(reader.meta(_edited(edition)) or "[]"))


def all_is_printed(store: Store, edition: str) -> None:
    for name in (unprinted(edition), _edited(edition)):
        if store.meta(name):
            store.set_meta(name, "")


def _edited(edition: str) -> str:
    return f"edited {edition}"


def is_edited(writer: Writer, entry: int) -> None:
    """What shows this entry, under whichever of its names, is made again, but for complete documents."""
    names = writer.row(
        "SELECT e.public_id, s.public_id, v.public_id FROM entry e JOIN member m ON m.entry = e.id "
        "JOIN story s ON s.id = m.story JOIN event v ON v.id = s.event WHERE e.id = ?",
        (entry,),
    )
    for public_id in dict.fromkeys(names or ()):
        for edition, number in _holding(writer, public_id):
            if number == archives(writer, edition):
                _print_again(writer, edition, number)
            elif number:
                known = pages_to_make(writer, edition)
                writer.set_meta(_edited(edition), rows.dump(sorted({*known, number})))


def is_told_again(writer: Writer, public_id: str) -> None:
    """No edition is done with it any more because it was told within another item; an archive document that
    holds it and still grows is printed anew.
    """
    values = id_hash(public_id), public_id
    writer.run("DELETE FROM archived WHERE id_hash = ? AND public_id = ? AND number = 0", values)
    for edition, number in _holding(writer, public_id):
        if number == archives(writer, edition):
            _print_again(writer, edition, number)


def _holding(reader: Reader, public_id: str) -> list[tuple[str, int]]:
    """(edition, number) of the documents that hold an item."""
    query = "SELECT edition, number FROM archived WHERE id_hash = ? AND public_id = ?"
    return reader.rows(query, (id_hash(public_id), public_id))


def _print_again(writer: Writer, edition: str, newest: int) -> None:
    """The document that still grows."""
    writer.run(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value = ''",
        (unprinted(edition), str(newest)),
    )
