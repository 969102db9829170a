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
_KINDS = ("sign", "sale", "price", "beside")
ANY = "mul"  # ISO 639: what is said in several languages

_OFF = lazy(
    r"[%％]\s?(?:off|rabatt|rabat|de r[ée]duction|di sconto|de descuento|de desconto|korting|indirim)\b"
)


_Phrase = tuple[str, ...]
_Phrases = Mapping[str, list[_Phrase]]


class _Said(NamedTuple):
    """What titles of offers say, in one language: phrases that make one, and names of sales, that make one
    beside a word of its price, by their first words; and words that say no more of what is offered.
    """

    signs: _Phrases
    sales: _Phrases
    price: frozenset[str]
    beside: frozenset[str]


@functools.lru_cache(maxsize=1024)
def offered(title: str, language: str) -> frozenset[str] | None:
    """The roots of the words that say what a title offers; none where it tells of a sale as a whole. None: it
    is no offer. It is compared with several others one after the other.
    """
    found = words(title)
    said = _said().get(language, _said()[ANY])
    if not _is_one(found, said) and not _OFF.search(title.lower()):
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
    return root.removesuffix("s")


def _tells(word: str, language: str) -> bool:
    return not any(map(str.isdecimal, word)) and len(word) > 1 and word not in vocabulary.commonest(language)


def _is_one(found: list[str], said: _Said) -> bool:
    return _has_any(found, said.signs) or (_has_any(found, said.sales) and not said.price.isdisjoint(found))


def _has_any(found: list[str], phrases: _Phrases) -> bool:
    return not phrases.keys().isdisjoint(found) and any(
        tuple(found[place : place + len(phrase)]) == phrase
        for place, word in enumerate(found)
        for phrase in phrases.get(word, ())
    )


@functools.cache
def _said() -> Mapping[str, _Said]:
    """Language → what is said in it, and in any."""
    text = resources.files("aggregator").joinpath("data/offers.txt").read_text(encoding="utf-8")
    lists = defaultdict[tuple[str, str], list[_Phrase]](list)
    for line in text.splitlines():
        if not line.startswith("#"):
            language, kind, said = line.split(" ", 2)
            lists[language, kind] += [tuple(words(phrase)) for phrase in said.split(", ")]
    languages = {language for language, _ in lists}
    return {
        language: _of_language({kind: lists[language, kind] + lists[ANY, kind] for kind in _KINDS})
        for language in languages
    }


def _of_language(said: Mapping[str, list[_Phrase]]) -> _Said:
    single = {kind: frozenset(word for phrase in said[kind] for word in phrase) for kind in _KINDS}
    return _Said(
        _by_first(said["sign"]), _by_first(said["sale"]), single["price"], frozenset().union(*single.values())
    )


def _by_first(phrases: Iterable[_Phrase]) -> _Phrases:
    found = defaultdict[str, list[_Phrase]](list)
    for phrase in phrases:
        found[phrase[0]].append(phrase)
    return dict(found)
