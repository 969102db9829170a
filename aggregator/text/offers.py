"""Titles of offers: `The best Black Friday deals on TVs`, `Smartphone in offerta su Amazon`. In the days of a
sale they all speak in the same words, and each is of what it offers.

`data/offers.txt` holds what such titles say, by language.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import NamedTuple

from aggregator.patterns import lazy
from aggregator.text import roots, vocabulary
from aggregator.text.words import words

OFTEN = (
    0.01  # share of all items that hold a word from which on it names nothing that is sold: `best`, `year`
)
ANY = "mul"  # ISO 639: what is said in several languages

_OFF = lazy(
    r"[%％]\s?(?:off|rabatt|rabat|de r[ée]duction|di sconto|de descuento|de desconto|korting|indirim)\b"
)


class _Said(NamedTuple):
    """What titles of offers say, in one language: phrases that make one, by their first words; and words that
    say no more of what is offered than these do.
    """

    signs: Mapping[str, list[tuple[str, ...]]]
    beside: frozenset[str]


@functools.lru_cache(maxsize=1024)
def offered(title: str, language: str) -> frozenset[str] | None:
    """The roots of the words that say what a title offers; none where it tells of a sale as a whole. None: it
    is no offer. It is compared with several others one after the other.
    """
    found = words(title)
    said = _said().get(language, _said()[ANY])
    if not _has_a_sign(found, said) and not _OFF.search(title.lower()):
        return None
    root, shares, calendar = roots.roots(language), roots.shares(language), roots.calendar(language)
    telling = {root[word] for word in found if _tells(word, language) and word not in said.beside}
    return frozenset(_single(word) for word in telling - calendar if shares.get(word, 0.0) < OFTEN)


def speaks_of(found: Iterable[str], language: str, wanted: frozenset[str]) -> bool:
    """Whether a text in these words speaks of anything that `offered` gave."""
    root = roots.roots(language)
    return any(_single(root[word]) in wanted for word in found)


def _single(root: str) -> str:
    """Roots of few letters keep the ending of many: `TVs`."""
    return root.rstrip("s")


def _tells(word: str, language: str) -> bool:
    return not any(map(str.isdecimal, word)) and len(word) > 1 and language not in vocabulary.common(word)


def _has_a_sign(found: list[str], said: _Said) -> bool:
    return any(
        tuple(found[place : place + len(phrase)]) == phrase
        for place, word in enumerate(found)
        for phrase in said.signs.get(word, ())
    )


@functools.cache
def _said() -> Mapping[str, _Said]:
    """Language → what is said in it, and in any."""
    text = resources.files("aggregator").joinpath("data/offers.txt").read_text(encoding="utf-8")
    phrases = defaultdict[str, dict[str, list[tuple[str, ...]]]](lambda: {"sign": [], "beside": []})
    for line in text.splitlines():
        if not line.startswith("#"):
            language, kind, said = line.split(" ", 2)
            phrases[language][kind] += [tuple(words(phrase)) for phrase in said.split(", ")]
    return {language: _of_language(phrases[language], phrases[ANY]) for language in phrases}


def _of_language(
    own: Mapping[str, list[tuple[str, ...]]], any_language: Mapping[str, list[tuple[str, ...]]]
) -> _Said:
    signs = defaultdict[str, list[tuple[str, ...]]](list)
    every = [*own["sign"], *any_language["sign"]]
    for phrase in every:
        signs[phrase[0]].append(phrase)
    beside = {word for phrase in (*every, *own["beside"], *any_language["beside"]) for word in phrase}
    return _Said(dict(signs), frozenset(beside))
