"""Two headlines in one frame: the same words, but for what stands in some places. `Solara shares fall 12%`
and `Halden shares fall 9%` tell two pieces of news.

In: two cleaned headlines and their language. Out: the `Frame` that both are written in. Start reading at
`frame`.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from aggregator.dedupe.headline import Comparison, Words, tells, words_of
from aggregator.dedupe.numbers import is_number
from aggregator.records import dataclass
from aggregator.text import vocabulary
from aggregator.text.words import is_dense

NAMED = 3  # telling words of a name that stands in another's place, at most


@dataclass(frozen=True, slots=True)
class Frame:
    """What two headlines have in common, numbers aside, and in how many places the one has another name, or
    other words, than the other. Measured in telling words; a character of a script without spaces is half a
    word.
    """

    common: float
    filled: float  # what stands in the places
    alone: float  # what stands in nobody's place
    names: int
    signs: int  # places where characters of a script without spaces stand for others
    words: int
    certain: bool  # capitals tell the names


def frame(a: str, b: str, language: str) -> Frame | None:
    """The frame that headlines `a` and `b`, both cleaned, are written in. None where they have none: one of
    them has words of its own that are no names, as most headlines of one happening do, or has little else,
    or neither has a word of its own that tells something, numbers aside.
    """
    if not _may_have_one(_fixed(a, language), _fixed(b, language)):
        return None
    return _Places(words_of(a), words_of(b), language).frame()


class _Fixed(NamedTuple):
    """Of a headline: its words, those that tell something, numbers aside, and of these those that are no
    names.
    """

    said: frozenset[str]
    told: frozenset[str]
    no_names: frozenset[str]


@functools.lru_cache(maxsize=1024)
def _fixed(heading: str, language: str) -> _Fixed:
    """A headline is compared with several others one after the other."""
    title = words_of(heading)
    told = {
        word: small
        for word, small in zip(title.units, title.lower, strict=True)
        if not is_number(word) and tells(word, language)
    }
    no_names = frozenset(word for word, small in told.items() if small)
    return _Fixed(frozenset(title.units), frozenset(told), no_names)


def _may_have_one(mine: _Fixed, other: _Fixed) -> bool:
    """Whether only names differ, as far as single words tell: most pairs of headlines end here."""
    if mine.told <= other.said and other.told <= mine.said:
        return False
    if not mine.no_names <= other.said or not other.no_names <= mine.said:
        return False
    common = len(mine.told & other.told)
    sure = mine.no_names and other.no_names
    return bool(common and (sure or max(len(mine.told), len(other.told)) <= 2 * common))


class _Places(Comparison):
    """What stands in the places where two titles differ."""

    def __init__(self, a: Words, b: Words, language: str) -> None:
        super().__init__(a, b, language)
        touched = {place for span in self.spans for place in span[0]}
        self._both = [place for place in range(len(a.units)) if place not in touched]
        self._capitals = self._capitals_tell()

    def frame(self) -> Frame:
        filled, alone, kinds = 0.0, 0.0, Counter[str]()
        for mine, other in zip(*self.left, strict=True):
            a, b = self._of_its_own(0, mine), self._of_its_own(1, other)
            if a and b:
                kinds[self._filled_with((a, b))] += 1
                filled += max(self._weight(0, a), self._weight(1, b))
            else:
                alone += self._weight(0, a) + self._weight(1, b)
        return _counted(self._weight(0, self._both), filled, alone, kinds)

    def _of_its_own(self, side: int, places: Sequence[int]) -> list[int]:
        """Those whose words the other title has nowhere, numbers aside."""
        units, others = self.titles[side].units, set(self.titles[1 - side].units)
        return [place for place in places if units[place] not in others and not is_number(units[place])]

    def _filled_with(self, said: Sequence[Sequence[int]]) -> str:
        """What stands in a place, by the places of the words in both titles: `certain` and likely `names`,
        `signs` of a script without capitals, the `first` word, which has a capital anyway, or other `words`.
        """
        if any(self._weight(side, places) > NAMED for side, places in enumerate(said)):
            return "words"
        if _both(self._in_signs, said):
            return "signs"
        if _both(self._known_names, said) or (self._capitals and _both(self._one_name, said)):
            return "certain"
        if _both(self._like_a_name, said):
            return "names"
        return "first" if said[0] == said[1] == [0] else "words"

    def _in_signs(self, side: int, places: Sequence[int]) -> bool:
        return all(is_dense(self.titles[side].units[place]) for place in places)

    def _like_a_name(self, side: int, places: Sequence[int]) -> bool:
        """No common words; or a word that is none beside others with capitals (`John Carter`)."""
        lower, sure = self.titles[side].lower, [self.is_name(side, place) for place in places]
        return all(sure) or (any(sure) and any(lower) and not any(lower[place] for place in places))

    def _known_names(self, side: int, places: Sequence[int]) -> bool:
        """Whether these are common words that are names."""
        title, known = self.titles[side], vocabulary.names(self.language)
        return all(title.units[place] in known and not title.lower[place] for place in places)

    def _capitals_tell(self) -> bool:
        """Whether capitals tell names from other words: half of what both titles say has none, and nouns
        neither.
        """
        if self.language == "de":
            return False
        title, other = self.titles
        small = {word for word, lower in zip(other.units, other.lower, strict=True) if lower}
        told = [
            title.lower[place] and title.units[place] in small
            for place in self._both
            if place > 0 and not is_number(title.units[place]) and tells(title.units[place], self.language)
        ]
        return sum(told) > 0 and 2 * sum(told) >= len(told)

    def _one_name(self, side: int, places: Sequence[int]) -> bool:
        """Of a title where capitals tell: the first word has one whatever it is."""
        lower = self.titles[side].lower
        return not any(lower[place] for place in places) and (places[-1] > 0 or self.is_name(side, places[0]))

    def _weight(self, side: int, places: Iterable[int]) -> float:
        """How many telling words these are, numbers aside."""
        words = map(self.titles[side].units.__getitem__, places)
        told = [word for word in words if tells(word, self.language) and not is_number(word)]
        return sum(0.5 if is_dense(word) else 1.0 for word in told)


def _both(is_so: Callable[[int, Sequence[int]], bool], said: Sequence[Sequence[int]]) -> bool:
    """Whether it is so of what each title has in a place."""
    return all(is_so(side, places) for side, places in enumerate(said))


def _counted(common: float, filled: float, alone: float, kinds: Counter[str]) -> Frame:
    """`kinds`: what stands in a place, as `_filled_with` has it → in how many."""
    named = kinds["first"] if kinds["certain"] else 0  # the first word is a name, too, where another one is
    likely, words = kinds["names"] + named, kinds["words"] + kinds["first"] - named
    return Frame(common, filled, alone, likely + kinds["certain"], kinds["signs"], words, likely == 0)
