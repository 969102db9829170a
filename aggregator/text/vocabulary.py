"""What is a word worth? Light stems, the language of a text, and how common a stem is in that language (a
prior, shipped as data).

`data/words/LANGUAGE.txt` holds the common words of a language (Zipf frequency 4.2 and more), a line a
frequency, `function.txt` the
forty most common ones of each language; `data/names.txt` those of them that are names.
`data/forms/LANGUAGE.txt` holds irregular forms, a lemma and its forms a line. Origin and licence
are in LICENSE.txt beside them.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import repeat

DOCUMENT = 30  # words of a typical item of a feed: what a share of all words becomes a share of all items by
UNKNOWN = 2e-7  # share of all words that a word has which is in no list
FALLBACK = "en"  # where nothing tells
_ENDINGS, _LONG = ("s", "e", "ed", "ing"), 5  # what `light` takes off, and of words of how many letters


class _Stems(dict[str, str]):
    """Word → stem, made when asked for. Faster than `lru_cache`, which keeps order among what it
    remembers.
    """

    def __init__(self, forms: Mapping[str, str]) -> None:
        super().__init__()
        self._forms = forms

    def __missing__(self, word: str) -> str:
        if len(self) >= 200_000:
            self.clear()
        self[word] = found = light(self._forms.get(word, word))
        return found

    def others(self, words: Iterable[str]) -> dict[str, str]:
        """Word → stem, of those that have another one than themselves: most are told at a glance."""
        forms = self._forms
        found = {
            word: light(forms.get(word, word)) for word in words if word.endswith(_ENDINGS) or word in forms
        }
        return {word: stem for word, stem in found.items() if stem != word}


_REGULAR = _Stems({})


def stems(language: str) -> _Stems:
    """Word → stem in this language: that of its lemma where it is an irregular form (`won`) or of a country
    (`iraqi`), which we know of English alone.
    """
    return _irregular().get(language, _REGULAR)


@functools.cache
def _irregular() -> Mapping[str, _Stems]:
    forms: dict[str, dict[str, str]] = {}
    for file in resources.files("aggregator").joinpath("data/forms").iterdir():
        if file.name.islower():
            for line in file.read_text(encoding="utf-8").splitlines():
                lemma, *found = line.split()
                forms.setdefault(file.name.partition(".")[0], {}).update(dict.fromkeys(found, lemma))
    return {language: _Stems(found) for language, found in forms.items()}


def light(word: str) -> str:
    """Light: plural and verb endings of Latin-script words of some length; `ies` becomes `y`."""
    if len(word) < _LONG or not word.endswith(_ENDINGS) or not word.isascii():
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


def language(words: Sequence[str], declared: str | None = None) -> str:
    """The language whose most common words occur most, of equals the declared one, else the one in which they
    are most common.

    `words` are looked at twice. Feeds are often wrong about their language, so that what they declare comes
    second.
    """
    found: dict[str, int] = {}
    function = _function()
    for word in filter(function.__contains__, words):
        for one in function[word]:
            found[one] = found.get(one, 0) + 1
    said = (declared or FALLBACK).partition("-")[0].lower()
    if not found:
        return _by_script(words) or said
    most = max(found.values())
    if found.get(said) == most:
        return said
    equals = sorted(one for one, count in found.items() if count == most)
    return (
        equals[0]
        if len(equals) == 1
        else max(equals, key=lambda one: sum(shares(one).get(word, 0.0) for word in words))
    )


def _by_script(words: Sequence[str]) -> str | None:
    """Scripts without spaces have no function words that stand alone; kana and Han tell by themselves."""
    if max(words, default="") < "\u3000":
        return None
    characters = {word[0] for word in words if word[0] > "\u3000"}
    if any("\u3040" <= character <= "\u30ff" for character in characters):
        return "ja"
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in characters) else None


@functools.cache
def calendar() -> frozenset[str]:
    """Stems of the names of days and months in all languages that are known, of three letters and more."""
    names = json.loads(resources.files("aggregator").joinpath("data/dates.json").read_text(encoding="utf-8"))
    listed = (*names["months"].values(), *names["weekdays"].values())
    words = {word for line in listed for word in line.split() if len(word) >= 3}
    return frozenset(words | {light(word) for word in words})


RARE = 1 - math.exp(-DOCUMENT * UNKNOWN)
"""The share of items that hold a word which is in no list."""


def share(word: str, language: str) -> float:
    """The share of all items in this language that hold this stem, 0 to 1. A language without a list knows no
    common words.
    """
    return shares(language).get(word, RARE)


@functools.cache
def names(language: str) -> frozenset[str]:
    """Names, and their stems, that are among the common words of this language: all others are told by being
    in no list.
    """
    text = resources.files("aggregator").joinpath("data/names.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    words = {word for spoken, *names in lines if spoken == language for word in names}
    stem = stems(language)
    return frozenset(words | {stem[word] for word in words})


def is_common(word: str, language: str) -> bool:
    """Whether this is a common word of the language, or a stem of one, and no name."""
    return word in shares(language) and word not in names(language)


@functools.cache
def _function() -> Mapping[str, tuple[str, ...]]:
    """Word → the languages of whose forty most common words it is one."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _read("function").splitlines():
        language, *words = line.split()
        for word in words:
            found[word] = (*found.get(word, ()), language)
    return found


def common(word: str) -> tuple[str, ...]:
    """The languages of whose forty most common words this is one."""
    return _function().get(word, ())


@functools.cache
def commonest(language: str) -> frozenset[str]:
    """The forty most common words of this language; of some none are known."""
    return frozenset(word for word, languages in _function().items() if language in languages)


@functools.cache
def shares(language: str) -> Mapping[str, float]:
    """Stem → share of the items in this language that hold it; the occurrences of all words with this stem
    taken together.
    """
    of_all_words, found = _shares_of_words(language)
    inflected = stems(language).others(of_all_words)
    for word in inflected:
        del found[word]
    together: dict[str, float] = {}
    for word in [*(stem for stem in set(inflected.values()) if stem in found), *inflected]:
        stem = inflected.get(word, word)
        together[stem] = together.get(stem, 0.0) + of_all_words[word]
    found |= {stem: _of_items(share) for stem, share in together.items()}
    return found


def _shares_of_words(language: str) -> tuple[dict[str, float], dict[str, float]]:
    """Word → share of all words that it is, and share of the items that hold it."""
    of_all_words: dict[str, float] = {}
    of_items: dict[str, float] = {}
    for line in _read(language).splitlines():
        zipf, *words = line.split()
        share = 10 ** (float(zipf) - 9)
        of_all_words.update(zip(words, repeat(share)))
        of_items.update(zip(words, repeat(_of_items(share))))
    return of_all_words, of_items


def _of_items(share: float) -> float:
    """Of all items that hold what is this share of all words."""
    return 1 - math.exp(-DOCUMENT * share)


def _read(name: str) -> str:
    if not name.isalpha():
        return ""
    file = resources.files("aggregator").joinpath(f"data/words/{name}.txt")
    return file.read_text(encoding="utf-8") if file.is_file() else ""
