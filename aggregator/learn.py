"""What the words of a topic's entries teach about the others: a small model of counts, nothing downloaded.

Taught by what is certain (rules, sources, examples), it finds the words that come with a topic: for each, in
how many entries of the topic it stands and in how many of the others that are certain (complement naive
Bayes: Rennie et al., "Tackling the poor assumptions of naive Bayes text classifiers", 2003). What it is
surest of teaches it a second time, and so on (self-training). What the shipped lists of common topics say of
an entry counts as words, too: twenty examples are few.

How much to believe is measured on the user's own data. A third of what is certain is held out, in turn, and
its rule's words are hidden; the share of it that is recognised, beside the share of all other entries that
looks so, tells how many of these belong to any topic at all (Elkan and Noto, "Learning classifiers from only
positive and unlabeled data", 2008). So many are given one, the surest first, and none below the likeness at
which held-out entries are right nine times of ten.

Topics that learn alone, or that cover little of what comes in, have nothing to be told from: what the shipped
lists know of other subjects stands beside them then. Without that, of what a single topic of labelled news
learned 41% was right; with it 79%, and of the surest half, which is what it is given, 92% (22 topics of five
sets; the rules that taught them were right in 88%).

In: examples. Out: a model, and guesses with how sure they are. Start reading at `teach`.
"""

from __future__ import annotations

import functools
import json
import math
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from aggregator import starters
from aggregator.records import dataclass, field, replace
from aggregator.text.words import search_words

VERSION = 7  # to be raised when the same entries teach something else
STEM = 6  # letters of the beginning of a longer word, which counts beside it
PART, MARK = 0.5, 2.0  # weight of such a beginning, and of what a shipped list says, beside a word
MILLION = 1_000_000
SMOOTHING = 3.0  # entries with the words of all entries that each topic is taken to have beside its own
ROUNDS, SHARE = 4, 0.8  # of self-training, and the share of what is uncertain that teaches in the last one
FOLDS = 3
PRECISION = 0.90  # of what is recognised of held-out entries
UNUSUAL = 0.2  # share of a topic's own entries that look unusual
# share of the others that look like some topic: from the first on more of them are given one, from the second
# on all
COVERED = (0.33, 0.45)
SUREST = 0.5  # share of those that look like a topic which are given one where nothing is covered
UNTOLD = 0.12  # the same where no shipped list knows anything, so that nothing tells a topic from all else
# share of all others from which on those that look like a topic, the only one, show that nothing tells it
# from them
TOO_MANY = 0.8
# of those that look like another subject to those that look like a topic: up to the first the topics cover
# all, from the second on nothing
ELSEWHERE = (0.12, 0.25)
MANY = 50  # certain entries of a topic, fewer than which say too little of how often it is recognised rightly
FEW = 8  # certain entries of a topic, fewer than which teach nothing but what is like them
# share of the topics' own entries, more than which a list knows that speaks of the same, not of another
# subject
AKIN = 0.25
NEARLY = 0.7  # share of the likeness that a topic needs, from which on an entry nearly belongs there
ALIKE = 0.3  # cosine from which on an entry is like one of few examples

Features = frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """An entry that teaches: its features, the topics that it certainly belongs to (none: not known), and the
    features that are left when the words are hidden that its rule knew it by.
    """

    features: Features
    topics: frozenset[str] = frozenset()
    hidden: Features = frozenset()


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a topic is known, on held-out entries: right of those recognised, recognised of all."""

    certain: int
    precision: float
    recall: float
    threshold: float  # likeness from which on an entry is given the topic

    @property
    def is_measured(self) -> bool:
        """Whether there are enough to say so: of twenty, each by a model of the others, few are
        recognised.
        """
        return self.certain >= MANY


@dataclass(frozen=True, slots=True)
class _Common:
    """What is weighed of a feature whatever is certain: its weight (the rarer, the heavier), its share of all
    entries and what stands for it where nothing is certain, as logarithms.
    """

    weight: float
    usual: float
    smooth: float
    absent: float


@dataclass(slots=True)
class Counts:
    """In how many entries each feature stands: of all, of those that are certain, of each topic."""

    entries: int = 0
    certain: int = 0
    topic_sizes: Counter[str] = field(default_factory=Counter)
    everywhere: Counter[str] = field(default_factory=Counter)
    in_certain: Counter[str] = field(default_factory=Counter)
    in_topics: dict[str, Counter[str]] = field(default_factory=dict)
    _common: dict[str, _Common] = field(default_factory=dict, repr=False, compare=False)

    def common(self, feature: str) -> _Common:
        """Reckoned once for all counts of the same entries."""
        known = self._common.get(feature)
        if known is None:
            everywhere = self.everywhere[feature]
            kind = MARK if feature.startswith("§") else PART if feature.endswith("*") else 1.0
            weight = kind * math.sqrt(math.log((self.entries + 1) / (everywhere + 0.5)))
            share = everywhere / self.entries
            smooth = SMOOTHING * share
            known = self._common[feature] = _Common(weight, math.log(share), smooth, math.log(smooth))
        return known

    def add(self, features: Features, topics: Collection[str]) -> None:
        self._common = {}
        self.entries += 1
        self.everywhere.update(features)
        if topics:
            self.believe(features, topics)

    def believe(self, features: Features, topics: Collection[str]) -> None:
        """An entry that was counted without topics has these."""
        self.certain += 1
        self.in_certain.update(features)
        for topic in topics:
            self.topic_sizes[topic] += 1
            self.in_topics.setdefault(topic, Counter()).update(features)

    def remove(self, features: Features, topics: Collection[str]) -> None:
        """As if a certain entry had never been added."""
        self._common = {}
        self.entries -= 1
        self.certain -= 1
        self.everywhere.subtract(features)
        self.in_certain.subtract(features)
        for topic in topics:
            self.topic_sizes[topic] -= 1
            self.in_topics[topic].subtract(features)
            if not self.topic_sizes[topic]:
                del self.topic_sizes[topic], self.in_topics[topic]

    def copy(self) -> Counts:
        return Counts(
            self.entries,
            self.certain,
            self.topic_sizes.copy(),
            self.everywhere.copy(),
            self.in_certain.copy(),
            {topic: counts.copy() for topic, counts in self.in_topics.items()},
            self._common,  # until one of both counts other entries
        )


@dataclass(frozen=True, slots=True)
class Guess:
    """The topic that an entry most likely has: how like its entries it is, and the words that say so."""

    topic: str
    likeness: float
    margin: float  # over the next topic
    is_supported: bool = True  # whether anything of the entry is more frequent there than elsewhere
    words: tuple[str, ...] = ()


# of a held-out entry: the guess, the guess with its rule's words hidden, its topics
Held = tuple[Guess, Guess, frozenset[str]]


def features(title: str, text: str) -> Features:
    """Words of title and beginning, beginnings of long words, and what the shipped lists say."""
    heading, body = starters.opening(title, text)
    words = {*heading, *body}
    found = {*words, *(f"{word[:STEM]}*" for word in words if len(word) > STEM)}
    for hint in starters.match(_all_lists(), title, text):
        found.add(f"§{hint.topic}")
        if hint.holds:
            found.add(f"§§{hint.topic}")
    return frozenset(found)


def without(found: Features, terms: Iterable[str]) -> Features:
    """Features with the words hidden that a rule knew the entry by, and all that begins so."""
    hidden = tuple({word for term in terms for word in search_words(term)})
    if not hidden:
        return found
    return frozenset(one for one in found if not one.startswith(("§", *hidden)))


@functools.cache
def _all_lists() -> starters.Lexicon:
    return starters.lexicon(starters.names())


@dataclass(frozen=True, slots=True)
class _Weights:
    """Of a feature for each topic: how much more frequent it is there than in the other certain entries, and
    behind these its weight, squared; how much more than in all entries. In millionths, so that sums are exact
    whatever their order.
    """

    beside: int  # all in one number, see `_side_by_side`
    above: tuple[int, ...]


class _Known(dict[str, _Weights]):
    """Feature → its weights, made when asked for; nothing of one that stands in one entry alone."""

    def __init__(self, counts: Counts, weigh: Callable[[str], _Weights]) -> None:
        super().__init__()
        self._everywhere, self._weigh = counts.everywhere, weigh
        self._nothing = _Weights(0, (0,) * len(counts.topic_sizes))

    def __missing__(self, feature: str) -> _Weights:
        known = self._weigh(feature) if self._everywhere.get(feature, 0) > 1 else self._nothing
        self[feature] = known
        return known


_HALF = 1 << 63


def _side_by_side(numbers: Sequence[int]) -> int:
    """Numbers of less than 64 bits as digits of one: what adds two such ones adds all of them at once."""
    biased = struct.pack(f"<{len(numbers)}Q", *[number + _HALF for number in numbers])
    return int.from_bytes(biased, "little") - _bias(len(numbers))


def _apart(number: int, count: int) -> list[int]:
    """So many numbers that stand side by side."""
    biased = (number + _bias(count)).to_bytes(8 * count, "little")
    return [one - _HALF for one in struct.unpack(f"<{count}Q", biased)]


@functools.cache
def _bias(count: int) -> int:
    return sum(_HALF << (64 * place) for place in range(count))


def _places(counts: Counts, topics: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Feature → (place of a topic, in how many of its entries it stands), of those where it does."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, topic in enumerate(topics):
        for feature, number in counts.in_topics[topic].items():
            if number:
                found[feature].append((place, number))
    return found


class Model:
    """Says of an entry's features which topic they most likely have."""

    def __init__(self, counts: Counts) -> None:
        self.topics = sorted(counts.topic_sizes)
        self._counts = counts
        self._known = _Known(counts, self._weighed)
        sizes = [counts.topic_sizes[topic] for topic in self.topics]
        self._places = _places(counts, self.topics)
        self._alike: dict[object, _Weights] = {}
        self._size_logs = [math.log(size + SMOOTHING) for size in sizes]
        self._rest_logs = [math.log(counts.certain - size + SMOOTHING) for size in sizes]
        self._relative = [rest - size for rest, size in zip(self._rest_logs, self._size_logs, strict=True)]

    def guess(self, found: Features, explained: bool = False) -> Guess | None:
        """None where nothing of it is known. `explained`: with its words."""
        known = list(map(self._known.__getitem__, found))
        *sums, squared = _apart(sum([one.beside for one in known]), len(self.topics) + 1)
        if not squared or not sums:
            return None
        scale = MILLION * math.sqrt(squared / MILLION)
        best = sums.index(max(sums))
        above = [one.above[best] for one in known]
        next_best = max((*sums[:best], *sums[best + 1 :]), default=0)
        return Guess(
            self.topics[best],
            likeness=sum(above) / scale,
            margin=(sums[best] - next_best) / scale,
            is_supported=max(above) > 0,
            words=self._telling(found, best) if explained else (),
        )

    def _weighed(self, one: str) -> _Weights:
        """What stands in as many entries, and in as many of each topic, weighs the same: most features are
        rare.
        """
        common, certain = self._counts.common(one), self._counts.in_certain.get(one, 0)
        places = tuple(self._places.get(one, ()))
        same = common.weight, common.usual, certain, places
        known = self._alike.get(same)
        if known is None:
            known = self._alike[same] = self._computed(common, certain, places)
        return known

    def _computed(self, common: _Common, certain: int, places: Iterable[tuple[int, int]]) -> _Weights:
        """`places` of topics where it stands, with how often. Most features stand in few: for the others all
        but a topic's size is the same.
        """
        scale, absent = MILLION * common.weight, common.absent
        less, unusual = absent - math.log(certain + common.smooth), absent - common.usual
        beside = [int(scale * (less + sizes)) for sizes in self._relative]
        above = [int(scale * (unusual - size)) for size in self._size_logs]
        for place, here in places:
            beside[place], above[place] = self._of_topic(place, here, common, certain)
        squared = int(MILLION * common.weight * common.weight)
        return _Weights(_side_by_side([*beside, squared]), tuple(above))

    def _of_topic(self, place: int, here: int, common: _Common, certain: int) -> tuple[int, int]:
        """(beside, above) of a feature that stands in so many entries of a topic."""
        scale, smooth = MILLION * common.weight, common.smooth
        there = math.log(here + smooth) - self._size_logs[place]
        elsewhere = math.log(certain - here + smooth) - self._rest_logs[place]
        return int(scale * (there - elsewhere)), int(scale * (there - common.usual))

    def _telling(self, found: Features, topic: int) -> tuple[str, ...]:
        words = [one for one in found if not one.endswith("*") and not one.startswith("§")]
        telling = [(above, one) for one in words if (above := self._known[one].above[topic]) > 0]
        return tuple(one for _, one in sorted(telling, key=lambda pair: (-pair[0], pair[1]))[:4])


def is_near(likeness: float, needed: float) -> bool:
    """Whether it is less than needed, and not much less."""
    return NEARLY * needed <= likeness < needed < math.inf


def teach(examples: Sequence[Example]) -> tuple[Counts, dict[str, Quality]]:
    """Counts, and how well each topic is known, from the user's entries. Deterministic; order counts only
    where two entries are equally sure.
    """
    learners = {topic for one in examples for topic in one.topics}
    with_others = _beside_others(examples)
    beside = _Lesson.of(with_others)
    if len(learners) < 2:  # one topic can't be all that comes in
        return _of_learners(learners, beside.learned(learners, 0.0))
    are_others_known = any(a.topics != b.topics for a, b in zip(examples, with_others, strict=True))
    alone = _Lesson.of(examples) if are_others_known else beside
    covered = alone.covered * (beside.known_as(learners) if alone.covered else 0.0)
    return _of_learners(learners, (alone if covered == 1.0 else beside).learned(learners, covered))


def _of_learners(
    learners: Collection[str], taught: tuple[Counts, dict[str, Quality]]
) -> tuple[Counts, dict[str, Quality]]:
    counts, quality = taught
    return counts, {topic: one for topic, one in quality.items() if topic in learners}


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What is certain, and what it says of the others before any self-training."""

    examples: Sequence[Example]
    base: Counts
    others: Sequence[Features]  # of entries of which no topic is certain
    guesses: Sequence[Guess | None]  # of each of these, by what is certain alone
    held_out: Sequence[Held]
    belonging: Mapping[str, int]  # how many of the others are as like a topic as its own

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Lesson:
        base = Counts()
        for one in examples:
            base.add(one.features, one.topics)
        others = [one.features for one in examples if not one.topics]
        if not base.topic_sizes:
            return cls(examples, base, others, (), (), {})
        guesses, held_out = _guesses(Model(base), others), _held_out(examples, base)
        before = _by_topic(guesses)
        belonging = {
            topic: _belonging(topic, held_out, before.get(topic, []))
            for topic, certain in base.topic_sizes.items()
            if certain >= FEW
        }
        return cls(examples, base, others, guesses, held_out, belonging)

    @property
    def covered(self) -> float:
        """How far these topics are taken to cover all that comes in, 0 to 1."""
        return _covered(sum(self.belonging.values()), len(self.others))

    def known_as(self, learners: Collection[str]) -> float:
        """How far those that look like any subject look like one of these topics, 0 to 1: where many look
        like another one, the topics don't cover what comes in, however many look like them. Of few examples
        that can't be told; and where the lists know nothing, nothing shows that all is covered.
        """
        if any(self.base.topic_sizes[topic] < MANY for topic in learners):
            return 1.0
        if not self.base.topic_sizes.keys() - learners:
            return 0.0
        own = sum(number for topic, number in self.belonging.items() if topic in learners)
        others = sum(self.belonging.values()) - own
        low, high = ELSEWHERE
        return min(1.0, max(0.0, (high - others / max(1, own)) / (high - low)))

    def learned(self, learners: Collection[str], covered: float) -> tuple[Counts, dict[str, Quality]]:
        """`covered`: how far the user's own topics cover all that comes in. Where they do, each entry has one
        of them; else only the surest of those that teach are given a topic.
        """
        if not self.belonging:
            return self.base, {}
        surest = SUREST if self.base.topic_sizes.keys() - learners else UNTOLD
        believed = {
            topic: round(_between(number, len(self.others), self.covered))
            for topic, number in self.belonging.items()
        }
        counts = _self_trained(self.base, self.others, self.guesses, believed)
        after = _by_topic(_guesses(Model(counts), self.others))
        quality = {
            topic: self._quality(topic, after.get(topic, []), surest, covered)
            for topic in sorted(self.belonging)
        }
        return counts, quality

    def _quality(self, topic: str, likenesses: list[float], surest: float, covered: float) -> Quality:
        """`likenesses`: of the entries that look most like this topic; `surest`: the share of those which
        are its own that is given it where nothing is `covered`.
        """
        sizes, number = self.base.topic_sizes, self.belonging[topic]
        is_told = len(sizes) > 1 or number <= TOO_MANY * len(self.others)
        few = surest * number if is_told else 0
        given = round(_between(few, len(likenesses), covered))
        return _judged(topic, sizes[topic], self.held_out, likenesses, given)


def _between(few: float, many: float, share: float) -> float:
    return few + share * (many - few)


def _beside_others(examples: Sequence[Example]) -> list[Example]:
    """Entries of which no topic is certain, with the shipped lists that know them as topics of other
    subjects. Not with lists that know many of the topics' own entries, for these speak of the same.
    """
    akin = _akin([one for one in examples if one.topics])
    return [
        one if one.topics else replace(one, topics=_subjects(one.features) - akin, hidden=one.features)
        for one in examples
    ]


def _akin(own: Sequence[Example]) -> set[str]:
    """The shipped lists that know many entries of some topic."""
    sizes = Counter(topic for one in own for topic in one.topics)
    known = Counter((topic, mark) for one in own for topic in one.topics for mark in _subjects(one.features))
    return {mark for (topic, mark), number in known.items() if number > AKIN * sizes[topic]}


def _subjects(found: Features) -> Features:
    """The shipped lists that know an entry, as its features name them."""
    return frozenset(one for one in found if one.startswith("§§"))


def _covered(belonging: int, others: int) -> float:
    low, high = COVERED
    return min(1.0, max(0.0, (belonging / max(1, others) - low) / (high - low)))


def _guesses(model: Model, found: Iterable[Features]) -> list[Guess | None]:
    return [model.guess(one) for one in found]


def _by_topic(guesses: Iterable[Guess | None]) -> dict[str, list[float]]:
    """How like each topic's entries those are that most likely have it; the surest first."""
    likenesses: dict[str, list[float]] = {}
    for guess in guesses:
        if guess is not None:
            likenesses.setdefault(guess.topic, []).append(guess.likeness)
    return {topic: sorted(found, reverse=True) for topic, found in likenesses.items()}


def _self_trained(
    base: Counts,
    others: Sequence[Features],
    guesses: Sequence[Guess | None],
    belonging: Mapping[str, int],
) -> Counts:
    """`guesses`: of the others, which are not certain, by `base`; `belonging`: how many of them have each
    topic.
    """
    counts = base
    for turn in range(1, ROUNDS + 1):
        counts = base.copy()
        for place, topic in _surest(guesses, belonging, SHARE * turn / ROUNDS).items():
            counts.believe(others[place], (topic,))
        if turn < ROUNDS:
            guesses = _guesses(Model(counts), others)
    return counts


def _surest(guesses: Sequence[Guess | None], belonging: Mapping[str, int], share: float) -> dict[int, str]:
    """Place of a guess → the topic that is believed: of this share of those that belong to each, the
    surest.
    """
    found: dict[str, list[tuple[float, int]]] = {}
    are_all_covered = all(number >= len(guesses) for number in belonging.values())
    for place, guess in enumerate(guesses):
        if guess is not None:
            # where each has some topic, it is which one that may be doubtful; else whether it has any
            sure = guess.margin if are_all_covered else guess.likeness
            found.setdefault(guess.topic, []).append((-sure, place))
    return {
        place: topic
        for topic, mine in found.items()
        for _, place in sorted(mine)[: int(min(belonging.get(topic, 0), len(mine)) * share)]
    }


def _held_out(examples: Sequence[Example], base: Counts) -> list[Held]:
    """Of each certain entry, by a model that was not taught by it: the guess, the guess with its rule's words
    hidden, its topics. These models are not self-trained: that would take as long again for each.
    """
    certain = [one for one in examples if one.topics]
    found = []
    for fold in range(FOLDS):
        counts = base.copy()
        for one in certain[fold::FOLDS]:
            counts.remove(one.features, one.topics)
        model = Model(counts)
        for one in certain[fold::FOLDS]:
            whole, hidden = model.guess(one.features), model.guess(one.hidden or one.features)
            if whole is not None and hidden is not None:
                found.append((whole, hidden, one.topics))
    return found


def _belonging(topic: str, held_out: Sequence[Held], likenesses: Sequence[float]) -> int:
    """How many of the others belong to the topic: as many as are as like it as the usual ones of its own
    held-out entries with their rules' words hidden, and the share more that are not.
    """
    mine = sorted(
        hidden.likeness for _, hidden, topics in held_out if topic in topics and hidden.topic == topic
    )
    if not mine:
        return 0
    usual = mine[int(len(mine) * UNUSUAL)]
    return round(sum(likeness >= usual for likeness in likenesses) / (1 - UNUSUAL))


def _judged(
    topic: str, certain: int, held_out: Sequence[Held], likenesses: Sequence[float], belonging: int
) -> Quality:
    """Threshold and figures of one topic."""
    mine = sorted((whole.likeness, topic in topics) for whole, _, topics in held_out if whole.topic == topic)
    usual = -math.inf, sum(ok for _, ok in mine) / (len(mine) or 1)
    least, precision = _least(mine) if certain >= MANY else usual
    threshold = max(least, _surest_likeness(likenesses, belonging))
    right = sum(ok for likeness, ok in mine if likeness >= least)
    of_all = sum(topic in topics for _, _, topics in held_out)
    return Quality(certain, precision, right / of_all if of_all else 0.0, threshold)


def _surest_likeness(likenesses: Sequence[float], belonging: int) -> float:
    """From which on so many of them are. `likenesses`: descending."""
    if belonging >= len(likenesses):
        return -math.inf
    return likenesses[belonging - 1] if belonging else math.inf


def _least(found: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """(the least likeness from which on PRECISION is kept, the precision there). `found`: ascending."""
    right, all_ = sum(ok for _, ok in found), len(found)
    for likeness, ok in found:
        if all_ and right / all_ >= PRECISION:
            return likeness if all_ < len(found) else -math.inf, right / all_
        right, all_ = right - ok, all_ - 1
    return math.inf, 0.0


def cosine(a: Features, b: Features, counts: Counts) -> float:
    """Of the words of two entries, the rarer the heavier; without what lists say of them."""

    def weight(one: str) -> float:
        rarity = math.log((counts.entries + 1) / (max(1, counts.everywhere.get(one, 0)) + 0.5))
        return max(0.0, rarity) * (PART if one.endswith("*") else 1.0)

    def length(found: Features) -> float:
        return math.sqrt(math.fsum(weight(one) ** 2 for one in found if not one.startswith("§")))

    shared = math.fsum(weight(one) ** 2 for one in a & b if not one.startswith("§"))
    return shared / ((length(a) * length(b)) or 1.0)


def dump(counts: Counts) -> str:
    """As text for the store; features that stand in one entry alone tell nothing."""
    kept = {one for one, number in counts.everywhere.items() if number > 1}

    def of_kept(found: Counter[str]) -> dict[str, int]:
        return {one: number for one, number in sorted(found.items()) if one in kept}

    record = {
        "entries": counts.entries,
        "certain": counts.certain,
        "sizes": dict(sorted(counts.topic_sizes.items())),
        "everywhere": of_kept(counts.everywhere),
        "in_certain": of_kept(counts.in_certain),
        "topics": {topic: of_kept(found) for topic, found in sorted(counts.in_topics.items())},
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Counts:
    read = json.loads(text)
    topics = {topic: Counter(found) for topic, found in read["topics"].items()}
    return Counts(
        read["entries"],
        read["certain"],
        Counter(read["sizes"]),
        Counter(read["everywhere"]),
        Counter(read["in_certain"]),
        topics,
    )
