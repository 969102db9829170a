"""The same event? Vectors of stories, their likeness over time, and merging best first. Pure; the state comes in and goes out as values.

Incremental average-link clustering on TF-IDF: the likeness of two events is the mean cosine of their stories (exact from sum
vectors) times a decay with the time between them. Terms are light stems; common words of many languages are known beforehand, the
rest is learned from the stream.
"""

from __future__ import annotations

import functools
import heapq
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources

from aggregator.text.words import words

THRESHOLD = 0.195
DECAY = 16 * 3600.0  # seconds after which the likeness has fallen to 1/e
COHESION = 0.5  # 0: average link; 1: cosine of centroids. Between them, large events stay together without growing wild
ONE_TERM = 0.15  # of what the strongest shared term brings is taken off: one name alone is no event
SUMMARY = 500  # characters of the body that are looked at
SUMMARY_WEIGHT = 0.8
INDEX_TERMS = 12  # heaviest terms of a story by which others find it
COMMON = 0.05  # of all stories: terms in more of them find nobody
PRIOR = 3000  # stories that the prior is worth

_COMMON = json.loads(resources.files("aggregator").joinpath("data/common.json").read_text(encoding="utf-8"))
_FUNCTION = frozenset(_COMMON["function"].split())
_NEWS = frozenset(_COMMON["news"].split())

Vector = dict[str, float]


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Light: plural and verb endings of Latin-script words of some length; `ies` becomes `y`."""
    if len(word) < 5 or not word.isascii() or word[-1].isdigit():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if len(word) > 6 and word.endswith("ing"):
        word = word[:-3]
    elif len(word) > 5 and word.endswith("ed"):
        word = word[:-2]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def terms(title: str, text: str) -> Vector:
    """Term → weighted count: the title once, the beginning of the body a little less; function words left out."""
    found: Vector = {}
    for weight, part in ((1.0, title), (SUMMARY_WEIGHT, text[:SUMMARY])):
        for word in words(part):
            if word in _FUNCTION or (len(word) == 1 and word.isascii()):
                continue
            key = stem(word)
            found[key] = found.get(key, 0.0) + weight
    return found


_NEWS_STEMS = frozenset(stem(word) for word in _NEWS)


def prior(term: str) -> float:
    """How many of the `PRIOR` imagined stories hold it."""
    return PRIOR * 0.06 if term in _NEWS_STEMS else 10.0


def weighted(counts: Mapping[str, float], frequencies: Mapping[str, int], total: int) -> Vector:
    """TF-IDF of unit length. `frequencies`: stories that hold a term, of `total`."""
    all_stories = total + PRIOR
    found = {}
    for term, count in counts.items():
        idf = math.log(all_stories / (frequencies.get(term, 0) + prior(term)))
        if idf > 0:
            found[term] = math.sqrt(count) * idf
    length = math.sqrt(sum(weight * weight for weight in found.values()))
    return {term: weight / length for term, weight in found.items()} if length else {}


def index_terms(vector: Vector, frequencies: Mapping[str, int], total: int) -> list[str]:
    """The heaviest terms that are not in too many stories to find anybody by."""
    most = max(64.0, COMMON * total)
    usable = [(-weight, term) for term, weight in vector.items() if frequencies.get(term, 0) <= most and term not in _NEWS_STEMS]
    return [term for _, term in heapq.nsmallest(INDEX_TERMS, usable)]


@dataclass(slots=True)
class Cluster:
    """An event while it is compared: the sum of its stories' vectors, their number, and when it was told."""

    id: int
    total: Vector
    size: int
    first: int
    last: int
    members: list[int] = field(default_factory=list)  # story numbers
    _cohesion: float = 0.0  # 0: to be computed

    @property
    def cohesion(self) -> float:
        """Length of the mean vector: 1 for a single story, less the more its stories differ."""
        if not self._cohesion:
            self._cohesion = 1.0 if self.size == 1 else math.sqrt(sum(weight * weight for weight in self.total.values())) / self.size or 1.0
        return self._cohesion

    def absorb(self, other: Cluster) -> None:
        for term, weight in other.total.items():
            self.total[term] = self.total.get(term, 0.0) + weight
        self.size += other.size
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.members += other.members
        self._cohesion = 0.0


def likeness(a: Cluster, b: Cluster) -> float:
    """Mean cosine between the stories of both, corrected for their cohesion, times the decay over the gap between them."""
    small, large = (a.total, b.total) if len(a.total) <= len(b.total) else (b.total, a.total)
    dot = strongest = 0.0
    for term, weight in small.items():
        other = large.get(term)
        if other is not None:
            product = weight * other
            dot += product
            if product > strongest:
                strongest = product
    if not dot:
        return 0.0
    gap = max(0, a.first - b.last, b.first - a.last)
    average = (dot - ONE_TERM * strongest) / (a.size * b.size)
    return average / math.pow(a.cohesion * b.cohesion, COHESION) * math.exp(-gap / DECAY)


def merges(
    clusters: Mapping[int, Cluster], pairs: Iterable[tuple[int, int]], window: int, forbidden: frozenset[tuple[int, int]] = frozenset()
) -> list[tuple[int, int, float]]:
    """Merge best first while the likeness reaches the threshold: [(kept, gone, likeness)]. Changes the clusters.

    `pairs` are those that share a term worth comparing. The older event is kept. After a merge, the merged one is compared with all
    that either was a pair of.
    """
    alive = dict(clusters)
    neighbours: dict[int, set[int]] = {}
    heap: list[tuple[float, int, int, int, int]] = []

    def push(a: int, b: int) -> None:
        one, two = alive[a], alive[b]
        if max(0, one.first - two.last, two.first - one.last) > window:
            return
        score = likeness(one, two)
        if score >= THRESHOLD:
            heapq.heappush(heap, (-score, min(a, b), max(a, b), one.size, two.size) if a < b else (-score, b, a, two.size, one.size))

    for a, b in pairs:
        if a != b and b not in neighbours.get(a, ()):
            neighbours.setdefault(a, set()).add(b)
            neighbours.setdefault(b, set()).add(a)
            push(a, b)
    done = []
    while heap:
        score, a, b, size_a, size_b = heapq.heappop(heap)
        if a not in alive or b not in alive or alive[a].size != size_a or alive[b].size != size_b or (a, b) in forbidden:
            continue
        kept, gone = (a, b) if (alive[a].first, a) <= (alive[b].first, b) else (b, a)
        alive[kept].absorb(alive.pop(gone))
        done.append((kept, gone, -score))
        around = (neighbours.pop(gone, set()) | neighbours.get(kept, set())) - {kept, gone}
        neighbours[kept] = around
        for other in around:
            neighbours[other].discard(gone)
            neighbours[other].add(kept)
            if other in alive:
                push(kept, other)
    return done
