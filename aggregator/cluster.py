"""The same event? Stories as TF-IDF vectors, and how sure it is that two of them tell one happening. Pure.

What two stories have in common becomes a probability by a logistic function of their cosine, of the time
between them, and of whether one source told both (`scripts/fit-events` fits its numbers; they come out alike
on sets of years and outlets apart). `merging` makes events of stories by these probabilities.

How rare a word is, is counted in events, not in stories: a word that comes fifty times within one event is
the name of that event, not a common word. Where little was counted yet, how common it is in its language
stands in (`text.vocabulary`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from operator import mul

from aggregator.records import dataclass
from aggregator.text import roots, vocabulary

THRESHOLD = 0.55  # linkage from which two events are one
CLOSEST = 0.8  # weight of the closest pair in the geometric mean with the average of all pairs
# Two events of several stories each are harder to merge, up to so many stories of the smaller one; and so is
# what holds several stories of each of its sources. A saga (a war, an election, a tournament) is many events
# that all resemble each other a little, told day after day by the same outlets.
CROWD, CROWD_POWER = 4, 0.15
REPEATED_POWER = 0.15
SUMMARY = 85  # words of the body that are looked at
TITLE = 2  # times that a word of the title counts for one of the body
REPEATS = 0.6  # power of a word's count
INDEX_TERMS = 14  # heaviest terms of a story by which others find it
COMMON = 0.05  # of all events: terms in more of them find nobody
PRIOR = 8_000  # events that the prior is worth
FLOOR = 0.00025  # share of events that the rarest word is taken to be in
EVERYWHERE = 0.35  # share of items from which on a word says nothing
OFTEN = 0.01  # share of items from which on a word alone does not say what happened: `best`, `top`, `year`
ACROSS = 2  # words that say it, of stories in two languages: one may be a name that anything is about


# Log-odds that two stories tell one happening: near what `scripts/fit-events` finds on sets that have nothing
# in common, and settled by what all rulers of `scripts/bench sameness` give together.
ODDS = 3.65
ODDS_COSINE = 5.5  # times the cosine
ODDS_LOG_COSINE = 3.7  # times ln(cosine + 0.01)
ODDS_HOUR = -0.158  # for each hour between them
UNKNOWN = 24.0  # hours between two of which one has no date: half of their words have to be the same
ODDS_SAME_SOURCE = -1.0  # an outlet seldom tells one happening twice
ODDS_OTHER_NAMES = -1.8  # where either title names what the other item speaks of nowhere

Vector = dict[str, float]

_VERSIONS = frozenset(["v", "rc", "alpha", "beta", "pre", "dev", "rev"])
_KOREAN_DATE = frozenset("년월일시")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")  # alone they say nothing: initials, "'s"


def terms(title: Sequence[str], body: Sequence[str], language: str) -> Counter[str]:
    """Term → how often it is said: in the beginning of the body, and in the title, where it counts `TITLE`
    times. Both are words in order, of a text in this language.
    """
    root = roots.roots(language).__getitem__
    found = Counter(map(root, body[:SUMMARY]))
    for term in map(root, title):
        found[term] = found.get(term, 0) + TITLE
    for letter in _LETTERS & found.keys():
        del found[letter]
    return found


class Rarity(dict[str, float]):
    """Term → inverse frequency in events, for texts in one language; 0 for words that are everywhere. Made
    when asked for.

    `frequencies`: in how many events each term was, of `total`.
    """

    def __init__(self, frequencies: Mapping[str, int], total: int, language: str) -> None:
        super().__init__()
        self._frequencies, self._all = frequencies, total + PRIOR
        self._shares = roots.shares(language)

    def __missing__(self, term: str) -> float:
        share = self._shares.get(term, vocabulary.RARE)
        if share < EVERYWHERE:
            value = math.log(self._all / (self._frequencies.get(term, 0) + PRIOR * (share + FLOOR)))
            self[term] = value = value if value > 0.0 else 0.0
        else:
            self[term] = value = 0.0
        return value


class _Repeats(dict[int, float]):
    """How often a term is said, as `terms` has it → what that is worth: one in the title is worth 1."""

    def __missing__(self, count: int) -> float:
        self[count] = value = math.pow(count / TITLE, REPEATS)
        return value


_REPEATS = _Repeats()


def weighted(counts: Mapping[str, int], rarity: Rarity) -> Vector:
    """TF-IDF of unit length."""
    values = map(rarity.__getitem__, counts)
    weights = list(map(mul, map(_REPEATS.__getitem__, counts.values()), values))
    square = math.fsum(map(mul, weights, weights))
    if not square:
        return {}
    scale = 1 / math.sqrt(square)
    return {term: weight * scale for term, weight in zip(counts, weights, strict=True) if weight}


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


def says_what(shared: Iterable[str], languages: Collection[str], number: bool = False) -> bool:
    """Whether terms that two stories have in common say what happened, or only when and how much: `2025`,
    `10 March`, `best … of 2025`. `languages`: the one or two that they are in; what is common in one of them
    says nothing. `number`: both have one that is no term (`Nov. 5`).
    """
    terms = set(shared)
    shares = [roots.shares(language) for language in languages]
    calendars = [roots.calendar(language) for language in languages]
    counted = number or any(map(str.isdecimal, terms))
    telling = (
        term
        for term in terms
        if not any(_is_of_a_date(term, counted, calendar) for calendar in calendars)
        and all(share.get(term, 0.0) < OFTEN for share in shares)
    )
    needed = ACROSS if len(languages) > 1 else 1
    return len(list(islice(telling, needed))) == needed


def _is_of_a_date(term: str, counted: bool, calendar: Collection[str]) -> bool:
    """A number, a day or a month, or a number of a version (`v3`, `rc2`). `counted`: beside a number; alone,
    what has three letters may be any word (`sun`, `mar`). Korean has no space between them (`11월`).
    """
    if term[-1:].isdecimal() and term.rstrip("0123456789") in _VERSIONS:
        return True
    if term[:1].isdecimal() and term[-1] in _KOREAN_DATE:
        return term[:-1].isdecimal()
    return term.isdecimal() or (term in calendar and (counted or len(term) > 3))


@dataclass(frozen=True, slots=True)
class Point:
    """A story as it is clustered: told first by this source ("": not known) at this time, in seconds.
    `undated`: that is when it was found, and nobody knows how long it had been there.
    """

    story: int
    at: int
    source: str
    vector: Vector
    undated: bool = False


def hours_between(a: Point, b: Point) -> float:
    """As far as it is known; `UNKNOWN` at least where it isn't. Of all that a feed without dates holds when
    it is read first we would think otherwise that it happened in that second.
    """
    found = abs(a.at - b.at) / 3600
    return max(found, UNKNOWN) if a.undated or b.undated else found


def probability(a: Point, b: Point) -> float:
    """How sure it is that two stories tell one happening: 0 to 1."""
    alike = cosine(a.vector, b.vector)
    if alike <= 0.0:
        return 0.0
    odds = ODDS + ODDS_COSINE * alike + ODDS_LOG_COSINE * math.log(alike + 0.01)
    odds += ODDS_HOUR * hours_between(a, b)
    if a.source and a.source == b.source:
        odds += ODDS_SAME_SOURCE
    return 1 / (1 + math.exp(-odds))


def doubted(sure: float) -> float:
    """This probability, of two stories that name two things."""
    return 1 / (1 + (1 - sure) / sure * math.exp(-ODDS_OTHER_NAMES))


def linkage(closest: float, average: float, size: int, other: int, sources: int) -> float:
    """How near two events of so many stories are, 0 to 1, by the probabilities of their closest two stories
    and of all pairs on average. `sources`: how many told both together.
    """
    near = math.pow(closest, CLOSEST) * math.pow(average, 1 - CLOSEST)
    repeated = (size + other) / sources
    return near / math.pow(min(size, other, CROWD), CROWD_POWER) / math.pow(repeated, REPEATED_POWER)
