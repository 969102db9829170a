"""The text file of stories: blocks between blank lines; a block of prose is one article, of headlines every
line is a story.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from aggregator.model import TEXT, Entry, Failure, Feed, FetchResult, Limits, ParseResult
from aggregator.parse import normal
from aggregator.patterns import lazy
from aggregator.text import characters, excerpts, markup, plain, words

HEADLINE = 200  # characters; longer lines are prose
TITLE = 140  # characters of a title that is made from a first sentence
_FULL_STOP = lazy(r"(?<!\.)[.。．।۔][\"'”’»)\]]*$")  # an ellipsis is none: it ends many a headline
# ----, * * *, =====, ———, ═══: separates as a blank line does
_RULE = lazy(r"(?:(?![A-Za-z0-9])[\x00-\x7f‐-―•·…─-▟]){3,}$")
# a line that begins so continues the one before; iPhone and eBay do not
_GOES_ON = lazy(r"[a-zà-ÿа-яёα-ω](?![A-Z])")
_ABBREVIATION = lazy(r"(?:\b[A-Z]\.)+$|\b(?:Inc|Ltd|Co|Corp|Jr|Sr|etc|No|St|a\.m|p\.m)\.$")


def _failed(kind: str, detail: str) -> ParseResult:
    return ParseResult(failure=Failure(kind, detail))


def read(source: str, fetched: FetchResult, limits: Limits) -> ParseResult:
    """No dates, no links: the store adds when an entry was first seen, publishing its page. Keys come from
    the words alone.
    """
    body = fetched.body or b""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        where = f"{_name(fetched)}:{line}: byte {error.start + 1}"
        return _failed("not-utf-8", f"{where} is not UTF-8; save the file as UTF-8")
    if "\x00" in text:
        words = "a binary file, neither a feed nor a text file of stories"
        return _failed("not-a-feed", f"{_name(fetched)}: {words}")
    entries = [
        _entry(source, title, parts)
        for block in _blocks(characters.clean(text))
        for title, parts in _stories(block)
        if any(map(_says_something, (title or "", *parts)))
    ]
    if not entries:
        return _failed("empty", f"{_name(fetched)}: no text in it")
    return normal.unique(Feed(format=TEXT), entries, limits, [])


def _name(fetched: FetchResult) -> str:
    return PurePath(fetched.url.removeprefix("file://")).name


def _blocks(text: str) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() and not _RULE.match(line.strip()):
            blocks[-1].append(" ".join(line.split()))
        elif blocks[-1]:
            blocks.append([])
    return [_unwrapped(block) for block in blocks if block]


def _says_something(line: str) -> bool:
    """Whether it is more than signs of punctuation (`.`, `–`); a picture such as 🎉 is."""
    return any(char.isalnum() or unicodedata.category(char) == "So" for char in line)


def _unwrapped(block: list[str]) -> list[str]:
    """An article that an editor has wrapped at some column is one paragraph, below its headline if it has
    one.
    """
    going_on = [bool(_GOES_ON.match(line)) for line in block[1:]]
    if not any(going_on) or 2 * sum(going_on) < len(going_on):
        return block
    own = 0 if going_on[0] or not is_headline(block[0]) else 1
    return [*block[:own], " ".join(block[own:])]


def is_headline(line: str) -> bool:
    """Short, without a closing full stop; `U.S.` at the end is none."""
    return len(line) <= HEADLINE and (not _FULL_STOP.search(line) or bool(_ABBREVIATION.search(line)))


def _is_list_of_headlines(block: Sequence[str]) -> bool:
    """One stray full stop does not make an article of it."""
    if all(is_headline(line) for line in block):
        return True
    is_long = any(len(line) > HEADLINE for line in block)
    rest = block[1:] or block
    return not is_long and 2 * sum(not is_headline(line) for line in rest) < len(rest)


def _stories(block: list[str]) -> list[tuple[str | None, list[str]]]:
    """(title or None, paragraphs) of each story of a block."""
    if _is_list_of_headlines(block):
        return [(line, []) for line in block]
    if len(block) > 1 and is_headline(block[0]):
        return [(block[0], block[1:])]
    return [(None, block)]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _entry(source: str, title: str | None, parts: list[str]) -> Entry:
    text = "\n".join(parts)
    shown = title or excerpts.snippet(re.sub(r"(?<!\.)[.。．।۔]$", "", excerpts.sentence(parts[0])), TITLE)
    # The key is what makes an article this one: its headline, else how it begins. Later paragraphs may be
    # added without a new story.
    identity = " ".join(words.words(title)) if title else " ".join(words.words(parts[0])[:40])
    summary = excerpts.snippet(text, 300) if parts else ""
    content = markup.safe("".join(normal.paragraphs(part) for part in parts))
    raw = normal.raw({"title": title, "paragraphs": parts} if parts else {"title": title})
    return Entry(
        source=source,
        key=f"text:{_hash(identity or shown)}",
        title=shown[: plain.MAX_TITLE],
        summary=summary,
        content=content,
        text=text,
        digest=_hash(f"{shown}\n{text}"),
        raw=raw,
    )
