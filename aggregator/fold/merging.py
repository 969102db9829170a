"""Stories into events: what new stories touch is dissolved and clustered again from single stories, best
first.

Pure. Merging best first is good where everything is there at once. What comes in small cycles would be merged
in the order in which it came: a story joins an event that is a little alike, and an hour later one comes that
it belongs with. Clustering again what a new story touches gives nearly the events of a single large cycle,
for about one story of before for each new one.

In: `Point`s, the pairs of them that are alike enough to be worth a look (edges), and what the user said.
Out: `Group`s. Start reading at `groups`; `placed` says which event each group is.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from aggregator import cluster
from aggregator.cluster import Point, linkage
from aggregator.dedupe import Case
from aggregator.records import dataclass

APART = 0.1  # of the pairs of two events: if so many are two cases for sure, so are the events
Pair = tuple[int, int]
"""Two stories (or two clusters while they grow), the smaller number first."""


def pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def _never(a: int, b: int) -> Case:
    return Case.NO


class Probabilities:
    """How sure it is that two stories tell one happening, each pair computed once.

    `another_case` says of two stories whether they are two cases of one template (the weather of two towns,
    the results of two companies); these never tell one happening. It is asked only where they are so alike
    that it matters.
    """

    def __init__(
        self,
        points: Mapping[int, Point],
        window: int,
        another_case: Callable[[int, int], Case] | None = None,
    ) -> None:
        self._points, self._window = points, window
        self._another_case = another_case or _never
        self._known: dict[Pair, float] = {}
        self._cases: dict[int, set[int]] = {}  # story → those that are another case for sure

    def close(self) -> None:
        """Nothing more is asked. What is known may refer to who asks: no collector looks for such circles."""
        self._another_case = _never
        self._known.clear()

    def between(self, a: int, b: int) -> float:
        key = pair(a, b)
        value = self._known.get(key)
        if value is None:
            value = self._known[key] = self._computed(*key)
        return value

    def _computed(self, a: int, b: int) -> float:
        one, other = self._points[a], self._points[b]
        if abs(one.at - other.at) > self._window:
            return 0.0
        value = cluster.probability(one, other)
        case = self._another_case(a, b) if value >= cluster.THRESHOLD else Case.NO
        if case is Case.SURE:
            self._cases.setdefault(a, set()).add(b)
            self._cases.setdefault(b, set()).add(a)
        if case is Case.DOUBTED:
            return cluster.doubted(value)
        return value if case is Case.NO else 0.0

    def cases(self, ours: Iterable[int], theirs: Sequence[int]) -> int:
        """How many pairs of one of ours with one of theirs are two cases for sure, as far as it is known."""
        known = self._cases
        return sum(len(known[story].intersection(theirs)) for story in ours if story in known) if known else 0

    def source(self, story: int) -> str | int:
        """What tells who told it; a story of an unknown source has one to itself."""
        return self._points[story].source or story

    def total(self, ours: Iterable[int], theirs: Sequence[int]) -> float:
        """Of all pairs of one of ours with one of theirs."""
        return sum(self.between(a, b) for a in ours for b in theirs)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What the user said: pairs of stories that stay apart, and such that stay together."""

    apart: frozenset[Pair] = frozenset()
    together: frozenset[Pair] = frozenset()


_NOTHING_SAID = ByHand()


@dataclass(frozen=True, slots=True)
class Member:
    """A story of an event: the one it is nearest to, how sure that pair is, and all its pairs on average."""

    story: int
    nearest: int | None = None  # None: alone
    closest: float = 0.0
    average: float = 0.0

    @property
    def likeness(self) -> float:
        """How sure it is that the story belongs there, 0 to 1."""
        return linkage(self.closest, self.average, 1, 1, 2)


@dataclass(frozen=True, slots=True)
class Group:
    """An event: its stories, oldest first."""

    members: tuple[Member, ...]

    @property
    def stories(self) -> tuple[int, ...]:
        return tuple(member.story for member in self.members)


@dataclass(slots=True)
class _Link:
    """Of two clusters: the closest pair known, and the sum over all pairs where it is known."""

    closest: float
    total: float | None = None


class _Clustering:
    """Agglomerative, best first. A cluster has the number of the story that began it."""

    def __init__(
        self, stories: Sequence[int], edges: Iterable[Pair], probabilities: Probabilities, by_hand: ByHand
    ) -> None:
        self._probabilities = probabilities
        self._members: dict[int, list[int]] = {story: [story] for story in stories}
        self._sources = {story: {probabilities.source(story)} for story in stories}
        self._links: dict[int, dict[int, _Link]] = {story: {} for story in stories}
        self._apart: dict[int, set[int]] = {story: set() for story in stories}
        self._changes = dict.fromkeys(stories, 0)  # what was computed before the last one is out of date
        self._heap: list[tuple[float, int, int, int, int]] = []
        self._keep_apart(by_hand.apart)
        self._link(edges)
        self._join(by_hand.together)
        self._push_all()

    def _push_all(self) -> None:
        for a, around in self._links.items():
            for b in around:
                if a < b:
                    self._push(a, b)

    def _link(self, edges: Iterable[Pair]) -> None:
        """Pairs that are one event by themselves."""
        for a, b in edges:
            likeness = self._probabilities.between(a, b)
            if likeness >= cluster.THRESHOLD:
                self._links[a][b] = self._links[b][a] = _Link(likeness, likeness)

    def _keep_apart(self, pairs: Iterable[Pair]) -> None:
        for a, b in pairs:
            if a in self._apart and b in self._apart:
                self._apart[a].add(b)
                self._apart[b].add(a)

    def run(self) -> list[list[int]]:
        while self._heap:
            _, a, b, changes_a, changes_b = heapq.heappop(self._heap)
            if self._changes.get(a) == changes_a and self._changes.get(b) == changes_b:
                self._merge(a, b)
                for other in self._links[a]:
                    self._push(a, other)
        return list(self._members.values())

    def _join(self, together: Iterable[Pair]) -> None:
        """What the user joined is one cluster from the beginning."""
        cluster_of = {story: story for story in self._members}
        for a, b in sorted(together):
            if a in cluster_of and b in cluster_of:
                kept, gone = pair(cluster_of[a], cluster_of[b])
                if kept != gone:
                    cluster_of.update(dict.fromkeys(self._members[gone], kept))
                    self._merge(kept, gone)

    def _push(self, a: int, b: int) -> None:
        if b in self._apart[a]:
            return
        a, b = pair(a, b)
        score = self._linkage(a, b)
        if score >= cluster.THRESHOLD:
            heapq.heappush(self._heap, (-score, a, b, self._changes[a], self._changes[b]))

    def _linkage(self, a: int, b: int) -> float:
        ours, theirs, link = self._members[a], self._members[b], self._links[a][b]
        sizes = len(ours), len(theirs), len(self._sources[a] | self._sources[b])
        if linkage(link.closest, link.closest, *sizes) < cluster.THRESHOLD:
            return 0.0  # the average is never more than the closest
        if link.total is None:
            link.total = self._probabilities.total(ours, theirs)
        if APART * len(ours) * len(theirs) <= self._probabilities.cases(ours, theirs):
            return 0.0
        return linkage(link.closest, link.total / (len(ours) * len(theirs)), *sizes)

    def _inherit_apart(self, kept: int, gone: int) -> None:
        for other in self._apart.pop(gone):
            self._apart[other].discard(gone)
            self._apart[other].add(kept)
            self._apart[kept].add(other)

    def _merge(self, kept: int, gone: int) -> None:
        """Everything that is near to the gone one, or kept apart from it, is so of the kept one."""
        ours, theirs = self._links[kept], self._links.pop(gone)
        ours.pop(gone, None)
        theirs.pop(kept, None)
        for other in ours.keys() | theirs.keys():
            united = _united(ours.get(other), theirs.get(other))
            self._links[other].pop(gone, None)
            ours[other] = self._links[other][kept] = united
        self._members[kept] += self._members.pop(gone)
        self._sources[kept] |= self._sources.pop(gone)
        self._inherit_apart(kept, gone)
        del self._changes[gone]
        self._changes[kept] += 1


def _united(ours: _Link | None, theirs: _Link | None) -> _Link:
    closest = max(link.closest for link in (ours, theirs) if link is not None)
    if ours is None or theirs is None or ours.total is None or theirs.total is None:
        return _Link(closest)
    return _Link(closest, ours.total + theirs.total)


def groups(
    points: Mapping[int, Point],
    edges: Iterable[Pair],
    probabilities: Probabilities,
    by_hand: ByHand = _NOTHING_SAID,
) -> list[Group]:
    """Events of these stories, the oldest first. The same whatever the order in which they are given."""
    order = sorted(points, key=lambda story: (points[story].at, story))
    clustered = _Clustering(order, sorted(edges), probabilities, by_hand).run()
    rank = {story: place for place, story in enumerate(order)}
    parts = sorted((sorted(part, key=rank.__getitem__) for part in clustered), key=lambda part: rank[part[0]])
    return [Group(tuple(_members(part, probabilities))) for part in parts]


def _members(stories: Sequence[int], probabilities: Probabilities) -> Iterable[Member]:
    for story in stories:
        others = [other for other in stories if other != story]
        if not others:
            yield Member(story)
            continue
        sure = [probabilities.between(story, other) for other in others]
        closest = max(sure)
        yield Member(story, others[sure.index(closest)], closest, sum(sure) / len(sure))


@dataclass(frozen=True, slots=True)
class Placed:
    """Which event each group is (None: a new one), and for each event that is gone the place of the group
    that stands for it.
    """

    events: tuple[int | None, ...]
    gone: Mapping[int, int]


def _shares(place_of: Mapping[int, int], before: Mapping[int, int]) -> dict[int, Counter[int]]:
    """Event → place of a group → how many of its stories are there."""
    shares: dict[int, Counter[int]] = {}
    for story, place in place_of.items():
        shares.setdefault(before[story], Counter())[place] += 1
    return shares


def _claims(
    found: Sequence[Group], before: Mapping[int, int], founders: Mapping[int, int]
) -> dict[int, list[int]]:
    """Place of a group → the events that go there: each with its founder, or with most of its stories."""
    place_of = {story: place for place, group in enumerate(found) for story in group.stories}
    claims: dict[int, list[int]] = {}
    for event, counts in _shares(place_of, before).items():
        founder = founders.get(event)
        most = max(counts, key=lambda place: (counts[place], -place))
        place = most if founder is None else place_of.get(founder, most)
        claims.setdefault(place, []).append(event)
    return claims


def placed(
    found: Sequence[Group], before: Mapping[int, int], founders: Mapping[int, int], age: Mapping[int, int]
) -> Placed:
    """Events follow their founder; one whose founder is not here, most of its stories.

    `before`: story → event; `founders`: event → story; `age`: event → when it was first told. Of several in
    one group the oldest is kept.
    """
    kept: list[int | None] = [None] * len(found)
    gone: dict[int, int] = {}
    for place, events in _claims(found, before, founders).items():
        oldest = min(events, key=lambda event: (age[event], event))
        kept[place] = oldest
        gone.update({event: place for event in events if event != oldest})
    return Placed(tuple(kept), gone)
