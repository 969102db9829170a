"""The numbers that a text names, read as its writer meant them: `1.000`, `1,000` and `1,00,000` are
thousands, `10.0` is ten, `v10.0.0` is a version.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from aggregator.text.words import fold

_DIGIT = re.compile(r"\d")
# Only Latin, Greek and Cyrillic letters make a name of a number that they stand before (`G7`, `Т34`): other
# scripts write words and numbers without a space (`死者15人`, `오전10시`, `و15`).
_PLAIN = r"[vV]?\d+(?:[.,'’\u00a0\u202f\u066b\u066c]\d+)*"
_BEFORE = r"[#\d_A-Za-zª-ԯḀ-ỿ]"
# From its first digit on; a pattern that begins with what it looks for is found in a third of the time of one
# that looks back first.
_NUMBER = re.compile(
    rf"\d(?:(?<!{_BEFORE}\d)|(?<=[vV]\d)(?<!{_BEFORE}[vV]\d))\d*(?:[.,'’\u00a0\u202f\u066b\u066c]\d+)*"
)
_MARK = re.compile(r"\D")
_GROUPS = re.compile(
    r"[1-9]\d{0,2}(?:(?: \d{2,3})* \d{3})"
)  # German, English and Indian style, marks as spaces
_HAN_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]+(?=[日月年時点號号回期人名円元度])")
_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "first": "1",
    "second": "2", "third": "3", "fourth": "4", "fifth": "5", "half": "½", "january": "m1", "february": "m2", "march": "m3", "april": "m4", "june": "m6", "july": "m7",
    "august": "m8", "september": "m9", "october": "m10", "november": "m11", "december": "m12", "monday": "d1", "tuesday": "d2", "wednesday": "d3",
    "thursday": "d4", "friday": "d5", "saturday": "d6", "sunday": "d7",
}  # fmt: skip
# Two to ten in other languages, where no other word is written so.
_WORDS.update(
    (fold(word), str(number))
    for line in (
        "zwei drei vier fünf sechs sieben acht neun zehn",
        "dos tres cuatro cinco seis siete ocho nueve diez",
        "deux trois quatre cinq six sept huit neuf dix",
        "два три четыре пять шесть семь восемь девять десять",
        "दो तीन चार पांच छह सात आठ नौ दस",
    )
    for number, word in enumerate(line.split(), 2)
)

# What a number counts, as it is written, and the one word that all of these are read as. `bn` and `billion`
# are one, `billion` and `Milliarden` need not be: two headlines are compared in one language.
_UNITS = {
    fold(form): unit
    for unit, forms in {
        "percent": "% ٪ yüzde percent pct pc prozent procent procento procenta prosenttia proc "
        "процент процента процентов відсотків",
        "thousand": "k thousand tausend duizend tusen тыс",
        "million": "m mn mio mln млн million millions millionen millón millones milhão milhões milione "
        "milioni miljoen miljoner miliony milionów "
        "milyon миллион миллиона миллионов мільйон мільйони мільйонів",
        "billion": "b bn bln billion billions",
        "milliard": "mrd md mds mld mia млрд milliard milliards milliarde milliarden miliardo miliardi "
        "miljard miljarder miliard miliardy miliardów "
        "milyar bilhão bilhões миллиард миллиарда миллиардов мільярд мільярди мільярдів",
        "trillion": "tn trn trillion trillions",
        "dollar": "$ us$ dollar dollars dólar dólares dollari dolarów доллар доллара долларов доларів",
        "euro": "€ euro euros евро євро",
        "pound": "£ pound pounds",
        "złoty": "zł złoty złote złotych",
        "yen": "¥ yen",
        "rupee": "₹ rupee rupees",
        "rouble": "₽ rouble roubles ruble rubles рубль рубля рублей",
        "lira": "₺ lira",
    }.items()
    for form in forms.split()
}
_NAMES = frozenset(_UNITS.values())
# These say it without a number before them; short ones are other words too (`pc`, `mio`).
_ALONE = {form: unit for form, unit in _UNITS.items() if len(form) > 3 or not form.isascii()}
_FIGURES = _ALONE | _WORDS
_SIGN = r"(?:us)?\$|[%€£¥₹₽₺٪]"
_BLANK = r"[ \u00a0\u202f]?"
_MANY = "|".join(form for form in _UNITS if len(form) > 1 and form.isalpha())
_AMOUNT = re.compile(
    rf"(?:(?P<before>{_SIGN}|yüzde\b){_BLANK})?(?<![#\d_A-Za-zª-ԯḀ-ỿ])(?P<number>{_PLAIN})"
    rf"(?:(?P<letter>[kmb])\b|{_BLANK}(?P<euros>m)(?=€)|{_BLANK}(?P<many>{_MANY})\b\.?)?"
    rf"(?:{_BLANK}(?P<after>{_SIGN}|(?:per|pour|por) c(?:ent|iento|ento)o?\b))?",
    re.I,
)

_PERCENT = re.compile(r"([\d.]+) (?:percent|prozent|procent|yüzde)\b", re.I)


def numbers(text: str, found_words: Iterable[str]) -> Iterable[str]:
    """All numbers of `text`, whose words these are: years, weekdays and months too."""
    for said in _NUMBER.finditer(text):
        is_version = text[said.start() - 1 : said.start()] in ("v", "V")
        yield value(f"v{said.group()}" if is_version else said.group())
    if not text.isascii():
        yield from _HAN_NUMBER.findall(text)
    for word in _WORDS.keys() & found_words:
        yield _WORDS[word]


def read(text: str) -> str:
    """The text with its numbers, and what they count, as they are meant: `$2bn` is `2 billion dollar`."""
    return _AMOUNT.sub(_read, text) if _DIGIT.search(text) else text


def _read(said: re.Match[str]) -> str:
    after = said["after"]
    of = "percent" if after and after[-1].isalpha() else _unit(after or said["before"])
    return " ".join(
        filter(None, (value(said["number"]), _unit(said["letter"] or said["euros"] or said["many"]), of))
    )


def _unit(form: str | None) -> str:
    """(Patterns that ignore case take `ı` for `i`; `dolları` of Azerbaijani is no form of the table.)"""
    folded = fold(form or "")
    return _UNITS.get(folded, folded)


def percentages(text: str) -> frozenset[str]:
    """The numbers of a text that are percentages."""
    return frozenset(_PERCENT.findall(read(text)))


def is_number(word: str) -> bool:
    return word[0].isdigit() or word in _WORDS


def as_figure(word: str) -> str:
    """`two` and `2` are one word, and `Milliarden` and `Mrd.`."""
    return _FIGURES.get(word, word)


def is_unit(word: str) -> bool:
    """Whether this is what a number counts, as it is read."""
    return word in _NAMES


def is_counted(form: str) -> bool:
    """Whether this is what a number counts, as it is written: `percent`, `bn`."""
    return fold(form) in _UNITS


def value(said: str) -> str:
    """Without thousands marks and needless zeros, the decimal mark a point; a version keeps its parts."""
    if not said.isascii():
        said = "".join(str(unicodedata.digit(sign, sign)) for sign in said)
    parts = _MARK.split(said.lstrip("vV"))
    whole = [part.lstrip("0") or "0" for part in parts]
    marks = _MARK.findall(said.lstrip("vV"))
    if len(parts) == 1:
        return whole[0]
    is_version = said[0] in "vV"
    return (None if is_version else _decimal(parts, marks)) or ".".join(whole)


def _decimal(parts: Sequence[str], marks: Sequence[str]) -> str | None:
    """None where these parts make no number."""
    if len(set(marks)) == 1 and _GROUPS.fullmatch(" ".join(parts)):
        return "".join(parts)
    if len(parts) > 2 and (marks[-1] in marks[:-1] or not _GROUPS.fullmatch(" ".join(parts[:-1]))):
        return None
    fraction = parts[-1].rstrip("0")
    return "".join(parts[:-1]).lstrip("0").rjust(1, "0") + (f".{fraction}" if fraction else "")
