"""What a source says under every title: the description of a programme, a line about its newsletter, the
name of a series behind its titles. It says nothing of the item, so it is no part of what is compared.

A part is a sentence at one of the ends of the text, or the tail of a title; behind a sentence that stands,
the next one is at the end. Which parts stand is learnt from the source's own items, see `fold.cache`; here
is what a part is, and when two items tell that it stands.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from aggregator.dedupe.headline import edits
from aggregator.text.words import words

ENDS = 4  # sentences at the beginning of a text, and at its end, that may stand
PART = 3  # words of a sentence, at least; where none has them (`Trailer`, `IMDb`), all of it is one part
STEM = 5  # letters that two words have in common which are taken for one

# Between two sentences: blanks behind an end, or with a line end in them. A pattern that begins with what it
# looks for is found in a third of the time of one that looks back first.
_BLANKS = r"\s(?:(?<=[.!?…。！？।॥]\s)\s*|(?<=\n)\s*|[^\S\n]*\n\s*)"
_SENTENCE = re.compile(_BLANKS)
_DENSE_SENTENCE = re.compile(rf"{_BLANKS}|(?<=[。！？])(?!\s)")
_DENSE_END = re.compile(r"[。！？]")
# `Letters: …`, `Watch live | …`; `… | Evening Report`, `… - Daily Example`
_HEAD = re.compile(r"^([^:：|]{2,48}?)(?::\s|：|\s[|–—-]\s)")
_TAIL = re.compile(r"\s+[-–—|·»]\s+([^-–—|·»]{2,60})$")
HEAD, HEADLINE = 5, 3  # words of a head, at most, and of what it stands before, at least


class Said(NamedTuple):
    """A part as an item has it: its words (of a sentence only), and under how many titles it stands."""

    words: tuple[str, ...]
    titles: int


def parts(title: str, text: str, stands: Container[int] = ()) -> Iterator[tuple[int, Said]]:
    """(hash, part) of what may stand in an item. `stands`: hashes of what does; it is left out.

    What is further within, behind a sentence that stands, takes a title more: of an article that comes again
    under another headline everything would stand, one sentence after the other.
    """
    for found in (_TAIL.search(title), head(title)):
        if found and (part := _part(("|", *words(found.group(1))))) not in stands:
            yield part, Said((), 3)
    sentences = [said for said in _sentences(text) if said]
    if said := _all_in_few_words(sentences):
        if (part := _part(said)) not in stands:
            yield part, Said(said, 3)
        return
    yield from _at_the_end(sentences, stands)
    if len(sentences) > ENDS:
        yield from _at_the_end(sentences[: ENDS - 1 : -1], stands)


def _all_in_few_words(sentences: Iterable[str]) -> tuple[str, ...]:
    """The words of a text in which no sentence or line has `PART` of them; none of any other."""
    found: list[str] = []
    for said in sentences:
        spoken = words(said)
        if len(spoken) >= PART:
            return ()
        found += spoken
    return tuple(found)


def _at_the_end(sentences: Iterable[str], stands: Container[int]) -> Iterator[tuple[int, Said]]:
    """The first ones that do not stand."""
    left, titles = ENDS, 2
    for said in sentences:
        spoken = tuple(words(said))
        part = _part(spoken)
        if part in stands:
            titles = 3
            continue
        if len(spoken) >= PART:
            yield part, Said(spoken, titles)
        left -= 1
        if not left:
            return


def _sentences(text: str) -> list[str]:
    dense = not text.isascii() and _DENSE_END.search(text)
    return (_DENSE_SENTENCE if dense else _SENTENCE).split(text)


def head(title: str) -> re.Match[str] | None:
    """What stands before a headline: `Exclusive:`, `Ukraine:`."""
    found = _HEAD.match(title)
    if found is None:
        return None
    before, after = len(words(found.group())), len(words(title[found.end() :]))
    return found if before <= HEAD and after >= max(HEADLINE, before) else None


def without(title: str, text: str, stands: Container[int]) -> tuple[str, str]:
    """An item's title and text without the parts that stand."""
    tail = _TAIL.search(title)
    if tail and _part(("|", *words(tail.group(1)))) in stands:
        title = title[: tail.start()]
    before = head(title)
    if before and _part(("|", *words(before.group(1)))) in stands:
        title = title[before.end() :]
    sentences = _sentences(text)
    if (said := _all_in_few_words(sentences)) and _part(said) in stands:
        return title, ""
    kept = [said for said in sentences if _part(words(said)) not in stands]
    return title, text if len(kept) == len(sentences) else " ".join(kept)


def tells_apart(title: str, other: str, part: Sequence[str], spoken: str) -> bool:
    """Whether a part that two items of a source share says nothing of either: their titles are two, and none
    of the words that only one of them has is in it.
    """
    found = edits(title, other, spoken)
    if found.light:
        return False
    own = [*found.own[0], *found.own[1]]
    return bool(own) and not speaks(own, part)


def speaks(own: Iterable[str], body: Sequence[str]) -> int:
    """How many of these words a text has, whatever their endings."""
    held = {word[:STEM] for word in body}
    dense = None
    count = 0
    for word in own:
        if word[:STEM] in held:
            count += 1
        elif len(word) == 1 and not word.isascii():
            dense = "".join(body) if dense is None else dense
            count += word in dense
    return count


def _part(found: Sequence[str]) -> int:
    return zlib.crc32(" ".join(found).encode())
