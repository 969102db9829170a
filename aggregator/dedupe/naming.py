"""What tells one of a kind from the next: the names that a title gives it, and the number that it has in its
series (`Episode 44`, `third Test`, `第12話`).

In: fingerprints. Out: whether two of them name, or count, two things. Start reading at `name_two` and
`count_two`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from aggregator.dedupe.fingerprints import Fingerprint, remembered
from aggregator.dedupe.headline import telling
from aggregator.dedupe.numbers import as_figure, is_number, value
from aggregator.dedupe.standing import STEM
from aggregator.text import roots, vocabulary
from aggregator.text.countries import countries
from aggregator.text.words import fold, is_dense

# long words without a capital from which on capitals tell the names in a title, by language. English alone
# gives one to each word of a headline, and not all outlets to `with` and `from`; German gives one to all
# nouns.
SMALL, SMALL_IN = 1, {"en": 2, "de": 0}
NAME = 3  # letters of a name: `US`, `No. 5` are in every other title
RUN = 4  # overlapping pairs of characters in a row, of a script without spaces, that only one of two has
# from this character on scripts know no capitals, by which names are told from other words
UNCASED = "\u0590"
UNLISTED = 2  # words of no list, in scripts without capitals, that only one of two has

_SOME = frozenset({"ein", "eine", "einen", "mehrere", "viele", "zahlreiche"})  # numbers of German nouns
_RAW = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"[«„“\"]([^\W\d_]+)[»“”\"]")  # of one word: a ship, a club, a firm
_BEGINS = frozenset('.!?…:;"“”„‘’»«()[]|–—-\n')  # behind these any word has a capital
# What is counted in a series, in the languages that we know; words that mean something else in another one
# (`band`, `del`, `no`) are left out.
_COUNTED = (
    "episode ep chapter part day round game match test week stage leg heat matchday gameweek season volume "
    "issue edition lesson session "
    "folge kapitel teil spieltag runde spiel woche etappe ausgabe staffel lektion "
    "épisode chapitre partie jour journée semaine étape numéro édition saison tome "
    "episodio capítulo parte día jornada ronda partido semana etapa edición temporada "
    "puntata capitolo giorno giornata turno gara settimana tappa numero edizione stagione "
    "episódio dia rodada jogo edição temporada aflevering deel speelronde ronde wedstrijd seizoen "
    "avsnitt omgång match vecka etapp säsong odcinek część dzień kolejka runda mecz tydzień etap sezon "
    "серия выпуск часть день тур матч неделя этап глава эпизод сезон bölüm hafta "
    "επεισόδιο μέρος ημέρα αγωνιστική"
)
_COUNTERS = frozenset(map(fold, _COUNTED.split()))
_ORDINAL = re.compile(r"(\d+)(?:\.|[ªº°]|st|nd|rd|th|er?|re|ème|ste|de|-?[йяе]|-го) ([^\W\d_]+)")
_SIGNS_COUNT = re.compile(
    r"第\s?(\d+|[一二三四五六七八九十百]+)\s?(話|话|回|節|节|章|部|集|期|轮|輪|届|戦|战|场|場|季|卷|巻)|(\d+)\s?(회|화|라운드|차전|편|부|일차|주차)"
)


def name_two(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether either title names what the other item speaks of nowhere. A name that both have (the ferry that
    sank off the one place or the other) may be what they tell of, unless either text too has names of its
    own.
    """
    if not _names_its_own(a, b) or not _names_its_own(b, a):
        return False
    return not _share_a_rare_name(a, b) or (_speaks_of_its_own(a, b) and _speaks_of_its_own(b, a))


def tell_of_their_own(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether each title names, and each item counts, what the other does not: a source that tells both tells
    of two things. Dates aside: two things of one day have those. Where scripts have no capitals nobody knows
    which names both have.
    """
    mine, other = _figures(a), _figures(b)
    if mine <= other or other <= mine or is_uncased(a) or is_uncased(b):
        return False
    return _names_its_own(a, b) and _names_its_own(b, a)


def tell_of_two(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether they have neither a name nor a number in common beside, whoever tells them: a fire in Bursa
    that hurt four, one in Izmir that hurt two.
    """
    if not tell_of_their_own(a, b) or not _figures(a).isdisjoint(_figures(b)):
        return False
    return not _share_a_rare_name(a, b) and not _share_a_rare_name(b, a)


def begin_with_two(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether each title begins with a word of no list, as the names of companies and their products are,
    that the other item says nowhere: what a source tells of one such thing after the other.
    """
    return (
        not is_uncased(a) and not is_uncased(b) and _begins_with_its_own(a, b) and _begins_with_its_own(b, a)
    )


def _begins_with_its_own(one: Fingerprint, other: Fingerprint) -> bool:
    first = next((word for word in telling(one.headline, one.language) if not is_number(word)), "")
    stems, shares = vocabulary.stems(one.language), vocabulary.shares(one.language)
    return len(first) >= NAME and stems[first] not in shares and bool(_unsaid([first], one, other))


def is_uncased(one: Fingerprint) -> bool:
    """Whether its title is in a script without capitals."""
    return sum(word[0] >= UNCASED for word in one.title) > len(one.title) / 2


@remembered
def _figures(one: Fingerprint) -> frozenset[str]:
    """The numbers that an item says, without dates and years."""
    found = one.numbers | one.body_numbers
    return found - _dates((*one.title, *one.body)) if found else found


def _dates(said: Sequence[str]) -> set[str]:
    """Numbers that stand beside a month or a day of the week, years, and those two themselves."""
    calendar = vocabulary.calendar()
    beside = {
        value(word)
        for pair in pairwise(said)
        for word, other in (pair, pair[::-1])
        if other in calendar and word.isdecimal()
    }
    years = {word for word in said if len(word) == 4 and word[:2] in ("19", "20") and word.isdecimal()}
    return beside | years | {as_figure(word) for word in calendar.intersection(said)}


def share_any_name(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether either item says a name, common as it may be, that the other says too; initials aside."""
    return _says_any(_any_names(a), a, b) or _says_any(_any_names(b), b, a)


@remembered
def _any_names(one: Fingerprint) -> list[str]:
    """Its names that tell something, written with a capital or quoted."""
    quoted = map(fold, _QUOTED.findall(f"{one.heading} | {one.shown}"))
    return _telling({*_names(one).certain, *quoted} - _initials(one), one.language)


def name_two_countries(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether, in scripts without capitals, either title names a country that the other item speaks of
    nowhere.
    """
    if not is_uncased(a) or not is_uncased(b):
        return False
    return not _countries(a) <= _all_countries(b) and not _countries(b) <= _all_countries(a)


def share_a_country(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether both titles name one."""
    return not _countries(a).isdisjoint(_countries(b))


@remembered
def _countries(one: Fingerprint) -> frozenset[str]:
    """Those that its title names."""
    return countries(one.heading)


@remembered
def _all_countries(one: Fingerprint) -> frozenset[str]:
    return _countries(one) | countries(one.shown)


def capitals_tell(one: Fingerprint) -> bool:
    """Whether names, and hardly anything else, have capitals in the headlines of its language."""
    return one.language not in SMALL_IN and bool(one.title) and one.title[0] < UNCASED


def _names_its_own(one: Fingerprint, other: Fingerprint) -> bool:
    own = _unsaid(_uncounted(one), one, other)
    if not own:
        return False
    if own[0][0] < UNCASED:
        names = _names(one).likely
        return any(len(word) >= NAME and word in names for word in own)
    if is_dense(own[0]):
        return _longest_run(one, set(own)) >= RUN
    shares = vocabulary.shares(one.language)
    return sum(vocabulary.stems(one.language)[word] not in shares for word in own) >= UNLISTED


def _share_a_rare_name(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both say a name of no list."""
    return _says_any(_rare_names(one), one, other)


@remembered
def _rare_names(one: Fingerprint) -> list[str]:
    """Its names of no list that tell something. Initials (`NHTSA`, `SUVs`) are in all that an agency says of
    a kind, and so is what stands behind a number (`4.8 Richter`).
    """
    stems, shares = vocabulary.stems(one.language), vocabulary.shares(one.language)
    counted = {fold(after) for word, after in pairwise(_all_written(one)) if word.isdecimal()}
    names = _names(one).certain - _initials(one) - counted
    return _telling((word for word in names if stems[word] not in shares), one.language)


def _initials(one: Fingerprint) -> set[str]:
    return {fold(word) for word in _all_written(one) if word[:2].isupper()}


def _all_written(one: Fingerprint) -> list[str]:
    return [word for part in _spelt(one) for word, _ in part]


def _speaks_of_its_own(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether its text has a name that the other item has nowhere."""
    names = _names(one).certain & set(one.body)
    return any(len(word) >= NAME for word in _unsaid(names, one, other))


def _says_any(words: Iterable[str], one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the other item says any of these words of one, whatever their endings."""
    root, said = roots.roots(one.language), _forms(other, one.language)
    return any(word[:STEM] in said or root[word] in said for word in words)


def _unsaid(words: Iterable[str], one: Fingerprint, other: Fingerprint) -> list[str]:
    """Those of these words of one that tell something and that the other item has nowhere, whatever their
    endings.
    """
    root, said = roots.roots(one.language), _forms(other, one.language)
    unsaid = [word for word in words if word[:STEM] not in said and root[word] not in said]
    return _telling(unsaid, one.language)


def _telling(words: Iterable[str], language: str) -> list[str]:
    """Those that tell something, numbers and dates aside."""
    root, calendar = roots.roots(language), roots.calendar(language)
    return [
        word for word in telling(list(words), language) if not is_number(word) and root[word] not in calendar
    ]


@remembered
def _forms(one: Fingerprint, language: str) -> frozenset[str]:
    """What its words are known by in this language."""
    root = roots.roots(language)
    return frozenset(form for word in (*one.title, *one.body) for form in (word[:STEM], root[word]))


def _uncounted(one: Fingerprint) -> list[str]:
    """The words of its title without what is counted (`drei Verletzte`, with a capital in German): that may
    change with its number.
    """
    title = one.title
    if one.language != "de":
        return list(title)
    pairs = zip(("", *title), title, strict=False)
    return [word for before, word in pairs if not before or not (is_number(before) or before in _SOME)]


def _longest_run(one: Fingerprint, own: set[str]) -> int:
    longest = run = 0
    for word in one.title:
        run = run + 1 if word in own else 0
        longest = max(longest, run)
    return longest


_Spelt = tuple[str, bool]
"""A word as it is written, and whether it begins a sentence or a clause."""


class _Names(NamedTuple):
    """Words with a capital wherever the item has them. What has it only where a sentence begins is a likely
    name if no list of its language holds it, and never a certain one.
    """

    certain: frozenset[str]
    likely: frozenset[str]  # the certain ones among them


@remembered
def _names(one: Fingerprint) -> _Names:
    """Titles in which every word has a capital tell nothing."""
    title, written = _spelt(one)
    if sum(len(word) > 3 and word.islower() for word, _ in title) >= SMALL_IN.get(one.language, SMALL):
        written = [*written, *title]
    small = {fold(word) for word, _ in written if word.islower()}
    sure = {fold(word) for word, begins in written if not begins and word[0].isupper()}
    maybe = {fold(word) for word, begins in written if begins and word[0].isupper()}
    stems = vocabulary.stems(one.language)
    listed = {word for word in maybe - sure if vocabulary.is_common(stems[word], one.language)}
    return _Names(frozenset(sure - small), frozenset((sure | maybe) - listed - small))


@remembered
def _spelt(one: Fingerprint) -> tuple[list[_Spelt], list[_Spelt]]:
    """The words of its title, and of its text."""
    return list(_spelling(one.heading)), list(_spelling(one.shown))


def _spelling(text: str) -> Iterator[_Spelt]:
    end = 0
    for found in _RAW.finditer(text):
        before = text[end : found.start()].rstrip()
        yield found.group(), before[-1] in _BEGINS if before else not end
        end = found.end()


def count_two(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two titles count the same thing, and have come to different numbers."""
    if not (mine := _counted(a)) or not (other := _counted(b)):
        return False  # most titles count nothing
    return any(not mine[counter] & other[counter] for counter in mine.keys() & other.keys())


@remembered
def _counted(one: Fingerprint) -> dict[str, set[str]]:
    """What is counted → its numbers."""
    found = defaultdict[str, set[str]](set)
    for word, after in () if _COUNTERS.isdisjoint(one.title) else pairwise(one.title):
        if word in _COUNTERS and is_number(after):
            found[word].add(as_figure(after))
        elif after in _COUNTERS and is_number(word) and word.isalpha():  # `third`; but `3 match ban`
            found[after].add(as_figure(word))
    for number, counter in _ORDINAL.findall(one.heading):
        if (folded := fold(counter)) in _COUNTERS:
            found[folded].add(number)
    for number, counter, other_number, other_counter in _SIGNS_COUNT.findall(one.heading):
        found[counter or other_counter].add(number or other_number)
    return found
