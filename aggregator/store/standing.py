"""What each source says under several titles, as learnt from its items: rows of `standing`. SQL only; `fold`
decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.store.lookup import chosen


@dataclass(slots=True)
class Part:
    """A sentence or a title's tail of a source, the first items that had it, and whether it stands."""

    first: int
    second: int | None = None  # where one more is needed to tell
    stands: bool = False


def stands(conn: sqlite3.Connection, source: str) -> set[int]:
    """The parts of this source that stand."""
    return {
        row[0] for row in conn.execute("SELECT part FROM standing WHERE source = ? AND stands = 1", (source,))
    }


def parts(conn: sqlite3.Connection, source: str, wanted: Iterable[int]) -> dict[int, Part]:
    """Those of these parts of a source that were seen before."""
    query = "SELECT part, first, second, stands FROM standing WHERE source = ? AND part"
    return {
        part: Part(first, second, bool(known))
        for part, first, second, known in chosen(conn, query, wanted, source)
    }


def remember(conn: sqlite3.Connection, found: Iterable[tuple[str, int, Part]]) -> None:
    """(source, hash of the part, what is known of it) of parts that were met."""
    conn.executemany(
        "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?)",
        sorted((source, part, seen.first, seen.second, int(seen.stands)) for source, part, seen in found),
    )


def titles(conn: sqlite3.Connection, entries: Sequence[int]) -> dict[int, str]:
    """Of these entries, as far as they are still stored."""
    return dict(chosen(conn, "SELECT id, title FROM entry WHERE id", entries))


def forget(conn: sqlite3.Connection) -> None:
    """What was seen in items that are gone; what stands goes with its source."""
    conn.execute("DELETE FROM standing WHERE stands = 0 AND first NOT IN (SELECT id FROM entry)")
    conn.execute("DELETE FROM standing WHERE source NOT IN (SELECT source FROM entry)")
