"""What the user said of entries, as the fold heeds it.

In: overrides, and where the entries that they name are stored. Out: what stays apart, what stays together.
Start reading at `Overrides`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aggregator.fold import levels
from aggregator.fold.cache import LARGE
from aggregator.fold.merging import ByHand, Pair, pair
from aggregator.store import Reader, members, overrides
from aggregator.store.members import PendingEntry

Join = tuple[str, str, str]
"""Published ids of two entries, and the level at which they are one."""


class Overrides:
    """Of all entries, those that are not folded yet among them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        said = overrides.overrides(reader)
        self._splits = {(one.a, one.b): one.level for one in said if one.kind == "split"}
        self._joins = _joins(said)

    @property
    def has_splits(self) -> bool:
        """Whether the user split anything."""
        return bool(self._splits)

    def keeps_apart(self, entry: str, story: str) -> bool:
        """Whether the user split this entry out of this story; both by their published ids."""
        return self._splits.get((entry, story)) not in (None, levels.EVENT.name)

    def joins(self, batch: Iterable[PendingEntry]) -> Iterator[Join]:
        """Those of these entries."""
        for entry in batch:
            for other, level in self._joins.get(entry.public_id, ()):
                yield entry.public_id, other, level

    def of_events(self) -> ByHand:
        """As far as it is of entries that are folded: pairs of stories."""
        apart, together = set[Pair](), set[Pair]()
        for (a, b), level in self._splits.items():
            if level == levels.EVENT.name and (both := self._both(a, b)):
                # From all that are in that event now: none may leave it for the one that was split off.
                others = members.newest_of_event(self._reader, both[1].event, LARGE)
                apart |= {pair(both[0].story, other) for other in others if other != both[0].story}
        for a, b in self._joined_events():
            if both := self._both(a, b):
                together.add(pair(both[0].story, both[1].story))
        return ByHand(frozenset(apart), frozenset(together))

    def _joined_events(self) -> set[tuple[str, str]]:
        """Published ids of two entries, each pair once."""
        joined = (
            (a, b) for a, said in self._joins.items() for b, level in said if level == levels.EVENT.name
        )
        return {(min(a, b), max(a, b)) for a, b in joined}

    def _both(self, a: str, b: str) -> tuple[members.Placed, members.Placed] | None:
        one, other = members.placed(self._reader, a), members.placed(self._reader, b)
        return None if one is None or other is None else (one, other)


def _joins(said: Sequence[overrides.Override]) -> dict[str, list[tuple[str, str]]]:
    """Published id of an entry → (that of another which the user joined with it, at which level)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in said:
        if one.kind == "join":
            found.setdefault(one.a, []).append((one.b, one.level))
            found.setdefault(one.b, []).append((one.a, one.level))
    return found
