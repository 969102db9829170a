"""What tells one case from the next by itself, whatever else two headlines have in common: how old somebody
is, a day, the number of a version, of a road or of a flaw, which one in a row, how strong a quake was, who
plays whom.

In: fingerprints. Out: whether two of them bear particulars of one kind of which none is the same. Start
reading at `differ`, `on_other_days` and `tells_a_day`.
"""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import product

from aggregator.dedupe.fingerprints import NONE, Fingerprint
from aggregator.dedupe.numbers import is_counted
from aggregator.patterns import lazy
from aggregator.text import roots, vocabulary
from aggregator.text.words import fold

BEGINNING = 400  # characters of a text in which somebody's age is looked for, and what a day brought
QUAKE = 0.5  # by less two agencies differ about one
NAME = 3  # letters of a name that has a number
CLUB = 3  # letters by which a side of a match is known: `India`, `IND`
CODE = 4  # letters of what may be short for a name, at most: `PSG`
LATEST = 2  # digits of such a number without a point: `Fedora 41`, but `Rovers 2`

_AGE = lazy(
    r"\b(\d{1,3})[- ]years?[- ]old\b|\baged (\d{1,3})\b|(?:, |\()(\d{2})(?=,|\))|"
    r"\b(\d{1,3})-?(?:jährig|jarig|årig|åring|letni|letá|letý|летн|річн|годишн)|"
    r"\b(\d{1,3}) (?:Jahre alt|yaşında)|, (\d{1,3}) (?:ans|años|anni|anos|anys)\b|(\d{1,3})[歳岁歲세]",
    re.IGNORECASE,
)
# what the number of a release is told by where nothing has a name
_VERSIONS = (
    "version release versión versione versão versió verze verzió wersja versiune versie версия версії sürüm"
)
_VERSION = frozenset(map(fold, _VERSIONS.split()))
_CODE = lazy(r"\b([A-ZА-ЯΑ-Ω][^\W\d_]{0,4})-?(\d+(?:-\d+)*)(?![\d.,]*\d|[^\W\d_])")
_RELEASE = lazy(
    r"([^\W\d_][\w+]*) [vV]?(\d+(?:\.\d+)*)(?![\d,:/–-]*\d)"
    r"(?:[ -]?(rc|alpha|beta|preview|dev)[ .-]?(\d*)\b|\s?([%€$£]|[^\W\d_]+))?",
    re.IGNORECASE,
)
_ROW = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9", "tenth": "10",
    "eleventh": "11", "twelfth": "12",
}  # fmt: skip
_IN_A_ROW = lazy(
    r"\b(?:(\d{1,3})(?:st|nd|rd|th|er?|ème|[ªº°]|\.|-?(?:[йяе]|го|му|ма|ша|та))|"
    rf"({'|'.join(_ROW)}))\s([^\W\d_]{{3,}})",
    re.IGNORECASE,
)
_SIGNED = lazy(r"(\d+)\s?([号號호])")
_STRENGTH = lazy(
    r"(?:\bM[wL]?|\bmagnitud\w*|\bмагнитуд\w*|\bстепени|\bStärke) ?(\d[.,]\d)\b|"
    r"\b(\d[.,]\d)(?:[- ]magnitud|[- ]?(?:Richter|ρίχτερ|büyüklü))",
    re.IGNORECASE,
)
# `24-hour strike` and `24 Heures du Mans` count nothing: beside what does stands that the day is gone.
_DAILY = lazy(
    r"\b(?:past|last|previous|preceding|in|within|letzten|vergangenen|binnen|dernières|en|últimas|em|nas|"
    r"ultime|ultimele|în|afgelopen|seneste|siste|senaste|ostatnich|ciągu|posledních|elmúlt|utóbbi|son|за|"
    r"последние|минувшие|прошедшие|останні|τελευταίες|σε|خلال|آخر|पिछले|지난) 24[ -]?"
    r"(?:h\b|hours\b|Stunden|heures|horas|(?:de )?ore\b|uur\b|timer\b|timmar|godzin|hodin|óra|saat|"
    r"час|годин|ώρ|ساعة|घंट|시간)|"
    r"过去24小[时時]|24小时内|24小時內|過去24時間|24時間で|24시간 동안|"
    r"\b(?:over|in|during) (?:the )?(?:past|last|previous|one) day\b|\bover the day\b|"
    r"\bза (?:\w+ )?(?:сутки|добу)\b|\bминулої доби\b|\bciągu (?:\w+ )?doby\b|\bostatniej doby\b",
    re.IGNORECASE,
)
_MATCH = lazy(r"([^\W\d_]{2,}) (?:[x×]|v\.?|[vV][sS]\.?) (?:the )?([^\W\d_]{2,})")
_MEETS = lazy(r" (?:[x×]|v\.?|[vV][sS]\.?) ")  # what every match has, found in a tenth of the time
_DIGIT, _DECIMAL = lazy(r"\d"), lazy(r"\d[.,]\d")
_WORD = lazy(r"[^\W_]+")
_DAY = lazy(r"(\d{1,2})(?:st|nd|rd|th|er|го|е|й|я)?")
_DAY_OF_SIGNS = lazy(r"(\d{1,2})[月월] ?(\d{1,2})[日일]")
_WEEKDAY_OF_SIGNS = lazy(r"(?:周|星期|礼拜)[一二三四五六日天]|[月火水木金土日]曜|[월화수목금토일]요일")

Particulars = Mapping[str, frozenset[str]]
"""Of a kind (`M` of roads, `climber` of those in a row) → which ones."""


def differ(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether both titles bear particulars of one kind, and none of these is the same; ages, wherever they
    are said.
    """
    if (mine := _ages(a)) and (other := _ages(b)) and mine.isdisjoint(other):
        return True
    if (ours := _of_title(a.heading, a.language)) and _apart(ours, _of_title(b.heading, b.language)):
        return True
    if _two_matches(a.heading, b.heading):
        return True
    strengths = [*product(_strengths(a.heading), _strengths(b.heading))]
    return bool(strengths) and min(abs(one - two) for one, two in strengths) >= QUAKE


def _apart(mine: Particulars, other: Particulars) -> bool:
    """Whether both have particulars of one kind, and none of these is the same."""
    return any(mine[kind].isdisjoint(other[kind]) for kind in mine.keys() & other.keys())


def on_other_days(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether both titles name days, by date or by weekday, and none of these is the same."""
    mine = _days(a.heading, a.language)
    return bool(mine) and _apart(mine, _days(b.heading, b.language))


def _two_matches(a: str, b: str) -> bool:
    """Whether both headlines say who meets whom (`Lindoy v Skarvoy`, `Lindoy x Skarvoy`), a court's parties
    too, and nobody is in both. A code (`PSG`) may be short for any name.
    """
    if not (ours := _sides(a)) or not (theirs := _sides(b)) or _are_codes(ours) is not _are_codes(theirs):
        return False
    return {side[:CLUB].lower() for side in ours}.isdisjoint(side[:CLUB].lower() for side in theirs)


@functools.lru_cache(maxsize=1024)
def _sides(heading: str) -> tuple[str, ...]:
    """The words with a capital on both sides of each `v`."""
    found = _MATCH.findall(heading) if _MEETS.search(heading) else ()
    return tuple(side for pair in found if all(side[0].isupper() for side in pair) for side in pair)


def _are_codes(sides: tuple[str, ...]) -> bool:
    return all(side.isupper() and len(side) <= CODE for side in sides)


def tells_a_day(one: Fingerprint) -> bool:
    """Whether it counts what a day brought: `12 injured in Skarvoy over the past 24 hours`."""
    counts = bool(one.numbers or one.body_numbers)
    return counts and _DAILY.search(f"{one.heading} | {one.shown[:BEGINNING]}") is not None


def _ages(one: Fingerprint) -> frozenset[str]:
    return _aged(one.heading, one.shown[:BEGINNING]) if one.numbers or one.body_numbers else NONE


@functools.lru_cache(maxsize=1024)
def _aged(heading: str, beginning: str) -> frozenset[str]:
    return frozenset(next(filter(None, found)) for found in _AGE.findall(f"{heading} | {beginning}"))


@functools.lru_cache(maxsize=1024)
def _of_title(heading: str, language: str) -> Particulars:
    if not _DIGIT.search(heading):
        lowered = heading.lower()
        if not any(word in lowered for word in _ROW):
            return {}
    found = defaultdict[str, set[str]](set)
    for kind, which in (*_codes(heading), *_releases(heading, language), *_in_a_row(heading, language)):
        found[kind].add(which)
    return {kind: frozenset(which) for kind, which in found.items()}


def _codes(heading: str) -> Iterator[tuple[str, str]]:
    """`M62`, `A-4`, `CVE-2026-31337`; `18号`."""
    for letters, number in _CODE.findall(heading):
        yield f"{letters.lower()}-", number
    for number, sign in _SIGNED.findall(heading):
        yield sign, number


def _releases(heading: str, language: str) -> Iterator[tuple[str, str]]:
    """`Foxglove 12.1`, `Quill 4.0 rc2`, `Fedora 41`; no `shares up 4.5%`, for what has releases is a name."""
    shares, names = vocabulary.shares(language), vocabulary.names(language)
    for name, number, before, count, after in _RELEASE.findall(heading):
        word = fold(name)
        if len(word) < NAME or is_counted(after) or ("." not in number and len(number) != LATEST):
            continue
        stem = vocabulary.stems(language)[word]
        is_name = (stem not in shares or word in names) and name[0].isupper()
        if is_name or (word in _VERSION and "." in number):
            yield f"{word} ", f"{number}{before.lower()}{count}"


def _in_a_row(heading: str, language: str) -> Iterator[tuple[str, str]]:
    """`11th victim`, `fifth climber`."""
    root = roots.roots(language)
    for figure, word, counted in _IN_A_ROW.findall(heading):
        yield f" {root[fold(counted)]}", figure or _ROW.get(fold(word), word)


def _strengths(heading: str) -> list[float]:
    if not _DECIMAL.search(heading):
        return []
    return [float((one or two).replace(",", ".")) for one, two in _STRENGTH.findall(heading)]


@functools.lru_cache(maxsize=1024)
def _days(heading: str, language: str) -> Particulars:
    """`date` and `weekday` → which ones; of a word that means two in two languages, both."""
    months, weekdays = _calendar(language)
    root = roots.roots(language)
    said = [fold(word) for word in _WORD.findall(heading)]
    stems = [root[word] for word in said]
    dates = {f"{month}-{day}" for month, day in _DAY_OF_SIGNS.findall(heading)}
    named = set(_WEEKDAY_OF_SIGNS.findall(heading))
    for stem in weekdays.keys() & stems:
        named |= weekdays[stem]
    for place, stem in () if months.keys().isdisjoint(stems) else enumerate(stems):
        if numbers := months.get(stem):
            days = _days_beside(said, place)
            dates |= {f"{month}-{day}" for month in numbers for day in days}
    found = {"date": frozenset(dates), "weekday": frozenset(named)}
    return {kind: which for kind, which in found.items() if which}


def _days_beside(said: Sequence[str], place: int) -> list[int]:
    """Days of the month that stand next to the word at this place: up to two words before it, or behind."""
    beside = (*said[max(0, place - 2) : place], *said[place + 1 : place + 2])
    return [int(day[1]) for word in beside if (day := _DAY.fullmatch(word))]


@functools.cache
def _calendar(language: str) -> tuple[Particulars, Particulars]:
    """Root → numbers of months, and of days of the week, that are written in full in any language."""
    names = json.loads(resources.files("aggregator").joinpath("data/dates.json").read_text(encoding="utf-8"))
    return _numbers(names["months"], language, 3), _numbers(names["weekdays"], language, 4)


def _numbers(names: Mapping[str, str], language: str, least: int) -> Particulars:
    root = roots.roots(language)
    found = defaultdict[str, set[str]](set)
    for number, forms in names.items():
        for form in forms.split():
            if len(form) >= least:
                found[root[fold(form)]].add(number)
    return {form: frozenset(numbers) for form, numbers in found.items()}
