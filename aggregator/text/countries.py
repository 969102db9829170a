"""Countries that a text names, in scripts without capitals (Arabic, Hebrew, Devanagari, Bengali, Hangul, Chinese,
Japanese, Thai): the one kind of names that is told from other words there by a list.

`data/countries.txt` holds what they are called, by language. Which language a text is in does not matter: in
short texts nobody knows it for sure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from importlib import resources

from aggregator.text.words import fold, holds_dense, words

STEM = 3  # letters of a country's name that are left where an ending is cut off

# What stands before a word, and is written with it: articles, conjunctions, prepositions.
_BEFORE = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ה", "ב", "ל", "מ", "ו", "כ", "ש")
# What the name of a country ends in, and what makes `Egyptian`, or a case, of what is left.
_ENDINGS = ("يا", "ا", "ة", "יה", "ה", "یه", "یہ", "ه", "ہ", "")
_ADJECTIVES = {
    "ar": ("ي", "ية", "يين", "يون"),
    "fa": ("ی", "یی"),
    "ur": ("ی",),
    "he": ("י", "ית", "ים"),
    "hi": ("ी",),
    "bn": ("ি", "ের", "র", "ে", "য়", "তে"),
    "ko": tuple("은는이가의과와을를에도로인군산측발") + ("에서", "으로"),
}
_FINAL = str.maketrans("ךםןףץ", "כמנפצ")  # Hebrew letters that have another form at the end
_KANA = "\u30a0-\u30ff"


def countries(text: str) -> frozenset[str]:
    """Codes of ISO 3166-1 of the countries that a text names, or a city of which, or their people."""
    folded = fold(text)
    named, signs = _names(), _signs()
    found = {named[form] for word in words(folded) for form in _forms(word) if form in named}
    if holds_dense(folded):
        found.update(signs[match] for match in _pattern().findall(folded))
    return frozenset(found)


def _forms(word: str) -> Iterator[str]:
    """A word as it is, and without what may stand before it."""
    yield word
    for before in _BEFORE:
        if word.startswith(before) and len(word) >= len(before) + STEM:
            yield word[len(before) :]


@functools.cache
def _listed() -> list[tuple[str, str, str]]:
    """Languages, codes, and names."""
    data = resources.files("aggregator").joinpath("data/countries.txt").read_text(encoding="utf-8")
    found = []
    for line in data.splitlines():
        if not line.startswith("#"):
            language, *called = line.split()
            for one in called:
                code, _, names = one.partition("=")
                found += [(language, code, name) for name in names.split(",")]
    return found


@functools.cache
def _names() -> Mapping[str, str]:
    """Of scripts with spaces: word → country. What is one country's name, and made of another's, is the
    first's.
    """
    spelt = [(language, code, name) for language, code, name in _listed() if not holds_dense(name)]
    made = {form: code for language, code, name in spelt for form in _made(name, language)}
    return made | {form: code for _, code, name in spelt for form in (name, name.removeprefix("ال"))}


def _made(name: str, language: str) -> Iterator[str]:
    """`Egyptian` of `Egypt`; of Korean and Bengali names their cases."""
    bare = name.removeprefix("ال")
    stems = {bare[: len(bare) - len(ending)] for ending in _ENDINGS if bare.endswith(ending)}
    for stem in stems:
        if len(stem) >= STEM or stem == bare:
            for ending in _ADJECTIVES[language]:
                yield stem[:-1] + stem[-1].translate(_FINAL) + ending


@functools.cache
def _signs() -> Mapping[str, str]:
    """Of scripts without spaces: name → country."""
    return {name: code for _, code, name in _listed() if holds_dense(name)}


@functools.cache
def _pattern() -> re.Pattern[str]:
    """Longer names first; no part of a longer word in katakana."""
    names = sorted(_signs(), key=lambda name: (-len(name), name))
    kana = [name for name in names if re.fullmatch(f"[{_KANA}]+", name)]
    others = [name for name in names if name not in set(kana)]
    return re.compile(f"(?:{'|'.join(others)})|(?<![{_KANA}])(?:{'|'.join(kana)})(?![{_KANA}])")
