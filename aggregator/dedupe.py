"""The same text? Two prints of entries → a `Reason` with score, threshold and what decided. Pure.

Containment of word 3-shingles finds copies, cut and lengthened ones too; a guard on numbers and on names that
stand in each
other's place tells templates (weather, results, series) from copies, and is worth more than any threshold.
SimHash and MinHash
were measured and are the wrong tools for items of feed length (recall 0.59 and 0.52 on them).
"""

from __future__ import annotations

import difflib
import functools
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aggregator.model import Reason
from aggregator.text.words import words

BODY_WORDS, BODY_CHARACTERS = 400, 4000  # compared of a body; enough to know a text by
LONG_TEXT, MARKS = 80, 6  # words from which on a text has marks, and how many
THRESHOLD = 0.6  # containment of shingles
TITLE_THRESHOLD = 0.7  # similarity of titles, where bodies do not speak against it
HEADLINE_THRESHOLD = 0.85  # similarity of titles where that is all there is
# words; a shorter body says nothing by itself, a longer one has to agree by itself
SHORT_BODY, LONG_BODY = 8, 40
# words of a text that is but a sentence, and how much of it a text of four times that length has to hold
ONE_SENTENCE, QUOTED = 20, 0.8
REPEATED = 1.1  # times the length of the title: a text of no more that begins with it only repeats it
CUT_TITLE = 4  # words of a title that was cut off, at least, to know it by
OPENING = 6  # words before the shared part, at most, where titles have nothing in common
MANY_NAMES = 40  # in a text of so many words each, a replaced name makes another case of it
TABLE = 15  # different numbers of a text that is a table
MISSPELT = 0.7  # likeness of letters from which on two names are one, misspelt
TEMPLATE = 0.3  # containment of shingles from which on two cases of a template are known as such
OTHER_NUMBERS, OTHER_NAMES = "other numbers", "other names"  # features that keep texts apart
NUMBERS = 0.7  # share of the numbers of the shorter text that the other has too

_PREFIX = re.compile(
    r"^\W*(?:(?:update|corrected|refile|rpt|exclusive|breaking(?: news)?|just in|live(?: updates)?|watch|video|analysis|opinion|factbox|timeline|explainer|"
    r"in pictures|photos?|gallery|eil(?:meldung)?|en direct|última hora|urgente|срочно|速報)\s*(?:\d{1,2})?\s*(?:[-–—:|]|\b(?=\s*[-–—:|]))\s*)+",
    re.I,
)
_REPEAT = re.compile(r"\W*(?:corrected|correction|refile|rpt|repeat)\b", re.I)
_SUFFIX = re.compile(r"\s+[-–—|·»]\s+[^-–—|·»]{2,40}$")
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Za-z.’' ]{1,30}(?:, [A-Z][A-Za-z.]{1,20})?(?: [A-Z][a-z]{2,8}\.? \d{1,2})?\s*)?"
    r"(?:\((?:Reuters|AP|AFP|dpa|UPI|Bloomberg|[A-Z]{2,8})\)\s*)?[-–—]{1,2}\s+"
)
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"(?<![#\w])\d+(?:[.,]\d+)*")
_HAN_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]+(?=[日月年時点號号回期人名円元度])")
_RAW = re.compile(r"[^\W_]+")
_DEBRIS = re.compile(
    r"\s?&?#(?:\d{2,5}|[xX][0-9a-fA-F]{2,5});|&?\b(?:amp|quot|nbsp|apos|lt|gt);|</?[A-Za-z][^<>]{0,400}>?|https?://\S+"
)
_ACRONYM = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_AGENCIES = frozenset(
    {
        "reuters",
        "ap",
        "afp",
        "dpa",
        "upi",
        "bloomberg",
        "associated",
        "press",
        "agence",
        "france",
        "presse",
        "staff",
        "writer",
    }
)
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "first": "1",
    "second": "2", "third": "3", "fourth": "4", "fifth": "5", "half": "½", "january": "m1", "february": "m2", "march": "m3", "april": "m4", "june": "m6", "july": "m7",
    "august": "m8", "september": "m9", "october": "m10", "november": "m11", "december": "m12", "monday": "d1", "tuesday": "d2", "wednesday": "d3",
    "thursday": "d4", "friday": "d5", "saturday": "d6", "sunday": "d7",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Print:
    """What is compared of an entry. Numbers as said, years and months too."""

    title: tuple[str, ...]
    body: tuple[str, ...]
    held: frozenset[int]  # word 3-shingles as hashes, good within this process only
    numbers: frozenset[str]  # of the title
    body_numbers: frozenset[str]
    cut: bool  # the title ends with an ellipsis
    repeat: bool  # the title says that this corrects or repeats an earlier one
    shown: str  # the body as it was written
    heading: str  # and the title

    def capitals(self) -> tuple[bool, ...]:
        """Of the body's words, which ones begin with a capital; () where they can't be told (scripts without
        spaces).
        """
        found = _capitals(self.shown)
        return found if len(found) == len(self.body) else ()

    def title_capitals(self) -> tuple[bool, ...]:
        """The same of the title; () too where every long word has one, as in American headlines."""
        found = _capitals(self.heading)
        if len(found) != len(self.title):
            return ()
        return (
            found
            if sum(len(word) > 3 for word, capital in zip(self.title, found, strict=True) if not capital) >= 2
            else ()
        )


@functools.lru_cache(maxsize=4096)
def _capitals(text: str) -> tuple[bool, ...]:
    """A text is compared with several others one after the other."""
    return tuple([word[0].isupper() for word in _RAW.findall(text)[:BODY_WORDS]])


def fingerprint(title: str, text: str, source_title: str = "") -> Print:
    """Of a title and a body (plain text; "" for headlines alone)."""
    cleaned = _joined(clean_title(title, source_title))
    if title and text.startswith(title.rstrip("… .")):
        if len(text) > 2 * len(title):
            cleaned = ""  # made of the text's first words: it says nothing of its own
        elif len(text) <= REPEATED * len(title):
            text = ""  # nor does a text that repeats the title
    shown = _joined(_DATELINE.sub("", text[:BODY_CHARACTERS]))
    body = tuple(words(shown)[:BODY_WORDS])
    title_words = tuple(words(cleaned))
    return Print(title_words, body, frozenset(_shingles(body)), frozenset(_numbers(cleaned, title_words)), frozenset(_numbers(shown, body)),
                 cleaned.rstrip().endswith(("...", "…")), bool(_REPEAT.match(title)), shown, cleaned)  # fmt: skip


def _shingles(body: tuple[str, ...]) -> Iterator[int]:
    return map(hash, zip(body, body[1:], body[2:], strict=False))


def _joined(text: str) -> str:
    """`U.S.` is one word, and what is left of broken markup (` #39;`, `<A HREF=…>`, an address) is none."""
    if "#" in text or "<" in text or "&" in text or "://" in text or "quot;" in text:
        text = _DEBRIS.sub(" ", text)
    return _ACRONYM.sub(lambda found: found.group().replace(".", ""), text) if "." in text else text


def clean_title(title: str, source_title: str = "") -> str:
    """Without “UPDATE 2-”, “BREAKING:” before it and the name of its source behind it."""
    text = _PREFIX.sub("", title) or title
    tail = _SUFFIX.search(text)
    if tail and len(text) - len(tail.group()) >= 20 and _is_source(tail.group(), source_title):
        text = text[: tail.start()]
    return text


def _is_source(tail: str, source_title: str) -> bool:
    """A tail after a dash that is short and looks like a name: every word capitalised, or a host name, or
    this source's own title.
    """
    found = [word for word in re.split(r"[\s|»·–—-]+", tail.strip()) if word]
    if source_title and set(words(tail)) <= set(words(source_title)):
        return True
    return len(found) <= 5 and all(
        word[:1].isupper() or word in ("of", "the", "and", "de", "la", "der") or "." in word for word in found
    )


def _numbers(text: str, found_words: Iterable[str]) -> Iterable[str]:
    for found in _NUMBER.findall(text) if _DIGIT.search(text) else ():
        yield (
            found.replace(",", "").rstrip(".0") if "." in found else found.replace(",", "").lstrip("0") or "0"
        )
    if not text.isascii():
        yield from _HAN_NUMBER.findall(text)
    for word in _NUMBER_WORDS.keys() & found_words:
        yield _NUMBER_WORDS[word]


def marks(one: Print) -> list[str]:
    """By what a long text is found although another one opens it: its smallest shingle hashes (Broder 1997,
    bottom-k).

    They are stored, so the hash is one that is the same on every machine and in every run.
    """
    if len(one.body) < LONG_TEXT:
        return []
    found = {
        zlib.crc32(" ".join(three).encode())
        for three in zip(one.body, one.body[1:], one.body[2:], strict=False)
    }
    return [f"#{shingle:08x}" for shingle in sorted(found)[:MARKS]]


def containment(a: frozenset[int], b: frozenset[int]) -> float:
    """The share of the smaller set that is in the larger one; 0 where one is empty."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def title_similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Of two titles: twice the shared words (with their count) over all words, as Dice has it."""
    if not a or not b:
        return 0.0
    left = list(b)
    shared = 0
    for word in a:
        if word in left:
            left.remove(word)
            shared += 1
    return 2 * shared / (len(a) + len(b))


_NO = Reason(None, None, 0.0, THRESHOLD)


def decide(a: Print, b: Print) -> Reason:
    """Level "text" or None, with the score against its threshold and what decided, in words."""
    held = containment(a.held, b.held)
    if (
        held < THRESHOLD
        and not (a.cut or b.cut)
        and 2 * len(set(a.title).intersection(b.title)) < 0.3 * (len(a.title) + len(b.title))
    ):
        return _NO  # by far the most pairs
    similar = _titles(a, b)
    features = [
        ("shared phrases", f"{len(a.held & b.held)} of {min(len(a.held), len(b.held))}"),
        ("titles alike", f"{similar:.2f}"),
    ]
    if similar < 0.4 and held < THRESHOLD:  # nothing below could make them one text
        return Reason(None, None, max(held, similar), THRESHOLD, tuple(features))
    differing = _differing(a, b, similar, held)
    if differing:
        return Reason(None, None, max(held, similar), THRESHOLD, (*features, differing))
    bodies = len(a.body) >= SHORT_BODY and len(b.body) >= SHORT_BODY
    score, threshold = _with_bodies(a, b, similar, held) if bodies else _titles_only(a, b, similar)
    return Reason("text" if score >= threshold else None, None, score, threshold, tuple(features))


def _titles(a: Print, b: Print) -> float:
    """Similarity of the titles; a title that was cut off counts as far as it goes."""
    similar = title_similarity(a.title, b.title)
    for short, long in ((a, b), (b, a)):
        size = len(short.title)
        if short.cut and CUT_TITLE <= size <= len(long.title):
            similar = max(similar, title_similarity(short.title, long.title[:size]))
    return similar


def _with_bodies(a: Print, b: Print, similar: float, held: float) -> tuple[float, float]:
    least = min(len(a.body), len(b.body))
    if THRESHOLD <= held < QUOTED and least < ONE_SENTENCE and max(len(a.body), len(b.body)) > 4 * least:
        return held, QUOTED  # a long text holds most words of many a short one about the same thing
    if held >= THRESHOLD:
        # Without a word of the titles in common, the shared part has to open both texts: feeds append teasers
        # of other stories.
        return (held if similar >= 0.3 or not a.title or not b.title or _one_story(a, b) else 0.0), THRESHOLD
    if similar >= HEADLINE_THRESHOLD and len(a.title) >= 6 and held >= 0.5 and _opens_both(a, b):
        return similar, HEADLINE_THRESHOLD
    if least < LONG_BODY and similar >= TITLE_THRESHOLD and held >= (0.2 if least < LONG_BODY // 2 else 0.5):
        return (similar + held) / 2 + 0.2, THRESHOLD
    return held, THRESHOLD


def _one_story(a: Print, b: Print) -> bool:
    """Under unlike titles: both bodies open alike, and are long or speak of what a title says (no standing
    description of a series).
    """
    if not _opens_both(a, b):
        return False
    if min(len(a.body), len(b.body)) >= LONG_BODY:
        return True
    return any(
        sum(word in one.body for word in title) >= 0.6 * len(title)
        for one, title in ((a, b.title), (b, a.title))
    )


def _opens_both(a: Print, b: Print) -> bool:
    """Whether the first thing that both say stands near the beginning of both."""

    def opening(one: Print, other: Print) -> int:
        return next(
            (position for position, shingle in enumerate(_shingles(one.body)) if shingle in other.held),
            len(one.body),
        )

    return opening(a, b) <= OPENING and opening(b, a) <= OPENING


def _titles_only(a: Print, b: Print, similar: float) -> tuple[float, float]:
    """At least one is a mere headline: practically equal and long enough, or nothing. Paraphrases are an
    event, not a text.
    """
    if similar == 1.0 and min(len(a.title), len(b.title)) >= CUT_TITLE:
        return similar, HEADLINE_THRESHOLD
    if min(len(a.title), len(b.title)) < 5:
        return (1.0 if a.title == b.title and len(a.title) >= 3 else 0.0), 1.0
    return similar, HEADLINE_THRESHOLD


def _differing(a: Print, b: Print, similar: float, held: float) -> tuple[str, str] | None:
    """What tells a template from a copy, as a feature: numbers, or words that stand in each other's place
    throughout. None: nothing.
    """
    if (a.repeat or b.repeat) and held >= THRESHOLD:
        return None  # it says itself that it corrects or repeats an earlier one
    if min(len(a.body_numbers), len(b.body_numbers)) >= TABLE and not _disagree(
        a.body_numbers, b.body_numbers, 0.9
    ):
        return None  # a table of figures with a slip in it
    if similar >= 0.5 and _disagree(a.numbers, b.numbers, 1.0):
        return OTHER_NUMBERS, f"in the titles {_list(a.numbers - b.numbers)} ≠ {_list(b.numbers - a.numbers)}"
    if held >= 0.3 and _disagree(a.body_numbers, b.body_numbers, NUMBERS) and not _opens_both(a, b):
        return (
            OTHER_NUMBERS,
            f"{_list(a.body_numbers - b.body_numbers)} ≠ {_list(b.body_numbers - a.body_numbers)}",
        )
    swapped = _swapped(a, b) or (
        _renamed(a, b) or _replaced(a, b) if held >= 0.2 and a.body != b.body else None
    )
    if swapped is None:
        return None
    kind = (
        OTHER_NUMBERS
        if all(character.isdigit() or character == " " for character in "".join(swapped))
        else OTHER_NAMES
    )
    return kind, f"“{swapped[0]}” stands where the other has “{swapped[1]}”"


def series(a: Print, b: Print, reason: Reason, one_source: bool) -> bool:
    """Whether two texts are two cases of one template (weather of two towns, results of two matches), and so
    not one event either.

    Other names make another case. Other numbers do only within one source: a toll that rises is told in the
    same words too.
    """
    if reason.level is not None or not reason.features:
        return False
    kind = reason.features[-1][0]
    if kind != OTHER_NAMES and not (kind == OTHER_NUMBERS and one_source):
        return False
    if a.held and b.held:
        return containment(a.held, b.held) >= TEMPLATE
    return not a.held and not b.held and title_similarity(a.title, b.title) >= TITLE_THRESHOLD


def _renamed(a: Print, b: Print) -> tuple[str, str] | None:
    """Two titles in the same words but for two names or more (`Doe v Roe`, the teams of a match): two cases,
    whatever their bodies say.
    """
    if len(a.title) != len(b.title) or a.title == b.title:
        return None
    places = [place for place, (one, other) in enumerate(zip(a.title, b.title, strict=True)) if one != other]
    if not 2 <= len(places) <= len(a.title) // 2 or not all(_names_in_title(one, places) for one in (a, b)):
        return None
    mine, other = ([one.title[place] for place in places] for one in (a, b))
    if set(mine) & set(other) or any(
        difflib.SequenceMatcher(None, *pair, autojunk=False).ratio() >= MISSPELT
        for pair in zip(mine, other, strict=True)
    ):
        return None
    return " ".join(mine), " ".join(other)


def _names_in_title(one: Print, places: list[int]) -> bool:
    capitals = one.title_capitals()
    return bool(capitals) and all(capitals[place] and one.title[place] not in _AGENCIES for place in places)


def _replaced(a: Print, b: Print) -> tuple[str, str] | None:
    """A number or a name of one body in whose place, in the same words, the other has another one."""
    start = 0
    least = min(len(a.body), len(b.body))
    while start < least and a.body[start] == b.body[start]:
        start += 1
    end = 0
    while end < least - start and a.body[-1 - end] == b.body[-1 - end]:
        end += 1
    left, right = a.body[start : len(a.body) - end], b.body[start : len(b.body) - end]
    if not left or not right:
        return None
    names: list[tuple[str, str]] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "replace" or j - i > 4 or m - k > 4:
            continue
        mine, other = left[i:j], right[k:m]
        if _numbers_differ(mine, other):
            return " ".join(mine), " ".join(other)
        if _names_differ(a, start + i, start + j, b, start + k, start + m):
            names.append((" ".join(mine), " ".join(other)))
    # One name in a long text may be a correction; several are another case.
    return names[0] if names and (least < LONG_BODY or len(names) * MANY_NAMES >= least) else None


def _numbers_differ(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Both spans are nothing but numbers, and not the same."""
    if not all(word[0].isdigit() or word in _NUMBER_WORDS for word in (*a, *b)):
        return False
    return {_NUMBER_WORDS.get(word, word) for word in a} != {_NUMBER_WORDS.get(word, word) for word in b}


def _names_differ(a: Print, i: int, j: int, b: Print, k: int, m: int) -> bool:
    """Both spans are nothing but words with a capital, and none is the name of an agency."""
    mine_up, other_up = a.capitals()[i:j], b.capitals()[k:m]
    if not mine_up or not other_up or not all(mine_up) or not all(other_up):
        return False
    mine, other = a.body[i:j], b.body[k:m]
    if (set(mine) | set(other)) & _AGENCIES or set(mine) & set(other):
        return False
    return difflib.SequenceMatcher(None, "".join(mine), "".join(other), autojunk=False).ratio() < MISSPELT


def _disagree(a: frozenset[str], b: frozenset[str], share: float) -> bool:
    """Less than this share of the smaller set is in the larger one."""
    return bool(a and b) and len(a & b) < share * min(len(a), len(b))


def _swapped(a: Print, b: Print) -> tuple[str, str] | None:
    """A word of one title that stands where the other title has another one, and the same in the bodies:
    another case of a series.
    """
    left, right = set(a.title) - set(b.title), set(b.title) - set(a.title)
    if not left or not right or len(left) > 3 or len(right) > 3:
        return None
    body_a, body_b = set(a.body), set(b.body)
    own_a = sorted(word for word in left if word in body_a and word not in body_b and len(word) > 2)
    own_b = sorted(word for word in right if word in body_b and word not in body_a and len(word) > 2)
    if (
        not own_a
        or not own_b
        or difflib.SequenceMatcher(None, own_a[0], own_b[0], autojunk=False).ratio() >= MISSPELT
    ):
        return None
    return own_a[0], own_b[0]


def _list(found: Iterable[str]) -> str:
    return ", ".join(sorted(found)[:4]) or "none"
