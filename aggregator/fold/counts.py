"""In how many events each term is, as a batch changes it: once an event, however many of its stories hold it.

In: new events, and events that were clustered again. Out: term → in how many more it is. Start reading at
`EventCounts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from aggregator.cluster import Point
from aggregator.fold.merging import Group


class EventCounts:
    """What a batch adds to the document frequencies."""

    def __init__(self) -> None:
        self._founders: list[Iterable[str]] = []  # terms of new events
        self._regrouped = Counter[str]()  # terms of events that were clustered again: in how many more
        self._known: set[str] = set()  # terms that find a story, in whatever event

    def found(self, terms: Iterable[str]) -> None:
        """A new event."""
        self._founders.append(terms)

    def know(self, terms: Iterable[str]) -> None:
        """In no more events than before; known words from now on."""
        self._known.update(terms)

    def regroup(
        self, before: Iterable[Mapping[int, Point]], after: Iterable[Group], points: Mapping[int, Point]
    ) -> None:
        """`before`: the stories of each event; `points`: of all of these."""
        for stories in before:
            self._regrouped.subtract(terms_of(stories.values()))
        for group in after:
            self._regrouped.update(terms_of(points[story] for story in group.stories))

    def more(self) -> Counter[str]:
        """Term → in how many more events."""
        counted = Counter(dict.fromkeys(self._known, 0))
        counted.update(chain.from_iterable(self._founders))
        counted.update(self._regrouped)
        return counted


def terms_of(event: Iterable[Point]) -> set[str]:
    """Each once."""
    return set(chain.from_iterable(point.vector for point in event))
