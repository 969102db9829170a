"""Countries that a text names, in scripts without capitals (Arabic, Hebrew, Devanagari, Bengali, Hangul,
Chinese, Japanese, Thai): the one kind of names that is told from other words there by a list.

`data/countries.txt` holds what they are called, by language. Which language a text is in does not matter: in
short texts nobody knows it for sure.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import resources

from aggregator.text.words import fold, holds_dense, words

STEM = 3  # letters of a country's name that are left where an ending is cut off
PAIR = 2  # characters that every name in a script without spaces has

# What stands before a word, and is written with it: articles, conjunctions, prepositions.
_BEFORE = (
    *("وال", "بال", "كال", "لل", "ولل", "ال", "و", "ب", "ل", "وب", "ول"),
    *("ה", "ב", "ל", "מ", "ו", "כ", "ש", "וה", "מה", "שה", "וב", "ול", "ומ"),
)
# What the name of a country ends in, and what makes `Egyptian`, or a case, of what is left.
_ENDINGS = ("يا", "ا", "ة", "יה", "ה", "یه", "یہ", "ه", "ہ", "")
_ADJECTIVES = {
    "ar": ("ي", "ية", "يين", "يون"),
    "fa": ("ی", "یی"),
    "ur": ("ی",),
    "he": ("י", "ית", "ים"),
    "hi": ("ी",),
    "bn": ("ি", "ের", "র", "ে", "য়", "তে"),
    "ko": ("에서", "으로", *"은는이가의과와을를에도로인군산측발"),
}
_FINAL = str.maketrans("ךםןףץ", "כמנפצ")  # Hebrew letters that have another form at the end


def countries(text: str) -> frozenset[str]:
    """Codes of ISO 3166-1 of the countries that a text names, or a city of which, or their people."""
    folded = fold(text)
    named = _names()
    found = {named[form] for word in words(folded) for form in _forms(word) if form in named}
    if holds_dense(folded):
        found.update(_in_signs(folded))
    return frozenset(found)


def _forms(word: str) -> Iterator[str]:
    """A word as it is, and without what may stand before it."""
    yield word
    if word.startswith(_BEFORE):
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


def _in_signs(folded: str) -> Iterator[str]:
    """Codes of those that are named in scripts without spaces; none by a part of a word in katakana."""
    names = _signs()
    for place in range(len(folded) - 1):
        for name, code in names.get(folded[place : place + PAIR], ()):
            if folded.startswith(name, place) and not _is_cut(folded, place, place + len(name)):
                yield code


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether what stands there is a part of a longer word in katakana."""
    around = (text[start - 1 : start], text[end : end + 1])
    return _is_kana(text[start:end]) and any(map(_is_kana, around))


def _is_kana(text: str) -> bool:
    return bool(text) and all("\u30a0" <= character <= "\u30ff" for character in text)


@functools.cache
def _signs() -> Mapping[str, list[tuple[str, str]]]:
    """Of scripts without spaces: how names begin → names, and their countries."""
    found = defaultdict[str, list[tuple[str, str]]](list)
    for _, code, name in _listed():
        if holds_dense(name):
            found[name[:PAIR]].append((name, code))
    return found
