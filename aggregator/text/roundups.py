"""Titles of round-ups: `Morning briefing: …`, `News des Tages`. They tell of many happenings, and are of
none.

`data/roundups.txt` holds what such titles say, by language.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import resources

from aggregator.patterns import lazy
from aggregator.text import vocabulary
from aggregator.text.words import words

NAMED = 3  # words that stand before what a round-up calls itself, at most: `League One round-up: …`
SEVERAL = 2  # signs that part what it tells of, at least

_Phrase = tuple[str, tuple[str, ...]]
"""Where it counts, and its words."""

_HEAD = lazy(r"[:：,|]|\s[–—-]\s")
_PARTS = lazy(r"[,;，、；|]\s?")


@functools.lru_cache(maxsize=1024)
def is_roundup(title: str) -> bool:
    """Whether a title says that news of all kinds stand below it. It is compared with several others one
    after the other.
    """
    said = words(title)
    if _phrases().keys().isdisjoint(said):
        return False  # most titles
    found = _HEAD.search(title)
    head = words(title[: found.start()]) if found else list(said)
    while head and (head[-1].isdecimal() or vocabulary.light(head[-1]) in vocabulary.calendar()):
        head.pop()
    several = found is not None and len(_PARTS.findall(title, found.end())) >= SEVERAL
    kinds = {"head", "list"} if several else {"head"}
    most = NAMED if found else 0
    return any(kind == "any" for kind, _, _ in _said(said)) or any(
        kind in kinds and before <= most and not behind for kind, before, behind in _said(head)
    )


def _said(found: list[str]) -> Iterator[tuple[str, int, int]]:
    """Of each phrase among these words, where it counts, and how many words stand before and behind it."""
    for place, word in enumerate(found):
        for kind, phrase in _phrases().get(word, ()):
            end = place + len(phrase)
            if tuple(found[place:end]) == phrase:
                yield kind, place, len(found) - end


@functools.cache
def _phrases() -> dict[str, list[_Phrase]]:
    """By their first words, what round-ups say in any language."""
    text = resources.files("aggregator").joinpath("data/roundups.txt").read_text(encoding="utf-8")
    by_first: dict[str, list[_Phrase]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            _, where, phrases = line.split(" ", 2)
            for phrase in map(words, phrases.split(", ")):
                by_first.setdefault(phrase[0], []).append((where, tuple(phrase)))
    return by_first
