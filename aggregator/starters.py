"""The shipped rules of common topics: lists of words in several languages, data that anybody can read and
change.

A line of `data/starters/NAME.txt` is `LANGUAGE: words` or `LANGUAGE title: words`: words that tell the topic
wherever they stand at the beginning of an entry, and words that hint at it in a headline. Whatever language
an entry is in, all lines are looked for: many do not say theirs.

One telling word, or two hints, make a topic.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources

from aggregator.patterns import lazy
from aggregator.records import dataclass
from aggregator.text.words import first_search_words, search_words

NEEDED = 2  # what a topic needs: a telling word counts so much, a hint one
REMEMBERED = 100_000  # words of which a lexicon remembers what it found
BEGINNING = 60  # words of the text that are looked at, after those of the title
_WORDS = lazy(r'"([^"]+)"(\*?)|(\S+)')


@dataclass(frozen=True, slots=True)
class _Term:
    topic: str
    words: tuple[str, ...]
    is_prefix: bool
    telling: bool  # else it hints, in a title
    shown: str

    @property
    def is_beginning(self) -> bool:
        """Of one word, by which it is found."""
        return self.is_prefix and len(self.words) == 1


class Lexicon(dict[str, tuple[_Term, ...]]):
    """All terms of some starters: word → those that may begin with it, in the order in which they are looked
    for. Made when asked for: a few thousand words are most of any text.
    """

    def __init__(self, terms: Sequence[_Term] = ()) -> None:
        super().__init__()
        self._whole = _by_first_word(term for term in terms if not term.is_beginning)
        self._beginnings = _by_first_word(term for term in terms if term.is_beginning)
        self._lengths = sorted(set(map(len, self._beginnings)))

    @property
    def is_empty(self) -> bool:
        return not self._whole and not self._beginnings

    def __missing__(self, word: str) -> tuple[_Term, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
        beginnings = [word[:length] for length in self._lengths if length <= len(word)]
        found = [*self._whole.get(word, ())]
        found += [term for beginning in beginnings for term in self._beginnings.get(beginning, ())]
        self[word] = terms = tuple(sorted(found, key=_heaviest_first))
        return terms


@dataclass(frozen=True, slots=True)
class Found:
    """A topic that an entry belongs to, or nearly does, and its words."""

    topic: str
    score: int
    terms: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.score >= NEEDED


@functools.cache
def names() -> tuple[str, ...]:
    """Of all starters that are shipped."""
    folder = resources.files("aggregator") / "data" / "starters"
    return tuple(
        sorted(one.name.removesuffix(".txt") for one in folder.iterdir() if one.name.endswith(".txt"))
    )


@functools.cache
def title(name: str) -> str:
    """As people call the topic."""
    return _text(name).partition("\n")[0].removeprefix("#").strip()


def _text(name: str) -> str:
    return (resources.files("aggregator") / "data" / "starters" / f"{name}.txt").read_text(encoding="utf-8")


@functools.cache
def lexicon(wanted: tuple[str, ...]) -> Lexicon:
    """Of these starters, by name."""
    return Lexicon([term for name in wanted for term in _terms(name)])


def _by_first_word(terms: Iterable[_Term]) -> dict[str, list[_Term]]:
    found: dict[str, list[_Term]] = {}
    for term in terms:
        found.setdefault(term.words[0], []).append(term)
    return found


def _terms(name: str) -> Iterator[_Term]:
    for line in _text(name).splitlines():
        place, colon, listed = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        for phrase, star, word in _WORDS.findall(listed):
            said = phrase + star if phrase else word
            words = tuple(search_words(said))
            if words:
                yield _Term(name, words, said.endswith("*"), not place.endswith("title"), said)


@functools.lru_cache(maxsize=4)
def opening(headline: str, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words of the headline, and the first ones of the text. What is asked of an entry is asked several
    times.
    """
    return tuple(search_words(headline)), tuple(first_search_words(text, BEGINNING))


def match(known: Lexicon, headline: str, text: str) -> list[Found]:
    """The topics that an entry belongs to, and those of which it has a hint; the surest first."""
    heading, body = opening(headline, text)
    words = heading + body
    terms: dict[str, dict[str, int]] = {}  # topic → term, as it was written → what it counts
    behind: dict[str, int] = {}  # topic → where its last term ended: a word counts once for it
    for place, word in enumerate(words):
        for term in known[word]:
            if len(term.words) > 1 and not _follows(term, words[place : place + len(term.words)]):
                continue
            if place >= behind.get(term.topic, 0) and (term.telling or place < len(heading)):
                behind[term.topic] = place + len(term.words)
                terms.setdefault(term.topic, {})[term.shown] = NEEDED if term.telling else 1
    return _surest_first(terms)


def _surest_first(terms: Mapping[str, Mapping[str, int]]) -> list[Found]:
    found = [Found(topic, sum(counts.values()), tuple(counts)) for topic, counts in terms.items()]
    return sorted(found, key=lambda one: (-one.score, one.topic))


def _heaviest_first(term: _Term) -> tuple[bool, int]:
    return not term.telling, -len(term.words)


def _follows(term: _Term, words: Sequence[str]) -> bool:
    if len(words) < len(term.words) or tuple(words[:-1]) != term.words[:-1]:
        return False
    return words[-1].startswith(term.words[-1]) if term.is_prefix else words[-1] == term.words[-1]
