"""What a source says under every title: the description of a programme, a line about its newsletter, the name
of a series behind its titles. It says nothing of the item, so it is no part of what is compared.

A part is a sentence of the text, or the tail of a title. Which parts stand is learnt from the source's own
items, see `fold.cache`; here is what a part is, and when two items tell that it stands.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence

from aggregator.dedupe.headline import edits
from aggregator.text.words import words

ENDS = 4  # sentences at the beginning of a text, and at its end, that may stand
PART = 3  # words of a sentence, at least
STEM = 5  # letters that two words have in common which are taken for one

_SENTENCE = re.compile(r"(?<=[.!?…。！？।॥])\s+|\s*\n\s*|(?<=[。！？])")
_END = re.compile(r"[.!?…。！？।॥\n]")  # tells in a tenth of the time that there is nothing to split
# `Letters: …`, `Watch live | …`; `… | Evening Report`, `… - Daily Example`
_HEAD = re.compile(r"^([^:：|]{2,48}?)(?::\s|：|\s[|–—-]\s)")
_TAIL = re.compile(r"\s+[-–—|·»]\s+([^-–—|·»]{2,60})$")
HEAD, HEADLINE = 5, 3  # words of a head, at most, and of what it stands before, at least


def parts(title: str, text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(hash, words) of what may stand in an item; no words: the head or the tail of its title."""
    for found in (_TAIL.search(title), head(title)):
        if found:
            yield _part(("|", *words(found.group(1)))), ()
    sentences = [said for said in _sentences(text) if said]
    for said in dict.fromkeys(sentences[:ENDS] + sentences[-ENDS:]):
        spoken = tuple(words(said))
        if len(spoken) >= PART:
            yield _part(spoken), spoken


def _sentences(text: str) -> list[str]:
    return _SENTENCE.split(text) if _END.search(text) else [text]


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
