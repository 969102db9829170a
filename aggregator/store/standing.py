"""What each source says under several titles, as learnt from its items: rows of `standing`. SQL only; `fold`
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.records import dataclass
from aggregator.store.base import Reader, Writer


@dataclass(slots=True)
class Part:
    """A sentence or a title's tail of a source, the first items that had it, and whether it stands."""

    first: int
    second: int | None = None  # where one more is needed to tell
    stands: bool = False


def stands(reader: Reader, source: str) -> set[int]:
    """The parts of this source that stand."""
    return set(reader.column("SELECT part FROM standing WHERE source = ? AND stands = 1", (source,)))


def parts(reader: Reader, source: str, wanted: Iterable[int]) -> dict[int, Part]:
    """Those of these parts of a source that were seen before."""
    query = "SELECT part, first, second, stands FROM standing WHERE source = ? AND part"
    return {
        part: Part(first, second, bool(known))
        for part, first, second, known in reader.chosen(query, wanted, source)
    }


def remember(writer: Writer, found: Iterable[tuple[str, int, Part]]) -> None:
    """(source, hash of the part, what is known of it) of parts that were met."""
    writer.run_many(
        "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?)",
        sorted((source, part, seen.first, seen.second, int(seen.stands)) for source, part, seen in found),
    )


def titles(reader: Reader, entries: Sequence[int]) -> dict[int, str]:
    """Of these entries, as far as they are still stored."""
    return dict(reader.chosen("SELECT id, title FROM entry WHERE id", entries))


def forget(writer: Writer) -> None:
    """What was seen in items that are gone; what stands goes with its source."""
    writer.run("DELETE FROM standing WHERE stands = 0 AND first NOT IN (SELECT id FROM entry)")
    # Who tells an entry may be a feed that its source took it from.
    writer.run(
        "DELETE FROM standing WHERE source NOT IN (SELECT source FROM entry) AND first NOT IN (SELECT id "
        "FROM entry)"
    )
