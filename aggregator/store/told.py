"""By how many independent sources events are told, and how many each topic asks for: together they say in
whose feeds a story stands (view `in_topics`). SQL only; `edition.independent` counts, `cycle.told` says when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aggregator.store import rows
from aggregator.store.base import Reader, Store
from aggregator.store.lookup import numbers_of
from aggregator.store.unpublished import OF_EVENTS

Telling = tuple[int, str, bool]
"""(story, source, whether the entry itself says who else tells it, or from whom it was taken)"""


def to_count(reader: Reader) -> list[int]:
    """Of the events that are to be printed anew those that more than one source may tell, or were told by
    more. Of nearly all the indexes alone say that it is one story, of an entry that reports nobody else.
    """
    several = "v.told <> 1 OR (SELECT count(*) FROM story s WHERE s.event = v.id) > 1"
    return reader.column(
        "SELECT v.id FROM dirty d CROSS JOIN event v ON v.id = CAST(substr(d.edition, 7) AS INTEGER) "
        f"WHERE {OF_EVENTS} AND ({several}{_OR_REPORTS if _any_reports(reader) else ''})"
    )


_OR_REPORTS = (
    " OR EXISTS (SELECT 1 FROM story s CROSS JOIN member m ON m.story = s.id "
    f"CROSS JOIN entry e INDEXED BY entry_reporting ON {rows.REPORTS_OTHERS} AND e.id = m.entry "
    "WHERE s.event = v.id)"
)


def _any_reports(reader: Reader) -> bool:
    """Whether anybody does; most people read no aggregators."""
    query = "SELECT 1 FROM entry e INDEXED BY entry_reporting WHERE e.id > 0 AND {} LIMIT 1"
    return reader.row(query.format(rows.REPORTS_OTHERS)) is not None


def tellings(reader: Reader, events: Iterable[int]) -> dict[int, list[Telling]]:
    """Event → of each entry that tells it what says by whom it is told, without its text."""
    query = (
        f"SELECT s.event, s.id, e.source, ({rows.REPORTS_OTHERS}) + ({rows.IS_TAKEN}) FROM story s "
        "CROSS JOIN member m ON m.story = s.id CROSS JOIN entry e ON e.id = m.entry WHERE s.event"
    )
    found: dict[int, list[Telling]] = {}
    for event, story, source, says_more in reader.chosen(query, events):
        found.setdefault(event, []).append((story, source, bool(says_more)))
    return found


def hidden_stories(reader: Reader) -> set[int]:
    """Those that the user hid by any of their entries."""
    hidden = reader.column("SELECT DISTINCT a FROM override WHERE kind = 'hide'")
    entries = numbers_of(reader, hidden)
    return {story for (story,) in reader.chosen("SELECT story FROM member WHERE entry", entries.values())}


def note(store: Store, told: Mapping[int, int]) -> None:
    """Event → how many tell it; nothing is written where that is known."""
    known: dict[int, int] = dict(store.chosen("SELECT id, told FROM event WHERE id", told))
    changed = [(told[event], event) for event, before in known.items() if told[event] != before]
    if changed:
        with store.transaction() as writer:
            writer.run_many("UPDATE event SET told = ? WHERE id = ?", changed)


def note_topics(store: Store, least: Mapping[str, int]) -> None:
    """Topic → how many sources it asks for: all topics that there are. Nothing is written where that is
    known.
    """
    if least_of_topics(store) == least:
        return
    with store.transaction() as writer:
        writer.run("DELETE FROM topic")
        writer.run_many("INSERT INTO topic VALUES (?, ?)", sorted(least.items()))


def least_of_topics(reader: Reader) -> dict[str, int]:
    """Topic → how many sources it asks for, as a cycle knew it last."""
    return dict(reader.rows("SELECT id, min_sources FROM topic"))
