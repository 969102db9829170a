"""Two headlines word by word: which of their differences are light edits, and which tell another piece of
news.

A bag of words can't tell `India beat England` from `England beat India`, or a statement from its denial; so
what differs is looked at where it stands.

In: two cleaned headlines and their language. Out: `Edits`. Start reading at `edits`, then at `Comparison`.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from aggregator.dedupe.numbers import as_figure, is_number, is_unit, read
from aggregator.records import dataclass
from aggregator.text import contrary, vocabulary
from aggregator.text.words import fold, is_dense, sought, words

Feature = tuple[str, str]

NEGATED, OPPOSITE, OTHER_ORDER = "negation", "opposite words", "other order"
OTHER_WORDS, OTHER_NAMES = "other words", "other names"
ADDED = 4  # telling words of a clause, at most, that one title may have and the other not
LONG_TITLE, TAIL = 7, 2  # a title of so many telling words may go on for so many more
# two forms of a word of so many letters begin alike for this share, and end in so many letters of their own
FORMS, VARIANT, ENDING = 6, 0.6, 2
MISSPELT, NAME = 0.85, 7  # likeness of letters from which on two names of so many letters are one

# Letters of Arabic that are written for each other, and those of Persian keyboards.
_ARABIC = str.maketrans("ةىیک", "هييك")
# What separates the clauses of a headline: all but commas within numbers, and hyphens and points within
# words.
_RAW = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[:;|–—…?!()\[\]【】〔〕（）：；｜，。、？！·]|,(?!\d)|\s[-‐-]{1,2}\s|\.\s")


@dataclass(frozen=True, slots=True)
class Edits:
    """How two titles differ."""

    light: bool  # in nothing that changes what they say
    veto: Feature | None = None  # what tells two pieces of news apart, in words
    # telling words that only the one or the other has
    own: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    # what tells them apart has a capital in both, behind the first word: it may be a name
    capital: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Of a headline: its words (characters, where a script has no spaces), and the clause that each is in."""

    units: tuple[str, ...]
    clauses: tuple[int, ...]
    lower: tuple[bool, ...]  # written without a capital, as names never are


@functools.lru_cache(maxsize=4096)
def words_of(heading: str) -> Words:
    """A headline is compared with several others one after the other."""
    units: list[str] = []
    clauses: list[int] = []
    for number, clause in enumerate(_CLAUSE.split(read(heading))):
        said = words(clause) if clause.isascii() else _units(words(clause))
        found = [as_figure(unit) for unit in contrary.without_contractions(said)]
        units += found
        clauses += [number] * len(found)
    small = {fold(word) for word in _RAW.findall(heading) if word.islower()}
    return Words(tuple(units), tuple(clauses), tuple(unit in small or is_unit(unit) for unit in units))


def _units(found: Sequence[str]) -> Iterator[str]:
    """Overlapping pairs of characters as characters."""
    for word, after in zip_longest(found, found[1:], fillvalue=""):
        if len(word) == 2 and is_dense(word):
            yield word[0]
            if not (len(after) == 2 and after[0] == word[1] and is_dense(after)):
                yield word[1]
        else:
            yield word


def telling(found: Sequence[str], language: str) -> list[str]:
    """All but the most common words of the language; negations are telling."""
    return [word for word in found if tells(word, language)]


def tells(word: str, language: str) -> bool:
    """Whether it is none of the most common words of the language, or negates."""
    if word in vocabulary.commonest(language):
        return is_number(word) or contrary.negates(word, language)
    return len(word) > 1 or not word.isascii() or word.isdigit()


def is_variant(a: str, b: str, language: str, name: bool = False) -> bool:
    """Whether two words are forms or spellings of one; they begin alike, for a prefix makes another word.
    Names have no forms: `Niger` and `Nigeria` are two.
    """
    shorter, longer = sorted((a, b), key=len)
    stem = vocabulary.stems(language)
    if longer in (shorter, shorter + "s") or stem[a] == stem[b] or _is_british(a, b):
        return True
    start = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(shorter))
    if start < 2 or not a.isalpha() or not b.isalpha() or is_dense(a):
        return False
    return (not name and _is_inflected(start, len(longer))) or (len(shorter) >= NAME and _is_misspelt(a, b))


def _is_british(a: str, b: str) -> bool:
    """Whether one is spelt as in Britain and the other as in America: `centre`, `center`."""
    return a[:-2] == b[:-2] and {a[-2:], b[-2:]} == {"er", "re"}


def _is_inflected(start: int, letters: int) -> bool:
    """Whether two words that begin alike for so many letters, the longer of so many, differ in their
    endings.
    """
    return letters >= FORMS and start >= max(VARIANT * letters, letters - ENDING)


def _is_misspelt(a: str, b: str) -> bool:
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= MISSPELT


@functools.lru_cache(maxsize=256)
def edits(a: str, b: str, language: str) -> Edits:
    """How headline `b` differs from `a`, both cleaned. Two that may be one text may then be two cases of one
    template, and are asked about again.
    """
    if a == b:
        return Edits(True)
    mine, other = words_of(a), words_of(b)
    if mine.units == other.units or _typed(mine) == _typed(other):
        return Edits(True)
    return Comparison(mine, other, language).result()


def _typed(title: Words) -> str:
    """Its letters as people type them on any keyboard, whatever is written in one word or in two."""
    return sought("".join(title.units)).translate(_ARABIC)


class Comparison:
    """What is left of two titles when all that is the same, or a light edit, is taken away."""

    def __init__(self, a: Words, b: Words, language: str) -> None:
        self.titles, self.language = (a, b), language
        matcher = difflib.SequenceMatcher(None, a.units, b.units, autojunk=False)
        self.spans = [
            (range(i, j), range(k, m)) for kind, i, j, k, m in matcher.get_opcodes() if kind != "equal"
        ]
        self.left = [self._own(0), self._own(1)]
        self._drop_variants()
        self.moved = self._moved()

    def _own(self, side: int) -> list[list[int]]:
        """Places of the telling words of each span, on one side."""
        units = self.titles[side].units
        return [[place for place in span[side] if tells(units[place], self.language)] for span in self.spans]

    def words(self, side: int, places: Sequence[int]) -> list[str]:
        return [self.titles[side].units[place] for place in places]

    def _drop_variants(self) -> None:
        """Forms of one word in each other's place; words written in one or in two (`by-election`)."""
        for mine, other in zip(*self.left, strict=True):
            a, b = self.words(0, mine), self.words(1, other)
            if "".join(a) == "".join(b) or (
                len(a) == len(b)
                and all(
                    is_variant(one, two, self.language, name)
                    for one, two, name in zip(a, b, self._names(mine, other), strict=True)
                )
                and not contrary.negation(a, b, self.language)
            ):
                mine.clear()
                other.clear()

    def _names(self, mine: Sequence[int], other: Sequence[int]) -> list[bool]:
        """Of words in each other's place, which ones may be names: not written small in both titles."""
        a, b = (title.lower for title in self.titles)
        return [not (a[i] and b[j]) for i, j in zip(mine, other, strict=True)]

    def _moved(self) -> Counter[str]:
        """Words that stand in both titles, at different places."""
        mine, other = (
            Counter(word for places in self.left[side] for word in self.words(side, places))
            for side in (0, 1)
        )
        return mine & other

    def _negates(self, side: int) -> bool:
        return any(contrary.negates(word, self.language) for word in self._all(side))

    def result(self) -> Edits:
        own = (self._only(0), self._only(1))
        if self._negates(0) != self._negates(1):
            return Edits(False, (NEGATED, self._said(own)), own)
        found = contrary.opposite(own[0], own[1], self.language)
        if found:
            return Edits(False, (OPPOSITE, f"“{found[0]}” against “{found[1]}”"), own)
        if self.moved and not self._clauses_moved(own):
            return Edits(False, (OTHER_ORDER, ", ".join(sorted(self.moved)[:4])), own)
        return self._replaced(own) or Edits(self._light(own), None, own)

    def _all(self, side: int) -> list[str]:
        return [self.titles[side].units[place] for places in self.left[side] for place in places]

    def _only(self, side: int) -> tuple[str, ...]:
        """Telling words of one title that the other has not, anywhere."""
        spare = Counter(self.moved)
        found = []
        for word in self._all(side):
            if spare[word] > 0:
                spare[word] -= 1
            else:
                found.append(word)
        return tuple(found)

    def _said(self, own: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        found = [word for side in own for word in side if contrary.negates(word, self.language)]
        return f"“{(found or ['?'])[0]}” in one of the titles alone"

    def _replaced(self, own: tuple[tuple[str, ...], tuple[str, ...]]) -> Edits | None:
        """The first span in whose place the other title has other telling words."""
        for mine, other in zip(*self.left, strict=True):
            a = [place for place in mine if self.titles[0].units[place] not in self.moved]
            b = [place for place in other if self.titles[1].units[place] not in self.moved]
            if a and b:
                veto = self._kind(a, b), _stands(self.words(0, a), self.words(1, b))
                return Edits(False, veto, own, self._have_capitals(a, b))
        return None

    def _have_capitals(self, a: list[int], b: list[int]) -> bool:
        """Whether none of these words is written small, in a script that has small letters, or a number."""
        return not any(
            title.lower[place] or is_number(title.units[place])
            for title, places in zip(self.titles, (a, b), strict=True)
            for place in places
        )

    def _kind(self, a: list[int], b: list[int]) -> str:
        if contrary.negation(self.words(0, a), self.words(1, b), self.language):
            return NEGATED
        named = all(self.is_name(0, place) for place in a) and all(self.is_name(1, place) for place in b)
        return OTHER_NAMES if named else OTHER_WORDS

    def is_name(self, side: int, place: int) -> bool:
        """Written with a capital where other words are not; or no common word of its language."""
        title = self.titles[side]
        if title.lower[place] or is_number(title.units[place]):
            return False
        long = sum(small and len(word) > 3 for small, word in zip(title.lower, title.units, strict=True))
        return (place > 0 and long >= 2) or (
            not vocabulary.is_common(title.units[place], self.language) and not is_dense(title.units[place])
        )

    def _whole_clauses(self, side: int) -> bool:
        """Whether what differs on this side is nothing but whole clauses: a kicker, `, police say`."""
        title = self.titles[side]
        touched = {place for places in self.left[side] for place in places}
        clauses = {title.clauses[place] for place in touched}
        return all(
            place in touched
            for place, clause in enumerate(title.clauses)
            if clause in clauses and tells(title.units[place], self.language)
        )

    def _clauses_moved(self, own: tuple[tuple[str, ...], tuple[str, ...]]) -> bool:
        """Whether whole clauses stand at another place, all else being the same but for an attribution."""
        few = self.moved.total() <= TAIL or own == ((), ())
        return few and all(map(self._whole_clauses, (0, 1)))

    def _light(self, own: tuple[tuple[str, ...], tuple[str, ...]]) -> bool:
        """Only a short clause more, or a long title that goes on for a word or two."""
        if not own[0] and not own[1]:
            return True
        common = len(telling(self.titles[0].units, self.language)) - len(own[0])
        most = max(map(len, own))
        if most <= min(ADDED, common) and all(map(self._whole_clauses, (0, 1))):
            return True
        return most <= TAIL and common >= LONG_TITLE and self._goes_on()

    def _goes_on(self) -> bool:
        """Whether one title is the other and a few words behind it."""
        if any(is_dense(title.units[-1]) for title in self.titles):
            return False  # a character or two behind a verb negate it
        return len(self.spans) == 1 and all(
            span.stop == len(title.units) for span, title in zip(self.spans[0], self.titles, strict=True)
        )


def _stands(a: Sequence[str], b: Sequence[str]) -> str:
    return f"“{' '.join(a[:6])}” stands where the other has “{' '.join(b[:6])}”"
