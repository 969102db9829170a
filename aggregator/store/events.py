"""Events in the store: merged, taken apart, left by a story, and what binds them. SQL only; `fold`
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.model import Entry, Reason
from aggregator.store import rows
from aggregator.store.archives import is_told_again
from aggregator.store.base import Reader, Writer
from aggregator.store.members import drop_empty, events_of, forget_words_of, founded, touch
from aggregator.store.overrides import Features
from aggregator.store.rows import id_hash
from aggregator.store.unpublished import mark_event, mark_events


def founders(reader: Reader, events: Iterable[int]) -> dict[int, tuple[int | None, int]]:
    """Event → (the story that founded it, None where that is gone; when the event was first told)."""
    query = (
        "SELECT v.id, s.id, v.published FROM event v "
        "LEFT JOIN story s ON s.id_hash = v.id_hash AND s.public_id = v.public_id WHERE v.id"
    )
    return {event: (story, at) for event, story, at in reader.chosen(query, events)}


def merge_events(writer: Writer, found: Iterable[tuple[int, int, Reason]]) -> None:
    """(kept, gone, why), in order. The older id stays, the other becomes an alias of it; the entry that
    founded the gone one says why.
    """
    merges = list(found)
    touched = {event for kept, gone, _ in merges for event in (kept, gone)}
    names = names_of(writer, touched)
    mark_events(writer, sorted(touched))
    pairs = [(kept, gone) for kept, gone, _ in merges]
    writer.run_many("UPDATE story SET event = ?, labelled = 0 WHERE event = ?", pairs)
    writer.run_many(
        "UPDATE event SET changed = max(changed, (SELECT changed FROM event WHERE id = ?2)) WHERE id = ?1",
        pairs,
    )
    writer.run_many("DELETE FROM event WHERE id = ?", [(gone,) for _, gone in pairs])
    _redirect(writer, [(names[kept], names[gone]) for kept, gone in pairs])
    record_reasons(writer, [(names[gone], why) for _, gone, why in merges])


def _redirect(writer: Writer, found: Sequence[tuple[str, str]]) -> None:
    """(kept, gone), in order: published ids. Those that led to a gone one lead on."""
    # ids that were merged away once and stand again
    writer.run_many("DELETE FROM alias WHERE public_id = ?", [(kept,) for kept, _ in found])
    writer.run_many("INSERT OR REPLACE INTO alias VALUES (?, ?)", [(gone, kept) for kept, gone in found])
    writer.run_many("UPDATE alias SET now = ? WHERE now = ?", found)


def record_reasons(writer: Writer, found: Iterable[tuple[str, Reason]]) -> None:
    """The entries with these published ids, which found stories, say why those are in their event. The one
    that founded the event says how sure it is, with no level. A fold by item or text says more and stays.
    """
    writer.run_many(
        "UPDATE member SET level = ?, against = ?, score = ?, threshold = ?, features = ? "
        f"WHERE (level IS NULL OR level = 'event') AND entry = {rows.entry_of('?6')}",
        [
            (why.level, why.against, why.score, why.threshold, rows.dump(why.features), name)
            for name, why in found
        ],
    )


def stand(writer: Writer, story: int, features: Features) -> int:
    """A story that was in an event of others as the founder of one, to which others may follow."""
    event = _found(
        writer,
        *writer.one("SELECT public_id, published, changed FROM story WHERE id = ?", (story,)),
    )
    writer.run(
        "UPDATE member SET level = NULL, against = NULL, score = 0, threshold = 0, features = ? WHERE story "
        "= ? AND level = 'event'",
        (rows.dump(features), story),
    )
    return event


def _found(writer: Writer, public_id: str, published: int, changed: int) -> int:
    """An event of its own for what was told within another one; the one with this published id, if that still
    stands.
    """
    known = founded(writer, "event", [public_id])
    if known:
        return known[public_id]
    writer.run("DELETE FROM alias WHERE public_id = ?", (public_id,))
    is_told_again(writer, public_id)
    event = writer.insert(
        "INSERT INTO event (public_id, id_hash, published, changed) VALUES (?, ?, ?, ?)",
        (public_id, id_hash(public_id), published, changed),
    )
    return event


def move_stories(writer: Writer, stories: Sequence[int], event: int) -> None:
    """Into this event; ids that were merged away with them lead there too."""
    mark_events(writer, sorted(set(events_of(writer, stories).values())))
    writer.run_many(
        "UPDATE story SET event = ?, labelled = 0, archived = 0 WHERE id = ?",
        [(event, story) for story in stories],
    )
    writer.run_many("UPDATE label SET archived = 0 WHERE story = ?", [(story,) for story in stories])
    writer.run(
        "UPDATE event SET changed = max(changed, (SELECT max(changed) FROM story WHERE event = ?1)) WHERE id "
        "= ?1",
        (event,),
    )
    writer.run_many(
        "UPDATE alias SET now = (SELECT public_id FROM event WHERE id = ?) WHERE public_id = (SELECT "
        "public_id FROM story WHERE id = ?)",
        [(event, story) for story in stories],
    )
    mark_event(writer, event)


def headline(reader: Reader, event: int) -> str:
    """Of the entry that founded it, or its published id where that is gone."""
    row = reader.one(
        "SELECT e.title, v.public_id FROM event v "
        f"LEFT JOIN entry e ON e.id = {rows.entry_of('v.public_id', 'v.id_hash')} WHERE v.id = ?",
        (event,),
    )
    return f"“{row[0]}”" if row[0] else str(row[1])


def names_of(reader: Reader, events: Iterable[int]) -> dict[int, str]:
    """Event → its published id."""
    return dict(reader.chosen("SELECT id, public_id FROM event WHERE id", events))


def take_out(writer: Writer, entry: Entry) -> tuple[int, int]:
    """The entry as a story of its own: (story, event). What it founded stays with the others under its old
    name's successor.
    """
    row = writer.one(
        "SELECT m.story, s.event, s.public_id FROM member m JOIN story s ON s.id = m.story WHERE m.entry = ?",
        (entry.id,),
    )
    mark_event(writer, row[1])
    forget_words_of(writer, [entry.id])
    writer.run("DELETE FROM member WHERE entry = ?", (entry.id,))
    drop_empty(writer, [row[0]])
    event = _found(writer, entry.public_id, entry.published or 0, entry.changed)
    return _alone(writer, entry, event), event


def _alone(writer: Writer, entry: Entry, event: int) -> int:
    """A new story of an entry that was in another one."""
    values = (entry.public_id, id_hash(entry.public_id), event, entry.published, entry.changed)
    story = writer.insert(
        "INSERT INTO story (public_id, id_hash, event, published, changed) VALUES (?, ?, ?, ?, ?)", values
    )
    writer.run(
        "INSERT INTO member (entry, story, features) VALUES (?, ?, ?)",
        (entry.id, story, rows.dump([("yours", "split")])),
    )
    touch(writer, [(entry.changed, story)])
    return story


def leave_event(writer: Writer, story: int) -> int:
    """A story as an event of its own (a user's `split`)."""
    event = stand(writer, story, (("yours", "split"),))
    move_stories(writer, [story], event)
    return event
