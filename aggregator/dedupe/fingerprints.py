"""What is compared of an entry: its title without what belongs to its source, its own text, its numbers."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Literal, TypeVar

from aggregator.dedupe import standing
from aggregator.dedupe.numbers import numbers
from aggregator.records import dataclass
from aggregator.text import vocabulary
from aggregator.text.words import words

BODY_WORDS, BODY_CHARACTERS = 400, 4000  # compared of a body; enough to know a text by
LONG_TEXT, MARKS = 80, 6  # words from which on a text has marks, and how many
REPEATED = 1.1  # times the length of the title: a text of no more that begins with it only repeats it
COMPARED = 500  # items of which answers are remembered at a time
DISTINCT = 100_000  # words that are held once, whoever says them
LANGUAGE = 40  # words of a body, after those of the title, that its language is told by
EMPTY = 3  # words that are left of a text of which the rest stands: it had none of its own
NONE: frozenset[str] = frozenset()  # most texts have no numbers: one set for them all

_Answer = TypeVar("_Answer")
_forgotten: list[Callable[[], None]] = []  # what lets go of remembered answers

_PREFIX = re.compile(
    r"^\W*(?:(?:updated?|corrected|refile|rpt|exclusive|breaking(?: news)?|just in|live(?: updates)?|"
    r"watch|video|analysis|opinion|factbox|timeline|explainer|"
    r"wrapup|(?:gesamt-)?roundup|aktien? im fokus|wdh|korrektur|ampliación|actualiza(?:ción)?|resumen|"
    r"atualiza(?:ção)?|aggiornamento|"
    r"in pictures|photos?|gallery|eil(?:meldung)?|en direct|última hora|urgente|срочно|速報)"
    r"\s*(?:\d{1,2})?\s*(?:[-–—:|/]|\b(?=\s*[-–—:|/]))\s*|"
    r"\((?:(?:\d(?:st|nd|rd|th) )?L(?:EA)?D|urgent)\)\s*)+",
    re.I,
)
_REPEAT = re.compile(r"\W*(?:corrected|correction|refile|rpt|repeat)\b", re.I)
_AGENCY = re.compile(r"\s*\((?:Reuters|AP|AFP|dpa|UPI|Bloomberg)\)\s*$")
_SUFFIX = re.compile(r"\s+[-–—|·»]\s+[^-–—|·»]{2,40}$")
# What Chinese, Japanese and Korean sites put behind a title, without a blank: their name, behind those of the
# page's sections.
_SITE = re.compile(
    r"(?:(?:_[^_]{2,12})*\s?[_|｜–—-]\s?[^_|｜–—-]{1,12}"
    r"(?:网|新闻|新聞|日报|晚报|早报|时报|日報|時報|通讯社|电视台|客户端|ニュース|뉴스|신문|일보)|"
    r"\s?[：:|｜-]\s?[^：:|｜\s-]{1,12}(?:ドットコム|デジタル|オンライン))$"
)
SITE_LEFT = 8  # characters of a headline that are left without it, at least
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Za-z.’' ]{1,30}(?:, [A-Z][A-Za-z.]{1,20})?(?: [A-Z][a-z]{2,8}\.? \d{1,2})?\s*)?"
    r"(?:\((?:Reuters|AP|AFP|dpa|UPI|Bloomberg|[A-Z]{2,8})\)\s*)?[-–—]{1,2}\s+"
)
_ENDS = "… ."  # of a title
_RAW = re.compile(r"[^\W_]+")
_DEBRIS = re.compile(
    r"\s?&?#(?:\d{2,5}|[xX][0-9a-fA-F]{2,5});|&?\b(?:amp|quot|nbsp|apos|lt|gt);|"
    r"</?[A-Za-z][^<>]{0,400}>?|https?://\S+"
)
_ADDRESS = re.compile(r"https?://\S+")  # alone it is found in a tenth of the time
_ACRONYM = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_IN_ACRONYM = re.compile(r"\.[A-Za-z]\.")  # is looked for in a tenth of the time: it begins with a sign


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of an entry. Numbers as said, years and months too."""

    title: tuple[str, ...]  # without what its source puts before or behind all its titles
    body: tuple[str, ...]  # without what its source says under other titles too
    numbers: frozenset[str]  # of the title
    body_numbers: frozenset[str]
    cut: bool  # the title ends with an ellipsis
    repeat: bool  # the title says that this corrects or repeats an earlier one
    shown: str  # the body as it was written
    heading: str  # and the title, with all that stands before and behind it
    language: str  # that its words are in, or the declared one
    kicker: int  # how many words of the title stand before its headline: `Exclusive:`, `Ukraine:`
    emptied: bool  # its source says all of its text under other titles too

    def __hash__(self) -> int:
        """Of little of it: what was asked of an item is remembered by the item, see `remembered`."""
        return hash((self.heading, self.shown))

    @property
    def held(self) -> frozenset[int]:
        """Word 3-shingles of the body as hashes, good within this process only."""
        return _held(self.body)

    @property
    def headline(self) -> tuple[str, ...]:
        """The title without its kicker."""
        return self.title[self.kicker :]

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


def remembered(asked: Callable[..., _Answer]) -> functools._lru_cache_wrapper[_Answer]:
    """The function `asked` of items, with its answers for the last `COMPARED` of them, until `forget`: an
    item is compared with several others one after the other.
    """
    answers = functools.lru_cache(maxsize=COMPARED)(asked)
    _forgotten.append(answers.cache_clear)
    return answers


@remembered
def _capitals(text: str) -> tuple[bool, ...]:
    return tuple([word[0].isupper() for word in _RAW.findall(text)[:BODY_WORDS]])


def _begins_with(title: str, text: str) -> bool:
    return bool(title) and text.startswith(title.rstrip(_ENDS))


def _repeats(title: str, text: str) -> Literal["title", "text"] | None:
    """Which of them says nothing of its own: a title made of the text's first words, or a text that repeats
    it.
    """
    if not _begins_with(title, text):
        return None
    if len(text) > 2 * len(title):
        return "title"
    return "text" if len(text) <= REPEATED * len(title) else None


def _parts(title: str, text: str, source_title: str, stands: Container[int]) -> tuple[str, str, str, bool]:
    """What a title says of its own, all that it says, what the text says beside it, and whether a part of
    the text stands under other titles too.
    """
    text = _below(title, text) or text  # first: what is left without the parts that stand is one line
    own, rest = standing.without(title, text, stands) if stands else (title, text)
    stood = rest != text
    heading = _joined(clean_title(title, source_title))
    cleaned = heading if own == title else _joined(clean_title(own, source_title))
    repeats = _repeats(title, rest)
    if repeats == "title":
        return "", "", rest, stood
    return cleaned, heading, "" if repeats == "text" else rest, stood


def _below(title: str, text: str) -> str:
    """What stands below its title in a text that has it for a heading, in a line of its own; "" where it has
    none, or begins with these words and goes on.
    """
    if not _begins_with(title, text):
        return ""
    behind = text[len(title.rstrip(_ENDS)) :].lstrip(_ENDS)
    return behind.lstrip() if behind.startswith("\n") else ""


def fingerprint(
    title: str,
    text: str,
    source_title: str = "",
    stands: Container[int] = (),
    language: str | None = None,
) -> Fingerprint:
    """Of a title and a body (plain text; "" for headlines alone).

    `stands`: the parts that the source says under several titles, see `standing`; `language` as declared.
    """
    cleaned, heading, rest, stood = _parts(title, text, source_title, stands)
    shown = _joined(_without_dateline(rest[:BODY_CHARACTERS]))
    body = _same(words(shown)[:BODY_WORDS])
    title_words = _same(words(cleaned))
    before = standing.head(cleaned)
    return Fingerprint(
        title=title_words,
        body=body,
        numbers=frozenset(numbers(heading, title_words)) or NONE,
        body_numbers=frozenset(numbers(shown, body)) or NONE,
        cut=cleaned.rstrip().endswith(("...", "…")),
        repeat=bool(_REPEAT.match(title)),
        shown=shown,
        heading=heading,
        language=vocabulary.language(title_words + body[:LANGUAGE], language),
        kicker=len(words(before.group())) if before else 0,
        emptied=stood and len(body) < EMPTY,
    )


class _Once(dict[str, str]):
    """Word → the same word, as it was met first."""

    def __missing__(self, word: str) -> str:
        self[word] = word
        return word


_said = _Once()


def _same(found: Sequence[str]) -> tuple[str, ...]:
    """These words, each as an earlier text had it: in memory once, however many texts say it.

    (`sys.intern` never forgets any in Python 3.12.)
    """
    if len(_said) > DISTINCT:
        _said.clear()
    return tuple(map(_said.__getitem__, found))


def shingles(body: tuple[str, ...]) -> Iterator[int]:
    return map(hash, zip(body, body[1:], body[2:], strict=False))


@remembered
def _held(body: tuple[str, ...]) -> frozenset[int]:
    """Few texts are ever compared, and those one after the other; each of these sets takes ten times as much
    as the text.
    """
    return frozenset(shingles(body))


def _joined(text: str) -> str:
    """`U.S.` is one word, and what is left of broken markup (` #39;`, `<A HREF=…>`, an address) is none."""
    if "<" in text or (";" in text and any(sign in text for sign in ("#", "&", "://", "quot;"))):
        text = _DEBRIS.sub(" ", text)
    elif "://" in text:
        text = _ADDRESS.sub(" ", text)
    return (
        _ACRONYM.sub(lambda found: found.group().replace(".", ""), text) if _IN_ACRONYM.search(text) else text
    )


def _without_dateline(text: str) -> str:
    """(`sub` would look for the beginning of the text all through it.)"""
    found = _DATELINE.match(text)
    return text[found.end() :] if found else text


def clean_title(title: str, source_title: str = "") -> str:
    """Without “UPDATE 2-”, “BREAKING:” before it and the name of its source behind it."""
    kicker = _PREFIX.match(title)
    text = title[kicker.end() :] if kicker else title
    if "(" in text:
        text = _AGENCY.sub("", text)
    text = text or title
    site = None if text.isascii() else _SITE.search(text)
    if site and site.start() >= SITE_LEFT:
        text = text[: site.start()]
    tail = _SUFFIX.search(text)
    if tail and _is_source(tail.group(), source_title, len(text) - len(tail.group())):
        text = text[: tail.start()]
    return text


def _is_source(tail: str, source_title: str, left: int) -> bool:
    """A tail after a dash that is this source's own title; or, where 20 characters are `left` without it,
    that is short and looks like a name: every word capitalised, or a host name.
    """
    if source_title and set(words(tail)) <= set(words(source_title)):
        return True
    found = [word for word in re.split(r"[\s|»·–—-]+", tail.strip()) if word]
    return (
        left >= 20
        and len(found) <= 5
        and all(
            word[:1].isupper() or word in ("of", "the", "and", "de", "la", "der") or "." in word
            for word in found
        )
    )


def forget() -> None:
    """What was held to compare texts quickly: when nothing is to be compared for a while."""
    for forgotten in _forgotten:
        forgotten()
    _said.clear()


def marks(one: Fingerprint) -> list[str]:
    """By what a long text is found although another one opens it: its smallest shingle hashes (Broder 1997,
    bottom-k).

    They are stored, so the hash is one that is the same on every machine and in every run.
    """
    if len(one.body) < LONG_TEXT:
        return []
    said = [word.encode() for word in one.body]
    found = set(map(zlib.crc32, map(b" ".join, zip(said, said[1:], said[2:], strict=False))))
    return [f"#{shingle:08x}" for shingle in sorted(found)[:MARKS]]
