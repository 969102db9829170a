"""Which words turn a statement into its contrary: negations, and words that say the opposite of each other.

`data/negations.txt` and `data/opposites.txt` hold them by language.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources

from aggregator.text.words import fold

_STEM = 2  # letters of a stem that stand before what negates it within


def negates(word: str, language: str) -> bool:
    """Whether this word, as `words` gives it, is a negation by itself in a text of this language."""
    by_itself, within = _negations(language)
    return word in by_itself or (bool(within) and any(sign in word for sign in within))


def negation(a: Sequence[str], b: Sequence[str], language: str) -> bool:
    """Whether one of two spans that stand in the same place says what the other says, and negates it."""
    mine, other = without_contractions(a), without_contractions(b)
    plain = [[word for word in span if not negates(word, language)] for span in (mine, other)]
    if plain[0] == plain[1] and (len(plain[0]) == len(mine)) != (len(plain[1]) == len(other)):
        return True
    return len(a) == len(b) == 1 and (_affixed(a[0], b[0], language) or _affixed(b[0], a[0], language))


def _affixed(plain: str, negated: str, language: str) -> bool:
    """Whether the one is the other with an affix that negates: `schuldig`, `unschuldig`."""
    if any(negated == prefix + plain for prefix in _affixes("prefix", language)):
        return True
    start = _shared(plain, negated)
    if start < _STEM:
        return False
    if any(
        negated.endswith(suffix) and not plain.endswith(suffix) for suffix in _affixes("suffix", language)
    ) and (start + _STEM >= len(plain)):
        return True
    return any(
        infix in negated[_STEM:] and infix not in plain[_STEM:] for infix in _affixes("infix", language)
    )


def _shared(a: str, b: str) -> int:
    return next(
        (place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def opposite(a: Sequence[str], b: Sequence[str], language: str) -> tuple[str, str] | None:
    """A word of one span and one of the other that say the contrary of each other; None: there are none."""
    sides = _opposites(language)
    for word in a:
        for number, side in sides.get(word, ()):
            for other in b:
                if (number, 1 - side) in sides.get(other, ()):
                    return word, other
    return None


@functools.cache
def _lines(name: str) -> tuple[list[str], ...]:
    text = resources.files("aggregator").joinpath(f"data/{name}.txt").read_text(encoding="utf-8")
    return tuple(line.split() for line in text.splitlines() if line and not line.startswith("#"))


@functools.cache
def _forms(kind: str) -> dict[str, tuple[str, ...]]:
    """Form → the languages in which it negates in this way."""
    found: dict[str, tuple[str, ...]] = {}
    for language, kinds, *forms in _lines("negations"):
        for form in map(fold, forms if kinds == kind else ()):
            found[form] = (*found.get(form, ()), language)
    return found


@functools.cache
def _affixes(kind: str, language: str) -> tuple[str, ...]:
    return tuple(form for form, languages in _forms(kind).items() if language in languages)


@functools.cache
def _negations(language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Words that negate by themselves, and what does within a word."""
    by_itself = (form for form, languages in _forms("word").items() if language in languages)
    return frozenset(by_itself), _affixes("within", language)


@functools.cache
def _opposites(language: str) -> dict[str, list[tuple[int, int]]]:
    """Word → (which pair, which side of it)."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, (spoken, pair) in enumerate(_lines("opposites")):
        if spoken == language:
            for word, side in _sides(pair):
                found.setdefault(fold(word), []).append((number, side))
    return found


def _sides(pair: str) -> Iterator[tuple[str, int]]:
    for side, forms in enumerate(pair.split("/")):
        yield from ((form, side) for form in forms.split(","))


def without_contractions(found: Iterable[str]) -> list[str]:
    """`won’t` and `can’t`, which are two words of ours each, as `will not` and `can not`."""
    words = list(found)
    if "t" not in words and "cannot" not in words:
        return words
    result: list[str] = []
    for word in words:
        if word == "t" and result and result[-1].endswith("n"):
            stem = result.pop()
            result += [{"won": "will", "can": "can", "shan": "shall"}.get(stem, stem[:-1]), "not"]
        elif word == "cannot":
            result += ["can", "not"]
        else:
            result.append(word)
    return result
