"""What a source says of everything: its own frame and subject tell nothing of which of its stories is which.

In: the stories that a source told last. Out: the terms that many of them hold. Start reading at `Usual.of`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from aggregator.fold.cache import FoldCache
from aggregator.fold.coming import Coming
from aggregator.store import Reader, members

# words that this share of the stories hold that it told last, of so many at most, and so many at least
USUAL, RECENT, TELLS = 0.5, 30, 8


class Usual:
    """Of the sources of one batch, each counted when it is first asked for."""

    def __init__(self, reader: Reader, memory: FoldCache, coming: Coming, placed: Mapping[int, int]) -> None:
        """`placed`: entry → story, of this batch; it grows."""
        self._reader, self._memory, self._coming, self._placed = reader, memory, coming, placed
        self._known: dict[str, frozenset[str]] = {}

    def of(self, source: str) -> frozenset[str]:
        """Terms that so many of its stories hold that they tell none from another: `analyst`, `target`,
        `outperform` of a ticker of ratings.
        """
        known = self._known.get(source)
        if known is None:
            told = self._told_lately(source)
            held = Counter(chain.from_iterable(told)) if len(told) >= TELLS else Counter[str]()
            known = frozenset(term for term, number in held.items() if number >= USUAL * len(told))
            self._known[source] = known
        return known

    def _told_lately(self, source: str) -> list[Iterable[str]]:
        """Terms of each of its newest stories, those of this batch among them."""
        told: list[Iterable[str]] = [one.counts for one in self._coming.by_source[source][-RECENT:]]
        newest = members.newest_of_source(self._reader, source, RECENT)
        here = set(self._placed.values())  # once these are written they are counted already
        before = [story for story in newest if story not in here][: RECENT - len(told)]
        return [*told, *(point.vector for point in self._memory.points_of(before).values())]
