"""Two fingerprints of entries → whether they are one text, with score, threshold and what decided.

In: two fingerprints and what lies between them. Out: a `Reason`; its level is None where they are two. Start
reading at `decide`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from aggregator.dedupe import headline
from aggregator.dedupe.fingerprints import Fingerprint, shingles
from aggregator.dedupe.headline import OTHER_NAMES, Edits, Feature, edits, telling
from aggregator.dedupe.numbers import as_figure, is_number
from aggregator.dedupe.standing import speaks
from aggregator.model import Reason
from aggregator.records import dataclass
from aggregator.text import contrary, vocabulary
from aggregator.text.words import is_dense

THRESHOLD = 0.6  # containment of shingles
TITLE_THRESHOLD = 0.7  # similarity of titles, where bodies do not speak against it
HEADLINE_THRESHOLD = 0.85  # similarity of titles where that is all there is
HEADLINE = 4  # telling words of a headline that is known by itself
SAME_HEADLINE = 7  # and of one that two sources do not write by chance, whatever the first words below it are
# words; a shorter body says nothing by itself, one of a sentence or two decides under like titles only, a
# longer one has to agree by itself
SHORT_BODY, SENTENCES, LONG_BODY = 8, 20, 40
# how much of a text of a sentence one of four times that length has to hold
QUOTED = 0.8
SPEAKS = 1 / 3  # of the words that only one of two titles has, a body under both has to hold
COPY = 0.95  # containment from which on a long body is a copy, whatever its numbers
CUT_TITLE = 4  # words of a title that was cut off, at least, to know it by
WHOLE = 0.7  # of the phrases of both texts are the same: one text, whatever its lead
OPENING = 6  # words before the shared part, at most, where titles have nothing in common
MANY_NAMES = 40  # in a text of so many words each, a replaced name makes another case of it
SWAPPED = 3  # words in which titles differ, at most, if their texts differ in the same ones
TABLE = 15  # different numbers of a text that is a table
MISSPELT = 0.7  # likeness of letters from which on two names are one, misspelt
TEMPLATE = 0.3  # containment of shingles from which on two cases of a template are known as such
NUMBERS = 0.7  # share of the numbers of the shorter text that the other has too
AGENCY, AGENCY_NUMBERS = 120, 0.55  # the same of texts of fewer words although they open alike
SLIP = 0.85  # of a long text that has one figure in another's place
SHORT_WINDOW = (
    72 * 3600
)  # seconds between two copies of a short text; a headline that comes again later is news
SOON = (
    12 * 3600
)  # seconds within which a source tells an item again; what comes later is the next edition, or case
ARTICLE = 80  # words of a text that a source tells again on another day

OTHER_NUMBERS = "other numbers"  # features that keep texts apart
STANDING, OTHER_ITEM = "standing text", "another item of its source"

_AGENCIES = frozenset(
    [
        "reuters",
        "ap",
        "afp",
        "dpa",
        "upi",
        "bloomberg",
        "associated",
        "press",
        "agence",
        "france",
        "presse",
        "staff",
        "writer",
    ]
)


@dataclass(frozen=True, slots=True)
class Between:
    """What lies between two entries, beside what they say."""

    one_source: bool = False  # two items of one source, with guids and links of their own
    seconds: int = 0
    other_media: bool = False  # both have enclosures, and none in common
    other_image: bool = False


ELSEWHERE = Between()


def containment(a: frozenset[int], b: frozenset[int]) -> float:
    """The share of the smaller set that is in the larger one; 0 where one is empty."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def title_similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Of two titles: twice the shared words (with their count) over all words, as Dice has it."""
    if not a or not b:
        return 0.0
    mine, others = set(a), set(b)
    if len(mine) == len(a) or len(others) == len(b):  # one of them says no word twice, as most don't
        shared = len(mine & others)
    else:
        shared = (Counter(a) & Counter(b)).total()
    return 2 * shared / (len(a) + len(b))


_NO = Reason(None, None, 0.0, THRESHOLD)


class _Phrases(NamedTuple):
    """How many shingles two bodies have in common, and how many the one that has fewer and the other."""

    common: int
    fewer: int
    more: int

    @classmethod
    def of(cls, a: Fingerprint, b: Fingerprint) -> _Phrases:
        mine, other = a.held, b.held
        return cls(len(mine & other), *sorted((len(mine), len(other))))

    @property
    def held(self) -> float:
        """As `containment`."""
        return self.common / self.fewer if self.fewer else 0.0


def _have_little_in_common(a: Fingerprint, b: Fingerprint) -> bool:
    """Two titles, of which none is cut."""
    if a.cut or b.cut:
        return False
    return 2 * len(set(a.title).intersection(b.title)) < 0.3 * (len(a.title) + len(b.title))


def decide(a: Fingerprint, b: Fingerprint, between: Between = ELSEWHERE) -> Reason:
    """Level "text" or None, with the score against its threshold and what decided, in words."""
    phrases = _Phrases.of(a, b)
    held = phrases.held
    bare = between.one_source and a.emptied and b.emptied  # with one text, that says nothing of them
    if held < THRESHOLD and not bare and _have_little_in_common(a, b):
        return _NO  # by far the most pairs
    similar = _titles(a, b)
    features = (
        ("shared phrases", f"{phrases.common} of {phrases.fewer}"),
        ("titles alike", f"{similar:.2f}"),
    )
    if similar < 0.4 and held < THRESHOLD and not bare:  # nothing below could make them one text
        return Reason(None, None, max(held, similar), THRESHOLD, features)
    return _weighed(_Pair(a, b, between, similar, phrases), bare, features)


def _weighed(pair: _Pair, bare: bool, features: tuple[Feature, ...]) -> Reason:
    """`bare`: two texts of one source of which all else stands under other titles too."""
    similar, held = pair.similar, pair.held
    score, threshold = pair.score()
    # Below a template's likeness bodies make no case of a series, so what keeps these apart need not be
    # known.
    headlines = similar >= TITLE_THRESHOLD and not pair.phrases.fewer
    looks_alike = score >= threshold or held >= TEMPLATE or headlines or bare
    guard = pair.guard() if looks_alike else None
    if guard:
        return Reason(None, None, max(held, similar), THRESHOLD, (*features, guard))
    return Reason("text" if score >= threshold else None, None, score, threshold, features)


class _Pair:
    """Two fingerprints that have something in common, and what is asked of them."""

    def __init__(
        self, a: Fingerprint, b: Fingerprint, between: Between, similar: float, phrases: _Phrases
    ) -> None:
        self.a, self.b, self.between, self.similar = a, b, between, similar
        self.phrases, self.held = phrases, phrases.held
        self.least, self.most = sorted((_size(a), _size(b)))
        longer, other = sorted((a, b), key=lambda one: (-len(one.title) - len(one.body), one.language))
        self.language = longer.language if longer.title else other.language

    # ------------------------------------------------------------ what they have in common

    @cached_property
    def edits(self) -> Edits:
        """How the titles differ; one that was cut off goes as far as it goes."""
        for short, long in ((self.a, self.b), (self.b, self.a)):
            size = len(short.title) - 1  # the last word may be cut as well
            if short.cut and CUT_TITLE <= size < len(long.title) and short.title[:size] == long.title[:size]:
                return Edits(True)
        return edits(self.a.heading, self.b.heading, self.language)

    @cached_property
    def vouched(self) -> bool:
        """Whether the bodies speak of what only one of the titles says: a text that stands under every title
        of its source does not. Unless a name is another one, what they have in common may as well hold most
        of both titles; and two sources have no description of so many words in common.
        """
        if self.least >= ARTICLE and not self.between.one_source:
            return True
        a, b = self.a, self.b
        own = [side for side in zip(self._own_words(), (b.body, a.body), strict=True) if side[0]]
        spoken = [_speaks(words, body, SPEAKS) for words, body in own]
        if self.between.one_source and self.least < ARTICLE:
            return all(spoken)  # what introduces a series speaks of what all of its titles have in common
        if not own or any(spoken):
            return True
        if self.edits.veto and self.edits.veto[0] == OTHER_NAMES:
            return False
        common = list({*a.body} & {*b.body})
        return all(_speaks(telling(one.title, self.language), common, 0.5) for one in (a, b))

    def _own_words(self) -> tuple[Sequence[str], Sequence[str]]:
        """Telling words that only the one or the other title has; of a script without spaces pairs of
        characters, for any text has most of its single ones.
        """
        mine, other = self.edits.own
        if not any(map(is_dense, mine + other)):
            return mine, other
        a, b = (telling(one.title, self.language) for one in (self.a, self.b))
        return [word for word in a if word not in b], [word for word in b if word not in a]

    @cached_property
    def opens_both(self) -> bool:
        """Whether the first thing that both say stands near the beginning of both."""
        return _opening(self.a, self.b) <= OPENING and _opening(self.b, self.a) <= OPENING

    @cached_property
    def own_lead(self) -> bool:
        """Whether two sources tell one long text, each or one of them under a lead of its own."""
        return (
            not self.between.one_source
            and self.least >= LONG_BODY
            and self.phrases.common >= WHOLE * self.phrases.more
        )

    @cached_property
    def titled(self) -> bool:
        """Whether both have a title of their own: not one made of the first words of the text."""
        return all(one.title and one.title != one.body[: len(one.title)] for one in (self.a, self.b))

    @property
    def copy(self) -> bool:
        return self.least >= LONG_BODY and self.held >= COPY

    @property
    def alike(self) -> bool:
        """Titles that are one but for a word or two."""
        return (
            self.edits.light or (self.similar >= TITLE_THRESHOLD and self.edits.veto is None) or self.reworded
        )

    @cached_property
    def reworded(self) -> bool:
        """Another source's title with a common word (no name, and not the contrary) in the place of one, over
        the same words.
        """
        return (
            self.similar >= HEADLINE_THRESHOLD
            and self.held >= COPY
            and not self.between.one_source
            and self.edits.veto is not None
            and self.edits.veto[0] == headline.OTHER_WORDS
            and not self.edits.capital
        )

    # ------------------------------------------------------------ score

    def score(self) -> tuple[float, float]:
        """Against its threshold."""
        if self.between.seconds > SHORT_WINDOW and self.least < LONG_BODY:
            return 0.0, THRESHOLD
        if self.least >= SHORT_BODY:
            score, threshold = self._bodies()
            if score >= threshold or not self._same_headline():
                return score, threshold
        return self._titles()

    def _bodies(self) -> tuple[float, float]:
        least, held, similar = self.least, self.held, self.similar
        if THRESHOLD <= held < QUOTED and least < SENTENCES and self.most > 4 * least:
            return held, QUOTED  # a long text holds most words of many a short one about the same thing
        if held >= THRESHOLD:
            own_words = least >= LONG_BODY or not self.titled or self.edits.light
            return (held if self._one_story() else 0.0), THRESHOLD if own_words else QUOTED
        if similar >= HEADLINE_THRESHOLD and len(self.a.title) >= 6 and held >= 0.5 and self.opens_both:
            return similar, HEADLINE_THRESHOLD
        if least < LONG_BODY and held >= (0.2 if least < SENTENCES else 0.5) and self.edits.light:
            return (similar + held) / 2 + 0.2, THRESHOLD
        return held, THRESHOLD

    def _one_story(self) -> bool:
        """Whether bodies that are alike are the items' own: under titles that are alike too, or in so many
        words that they speak for themselves, from the beginning of both on (feeds append teasers of other
        stories, and a source the same lines to each of its posts).
        """
        if not self.titled:
            return (self.least >= SENTENCES or self.held >= COPY) and (
                self.opens_both or not self.between.one_source
            )
        if self.alike and (self.edits.light or self.least >= SENTENCES or self.held >= COPY):
            return True
        return self.least >= SENTENCES and (self.opens_both or self.own_lead) and self.vouched

    def _same_headline(self) -> bool:
        """Two sources under one headline that nobody writes by chance; one of them shows but its
        first words.
        """
        if self.between.one_source or self.least >= LONG_BODY:
            return False
        stem = vocabulary.stems(self.language)
        mine, other = ([stem[word] for word in telling(one.title, self.language)] for one in (self.a, self.b))
        return mine == other and len(mine) >= SAME_HEADLINE

    def _titles(self) -> tuple[float, float]:
        """At least one is a mere headline: equal but for light edits, and long enough, or nothing.
        Paraphrases are an event, not a text.
        """
        size = min(len(telling(one.title, self.language)) for one in (self.a, self.b))
        if size < HEADLINE or not self.edits.light:
            return 0.0, HEADLINE_THRESHOLD
        return max(self.similar, HEADLINE_THRESHOLD), HEADLINE_THRESHOLD

    # ------------------------------------------------------------ guards

    def guard(self) -> Feature | None:
        """What tells another case, or the contrary, from a copy. None: nothing."""
        return (
            self._other_numbers()
            or self._other_body()
            or self._standing()
            or self._other_title()
            or self._another_item()
        )

    def _another_item(self) -> Feature | None:
        """A source that gives two guids and two links means two items, unless their texts say clearly
        otherwise.
        """
        between = self.between
        if not between.one_source:
            return None
        if between.other_media:
            return OTHER_ITEM, "another enclosure"
        if between.other_image and self.least < SENTENCES:
            return OTHER_ITEM, "another picture"
        return None if self._told_again() else (OTHER_ITEM, "its guid and link are its own")

    def _told_again(self) -> bool:
        """Whether a source tells one text twice: on one day under one headline, or an article whatever its
        day.
        """
        if self.least >= ARTICLE and self.held >= COPY:
            return self.alike or self.vouched
        if not self.alike:
            return self.copy and self.vouched
        title = max(self.a.headline, self.b.headline, key=len)
        return (
            self.between.seconds < SOON
            and self.phrases.common >= THRESHOLD * self.phrases.more
            and self.held >= QUOTED
            and (
                self.least >= SENTENCES
                or (self.least >= SHORT_BODY and speaks(telling(title, self.language), self.a.body) >= 2)
            )
        )

    def _other_numbers(self) -> Feature | None:
        a, b = self.a, self.b
        if self._corrects():
            return None
        if self.similar >= 0.5 and _disagree(a.numbers, b.numbers, 1.0):
            return OTHER_NUMBERS, f"in the titles {_differ(a.numbers, b.numbers)}"
        if self.copy or self.held < TEMPLATE:
            return None
        least = NUMBERS if not self.opens_both else AGENCY_NUMBERS if self.least < AGENCY else 0.0
        if _disagree(a.body_numbers, b.body_numbers, least):
            return OTHER_NUMBERS, _differ(a.body_numbers, b.body_numbers)
        return None

    def _corrects(self) -> bool:
        """It says itself that it corrects or repeats an earlier one; or it is a table of figures with a slip
        in it.
        """
        if (self.a.repeat or self.b.repeat) and self.held >= THRESHOLD:
            return True
        figures = self.a.body_numbers, self.b.body_numbers
        return min(map(len, figures)) >= TABLE and not _disagree(*figures, 0.9)

    def _other_title(self) -> Feature | None:
        """The titles say two things. Under headlines that were written anew a long text speaks for itself."""
        veto = self.edits.veto
        if veto is None or self.reworded or self._corrects() or not self.titled:
            return None
        anew = self.similar < TITLE_THRESHOLD or veto[0] in (headline.OTHER_WORDS, OTHER_NAMES)
        opens = self.opens_both or self.own_lead
        decides = self.least >= SENTENCES and self.held >= THRESHOLD and opens and anew
        if not decides and veto[0] == headline.OTHER_ORDER:
            decides = self.least >= LONG_BODY and self.held >= QUOTED
        return None if decides else veto

    def _standing(self) -> Feature | None:
        """A text that says nothing of what its titles differ in."""
        a, b = self.a, self.b
        if self.between.one_source and a.emptied and b.emptied and not self.edits.light:
            return STANDING, "says nothing of either"
        if self.held >= THRESHOLD and self.titled and not self.alike and not self.vouched:
            return STANDING, "says nothing of what the titles differ in"
        return None

    def _other_body(self) -> Feature | None:
        """Words that stand in each other's place throughout."""
        if self._corrects():
            return None
        a, b = self.a, self.b
        swapped = _swapped(a, b)
        if swapped is None and self.held >= 0.2 and a.body != b.body:
            swapped = _renamed(a, b)
            if swapped is None:
                return self._replaced()
        return None if swapped is None else _named(swapped)

    def _said_otherwise(self, mine: Sequence[str], other: Sequence[str]) -> str | None:
        """What words that stand in each other's place make of a text, names apart."""
        if max(len(mine), len(other)) <= 2 and contrary.negation(mine, other, self.language):
            return headline.NEGATED
        if not mine or not other:
            return None
        if contrary.opposite(mine, other, self.language):
            return headline.OPPOSITE
        return OTHER_NUMBERS if _numbers_differ(mine, other) and not self._slips() else None

    def _replaced(self) -> Feature | None:
        """A number, a name or a word of one body in whose place, in the same words, the other has another
        one, or the contrary.
        """
        names: list[tuple[str, str]] = []
        for (i, j), (k, m) in _changes(self.a.body, self.b.body):
            mine, other = self.a.body[i:j], self.b.body[k:m]
            if kind := self._said_otherwise(mine, other):
                return kind, _stands(mine, other)
            if _names_differ(self.a, i, j, self.b, k, m):
                names.append((" ".join(mine), " ".join(other)))
        # One name in a long text may be a correction; several are another case.
        if names and (self.least < LONG_BODY or len(names) * MANY_NAMES >= self.least):
            return _named(names[0])
        return None

    def _slips(self) -> bool:
        """A long text with one figure in another's place."""
        a, b = self.a.body_numbers, self.b.body_numbers
        return self.least >= LONG_BODY and len(a & b) >= SLIP * max(len(a), len(b))


def _size(one: Fingerprint) -> int:
    """Words of its text; of a script without spaces two pairs of characters are about one."""
    if one.shown.isascii():
        return len(one.body)
    return len(one.body) - sum(map(is_dense, one.body)) // 2


def _speaks(words: Sequence[str], body: Sequence[str], share: float) -> bool:
    """Whether a body holds so much of these words."""
    return speaks(words, body) >= max(1, share * len(words))


def _titles(a: Fingerprint, b: Fingerprint) -> float:
    """Similarity of the titles; a title that was cut off counts as far as it goes."""
    similar = title_similarity(a.title, b.title)
    for short, long in ((a, b), (b, a)):
        size = len(short.title)
        if short.cut and CUT_TITLE <= size <= len(long.title):
            similar = max(similar, title_similarity(short.title, long.title[:size]))
    return similar


def _opening(one: Fingerprint, other: Fingerprint) -> int:
    held = other.held
    return next(
        (position for position, shingle in enumerate(shingles(one.body)) if shingle in held), len(one.body)
    )


def share_words(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two items have a telling word in common, whatever its ending; nothing tells against one that
    has no words.
    """
    mine = telling((*a.title, *a.body), a.language)
    other = telling((*b.title, *b.body), b.language)
    return not mine or not other or speaks(mine, other) > 0


def tells_of(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether a text says what only the title of the other says: `Washington` may well be `US`."""
    own = set(other.title).difference(one.title).intersection(one.body)
    return any(not is_number(word) for word in own)


def series(a: Fingerprint, b: Fingerprint, reason: Reason, one_source: bool) -> bool:
    """Whether two texts are two cases of one template (weather of two towns, results of two matches), and so
    not one event either.

    Other names make another case, but where one text tells of that of the other under a like title, and so
    does a text that stands under every title. Other numbers and words do only within one source: a toll that
    rises is told in the same words too.
    """
    if reason.level is not None or not reason.features:
        return False
    kind = reason.features[-1][0]
    if kind == STANDING:
        return True
    is_case = kind == OTHER_NAMES or (kind in (OTHER_NUMBERS, headline.OTHER_WORDS) and one_source)
    return is_case and _of_one_template(a, b, kind)


def _of_one_template(a: Fingerprint, b: Fingerprint, kind: str) -> bool:
    """Whether two texts say the same but for what differs (`kind`): in their bodies, or in the titles of two
    that have none.
    """
    similar = title_similarity(a.title, b.title)
    if a.held and b.held:
        is_one_place = (
            kind == OTHER_NAMES and similar >= TITLE_THRESHOLD and (tells_of(a, b) or tells_of(b, a))
        )
        return containment(a.held, b.held) >= TEMPLATE and not is_one_place
    least = 0.5 if kind == OTHER_NUMBERS else TITLE_THRESHOLD
    return not a.held and not b.held and similar >= least


def _renamed(a: Fingerprint, b: Fingerprint) -> tuple[str, str] | None:
    """Two titles in the same words but for two names or more (`Doe v Roe`, the teams of a match): two cases,
    whatever their bodies say.
    """
    if len(a.title) != len(b.title) or a.title == b.title:
        return None
    places = [place for place, (one, other) in enumerate(zip(a.title, b.title, strict=True)) if one != other]
    if not 2 <= len(places) <= len(a.title) // 2 or not all(_names_in_title(one, places) for one in (a, b)):
        return None
    mine, other = ([one.title[place] for place in places] for one in (a, b))
    if set(mine) & set(other) or any(_likeness(*pair) >= MISSPELT for pair in zip(mine, other, strict=True)):
        return None
    return " ".join(mine), " ".join(other)


def _names_in_title(one: Fingerprint, places: list[int]) -> bool:
    capitals = one.title_capitals()
    return bool(capitals) and all(capitals[place] and one.title[place] not in _AGENCIES for place in places)


def _alike_from_the_start(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(a), len(b)))


def _changes(a: tuple[str, ...], b: tuple[str, ...]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Places of up to four words of each that stand where the other has others, or none."""
    start = _alike_from_the_start(a, b)
    end = _alike_from_the_start(a[start:][::-1], b[start:][::-1])
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    for kind, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal" and j - i <= 4 and m - k <= 4:
            yield (start + i, start + j), (start + k, start + m)


def _numbers_differ(a: Sequence[str], b: Sequence[str]) -> bool:
    """Both spans are nothing but numbers, and not the same."""
    return all(map(is_number, (*a, *b))) and {*map(as_figure, a)} != {*map(as_figure, b)}


def _names_differ(a: Fingerprint, i: int, j: int, b: Fingerprint, k: int, m: int) -> bool:
    """Both spans are nothing but words with a capital, and none is the name of an agency."""
    if i == j or k == m:
        return False
    mine_up, other_up = a.capitals()[i:j], b.capitals()[k:m]
    if not mine_up or not other_up or not all(mine_up) or not all(other_up):
        return False
    mine, other = a.body[i:j], b.body[k:m]
    if (set(mine) | set(other)) & _AGENCIES or set(mine) & set(other):
        return False
    return _likeness("".join(mine), "".join(other)) < MISSPELT


def _likeness(a: str, b: str) -> float:
    """Of the letters of two words."""
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def _disagree(a: frozenset[str], b: frozenset[str], share: float) -> bool:
    """Less than this share of the smaller set is in the larger one."""
    return bool(a and b) and len(a & b) < share * min(len(a), len(b))


def _swapped(a: Fingerprint, b: Fingerprint) -> tuple[str, str] | None:
    """A word of one title that stands where the other title has another one, and the same in the bodies:
    another case of a series.
    """
    found = _unlike(_own(a, b), _own(b, a))
    return (found[0][0], found[1][0]) if all(found) else None


def _own(one: Fingerprint, other: Fingerprint) -> list[str]:
    """Words that a title and its text have, and the other title and text have not; none where titles differ
    in more than a few words.
    """
    found = set(one.title) - set(other.title)
    if sum(0.5 if is_dense(word) else 1.0 for word in found) > SWAPPED:
        return []
    own = (found & set(one.body)) - set(other.body)
    return sorted(word for word in own if len(word) > 2 or not word.isascii())


def _unlike(a: Sequence[str], b: Sequence[str]) -> tuple[list[str], list[str]]:
    """Without those that are spelt, or end, otherwise."""
    alike = [(one, other) for one in a for other in b if _likeness(one, other) >= MISSPELT]
    mine, theirs = {one for one, _ in alike}, {other for _, other in alike}
    return [word for word in a if word not in mine], [word for word in b if word not in theirs]


def named_anew(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether titles that differ in a few words, and texts of one template, have another name each."""
    if not a.held or not b.held or containment(a.held, b.held) < TEMPLATE:
        return False
    mine, other = (
        [word for word in _own(one, two) if not is_number(word) and _has_capitals(one, word)]
        for one, two in ((a, b), (b, a))
    )
    return all(_unlike(mine, other))


def _has_capitals(one: Fingerprint, word: str) -> bool:
    """Wherever its text has this word; a text without any tells nothing."""
    capitals = one.capitals()
    return not any(capitals) or all(
        capital for said, capital in zip(one.body, capitals, strict=True) if said == word
    )


def _named(swapped: tuple[str, str]) -> Feature:
    digits = all(character.isdigit() or character == " " for character in "".join(swapped))
    return (
        OTHER_NUMBERS if digits else OTHER_NAMES
    ), f"“{swapped[0]}” stands where the other has “{swapped[1]}”"


def _stands(a: Sequence[str], b: Sequence[str]) -> str:
    return f"“{' '.join(a)}” stands where the other has “{' '.join(b)}”"


def _differ(a: frozenset[str], b: frozenset[str]) -> str:
    return f"{_list(a - b)} ≠ {_list(b - a)}"


def _list(found: Iterable[str]) -> str:
    return ", ".join(sorted(found)[:4]) or "none"
