"""The levels of sameness, as values: what makes a new entry the same as one that is stored. A level is added
to `LEVELS`, and found, told by `why`, split and joined like the others.

In: an entry with its fingerprint, the batch that it comes in, and the stories that share words with it. Out:
the story that it is told by, and why. What is one event is decided afterwards, for all stories together
(`merging`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from aggregator import dedupe
from aggregator.fold.cache import Known
from aggregator.model import Reason
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.store import members

if TYPE_CHECKING:
    from aggregator.fold.batch import Batch, Found
    from aggregator.fold.coming import New

TEXT_CANDIDATES = 12  # stories that the text of a new entry is compared with, the most alike first
COPIED = 0.14  # cosine by the heaviest words alone: less is no copy
LINKED = 400  # characters of the texts under one link that are looked at
ALIKE = 0.5  # likeness of two titles from which on two fragments of a page are one item
SAME = 0.99  # … where both are names of places in the page, and not marks of where a reader came from

Home = tuple[int, Reason]
"""The story that a new entry is told by, and why."""


@dataclass(frozen=True, slots=True)
class Level:
    """`name` is what `why`, `split` and the store call it, `words` come between two headlines ("A is the same
    text as B"). `home` finds the story of a new entry, None where there is none; a level without it is not of
    stories.
    """

    name: str
    words: str
    home: Callable[[Batch, New, Sequence[Found]], Home | None] | None = None


_PLACE = lazy(r"[\w.~-]+\Z")
# A comment, an answer or a post within a page, which shares most words with what it is about.
_CONTRIBUTION = lazy(
    r"(?:[a-z]+[-_])?(?:[a-z]*comment|reply|response|answer|post|msg|message|note|discussion_r|c|p|r)"
    r"[-_]?\d+\Z",
    re.I,
)


# ---------------------------------------------------------------- the same item


def same_item(batch: Batch, new: New, _: Sequence[Found]) -> Home | None:
    """The same canonical link in another source. A link that one source gives to several of its entries
    identifies none of them.
    """
    entry = new.entry
    if entry.link_key is None or entry.id not in batch.stored.sharing_pages:
        return None
    same_link = members.same_link(batch.writer, entry.link_key)
    if home := _of_one_item(batch, new, same_link, "same canonical link"):
        return home
    if len(same_link) > 1:
        return None
    same_page = members.same_page(batch.writer, entry.link_key, entry.title)
    return _of_one_item(batch, new, same_page, "same page and title")


def _of_one_item(
    batch: Batch, new: New, copies: Sequence[tuple[str, int, int | None]], why: str
) -> Home | None:
    """The story of the first of these (source, entry, story) that is told already, if each source has one."""
    if len({source for source, _, _ in copies}) < len(copies):
        return None
    entry = new.entry
    for source, other, known in copies:
        story = batch.placed.get(other, known)
        if story is None or source == entry.source or not _is_one_page(batch, new, other):
            continue
        if batch.kept_apart(entry, story):
            return None
        return story, Reason(ITEM.name, other, 1.0, 1.0, ((why, entry.link_key or ""),))
    return None


def _is_one_page(batch: Batch, new: New, other: int) -> bool:
    """Whether two items with one canonical link are one: a page may have several, each with its fragment, or
    change between them.
    """
    (copy,) = members.entries(batch.writer, [other], LINKED)
    a, b = batch.memory.fingerprint(copy), new.fingerprint
    fragments = {(one.link or "").partition("#")[2] for one in (copy, new.entry)}
    if len(fragments) == 1:
        return dedupe.share_words(a, b)
    if any(map(_CONTRIBUTION.match, fragments)):
        return False
    if "" in fragments:
        return dedupe.share_words(a, b)
    alike = SAME if all(map(_PLACE.match, fragments)) else ALIKE
    return dedupe.title_similarity(a.title, b.title) >= alike


# ---------------------------------------------------------------- the same text


def same_text(batch: Batch, new: New, found: Sequence[Found]) -> Home | None:
    """The most alike of the candidates that are the same text; the older one of equals."""
    window, at = batch.windows.text_window, new.entry.published
    if window is None:
        return None
    near = [story for story, when, weight in found if weight >= COPIED and abs(at - when) <= window]
    homes = [(story, reason) for story in near[:TEXT_CANDIDATES] for reason in _compared(batch, new, story)]
    return max(homes, key=lambda home: (home[1].score, -home[0]), default=None)


def _compared(batch: Batch, new: New, story: int) -> list[Reason]:
    """Why it is the same text as entries that the story is known by; notes what was decided, for events."""
    own = Known(new.entry, new.fingerprint)
    reasons = []
    for other in batch.memory.fingerprints_of(story):
        one, two, asker = other.fingerprint, new.fingerprint, batch.memory.asker
        reason = asker.ask(
            partial(dedupe.decide, one, two, other.between(own)), _NOT_KNOWN, other.entry, new.entry
        )
        new.decided.setdefault(story, reason)
        if reason.level is not None and not batch.kept_apart(new.entry, story):
            reasons.append(replace(reason, against=other.id))
            continue
        one_source = other.entry.source == new.entry.source
        if asker.ask(partial(dedupe.series, one, two, reason, one_source), True, other.entry, new.entry):
            new.series.add(story)
    return reasons


_NOT_KNOWN = Reason(None)


ITEM = Level("item", "is the same item as", same_item)
TEXT = Level("text", "is the same text as", same_text)
EVENT = Level("event", "tells the same event as")
LEVELS: tuple[Level, ...] = (ITEM, TEXT, EVENT)  # in the order in which they are asked


def names() -> frozenset[str]:
    return frozenset(level.name for level in LEVELS)


def of_stories() -> frozenset[str]:
    """Names of the levels that make entries one story."""
    return frozenset(level.name for level in LEVELS if level.home is not None)


def words(name: str) -> str:
    """What `why` says between two headlines."""
    return next((level.words for level in LEVELS if level.name == name), f"was folded by {name} with")


__all__ = ["EVENT", "ITEM", "LEVELS", "TEXT", "Home", "Level", "names", "of_stories", "words"]
