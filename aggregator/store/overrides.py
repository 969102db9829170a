"""The editor's word on entries: split, join, pin, hide, topic. SQL only; `cycle.overrides` carries
them out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aggregator.records import dataclass
from aggregator.store import rows
from aggregator.store.base import Reader, Writer

Features = tuple[tuple[str, str], ...]


JOINED: Features = (("yours", "join"),)  # features of a fold that the user made


@dataclass(frozen=True, slots=True)
class Override:
    """A user's word on a fold; `a` and `b` are published ids. A split keeps `a` out of the story or event
    that `b` founded.
    """

    kind: str  # "split" or "join"
    a: str
    b: str
    level: str


def overrides(reader: Reader) -> tuple[Override, ...]:
    return tuple(
        Override(*row)
        for row in reader.rows("SELECT kind, a, b, level FROM override ORDER BY at, kind, a, b")
    )


def overrides_with_titles(reader: Reader) -> list[tuple[Any, ...]]:
    """(kind, level, when, a, b, title of a, title of b, number of a, number of b), the oldest first; "" and 0
    for what is no stored entry.
    """
    of = "coalesce((SELECT {} FROM entry WHERE id = {}), {})"
    asked = [("title", "a", "''"), ("title", "b", "''"), ("id", "a", 0), ("id", "b", 0)]
    entries = ", ".join(of.format(what, rows.entry_of(name), other) for what, name, other in asked)
    return reader.rows(f"SELECT kind, level, at, a, b, {entries} FROM override ORDER BY at, kind, a, b")


def remember_override(writer: Writer, override: Override, at: int) -> None:
    writer.run(
        "INSERT OR REPLACE INTO override VALUES (?, ?, ?, ?, ?)",
        (override.kind, override.a, override.b, override.level, at),
    )


def forget_overrides(writer: Writer, kind: str, a: str, b: str | None) -> int:
    """How many there were."""
    if b is None:
        return writer.run("DELETE FROM override WHERE kind = ? AND a = ?", (kind, a))
    return writer.run(
        "DELETE FROM override WHERE kind = ?1 AND ((a = ?2 AND b = ?3) OR (a = ?3 AND b = ?2))", (kind, a, b)
    )


def retract(
    writer: Writer,
    kind: str,
    levels: Collection[str],
    ones: Collection[str],
    others: Collection[str],
) -> None:
    """Forget what the user said before, at these levels, of any of these entries with any of those."""
    doomed = [
        (word.kind, word.a, word.b)
        for word in overrides(writer)
        if word.kind == kind
        and word.level in levels
        and ((word.a in ones and word.b in others) or (word.a in others and word.b in ones))
    ]
    writer.run_many("DELETE FROM override WHERE kind = ? AND a = ? AND b = ?", doomed)


def overrides_of(reader: Reader, public_id: str) -> tuple[tuple[str, str, str], ...]:
    """The user's splits and joins of an entry: (kind, the other's published id or "", level)."""
    return tuple(
        reader.rows(
            "SELECT kind, b, level FROM override WHERE a = ?1 UNION SELECT kind, a, level FROM override "
            "WHERE b = ?1 ORDER BY 1, 2",
            (public_id,),
        )
    )
