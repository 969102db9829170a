"""What a word is compared by in another text: its stem, and in some languages that without what changes with
its place in a sentence (`Москва`, `в Москве`; `아파트에서`). Too rough to tell one word from another; good
to see that two texts speak of the same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

from aggregator.text import vocabulary
from aggregator.text.words import fold

ROOT = 3  # letters that a root of a language with endings has at least

_CYRILLIC = (
    "иями ями ами ью ого его ому ему ыми ими іми ою ею єю иях ях ах ых их іх ям ам ом ем ев ов ів їв "
    "ой ей ий ый ій ая яя ое ее ые ие ии ия ию ую юю а я о е ы и у ю ь і ї є"
)
_GREEK = "ουσ ησ οσ ασ εσ ων ου οι ον ην αν η ο α ι ε"
_PARTICLES = "에서는 에서 에게 으로 까지 부터 에는 로 서 을 를 이 가 은 는 의 에 와 과 도 만".split()  # noqa: SIM905  # readable
_ARTICLES = "وال بال كال فال ولل لل ال".split()  # noqa: SIM905  # readable


def roots(language: str) -> Mapping[str, str]:
    """Word → root."""
    return _roots(language) if language in _ROOT else vocabulary.stems(language)


def shares(language: str) -> Mapping[str, float]:
    """Root → share of the items in this language that hold it."""
    return _shares(language) if language in _ROOT else vocabulary.shares(language)


def calendar(language: str) -> frozenset[str]:
    """Stems of the names of days and months in all languages, and their roots in this one."""
    return _calendar(language) if language in _ROOT else vocabulary.calendar()


class _Roots(dict[str, str]):
    """Word → root, made when asked for."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stems, self._root = vocabulary.stems(language), _ROOT[language]

    def __missing__(self, word: str) -> str:
        if len(self) >= 200_000:
            self.clear()
        self[word] = found = self._root(self._stems[word])
        return found


_roots = functools.cache(_Roots)


@functools.cache
def _shares(language: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for stem, share in vocabulary.shares(language).items():
        root = _ROOT[language](stem)
        found[root] = 1 - (1 - found.get(root, 0.0)) * (1 - share)
    return found


@functools.cache
def _calendar(language: str) -> frozenset[str]:
    names = vocabulary.calendar()
    return names | {_ROOT[language](name) for name in names}


def _without(endings: str) -> Callable[[str], str]:
    """Without the longest of these that leaves a root."""
    ending = re.compile(f"(?:{'|'.join(fold(endings).split())})$")

    def root(stem: str) -> str:
        found = ending.search(stem, ROOT)
        return stem[: found.start()] if found else stem

    return root


def _without_particle(stem: str) -> str:
    """Korean writes them behind a word, without a space; two syllables are a word."""
    particle = next((one for one in _PARTICLES if stem.endswith(one)), "")
    return stem[: len(stem) - len(particle)] if len(stem) >= len(particle) + 2 else stem


def _without_article(stem: str) -> str:
    """Arabic writes it before a word, and `and`, `in`, `for` before that; three letters are a word."""
    article = next((one for one in _ARTICLES if stem.startswith(one)), "")
    return stem[len(article) :] if len(stem) >= len(article) + 3 else stem


# Languages of scripts of their own: an English headline is now and then taken for a Polish or Finnish one,
# and its words must not lose their ends then.
_ROOT: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk"), _without(_CYRILLIC)),
    "el": _without(_GREEK),
    "ko": _without_particle,
    "ar": _without_article,
}
