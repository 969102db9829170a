"""The text file of stories: blocks between blank lines; a block of prose is one article, of headlines every
line is a story.
"""

from __future__ import annotations

import codecs
import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from aggregator.model import TEXT, Entry, Failure, Feed, FetchResult, Limits, ParseResult
from aggregator.parse import normal
from aggregator.patterns import lazy
from aggregator.text import characters, excerpts, markup, plain, vocabulary, words

HEADLINE = 200  # characters; longer lines are prose
_END = "\f"  # a line that separates; none that is read is this
BEGINNING = 40  # words that an article without a headline is known by
TITLE = 140  # characters of a title that is made from a first sentence
_FULL_STOP = lazy(r"(?<!\.)[.。．।۔][\"'”’»)\]]*$")  # an ellipsis is none: it ends many a headline
# ----, * * *, =====, ———, ═══: separates as a blank line does
_RULE = lazy(r"(?:(?![A-Za-z0-9])[\x00-\x7f‐-―•·…─-▟]){3,}$")
# a line that begins so continues the one before; iPhone, eBay and addresses do not
_GOES_ON = lazy(r"(?!https?://|www\.)[a-zà-ÿа-яёα-ω](?![A-Z])")
_HEADING = lazy(r"^#{1,6}\s+(?=\S)")
_BULLET = lazy(r"^[-*•‣▪·◦●○■□–—]\s+(?=\S)")  # of a list, which is no word of the headline
_NUMBER = lazy(r"^(\d{1,3})[.)]\s+(?=\S)")
# `---`, lines of YAML, `---`: what programs for static sites and notes put before a text. Headlines between
# two rules begin with a capital (`World: …`).
_FRONT = lazy(
    r"\s*---[ \t\r]*\n((?:[ \t\r]*\n|#.*\n|(?:[Tt]itle|[a-z][\w-]*)[ \t]*:.*\n|[ \t]+\S.*\n|-[ \t].*\n)*?)"
    r"(?:---|\.\.\.)[ \t\r]*(?:\n|\Z)"
)
_FRONT_TITLE = lazy(r"^title[ \t]*:[ \t]*(.+?)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_QUOTES = "\"'"
LISTED = 3  # lines that are numbered one after the other: fewer may begin so (1. FC Köln, 2. Bundesliga)
_NO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"  # blanks that nobody sees
_ABBREVIATION = lazy(r"(?:\b[A-Z]\.)+$|\b(?:Inc|Ltd|Co|Corp|Jr|Sr|etc|No|St|a\.m|p\.m)\.$")


def _failed(kind: str, detail: str) -> ParseResult:
    return ParseResult(failure=Failure(kind, detail))


def read(source: str, fetched: FetchResult, limits: Limits) -> ParseResult:
    """No dates, no links: the store adds when an entry was first seen, publishing its page. Keys come from
    the words alone.
    """
    body = fetched.body or b""
    try:
        text = _decoded(body)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        where = f"{_name(fetched)}:{line}: byte {error.start + 1}"
        return _failed("not-utf-8", f"{where} is not UTF-8; save the file as UTF-8")
    if "\x00" in text:
        words = "a binary file, neither a feed nor a text file of stories"
        return _failed("not-a-feed", f"{_name(fetched)}: {words}")
    entries = _entries(source, characters.clean(text))
    if not entries:
        return _failed("empty", f"{_name(fetched)}: no text in it")
    return normal.unique(Feed(format=TEXT), entries, limits, [])


def _decoded(body: bytes) -> str:
    """Raises UnicodeDecodeError where it is neither UTF-8 nor UTF-16 with a mark."""
    is_utf16 = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return body.decode("utf-16" if is_utf16 else "utf-8-sig")


def _entries(source: str, text: str) -> list[Entry]:
    title_of_all, text = _front_matter(text)
    blocks = _blocks(text)
    if title_of_all:
        parts = [_HEADING.sub("", line, count=1) for block in blocks for line in block]
        return [_entry(source, title_of_all, parts)]
    is_numbered = _is_numbered(line for block in blocks for line in block)
    return [
        _entry(source, title and _unmarked(title, is_numbered), parts)
        for block in blocks
        for title, parts in _stories(block)
        if any(map(_says_something, (title or "", *parts)))
    ]


def _front_matter(text: str) -> tuple[str, str]:
    """The title that it gives to the whole text, if any, and the text without it: all else in it says nothing
    to readers.
    """
    found = _FRONT.match(text)
    if found is None or ":" not in found[1]:
        return "", text
    title = _FRONT_TITLE.search(found[1])
    return title[1].strip(_QUOTES) if title else "", text[found.end() :]


def _name(fetched: FetchResult) -> str:
    return PurePath(fetched.url.removeprefix("file://")).name


def _blocks(text: str) -> list[list[str]]:
    """Lines of each block: what stands between blank lines, rules and headings."""
    blocks: list[list[str]] = [[]]
    for whole in text.splitlines():
        line = " ".join(whole.split()).strip(_NO_WIDTH).strip()
        if len(blocks[-1]) == 1 and _underlines(line, blocks[-1][0]):
            blocks[-1] = [f"# {blocks[-1][0]}"]
        elif line and not _RULE.match(line):
            if _HEADING.match(line):
                blocks.append([])
            blocks[-1].append(line)
        elif line or blocks[-1]:
            blocks += [[_END], []] if line else [[]]
    return _under_headings([_unwrapped(block) for block in blocks if block])


def _underlines(line: str, above: str) -> bool:
    """Whether it is a headline's line of `=`, `-` or `~`, as long as that is; others separate."""
    return len(set(line)) == 1 and line[0] in "=-~" and abs(len(line) - len(above)) <= 1


def _under_headings(blocks: Sequence[list[str]]) -> list[list[str]]:
    """A heading (`# Fish is dear`) is the headline of the prose below it, also behind a blank line: where
    that is one block. Several may be articles of their own, below the name of a section.
    """
    shown: list[list[str]] = []
    for number, block in enumerate(blocks):
        behind = blocks[number + 1] if number + 1 < len(blocks) else [_END]
        before = blocks[number - 1] if number else [_END]
        if _is_heading(before) and not _ends(block) and _ends(behind) and not _is_list_of_headlines(block):
            shown[-1] += block
        elif block != [_END]:
            shown.append(block.copy())
    return shown


def _is_heading(block: Sequence[str]) -> bool:
    return len(block) == 1 and bool(_HEADING.match(block[0]))


def _ends(block: Sequence[str]) -> bool:
    """Whether what stands before this block ends there."""
    return block == [_END] or bool(_HEADING.match(block[0]))


def _is_numbered(lines: Iterable[str]) -> bool:
    """Whether the lines are a list, numbered one after the other from 1 on."""
    numbers = [int(found[1]) for line in lines if (found := _NUMBER.match(line))]
    return len(numbers) >= LISTED and numbers == [*range(1, len(numbers) + 1)]


def _unmarked(title: str, is_numbered: bool) -> str:
    """Without the sign of a list or of a heading that it begins with."""
    bare = _HEADING.sub("", _BULLET.sub("", title, count=1), count=1)
    return _NUMBER.sub("", bare, count=1) if is_numbered else bare


def _says_something(line: str) -> bool:
    """Whether it is more than signs of punctuation (`.`, `–`); a picture such as 🎉 is."""
    return any(char.isalnum() or unicodedata.category(char) == "So" for char in line)


def _unwrapped(block: list[str]) -> list[str]:
    """An article that an editor has wrapped at some column is one paragraph, below its headline if it has
    one.
    """
    going_on = [bool(_GOES_ON.match(line)) for line in block[1:]]
    own = 1 if is_headline(block[0]) and going_on[:1] != [True] and not _runs_on(block) else 0
    if not any(going_on) or not (2 * sum(going_on) >= len(going_on) or _is_filled(block[own:])):
        return block
    return [*block[:own], " ".join(block[own:])]


def _is_filled(lines: Sequence[str]) -> bool:
    """Whether each line is so long that no word of the next one had room there, and the last one ends as
    prose does.
    """
    width = max(map(len, lines))
    return not is_headline(lines[-1]) and all(
        len(line) + 1 + len(after.split()[0]) > width for line, after in itertools.pairwise(lines)
    )


def _runs_on(block: Sequence[str]) -> bool:
    """Whether the first line is full, and ends as no headline does: `The mayor opened the bridge on`."""
    last = words.words(block[0])[-1:]
    cut = block[0].endswith(",") or any(map(vocabulary.common, last))
    return len(block) > 1 and cut and _is_filled(block)


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


def _first_sentence(paragraph: str) -> str:
    """As a headline: without its full stop."""
    sentence = excerpts.sentence(_BULLET.sub("", paragraph, count=1))
    return excerpts.snippet(re.sub(r"(?<!\.)[.。．।۔]$", "", sentence), TITLE)


def _identity(title: str | None, parts: Sequence[str]) -> str:
    """What makes an article this one: its headline, else how it begins. Later paragraphs may be added without
    a new story.
    """
    said = words.words(_NUMBER.sub("", title)) if title else words.words(parts[0])[:BEGINNING]
    return " ".join(said)


def _entry(source: str, title: str | None, parts: list[str]) -> Entry:
    text = "\n".join(parts)
    shown = title or _first_sentence(parts[0])
    summary = excerpts.snippet(text, 300) if parts else ""
    content = markup.safe("".join(normal.paragraphs(part) for part in parts))
    raw = normal.raw({"title": title, "paragraphs": parts} if parts else {"title": title})
    return Entry(
        source=source,
        key=f"text:{_hash(_identity(title, parts) or shown)}",
        title=shown[: plain.MAX_TITLE],
        summary=summary,
        content=content,
        text=text,
        digest=_hash(f"{shown}\n{text}"),
        raw=raw,
    )
