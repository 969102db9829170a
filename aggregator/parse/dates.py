"""Dates as people and programs write them → seconds since 1970. A wrong date is worse than none: what has no
year, or can be read in two ways, is no date, and nothing is ever filled up from today's.

`03/04/2026` is read in the order in which all dates of its document make sense (none is in the future, its
weekday is right), else as the document's language has it, never one by one; what stays open is no date.

Names of months and days, and the letters of zones, are data (`data/dates.json`).

In: texts. Out: seconds, or None. Start reading at `read`.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from importlib import resources
from zoneinfo import ZoneInfo

from aggregator import urls
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace

# What claims to be older is older than feeds (C6), and mostly a program's zero: year 1 (Go, .NET), 1899
# (spreadsheets), 1970 (Unix), 1980 (FAT), the year before 1 (PHP). What is later is "never".
EARLIEST = 631_152_000  # 1990-01-01
LATEST = 4_102_444_800  # 2100-01-01
MAX_LENGTH = 100  # characters; a sentence is no date
DAY = 86_400

_WORDS = json.loads(resources.files("aggregator").joinpath("data/dates.json").read_text(encoding="utf-8"))


def _by_word(lists: dict[str, str]) -> dict[str, int]:
    return {word: int(value) for value, names in lists.items() for word in names.split()}


_MONTHS = _by_word(_WORDS["months"])
_WEEKDAYS = _by_word(_WORDS["weekdays"])
_ZONES = _by_word(_WORDS["zones"])
_REGIONS: dict[str, str] = _WORDS["regions"]

_LETTER = r"[^\W\d_]"
_GAP = r"[\s\-./,]*"
_SHORT_WORD = rf"(?:{_LETTER}{{1,4}}'?[\s.]*)??"  # de, of, den, d', m., gada
_MONTH = rf"(?<!{_LETTER})(?P<month>{_LETTER}{{2,15}})(?!{_LETTER})"
_ORDINAL = rf"(?:(?:st|nd|rd|th|er|re|e|o|a)(?!{_LETTER}))?°?"
_DAY_OF_MONTH = rf"(?<![\d:+])(?P<day>\d{{1,2}}){_ORDINAL}"
# Not the hour of a time that follows.
_NO_CLOCK = r"(?!\d|\s?[:h時时點点시]|\.\d|\s?(?:[ap]\.?\s?m\b|uhr\b))"
_YEAR = rf"'?(?P<year>\d{{4}}(?!\d)|\d{{2,3}}{_NO_CLOCK})"
_FULL_YEAR = r"(?<![\d:+-])(?P<year>\d{4})(?!\d)"
_NAMED = tuple(
    lazy(pattern, re.I)
    for pattern in (
        rf"{_DAY_OF_MONTH}{_GAP}{_SHORT_WORD}{_MONTH}{_GAP}{_SHORT_WORD}{_YEAR}",  # 3 de octubre de 2022
        rf"{_MONTH}{_GAP}(?P<day>\d{{1,2}}){_ORDINAL}[\s\-./,]+{_SHORT_WORD}{_YEAR}",  # October 3rd, 2022
        rf"{_FULL_YEAR}{_GAP}{_SHORT_WORD}{_MONTH}{_GAP}(?P<day>\d{{1,2}})(?![\d:])",  # 2022. október 3.
        rf"{_FULL_YEAR}{_GAP}{_SHORT_WORD}(?P<day>\d{{1,2}}){_GAP}{_MONTH}",  # 2022. gada 3. oktobris
    )
)
# Mon Oct  3 18:55:00 CEST 2022 (asctime, `date`): the time stands between.
_UNIX = tuple(
    lazy(rf"{day_and_month},?(?P<between>\s.*?\d:\d\d.*?){_FULL_YEAR}", re.I)
    for day_and_month in (rf"{_MONTH}\s+(?P<day>\d{{1,2}})", rf"{_DAY_OF_MONTH}\s+{_MONTH}\.?")
)
_YEAR_FIRST = lazy(
    r"(?<![\d.:/+-])(?P<year>\d{4})\s?[-/._年년]\s?(?P<month>\d{1,2})\s?[-/._月월]\s?(?P<day>\d{1,2})"
    r"(?![\d:])\s?[日일]?\.?"
)
_COMPACT = lazy(r"(?<!\S)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=\s|t|z|$|(?:\d{4}|\d{6})(?!\d))", re.I)
_YEAR_LAST = lazy(
    r"(?<![\d.:/+-])(?P<a>\d{1,2})\s?(?P<sign>[-/.])\s?(?P<b>\d{1,2})\s?(?P=sign)\s?(?P<c>\d{4}|\d\d)"
    r"(?![\d:])"
)
# W3CDTF and journals: a month or a year alone mean its first day.
_MONTH_ONLY = lazy(
    r"(?P<year>\d{4})(?:\s?[-/.]\s?(?P<month>\d{1,2})|\s?[年년]\s?(?P<also>\d{1,2})\s?[月월])?\Z"
)
_BUDDHIST = lazy(r"(?<![\d:.+-])2(?:5[3-9]|6[0-3])\d(?![\d:])")  # Thai years: 2568 is 2025
_MONTH_YEAR = lazy(rf"{_MONTH}{_GAP}{_SHORT_WORD}(?P<year>\d{{4}})\Z", re.I)
_ISO_DAY = lazy(r"\d{4}(-\d\d-\d\d|\d{4}|-?W\d\d(-?\d)?)([T ]|\Z)")
_ORDINAL_DATE = lazy(r"(?P<year>\d{4})-(?P<days>\d{3})(?!\d)")

_HALF = rf"(?P<half>(?<!{_LETTER})(?:[apμπ]\s?\.?\s?[mμ]|[صم])(?!{_LETTER})|[上下]午|午[前後后]|오[전후])"
_HALF_OF_DAY = lazy(_HALF, re.I)
_AFTERNOON = frozenset("pم下後后후")
_CLOCKS = tuple(
    lazy(pattern, re.I)
    for pattern in (
        r"(?<![\d:+-])(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d\d|\d(?=:))(?:\s?:\s?(?P<second>\d{1,2}))"
        r"?(?:[.,:]\d+)?(?!\d)",
        r"(?<!\S)t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?:[.,]\d+)?(?!\d)",  # T185500
        rf"(?<![\d:+-])(?P<hour>\d{{1,2}})\s?(?:h(?!{_LETTER})|[時时點点시])\s?(?:(?P<minute>\d{{1,2}})"
        rf"\s?(?:min|m|[分분])?)?"
        rf"\s?(?:(?P<second>\d{{1,2}})\s?(?:s|[秒초]))?",  # 18h55, 18時55分
        r"(?<![\d:.+-])(?P<hour>\d{1,2})\.(?P<minute>\d\d)(?:\.(?P<second>\d\d))?(?!\d)",  # 18.55
        rf"(?<![\d:+-])(?P<hour>\d{{1,2}})(?P<minute>)(?P<second>)\s?(?={_HALF})",  # 6 PM
    )
)
_OFFSET = lazy(
    r"(?:(?<=\d)|(?<=\s)|(?<=[(A-Z])|^)(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))"
    r"?(?::?\d\d)?(?![\d:])",
    re.I,
)
_FROM_GREENWICH = lazy(r"\b(?:utc|gmt|ut|z)\s?([+-])\s?(?=\d)", re.I)
_ZONE_NAME = lazy(r"(?<![A-Za-z/])[A-Z][A-Za-z_]+/[A-Z][A-Za-z_/+-]+")
_ZONE_LETTERS = lazy(rf"(?<!{_LETTER}){_LETTER}{{1,5}}(?!{_LETTER})")
MAX_OFFSET = 14 * 60  # minutes: Kiribati's; what is said to be farther off is a mistake
_NAMES = lazy(rf"{_LETTER}{{2,15}}")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")

ORDERS = frozenset({"dmy", "mdy", "ymd"})
# Where the day always comes before the month, whatever is said of the year. English says so by its regions
# only; Swedish, Hungarian and East Asian languages put the year first, Filipino the month.
_DAY_FIRST = frozenset(
    [
        "be",
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "es",
        "et",
        "fi",
        "fr",
        "gl",
        "hr",
        "id",
        "is",
        "it",
        "lv",
        "mk",
        "nb",
        "nl",
        "nn",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sr",
        "th",
        "tr",
        "uk",
        "vi",
    ]
)
_ENGLISH_DAY_FIRST = frozenset(
    ["AU", "GB", "GH", "HK", "IE", "IN", "JM", "KE", "MT", "NG", "NZ", "PK", "SG", "TT", "UK", "ZA"]
)
_NOT_SURE = frozenset({"CA", "PA", "PH", "PR", "US"})  # as regions of other languages


@dataclass(frozen=True, slots=True)
class Habits:
    """How a document writes dates: when it was fetched (what claims to be later is of then), and in which
    orders of day, month and year all its numbers make sense.
    """

    seen: int
    orders: frozenset[str] = ORDERS
    contradicts: bool = False  # its dates are in no one order


@dataclass(frozen=True, slots=True)
class _Reading:
    at: int
    whole: bool = True  # False: only the month or the year is said


@dataclass(frozen=True, slots=True)
class _Clock:
    """The time of day, midnight where none is said, and the text after it."""

    time: timedelta
    after: str
    is_said: bool = True


def habits(texts: Iterable[str], seen: int) -> Habits:
    """What the unambiguous dates of a document (25/12/2026) say about its ambiguous ones (03/04/2026).

    A document that contradicts itself says nothing.
    """
    orders = ORDERS
    for text in texts:
        for match in _YEAR_LAST.finditer(_plain(text)):
            possible = {order for order, _ in _possible_days(match, _plain(text), seen)}
            orders = orders & possible if possible else orders
    return Habits(seen, orders or ORDERS, contradicts=not orders)


def in_language(habits: Habits, language: str | None, site: str) -> Habits:
    """Where the dates of a document leave open which of day and month comes first, as its language has it.

    `en-US` is what many take over from an example: it counts where the address of the site names no country.
    """
    wrong = _never_said(language, site)
    if habits.contradicts or wrong is None or habits.orders == {wrong}:
        return habits
    return replace(habits, orders=habits.orders - {wrong})


def _never_said(language: str | None, site: str) -> str | None:
    """The order in which nobody writes dates who writes this language; None where both are usual."""
    spoken, _, rest = (language or "").partition("-")
    region = rest.rpartition("-")[2]
    if spoken == "en":
        domain = urls.host(site).rpartition(".")[2]
        in_a_country = len(domain) == 2 and domain != "us"
        if region == "US":
            return None if in_a_country else "dmy"
        return "mdy" if region in _ENGLISH_DAY_FIRST else None
    return "mdy" if spoken in _DAY_FIRST and region not in _NOT_SURE else None


def first(said: Iterable[object], habits: Habits) -> int | None:
    """Of several dates of one thing, best first, the first that is one; a bare month or year counts only
    where nothing more exact is said, and a day without a time gives way to a time of that day.
    """
    readings = [reading for value in said if (reading := _reading(value, habits))]
    best = next((one.at for one in sorted(readings, key=lambda one: not one.whole)), None)
    if best is None or best % DAY:
        return best
    return next((one.at for one in readings if one.whole and best < one.at < best + DAY), best)


def read(said: object, habits: Habits) -> int | None:
    """Seconds since 1970 in UTC, from 1990 to when it was fetched; None where the text says no such date, or
    not surely.

    Without a zone, or with letters that nobody knows, times are UTC; so are military letters, which RFC 822
    had the wrong way round (RFC 5322, 4.3). Days without a time begin at midnight.
    """
    reading = _reading(said, habits)
    return reading.at if reading else None


def unread(said: str, habits: Habits) -> str:
    """What a date says beside day, time and zone, such as an hour that is none (`25:00`): feeds are read in
    spite of it, a person who types it meant something.
    """
    text = _plain(said)
    located = None if _epoch(text) or _iso(text) else _located(text, habits)
    if located is None:
        return ""
    clock = _clock(located[1])
    rest = _FROM_GREENWICH.sub(r" \1", clock.after)
    rest = _OFFSET.sub(" ", rest) if _offset(rest) else rest
    words = _NAMES.findall("" if clock.is_said else rest)
    strange = [word for word in words if not (_word(word) in _WEEKDAYS or next(_lettered(word), None))]
    return " ".join([*re.findall(r"[\d:.]*\d[\d:.]*", rest), *strange])


def _reading(said: object, habits: Habits) -> _Reading | None:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    text = _plain(str(said))
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        reading = _epoch(text) or _iso(text) or _loose(text, habits)
    except (ValueError, OverflowError):
        return None
    if reading is None or not EARLIEST <= reading.at < LATEST:
        common = _BUDDHIST.sub(lambda year: str(int(year[0]) - 543), text)
        return _reading(common, habits) if common != text else None
    return _Reading(min(reading.at, habits.seen), reading.whole)


def _plain(text: str) -> str:
    """Digits of all scripts as ours, letters without accents, one kind of blank and dash."""
    if text.isascii():
        return " ".join(text[: 4 * MAX_LENGTH].split())
    decomposed = unicodedata.normalize("NFKD", text[: 4 * MAX_LENGTH])
    letters = (
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in decomposed
        if unicodedata.category(sign) not in ("Mn", "Cf")
    )
    return " ".join(
        unicodedata.normalize("NFC", "".join(letters)).translate(_DASHES).replace("’", "'").split()
    )


def _word(text: str) -> str:
    return text.casefold().replace("ı", "i").replace("ł", "l")


def _epoch(text: str) -> _Reading | None:
    """Seconds since 1970, or thousandths of them and less."""
    if not re.fullmatch(r"\d{9,19}(\.\d+)?|\d\.\d+e\+?\d{1,2}", text, re.I):
        return None
    number = float(text)
    for scale in (1, 1e3, 1e6, 1e9):
        if EARLIEST <= number / scale < LATEST:
            return _Reading(math.floor(number / scale))
    return None


def _iso(text: str) -> _Reading | None:
    """What Python reads: the forms of RFC 3339, and weeks."""
    if not _ISO_DAY.match(text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _Reading(_seconds(at, at.tzinfo or UTC))


def _loose(text: str, habits: Habits) -> _Reading | None:
    located = _located(text, habits)
    if located is None:
        return _partial(text)
    day, rest = located
    clock = _clock(rest)
    zone = _zone(clock.after) or _zone(rest) or UTC
    return _Reading(_seconds(datetime(day.year, day.month, day.day) + clock.time, zone))


def _seconds(local: datetime, zone: tzinfo) -> int:
    return math.floor(local.replace(tzinfo=zone).timestamp())


def _located(text: str, habits: Habits) -> tuple[date, str] | None:
    """The day, and what else the text says: its time and zone."""
    for pattern in (_YEAR_FIRST, _COMPACT):
        for match in pattern.finditer(text):
            if day := _day(match["year"], int(match["month"]), match["day"]):
                return day, _without(text, match)
    for match in _YEAR_LAST.finditer(text):
        if days := _usual_days(match, text, habits):
            return (days.pop(), _without(text, match)) if len(days) == 1 else None
    return _named(text) or _ordinal(text)


def _usual_days(match: re.Match[str], text: str, habits: Habits) -> set[date]:
    """In the orders of this document; where it is a day in none of them, in any."""
    possible = _possible_days(match, text, habits.seen)
    usual = {day for order, day in possible if order in habits.orders}
    return usual or {day for _, day in possible}


def _named(text: str) -> tuple[date, str] | None:
    for pattern in (*_NAMED, *_UNIX):
        for match in pattern.finditer(text):
            month = _MONTHS.get(_word(match["month"]))
            day = _day(match["year"], month, match["day"]) if month else None
            if day:
                between = match.groupdict().get("between") or " "
                return day, _without(text, match, between)
    return None


def _ordinal(text: str) -> tuple[date, str] | None:
    """2022-276: the 276th day of a year (ISO 8601)."""
    match = _ORDINAL_DATE.match(text)
    if not match or not 1 <= int(match["days"]) <= 366:
        return None
    return date(int(match["year"]), 1, 1) + timedelta(int(match["days"]) - 1), _without(text, match)


def _without(text: str, match: re.Match[str], between: str = " ") -> str:
    return f"{text[: match.start()]} {between} {text[match.end() :].lstrip(':')}".strip()


def _orders(match: re.Match[str]) -> tuple[str, ...]:
    """That its three numbers may stand in."""
    if match["sign"] == ".":
        return ("dmy",)
    return ("dmy", "mdy") if len(match["c"]) == 4 else ("dmy", "mdy", "ymd")


def _days_in_orders(match: re.Match[str]) -> Iterator[tuple[str, date]]:
    a, b, c = match["a"], match["b"], match["c"]
    said = {"dmy": (c, b, a), "mdy": (c, a, b), "ymd": (a, b, c)}
    for order in _orders(match):
        year, month, day = said[order]
        if len(year) in (2, 4) and (found := _day(year, int(month), day)):
            yield order, found


def _possible_days(match: re.Match[str], text: str, seen: int) -> list[tuple[str, date]]:
    """(order, day) of three numbers with the year last, or, where it has two digits, perhaps first.

    Dots stand between day, month, year only. A weekday in front, and that nothing is told before it happens,
    rule out what they can.
    """
    days = list(_days_in_orders(match))
    weekday = next((_WEEKDAYS[word] for word in map(_word, _NAMES.findall(text)) if word in _WEEKDAYS), None)
    latest = datetime.fromtimestamp(seen + DAY, UTC).date()
    days = [one for one in days if one[1].weekday() == weekday] or days
    return [one for one in days if one[1] <= latest] or days


def _day(year: str, month: int, day: str) -> date | None:
    """Two and three digits of a year as RFC 5322, 4.3 has them: 22 and 122 are 2022."""
    number = int(year)
    if len(year) < 4:
        number += 2000 if len(year) == 2 and number < 50 else 1900
    try:
        return date(number, month, int(day))
    except ValueError:
        return None


def _partial(text: str) -> _Reading | None:
    match = _MONTH_ONLY.match(text)
    if match:
        day = _day(match["year"], int(match["month"] or match["also"] or 1), "1")
    elif (match := _MONTH_YEAR.search(text)) and (month := _MONTHS.get(_word(match["month"]))):
        before = text[: match.start()]
        day = _day(match["year"], month, "1") if not re.search(r"\d", before) else None
    else:
        return None
    return _Reading(_seconds(datetime(day.year, day.month, day.day), UTC), whole=False) if day else None


def _of_24(hour: int, rest: str) -> int:
    half = _HALF_OF_DAY.search(rest)
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if _AFTERNOON & set(_half_sign(half[0])) else 0)


def _clock(rest: str) -> _Clock:
    for pattern in _CLOCKS:
        for match in pattern.finditer(rest):
            hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
            hour = _of_24(hour, rest)
            if (hour < 24 and minute < 60 and second <= 60) or (hour, minute, second) == (24, 0, 0):
                time = timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
                return _Clock(time, rest[match.end() :])
    return _Clock(timedelta(0), rest, is_said=False)


def _half_sign(half: str) -> str:
    """p or a CJK sign; Greek π.μ. is before noon and μ.μ. after it."""
    text = half.casefold()
    return "p" if text.startswith("μ") else text.replace("π", "a")


def _zone(text: str) -> tzinfo | None:
    """An offset before letters (`+0200 (EST)`), letters before nothing; None where none of them is known."""
    if offset := _offset(text):
        return offset
    for name in _ZONE_NAME.findall(text):
        if zone := _region(name):
            return zone
    return next(_lettered(text), None)


def _offset(text: str) -> timezone | None:
    for match in _OFFSET.finditer(_FROM_GREENWICH.sub(r" \1", text)):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        if minutes <= MAX_OFFSET and int(match["minutes"] or 0) < 60:
            return timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes))
    return None


def _lettered(text: str) -> Iterator[tzinfo]:
    for letters in _ZONE_LETTERS.findall(text):
        name = letters.upper()
        if name in _ZONES:
            yield timezone(timedelta(minutes=_ZONES[name]))
        elif name in _REGIONS and (zone := _region(_REGIONS[name])):
            yield zone


def _region(name: str) -> tzinfo | None:
    """A place of the time zone database, as far as this system has it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None
