"""The same event? Vectors of stories and their likeness over time; `merging` makes events of them. Pure.

TF-IDF. How alike two events are is made of two things: the mean cosine of all their stories (exact from sum
vectors), which keeps chains of half-related stories apart, and the cosine of the two that are closest, which
finds the event that a
story belongs to although its other stories speak of something else. It decays with the time between them.

How rare a word is, is counted in events, not in stories: a word that comes fifty times within one event is
the name of that event, not
a common word. Where little was counted yet, how common it is in its language stands in (`text.vocabulary`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from aggregator.text import vocabulary

THRESHOLD = 0.24
DECAY = 20 * 3600.0  # seconds after which the likeness has fallen to 1/e
LEAST = 0.12  # cosine of two stories under which their events are not compared
CLOSEST = 0.8  # weight of the closest pair in the geometric mean with the average
COHESION = 0.25  # how far the looseness of large events is made up for: 0 not at all, 1 wholly
# Two events of several stories each are harder to merge, up to so many stories of the smaller one; a large
# one draws in others a little less.
CROWD, CROWD_POWER, LARGE_POWER = 4, 0.37, 0.05
SUMMARY = 85  # words of the body that are looked at
SUMMARY_WEIGHT = 0.5
REPEATS = 0.6  # power of a word's count
INDEX_TERMS = 14  # heaviest terms of a story by which others find it
COMMON = 0.05  # of all events: terms in more of them find nobody
PRIOR = 10_000  # events that the prior is worth
FLOOR = 0.002  # share of events that the rarest word is taken to be in
EVERYWHERE = 0.35  # share of items from which on a word says nothing

_ROUNDING = 1 - 1e-9  # what is left out for sure must not be so by the last digit

Vector = dict[str, float]

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")  # alone they say nothing: initials, "'s"


def terms(title: Sequence[str], body: Sequence[str], spoken: str) -> Vector:
    """Term → weighted count: the title once, the beginning of the body half. Both are words in order, of a
    text in this language.
    """
    stem = vocabulary.stems(spoken).__getitem__
    found = {term: SUMMARY_WEIGHT * count for term, count in Counter(map(stem, body[:SUMMARY])).items()}
    for term in map(stem, title):
        found[term] = found.get(term, 0.0) + 1.0
    for letter in _LETTERS & found.keys():
        del found[letter]
    return found


class Rarity(dict[str, float]):
    """Term → inverse frequency in events, for texts in one language; 0 for words that are everywhere. Made
    when asked for.

    `frequencies`: in how many events each term was, of `total`.
    """

    def __init__(self, frequencies: Mapping[str, int], total: int, spoken: str) -> None:
        super().__init__()
        self._frequencies, self._all = frequencies, total + PRIOR
        self._shares = vocabulary.shares(spoken)

    def __missing__(self, term: str) -> float:
        share = self._shares.get(term, vocabulary.RARE)
        value = 0.0
        if share < EVERYWHERE:
            value = max(0.0, math.log(self._all / (self._frequencies.get(term, 0) + PRIOR * (share + FLOOR))))
        self[term] = value
        return value


class _Repeats(dict[float, float]):
    """Count → its power."""

    def __missing__(self, count: float) -> float:
        self[count] = value = math.pow(count, REPEATS)
        return value


_REPEATS = _Repeats()


def weighted(counts: Mapping[str, float], rarity: Rarity) -> Vector:
    """TF-IDF of unit length."""
    powers = _REPEATS
    found = {term: powers[count] * value for term, count in counts.items() if (value := rarity[term]) > 0.0}
    square = math.fsum([weight * weight for weight in found.values()])
    if not square:
        return {}
    scale = 1 / math.sqrt(square)
    return {term: weight * scale for term, weight in found.items()}


def index_terms(vector: Vector, frequencies: Mapping[str, int], total: int) -> list[str]:
    """The heaviest terms that are not in too many events to find anybody by, heaviest first."""
    most = max(64.0, COMMON * total)
    heaviest = sorted([(-weight, term) for term, weight in vector.items()])
    usable = (term for _, term in heaviest if frequencies.get(term, 0) <= most)
    return list(islice(usable, INDEX_TERMS))


def cosine(a: Vector, b: Vector) -> float:
    """Of two vectors of unit length (the dot product, for others). The sum is exact: the order of words,
    chance in a set, must not show.
    """
    return math.fsum([a[term] * b[term] for term in a.keys() & b.keys()])


@dataclass(slots=True)
class Cluster:
    """An event while it is compared: the sum of its stories' vectors, their number, and when it was told."""

    id: int
    total: Vector  # of a single story this is that story's own vector: never changed in place
    size: int
    first: int
    last: int
    members: dict[int, int] = field(default_factory=dict)  # story → when it was published
    _cohesion: float = 0.0  # 0: to be computed

    @property
    def cohesion(self) -> float:
        """Length of the mean vector: 1 for a single story, less the more its stories differ."""
        if not self._cohesion:
            self._cohesion = (
                1.0
                if self.size == 1
                else math.sqrt(sum(weight * weight for weight in self.total.values())) / self.size or 1.0
            )
        return self._cohesion

    def absorb(self, other: Cluster) -> None:
        if self.size <= 1:
            self.total = dict(self.total)
        total = self.total
        for term, weight in other.total.items():
            total[term] = total.get(term, 0.0) + weight
        self.size += other.size
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.members |= other.members
        self._cohesion = 0.0


def gap(a: Cluster, b: Cluster) -> int:
    """Seconds between the last story of one and the first of the other; 0 where they overlap."""
    return max(0, a.first - b.last, b.first - a.last)


def likeness(a: Cluster, b: Cluster, closest: float, least: float = 0.0) -> float:
    """0 to 1 and a little more; see above. `closest` is the greatest cosine of a story of one with a story of
    the other.

    What can't reach `least` is 0: the mean cosine is never more than the product of the cohesions (Cauchy and
    Schwarz), which are known.
    """
    if closest <= 0.0:
        return 0.0
    fewer, more = min(a.size, b.size, CROWD), min(max(a.size, b.size), CROWD)
    cohesion = a.cohesion * b.cohesion
    score = (
        math.pow(closest, CLOSEST)
        * math.exp(-gap(a, b) / DECAY)
        / math.pow(cohesion, COHESION)
        / math.pow(fewer, CROWD_POWER)
        / math.pow(more, LARGE_POWER)
    )
    if score * math.pow(cohesion, 1 - CLOSEST) < least * _ROUNDING:
        return 0.0
    average = closest if a.size == b.size == 1 else cosine(a.total, b.total) / (a.size * b.size)
    return score * math.pow(average, 1 - CLOSEST) if average > 0.0 else 0.0
