"""Topics that are missing: groups of events that are in none, by the words that their headlines share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from aggregator.records import dataclass
from aggregator.text import vocabulary
from aggregator.text.words import is_dense, search_words

LEAST_EVENTS = 3  # of a group
LETTERS = 4  # of a word that can name a topic; scripts without spaces need two characters
COMPANY = 0.3  # share of a group's events that another word of it has to be in
EVERYDAY = 0.01  # share of all items of a language that hold a word which is nobody's topic
RAREST = 3.0  # a word is in no list for many reasons: it says no more than one that is in e⁻³ of EVERYDAY
FEW = 10  # events in which a word may be however few there are
COMMON = 0.2  # share of all events from which on a word names nothing
BROAD, MANY = 0.8, 20  # a topic that holds this share of so many events or more says nothing of one


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the last days: the headlines of its stories, how many sources tell it."""

    event: int
    headlines: tuple[str, ...]
    sources: int
    has_topic: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic that could be: its words, the most telling one first, and what would be in it."""

    words: tuple[str, ...]
    events: tuple[Happening, ...]


def placed(topics: Mapping[int, Collection[str]]) -> set[int]:
    """The events that are in a topic; one that takes nearly everything is none. `topics`: of each event."""
    sizes = Counter(topic for found in topics.values() for topic in set(found))
    telling = {topic for topic, size in sizes.items() if size < BROAD * len(topics) or len(topics) < MANY}
    return {event for event, found in topics.items() if telling & set(found)}


def suggest(happenings: Sequence[Happening], most: int = 10) -> list[Suggestion]:
    """The largest groups first; each event is in one."""
    words = {one.event: _words(one.headlines) for one in happenings}
    everywhere, rarity = _counted(words, words), _least(words.values())
    left = {one.event: one for one in happenings if not one.has_topic}
    found: list[Suggestion] = []
    while len(found) < most:
        best = _best(_counted(left, words), everywhere, rarity, len(happenings))
        if best is None:
            break
        group = [left.pop(event) for event in list(left) if best in words[event]]
        found.append(_suggestion(best, group, words, everywhere))
    return sorted(found, key=lambda one: -len(one.events))


def _suggestion(
    best: str,
    group: Sequence[Happening],
    words: Mapping[int, Collection[str]],
    everywhere: Counter[str],
) -> Suggestion:
    company = _company(best, [words[one.event] for one in group], everywhere)
    return Suggestion((best, *company), tuple(sorted(group, key=_most_told_first)))


def _least(found: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """A word that is everyday in one of its languages is so in the others."""
    least: dict[str, float] = {}
    for words in found:
        for word, rare in words.items():
            least[word] = min(rare, least.get(word, rare))
    return least


def _counted(events: Iterable[int], words: Mapping[int, Collection[str]]) -> Counter[str]:
    return Counter(word for event in events for word in words[event])


def _most_told_first(one: Happening) -> tuple[int, int]:
    return -one.sources, one.event


def _best(
    counts: Counter[str], everywhere: Counter[str], rarity: Mapping[str, float], all_: int
) -> str | None:
    """The word that says most of what is left: in many of its events, in few of the others, and not in all
    sorts of news.
    """
    scores = {
        word: count * (count / everywhere[word]) * math.log((all_ + 1) / everywhere[word]) * rarity[word]
        for word, count in counts.items()
        if count >= LEAST_EVENTS and everywhere[word] <= max(FEW, COMMON * all_)
    }
    return min(scores, key=lambda word: (-scores[word], word)) if scores else None


def _company(best: str, group: Sequence[Collection[str]], everywhere: Counter[str]) -> list[str]:
    """Other words of the group that are seldom elsewhere."""
    counts = Counter(word for found in group for word in found if word != best)
    needed = max(2, COMPANY * len(group))
    telling = [word for word, count in counts.items() if count >= needed and count >= everywhere[word] / 2]
    return sorted(telling, key=lambda word: (-counts[word], word))[:3]


def _words(headlines: Sequence[str]) -> dict[str, float]:
    """Those that could name a topic, and how rare each is in its language: nothing at EVERYDAY, and one more
    with every e-th part of that, up to RAREST. “Former” and “police” are in all sorts of news, “climate” is
    not.
    """
    found: dict[str, float] = {}
    for headline in headlines:
        words = search_words(headline)
        language = vocabulary.language(words)
        found.update((word, rare) for word in words if (rare := _rarity(word, language)) > 0)
    return found


def _rarity(word: str, language: str) -> float:
    if word.isdecimal() or (len(word) < LETTERS and not is_dense(word)):
        return 0
    share = vocabulary.share(vocabulary.stems(language)[word], language)
    return min(RAREST, math.log(EVERYDAY / share))
